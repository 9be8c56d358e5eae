//! A scenario that fits its runbook.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::facts::attempts_up_to;
use crate::diagnostic::Span;
use crate::expression::Expression;
use crate::runbook::model::{Outcome, StepId};
use crate::value::{Duration, Name, Value};

/// One way that things may go.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The runbook, as the scenario names it.
    pub runbook: String,
    /// What happens in it.
    pub title: String,
    /// What the person is told at the start of a drill.
    pub brief: Option<String>,
    /// The environment that is chosen.
    pub environment: Option<Name>,
    /// The values of inputs.
    pub inputs: BTreeMap<Name, Value>,
    /// When the walk begins.
    pub now: Option<Timestamp>,
    /// What targets say they are.
    pub targets: BTreeMap<Name, String>,
    /// Programs and environment variables that the runbook requires and that are not there.
    pub missing: BTreeSet<String>,
    /// What is true of the world at the start. Results and injects change it.
    pub facts: BTreeMap<Name, Value>,
    /// What is wrong with whole targets.
    pub faults: Vec<Fault>,
    /// What the commands of steps give; steps of a used runbook stand behind the id of its `use`,
    /// as everywhere here.
    pub results: BTreeMap<StepId, Results>,
    /// What happens meanwhile.
    pub injects: Vec<Inject>,
    /// What is answered to questions.
    pub answers: BTreeMap<StepId, Answers>,
    /// What is typed for values that are missing.
    pub values: BTreeMap<Name, Answer>,
    /// What is answered when undo is offered at the end.
    pub undo: Undoing,
    /// What must be true of the walk.
    pub expect: Expected,
}

/// What the command of a step gives.
#[derive(Clone, Debug)]
pub enum Results {
    /// The first whose condition holds, each time anew.
    Chosen(Vec<StepResult>),
    /// One for each attempt.
    Each(Vec<StepResult>),
    /// The same for every attempt.
    EveryTime(Box<StepResult>),
}

impl Results {
    /// These in their order, each for so many attempts, and the last for all that follow.
    pub fn in_turn(results: Vec<(StepResult, usize)>) -> Option<Self> {
        let count = results.len();
        let mut upto = 0;
        let mut chosen = Vec::with_capacity(count);
        for (index, (result, attempts)) in results.into_iter().enumerate() {
            upto += attempts;
            let when = (index + 1 < count).then(|| attempts_up_to(upto));
            chosen.push(StepResult { when, ..result });
        }
        match chosen.len() {
            0 => None,
            1 => chosen.pop().map(|only| Self::EveryTime(Box::new(only))),
            _ => Some(Self::Chosen(chosen)),
        }
    }

    /// All of them, in the order in which they are written.
    pub fn all(&self) -> &[StepResult] {
        match self {
            Self::Chosen(results) | Self::Each(results) => results,
            Self::EveryTime(result) => std::slice::from_ref(result),
        }
    }
}

/// What a step's command gives, and what its other commands give; those succeed if not said.
#[derive(Clone, Debug, Default)]
pub struct StepResult {
    /// When this is the result.
    pub when: Option<Expression>,
    /// Of the step's own command.
    pub main: Part,
    /// Of its `verify`.
    pub verify: Option<Part>,
    /// Of its `recheck`.
    pub recheck: Option<Part>,
    /// Of its `undo`.
    pub undo: Option<Part>,
    /// Of the command that tells whether it is ready.
    pub ready: Option<Part>,
}

/// What one command gives.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Part {
    /// How it ends.
    pub end: End,
    /// What it prints.
    pub stdout: String,
    /// What it prints as errors.
    pub stderr: String,
    /// So many bytes it prints, its output again and again.
    pub flood: Option<u64>,
    /// How long it takes.
    pub takes: Option<Duration>,
    /// What it makes true.
    pub sets: BTreeMap<Name, Value>,
}

/// How a command ends.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum End {
    /// The connection is lost while it runs.
    Disconnects,
    /// By itself, with an exit code.
    Exit(u8),
    /// Never.
    Hangs,
    /// By a signal, without `SIG`.
    Signal(String),
}

impl Default for End {
    fn default() -> Self {
        Self::Exit(0)
    }
}

/// What every command on a target gives.
#[derive(Clone, Debug)]
pub struct Fault {
    /// The target; `here` is this machine.
    pub target: Name,
    /// While this holds; always, if nothing is said.
    pub when: Option<Expression>,
    /// What the commands give.
    pub gives: Part,
}

/// Something that happens meanwhile.
#[derive(Clone, Debug)]
pub struct Inject {
    /// When.
    pub at: Trigger,
    /// What the person is told.
    pub say: Option<String>,
    /// What it makes true.
    pub sets: BTreeMap<Name, Value>,
}

/// When something happens.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Trigger {
    /// So long after the start.
    After(Duration),
    /// When the walk comes to a step.
    Enters(StepId),
    /// When a step is over.
    Leaves(StepId),
    /// When the command of a step starts.
    Starts(StepId),
}

/// The answers to the questions of one step.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Answers {
    /// One for each time that something is asked.
    Each(Vec<Answer>),
    /// The same every time.
    EveryTime(Answer),
}

/// An answer as it is written; what it means depends on the question.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Answer {
    /// Several values.
    Many(Vec<String>),
    /// One word or value.
    One(String),
}

/// What is answered when undo is offered at the end.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Undoing {
    /// What was changed is undone.
    #[default]
    All,
    /// Things are left as they are.
    Nothing,
}

/// Something with its place in the scenario.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Placed<T> {
    /// What is there.
    pub value: T,
    /// Where.
    pub span: Span,
}

/// What must be true of the walk.
#[derive(Clone, Debug, Default)]
pub struct Expected {
    /// How the run ends.
    pub outcome: Option<Placed<Outcome>>,
    /// The steps that are entered, in order, and the place of the whole list.
    pub visited: Option<Placed<Vec<Placed<StepId>>>>,
    /// The commands of steps, with values in place: one for every attempt, or all the same.
    pub commands: BTreeMap<StepId, Vec<Placed<String>>>,
    /// What must be found, as it is said.
    pub findings: Vec<Placed<String>>,
}
