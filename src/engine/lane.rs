//! Lanes: what the run does side by side. There is one from the beginning; the items of a
//! `for_each` and the steps of a parallel group have one each, below the job that opened them.

use serde::{Deserialize, Serialize};

use super::event::{ItemRecord, Recorded, StepStatus};
use super::job::{Job, JobKind, Proof};
use super::position::{Line, Position};
use super::run::Run;
use super::spread::{BranchState, Over};
use crate::runbook::{Action, Order, StepKey};

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

/// What a lane is for that has others beside it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Beside<'a> {
    /// This item.
    Item(&'a Recorded),
    /// A step of a group.
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

    /// What a lane is for, where others are at work beside it: its item, or a step of a group.
    pub fn beside(&self, lane: LaneId) -> Option<Beside<'_>> {
        let opener = self.opener(lane)?;
        let at_once = match self.spreads_over(opener)? {
            Over::Items(each) => each.at_once,
            Over::Steps(_, count) => count,
        };
        let branches = &opener.spread.as_ref()?.branches;
        let own = branches.iter().find(|branch| branch.state == BranchState::Open(lane))?;
        (at_once > 1).then(|| own.item.as_ref().map_or(Beside::Step, Beside::Item))
    }

    /// The items that are being worked on, those around others first.
    pub fn open_items(&self) -> impl Iterator<Item = (LaneId, ItemRecord)> {
        self.state.lanes.keys().filter_map(|lane| {
            let branches = &self.opener(*lane)?.spread.as_ref()?.branches;
            let index = branches.iter().position(|it| it.state == BranchState::Open(*lane))?;
            let item = Some(branches[index].item.clone()?);
            Some((*lane, ItemRecord { item, index, of: branches.len() }))
        })
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

    /// Leaves the lanes below a lane: those that a step opened, or all.
    pub(super) fn leave_lanes_below(&mut self, lane: LaneId, step: Option<StepKey>) {
        let lanes = self.state.lanes.iter();
        let below = lanes.filter(|(_, below)| {
            let origin = below.origin.as_ref();
            origin.is_some_and(|origin| {
                origin.from == lane && step.is_none_or(|step| origin.step == step)
            })
        });
        for below in below.map(|(id, _)| *id).collect::<Vec<_>>() {
            self.leave_lanes_below(below, None);
            self.state.lanes.remove(&below);
        }
    }

    /// The lane in which a step can be gone to: the one of the item or branch that it is a part of.
    /// From outside of it there is none, for nobody knows which item is meant.
    pub(super) fn lane_of_step(&self, step: StepKey) -> Option<LaneId> {
        let mut around = self.step(step).parent;
        let opener = loop {
            let Some(group) = around else { break None };
            let step = self.step(group);
            let at_once = matches!(step.action, Action::Group { order: Order::AtOnce(_), .. });
            if step.for_each.is_some() || at_once {
                break Some(group);
            }
            around = step.parent;
        };
        let mut lane = self.state.focus;
        let part = &self.step(step).part;
        loop {
            let origin = self.lane(lane)?.origin.as_ref();
            let frames = self.lane(lane)?.position.frames();
            let within = frames.iter().any(|frame| frame.line == Line::Part(part.clone()));
            match (opener, origin) {
                (Some(opener), Some(origin)) if origin.step == opener => return Some(lane),
                (Some(_), None) => return None,
                (None, Some(_)) if within => return Some(lane),
                (None, None) => return Some(lane),
                (_, Some(origin)) => lane = origin.from,
            }
        }
    }

    /// The lane that the latest fact is about. A fact about none belongs to the main lane.
    pub(super) fn here(&mut self) -> &mut Lane {
        self.state.lanes.entry(self.state.focus).or_default()
    }
}
