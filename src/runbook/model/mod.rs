//! A validated runbook. What can be decided before a run is decided here: references are resolved,
//! inherited keys are filled in, templates, expressions and scripts are compiled.

mod around;
mod book;
mod input;
mod repeat;
mod run;
mod step;
mod target;
mod used;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use super::command::{Argument, BroughtFile, Command, FileSource, Form, Stdin, User};
use crate::diagnostic::{Source, Span};
use crate::template::{Declared, Template};
use crate::value::Name;
pub use around::{
    AlertRule, AlertSource, Change, ChangeKind, Escalation, Link, MatchOperator, Matcher, Owner,
};
pub use book::{Book, BookId};
pub use input::{
    Environment, Input, Presence, Protection, Secrecy, SecretSource, ValueDeclaration, ValueOrigin,
};
pub use repeat::{ForEach, ItemConfirm, ItemFailure, Items, Order, Timebox};
pub use run::{
    AtTheEnd, Background, Capture, CaptureSource, Effect, Finding, FindingSeverity, Interactive,
    OnDisconnect, OnFailure, Poll, Ready, Retry, Run, Undo, Verify,
};
pub use step::{
    Action, Approval, Ask, Choice, Choices, Destination, Multiplicity, Outcome, Step, StepId,
    StepKey, Then,
};
pub use target::{Assertion, Cluster, Place, Requirement, Target, TargetRef};
pub use used::{Used, UsedPlace, UsedRunbook};

/// One situation of one service, and how to handle it.
#[derive(Clone, Debug)]
pub struct Runbook {
    /// The text it came from, for messages that point into it.
    pub source: Source,
    /// Its id; the file's stem unless it says otherwise.
    pub id: String,
    /// What the file is.
    pub kind: RunbookKind,
    /// The service it belongs to.
    pub service: Option<String>,
    /// What it is about, one line.
    pub title: Template,
    /// What the situation means, Markdown.
    pub summary: Option<String>,
    /// What it costs, Markdown.
    pub impact: Option<String>,
    /// Who owns it.
    pub owner: Option<Owner>,
    /// Whom to ask for help, in order.
    pub escalation: Vec<Escalation>,
    /// The alerts it answers.
    pub alerts: Vec<AlertRule>,
    /// Named sets of values, in the order of the file; empty if it has none.
    pub environments: Vec<Environment>,
    /// Where commands run, by name; [`TargetRef::Here`] is not among them.
    pub targets: BTreeMap<Name, Target>,
    /// What must be there.
    pub requires: Vec<Requirement>,
    /// What the run needs to know.
    pub inputs: Vec<Input>,
    /// The kind of change this is.
    pub change: Option<Change>,
    /// Rules shown at the start and on every card.
    pub never: Vec<String>,
    /// Where to read more.
    pub links: Vec<Link>,
    /// Words for finding it.
    pub tags: Vec<String>,
    /// The name under which a second run on this machine is told of the first.
    pub lock: Option<Template>,
    /// Every step; the parts name them by place.
    pub steps: Vec<Step>,
    /// The main line.
    pub main: Vec<StepKey>,
    /// Named parts.
    pub procedures: BTreeMap<Name, Procedure>,
    /// Steps offered at the end, however the run ended.
    pub finally: Vec<StepKey>,
    /// The declared type of every value: inputs, captures and answers.
    pub values: BTreeMap<Name, ValueDeclaration>,
    /// Files of the repository that commands use, by path as written.
    pub brought: Vec<BroughtFile>,
    /// The file as it was read, if it is one that another runbook uses.
    pub bytes: Arc<[u8]>,
    /// The runbooks it uses, each as often as it is used; linking fills this.
    pub books: Vec<Book>,
}

/// What a file is.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum RunbookKind {
    /// An exercise whose changes are faults.
    GameDay,
    /// What to do in a situation.
    #[default]
    Runbook,
}

/// A line of steps.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PartId {
    /// What the run does unless it is told otherwise.
    Main,
    /// A named part.
    Procedure(Name),
    /// What is offered at the end.
    Finally,
    /// A part of a runbook that is used.
    #[serde(skip)]
    Of(BookId, Box<PartId>),
}

/// A named part of a runbook, entered by `use` or `goto`.
#[derive(Clone, Debug)]
pub struct Procedure {
    /// Shown when it is entered.
    pub title: Option<Template>,
    /// Its steps.
    pub steps: Vec<StepKey>,
    /// The place of its name.
    pub span: Span,
}

impl Runbook {
    /// A step.
    pub fn step(&self, key: StepKey) -> &Step {
        &self.steps[key.0]
    }

    /// What a value is declared to be as a step sees it: inside a `for_each` what is captured there
    /// is the item's, behind it the list of all.
    pub fn declared(&self, name: &Name, step: StepKey) -> Option<Declared> {
        let value = self.values.get(name)?;
        Some(value.seen(&self.step(step).loops, |other| &self.step(other).loops))
    }

    /// The step with this id.
    pub fn find(&self, id: &StepId) -> Option<StepKey> {
        self.steps.iter().position(|step| step.id == *id).map(StepKey)
    }

    /// The steps of a line.
    pub fn part(&self, part: &PartId) -> &[StepKey] {
        match part {
            PartId::Finally => &self.finally,
            PartId::Main => &self.main,
            PartId::Of(book, part) => match (self.used_by(*book), &**part) {
                (Some(book), PartId::Main) => &book.main,
                (Some(book), PartId::Finally) => &book.finally,
                (Some(book), PartId::Procedure(name)) => {
                    book.procedures.get(name).map_or(&[], Vec::as_slice)
                }
                (_, PartId::Of(..)) | (None, _) => &[],
            },
            PartId::Procedure(name) => {
                self.procedures.get(name).map_or(&[], |procedure| procedure.steps.as_slice())
            }
        }
    }

    /// How many commands have each effect: read, change, destroy.
    pub fn effects(&self) -> [usize; 3] {
        let mut counts = [0; 3];
        for step in &self.steps {
            if let Action::Run(run) = &step.action {
                counts[run.effect as usize] += 1;
            }
        }
        counts
    }
}
