//! What templates and expressions see of a run.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::event::Recorded;
use super::lane::LaneId;
use super::run::Run;
use super::scope::ScopeId;
use super::undo::UndoEntry;
use crate::runbook::{BookId, Environment};
use crate::value::{Datum, Duration, Facts, Moment, Name, Reference, Value};

/// The result of a command, while it is being judged.
#[derive(Clone, Debug, Default)]
pub(super) struct ResultFacts {
    pub(super) exit: Option<i32>,
    /// None where a part of it is not there: nobody may take a part for the whole.
    pub(super) stdout: Option<String>,
    /// The same.
    pub(super) stderr: Option<String>,
    pub(super) took: u64,
    /// Values taken from it, which hide older ones.
    pub(super) captured: BTreeMap<Name, Recorded>,
}

/// The state of a run as templates and expressions see it.
pub(super) struct StateFacts<'a> {
    run: &'a Run,
    scope: ScopeId,
    /// Values of an earlier moment, which hide those of now.
    frozen: Option<&'a BTreeMap<Name, Recorded>>,
    result: Option<&'a ResultFacts>,
    item: Option<&'a (Name, Recorded)>,
    at: Timestamp,
}

impl<'a> StateFacts<'a> {
    /// As a lane sees it after the latest event.
    pub(super) fn now(run: &'a Run, lane: LaneId) -> Self {
        Self {
            run,
            scope: run.scope_in(lane),
            frozen: None,
            result: None,
            item: None,
            at: run.state.at,
        }
    }

    /// As an undo sees it: with the values of the moment its step started.
    pub(super) fn frozen(run: &'a Run, entry: &'a UndoEntry) -> Self {
        let frozen = Some(&entry.values);
        Self { run, scope: entry.scope, frozen, result: None, item: None, at: run.state.at }
    }

    /// At a later moment.
    pub(super) fn at(mut self, at: Timestamp) -> Self {
        self.at = at;
        self
    }

    /// As another scope sees it.
    pub(super) fn seen_in(mut self, scope: ScopeId) -> Self {
        self.scope = scope;
        self
    }

    /// With the item that comes next.
    pub(super) fn with_item(mut self, item: Option<&'a (Name, Recorded)>) -> Self {
        self.item = item;
        self
    }

    /// With the result of a command.
    pub(super) fn with(mut self, result: &'a ResultFacts) -> Self {
        self.result = Some(result);
        self
    }

    /// What a person must know of a result of which a part is not there.
    pub(super) fn cut(&self) -> &'static str {
        match self.result {
            Some(result) if result.stdout.is_none() || result.stderr.is_none() => {
                " (not all of the output is there to look at)"
            }
            _ => "",
        }
    }

    fn value(&self, name: &Name) -> Option<Datum> {
        if let Some(result) = self.result
            && let Some(captured) = result.captured.get(name)
        {
            return datum(captured);
        }
        if let Some((_, value)) = self.item.filter(|(item, _)| item == name) {
            return datum(value);
        }
        let recorded = match self.frozen {
            Some(frozen) => frozen.get(name),
            None => self.run.value_in(self.scope, name),
        };
        match recorded {
            Some(recorded) => datum(recorded),
            None if self.run.scope(self.scope).book != BookId::MAIN => None,
            None => self.run.plan.inputs.get(name).map(|given| given.datum.clone()),
        }
    }

    fn environment(&self, key: &Name) -> Option<Value> {
        environment_value(self.run.environment_in(self.scope)?, key)
    }

    fn step(&self, name: &Name) -> Option<&super::run::StepRecord> {
        let runbook = &self.run.plan.runbook;
        let book = self.run.scope(self.scope).book;
        let called = |step: &crate::runbook::Step| {
            step.name.as_ref() == Some(name) && step.part.book() == book
        };
        let place = runbook.steps.iter().position(called)?;
        self.run.state.steps.get(&crate::runbook::StepKey(place))
    }
}

/// A value of an environment; its name is one.
pub(super) fn environment_value(environment: &Environment, key: &Name) -> Option<Value> {
    if key.as_str() == "name" {
        return Some(Value::Text(environment.name.to_string()));
    }
    environment.values.get(key).cloned()
}

/// A recorded value as it is seen; a secret that is not here any more is not.
pub(super) fn datum(recorded: &Recorded) -> Option<Datum> {
    match recorded {
        Recorded::Open(value) => Some(Datum::Open(value.clone())),
        Recorded::Secret(secret) => secret.clone().map(Datum::Secret),
    }
}

impl Facts for StateFacts<'_> {
    fn get(&self, reference: &Reference) -> Option<Datum> {
        let text = |text: &str| Value::Text(text.to_owned());
        let value = match reference {
            Reference::AlertAnnotation(key) => text(self.run.plan.alert.annotations.get(key)?),
            Reference::AlertLabel(key) => text(self.run.plan.alert.labels.get(key)?),
            Reference::Environment(key) => self.environment(key)?,
            Reference::Exit => Value::Integer(i64::from(self.result?.exit?)),
            Reference::File(name) => text(&format!("{}/files/{name}", self.run.plan.work)),
            Reference::Now => {
                Value::Timestamp(Moment { at: self.at, written: self.at.to_string() })
            }
            Reference::RunId => text(&self.run.plan.run),
            Reference::RunMode => text(self.run.plan.mode.name()),
            Reference::Stderr => text(self.result?.stderr.as_ref()?),
            Reference::Stdout => text(self.result?.stdout.as_ref()?),
            Reference::StepExit(step) => Value::Integer(i64::from(self.step(step)?.exit?)),
            Reference::StepOutcome(step) => {
                let record = self.step(step)?;
                match record.outcome {
                    Some(outcome) => text(outcome.name()),
                    None => text(record.status?.name()),
                }
            }
            Reference::Took => {
                let millis = self.result?.took;
                Value::Duration(Duration { millis, written: format!("{millis}ms") })
            }
            Reference::Value(name) => return self.value(name),
        };
        Some(Datum::Open(value))
    }
}
