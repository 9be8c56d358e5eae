//! What an answer changes.

use super::answer::Answer;
use super::attempted::{Confirmation, Verdict};
use super::demand::Corrupt;
use super::event::{Recorded, StepStatus};
use super::job::{Job, JobKind, Proof, Recheck, Stage};
use super::position::Jump;
use super::preflight::{Consent, Preflight, Progress};
use super::run::Run;
use super::undo::UndoState;
use crate::policy::Pace;
use crate::runbook::{Action, Ask, Destination, Effect, Order, StepId, StepKey, Verify};
use crate::value::Name;

impl Run {
    /// Takes an answer into account.
    pub(super) fn apply_answer(
        &mut self,
        answer: &Answer,
        gives: Option<&Name>,
    ) -> Result<(), Corrupt> {
        match answer {
            Answer::AdHoc { command } => {
                let command = self.ad_hoc(self.state.focus, command).map_err(Corrupt)?;
                let job = self.new_job(JobKind::AdHoc(Box::new(command)));
                self.here().jobs.push(job);
            }
            Answer::Again => self.again(),
            Answer::Auto => {
                self.state.pace = Pace::Flow;
                self.confirmed("key", None);
            }
            Answer::Back => self.back(),
            Answer::BreakGlass { reason } => self.break_glass(reason),
            Answer::Choose { option, .. } => {
                if let Some(step) = self.job().and_then(Job::step) {
                    self.take_option(step, option);
                }
            }
            Answer::Confirm { typed } => {
                let how = if typed.is_some() { "typed" } else { "yes" };
                self.confirmed(how, typed.clone());
            }
            Answer::Done { .. } => self.done(),
            Answer::Edit { command } => self.edit(command)?,
            Answer::Finish { outcome } => {
                self.finish(*outcome);
            }
            Answer::GoPast { step, reason } => self.jump_past(step, reason)?,
            Answer::GoTo { step } => self.jump(step)?,
            Answer::Leave => self.leave_undo_offer(),
            Answer::MarkDone => self.mark_done(),
            Answer::NoneOfThese => self.set_stage(Stage::Settled(StepStatus::Skipped)),
            Answer::Proceed => self.proceed(),
            Answer::Recheck => {
                if let Some(job) = self.here().jobs.last_mut()
                    && let Stage::Doubt { recheck, .. } = &mut job.stage
                {
                    *recheck = Recheck::Wanted;
                }
            }
            Answer::Skip { reason } => self.skip(reason.as_deref()),
            Answer::Stop => self.stop(),
            Answer::Undo { step, entry } => self.undo(step.as_ref(), *entry),
            Answer::Value { value } => self.take_value(value, gives),
            Answer::WaitForEnd => {
                if let Some(job) = self.here().jobs.last_mut()
                    && let Stage::Doubt { attempt, .. } = job.stage
                {
                    job.stage = Stage::Running(attempt);
                }
            }
            // These are kept and change nothing.
            Answer::Note { .. } | Answer::NotSure { .. } | Answer::Predict { .. } => {}
            Answer::Approval { .. } | Answer::Elsewhere { .. } | Answer::Pause => {
                return Err(Corrupt("this answer is recorded as another event".to_owned()));
            }
        }
        Ok(())
    }

    fn edit(&mut self, command: &str) -> Result<(), Corrupt> {
        if let Some(step) = self.current_in(self.state.focus) {
            let command = self.edited(step, command).map_err(Corrupt)?;
            self.state.edits.insert(step, command);
            self.note_edit(step);
            let before = self.job().map(|job| job.agreements.clone());
            self.reopen();
            if cfg!(feature = "sabotage-unbound")
                && let (Some(job), Some(before)) = (self.here().jobs.last_mut(), before)
            {
                job.agreements = before;
            }
        }
        Ok(())
    }

    fn confirmed(&mut self, how: &str, typed: Option<String>) {
        let confirmation = Confirmation { how: how.to_owned(), typed };
        if self.agree_to_spread(confirmation.clone()) {
            return;
        }
        let effect = self.job().map_or(Effect::Read, |job| self.job_effect(job));
        // A question whose choices a command tells has no command of its own.
        let own = self.job().is_some_and(|job| self.job_command(job).is_some());
        let Some(job) = self.here().jobs.last_mut() else {
            return;
        };
        job.confirmation = Some(confirmation);
        job.stage = if own { Stage::Confirmed } else { Stage::Ready };
        job.ran = None;
        // What was true before a person thought it over must still be true.
        if effect != Effect::Read {
            job.proof = Proof::Fresh;
        }
    }

    /// Goes on in whatever way the question meant.
    fn proceed(&mut self) {
        if self.state.preflight.progress != Progress::Over {
            if self.preflight_asks() {
                self.state.preflight.consent = Consent::Given;
            } else {
                self.accept_missing();
            }
            return;
        }
        let Some(job) = self.job() else { return };
        match (&job.stage, &job.last) {
            (Stage::Blocked(_), _) => self.begin(Stage::Ready),
            (Stage::Unclear(_), _) => {
                let stage = job.step().map_or(Stage::Ready, |step| self.first_stage(step));
                self.begin(stage);
            }
            (Stage::Judged, Some((_, Verdict::Unexpected { .. }))) => {
                self.set_stage(Stage::Settled(StepStatus::Unexpected));
            }
            (Stage::Judged, _) => self.over(StepStatus::FailedHandled),
            _ => self.confirmed("key", None),
        }
    }

    fn begin(&mut self, stage: Stage) {
        self.set_stage(stage);
        if let Some(step) = self.job().and_then(Job::step) {
            self.open_lines(step);
        }
    }

    fn accept_missing(&mut self) {
        self.state.missing.clone_from(&self.state.preflight.missing);
        self.state.preflight.progress = Progress::Over;
    }

    fn again(&mut self) {
        if self.state.preflight.progress != Progress::Over {
            let consent = self.state.preflight.consent;
            self.state.preflight = Preflight { consent, ..Preflight::default() };
            if self.requires_nothing() {
                self.state.preflight.progress = Progress::Checks;
            }
            return;
        }
        if self.waiting().is_some() {
            self.ask_anew();
            return;
        }
        let Some(job) = self.here().jobs.last_mut() else {
            return;
        };
        // Only the target is asked again; what was done before stays done.
        if let Some(then) = job.unproved.take() {
            job.stage = match *then {
                Stage::Confirmed => Stage::Ready,
                then => then,
            };
            job.confirmation = None;
            job.proof = Proof::Recent;
            return;
        }
        if self.spread_again() {
            return;
        }
        let read = self.job().is_some_and(|job| self.job_effect(job) == Effect::Read);
        self.reopen();
        if read {
            self.confirmed("key", None);
        }
    }

    /// The job begins anew, and is agreed to anew.
    fn reopen(&mut self) {
        if let Some(job) = self.here().jobs.last_mut() {
            *job = Job::new(job.of.clone(), job.lane, Proof::Recent);
        }
    }

    fn skip(&mut self, reason: Option<&str>) {
        self.note_skipped(reason);
        if self.state.preflight.progress != Progress::Over {
            self.state.preflight.consent = Consent::Declined;
            return;
        }
        if matches!(self.job(), Some(job) if matches!(job.stage, Stage::Pausing(_))) {
            self.wait_over();
            return;
        }
        self.over(StepStatus::Skipped);
    }

    /// The job is over; one that was put before a step gives way to it.
    fn over(&mut self, status: StepStatus) {
        if let Some(step) = self.job().and_then(Job::step) {
            self.owe(step);
            self.set_stage(Stage::Settled(status));
        } else {
            self.here().jobs.pop();
        }
    }

    fn mark_done(&mut self) {
        let Some(job) = self.job() else { return };
        if job.doubted().is_none() {
            return;
        }
        match job.of.clone() {
            JobKind::Undo(entry) => {
                self.state.undo[entry].state = UndoState::Settled;
                self.here().jobs.pop();
            }
            JobKind::AdHoc(_) => {
                self.here().jobs.pop();
            }
            JobKind::Step(step) => {
                if let Some(entry) = self.own_entry_of(step) {
                    self.state.undo[entry].state = UndoState::Applied;
                }
                self.note_change(step);
                self.mark(step, StepStatus::MarkedDone);
            }
        }
    }

    /// What the responder did, or saw, is done; a command is still verified, where it can be.
    fn done(&mut self) {
        match self.job().and_then(Job::step) {
            Some(step) if self.run_of(step).is_some() => self.mark(step, StepStatus::Done),
            _ => self.set_stage(Stage::Settled(StepStatus::Done)),
        }
    }

    /// What was marked is still verified, where it can be.
    fn mark(&mut self, step: StepKey, status: StepStatus) {
        let verify = self.run_of(step).and_then(|run| run.verify.as_ref());
        let stage = match verify {
            Some(Verify::Command(_)) => Stage::Verifying,
            Some(Verify::Expect(_)) | None => Stage::Settled(status),
        };
        if stage != Stage::Verifying {
            self.settle_undone_by(step);
        }
        if let Some(job) = self.here().jobs.last_mut() {
            job.success = status;
            job.stage = stage;
        }
    }

    /// The responder ends the run here.
    fn stop(&mut self) {
        let mut failed = None;
        if let Some(job) = self.job() {
            let status = match job.stage {
                Stage::Judged => StepStatus::Failed,
                _ => StepStatus::Skipped,
            };
            if let Some(step) = job.step() {
                if status == StepStatus::Failed {
                    failed = Some(self.step(step).id.clone());
                }
                self.state.steps.entry(step).or_default().status = Some(status);
            }
        }
        self.end(None, failed);
    }

    fn undo(&mut self, step: Option<&StepId>, entry: Option<usize>) {
        let step = step.and_then(|step| self.plan.runbook.find(step));
        // The latest change is undone first: it is pushed last.
        let mut entries = match (step, entry) {
            (Some(_), Some(entry)) => vec![entry],
            (Some(step), None) => self.entry_to_undo(step).into_iter().collect(),
            (None, _) => self.offered_entries(),
        };
        entries.reverse();
        if self.job().and_then(Job::doubted).is_some() {
            self.reopen();
        }
        if self.state.ending.is_some() && step.is_none() {
            self.leave_undo_offer();
        }
        for entry in entries {
            let job = self.new_job(JobKind::Undo(entry));
            self.here().jobs.push(job);
        }
    }

    fn take_value(&mut self, value: &Recorded, gives: Option<&Name>) {
        let Some(name) = gives else { return };
        // An undo sees the values of the moment its step started, and nothing else.
        if let Some(entry) = self.job().and_then(Job::undo) {
            let values = &mut self.state.undo[entry].values;
            values.insert(name.clone(), value.clone());
            return;
        }
        self.set_values([(name.clone(), value.clone())]);
        let asked_by_step = self.job().and_then(Job::step).is_some_and(|step| {
            matches!(&self.step(step).action, Action::Ask(Ask::Value { into, .. }) if into == name)
        });
        if asked_by_step {
            self.set_stage(Stage::Settled(StepStatus::Done));
        }
    }

    fn jump_past(&mut self, step: &StepId, reason: &str) -> Result<(), Corrupt> {
        self.went_alone(format!("went to {step}, past an agreement"), reason);
        self.jump(step)
    }

    fn jump(&mut self, step: &StepId) -> Result<(), Corrupt> {
        let step = self.known(step)?;
        self.jump_to(step);
        Ok(())
    }

    /// Goes back along the way; what was gone back over is no longer on it.
    fn back(&mut self) {
        let Some(place) = self.place_before() else {
            return;
        };
        let step = self.state.way[place];
        self.state.way.truncate(place);
        self.jump_to(step);
    }

    /// Moves the lane that the step belongs to, and leaves those below it.
    fn jump_to(&mut self, step: StepKey) {
        self.pass(step);
        match self.lane_of_step(step) {
            Some(lane) if !lane.is_main() => {
                self.state.focus = lane;
                self.leave_lanes_below(lane, None);
                self.here().jobs.clear();
            }
            _ => self.leave_lanes(),
        }
        self.go(step, &Destination::Step(step), Jump::Responder);
    }

    /// The place on the way of the step before the one the walk is at. Groups and `use` are none:
    /// they end with their first step.
    pub(super) fn place_before(&self) -> Option<usize> {
        let way = &self.state.way;
        way.iter().rposition(|step| {
            let action = &self.step(*step).action;
            Some(*step) != self.current_in(self.state.focus)
                && (self.step(*step).for_each.is_some()
                    || !matches!(
                        action,
                        Action::Group { order: Order::InTurn, .. } | Action::Use { .. }
                    ))
        })
    }
}
