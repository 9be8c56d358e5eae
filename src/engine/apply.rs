//! Takes facts into account. Evaluates nothing: what an event does not say is not looked for.

use std::sync::Arc;

use jiff::Timestamp;

use super::demand::{Corrupt, Rest};
use super::event::{Event, RunStarted, StepStatus};
use super::job::{Job, JobKind, Proof, Stage};
use super::lane::LaneId;
use super::position::{Jump, Line, Next, Position};
use super::preflight::Progress;
use super::run::Run;
use super::scope::ScopeId;
use crate::runbook::{
    Action, Ask, Destination, Effect, OnFailure, PartId, StepId, StepKey, Then, Used,
};
use crate::value::Name;

impl Run {
    /// Takes a fact into account.
    pub fn apply(&mut self, event: &Event, at: Timestamp) -> Result<(), Corrupt> {
        self.needs.take();
        let taken = self.take_in(event, at);
        self.needs.take();
        taken
    }

    #[expect(clippy::too_many_lines, reason = "a table: a row for each kind of fact")]
    fn take_in(&mut self, event: &Event, at: Timestamp) -> Result<(), Corrupt> {
        self.state.focus = self.lane_of(event);
        self.check_order(event)?;
        self.state.at = at;
        self.state.latest = self.state.latest.max(at);
        match event {
            Event::ApprovalGiven(given) => self.apply_given(given)?,
            Event::ApprovalLapsed { nonce, .. } => self.apply_lapsed(nonce),
            Event::ApprovalRefused { .. } | Event::Told(_) => {}
            Event::ApprovalRequested(asked) => self.apply_requested(asked)?,
            Event::Answered { answer, gives, .. } => self.apply_answer(answer, gives.as_ref())?,
            Event::AttemptEnded(ended) => self.apply_ended(ended, at)?,
            Event::AttemptStarted(started) => self.apply_started(started, at)?,
            Event::ItemsListed { items, .. } => self.apply_listed(items),
            Event::LaneOpened { lane, from, branch, .. } => {
                self.apply_lane_opened(*lane, *from, branch);
            }
            Event::RunbookEntered { environment, inputs, .. } => {
                self.apply_runbook_entered(environment.as_ref(), inputs);
            }
            Event::TimeboxPassed { step, .. } => {
                let step = self.known(step)?;
                self.apply_timebox(step);
            }
            Event::ValueStale { value, step, .. } => self.apply_stale(value, step),
            Event::Readied { attempt, .. } => self.apply_ready(*attempt),
            Event::LineEnded { .. } => self.here().position.pop(),
            Event::Paused { why } => self.state.rest = Some(Rest::Paused(why.clone())),
            Event::Resumed(resumed) => self.apply_resumed(resumed),
            Event::RunFinished { outcome, failed, .. } => {
                self.state.rest =
                    Some(Rest::Finished { outcome: *outcome, failed: failed.clone() });
            }
            Event::RunStarted(started) => self.apply_begin(started)?,
            Event::StepClosed { step, status, .. } => {
                let step = self.known(step)?;
                self.apply_closed(step, *status);
            }
            Event::StepEntered { step, unclear, .. } => {
                let step = self.known(step)?;
                self.apply_entered(step, unclear.as_deref());
            }
            Event::StepSkipped { step, .. } => {
                let step = self.known(step)?;
                self.state.steps.entry(step).or_default().status = Some(StepStatus::Skipped);
                self.here().position.advance();
            }
            Event::SurveyClosed => self.state.preflight.progress = Progress::Over,
            Event::Surveyed { missing } => {
                self.state.preflight.absent =
                    missing.iter().map(|missing| missing.what.clone()).collect();
                self.state.preflight.missing.clone_from(missing);
                self.state.preflight.progress = Progress::Checks;
            }
            Event::WaitStarted { until, .. } => self.set_stage(Stage::Pausing(*until)),
            Event::Waited { .. } => {
                if !self.readying_elapsed(at) {
                    self.wait_over();
                }
            }
        }
        self.settle();
        Ok(())
    }

    /// A damaged journal, or one of another runbook, says what cannot have happened.
    fn check_order(&self, event: &Event) -> Result<(), Corrupt> {
        let comes = |next: Next| self.job().is_none() && self.next_in(self.state.focus) == next;
        let fits = match (event, &self.state.rest) {
            (Event::RunStarted(_), _) => self.state.started.is_none(),
            (Event::Resumed(_), Some(Rest::Paused(_))) => true,
            (_, Some(_)) => false,
            _ if self.state.started.is_none() => false,
            (Event::StepEntered { step, .. } | Event::StepSkipped { step, .. }, _) => {
                comes(Next::Step(self.known(step)?))
            }
            (Event::StepClosed { step, .. }, _) => {
                let step = self.known(step)?;
                self.job().and_then(Job::step) == Some(step) || comes(Next::Close(step))
            }
            (Event::ItemsListed { step, .. }, _) => {
                let step = self.known(step)?;
                self.job().is_some_and(|job| job.step() == Some(step) && self.spreads(job))
            }
            (Event::LaneOpened { lane, from, step, .. }, _) => {
                let step = self.known(step)?;
                let opener = self.job_in(*from).filter(|job| job.stage == Stage::Spread);
                lane.0 == self.state.last_lane.0 + 1
                    && opener.is_some_and(|job| job.step() == Some(step))
            }
            (Event::LineEnded { .. }, _) => comes(Next::Pop),
            _ => true,
        };
        if fits {
            return Ok(());
        }
        Err(Corrupt("a record does not follow from those before it".to_owned()))
    }

    /// The lane that a fact is about.
    fn lane_of(&self, event: &Event) -> LaneId {
        let lane = self.lane_named(event);
        let opens = matches!(event, Event::LaneOpened { .. });
        // What ran in a lane may end after it.
        if opens || self.lane(lane).is_some() { lane } else { LaneId::MAIN }
    }

    fn lane_named(&self, event: &Event) -> LaneId {
        match event {
            Event::AttemptEnded(ended) => match self.state.running.get(&ended.attempt) {
                Some(running) => running.lane,
                None => ended.lane,
            },
            Event::AttemptStarted(started) => started.lane,
            Event::ApprovalGiven(given) => given.lane,
            Event::ApprovalRequested(asked) => asked.lane,
            Event::ApprovalLapsed { lane, .. }
            | Event::ApprovalRefused { lane, .. }
            | Event::Answered { lane, .. }
            | Event::ItemsListed { lane, .. }
            | Event::LaneOpened { lane, .. }
            | Event::Readied { lane, .. }
            | Event::TimeboxPassed { lane, .. }
            | Event::ValueStale { lane, .. }
            | Event::LineEnded { lane }
            | Event::RunbookEntered { lane, .. }
            | Event::StepClosed { lane, .. }
            | Event::StepEntered { lane, .. }
            | Event::StepSkipped { lane, .. }
            | Event::WaitStarted { lane, .. }
            | Event::Waited { lane, .. } => *lane,
            // It is about nothing, and moves nothing.
            Event::Told(_) => self.state.focus,
            Event::Paused { .. }
            | Event::Resumed(_)
            | Event::RunFinished { .. }
            | Event::RunStarted(_)
            | Event::SurveyClosed
            | Event::Surveyed { .. } => LaneId::MAIN,
        }
    }

    pub(super) fn known(&self, step: &StepId) -> Result<StepKey, Corrupt> {
        let found = self.plan.runbook.find(step);
        found.ok_or_else(|| Corrupt(format!("the runbook has no step `{step}`")))
    }

    fn apply_begin(&mut self, started: &RunStarted) -> Result<(), Corrupt> {
        self.state.pace = started.pace;
        self.state.policy = started.policy.clone();
        self.here().position = Position::start(Line::Part(PartId::Main), ScopeId::MAIN);
        self.state.responder.clone_from(&started.responder.name);
        if let Some(step) = &started.at {
            let step = self.known(step)?;
            self.pass(step);
            self.go(step, &Destination::Step(step), Jump::Responder);
        }
        if self.requires_nothing() {
            self.state.preflight.progress = Progress::Checks;
        }
        self.state.started = Some(Box::new(started.clone()));
        if self.checks().is_empty() && self.state.preflight.progress == Progress::Checks {
            self.state.preflight.progress = Progress::Over;
        }
        Ok(())
    }

    fn apply_entered(&mut self, step: StepKey, unclear: Option<&str>) {
        self.replace_beside(step);
        self.meet(step);
        let at = self.state.at;
        let record = self.state.steps.entry(step).or_default();
        record.entered += 1;
        record.since = Some(at);
        record.status = None;
        self.state.trail.push(step);
        if self.state.focus.is_main() {
            self.state.way.push(step);
        }
        self.here().position.advance();
        let mut job = self.new_job(JobKind::Step(step));
        if let Some(why) = unclear {
            job.stage = Stage::Unclear(why.to_owned());
        } else {
            job.stage = self.first_stage(step);
        }
        self.here().jobs.push(job);
        self.open_lines(step);
    }

    /// Where a step begins that has been entered.
    pub(super) fn first_stage(&self, step: StepKey) -> Stage {
        let id = &self.step(step).id;
        let missing = self.state.missing.iter().filter(|missing| missing.steps.contains(id));
        let missing: Vec<_> = missing.cloned().collect();
        if missing.is_empty() { Stage::Ready } else { Stage::Blocked(missing) }
    }

    /// Groups and `use` open a line at once; their own job is over until the line is.
    pub(super) fn open_lines(&mut self, step: StepKey) {
        let Some(job) = self.job().filter(|job| job.stage == Stage::Ready) else {
            return;
        };
        if self.spreads(job) {
            if let Some(count) = self.parallel_steps(job) {
                self.open_spread(vec![None; count]);
            }
            return;
        }
        match self.step(step).action.clone() {
            Action::Group { .. } => {
                self.here().jobs.pop();
                self.here().position.push(Line::Group(step), Some(step));
            }
            Action::Use { used, .. } => self.go_through(step, &used, Some(step)),
            _ => {}
        }
    }

    fn apply_closed(&mut self, step: StepKey, status: StepStatus) {
        self.state.steps.entry(step).or_default().status = Some(status);
        let own = self.job().and_then(Job::step) == Some(step);
        let origin = self.here().origin.as_mut();
        // An item that failed has failed, whatever its final steps do.
        if let Some(origin) = origin.filter(|it| it.outcome != Some(StepStatus::Failed)) {
            origin.outcome = Some(status);
        }
        if !own {
            self.here().position.pop();
            return;
        }
        let Some(job) = self.here().jobs.pop() else {
            return;
        };
        if job.spread.is_some() {
            self.leave_lanes_below(self.state.focus, Some(step));
        }
        if job.stage == Stage::Judged && self.is_item(&job) {
            // What that means for the step is seen when all items are over.
            return;
        }
        if job.stage == Stage::Judged {
            let rule = self.failure_rule(&job);
            let said_by = self.given_rule(&job).map_or(step, |(said_by, _)| said_by);
            self.apply_failure_rule(&job, (step, said_by), &rule);
            return;
        }
        if status == StepStatus::Skipped {
            return;
        }
        match (job.then, self.step(step).action.clone()) {
            (Some(Then::Goto(destination)), _) | (_, Action::Goto(destination)) => {
                self.go(step, &destination, Jump::Runbook);
            }
            (Some(Then::End(outcome)), _) | (_, Action::End(outcome)) => {
                self.end_here(step, outcome);
            }
            _ => {}
        }
    }

    /// Does what a rule says; `said_by` is the step where it stands.
    fn apply_failure_rule(
        &mut self,
        job: &Job,
        (step, said_by): (StepKey, StepKey),
        rule: &OnFailure,
    ) {
        match rule {
            OnFailure::Ask | OnFailure::Continue => {}
            OnFailure::Goto(destination) => self.go(said_by, destination, Jump::Runbook),
            OnFailure::Stop if !self.state.focus.is_main() => self.fail_item(),
            OnFailure::Stop => {
                let failed = self.step(step).id.clone();
                self.end(None, Some(failed));
            }
            OnFailure::Undo => {
                // The latest change is undone first: it is pushed last.
                for entry in self.own_entries(job).into_iter().rev() {
                    let job = self.new_job(JobKind::Undo(entry));
                    self.here().jobs.push(job);
                }
            }
            OnFailure::Use(Used::Procedure(name)) => self.go_through_procedure(said_by, name, None),
            OnFailure::Use(used) => self.go_through(step, used, None),
        }
    }

    /// Goes to where a step says, in that step's runbook.
    pub(super) fn go(&mut self, said_by: StepKey, destination: &Destination, jump: Jump) {
        let runbook = Arc::clone(&self.plan.runbook);
        let position = &mut self.here().position;
        match destination {
            Destination::Procedure(name) => {
                let part = runbook.step(said_by).part.beside(PartId::Procedure(name.clone()));
                position.enter(&runbook, part);
            }
            Destination::Step(step) => position.go_to(&runbook, *step, jump),
        }
    }

    /// What a chosen option does.
    pub(super) fn take_option(&mut self, step: StepKey, option: &Name) {
        let Action::Ask(Ask::Decision { options, .. }) = &self.step(step).action else {
            return;
        };
        let Some(choice) = options.iter().find(|choice| choice.id == *option) else {
            return;
        };
        let then = choice.then.clone();
        self.state.evidence = std::mem::take(&mut self.state.findings);
        self.set_stage(Stage::Settled(StepStatus::Done));
        if let Then::Use(used) = then {
            // The step is over when what it goes through is.
            self.go_through(step, &used, Some(step));
        } else if let Some(job) = self.here().jobs.last_mut() {
            job.then = Some(then);
        }
    }

    /// A wait is over, or the responder does not wait any longer.
    pub(super) fn wait_over(&mut self) {
        let Some(job) = self.job() else { return };
        let step = job.step().map(|step| &self.step(step).action);
        let agreed = job.confirmation.is_some() || self.job_effect(job) == Effect::Read;
        let stage = match step {
            Some(Action::Wait(_)) => Stage::Settled(StepStatus::Done),
            _ if agreed => Stage::Confirmed,
            _ => Stage::Ready,
        };
        if let Some(job) = self.here().jobs.last_mut() {
            job.proof = Proof::Recent;
            job.stage = stage;
        }
    }

    pub(super) fn set_stage(&mut self, stage: Stage) {
        if let Some(job) = self.here().jobs.last_mut() {
            job.stage = stage;
        }
    }
}
