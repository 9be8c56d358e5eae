//! What the run needs from the world, and what the world tells it.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::answer::Answer;
use super::approval::{Checked, Terms};
use super::asking::{Asking, Question};
use super::attempted::{AttemptId, Confirmation, Containment, End, Kept, Role, Survivor};
use super::conduct::{Conduct, KeptFile};
use super::event::{PauseReason, Resumed, RunStarted};
use super::lane::LaneId;
use super::told::Told;
use crate::expression::Output;
use crate::plan::BoundCommand;
use crate::runbook::{Effect, OnDisconnect, Outcome, StepId};

/// What the run needs now.
#[derive(Clone, Debug, Default)]
pub struct Demands {
    /// A fact that needs nothing but the time, and the lane it is about: hand in
    /// [`Input::Advance`].
    pub advance: Option<LaneId>,
    /// Commands to start: hand in [`Input::Started`], then start them.
    pub start: Vec<Attempt>,
    /// Somebody else must be asked for agreement, in this lane: hand in
    /// [`Input::ApprovalRequested`].
    pub approval: Option<LaneId>,
    /// A question to the responder.
    pub question: Option<Question>,
    /// Times to wait for: hand in [`Input::Elapsed`] when one is reached.
    pub waits: Vec<Wait>,
    /// Attempts to stop.
    pub stop: Vec<AttemptId>,
    /// Nothing, for good or until it is resumed.
    pub rest: Option<Rest>,
    /// Things to look for on this machine: hand in [`Input::Surveyed`].
    pub survey: Option<Survey>,
}

impl Demands {
    /// Takes in what another lane needs.
    pub(super) fn join(&mut self, other: Self) {
        self.advance = self.advance.or(other.advance);
        self.approval = self.approval.or(other.approval);
        for mut attempt in other.start {
            attempt.id.0 += u32::try_from(self.start.len()).unwrap_or(u32::MAX);
            self.start.push(attempt);
        }
        // A person is asked before anything is waited for.
        let waits = |question: &Question| matches!(question.ask, Asking::Wait { .. });
        if self.question.as_ref().is_none_or(waits) {
            self.question = other.question.or(self.question.take());
        }
        self.waits.extend(other.waits);
        self.stop.extend(other.stop);
        self.rest = self.rest.take().or(other.rest);
        self.survey = self.survey.take().or(other.survey);
    }
}

/// Programs and environment variables that a runbook requires.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Survey {
    /// Names of programs.
    pub programs: Vec<String>,
    /// Names of environment variables.
    pub variables: Vec<String>,
}

/// A command to start.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    /// Its number.
    pub id: AttemptId,
    /// The lane it belongs to.
    pub lane: LaneId,
    /// The step it belongs to.
    pub step: Option<StepId>,
    /// What it is for.
    pub role: Role,
    /// What it does to the world.
    pub effect: Effect,
    /// The command.
    pub command: BoundCommand,
    /// Its digest, computed again just before it starts.
    pub digest: String,
    /// What the target proved to be.
    pub identity: Option<String>,
    /// How it was agreed to.
    pub confirmation: Option<Confirmation>,
    /// What happens to it when nobody is there any more.
    pub on_disconnect: OnDisconnect,
    /// Whether its output is kept.
    pub keep: Keep,
    /// How it is attended.
    pub conduct: Conduct,
    /// Paths of files to keep when it has ended, from its working directory.
    pub evidence: Vec<String>,
}

/// Whether an output is kept.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Keep {
    /// It holds a secret: it is neither shown nor kept.
    Nothing,
    /// In the run's folder.
    Output,
}

/// A time to wait for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Wait {
    /// The lane that waits.
    pub lane: LaneId,
    /// The step that waits.
    pub step: StepId,
    /// Until when.
    pub until: Timestamp,
}

/// Why nothing is needed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Rest {
    /// The run is over.
    Finished {
        /// How it ended.
        outcome: Outcome,
        /// The step whose failure ended it.
        failed: Option<StepId>,
    },
    /// The responder left it.
    Paused(PauseReason),
}

/// What the world tells the run.
#[derive(Clone, Debug)]
pub enum Input {
    /// Take the next step that needs nothing.
    Advance,
    /// An answer came in for a request, and was checked.
    ApprovalChecked(Checked),
    /// A second person is asked, on these terms.
    ApprovalRequested(Terms),
    /// The responder answered the question that is asked now.
    Answered(Answer),
    /// The output of a background command tells that it is ready.
    Ready(AttemptId),
    /// The run begins.
    Begin(Box<RunStarted>),
    /// The responder ran the command elsewhere, with this result.
    Elsewhere {
        /// What it printed.
        output: String,
        /// Its exit status.
        exit: i32,
        /// What the step's filters make of it.
        filtered: Filtered,
        /// Where the output is kept, as the attempt that comes next.
        kept: Kept,
    },
    /// A command ended.
    Ended(Box<Ended>),
    /// A wait is over.
    Elapsed,
    /// The walk is left.
    Paused(PauseReason),
    /// Whoever leads an exercise ends it, where it is by now.
    Closed {
        /// Who.
        by: String,
    },
    /// A process took the run over.
    Resumed(Box<Resumed>),
    /// A command that was demanded is about to start.
    Started(AttemptId),
    /// Something was said from outside of the walk.
    Told(Told),
    /// What of the survey is missing, with its kind: `program jq`.
    Surveyed(Vec<String>),
}

/// How a command ended, and what it printed.
#[derive(Clone, Debug)]
pub struct Ended {
    /// Its number.
    pub attempt: AttemptId,
    /// How it ended.
    pub end: End,
    /// How long it took, in milliseconds.
    pub took: u64,
    /// What it printed.
    pub stdout: Printed,
    /// What the filters of [`Run::filters`](super::Run::filters) make of that.
    pub filtered: Filtered,
    /// What it complained of.
    pub stderr: Printed,
    /// What was kept of both.
    pub output: Kept,
    /// Files that were asked for as evidence.
    pub evidence: Vec<KeptFile>,
    /// What it left running.
    pub left_running: Vec<Survivor>,
    /// How that was found, if it was stopped.
    pub containment: Option<Containment>,
    /// The end was found after a crash, in the supervisor's record.
    pub recovered: bool,
}

impl Ended {
    /// An end of which nothing more is known.
    pub fn new(attempt: AttemptId, end: End) -> Self {
        Self {
            attempt,
            end,
            took: 0,
            stdout: Printed::default(),
            filtered: Filtered::new(),
            stderr: Printed::default(),
            output: Kept::default(),
            evidence: Vec::new(),
            left_running: Vec::new(),
            containment: None,
            recovered: false,
        }
    }
}

/// What jq filters gave, by their text, or why one gave nothing. They run outside the engine, where
/// what they need can be bounded.
pub type Filtered = BTreeMap<String, Result<Vec<Output>, String>>;

/// A stream as far as expectations and captures may look.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Printed {
    /// Its first bytes.
    pub bytes: Vec<u8>,
    /// How many more there were.
    pub more: u64,
}

/// What was refused.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Rejected {
    /// The answer does not fit the question.
    #[error("{0}")]
    Answer(String),
    /// Nothing in the state waits for this input.
    #[error("nothing waits for {0}")]
    Unexpected(&'static str),
}

/// An event that does not fit the state: the journal is not of this runbook, or is damaged.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct Corrupt(pub String);
