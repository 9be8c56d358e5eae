//! Keeps secrets out of what is recorded: what a command printed may hold a secret that it was
//! given, in the clear or encoded.

use std::collections::BTreeMap;

use super::answer::Answer;
use super::event::{FindingRecord, Recorded, Verdict};
use super::run::Run;
use crate::expression::Part;
use crate::value::{Datum, Hidden, Name, Patterns, Secret, Value};

/// The secrets that this process knows, as they may turn up in texts.
pub(super) struct Hiding(Patterns);

impl Run {
    /// What is to be hidden, with the secrets that a command has just given.
    pub(super) fn hiding(&self, captured: &BTreeMap<Name, Recorded>) -> Hiding {
        let mut patterns = Patterns::default();
        let inputs = self.plan.inputs.values().filter_map(|given| match &given.datum {
            Datum::Secret(secret) => Some(secret),
            Datum::Open(_) => None,
        });
        let scopes = self.state.scopes.iter();
        let values = scopes.flat_map(|scope| scope.values.values()).chain(captured.values());
        let values = values.filter_map(|value| match value {
            Recorded::Secret(secret) => secret.as_ref(),
            Recorded::Open(_) => None,
        });
        for secret in inputs.chain(values) {
            patterns.add(forms(secret));
        }
        Hiding(patterns)
    }

    /// An answer whose own words hold no secret.
    pub(super) fn without_secrets(&self, answer: Answer) -> Answer {
        let hiding = self.hiding(&BTreeMap::new());
        let hide = |text: Option<String>| text.map(|text| hiding.text(text));
        match answer {
            Answer::Choose { option, reason } => Answer::Choose { option, reason: hide(reason) },
            Answer::Done { note } => Answer::Done { note: hide(note) },
            Answer::Note { text } => Answer::Note { text: hiding.text(text) },
            Answer::NotSure { reason } => Answer::NotSure { reason: hide(reason) },
            Answer::Skip { reason } => Answer::Skip { reason: hide(reason) },
            Answer::Value { value } => Answer::Value { value: hiding.value(value) },
            other => other,
        }
    }
}

/// A secret in all its forms. One that is too weak to be hidden is taken in nowhere.
fn forms(secret: &Secret) -> Vec<Vec<u8>> {
    Hidden::new(secret).map(Hidden::into_forms).unwrap_or_default()
}

impl Hiding {
    /// A text without secrets.
    fn text(&self, text: String) -> String {
        if self.0.is_empty() { text } else { self.0.masked(&text) }
    }

    /// A value that holds a secret is one.
    fn value(&self, value: Recorded) -> Recorded {
        let Recorded::Open(open) = &value else {
            return value;
        };
        let written = open.written();
        if self.0.is_empty() || self.0.masked(&written) == written {
            return value;
        }
        match open {
            // A list cannot be a secret as a whole: its items lose what is secret in them.
            Value::List(items) => Recorded::Open(Value::List(
                items.iter().map(|item| Value::Text(self.text(item.written()))).collect(),
            )),
            _ => Recorded::Secret(Some(Secret::new(written))),
        }
    }

    /// Items of a list, none of which shows a secret.
    pub(super) fn items(&self, items: Vec<Value>) -> Vec<Recorded> {
        items.into_iter().map(|item| self.value(Recorded::Open(item))).collect()
    }

    pub(super) fn captures(&self, captured: BTreeMap<Name, Recorded>) -> BTreeMap<Name, Recorded> {
        captured.into_iter().map(|(name, value)| (name, self.value(value))).collect()
    }

    pub(super) fn findings(&self, findings: Vec<FindingRecord>) -> Vec<FindingRecord> {
        let hide =
            |finding: FindingRecord| FindingRecord { say: self.text(finding.say), ..finding };
        findings.into_iter().map(hide).collect()
    }

    pub(super) fn verdict(&self, verdict: Verdict) -> Verdict {
        match verdict {
            Verdict::Failed { why, parts } => {
                Verdict::Failed { why: self.text(why), parts: self.parts(parts) }
            }
            Verdict::Pending { why, parts } => {
                Verdict::Pending { why: self.text(why), parts: self.parts(parts) }
            }
            Verdict::Unexpected { why, parts } => {
                Verdict::Unexpected { why: self.text(why), parts: self.parts(parts) }
            }
            Verdict::InDoubt | Verdict::Passed => verdict,
        }
    }

    fn parts(&self, parts: Vec<Part>) -> Vec<Part> {
        let hide = |part: Part| Part { value: self.text(part.value), ..part };
        parts.into_iter().map(hide).collect()
    }
}
