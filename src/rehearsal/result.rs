//! Which result a command of a scenario has.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::world::{Problem, World};
use crate::engine::{Attempt, Role};
use crate::runbook::{ATTEMPT, Part, StepResult};
use crate::value::{Datum, Facts, Name, Reference, Value};

/// What conditions of results know.
pub(super) struct Conditions<'a> {
    pub(super) facts: &'a BTreeMap<Name, Value>,
    pub(super) attempt: usize,
}

impl Facts for Conditions<'_> {
    fn get(&self, reference: &Reference) -> Option<Datum> {
        let Reference::Value(name) = reference else { return None };
        if name.as_str() == ATTEMPT {
            let attempt = i64::try_from(self.attempt).unwrap_or(i64::MAX);
            return Some(Datum::Open(Value::Integer(attempt)));
        }
        self.facts.get(name).cloned().map(Datum::Open)
    }
}

/// What becomes of a command.
#[derive(Clone, Debug)]
pub(super) enum Fate {
    /// It gives this.
    Gives(Part),
    /// The scenario does not say.
    Unsaid(Problem),
    /// It is none that a scenario could know: one that a person typed.
    Unknown,
}

impl World {
    /// What a command gives.
    pub(super) fn fate(&mut self, attempt: &Attempt) -> Fate {
        let target = attempt.command.target.name.clone();
        if let Some(fault) = self.fault(&target) {
            let gives = fault.gives.clone();
            // It counts as an attempt all the same, and what belongs to it succeeds.
            if let (Role::Main, Some(step)) = (attempt.role, &attempt.step) {
                let result = Rc::new(StepResult { main: gives.clone(), ..StepResult::default() });
                self.remember(attempt.id, (step, attempt.lane), &result);
            }
            return Fate::Gives(gives);
        }
        match (attempt.role, &attempt.step) {
            (Role::AdHoc, _) => Fate::Unknown,
            (Role::Assert, _) => {
                let wanted = self.proving(attempt.id).map(str::to_owned);
                let said = Name::new(&target)
                    .ok()
                    .and_then(|name| self.scenario().targets.get(&name).cloned());
                Fate::Gives(printing(said.or(wanted).unwrap_or_default()))
            }
            (Role::Require, _) | (_, None) => {
                let wanted = self.proving(attempt.id).map(str::to_owned);
                Fate::Gives(printing(wanted.unwrap_or_default()))
            }
            (Role::Main | Role::Choices, Some(step)) => match self.try_step(step) {
                Ok(result) => {
                    self.remember(attempt.id, (step, attempt.lane), &result);
                    Fate::Gives(result.main.clone())
                }
                Err((nth, results)) => Fate::Unsaid(Problem::NoResult {
                    step: step.clone(),
                    attempt: nth,
                    results,
                    command: attempt.command.shown.clone(),
                }),
            },
            (Role::Undo, Some(step)) => {
                let result = self.undone_by(attempt.id).or_else(|| self.beside(step, attempt.lane));
                Fate::Gives(result.and_then(|result| result.undo.clone()).unwrap_or_default())
            }
            (Role::Ready | Role::Recheck | Role::Verify, Some(step)) => {
                let result = self.beside(step, attempt.lane);
                let part = result.and_then(|result| match attempt.role {
                    Role::Ready => result.ready.clone(),
                    Role::Recheck => result.recheck.clone(),
                    _ => result.verify.clone(),
                });
                Fate::Gives(part.unwrap_or_default())
            }
        }
    }
}

fn printing(line: String) -> Part {
    let stdout = if line.is_empty() { line } else { line + "\n" };
    Part { stdout, ..Part::default() }
}
