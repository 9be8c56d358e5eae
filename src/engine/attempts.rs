//! Starts and ends of commands, taken into account. What an end means stands in its event.

use jiff::{SignedDuration, Timestamp};

use super::attempted::{AttemptEnded, AttemptId, AttemptStarted, End, Role, Verdict};
use super::background::Ask;
use super::demand::Corrupt;
use super::event::{Found, StepStatus};
use super::job::{Job, Proof, Ran, Recheck, Stage};
use super::preflight::Progress;
use super::run::{Proved, Run, Running};
use super::undo::UndoState;
use crate::runbook::{StepKey, Verify};

impl Run {
    pub(super) fn apply_started(
        &mut self,
        started: &AttemptStarted,
        at: Timestamp,
    ) -> Result<(), Corrupt> {
        self.take_number(started.attempt)?;
        let scope = match self.job() {
            Some(job) => self.job_scope(job),
            None => self.scope_in(started.lane),
        };
        let running = Running {
            lane: started.lane,
            role: started.role,
            target: self.proof_key(scope, &started.target),
            shown: started.shown.clone(),
            effect: started.effect,
        };
        self.state.running.insert(started.attempt, running);
        if self.state.preflight.progress != Progress::Over {
            self.state.preflight.running = Some(started.attempt);
            return Ok(());
        }
        if started.role == Role::Main {
            self.remember_undo(started.attempt);
            self.cover_undo(started.attempt, &started.digest);
        }
        let Some(job) = self.here().jobs.last_mut() else {
            return Err(Corrupt(format!("attempt {} belongs to nothing", started.attempt)));
        };
        match (started.role, &mut job.stage) {
            (Role::Assert, stage) => *stage = Stage::Proving(Box::new(stage.clone())),
            (Role::Recheck, Stage::Doubt { recheck, .. }) => *recheck = Recheck::Running,
            (Role::AdHoc | Role::Main | Role::Undo, stage) => {
                *stage = Stage::Running(started.attempt);
                job.first_start.get_or_insert(at);
                job.confirmation.clone_from(&started.confirmation);
                job.ran =
                    Some(Ran { shown: started.shown.clone(), digest: started.digest.clone() });
            }
            (Role::Ready, Stage::Readying(readying)) => readying.asking = Ask::Running,
            (_, stage) => *stage = Stage::Running(started.attempt),
        }
        if started.role == Role::Main {
            self.remember_beside(started.attempt, at);
        }
        Ok(())
    }

    fn take_number(&mut self, attempt: AttemptId) -> Result<(), Corrupt> {
        if attempt.0 != self.state.last_attempt.0 + 1 {
            return Err(Corrupt(format!("attempt {attempt} comes out of order")));
        }
        self.state.last_attempt = attempt;
        Ok(())
    }

    pub(super) fn apply_ended(
        &mut self,
        ended: &AttemptEnded,
        at: Timestamp,
    ) -> Result<(), Corrupt> {
        let role = match self.state.running.remove(&ended.attempt) {
            Some(running) => {
                self.take_proof(&running, ended, at);
                running.role
            }
            None if ended.elsewhere => {
                self.take_number(ended.attempt)?;
                self.remember_undo(ended.attempt);
                Role::Main
            }
            None => {
                let attempt = ended.attempt;
                return Err(Corrupt(format!("attempt {attempt} ends without a start")));
            }
        };
        if self.state.preflight.progress != Progress::Over {
            self.check_ended(ended);
            return Ok(());
        }
        match role {
            Role::AdHoc if ended.verdict != Verdict::InDoubt => {
                self.here().jobs.pop();
            }
            Role::AdHoc => self.doubted(ended.attempt, Found::Unknown),
            Role::Assert => self.proof_ended(ended),
            Role::Main if self.is_beside(ended.attempt) => self.beside_ended(ended),
            Role::Main => self.main_ended(ended, at),
            Role::Choices => self.choices_ended(ended),
            Role::Ready => self.ready_ended(ended, at),
            Role::Recheck => self.recheck_ended(ended),
            Role::Require => {}
            Role::Undo => self.undo_ended(ended),
            Role::Verify => self.verify_ended(ended),
        }
        Ok(())
    }

    /// What a target proved to be; what it no longer proves to be is forgotten.
    fn take_proof(&mut self, running: &Running, ended: &AttemptEnded, at: Timestamp) {
        if running.role != Role::Assert {
            return;
        }
        let target = running.target.clone();
        match (&ended.verdict, &ended.identity) {
            (Verdict::Passed, Some(identity)) => {
                let identity = identity.clone();
                self.state.proved.insert(target, Proved { identity, at });
            }
            _ => {
                self.state.proved.remove(&target);
            }
        }
    }

    fn proof_ended(&mut self, ended: &AttemptEnded) {
        let Some(job) = self.here().jobs.last_mut() else {
            return;
        };
        let Stage::Proving(then) = &job.stage else {
            return;
        };
        let then = then.clone();
        if ended.verdict == Verdict::Passed {
            if matches!(*then, Stage::Ready | Stage::Confirmed) {
                job.proof = Proof::Given;
            }
            job.stage = *then;
        } else {
            job.last = Some((ended.end.clone(), ended.verdict.clone()));
            job.unproved = Some(then);
            job.stage = Stage::Judged;
        }
    }

    fn main_ended(&mut self, ended: &AttemptEnded, at: Timestamp) {
        let Some(step) = self.job().and_then(Job::step) else {
            return;
        };
        self.set_values(ended.captured.clone());
        self.state.findings.extend(ended.findings.clone());
        let record = self.state.steps.entry(step).or_default();
        record.captured.clone_from(&ended.captured);
        record.findings.clone_from(&ended.findings);
        record.exit = match ended.end {
            End::Exited { code } => Some(code),
            _ => None,
        };
        if ended.verdict == Verdict::Passed {
            self.note_change(step);
        }
        self.note_effect(step, ended);
        if !matches!(ended.end, End::CouldNotStart { .. }) {
            self.note_no_return(step);
        }
        if ended.verdict == Verdict::InDoubt {
            self.doubted(ended.attempt, Found::Unknown);
            return;
        }
        let stage = self.stage_after(step, ended, at);
        let succeeded = matches!(stage, Stage::Settled(_));
        if let Some(job) = self.here().jobs.last_mut() {
            job.last = Some((ended.end.clone(), ended.verdict.clone()));
            job.unproved = None;
            if matches!(ended.verdict, Verdict::Pending { .. }) {
                job.repeats += 1;
            }
            job.stage = stage;
        }
        if succeeded {
            self.settle_undone_by(step);
        }
    }

    /// What the end of a change means for what can be undone. What once took effect stays so.
    pub(super) fn note_effect(&mut self, step: StepKey, ended: &AttemptEnded) {
        let Some(place) = self.own_entry_of(step) else {
            return;
        };
        let entry = &mut self.state.undo[place];
        match (&ended.end, &ended.verdict) {
            _ if entry.state == UndoState::Applied => {}
            (End::CouldNotStart { .. }, _) if entry.starts.len() == 1 => {
                entry.state = UndoState::Settled;
            }
            (End::CouldNotStart { .. }, _) | (_, Verdict::InDoubt) => {}
            _ => entry.state = UndoState::Applied,
        }
    }

    /// On the main line, a step that is another's undo settles that other's entry.
    pub(super) fn settle_undone_by(&mut self, step: StepKey) {
        for place in self.settled_by(step, self.scope_in(self.state.focus)) {
            self.state.undo[place].state = UndoState::Settled;
        }
    }

    fn stage_after(&self, step: StepKey, ended: &AttemptEnded, at: Timestamp) -> Stage {
        let verify = self.run_of(step).and_then(|run| run.verify.as_ref());
        match &ended.verdict {
            Verdict::Passed if self.is_interactive(step) => Stage::Attesting,
            Verdict::Passed if matches!(verify, Some(Verify::Command(_))) => Stage::Verifying,
            Verdict::Passed => Stage::Settled(StepStatus::Done),
            Verdict::Failed { .. } | Verdict::InDoubt | Verdict::Unexpected { .. } => Stage::Judged,
            Verdict::Pending { .. } => {
                let pause = self.job().map_or(0, |job| self.pause(job));
                let pause = SignedDuration::from_millis(i64::try_from(pause).unwrap_or(i64::MAX));
                Stage::Pausing(at.checked_add(pause).unwrap_or(Timestamp::MAX))
            }
        }
    }

    fn is_interactive(&self, step: StepKey) -> bool {
        self.run_of(step).is_some_and(|run| run.interactive.is_some())
    }

    fn verify_ended(&mut self, ended: &AttemptEnded) {
        let Some(job) = self.here().jobs.last_mut() else {
            return;
        };
        job.last = Some((ended.end.clone(), ended.verdict.clone()));
        job.unproved = None;
        if ended.verdict != Verdict::Passed {
            job.stage = Stage::Judged;
            return;
        }
        job.stage = Stage::Settled(job.success);
        if let Some(step) = job.step() {
            self.settle_undone_by(step);
        }
    }

    fn undo_ended(&mut self, ended: &AttemptEnded) {
        let Some(entry) = self.job().and_then(Job::undo) else {
            return;
        };
        match ended.verdict {
            Verdict::Passed => {
                self.state.undo[entry].state = UndoState::Settled;
                self.here().jobs.pop();
            }
            Verdict::InDoubt => self.doubted(ended.attempt, Found::Unknown),
            _ => {
                if let Some(job) = self.here().jobs.last_mut() {
                    job.last = Some((ended.end.clone(), ended.verdict.clone()));
                    job.unproved = None;
                    job.stage = Stage::Judged;
                }
            }
        }
    }

    fn recheck_ended(&mut self, ended: &AttemptEnded) {
        if let Some(job) = self.here().jobs.last_mut()
            && let Stage::Doubt { rechecked, recheck, .. } = &mut job.stage
        {
            *recheck = Recheck::Unasked;
            *rechecked = match ended.verdict {
                Verdict::Passed => Some(true),
                Verdict::Failed { .. } => Some(false),
                Verdict::InDoubt | Verdict::Pending { .. } | Verdict::Unexpected { .. } => None,
            };
        }
    }
}
