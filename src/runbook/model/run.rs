//! Steps that run a command: what is expected, taken, proved, repeated and undone.

use serde::{Deserialize, Serialize};

use super::super::command::Command;
use super::step::{Approval, Destination, StepKey};
use super::used::Used;
use crate::expression::{Expression, Filter};
use crate::template::Template;
use crate::value::{Duration, Name, Type};

/// What a command does to the world.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Nothing.
    Read,
    /// Something that can be changed back or does not matter for ever.
    Change,
    /// Something that is gone afterwards.
    Destroy,
}

/// A step that runs a command.
#[derive(Clone, Debug)]
pub struct Run {
    /// The command.
    pub command: Command,
    /// What it does to the world.
    pub effect: Effect,
    /// What is destroyed, which the responder must type.
    pub subject: Option<Template>,
    /// What must hold afterwards; all of them.
    pub expect: Vec<Expression>,
    /// Whether the author wrote `expect`.
    pub expect_given: bool,
    /// What good, and bad, output looks like.
    pub sample: Option<String>,
    /// What the result means.
    pub findings: Vec<Finding>,
    /// What is taken from the output.
    pub captures: Vec<Capture>,
    /// What proves it, right after success.
    pub verify: Option<Verify>,
    /// Tells after a crash whether it took effect.
    pub recheck: Option<Command>,
    /// How it is undone.
    pub undo: Option<Undo>,
    /// How often it is tried again.
    pub retry: Option<Retry>,
    /// Repeats until something holds.
    pub poll: Option<Poll>,
    /// What a failure does.
    pub on_failure: OnFailure,
    /// Whether the author, or a group around it, wrote `on_failure`.
    pub on_failure_given: bool,
    /// What happens to it when the responder's connection is lost.
    pub on_disconnect: OnDisconnect,
    /// The command gets the terminal.
    pub interactive: Option<Interactive>,
    /// It runs beside later steps, until its group is left.
    pub background: Option<Background>,
    /// Paths of files that are kept with their digest, from the working directory.
    pub evidence: Vec<Template>,
    /// A second person must agree to this command.
    pub approval: Option<Approval>,
}

/// A command that the responder talks to.
#[derive(Clone, Debug)]
pub struct Interactive {
    /// Lines that are there to be typed.
    pub type_in: Vec<Template>,
}

/// A command that runs beside later steps.
#[derive(Clone, Debug)]
pub struct Background {
    /// What tells that it is ready; it is as soon as it runs if nothing does.
    pub ready: Option<Ready>,
    /// How long that may take.
    pub timeout: Duration,
}

/// What tells that a background command is ready.
#[derive(Clone, Debug)]
pub enum Ready {
    /// A read command that succeeds; asked again until it does.
    Command(Box<Command>),
    /// Its output, as far as it has come, matches.
    Output(regex::Regex),
}

/// What happens to a running command when nobody is there any more.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OnDisconnect {
    /// It runs to its end, which is recorded.
    Finish,
    /// It is stopped with all it started.
    Stop,
}

/// What a result means.
#[derive(Clone, Debug)]
pub struct Finding {
    /// When it is one.
    pub when: Expression,
    /// What it says.
    pub say: Template,
    /// How bad it is.
    pub severity: FindingSeverity,
    /// The option, step or procedure it speaks for.
    pub suggest: Option<Name>,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingSeverity {
    /// Good to know.
    #[default]
    Info,
    /// Not as it should be.
    Warning,
    /// This is it.
    Critical,
}

/// A value taken from a command's output.
#[derive(Clone, Debug)]
pub struct Capture {
    /// Its name.
    pub name: Name,
    /// Which part of the output.
    pub from: CaptureSource,
    /// Its type.
    pub ty: Type,
    /// Whether it may be seen.
    pub secret: bool,
    /// How long the value holds: a change that uses an older one has it read again first.
    pub max_age: Option<Duration>,
}

/// Which part of an output is captured.
#[derive(Clone, Debug)]
pub enum CaptureSource {
    /// The output of a jq filter.
    Json(Filter),
    /// One line, from 1; negative from the end.
    Line(i64),
    /// All lines, as a list.
    Lines,
    /// A group of a match: the named one, else the first, else the whole match.
    Regex(regex::Regex),
    /// All of it, trimmed.
    Whole,
}

/// What proves that a command did what it should.
#[derive(Clone, Debug)]
pub enum Verify {
    /// A read command that must succeed.
    Command(Box<Command>),
    /// Something that must hold of the command's own result.
    Expect(Vec<Expression>),
}

/// How a step is undone.
#[derive(Clone, Debug)]
pub enum Undo {
    /// By a command, bound when the step starts.
    Command(Box<Command>),
    /// Not at all, and this is why: the point of no return.
    Irreversible(String),
    /// There is nothing to undo.
    None(String),
    /// By another step.
    Step(StepKey),
}

/// How often a failed command is tried again.
#[derive(Clone, Debug)]
pub struct Retry {
    /// How many attempts there are in all after the first.
    pub times: u32,
    /// How long between them.
    pub every: Duration,
    /// By what the pause grows.
    pub backoff: f64,
}

/// Repeats a command until something holds.
#[derive(Clone, Debug)]
pub struct Poll {
    /// What must hold.
    pub until: Expression,
    /// How long between attempts.
    pub every: Duration,
    /// How long in all.
    pub within: Duration,
    /// What it means that this time is over.
    pub at_the_end: AtTheEnd,
    /// It has failed as soon as this holds.
    pub abort_when: Option<Expression>,
}

/// What it means that the time of a poll is over.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AtTheEnd {
    /// What was to come did not.
    Failed,
    /// It was a wait, and nothing came between.
    Passed,
}

/// What a failure does.
#[derive(Clone, Debug)]
pub enum OnFailure {
    /// The responder is asked.
    Ask,
    /// The run goes on; the step stays *failed, handled*.
    Continue,
    /// The run goes elsewhere.
    Goto(Destination),
    /// The run stops.
    Stop,
    /// The step is undone.
    Undo,
    /// A part or a runbook is gone through, then the run goes on.
    Use(Used),
}
