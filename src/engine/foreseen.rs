//! What a used runbook will see when it is entered, as far as that is known before step 1.

use std::collections::BTreeMap;

use super::event::Recorded;
use super::facts::{StateFacts, datum, environment_value};
use super::lane::LaneId;
use super::run::Run;
use super::scope::ScopeId;
use super::used::{given, same_environment};
use crate::runbook::{BookId, Environment, PartId, StepKey};
use crate::value::{Datum, Facts, Name, Reference};

/// The values of a used runbook before it is entered. What only a step finds out is not among them.
pub(super) struct Foreseen<'a> {
    run: StateFacts<'a>,
    inputs: BTreeMap<Name, Recorded>,
    environment: Option<&'a Environment>,
}

impl Run {
    /// What a runbook sees before step 1: the one that is run what there is, one that it uses what it
    /// will be given.
    pub(super) fn facts_foreseen(&self, book: BookId) -> Box<dyn Facts + '_> {
        let run = StateFacts::now(self, LaneId::MAIN).seen_in(ScopeId::MAIN);
        let Some(by) = self.plan.runbook.used_by(book).map(|used| used.by) else {
            return Box::new(run);
        };
        let around = self.facts_foreseen(self.step(by).part.book());
        let inputs = self.inputs_seen_from(&*around, book);
        let environment = self.foreseen_environment(book);
        Box::new(Foreseen { run, inputs, environment })
    }

    /// The same for what a step goes through, if that is another runbook than the step's own.
    pub(super) fn foreseen_beyond(
        &self,
        step: StepKey,
        part: &PartId,
    ) -> Option<Box<dyn Facts + '_>> {
        let book = part.book();
        (book != self.step(step).part.book()).then(|| self.facts_foreseen(book))
    }

    fn inputs_seen_from(&self, around: &dyn Facts, book: BookId) -> BTreeMap<Name, Recorded> {
        let Some(used) = self.use_of(book) else {
            return BTreeMap::new();
        };
        let inputs = self.plan.runbook.book(book).inputs.iter();
        let seen = inputs.filter_map(|input| {
            let value = match used.with.get(&input.name) {
                Some(with) => given(input, with, around).ok()?,
                None => Recorded::Open(input.default.clone()?),
            };
            Some((input.name.clone(), value))
        });
        seen.collect()
    }

    /// The environment that a runbook will have, through all that stand around it.
    fn foreseen_environment(&self, book: BookId) -> Option<&Environment> {
        let Some(used) = self.plan.runbook.used_by(book) else {
            return self.plan.environment.as_ref();
        };
        let around = self.foreseen_environment(self.step(used.by).part.book());
        same_environment(&used.runbook, around).ok().flatten()
    }
}

impl Facts for Foreseen<'_> {
    fn get(&self, reference: &Reference) -> Option<Datum> {
        match reference {
            Reference::Environment(key) => {
                environment_value(self.environment?, key).map(Datum::Open)
            }
            Reference::StepExit(_) | Reference::StepOutcome(_) => None,
            Reference::Value(name) => self.inputs.get(name).and_then(datum),
            other => self.run.get(other),
        }
    }
}
