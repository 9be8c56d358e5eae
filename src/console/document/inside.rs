//! What a runbook uses: named where it is used, and in a plan walked through with what it is given.

use super::outline::Block;
use super::{Detail, Writer};
use crate::runbook::{Runbook, Used, UsedRunbook};
use crate::value::{Datum, Facts, Name, Reference, Value};

impl Writer<'_> {
    /// What is used, in a line: a runbook by its title.
    pub(super) fn used(&self, used: &Used) -> String {
        match used {
            Used::Procedure(_) => used.to_string(),
            Used::Runbook(one) => match &one.runbook {
                Some(runbook) => format!("{} ({used})", self.text_within(one, runbook)),
                None => format!("{used}, which is not on this machine"),
            },
        }
    }

    fn text_within(&self, used: &UsedRunbook, runbook: &Runbook) -> String {
        match self.facts {
            None => runbook.title.source().to_owned(),
            Some(facts) => {
                let given = Given { used, runbook, facts };
                runbook.title.preview(&given, &|reference| format!("‹{reference}›"))
            }
        }
    }

    /// In a plan, the steps of a used runbook stand below what uses it.
    pub(super) fn inside(&mut self, used: &Used) {
        let (Some(facts), Used::Runbook(used)) = (self.facts, used) else {
            return;
        };
        let Some(runbook) = &used.runbook else {
            return;
        };
        let given = Given { used, runbook, facts };
        let mut writer = Writer {
            runbook,
            facts: Some(&given),
            detail: Detail::Folded,
            blocks: runbook.never.iter().cloned().map(Block::Never).collect(),
        };
        writer.parts();
        let blocks = writer.blocks;
        self.push(Block::Inside(blocks));
    }
}

/// What a used runbook knows beforehand: what it is given, its defaults, its environment.
struct Given<'a> {
    used: &'a UsedRunbook,
    runbook: &'a Runbook,
    /// What its user knows.
    facts: &'a dyn Facts,
}

impl Given<'_> {
    fn input(&self, name: &Name) -> Option<Datum> {
        let input = self.runbook.inputs.iter().find(|input| input.name == *name)?;
        let Some(template) = self.used.with.get(name) else {
            return input.default.clone().map(Datum::Open);
        };
        if let Some(reference) = template.sole_slot() {
            return self.facts.get(reference);
        }
        let text = template.render(self.facts).ok()?;
        Value::parse(input.ty, &text).ok().map(Datum::Open)
    }

    fn of_environment(&self, key: &Name) -> Option<Datum> {
        if key.as_str() == "name" {
            return self.facts.get(&Reference::Environment(key.clone()));
        }
        let name = Reference::Environment(Name::new("name").ok()?);
        let Datum::Open(name) = self.facts.get(&name)? else {
            return None;
        };
        let mut environments = self.runbook.environments.iter();
        let own = environments.find(|own| own.name.as_str() == name.written())?;
        own.values.get(key).cloned().map(Datum::Open)
    }
}

impl Facts for Given<'_> {
    fn get(&self, reference: &Reference) -> Option<Datum> {
        match reference {
            Reference::Value(name) => self.input(name),
            Reference::Environment(key) => self.of_environment(key),
            Reference::AlertAnnotation(_)
            | Reference::AlertLabel(_)
            | Reference::File(_)
            | Reference::Now
            | Reference::RunId
            | Reference::RunMode => self.facts.get(reference),
            _ => None,
        }
    }
}
