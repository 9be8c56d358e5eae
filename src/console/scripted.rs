//! Answers without a terminal: nobody at all, or a file that knows some of them.
//!
//! [`Unattended`] lets waits pass and answers nothing else. [`FromFile`] answers from a mapping of
//! step ids and asks the next responder for the rest. Neither ever confirms a change.

use std::collections::BTreeMap;
use std::rc::Rc;

use jiff::Timestamp;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::choice;
use super::input::{Signal, Signals};
use crate::engine::{Answer, AnswerKind, Asking, Question, Recorded, Run};
use crate::runbook::Outcome;
use crate::session::{Beside, Clock, Heard, PasswordWanted, Reply, Responder};
use crate::value::{Secret, Value};

/// Nobody is there.
pub struct Unattended {
    clock: Rc<dyn Clock>,
    signals: Box<dyn Signals>,
}

impl Unattended {
    /// Waits by this clock, until a signal comes.
    pub fn new(clock: Rc<dyn Clock>, signals: Box<dyn Signals>) -> Self {
        Self { clock, signals }
    }

    /// Lets time pass.
    fn wait(&mut self, until: Timestamp, beside: &mut dyn Beside) -> Reply {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        loop {
            let left = until.duration_since(self.clock.now());
            if left.is_negative() || left.is_zero() {
                return Reply::Elapsed;
            }
            let timeout = Timespec::try_from(self.clock.until(until)).ok();
            let mut ready = vec![PollFd::from_borrowed_fd(self.signals.ready(), PollFlags::IN)];
            let wakes = beside.wakes();
            ready.extend(wakes.map(|wakes| PollFd::from_borrowed_fd(wakes, PollFlags::IN)));
            // Whatever ends the poll, the time and the signals are looked at anew.
            let _woken = poll(&mut ready, timeout.as_ref());
            drop(ready);
            if beside.look() == Heard::Something {
                return Reply::Woken;
            }
            match self.signals.take() {
                Some(Signal::HangUp) => return Reply::HungUp,
                Some(Signal::Interrupt) => return Reply::Interrupted,
                Some(Signal::Suspend) => beside.suspend(),
                // What it was is looked at first thing.
                Some(Signal::Called) | None => {}
            }
        }
    }
}

impl Responder for Unattended {
    fn ask(
        &mut self,
        question: &Question,
        run: &Run,
        until: Option<Timestamp>,
        beside: &mut dyn Beside,
    ) -> Reply {
        let _ = run;
        match (&question.ask, until) {
            (Asking::Wait { until }, None) => self.wait(*until, beside),
            (Asking::Wait { .. }, Some(until)) => self.wait(until, beside),
            (ask, _) if ask.confirms() => Reply::Refused,
            _ => Reply::Nobody,
        }
    }

    fn refused(&mut self, why: &str) {
        let _ = why;
    }
}

/// Answers that were written down before the run.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    steps: BTreeMap<String, Vec<String>>,
    outcome: Option<Outcome>,
}

/// A file of answers that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the answers cannot be read")]
pub struct InvalidAnswers(#[from] serde_yaml::Error);

/// A single answer, or one for each time.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    One(Scalar),
    Each(Vec<Scalar>),
}

/// An answer as YAML may spell it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Scalar {
    Boolean(bool),
    Integer(i64),
    Text(String),
}

impl Scalar {
    fn text(self) -> String {
        match self {
            Self::Boolean(value) => value.to_string(),
            Self::Integer(value) => value.to_string(),
            Self::Text(value) => value,
        }
    }
}

/// A mapping in which no key stands twice: one of two answers would be lost.
struct Entries(BTreeMap<String, Written>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Mapping;
        impl<'de> Visitor<'de> for Mapping {
            type Value = Entries;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a mapping of step ids to answers")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
                let mut entries = BTreeMap::new();
                while let Some((step, written)) = map.next_entry::<String, Written>()? {
                    let twice = format!("`{step}` stands twice");
                    if entries.insert(step, written).is_some() {
                        return Err(serde::de::Error::custom(twice));
                    }
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(Mapping)
    }
}

impl Answers {
    /// Reads a mapping of step ids to answers; `outcome` says how a run without `end` ended.
    pub fn parse(yaml: &str) -> Result<Self, InvalidAnswers> {
        let mut answers = Self::default();
        let Entries(written) = serde_yaml::from_str(yaml)?;
        for (step, written) in written {
            let texts: Vec<String> = match written {
                Written::One(one) => vec![one.text()],
                Written::Each(each) => each.into_iter().map(Scalar::text).collect(),
            };
            if step == "outcome" {
                let last = texts.last().cloned().unwrap_or_default();
                answers.outcome = Some(serde_yaml::from_value(serde_yaml::Value::String(last))?);
            } else {
                answers.steps.insert(step, texts);
            }
        }
        Ok(answers)
    }

    /// The steps that have answers, so that a caller can say which of them do not exist.
    pub fn steps(&self) -> impl Iterator<Item = &str> {
        self.steps.keys().map(String::as_str)
    }
}

/// Answers from a file; what it does not know goes to the next responder.
pub struct FromFile {
    answers: Answers,
    /// How often each step was answered.
    used: BTreeMap<String, usize>,
    next: Box<dyn Responder>,
    /// The last answer came from the file, and was not taken.
    refused: Option<String>,
    last: Option<String>,
}

impl FromFile {
    /// Answers from these, then from `next`.
    pub fn new(answers: Answers, next: Box<dyn Responder>) -> Self {
        Self { answers, used: BTreeMap::new(), next, refused: None, last: None }
    }

    fn answer(&mut self, question: &Question) -> Option<Answer> {
        let answer = match (&question.ask, &question.step) {
            (ask, _) if ask.confirms() => None,
            (Asking::Outcome { .. }, _) => {
                self.answers.outcome.map(|outcome| Answer::Finish { outcome })
            }
            (_, Some(step)) => {
                let step = step.0.clone();
                if self.refused.as_ref() == Some(&step) {
                    return None;
                }
                let text = self.peek(&step)?;
                let answer = meant(question, &text)?;
                *self.used.entry(step.clone()).or_default() += 1;
                self.last = Some(step);
                Some(answer)
            }
            (_, None) => None,
        };
        answer.filter(|answer| question.accepts.contains(&answer.kind()))
    }

    /// The next answer for a step; the last one stays.
    fn peek(&self, step: &str) -> Option<String> {
        let written = self.answers.steps.get(step)?;
        let used = self.used.get(step).copied().unwrap_or(0);
        // A list has one answer a time and then none; a single answer holds every time.
        match written.as_slice() {
            [one] => Some(one.clone()),
            each => each.get(used).cloned(),
        }
    }
}

/// What a written answer means for this question.
fn meant(question: &Question, text: &str) -> Option<Answer> {
    let accepts = |kind| question.accepts.contains(&kind);
    match (&question.ask, text) {
        (_, "skip") if accepts(AnswerKind::Skip) => Some(Answer::Skip { reason: None }),
        (Asking::Decide { .. }, "not_sure") => Some(Answer::NotSure { reason: None }),
        (Asking::Value { .. }, "none") => Some(Answer::NoneOfThese),
        (Asking::Attest { .. } | Asking::HandOver { .. } | Asking::Look { .. }, "done") => {
            Some(Answer::Done { note: None })
        }
        (Asking::Decide { options, .. }, id) => {
            let option = options.iter().find(|option| option.id.as_str() == id)?;
            Some(Answer::Choose { option: option.id.clone(), reason: None })
        }
        (Asking::Value { .. }, _) => choice::typed(question, text).ok(),
        (Asking::MissingValue { ty, secret: false, .. }, text) => {
            Some(Answer::Value { value: Recorded::Open(Value::parse(*ty, text).ok()?) })
        }
        _ => None,
    }
}

impl Responder for FromFile {
    fn ask(
        &mut self,
        question: &Question,
        run: &Run,
        until: Option<Timestamp>,
        beside: &mut dyn Beside,
    ) -> Reply {
        self.last = None;
        match self.answer(question) {
            Some(answer) => Reply::Answer(answer),
            None => self.next.ask(question, run, until, beside),
        }
    }

    fn password(&mut self, wanted: &PasswordWanted<'_>, beside: &mut dyn Beside) -> Option<Secret> {
        self.next.password(wanted, beside)
    }

    fn refused(&mut self, why: &str) {
        self.refused = self.last.take();
        self.next.refused(why);
    }

    fn forget(&mut self) {
        self.next.forget();
    }
}

#[cfg(test)]
mod tests;
