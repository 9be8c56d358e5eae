//! Steps and what each of them does.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::super::command::Command;
use super::PartId;
use super::around::Link;
use super::repeat::{ForEach, Order, Timebox};
use super::run::{OnFailure, Run};
use super::used::Used;
use crate::diagnostic::Span;
use crate::expression::Expression;
use crate::template::Template;
use crate::value::{Name, Type, Value};

/// The place of a step in [`Runbook::steps`].
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct StepKey(pub usize);

/// The name of a step in records and on the command line: its own id, or its place such as
/// `main.3` or `roll_back.1.2`, which no written id can be.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct StepId(pub String);

impl fmt::Display for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One thing to do.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its name in records.
    pub id: StepId,
    /// Its own id, if it has one: the name by which other keys may mention it.
    pub name: Option<Name>,
    /// The line it stands on.
    pub part: PartId,
    /// The group it stands in.
    pub parent: Option<StepKey>,
    /// Its number as shown, such as `2` or `2.1`.
    pub number: String,
    /// Shown before anything else; made from the action if the author gave none.
    pub title: Template,
    /// Why it is done, folded away.
    pub why: Option<String>,
    /// Skipped unless this holds.
    pub when: Option<Expression>,
    /// Rules for this step.
    pub never: Vec<String>,
    /// Where to read more.
    pub links: Vec<Link>,
    /// Done for each item of a list.
    pub for_each: Option<ForEach>,
    /// The `for_each` steps around it and around what uses its part, itself among them.
    pub loops: BTreeSet<StepKey>,
    /// The role that does it, if it is something that people do.
    pub role: Option<String>,
    /// What is said when it takes too long.
    pub timebox: Option<Timebox>,
    /// What is done.
    pub action: Action,
    /// Its place in the file.
    pub span: Span,
}

/// What a step does.
#[derive(Clone, Debug)]
pub enum Action {
    /// A second person must agree before the run goes on.
    Approve(Approval),
    /// Asks a question.
    Ask(Ask),
    /// Tells a person to do something, Markdown.
    Do {
        /// What.
        text: Template,
        /// The parts of it, ticked one by one.
        checklist: Vec<Template>,
    },
    /// Ends the run.
    End(Outcome),
    /// Asks a role for help: its place in [`Runbook::escalation`].
    Escalate(usize),
    /// Goes elsewhere and does not come back.
    Goto(Destination),
    /// A group of steps, a scope.
    Group {
        /// Its steps.
        steps: Vec<StepKey>,
        /// How they are taken.
        order: Order,
    },
    /// Opens pages.
    Open(Vec<Template>),
    /// Runs a command.
    Run(Box<Run>),
    /// Goes through a procedure or another runbook and comes back.
    Use {
        /// Which.
        used: Used,
        /// What a failure inside it does.
        on_failure: OnFailure,
    },
    /// Waits for a duration.
    Wait(Template),
}

/// A question.
#[derive(Clone, Debug)]
pub enum Ask {
    /// Which way to go.
    Decision {
        /// What is asked.
        question: Template,
        /// The ways; "not sure" is always there.
        options: Vec<Choice>,
    },
    /// A value.
    Value {
        /// What is asked.
        question: Template,
        /// The name it gets.
        into: Name,
        /// Its type.
        ty: Type,
        /// What can be chosen; "none of these" is always there.
        choices: Option<Choices>,
        /// Whether several may be chosen.
        many: Multiplicity,
    },
}

/// What can be chosen.
#[derive(Clone, Debug)]
pub enum Choices {
    /// The lines that a read command prints.
    Command(Box<Command>),
    /// An expression that gives a list.
    Expression(Expression),
    /// They stand in the file.
    Listed(Vec<Value>),
}

/// Whose agreement is needed.
#[derive(Clone, Debug)]
pub struct Approval {
    /// The role.
    pub role: String,
    /// Why.
    pub why: String,
}

/// Whether one or several may be chosen.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Multiplicity {
    /// Any number, as a list.
    Many,
    /// Exactly one.
    One,
}

/// A way to go.
#[derive(Clone, Debug)]
pub struct Choice {
    /// Its name.
    pub id: Name,
    /// What is shown.
    pub label: Template,
    /// Proposed when this holds.
    pub suggest: Option<Expression>,
    /// Where it leads.
    pub then: Then,
}

/// Where an option leads.
#[derive(Clone, Debug)]
pub enum Then {
    /// Ends the run.
    End(Outcome),
    /// Goes there and does not come back.
    Goto(Destination),
    /// To the next step.
    Next,
    /// Through a procedure or another runbook and back.
    Use(Used),
}

/// Where a `goto` leads.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Destination {
    /// The start of a procedure.
    Procedure(Name),
    /// A step.
    Step(StepKey),
}

impl Outcome {
    /// Its name in records and in `steps.<id>.outcome`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Abandoned => "abandoned",
            Self::Done => "done",
            Self::Escalated => "escalated",
            Self::Mitigated => "mitigated",
            Self::NoAction => "no_action",
            Self::Resolved => "resolved",
            Self::RolledBack => "rolled_back",
        }
    }
}

/// How a run ended.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Given up.
    Abandoned,
    /// All that was to be done is done.
    Done,
    /// Handed to somebody else.
    Escalated,
    /// The harm is stopped, the cause is not gone.
    Mitigated,
    /// Nothing had to be done.
    NoAction,
    /// The cause is gone.
    Resolved,
    /// What was changed has been undone.
    RolledBack,
}
