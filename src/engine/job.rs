//! What a walk is busy with: a step, or something the responder put before it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::agreement::Agreement;
use super::attempted::{AttemptId, Confirmation, End, Verdict};
use super::background::Readying;
use super::event::{Found, Missing, StepStatus};
use super::lane::LaneId;
use super::spread::Spread;
use super::used::Entering;
use crate::runbook::{Command, StepKey, Then};
use crate::value::{Name, Value};

/// Something the walk is busy with.
#[derive(Clone, Debug)]
pub(super) struct Job {
    /// What.
    pub(super) of: JobKind,
    /// The lane it is done in.
    pub(super) lane: LaneId,
    /// How far it is.
    pub(super) stage: Stage,
    /// How it was agreed to, once it was.
    pub(super) confirmation: Option<Confirmation>,
    /// Who else agreed to it, by their roles.
    pub(super) agreements: BTreeMap<String, Agreement>,
    /// When the step's own command was first started, for polls.
    pub(super) first_start: Option<Timestamp>,
    /// How often the command has been run again by itself.
    pub(super) repeats: u32,
    /// The command and its digest, as they were when it was last started.
    pub(super) ran: Option<Ran>,
    /// How the last attempt ended and what that meant.
    pub(super) last: Option<(End, Verdict)>,
    /// The target failed to prove what it is; where the job goes on when it is asked again.
    pub(super) unproved: Option<Box<Stage>>,
    /// How the step ends if nothing more goes wrong.
    pub(super) success: StepStatus,
    /// Where the chosen option leads, once the step is over.
    pub(super) then: Option<Then>,
    /// Values that were read again because they were too old.
    pub(super) read_again: BTreeSet<Name>,
    /// What can be answered, once a command has told.
    pub(super) choices: Option<Vec<Value>>,
    /// What its step spreads over.
    pub(super) spread: Option<Spread>,
    /// Whether the target still has to prove what it is before the next thing happens.
    pub(super) proof: Proof,
}

/// A command that was started.
#[derive(Clone, Debug)]
pub(super) struct Ran {
    /// As the responder saw it.
    pub(super) shown: String,
    /// Its digest.
    pub(super) digest: String,
}

/// What a job is about.
#[derive(Clone, Debug)]
pub(super) enum JobKind {
    /// A command of the responder's own.
    AdHoc(Box<Command>),
    /// A step of the runbook.
    Step(StepKey),
    /// The undo of an entry of the undo list.
    Undo(usize),
}

/// How far a job is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Stage {
    /// Something it needs is not there; the responder decides.
    Blocked(Vec<Missing>),
    /// What it uses belongs to a source that is not on this machine.
    Away(String),
    /// Its interactive command has ended; the responder says what was seen.
    Attesting,
    /// Agreed to; its command starts next.
    Confirmed,
    /// Nobody saw the end of its command.
    Doubt {
        /// Which attempt.
        attempt: AttemptId,
        /// What is known.
        found: Found,
        /// What a recheck said.
        rechecked: Option<bool>,
        /// Whether a recheck is to be started.
        recheck: Recheck,
    },
    /// A runbook that it uses is entered next.
    Entering(Entering),
    /// Its command failed, or a read had an unexpected result.
    Judged,
    /// Waiting before the command is run again, or because the step is a wait.
    Pausing(Timestamp),
    /// The target is asked what it is; then the job goes on where it was.
    Proving(Box<Stage>),
    /// Its background command runs and is not ready yet.
    Readying(Readying),
    /// Nothing has happened yet.
    Ready,
    /// A command is running.
    Running(AttemptId),
    /// Its branches are at work, or are being agreed to.
    Spread,
    /// It is over.
    Settled(StepStatus),
    /// Its condition could not be evaluated.
    Unclear(String),
    /// Its command did its work; what proves it starts next.
    Verifying,
}

/// Whether somebody asked to look if a command took effect.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Recheck {
    /// Nobody did.
    Unasked,
    /// It starts next.
    Wanted,
    /// It runs.
    Running,
}

/// Whether a target must prove what it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Proof {
    /// A recent proof is good enough.
    Recent,
    /// It must be proved anew.
    Fresh,
    /// It was proved anew.
    Given,
}

impl Job {
    /// A job that has not begun.
    pub(super) fn new(of: JobKind, lane: LaneId, proof: Proof) -> Self {
        Self {
            of,
            lane,
            stage: Stage::Ready,
            confirmation: None,
            agreements: BTreeMap::new(),
            first_start: None,
            repeats: 0,
            ran: None,
            last: None,
            unproved: None,
            success: StepStatus::Done,
            then: None,
            read_again: BTreeSet::new(),
            choices: None,
            spread: None,
            proof,
        }
    }

    /// The place of the undo that it is, if it is one.
    pub(super) fn undo(&self) -> Option<usize> {
        match self.of {
            JobKind::Undo(entry) => Some(entry),
            JobKind::AdHoc(_) | JobKind::Step(_) => None,
        }
    }

    /// The attempt whose end nobody saw, if the job is in doubt.
    pub(super) fn doubted(&self) -> Option<AttemptId> {
        match self.stage {
            Stage::Doubt { attempt, .. } => Some(attempt),
            _ => None,
        }
    }

    /// The step it is about, if it is a step's own job.
    pub(super) fn step(&self) -> Option<StepKey> {
        match self.of {
            JobKind::Step(step) => Some(step),
            JobKind::AdHoc(_) | JobKind::Undo(_) => None,
        }
    }
}
