//! Keeps secrets out of what is recorded: what a command printed may hold a secret that it was
//! given, in the clear or encoded.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::sync::Arc;

use super::answer::Answer;
use super::attempted::{AttemptEnded, End, FindingRecord, Survivor, Verdict};
use super::demand::Rejected;
use super::event::{Missing, Recorded};
use super::run::Run;
use crate::expression::Part;
use crate::value::{Datum, Form, Hidden, Name, Patterns, Secret, Value};

/// The secrets that this process knows, as they may turn up in texts. Most facts hold no text in
/// which one could stand, so what they look like is found out for the first text that may.
pub(super) struct Hiding<'a> {
    secrets: Vec<Secret>,
    patterns: OnceCell<Arc<Patterns>>,
    looks: &'a Looks,
}

/// What the secrets look like that were last looked for. A run has the same ones for many facts, and
/// finding out costs more than all else that is done for a fact.
#[derive(Clone, Debug, Default)]
pub(super) struct Looks(RefCell<Option<(Vec<Secret>, Arc<Patterns>)>>);

impl Looks {
    fn of(&self, secrets: &[Secret]) -> Arc<Patterns> {
        let mut known = self.0.borrow_mut();
        if let Some((of, patterns)) = &*known
            && of == secrets
        {
            return Arc::clone(patterns);
        }
        let mut patterns = Patterns::for_texts();
        patterns.add(secrets.iter().flat_map(forms));
        let patterns = Arc::new(patterns);
        *known = Some((secrets.to_vec(), Arc::clone(&patterns)));
        patterns
    }
}

impl Run {
    /// What is to be hidden, with the secrets that a command has just given.
    pub(super) fn hiding(&self, captured: &BTreeMap<Name, Recorded>) -> Hiding<'_> {
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
        let secrets = inputs.chain(values).cloned().collect();
        Hiding { secrets, patterns: OnceCell::new(), looks: &self.looks }
    }

    /// An answer whose own words hold no secret. A command cannot lose a part of itself, so one that
    /// holds a secret is refused.
    pub(super) fn without_secrets(&self, answer: Answer) -> Result<Answer, Rejected> {
        let hiding = self.hiding(&BTreeMap::new());
        let hide = |text: Option<String>| text.map(|text| hiding.text(text));
        Ok(match answer {
            Answer::AdHoc { command } | Answer::Edit { command } if hiding.finds(&command) => {
                return Err(Rejected::Answer(
                    "the command holds the text of a secret, which would stand in its arguments and \
                     in the record; in a step's own command, name the value instead"
                        .to_owned(),
                ));
            }
            Answer::Choose { option, reason } => Answer::Choose { option, reason: hide(reason) },
            Answer::Done { note } => Answer::Done { note: hide(note) },
            Answer::Note { text } => Answer::Note { text: hiding.text(text) },
            Answer::NotSure { reason } => Answer::NotSure { reason: hide(reason) },
            Answer::Predict { text } => Answer::Predict { text: hiding.text(text) },
            Answer::Skip { reason } => Answer::Skip { reason: hide(reason) },
            Answer::Value { value } => Answer::Value { value: hiding.value(value) },
            other => other,
        })
    }

    /// What is missing, where a program that holds a secret may have said so.
    pub(super) fn missing_without_secrets(&self, missing: Vec<Missing>) -> Vec<Missing> {
        let hiding = self.hiding(&BTreeMap::new());
        let hide = |missing: Missing| Missing { detail: hiding.text(missing.detail), ..missing };
        missing.into_iter().map(hide).collect()
    }
}

/// A secret in all its forms. One that is too weak to be hidden is taken in nowhere.
fn forms(secret: &Secret) -> Vec<Form> {
    Hidden::new(secret).map(Hidden::into_forms).unwrap_or_default()
}

impl Hiding<'_> {
    fn patterns(&self) -> &Patterns {
        self.patterns.get_or_init(|| self.looks.of(&self.secrets))
    }

    /// Whether a text holds a secret.
    fn finds(&self, text: &str) -> bool {
        !self.secrets.is_empty() && self.patterns().masked(text) != text
    }

    /// An end whose words, names of files and command lines hold no secret.
    pub(super) fn ended(&self, ended: AttemptEnded) -> AttemptEnded {
        if self.secrets.is_empty() {
            return ended;
        }
        let mut ended = ended;
        if let End::CouldNotStart { why } = ended.end {
            ended.end = End::CouldNotStart { why: self.text(why) };
        }
        for file in &mut ended.evidence {
            file.note = file.note.take().map(|note| self.text(note));
        }
        let hide = |it: Survivor| Survivor { command: self.text(it.command), ..it };
        ended.left_running = ended.left_running.into_iter().map(hide).collect();
        AttemptEnded {
            verdict: self.verdict(ended.verdict),
            captured: self.captures(ended.captured),
            findings: self.findings(ended.findings),
            identity: ended.identity.map(|identity| self.text(identity)),
            ..ended
        }
    }

    /// A text without secrets.
    fn text(&self, text: String) -> String {
        if self.secrets.is_empty() || text.is_empty() {
            text
        } else {
            self.patterns().masked(&text)
        }
    }

    /// A value that holds a secret is one.
    fn value(&self, value: Recorded) -> Recorded {
        let Recorded::Open(open) = &value else {
            return value;
        };
        let written = open.written();
        if !self.finds(&written) {
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

    fn findings(&self, findings: Vec<FindingRecord>) -> Vec<FindingRecord> {
        let hide =
            |finding: FindingRecord| FindingRecord { say: self.text(finding.say), ..finding };
        findings.into_iter().map(hide).collect()
    }

    fn verdict(&self, verdict: Verdict) -> Verdict {
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
