//! What happened in a walk, as tests ask for it: the steps in order, the commands, the findings, and
//! which branches were taken.

use std::collections::BTreeMap;

use super::coverage::Coverage;
use super::walk::WORK;
use crate::engine::{AttemptId, Event, Role, Run, Told, ToldKind};
use crate::journal::Record;
use crate::runbook::StepId;
use crate::session::{Notice, Observer};

/// A step that was entered.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Visit {
    /// Its name.
    pub step: StepId,
    /// Whether the author gave it an id.
    pub named: bool,
}

/// A command that a scenario gave a result for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Command {
    /// Its step.
    pub step: StepId,
    /// The command, with values in place.
    pub shown: String,
}

/// What happened in a walk.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// The steps that were entered, in order.
    pub visited: Vec<Visit>,
    /// The steps' own commands, in order.
    pub commands: Vec<Command>,
    /// What was found, in order.
    pub findings: Vec<String>,
    /// What was reached.
    pub coverage: Coverage,
    /// What was said from outside of the walk, in order.
    pub told: Vec<Told>,
    /// How many hints were given at each step.
    pub(super) hinted: BTreeMap<Option<StepId>, usize>,
    /// Who ended it from outside.
    pub ended_by: Option<String>,
    /// What the attempts that run are for.
    roles: BTreeMap<AttemptId, (Role, Option<StepId>)>,
}

impl Trace {
    /// The role and the step of an attempt that has started.
    pub(super) fn of(&self, attempt: AttemptId) -> Option<&(Role, Option<StepId>)> {
        self.roles.get(&attempt)
    }

    /// How many hints were asked for.
    pub fn hints(&self) -> usize {
        self.told.iter().filter(|told| told.kind == ToldKind::Hint).count()
    }

    /// Why the clock stands still, if it does.
    pub fn held(&self) -> Option<&str> {
        let clock = |told: &&Told| matches!(told.kind, ToldKind::GoneOn | ToldKind::Held);
        let last = self.told.iter().rev().find(clock)?;
        (last.kind == ToldKind::Held).then_some(last.text.as_str())
    }

    /// Takes an event into account.
    pub fn note(&mut self, event: &Event, run: &Run) {
        match event {
            Event::StepEntered { step, .. } => {
                let runbook = &run.plan().runbook;
                let named = runbook.find(step).is_some_and(|key| runbook.step(key).name.is_some());
                self.visited.push(Visit { step: step.clone(), named });
            }
            Event::AttemptStarted(started) => {
                self.roles.insert(started.attempt, (started.role, started.step.clone()));
                if let (Role::Main, Some(step)) = (started.role, &started.step) {
                    let shown = neutral(&started.shown, &run.plan().run);
                    self.commands.push(Command { step: step.clone(), shown });
                }
            }
            Event::Told(told) => {
                if told.kind == ToldKind::Hint {
                    let asked = run.demands().question.and_then(|question| question.step);
                    *self.hinted.entry(asked).or_default() += 1;
                }
                self.told.push(told.clone());
            }
            Event::RunFinished { ended_by, .. } => self.ended_by.clone_from(ended_by),
            Event::AttemptEnded(ended) => {
                self.findings.extend(ended.findings.iter().map(|finding| finding.say.clone()));
            }
            _ => {}
        }
        let mut coverage = std::mem::take(&mut self.coverage);
        coverage.note(event, self, &run.plan().runbook);
        self.coverage = coverage;
    }
}

/// A text in which the working folder of a run is the one that all rehearsals have.
pub(super) fn neutral(text: &str, run: &str) -> String {
    let own = format!("/runs/{run}/work");
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(&own) {
        let begins = |c: char| c.is_whitespace() || matches!(c, '\'' | '"' | '=' | '(' | ',' | ':');
        let start = rest[..at].rfind(begins);
        let start = start.map_or(0, |it| it + rest[it..].chars().next().map_or(1, char::len_utf8));
        out.push_str(&rest[..start]);
        out.push_str(WORK);
        rest = &rest[at + own.len()..];
    }
    out + rest
}

impl Observer for Trace {
    fn recorded(&mut self, record: &Record, run: &Run) {
        self.note(&record.event, run);
    }

    fn noticed(&mut self, _: &Notice<'_>, _: &Run) {}
}
