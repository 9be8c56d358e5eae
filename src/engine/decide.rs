//! One input, one fact. Nothing is changed here, and nothing is acted on before the fact is durable.

use jiff::Timestamp;

use super::answer::{Answer, AnswerKind};
use super::asking::{Asking, Question};
use super::attempted::{AttemptId, AttemptStarted, End, Role};
use super::demand::{Ended, Input, Printed, Rejected, Rest};
use super::event::{Event, Missing, StepStatus};
use super::job::{Job, Stage};
use super::lane::LaneId;
use super::position::Next;
use super::preflight::Progress;
use super::run::Run;
use crate::runbook::{self, Action, OnFailure, Outcome, StepId, StepKey};
use crate::template::Template;

impl Run {
    /// The one fact that an input establishes at this moment. Changes nothing.
    pub fn decide(&self, input: Input, at: Timestamp) -> Result<Event, Rejected> {
        match input {
            Input::Advance => self.decide_advance(at),
            Input::Answered(answer) => self.decide_answer(answer),
            Input::ApprovalChecked(answer) => self.decide_checked(answer, at),
            Input::ApprovalRequested(terms) => self.decide_requested(terms, at),
            Input::Begin(mut started) if self.state.started.is_none() => {
                started.behind = self.starts_behind(started.at.as_ref());
                Ok(Event::RunStarted(started))
            }
            Input::Begin(_) => Err(Rejected::Unexpected("a beginning")),
            Input::Elsewhere { output, exit, filtered, kept } => {
                let question = self.now_demanded().question.as_ref();
                let takes =
                    |question: &&Question| question.accepts.contains(&AnswerKind::Elsewhere);
                let lane = match question.filter(takes) {
                    Some(question) => question.lane,
                    None => return Err(Rejected::Unexpected("a result from elsewhere")),
                };
                let attempt = AttemptId(self.state.last_attempt.0 + 1);
                let ended = Ended {
                    stdout: Printed { bytes: output.into_bytes(), more: 0 },
                    filtered,
                    output: kept,
                    ..Ended::new(attempt, End::Exited { code: exit })
                };
                Ok(Event::AttemptEnded(Box::new(self.ended_elsewhere(lane, ended, at))))
            }
            Input::Closed { by } if self.is_open() && self.state.rest.is_none() => {
                Ok(self.finished(Outcome::Abandoned, None, Some(by)))
            }
            Input::Ended(ended) if self.state.rest.is_none() => self.decide_ended(*ended, at),
            Input::Ended(_) | Input::Closed { .. } => Err(Rejected::Unexpected("an end")),
            Input::Elapsed => self.decide_elapsed(),
            Input::Paused(why) if self.is_open() && self.state.rest.is_none() => {
                Ok(Event::Paused { why })
            }
            Input::Paused(_) => Err(Rejected::Unexpected("a pause")),
            Input::Resumed(resumed) if self.is_open() => Ok(Event::Resumed(resumed)),
            Input::Resumed(_) => Err(Rejected::Unexpected("a take-over")),
            Input::Ready(attempt) => self.decide_ready(attempt),
            Input::Started(attempt) => self.decide_started(attempt),
            Input::Told(told) if self.is_open() && self.state.rest.is_none() => {
                Ok(Event::Told(told))
            }
            Input::Told(_) => Err(Rejected::Unexpected("what somebody says")),
            Input::Surveyed(missing) => self.decide_surveyed(&missing),
        }
    }

    /// Whether the run has begun and can go on.
    fn is_open(&self) -> bool {
        let finished = matches!(self.state.rest, Some(Rest::Finished { .. }));
        self.state.started.is_some() && !finished
    }

    fn decide_surveyed(&self, missing: &[String]) -> Result<Event, Rejected> {
        if self.state.preflight.progress != Progress::Survey {
            return Err(Rejected::Unexpected("a survey"));
        }
        let missing: Vec<Missing> = missing.iter().map(|what| self.missing(what)).collect();
        Ok(Event::Surveyed { missing: self.missing_without_secrets(missing) })
    }

    fn decide_started(&self, id: AttemptId) -> Result<Event, Rejected> {
        let attempt = self.now_demanded().start.iter().find(|attempt| attempt.id == id);
        let attempt = attempt.cloned().ok_or(Rejected::Unexpected("a start"))?;
        let undoes = self.undone_by(self.job_in(attempt.lane), attempt.role);
        let approvals = match attempt.role {
            Role::AdHoc | Role::Main | Role::Undo => self.spent_by(&attempt),
            _ => Vec::new(),
        };
        Ok(Event::AttemptStarted(Box::new(AttemptStarted {
            approvals,
            attempt: attempt.id,
            step: attempt.step,
            role: attempt.role,
            effect: attempt.effect,
            digest: attempt.digest,
            place: attempt.command.place(),
            shown: attempt.command.shown,
            values: attempt.command.variables.into_keys().collect(),
            target: attempt.command.target.name,
            identity: attempt.identity,
            confirmation: attempt.confirmation,
            on_disconnect: attempt.on_disconnect,
            timeout: attempt.command.timeout,
            lane: attempt.lane,
            undoes,
        })))
    }

    fn decide_ended(&self, ended: Ended, at: Timestamp) -> Result<Event, Rejected> {
        let running = self.state.running.get(&ended.attempt);
        let running = running.ok_or(Rejected::Unexpected("an end"))?;
        Ok(Event::AttemptEnded(Box::new(self.ended(running.lane, ended, running.role, at))))
    }

    fn decide_ready(&self, attempt: AttemptId) -> Result<Event, Rejected> {
        let running = self.state.running.get(&attempt);
        let lane = running.ok_or(Rejected::Unexpected("readiness"))?.lane;
        let step = self.state.beside.get(&attempt).map(|beside| beside.step);
        let step = step.ok_or(Rejected::Unexpected("readiness"))?;
        Ok(Event::Readied { attempt, step: self.step(step).id.clone(), lane })
    }

    fn decide_elapsed(&self) -> Result<Event, Rejected> {
        let wait = self.now_demanded().waits.iter().min_by_key(|wait| wait.until);
        let wait = wait.cloned().ok_or(Rejected::Unexpected("a wait's end"))?;
        if let Some(passed) = self.decide_timebox(&wait) {
            return Ok(passed);
        }
        if let Some(lapsed) = self.decide_lapsed(&wait) {
            return Ok(lapsed);
        }
        Ok(Event::Waited { step: wait.step, lane: wait.lane })
    }

    fn decide_advance(&self, at: Timestamp) -> Result<Event, Rejected> {
        let lane = self.now_demanded().advance.ok_or(Rejected::Unexpected("an advance"))?;
        if self.state.preflight.progress != Progress::Over {
            return Ok(Event::SurveyClosed);
        }
        let Some(job) = self.job_in(lane) else {
            return self.decide_next(lane, at);
        };
        if job.stage == Stage::Spread || job.stage == Stage::Ready && self.spreads(job) {
            return self.decide_spread(job).ok_or(Rejected::Unexpected("an advance"));
        }
        if let Some(event) = self.decide_stale(job) {
            return Ok(event);
        }
        if let Stage::Entering(entering) = job.stage {
            return self.decide_entering(job, entering).ok_or(Rejected::Unexpected("an advance"));
        }
        let step = job.step().ok_or(Rejected::Unexpected("an advance"))?;
        if let (Stage::Ready, Action::Wait(duration)) = (&job.stage, &self.step(step).action) {
            return Ok(self.wait_started(job, step, duration, at));
        }
        Ok(self.closed(lane, step, self.status_of(job)))
    }

    fn closed(&self, lane: LaneId, step: StepKey, status: StepStatus) -> Event {
        Event::StepClosed { step: self.step(step).id.clone(), status, lane }
    }

    /// How a step ends that needs nothing more.
    fn status_of(&self, job: &Job) -> StepStatus {
        match &job.stage {
            Stage::Settled(status) => *status,
            Stage::Judged if self.is_item(job) => StepStatus::Failed,
            Stage::Judged => match self.failure_rule(job) {
                OnFailure::Stop => StepStatus::Failed,
                _ => StepStatus::FailedHandled,
            },
            _ => StepStatus::Done,
        }
    }

    fn wait_started(&self, job: &Job, step: StepKey, duration: &Template, at: Timestamp) -> Event {
        let text = duration.render(&self.job_facts(job));
        let millis = text.ok().and_then(|text| crate::value::Duration::parse(&text).ok());
        let millis = millis.map_or(0, |duration| duration.millis);
        let pause = jiff::SignedDuration::from_millis(i64::try_from(millis).unwrap_or(i64::MAX));
        Event::WaitStarted {
            step: self.step(step).id.clone(),
            until: at.checked_add(pause).unwrap_or(Timestamp::MAX),
            lane: job.lane,
        }
    }

    /// The next step on the way, or the end of a line, or of the run.
    fn decide_next(&self, lane: LaneId, at: Timestamp) -> Result<Event, Rejected> {
        match self.next_in(lane) {
            Next::Close(owner) => Ok(self.closed(lane, owner, StepStatus::Done)),
            Next::End => self.decide_end(),
            Next::Pop => Ok(Event::LineEnded { lane }),
            Next::Step(step) => Ok(self.entered(lane, step, at)),
        }
    }

    fn decide_end(&self) -> Result<Event, Rejected> {
        let ending = self.state.ending.as_ref().ok_or(Rejected::Unexpected("an advance"))?;
        let outcome = ending.outcome.ok_or(Rejected::Unexpected("an advance"))?;
        Ok(self.finished(outcome, ending.failed.clone(), None))
    }

    /// The end of the run, with what it leaves changed.
    fn finished(
        &self,
        outcome: Outcome,
        failed: Option<StepId>,
        ended_by: Option<String>,
    ) -> Event {
        let open = self.open_entries().into_iter();
        let (mut still_changed, mut changed_by) = (Vec::new(), Vec::new());
        for place in open {
            let entry = &self.state.undo[place];
            let step = self.step(entry.step).id.clone();
            if !still_changed.contains(&step) {
                still_changed.push(step);
            }
            changed_by.extend_from_slice(&entry.starts);
        }
        Event::RunFinished { outcome, failed, still_changed, changed_by, ended_by }
    }

    fn entered(&self, lane: LaneId, step: StepKey, at: Timestamp) -> Event {
        let facts = self.now(lane).at(at);
        let this = self.step(step);
        let title = this.title.render(&facts);
        let title =
            title.unwrap_or_else(|_| this.title.preview(&facts, &|name| format!("‹{name}›")));
        let mut unclear = None;
        if let Some(when) = &this.when {
            match when.holds(&facts) {
                Ok(true) => {}
                Ok(false) => {
                    let condition = when.text().to_owned();
                    return Event::StepSkipped { step: this.id.clone(), title, condition, lane };
                }
                Err(error) => unclear = Some(error.to_string()),
            }
        }
        let before = self.state.steps.get(&step).map_or(0, |record| record.entered);
        Event::StepEntered { step: this.id.clone(), title, before, unclear, lane }
    }

    fn decide_answer(&self, answer: Answer) -> Result<Event, Rejected> {
        let question =
            self.now_demanded().question.as_ref().ok_or(Rejected::Unexpected("an answer"))?;
        if !question.accepts.contains(&answer.kind()) {
            return Err(Rejected::Answer("that is no answer to this question".to_owned()));
        }
        let answer = self.without_secrets(self.checked(answer, question)?)?;
        if matches!(answer, Answer::Approval { .. } | Answer::Elsewhere { .. } | Answer::Pause) {
            return Err(Rejected::Unexpected("this answer: it is an input of its own"));
        }
        let gives = match (&answer, &question.ask) {
            (
                Answer::Value { .. },
                Asking::Value { name, .. } | Asking::MissingValue { name, .. },
            ) => Some(name.clone()),
            _ => None,
        };
        Ok(Event::Answered {
            gives,
            step: question.step.clone(),
            question: question.ask.name().to_owned(),
            answer,
            lane: question.lane,
        })
    }

    /// The command of a step with another text, checked like the runbook's own.
    pub(super) fn edited(&self, step: StepKey, text: &str) -> Result<runbook::Command, String> {
        let (own, step) = self.plan.runbook.own(step);
        runbook::edit(own, step, text).map_err(first_message)
    }

    /// A command of the responder's own, on the target of the step it is about.
    pub(super) fn ad_hoc(&self, lane: LaneId, text: &str) -> Result<runbook::Command, String> {
        let target = self.current_in(lane).and_then(|step| self.command(step));
        let target = target.map_or(runbook::TargetRef::Here, |command| command.target.clone());
        runbook::ad_hoc(self.book_of(self.scope_in(lane)), &target, text).map_err(first_message)
    }
}

fn first_message(findings: Vec<crate::diagnostic::Diagnostic>) -> String {
    let first = findings.into_iter().next();
    first.map_or_else(
        || "it cannot be used".to_owned(),
        |finding| match finding.help {
            Some(help) => format!("{}; {help}", finding.message),
            None => finding.message,
        },
    )
}
