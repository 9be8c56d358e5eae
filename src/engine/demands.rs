//! What the run needs now: a function of its state alone.

use super::asking::{Asking, Question};
use super::attempted::{AttemptId, Role};
use super::conduct::{Conduct, conduct};
use super::decided::beforehand;
use super::demand::{Attempt, Demands, Keep, Rest, Wait};
use super::facts::StateFacts;
use super::job::{Job, JobKind, Ran, Recheck, Stage};
use super::lane::LaneId;
use super::position::Next;
use super::preflight::{Consent, Progress};
use super::run::{Run, UndoOffer};
use super::scope::ScopeId;
use crate::plan::{BoundCommand, bind, bind_paths, command_digest};
use crate::policy::{Attendance, Decision, Level};
use crate::runbook::{Action, Effect, OnDisconnect, OnFailure, StepKey};
use crate::template::BindError;

impl Run {
    /// What it needs now.
    pub fn demands(&self) -> Demands {
        self.now_demanded().clone()
    }

    /// The same, to look at. Not for the middle of a fact: what it needs then is not remembered.
    pub(super) fn now_demanded(&self) -> &Demands {
        self.needs.get_or_init(|| self.needed())
    }

    /// What it needs in the state as it is, found out anew.
    pub(super) fn needed(&self) -> Demands {
        if let Some(rest) = &self.state.rest {
            return Demands { rest: Some(rest.clone()), ..Demands::default() };
        }
        if self.state.started.is_none() {
            return Demands::default();
        }
        if self.state.preflight.progress != Progress::Over {
            return self.preflight_demands();
        }
        if let Some(demands) = self.closing_demands() {
            return demands;
        }
        let mut demands = self.lane_demands(LaneId::MAIN);
        // A person is asked when what else was begun beside it has come to its end.
        let asks = demands.question.as_ref().map(|question| question.lane);
        if asks.is_some_and(|lane| self.is_awaited_beside(lane)) {
            demands.question = None;
        }
        self.add_timeboxes(&mut demands);
        demands
    }

    /// Whether the end of a command in another lane comes by itself. One in doubt is asked about.
    fn is_awaited_beside(&self, lane: LaneId) -> bool {
        let doubted = |lane| self.job_in(lane).is_some_and(|job| job.doubted().is_some());
        let mut others = self.state.running.iter().filter(|(id, _)| !self.is_beside(**id));
        others.any(|(_, other)| other.lane != lane && !doubted(other.lane))
    }

    fn preflight_demands(&self) -> Demands {
        let preflight = &self.state.preflight;
        if preflight.progress == Progress::Survey {
            return Demands { survey: Some(self.survey()), ..Demands::default() };
        }
        let checks = self.checks();
        if preflight.next < checks.len() && preflight.consent != Consent::Declined {
            if self.preflight_asks() {
                let commands = checks.into_iter().map(|check| check.command.shown_with_place());
                let commands = commands.collect();
                return self.question(LaneId::MAIN, Asking::Survey { commands });
            }
            return Demands {
                start: self.preflight_attempt().into_iter().collect(),
                ..Demands::default()
            };
        }
        if preflight.missing.is_empty() {
            return advance(LaneId::MAIN);
        }
        self.question(LaneId::MAIN, Asking::SurveyFailed { missing: preflight.missing.clone() })
    }

    pub(super) fn lane_demands(&self, lane: LaneId) -> Demands {
        match self.job_in(lane) {
            Some(job) if job.stage == Stage::Spread => self.spread_demands(job),
            Some(job) if job.stage == Stage::Ready && self.spreads(job) => self.spread_demands(job),
            Some(job) => self.job_demands(job),
            None => self.walk_demands(lane),
        }
    }

    /// Between two steps, or on the way to the end.
    fn walk_demands(&self, lane: LaneId) -> Demands {
        let Some(ending) = &self.state.ending else {
            return advance(lane);
        };
        if matches!(ending.undo, UndoOffer::Faults | UndoOffer::Wanted) {
            let entries = self.undo_shown(self.offered_entries());
            return self.question(lane, Asking::UndoOffer { entries });
        }
        if ending.outcome.is_none() && self.position_is_over(lane) {
            return self.question(lane, Asking::Outcome { failed: ending.failed.clone() });
        }
        advance(lane)
    }

    fn job_demands(&self, job: &Job) -> Demands {
        match &job.stage {
            Stage::Attesting => self.question(job.lane, Asking::Seen),
            Stage::Blocked(missing) => {
                self.question(job.lane, Asking::Unavailable { missing: missing.clone() })
            }
            Stage::Away(place) => {
                let why = format!("`{place}` belongs to a source that is not on this machine");
                self.question(job.lane, Asking::Refused { why })
            }
            Stage::Entering(entering) => self.entering_demands(job, *entering),
            Stage::Confirmed => self.command_demands(job, Gate::Open),
            Stage::Doubt { recheck: Recheck::Running, .. }
            | Stage::Proving(_)
            | Stage::Running(_) => Demands::default(),
            Stage::Doubt { recheck: Recheck::Wanted, .. } => self.recheck_demands(job),
            Stage::Doubt { attempt, found, rechecked, .. } => {
                self.question(job.lane, self.doubt(job, *attempt, found, *rechecked))
            }
            Stage::Judged => match self.failure_rule(job) {
                OnFailure::Ask => self.question(job.lane, self.judged(job)),
                _ => advance(job.lane),
            },
            Stage::Pausing(until) => self.pause_demands(job, *until),
            Stage::Ready => match &job.of {
                JobKind::Step(step) if !matches!(self.step(*step).action, Action::Run(_)) => {
                    self.ask_demands(job, *step)
                }
                _ => self.command_demands(job, Gate::Closed),
            },
            Stage::Readying(readying) => self.readying_demands(job, readying),
            Stage::Settled(_) | Stage::Spread => advance(job.lane),
            Stage::Unclear(why) => {
                let step = job.step().map(|step| self.step(step));
                let condition = step.and_then(|step| step.when.as_ref());
                self.question(
                    job.lane,
                    Asking::Unclear {
                        condition: condition
                            .map_or_else(String::new, |when| when.text().to_owned()),
                        why: why.clone(),
                    },
                )
            }
            Stage::Verifying => self.verify_demands(job),
        }
    }

    fn pause_demands(&self, job: &Job, until: jiff::Timestamp) -> Demands {
        let mut demands = self.question(job.lane, Asking::Wait { until });
        if let Some(step) = job.step() {
            demands.waits.push(Wait { lane: job.lane, step: self.step(step).id.clone(), until });
        }
        demands
    }

    /// A command on its way: proof of the target, question, start.
    fn command_demands(&self, job: &Job, gate: Gate) -> Demands {
        let command = match self.bound(job) {
            Ok(command) => command,
            Err(demands) => return *demands,
        };
        let effect = self.job_effect(job);
        if let Some(demands) = self.proof_demands(job) {
            return demands;
        }
        if self.stale(job).is_some() {
            return advance(job.lane);
        }
        let decision = self.decision(job, effect, &command);
        let level = decision.level;
        if self.state.policy.attendance == Attendance::Attended
            && let Some(why) = Self::forbidden(&decision)
        {
            return self.question(job.lane, Asking::Refused { why });
        }
        if let Err(failure) = self.subject(job, level) {
            return self.unbound(job, &failure);
        }
        let attempt = match self.main_attempt(job, effect, command.clone(), &decision) {
            Ok(attempt) => attempt,
            Err(failure) => return self.unbound(job, &failure),
        };
        if let Some(demands) = self.approval_demands(job, &attempt, &decision) {
            return demands;
        }
        let attended = self.state.policy.attendance == Attendance::Attended;
        if matches!(attempt.conduct, Conduct::Interactive { .. }) && !attended {
            return self.question(job.lane, Asking::Terminal { shown: command.shown });
        }
        let open = level == Level::Auto || (gate == Gate::Open && level != Level::Refuse);
        let same = |ran: &Ran| ran.digest == attempt.digest;
        if open && job.ran.as_ref().is_none_or(same) {
            return Demands { start: vec![attempt], ..Demands::default() };
        }
        if effect == Effect::Read && (level <= Level::Key || level == Level::Refuse) {
            return self.question(job.lane, self.read(job, &command));
        }
        self.question(
            job.lane,
            Asking::Confirm(Box::new(self.card(job, effect, &decision, &command))),
        )
    }

    /// What is destroyed, where it must be typed.
    pub(super) fn subject(&self, job: &Job, level: Level) -> Result<Option<String>, BindError> {
        let subject = self.job_run(job).and_then(|run| run.subject.as_ref());
        match subject {
            Some(subject) if level >= Level::Typed => {
                Ok(Some(subject.render(&self.job_facts(job))?))
            }
            _ => Ok(None),
        }
    }

    /// The command that a job would start now.
    pub(super) fn next_attempt(&self, job: &Job) -> Option<(Attempt, BoundCommand)> {
        let command = self.bound(job).ok()?;
        let effect = self.job_effect(job);
        let decision = self.decision(job, effect, &command);
        let attempt = self.main_attempt(job, effect, command.clone(), &decision).ok()?;
        Some((attempt, command))
    }

    fn bound(&self, job: &Job) -> Result<BoundCommand, Box<Demands>> {
        let Some(command) = self.job_command(job) else {
            return Err(Box::new(self.nothing_to_run(job.lane)));
        };
        let facts = self.job_facts(job);
        bind(self.own_runbook(job), command, &facts)
            .map_err(|failure| Box::new(self.unbound(job, &failure)))
    }

    fn main_attempt(
        &self,
        job: &Job,
        effect: Effect,
        command: BoundCommand,
        decision: &Decision,
    ) -> Result<Attempt, BindError> {
        let confirmation = job
            .confirmation
            .clone()
            .or_else(|| self.agreed_at_once(job, effect).cloned())
            .or_else(|| beforehand(effect, decision));
        let (role, step) = match &job.of {
            JobKind::AdHoc(_) => (Role::AdHoc, self.current_in(job.lane)),
            JobKind::Step(step) => (Role::Main, Some(*step)),
            JobKind::Undo(entry) => (Role::Undo, Some(self.state.undo[*entry].step)),
        };
        let mut attempt = self.attempt(Place { step, ..self.place(job) }, role, effect, command);
        attempt.confirmation = confirmation;
        if let JobKind::Step(step) = job.of
            && let Some(run) = self.run_of(step)
        {
            attempt.on_disconnect = run.on_disconnect;
            attempt.keep = self.keep(step);
            let facts = self.job_facts(job);
            attempt.conduct = conduct(run, &facts)?;
            attempt.evidence = bind_paths(&run.evidence, &facts)?;
        }
        Ok(attempt)
    }

    /// Where a job stands.
    pub(super) fn place(&self, job: &Job) -> Place {
        Place { lane: job.lane, scope: self.job_scope(job), step: job.step() }
    }

    /// An attempt with the next number.
    pub(super) fn attempt(
        &self,
        Place { lane, scope, step }: Place,
        role: Role,
        effect: Effect,
        command: BoundCommand,
    ) -> Attempt {
        let identity = match role {
            // What is required is looked at before any place has proved itself.
            Role::Assert | Role::Require => None,
            _ => self.identity(scope, &command),
        };
        Attempt {
            id: AttemptId(self.state.last_attempt.0 + 1),
            lane,
            step: step.map(|step| self.step(step).id.clone()),
            role,
            effect,
            digest: command_digest(&command, identity.as_deref(), &self.plan.key),
            command,
            identity,
            confirmation: None,
            on_disconnect: match effect {
                Effect::Read => OnDisconnect::Stop,
                Effect::Change | Effect::Destroy => OnDisconnect::Finish,
            },
            keep: Keep::Output,
            conduct: Conduct::Followed,
            evidence: Vec::new(),
        }
    }

    /// Facts of this moment, as a lane sees them.
    pub(super) fn now(&self, lane: LaneId) -> StateFacts<'_> {
        StateFacts::now(self, lane)
    }

    /// What comes next on the way of a lane.
    pub(super) fn next_in(&self, lane: LaneId) -> Next {
        self.lane(lane).map_or(Next::End, |lane| lane.position.next(&self.plan.runbook))
    }

    pub(super) fn question(&self, lane: LaneId, ask: Asking) -> Demands {
        let accepts = self.accepts(lane, &ask);
        let step = match self.job_in(lane).and_then(Job::undo) {
            Some(entry) => Some(self.state.undo[entry].step),
            None => self.current_in(lane),
        };
        let step = step.map(|step| self.step(step).id.clone());
        Demands { question: Some(Question { lane, step, ask, accepts }), ..Demands::default() }
    }

    pub(super) fn position_is_over(&self, lane: LaneId) -> bool {
        self.next_in(lane) == Next::End
    }

    /// Whether the run is over for good, or waits to be resumed.
    pub fn rest(&self) -> Option<&Rest> {
        self.state.rest.as_ref()
    }
}

/// Where a command stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) lane: LaneId,
    /// Whose values it sees.
    pub(super) scope: ScopeId,
    pub(super) step: Option<StepKey>,
}

/// Whether a command was agreed to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Gate {
    Closed,
    Open,
}

pub(super) fn advance(lane: LaneId) -> Demands {
    Demands { advance: Some(lane), ..Demands::default() }
}
