//! Secrets of used runbooks, taken from where these say that they come from when a step needs them:
//! whatever else is asked goes to whoever answers.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::inputs::secret_of;
use super::settings::Settings;
use crate::console::{Meaning, Terminal, Text};
use crate::engine::{Answer, AnswerKind, Asking, Question, Recorded, Run};
use crate::policy::Trust;
use crate::runbook::{Input, Secrecy, StepId};
use crate::session::{Beside, PasswordWanted, Reply, Responder};
use crate::value::{Datum, Name, Secret};

/// Answers with secrets from their sources, and hands on all other questions.
pub(crate) struct Sourced {
    settings: Settings,
    terminal: Terminal,
    other: Box<dyn Responder>,
    /// What has just been given.
    given: Option<Wanted>,
    /// What was not there or not taken: it is asked for.
    failed: BTreeSet<Wanted>,
}

/// A secret that a step needs.
type Wanted = (StepId, Name);

impl Sourced {
    pub(crate) fn new(settings: Settings, terminal: Terminal, other: Box<dyn Responder>) -> Self {
        Self { settings, terminal, other, given: None, failed: BTreeSet::new() }
    }

    /// The secret that a question wants, if it has a source that may be looked at.
    fn found(&mut self, question: &Question, run: &Run) -> Option<Secret> {
        let Asking::MissingValue { name, secret: true, .. } = &question.ask else {
            return None;
        };
        let step = question.step.as_ref()?;
        let wanted = (step.clone(), name.clone());
        // What an untrusted runbook names is neither read nor run.
        let trusted = run.policy().trust == Trust::Trusted;
        let takes = question.accepts.contains(&AnswerKind::Value);
        if !trusted || !takes || self.failed.contains(&wanted) {
            return None;
        }
        match secret_of(input(run, step, name)?, &self.settings) {
            Ok(given) => {
                let Datum::Secret(secret) = given?.datum else { return None };
                self.given = Some(wanted);
                Some(secret)
            }
            Err(why) => {
                self.terminal.line(&Text::of(Meaning::Warning, why));
                self.failed.insert(wanted);
                None
            }
        }
    }
}

/// The declaration of a secret in the runbook that a step belongs to.
fn input<'a>(run: &'a Run, step: &StepId, name: &Name) -> Option<&'a Input> {
    let runbook = &run.plan().runbook;
    let book = runbook.step(runbook.find(step)?).part.book();
    let mut inputs = runbook.book(book).inputs.iter();
    inputs.find(|input| input.name == *name && matches!(input.secrecy, Secrecy::Secret(_)))
}

impl Responder for Sourced {
    fn ask(
        &mut self,
        question: &Question,
        run: &Run,
        until: Option<Timestamp>,
        beside: &mut dyn Beside,
    ) -> Reply {
        match self.found(question, run) {
            Some(secret) => Reply::Answer(Answer::Value { value: Recorded::Secret(Some(secret)) }),
            None => self.other.ask(question, run, until, beside),
        }
    }

    fn password(&mut self, wanted: &PasswordWanted<'_>, beside: &mut dyn Beside) -> Option<Secret> {
        self.other.password(wanted, beside)
    }

    fn refused(&mut self, why: &str) {
        self.failed.extend(self.given.take());
        self.other.refused(why);
    }

    fn forget(&mut self) {
        self.other.forget();
    }
}
