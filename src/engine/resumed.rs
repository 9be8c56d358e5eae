//! What a crash or a pause changes: attempts whose end nobody recorded, and consents that are old.

use super::attempted::{AttemptId, Role};
use super::background::Ask;
use super::event::{Found, Resumed};
use super::job::{Job, Proof, Recheck, Stage};
use super::lane::LaneId;
use super::preflight::Progress;
use super::run::Run;
use super::undo::UndoState;

impl Run {
    pub(super) fn apply_resumed(&mut self, resumed: &Resumed) {
        self.state.rest = None;
        self.state.responder.clone_from(&resumed.responder.name);
        self.state.pace = resumed.pace.unwrap_or(self.state.pace);
        self.state.policy = self.state.policy.stricter(&resumed.policy);
        self.void(&resumed.voided);
        let running = self.state.running.iter();
        let open: Vec<_> = running.map(|(id, running)| (*id, running.lane, running.role)).collect();
        for (attempt, lane, role) in open {
            self.state.focus = lane;
            let found = resumed.found.get(&attempt).cloned();
            match found.unwrap_or(Found::Unknown) {
                Found::Finished { .. } => self.awaited(attempt),
                found => self.lost(attempt, role, found),
            }
        }
        let jobs = self.state.lanes.values_mut().flat_map(|lane| lane.jobs.iter_mut());
        jobs.for_each(agree_anew);
        self.agree_to_spreads_anew();
        self.state.focus = LaneId::MAIN;
    }

    /// Its end is known and comes as a fact of its own, also to somebody who left it running before.
    fn awaited(&mut self, attempt: AttemptId) {
        if self.job().and_then(Job::doubted) == Some(attempt) {
            self.set_stage(Stage::Running(attempt));
        }
    }

    fn lost(&mut self, attempt: AttemptId, role: Role, found: Found) {
        if self.state.preflight.progress != Progress::Over {
            self.state.running.remove(&attempt);
            self.state.preflight.running = None;
            return;
        }
        match role {
            Role::Main if self.is_beside(attempt) && found.runs() => {}
            Role::Main if self.is_beside(attempt) => self.beside_lost(attempt),
            Role::Main if cfg!(feature = "sabotage-rerun") => {
                self.state.running.remove(&attempt);
                self.set_stage(Stage::Ready);
            }
            Role::AdHoc | Role::Main | Role::Undo => self.doubted(attempt, found),
            // A helper that only looks is simply started again.
            Role::Assert
            | Role::Choices
            | Role::Ready
            | Role::Recheck
            | Role::Require
            | Role::Verify => {
                self.state.running.remove(&attempt);
                self.helper_lost();
            }
        }
    }

    /// Nobody saw how a command ended: the responder decides what to believe.
    pub(super) fn doubted(&mut self, attempt: AttemptId, found: Found) {
        if !found.runs() {
            self.state.running.remove(&attempt);
        }
        if let Some(entry) = self.job().and_then(Job::undo) {
            self.state.undo[entry].state = UndoState::InDoubt;
        }
        self.set_stage(Stage::Doubt { attempt, found, rechecked: None, recheck: Recheck::Unasked });
    }

    fn helper_lost(&mut self) {
        let Some(job) = self.here().jobs.last_mut() else {
            return;
        };
        match &mut job.stage {
            Stage::Doubt { recheck, .. } => *recheck = Recheck::Unasked,
            // What can be answered is asked again.
            Stage::Ready => {}
            Stage::Readying(readying) => readying.asking = Ask::Now,
            Stage::Proving(then) => job.stage = (**then).clone(),
            stage => *stage = Stage::Verifying,
        }
    }
}

/// What was agreed to and has not begun is agreed to anew, another attempt of what runs included:
/// nobody knows how long ago it was.
fn agree_anew(job: &mut Job) {
    job.confirmation = None;
    match &mut job.stage {
        stage @ Stage::Confirmed => *stage = Stage::Ready,
        Stage::Proving(then) if **then == Stage::Confirmed => **then = Stage::Ready,
        Stage::Pausing(_) => {}
        _ => return,
    }
    job.proof = Proof::Recent;
}
