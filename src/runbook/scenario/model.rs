//! A scenario that fits its runbook.

use std::collections::BTreeMap;

use jiff::Timestamp;

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
    /// What the commands of steps give, one result for each attempt; steps of a used runbook stand
    /// behind the id of its `use`, as everywhere here.
    pub results: BTreeMap<StepId, Vec<StepResult>>,
    /// What happens meanwhile.
    pub injects: Vec<Inject>,
    /// What is answered to questions.
    pub answers: BTreeMap<StepId, Answer>,
    /// What must be true of the walk.
    pub expect: Expected,
}

/// What a step's command gives, and what its other commands give; those succeed if not said.
#[derive(Clone, Debug, Default)]
pub struct StepResult {
    /// Of the step's own command.
    pub main: Part,
    /// Of its `verify`.
    pub verify: Option<Part>,
    /// Of its `recheck`.
    pub recheck: Option<Part>,
    /// Of its `undo`.
    pub undo: Option<Part>,
}

/// What one command gives.
#[derive(Clone, Debug, Default)]
pub struct Part {
    /// How it ends.
    pub end: End,
    /// What it prints.
    pub stdout: String,
    /// What it prints as errors.
    pub stderr: String,
    /// How long it takes.
    pub takes: Option<Duration>,
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

/// Something that happens meanwhile.
#[derive(Clone, Debug)]
pub struct Inject {
    /// How long after the start.
    pub after: Duration,
    /// What the person is told.
    pub say: String,
}

/// An answer as it is written; what it means depends on the question.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Answer {
    /// Several values.
    Many(Vec<String>),
    /// One word or value.
    One(String),
}

/// What must be true of the walk.
#[derive(Clone, Debug, Default)]
pub struct Expected {
    /// How the run ends.
    pub outcome: Option<Outcome>,
    /// The steps that are entered, in order.
    pub visited: Option<Vec<StepId>>,
    /// The commands of steps, with values in place.
    pub commands: BTreeMap<StepId, String>,
}
