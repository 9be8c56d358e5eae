//! How a run comes to its end: undo where it is wanted, the final steps, the outcome.

use std::sync::Arc;

use super::lane::LaneId;
use super::position::{Line, Position};
use super::preflight::Progress;
use super::run::{Ending, Finally, Run, UndoOffer};
use super::scope::ScopeId;
use crate::runbook::{Outcome, PartId, StepId};

impl Run {
    /// Begins to end the run. Undo is offered when it did not end as it should. A run that is
    /// ending already passes over what is left of the undo, or of the final steps.
    pub(super) fn end(&mut self, outcome: Option<Outcome>, failed: Option<StepId>) {
        self.leave_lanes();
        let runbook = Arc::clone(&self.plan.runbook);
        let ahead = self.here().position.leave_all(&runbook);
        self.state.preflight.progress = Progress::Over;
        if let Some(ending) = &mut self.state.ending {
            ending.undo = UndoOffer::Over;
            ending.failed = ending.failed.take().or(failed);
            return;
        }
        let undo = match outcome {
            None => UndoOffer::Wanted,
            Some(outcome) => wanted_after(outcome),
        };
        self.state.ending = Some(Ending { outcome, failed, undo, finally: Finally::Ahead(ahead) });
    }

    /// The responder says how the run ended.
    pub(super) fn finish(&mut self, outcome: Outcome) {
        if let Some(ending) = &mut self.state.ending {
            ending.outcome = Some(outcome);
            if ending.undo == UndoOffer::Unneeded {
                ending.undo = wanted_after(outcome);
            }
        }
    }

    pub(super) fn leave_undo_offer(&mut self) {
        if let Some(ending) = &mut self.state.ending {
            ending.undo = UndoOffer::Over;
        }
    }

    /// What follows from the state without any fact of its own.
    pub(super) fn settle(&mut self) {
        if self.state.started.is_none() || self.state.rest.is_some() {
            return;
        }
        self.settle_lanes();
        self.settle_beside();
        let walking = self.state.preflight.progress == Progress::Over;
        if walking
            && self.state.ending.is_none()
            && self.job_in(LaneId::MAIN).is_none()
            && self.position_is_over(LaneId::MAIN)
        {
            self.state.ending = Some(Ending {
                outcome: None,
                failed: None,
                undo: UndoOffer::Unneeded,
                finally: Finally::Ahead(Vec::new()),
            });
        }
        let idle = self.job_in(LaneId::MAIN).is_none();
        let nothing_to_undo = self.open_entries().is_empty();
        let Some(ending) = &mut self.state.ending else {
            return;
        };
        if nothing_to_undo && ending.undo == UndoOffer::Wanted {
            ending.undo = UndoOffer::Over;
        }
        if idle
            && ending.undo != UndoOffer::Wanted
            && let Finally::Ahead(ahead) = std::mem::replace(&mut ending.finally, Finally::Begun)
        {
            self.state.focus = LaneId::MAIN;
            let mut position = Position::start(Line::Part(PartId::Finally), ScopeId::MAIN);
            position.come_through(ahead);
            self.here().position = position;
        }
    }
}

fn wanted_after(outcome: Outcome) -> UndoOffer {
    match outcome {
        Outcome::Abandoned | Outcome::RolledBack => UndoOffer::Wanted,
        Outcome::Done
        | Outcome::Escalated
        | Outcome::Mitigated
        | Outcome::NoAction
        | Outcome::Resolved => UndoOffer::Unneeded,
    }
}
