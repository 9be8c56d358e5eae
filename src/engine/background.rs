//! Commands that run beside later steps: when they are ready, and that they end with their group.

use jiff::{SignedDuration, Timestamp};

use super::attempted::{AttemptEnded, AttemptId, End, Role, Verdict};
use super::demand::{Demands, Wait};
use super::event::StepStatus;
use super::job::{Job, JobKind, Stage};
use super::lane::LaneId;
use super::position::Line;
use super::run::Run;
use crate::plan::bind;
use crate::runbook::{self, Background, Ready, StepKey};

/// How long until the command that tells of readiness is asked again, in milliseconds.
const ASKED_AGAIN: i64 = 1_000;

/// A command that runs beside later steps.
#[derive(Clone, Debug)]
pub(super) struct Beside {
    pub(super) step: StepKey,
    lane: LaneId,
    /// The line it belongs to, and how many lines are around it: with that line it ends.
    line: Line,
    depth: usize,
    pub(super) closing: Closing,
}

/// Whether a background command is to end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Closing {
    /// It runs on.
    No,
    /// Its group has been left.
    Wanted,
}

/// Waiting until a background command is ready.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Readying {
    pub(super) attempt: AttemptId,
    /// By when it must be.
    pub(super) until: Timestamp,
    /// What asks whether it is.
    pub(super) asking: Ask,
}

/// How far the question is whether a background command is ready.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Ask {
    /// Its output tells, or a command will be asked now.
    Now,
    /// A command is asked again then.
    At(Timestamp),
    /// A command is being asked.
    Running,
}

impl Run {
    /// What is said of a step's background, if it has one.
    fn background_of(&self, step: StepKey) -> Option<&Background> {
        self.run_of(step)?.background.as_ref()
    }

    /// Whether an attempt runs beside later steps.
    pub(super) fn is_beside(&self, attempt: AttemptId) -> bool {
        self.state.beside.contains_key(&attempt)
    }

    /// The step of an attempt that runs beside later ones and is to go on with the walk.
    pub fn background(&self, attempt: AttemptId) -> Option<StepKey> {
        let beside = self.state.beside.get(&attempt)?;
        (beside.closing == Closing::No).then_some(beside.step)
    }

    /// The attempts that the walk follows, for whoever stops what is in front.
    pub fn followed(&self) -> impl Iterator<Item = AttemptId> {
        self.running().filter(|attempt| !self.is_beside(*attempt))
    }

    /// What must end before anything else happens.
    pub(super) fn closing_demands(&self) -> Option<Demands> {
        let closing = self.state.beside.iter().filter(|(_, it)| it.closing == Closing::Wanted);
        let stop: Vec<AttemptId> = closing.map(|(attempt, _)| *attempt).collect();
        (!stop.is_empty()).then(|| Demands { stop, ..Demands::default() })
    }

    /// A background command has started: the walk goes on once it is ready.
    pub(super) fn remember_beside(&mut self, attempt: AttemptId, at: Timestamp) {
        let Some(step) = self.job().and_then(Job::step) else { return };
        let Some(background) = self.background_of(step) else { return };
        let ready = background.ready.is_some();
        let most = i64::try_from(background.timeout.millis).unwrap_or(i64::MAX);
        let until = at.checked_add(SignedDuration::from_millis(most)).unwrap_or(Timestamp::MAX);
        let lane = self.state.focus;
        let frames = self.lane(lane).map_or(&[][..], |lane| lane.position.frames());
        let within = frames.last().map_or(Line::Step(step), |frame| frame.line.clone());
        let depth = frames.len();
        let beside = Beside { step, lane, line: within, depth, closing: Closing::No };
        self.state.beside.insert(attempt, beside);
        self.set_stage(if ready {
            Stage::Readying(Readying { attempt, until, asking: Ask::Now })
        } else {
            Stage::Settled(StepStatus::Done)
        });
    }

    /// What a step needs whose background command is not ready yet.
    pub(super) fn readying_demands(&self, job: &Job, readying: &Readying) -> Demands {
        let step = job.step().map(|step| self.step(step).id.clone());
        let wait = |until| step.clone().map(|step| Wait { lane: job.lane, step, until });
        let until = match readying.asking {
            Ask::At(moment) => moment.min(readying.until),
            Ask::Now | Ask::Running => readying.until,
        };
        let mut demands =
            Demands { waits: wait(until).into_iter().collect(), ..Demands::default() };
        if let (Ask::Now, Some(command)) = (&readying.asking, self.ready_command(job)) {
            match bind(self.own_runbook(job), command, &self.job_facts(job)) {
                Ok(command) => {
                    demands.start = self.helper_attempt(job, Role::Ready, command).start;
                }
                Err(failure) => return self.unbound(job, &failure),
            }
        }
        demands
    }

    fn ready_command(&self, job: &Job) -> Option<&runbook::Command> {
        match self.background_of(job.step()?)?.ready.as_ref()? {
            Ready::Command(command) => Some(command),
            Ready::Output(_) => None,
        }
    }

    /// A moment that a background command's start waits for is there, if one waits.
    pub(super) fn readying_elapsed(&mut self, at: Timestamp) -> bool {
        let Some(Stage::Readying(readying)) = self.job().map(|job| job.stage.clone()) else {
            return false;
        };
        if at < readying.until {
            self.set_stage(Stage::Readying(Readying { asking: Ask::Now, ..readying }));
            return true;
        }
        let step = self.job().and_then(Job::step);
        let within = step.and_then(|step| self.background_of(step));
        let within =
            within.map_or_else(String::new, |background| background.timeout.written.clone());
        self.not_ready(&readying, End::TimedOut { after: 0 }, format!("not ready within {within}"));
        true
    }

    fn not_ready(&mut self, readying: &Readying, end: End, why: String) {
        if let Some(beside) = self.state.beside.get_mut(&readying.attempt) {
            beside.closing = Closing::Wanted;
        }
        if let Some(job) = self.here().jobs.last_mut() {
            job.last = Some((end, Verdict::Failed { why, parts: Vec::new() }));
            job.stage = Stage::Judged;
        }
    }

    /// A command that was asked whether another one is ready has answered.
    pub(super) fn ready_ended(&mut self, ended: &AttemptEnded, at: Timestamp) {
        let Some(Stage::Readying(readying)) = self.job().map(|job| job.stage.clone()) else {
            return;
        };
        let pause = SignedDuration::from_millis(ASKED_AGAIN);
        self.set_stage(match ended.verdict {
            Verdict::Passed => Stage::Settled(StepStatus::Done),
            _ => Stage::Readying(Readying {
                asking: Ask::At(at.checked_add(pause).unwrap_or(Timestamp::MAX)),
                ..readying
            }),
        });
    }

    /// Its output tells that a background command is ready.
    pub(super) fn apply_ready(&mut self, attempt: AttemptId) {
        if let Some(Stage::Readying(readying)) = self.job().map(|job| &job.stage)
            && readying.attempt == attempt
        {
            self.set_stage(Stage::Settled(StepStatus::Done));
        }
    }

    /// What the end of a background command means: with its group it is as it should be.
    pub(super) fn judge_beside(&self, attempt: AttemptId, judged: Verdict) -> Verdict {
        match (self.state.beside.get(&attempt), judged) {
            (Some(Beside { closing: Closing::Wanted, .. }), _) => Verdict::Passed,
            (Some(_), Verdict::Failed { why, parts }) => {
                Verdict::Failed { why: format!("it ended early: {why}"), parts }
            }
            (Some(_), _) => Verdict::Failed { why: "it ended early".to_owned(), parts: Vec::new() },
            (None, judged) => judged,
        }
    }

    /// A background command has ended. One that a break took away is started anew, as its step
    /// would be.
    pub(super) fn beside_ended(&mut self, ended: &AttemptEnded) {
        let Some(beside) = self.state.beside.remove(&ended.attempt) else {
            return;
        };
        self.note_effect(beside.step, ended);
        let readying = match self.job().map(|job| &job.stage) {
            Some(Stage::Readying(readying)) if readying.attempt == ended.attempt => {
                Some(readying.clone())
            }
            _ => None,
        };
        if let (Some(readying), Verdict::Failed { why, .. }) = (readying, &ended.verdict) {
            self.not_ready(&readying, ended.end.clone(), why.clone());
        } else if ended.recovered && beside.closing == Closing::No {
            self.start_beside_anew(&beside);
        }
    }

    /// Nobody knows any more what became of a background command.
    pub(super) fn beside_lost(&mut self, attempt: AttemptId) {
        self.state.running.remove(&attempt);
        let Some(beside) = self.state.beside.remove(&attempt) else {
            return;
        };
        let readying = matches!(
            self.job().map(|job| &job.stage),
            Some(Stage::Readying(readying)) if readying.attempt == attempt
        );
        if readying {
            self.set_stage(Stage::Ready);
        } else if beside.closing == Closing::No {
            self.start_beside_anew(&beside);
        }
    }

    fn start_beside_anew(&mut self, beside: &Beside) {
        if self.lane(beside.lane).is_some() {
            self.state.focus = beside.lane;
            let job = self.new_job(JobKind::Step(beside.step));
            self.here().jobs.push(job);
        }
    }

    /// Background commands whose group has been left are to end.
    pub(super) fn settle_beside(&mut self) {
        let left: Vec<AttemptId> = self
            .state
            .beside
            .iter()
            .filter(|(_, beside)| !self.is_in_its_line(beside))
            .map(|(attempt, _)| *attempt)
            .collect();
        for attempt in left {
            if let Some(beside) = self.state.beside.get_mut(&attempt) {
                beside.closing = Closing::Wanted;
            }
        }
    }

    fn is_in_its_line(&self, beside: &Beside) -> bool {
        let Some(lane) = self.lane(beside.lane) else {
            return false;
        };
        let frames = lane.position.frames();
        match beside.depth.checked_sub(1) {
            None => true,
            Some(place) => frames.get(place).is_some_and(|frame| frame.line == beside.line),
        }
    }

    /// A step whose background command still runs is entered again: the old one ends first.
    pub(super) fn replace_beside(&mut self, step: StepKey) {
        let lane = self.state.focus;
        for beside in self.state.beside.values_mut() {
            if beside.step == step && beside.lane == lane {
                beside.closing = Closing::Wanted;
            }
        }
    }
}
