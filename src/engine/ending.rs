//! How a run comes to its end: undo where it is wanted, the final steps, the outcome.

use std::sync::Arc;

use super::lane::LaneId;
use super::position::{Line, Position};
use super::preflight::Progress;
use super::run::{Ending, Finally, Run, UndoOffer};
use super::scope::ScopeId;
use crate::runbook::{Outcome, PartId, RunbookKind, StepId};

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
            Some(outcome) => self.wanted_after(outcome),
        };
        self.state.ending = Some(Ending { outcome, failed, undo, finally: Finally::Ahead(ahead) });
    }

    /// The responder says how the run ended.
    pub(super) fn finish(&mut self, outcome: Outcome) {
        let wanted = self.wanted_after(outcome);
        if let Some(ending) = &mut self.state.ending {
            ending.outcome = Some(outcome);
            if ending.undo == UndoOffer::Unneeded {
                ending.undo = wanted;
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
                undo: match self.plan.runbook.kind {
                    RunbookKind::GameDay => UndoOffer::Faults,
                    RunbookKind::Runbook => UndoOffer::Unneeded,
                },
                finally: Finally::Ahead(Vec::new()),
            });
        }
        let idle = self.job_in(LaneId::MAIN).is_none();
        let nothing_to_undo = self.offered_entries().is_empty();
        let Some(ending) = &mut self.state.ending else {
            return;
        };
        let offers = |undo| matches!(undo, UndoOffer::Faults | UndoOffer::Wanted);
        if nothing_to_undo && offers(ending.undo) {
            ending.undo = UndoOffer::Over;
        }
        if idle
            && !offers(ending.undo)
            && let Finally::Ahead(ahead) = std::mem::replace(&mut ending.finally, Finally::Begun)
        {
            self.state.focus = LaneId::MAIN;
            let mut position = Position::start(Line::Part(PartId::Finally), ScopeId::MAIN);
            position.come_through(ahead);
            self.here().position = position;
        }
    }

    /// Whether undo is offered after an outcome. The faults of a game day do not outlive it.
    fn wanted_after(&self, outcome: Outcome) -> UndoOffer {
        match outcome {
            Outcome::Abandoned | Outcome::RolledBack => UndoOffer::Wanted,
            _ if self.plan.runbook.kind == RunbookKind::GameDay => UndoOffer::Faults,
            Outcome::Done
            | Outcome::Escalated
            | Outcome::Mitigated
            | Outcome::NoAction
            | Outcome::Resolved => UndoOffer::Unneeded,
        }
    }
}
