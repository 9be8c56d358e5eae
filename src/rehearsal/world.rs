//! What is true while a scenario is walked: facts, how often each step was tried, which injects are
//! still to come, what is due, and what the scenario does not say.
//!
//! Executor and responder share it. It learns what happens as an observer of the run, so that it
//! needs nothing from the engine that others do not get.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use jiff::Timestamp;

use super::result::Conditions;
use super::time::later;
use crate::engine::{AnswerKind, AttemptId, Event, LaneId, Role, Run, Told};
use crate::journal::Record;
use crate::runbook::{Fault, Inject, Results, Scenario, StepId, StepResult, Trigger};
use crate::session::{Notice, Observer};
use crate::value::{Name, Value};

/// Something that the scenario should have said.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Problem {
    /// A question that it does not answer.
    NoAnswer {
        /// The step.
        step: Option<StepId>,
        /// The kind of the question, by its name in records.
        asked: &'static str,
        /// What was asked, for a person.
        question: String,
        /// What can be answered, as it is written in a scenario.
        accepts: Vec<String>,
    },
    /// A command that it has no result for.
    NoResult {
        /// The step.
        step: StepId,
        /// Which attempt, from 1.
        attempt: usize,
        /// How many results there are.
        results: usize,
        /// The command.
        command: String,
    },
    /// An answer that was not taken.
    Refused {
        /// The step.
        step: Option<StepId>,
        /// The answer.
        answer: AnswerKind,
        /// Why.
        why: String,
    },
    /// Nothing will happen any more: what runs has no end.
    Stuck,
}

/// The world of one walk.
#[derive(Debug)]
pub struct World {
    scenario: Rc<Scenario>,
    facts: BTreeMap<Name, Value>,
    began: Option<Timestamp>,
    /// How often the command of each step was started.
    tried: BTreeMap<StepId, usize>,
    /// The result that the latest command of a step had, by lane and for the whole step.
    latest: BTreeMap<StepId, BTreeMap<LaneId, Rc<StepResult>>>,
    /// The results of main commands.
    of: BTreeMap<AttemptId, Rc<StepResult>>,
    /// The starts of the changes that an undo undoes.
    undoes: BTreeMap<AttemptId, Vec<AttemptId>>,
    /// What a command must print for what it proves to hold.
    proving: BTreeMap<AttemptId, String>,
    /// The injects that are still to come, by their places.
    ahead: BTreeSet<usize>,
    /// What was said and not yet shown.
    said: Vec<String>,
    /// The moments at which something happens by itself.
    due: BTreeSet<(Timestamp, AttemptId)>,
    problems: Vec<Problem>,
}

/// A world that several take part in.
#[derive(Clone, Debug)]
pub struct SharedWorld(Rc<RefCell<World>>);

impl SharedWorld {
    /// The world of a scenario, at its start.
    pub fn of(scenario: Rc<Scenario>) -> Self {
        Self(Rc::new(RefCell::new(World {
            facts: scenario.facts.clone(),
            began: None,
            tried: BTreeMap::new(),
            latest: BTreeMap::new(),
            of: BTreeMap::new(),
            undoes: BTreeMap::new(),
            proving: BTreeMap::new(),
            ahead: (0..scenario.injects.len()).collect(),
            said: Vec::new(),
            due: BTreeSet::new(),
            problems: Vec::new(),
            scenario,
        })))
    }

    /// Looks into it, or changes it.
    pub fn with<T>(&self, act: impl FnOnce(&mut World) -> T) -> T {
        act(&mut self.0.borrow_mut())
    }
}

impl World {
    /// The scenario.
    pub fn scenario(&self) -> &Rc<Scenario> {
        &self.scenario
    }

    /// What is true now.
    pub fn facts(&self) -> &BTreeMap<Name, Value> {
        &self.facts
    }

    /// What the scenario should have said, in order.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Takes down that something was not said.
    pub fn report(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// What the injects said since this was last asked.
    pub fn take_said(&mut self) -> Vec<String> {
        std::mem::take(&mut self.said)
    }

    /// When something happens next by itself: a command ends, an inject comes.
    pub fn next_due(&self) -> Option<Timestamp> {
        let commands = self.due.first().map(|(at, _)| *at);
        let injects = self.ahead.iter().filter_map(|index| self.comes_at(*index)).min();
        commands.into_iter().chain(injects).min()
    }

    /// Something happens at this moment.
    pub(super) fn expect_at(&mut self, at: Timestamp, attempt: AttemptId) {
        self.due.insert((at, attempt));
    }

    /// It does not, or has happened.
    pub(super) fn forget(&mut self, at: Timestamp, attempt: AttemptId) {
        self.due.remove(&(at, attempt));
    }

    /// Makes things true.
    pub fn set(&mut self, sets: &BTreeMap<Name, Value>) {
        self.facts.extend(sets.iter().map(|(name, value)| (name.clone(), value.clone())));
    }

    /// Lets the injects happen whose time has come.
    pub fn pass_to(&mut self, now: Timestamp) {
        let due = |index: &usize| self.comes_at(*index).is_some_and(|at| at <= now);
        let mut come: Vec<usize> = self.ahead.iter().copied().filter(due).collect();
        come.sort_by_key(|index| (self.comes_at(*index), *index));
        self.inject(&come);
    }

    fn comes_at(&self, index: usize) -> Option<Timestamp> {
        match &self.scenario.injects.get(index)?.at {
            Trigger::After(after) => Some(later(self.began?, after.millis)),
            Trigger::Enters(_) | Trigger::Leaves(_) | Trigger::Starts(_) => None,
        }
    }

    fn trigger(&mut self, happened: &Trigger) {
        let is = |index: &usize| self.scenario.injects[*index].at == *happened;
        let come: Vec<usize> = self.ahead.iter().copied().filter(is).collect();
        self.inject(&come);
    }

    /// The injects that are still to come: their places, and when they come by themselves.
    pub(super) fn ahead(&self) -> impl Iterator<Item = (usize, &Inject, Option<Timestamp>)> {
        let of = |index: &usize| Some((*index, self.scenario.injects.get(*index)?));
        let ahead = self.ahead.iter().filter_map(of);
        ahead.map(|(index, inject)| (index, inject, self.comes_at(index)))
    }

    /// Lets an inject happen now that is still to come; says whether it was.
    pub fn inject_now(&mut self, index: usize) -> bool {
        let comes = self.ahead.contains(&index);
        if comes {
            self.inject(&[index]);
        }
        comes
    }

    /// An inject was told, by itself or by whoever led it before its time: it is not told again.
    pub(super) fn told(&mut self, told: &Told) {
        if told.by.is_some() {
            let scenario = Rc::clone(&self.scenario);
            // Earlier versions wrote down only the words.
            let is = |index: &usize| match told.inject {
                Some(number) => *index + 1 == number,
                None => scenario.injects[*index].say.as_ref() == Some(&told.text),
            };
            let early = self.ahead.iter().copied().find(is);
            let waiting = self.said.len();
            self.inject(early.as_slice());
            self.said.truncate(waiting);
            return;
        }
        let mut rest = told.text.as_str();
        let mut heard = 0;
        while let Some(left) = self.said.get(heard).and_then(|said| rest.strip_prefix(said)) {
            rest = left.strip_prefix('\n').unwrap_or(left);
            heard += 1;
        }
        // Where the record has other words, they were of all that waited.
        let heard = if heard == 0 { self.said.len() } else { heard };
        self.said.drain(..heard);
    }

    /// Each happens once.
    fn inject(&mut self, come: &[usize]) {
        let scenario = Rc::clone(&self.scenario);
        for index in come {
            self.ahead.remove(index);
            let Inject { say, sets, .. } = &scenario.injects[*index];
            self.said.extend(say.clone());
            self.set(sets);
        }
    }

    /// What is wrong with a target now, if something is.
    pub(super) fn fault(&self, target: &str) -> Option<&Fault> {
        self.scenario.faults.iter().find(|fault| {
            fault.target.as_str() == target
                && fault.when.as_ref().is_none_or(|when| self.holds(when, 0))
        })
    }

    fn holds(&self, when: &crate::expression::Expression, attempt: usize) -> bool {
        let facts = Conditions { facts: &self.facts, attempt };
        when.holds(&facts).unwrap_or(false)
    }

    /// The result of a step's own command; the error is how many there are.
    pub(super) fn try_step(&mut self, step: &StepId) -> Result<Rc<StepResult>, (usize, usize)> {
        let tried = self.tried.entry(step.clone()).or_default();
        *tried += 1;
        let attempt = *tried;
        let found = match self.scenario.results.get(step) {
            None => return Err((attempt, 0)),
            Some(results) => self.nth(results, attempt),
        };
        let count = self.scenario.results.get(step).map_or(0, |results| results.all().len());
        found.map(|result| Rc::new(result.clone())).ok_or((attempt, count))
    }

    /// The result that the next attempt of a step would have.
    pub(super) fn foreseen(&self, step: &StepId) -> Option<&StepResult> {
        let attempt = self.tried.get(step).copied().unwrap_or(0) + 1;
        self.nth(self.scenario.results.get(step)?, attempt)
    }

    /// The result of an attempt, as things stand.
    fn nth<'a>(&self, results: &'a Results, attempt: usize) -> Option<&'a StepResult> {
        match results {
            Results::EveryTime(result) => Some(result),
            Results::Each(results) => results.get(attempt - 1),
            Results::Chosen(results) => results
                .iter()
                .find(|result| result.when.as_ref().is_none_or(|when| self.holds(when, attempt))),
        }
    }

    /// The result of an attempt that runs, if it is one of this step's command.
    pub(super) fn given(&self, attempt: AttemptId, step: &StepId) -> Option<&StepResult> {
        let given = self.of.get(&attempt)?;
        let latest = self.latest.get(step)?;
        latest.values().find(|result| Rc::ptr_eq(result, given)).map(|result| &**result)
    }

    /// Whether the scenario has a result for another attempt of a step.
    pub(super) fn has_another(&self, step: &StepId) -> bool {
        let tried = self.tried.get(step).copied().unwrap_or(0);
        match self.scenario.results.get(step) {
            Some(Results::Each(results)) => results.len() > tried,
            Some(Results::Chosen(results)) => {
                // The same result once more would not be another one.
                let chosen = |attempt| {
                    results.iter().position(|result| {
                        result.when.as_ref().is_none_or(|when| self.holds(when, attempt))
                    })
                };
                chosen(tried + 1).is_some() && chosen(tried + 1) != chosen(tried)
            }
            Some(Results::EveryTime(_)) | None => false,
        }
    }

    /// Remembers which result a command has.
    pub(super) fn remember(
        &mut self,
        attempt: AttemptId,
        (step, lane): (&StepId, LaneId),
        result: &Rc<StepResult>,
    ) {
        self.of.insert(attempt, Rc::clone(result));
        self.latest.entry(step.clone()).or_default().insert(lane, Rc::clone(result));
    }

    /// The result that says what the other commands of a step give.
    pub(super) fn beside(&self, step: &StepId, lane: LaneId) -> Option<Rc<StepResult>> {
        let latest = self.latest.get(step)?;
        latest.get(&lane).or_else(|| latest.values().next_back()).cloned()
    }

    /// The result whose undo this is.
    pub(super) fn undone_by(&self, attempt: AttemptId) -> Option<Rc<StepResult>> {
        let starts = self.undoes.get(&attempt)?;
        starts.iter().rev().find_map(|start| self.of.get(start)).cloned()
    }

    /// What a command must print for what it proves to hold.
    pub(super) fn proving(&self, attempt: AttemptId) -> Option<&str> {
        self.proving.get(&attempt).map(String::as_str)
    }
}

impl Observer for SharedWorld {
    fn recorded(&mut self, record: &Record, run: &Run) {
        self.with(|world| {
            world.pass_to(record.at);
            match &record.event {
                Event::RunStarted(_) => world.began = Some(record.at),
                Event::StepEntered { step, .. } => world.trigger(&Trigger::Enters(step.clone())),
                Event::StepClosed { step, .. } => world.trigger(&Trigger::Leaves(step.clone())),
                Event::AttemptStarted(started) => {
                    world.undoes.insert(started.attempt, started.undoes.clone());
                    if let Some(text) = run.proving_text(started.attempt) {
                        world.proving.insert(started.attempt, text);
                    }
                    if let (Role::Main, Some(step)) = (started.role, &started.step) {
                        world.trigger(&Trigger::Starts(step.clone()));
                    }
                }
                _ => {}
            }
        });
    }

    fn noticed(&mut self, _: &Notice<'_>, _: &Run) {}
}
