//! Lanes: what the run does side by side. There is one from the beginning; the items of a
//! `for_each` and the steps of a parallel group have one each, below the job that opened them.

use serde::{Deserialize, Serialize};

use super::event::StepStatus;
use super::job::{Job, JobKind, Proof};
use super::position::Position;
use super::run::Run;
use crate::runbook::StepKey;

/// The number of a lane. Numbers are given in the order in which lanes open and never again.
#[derive(
    Clone, Copy, Debug, Default, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize,
)]
#[serde(transparent)]
pub struct LaneId(pub u32);

impl LaneId {
    /// The lane that is there from the beginning.
    pub const MAIN: Self = Self(0);

    /// Whether it is the one from the beginning.
    pub fn is_main(&self) -> bool {
        *self == Self::MAIN
    }
}

/// Something that the run does, side by side with others.
#[derive(Clone, Debug, Default)]
pub(super) struct Lane {
    pub(super) position: Position,
    /// What it is busy with, the innermost last.
    pub(super) jobs: Vec<Job>,
    /// What opened it; nothing opened the main lane.
    pub(super) origin: Option<Origin>,
}

/// What opened a lane.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    /// The lane below which it is.
    pub(super) from: LaneId,
    /// The step whose job opened it.
    pub(super) step: StepKey,
    /// What it is for.
    pub(super) kind: LaneKind,
    /// How its step ended, once it has.
    pub(super) outcome: Option<StepStatus>,
}

/// What a lane is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum LaneKind {
    /// An item of a `for_each`.
    Item,
    /// A step of a parallel group.
    Step,
}

impl Lane {
    pub(super) fn job(&self) -> Option<&Job> {
        self.jobs.last()
    }
}

impl Run {
    /// A lane; one that is over does nothing.
    pub(super) fn lane(&self, lane: LaneId) -> Option<&Lane> {
        self.state.lanes.get(&lane)
    }

    /// What a lane is busy with.
    pub(super) fn job_in(&self, lane: LaneId) -> Option<&Job> {
        self.lane(lane)?.job()
    }

    /// What the lane that the latest fact is about is busy with.
    pub(super) fn job(&self) -> Option<&Job> {
        self.job_in(self.state.focus)
    }

    /// A job in the lane that the latest fact is about.
    pub(super) fn new_job(&self, of: JobKind) -> Job {
        Job::new(of, self.state.focus, Proof::Recent)
    }

    /// Leaves everything that is done, and all lanes but the main one.
    pub(super) fn leave_lanes(&mut self) {
        self.state.focus = LaneId::MAIN;
        self.state.lanes.retain(|lane, _| lane.is_main());
        self.here().jobs.clear();
    }

    /// The lane that the latest fact is about. A fact about none belongs to the main lane.
    pub(super) fn here(&mut self) -> &mut Lane {
        self.state.lanes.entry(self.state.focus).or_default()
    }
}
