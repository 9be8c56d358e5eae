//! What the commands of a record gave, put together by step and attempt.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::Gave;
use super::printed::{Shortened, Texts};
use crate::engine::{
    AttemptEnded, AttemptId, AttemptStarted, End, Event, LaneId, Printed, Recorded, Role, Verdict,
};
use crate::journal::Record;
use crate::rehearsal::executor::{UNSCRIPTED, signal_name};
use crate::rehearsal::skeleton::stand_in;
use crate::rehearsal::time::millis_between;
use crate::runbook::{
    self, Action, Ask, Choices, Part, Ready, Results, Run as RunAction, Runbook, StepId,
    StepResult, Undo, Verify,
};
use crate::value::{Duration, Name};

/// What takes less than this, in milliseconds, nobody waits for.
const NOTICED: u64 = 100;

/// The code of a shell that cannot start a command.
const NOT_STARTED: u8 = 127;

/// The results of a record, as far as it was read.
pub(super) struct Fold<'a> {
    runbook: &'a Runbook,
    texts: &'a Texts,
    attempts: BTreeMap<AttemptId, Attempt>,
    results: BTreeMap<StepId, Vec<Entry>>,
    /// The latest result of a step, by lane.
    latest: BTreeMap<(StepId, LaneId), usize>,
    /// The step that each lane is at.
    current: BTreeMap<LaneId, StepId>,
    /// What targets said that were not what they should be.
    targets: BTreeMap<Name, String>,
    /// How many bytes of a step's outputs were cut.
    cut: BTreeMap<StepId, u64>,
    gone: BTreeSet<StepId>,
}

/// A command that was started.
struct Attempt {
    role: Role,
    step: Option<StepId>,
    target: String,
    at: Timestamp,
    /// Which result of its step it belongs to.
    place: Option<usize>,
    readied: Option<u64>,
}

/// What one attempt of a step gave.
#[derive(Default)]
struct Entry {
    result: StepResult,
    /// Whether anybody knows.
    known: bool,
}

impl<'a> Fold<'a> {
    pub(super) fn new(runbook: &'a Runbook, texts: &'a Texts) -> Self {
        Self {
            runbook,
            texts,
            attempts: BTreeMap::new(),
            results: BTreeMap::new(),
            latest: BTreeMap::new(),
            current: BTreeMap::new(),
            targets: BTreeMap::new(),
            cut: BTreeMap::new(),
            gone: BTreeSet::new(),
        }
    }

    /// Takes one fact into account.
    pub(super) fn take(
        &mut self,
        record: &Record,
        gave: &mut dyn FnMut(&AttemptEnded) -> Option<Gave>,
    ) {
        match &record.event {
            Event::StepEntered { step, lane, .. } => {
                self.current.insert(*lane, step.clone());
            }
            Event::AttemptStarted(started) => self.started(started, record.at),
            Event::Readied { attempt, .. } => {
                if let Some(attempt) = self.attempts.get_mut(attempt) {
                    attempt.readied = Some(millis_between(attempt.at, record.at));
                }
            }
            Event::AttemptEnded(ended) => self.ended(ended, gave(ended)),
            // It was agreed that nobody saw its end: whoever walks it now does not see it either.
            Event::Answered { question, step: Some(step), lane, .. } if question == "doubt" => {
                let place = self.latest.get(&(step.clone(), *lane)).copied();
                if let Some(entry) = place.and_then(|at| self.results.get_mut(step)?.get_mut(at))
                    && !entry.known
                {
                    entry.known = true;
                    entry.result.main.end = runbook::End::Disconnects;
                }
            }
            _ => {}
        }
    }

    fn started(&mut self, started: &AttemptStarted, at: Timestamp) {
        let AttemptStarted { attempt, role, step, lane, target, undoes, .. } = started.clone();
        let place = match (role, &step) {
            (Role::Main | Role::Choices, Some(step)) => self.add(step, lane),
            (Role::Undo, Some(_)) => {
                undoes.iter().rev().find_map(|undone| self.attempts.get(undone)?.place)
            }
            (_, Some(step)) => self.latest.get(&(step.clone(), lane)).copied(),
            (_, None) => None,
        };
        let readied = None;
        self.attempts.insert(attempt, Attempt { role, step, target, at, place, readied });
    }

    /// Another attempt of a step, if that still runs something.
    fn add(&mut self, step: &StepId, lane: LaneId) -> Option<usize> {
        if !self.runs(step) {
            self.gone.insert(step.clone());
            return None;
        }
        let results = self.results.entry(step.clone()).or_default();
        results.push(Entry::default());
        self.latest.insert((step.clone(), lane), results.len() - 1);
        Some(results.len() - 1)
    }

    fn run(&self, step: &StepId) -> Option<&'a RunAction> {
        match &self.runbook.step(self.runbook.find(step)?).action {
            Action::Run(run) => Some(run),
            _ => None,
        }
    }

    /// Whether a step has a command of its own, or one that tells its choices.
    fn runs(&self, step: &StepId) -> bool {
        let Some(key) = self.runbook.find(step) else { return false };
        matches!(
            &self.runbook.step(key).action,
            Action::Run(_) | Action::Ask(Ask::Value { choices: Some(Choices::Command(_)), .. })
        )
    }

    fn ended(&mut self, ended: &AttemptEnded, gave: Option<Gave>) {
        if !self.attempts.contains_key(&ended.attempt) {
            if ended.elsewhere {
                self.told(ended, gave);
            }
            return;
        }
        if let End::CouldNotStart { why } = &ended.end
            && why == UNSCRIPTED
        {
            return;
        }
        let attempt = &self.attempts[&ended.attempt];
        let (role, step, place) = (attempt.role, attempt.step.clone(), attempt.place);
        if role == Role::Assert {
            let (target, said) = (attempt.target.clone(), gave.unwrap_or_default().stdout);
            self.asserted(&target, &said, &ended.verdict);
        } else if let (Some(step), Some(place)) = (step, place) {
            let readied = attempt.readied;
            let part = self.part(ended, &step, gave, readied);
            self.put(&step, place, role, part);
        }
    }

    /// What somebody told of a command that ran elsewhere is what it gives here.
    fn told(&mut self, ended: &AttemptEnded, gave: Option<Gave>) {
        let Some(step) = self.current.get(&ended.lane).cloned() else { return };
        if let Some(place) = self.add(&step, ended.lane) {
            let part = self.part(ended, &step, gave, None);
            self.put(&step, place, Role::Main, part);
        }
    }

    fn put(&mut self, step: &StepId, place: usize, role: Role, part: Part) {
        let run = self.run(step);
        let has = |role| {
            run.is_some_and(|run| match role {
                Role::Ready => run
                    .background
                    .as_ref()
                    .is_some_and(|it| matches!(it.ready, Some(Ready::Command(_)))),
                Role::Recheck => run.recheck.is_some(),
                Role::Undo => matches!(run.undo, Some(Undo::Command(_))),
                _ => matches!(run.verify, Some(Verify::Command(_))),
            })
        };
        let Some(entry) = self.results.get_mut(step).and_then(|all| all.get_mut(place)) else {
            return;
        };
        // Others than its own succeed where nothing is said.
        let other = || (part != Part::default() && has(role)).then(|| part.clone());
        match role {
            Role::Main | Role::Choices => {
                entry.result.main = part;
                entry.known = true;
            }
            Role::Verify => entry.result.verify = other(),
            Role::Recheck => entry.result.recheck = other(),
            Role::Undo => entry.result.undo = other(),
            Role::Ready => entry.result.ready = other(),
            Role::AdHoc | Role::Assert | Role::Require => {}
        }
    }

    fn part(
        &mut self,
        ended: &AttemptEnded,
        step: &StepId,
        gave: Option<Gave>,
        readied: Option<u64>,
    ) -> Part {
        let beside = self.run(step).is_some_and(|run| run.background.is_some());
        let kept = gave.is_some() || ended.output.bytes == 0;
        let mut gave = gave.unwrap_or_default();
        if !kept && let Some(run) = self.run(step) {
            // A secret was taken from it, so that nothing of it was kept.
            let known = ended.captured.iter().filter_map(|(name, value)| match value {
                Recorded::Open(value) => Some((name.clone(), value.written())),
                Recorded::Secret(_) => None,
            });
            let text = run.sample.clone().unwrap_or_else(|| stand_in(run, &known.collect()));
            gave.stdout = Printed { bytes: text.into_bytes(), more: 0 };
        }
        let (end, why) = end(&ended.end, beside);
        let stdout = self.texts.shortened(&gave.stdout);
        let mut stderr = self.texts.shortened(&gave.stderr);
        stderr.text.push_str(&why);
        let cut = stdout.cut + stderr.cut;
        if cut > 0 {
            *self.cut.entry(step.clone()).or_default() += cut;
        }
        // What runs beside is stopped with its group; until then it takes as long as it is needed.
        let stopped = beside && matches!(ended.end, End::Interrupted { .. });
        let takes = readied.or((!stopped).then_some(ended.took));
        let takes = takes.filter(|it| *it >= NOTICED && end != runbook::End::Hangs);
        let Shortened { text, flood, .. } = stdout;
        Part {
            end,
            stdout: text,
            stderr: stderr.text,
            flood,
            takes: takes.map(Duration::from_millis),
            ..Part::default()
        }
    }

    fn asserted(&mut self, target: &str, said: &Printed, verdict: &Verdict) {
        let Ok(name) = Name::new(target) else { return };
        if !self.runbook.targets.contains_key(&name) {
            return;
        }
        let said = self.texts.line(String::from_utf8_lossy(&said.bytes).trim());
        match verdict {
            Verdict::Failed { .. } if !said.is_empty() => {
                self.targets.insert(name, said);
            }
            Verdict::Passed => {
                self.targets.remove(&name);
            }
            _ => {}
        }
    }

    /// What targets said to the end that were not what they should be.
    pub(super) fn targets(&self) -> BTreeMap<Name, String> {
        self.targets.clone()
    }

    /// Steps that ran something then, and do not now.
    pub(super) fn gone(&self) -> BTreeSet<StepId> {
        self.gone.clone()
    }

    /// The results of all steps, and how many bytes of which were cut.
    pub(super) fn results(self) -> (BTreeMap<StepId, Results>, BTreeMap<StepId, u64>) {
        let results = self.results.into_iter().filter_map(|(step, entries)| {
            let known = entries.into_iter().filter(|entry| entry.known).map(|entry| entry.result);
            Some((step, Results::in_turn(grouped(known))?))
        });
        (results.collect(), self.cut)
    }
}

/// Equal results that follow each other, as one, with their count. How long each took is not looked at.
fn grouped(results: impl Iterator<Item = StepResult>) -> Vec<(StepResult, usize)> {
    let timeless = |part: &Part| Part { takes: None, ..part.clone() };
    let same = |one: &StepResult, other: &StepResult| {
        let parts = |it: &StepResult| {
            let others = [&it.verify, &it.recheck, &it.undo, &it.ready];
            (timeless(&it.main), others.map(|part| part.as_ref().map(timeless)))
        };
        parts(one) == parts(other)
    };
    let mut groups: Vec<(StepResult, usize)> = Vec::new();
    for result in results {
        match groups.last_mut() {
            Some((last, count)) if same(last, &result) => *count += 1,
            _ => groups.push((result, 1)),
        }
    }
    groups
}

/// How a command ends in a scenario that ended like this, and what it says to it.
fn end(end: &End, beside: bool) -> (runbook::End, String) {
    let none = String::new();
    match end {
        End::CouldNotStart { why } => (runbook::End::Exit(NOT_STARTED), format!("{why}\n")),
        End::Disconnected | End::Unknown => (runbook::End::Disconnects, none),
        End::Exited { code } => (runbook::End::Exit(u8::try_from(*code).unwrap_or(u8::MAX)), none),
        End::Interrupted { .. } if beside => (runbook::End::Exit(0), none),
        // Whoever walks it now decides anew how long to wait.
        End::Interrupted { .. } | End::TimedOut { .. } => (runbook::End::Hangs, none),
        End::Signalled { signal } => match signal_name(*signal) {
            Some(name) => (runbook::End::Signal(name.to_owned()), none),
            None => (runbook::End::Exit(u8::try_from(128 + signal).unwrap_or(u8::MAX)), none),
        },
    }
}
