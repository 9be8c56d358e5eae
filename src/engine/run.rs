//! The state of a run, and what others may see of it.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::asking::UndoShown;
use super::attempted::{AttemptId, FindingRecord, Role};
use super::background::Beside;
use super::demand::{Demands, Keep, Rest};
use super::event::{Missing, Recorded, RunStarted, StepStatus};
use super::facts::StateFacts;
use super::guard::Guard;
use super::hiding::Looks;
use super::job::{Job, JobKind};
use super::lane::{Lane, LaneId};
use super::position::Frame;
use super::scope::{Scope, ScopeId};
use super::{preflight::Preflight, undo::UndoEntry};
use crate::plan::Plan;
use crate::policy::{Pace, Policy};
use crate::runbook::{Action, Command, Effect, Outcome, Step, StepId, StepKey, Undo};
use crate::value::{Facts, Name};

/// A walk through a runbook: the fold of its events.
#[derive(Clone, Debug)]
pub struct Run {
    pub(super) plan: Arc<Plan>,
    pub(super) state: State,
    /// Found out once, whatever the state.
    pub(super) looks: Looks,
    /// What it needs in this state, once that was asked: several ask it between two facts, and to
    /// bind a command and take its digest costs more than all else. Every fact forgets it.
    pub(super) needs: OnceCell<Demands>,
}

/// What the events so far add up to.
#[derive(Clone, Debug)]
pub(super) struct State {
    pub(super) started: Option<Box<RunStarted>>,
    pub(super) at: Timestamp,
    /// The latest time that any fact has: clocks can be set back.
    pub(super) latest: Timestamp,
    pub(super) policy: Policy,
    pub(super) pace: Pace,
    pub(super) preflight: Preflight,
    /// What is done side by side.
    pub(super) lanes: BTreeMap<LaneId, Lane>,
    /// The lane that the latest fact is about.
    pub(super) focus: LaneId,
    pub(super) last_lane: LaneId,
    /// Attempts that started and have not ended.
    pub(super) running: BTreeMap<AttemptId, Running>,
    /// Which of them run beside later steps.
    pub(super) beside: BTreeMap<AttemptId, Beside>,
    pub(super) last_attempt: AttemptId,
    pub(super) scopes: Vec<Scope>,
    pub(super) steps: BTreeMap<StepKey, StepRecord>,
    pub(super) trail: Vec<StepKey>,
    /// The way here, without what was gone back over.
    pub(super) way: Vec<StepKey>,
    pub(super) proved: BTreeMap<String, Proved>,
    pub(super) undo: Vec<UndoEntry>,
    /// The latest point of no return, and how many changes were made before it.
    pub(super) no_return: Option<(StepKey, usize)>,
    /// What has been found since the last decision.
    pub(super) findings: Vec<FindingRecord>,
    /// What the last decision was made on.
    pub(super) evidence: Vec<FindingRecord>,
    pub(super) edits: BTreeMap<StepKey, Command>,
    /// What is known of the steps that wait for agreement.
    pub(super) guards: BTreeMap<StepKey, Guard>,
    /// Commands that were replaced after such a step was agreed to.
    pub(super) edited_since: BTreeSet<(StepKey, StepKey)>,
    /// Where the responder went on without the agreement that was asked for, and why.
    pub(super) alone: Vec<Alone>,
    /// Who walks.
    pub(super) responder: String,
    pub(super) missing: Vec<Missing>,
    pub(super) ending: Option<Ending>,
    pub(super) rest: Option<Rest>,
}

/// A responder went on without the agreement that was asked for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Alone {
    /// What they did, in words.
    pub what: String,
    /// Why.
    pub reason: String,
}

/// An attempt that has not ended.
#[derive(Clone, Debug)]
pub(super) struct Running {
    pub(super) lane: LaneId,
    pub(super) role: Role,
    pub(super) target: String,
    /// The command as the responder saw it.
    pub(super) shown: String,
    /// What it does to the world.
    pub(super) effect: Effect,
}

/// What is remembered of a step.
#[derive(Clone, Debug, Default)]
pub(super) struct StepRecord {
    pub(super) entered: u32,
    /// Since when the walk is in it, until its time box was said to be over.
    pub(super) since: Option<Timestamp>,
    pub(super) status: Option<StepStatus>,
    pub(super) exit: Option<i32>,
    /// What its command showed, the last time. Decisions leave it standing.
    pub(super) captured: BTreeMap<Name, Recorded>,
    pub(super) findings: Vec<FindingRecord>,
    /// How the runbook ended that it uses.
    pub(super) outcome: Option<Outcome>,
    /// Where its command, if it changes something, has succeeded at least once: items are apart.
    pub(super) changed: BTreeSet<ScopeId>,
}

/// What a target proved to be, and when.
#[derive(Clone, Debug)]
pub(super) struct Proved {
    pub(super) identity: String,
    pub(super) at: Timestamp,
}

/// How the run is being brought to its end.
#[derive(Clone, Debug)]
pub(super) struct Ending {
    pub(super) outcome: Option<Outcome>,
    pub(super) failed: Option<StepId>,
    pub(super) undo: UndoOffer,
    pub(super) finally: Finally,
}

/// Whether undo is offered before the end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum UndoOffer {
    /// It is for the faults of a game day that ended as it should, if there are any left.
    Faults,
    /// The run ended as it should; nobody was asked.
    Unneeded,
    /// It is, if there is anything to undo.
    Wanted,
    /// It was.
    Over,
}

/// Whether the final steps were begun.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Finally {
    /// Not yet; those of the used runbooks that were left come first.
    Ahead(Vec<Frame>),
    /// They were.
    Begun,
}

impl Run {
    /// A run that has not begun.
    pub fn new(plan: Arc<Plan>) -> Self {
        let state = State {
            started: None,
            at: Timestamp::UNIX_EPOCH,
            latest: Timestamp::UNIX_EPOCH,
            policy: plan.policy.clone(),
            pace: Pace::Step,
            preflight: Preflight::default(),
            lanes: BTreeMap::from([(LaneId::MAIN, Lane::default())]),
            focus: LaneId::MAIN,
            last_lane: LaneId::MAIN,
            running: BTreeMap::new(),
            beside: BTreeMap::new(),
            last_attempt: AttemptId(0),
            scopes: vec![Scope::default()],
            steps: BTreeMap::new(),
            trail: Vec::new(),
            way: Vec::new(),
            proved: BTreeMap::new(),
            undo: Vec::new(),
            no_return: None,
            findings: Vec::new(),
            evidence: Vec::new(),
            edits: BTreeMap::new(),
            guards: BTreeMap::new(),
            edited_since: BTreeSet::new(),
            alone: Vec::new(),
            responder: String::new(),
            missing: Vec::new(),
            ending: None,
            rest: None,
        };
        Self { plan, state, looks: Looks::default(), needs: OnceCell::new() }
    }

    /// Where the responder went on without the agreement that was asked for.
    pub fn alone(&self) -> &[Alone] {
        &self.state.alone
    }

    /// What the run was started with.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The step the walk is at.
    pub fn current(&self) -> Option<StepKey> {
        self.current_in(self.attention())
    }

    /// The lane that a person looks at: of several, the one that asks.
    pub(super) fn attention(&self) -> LaneId {
        match self.state.lanes.len() {
            0 | 1 => self.state.focus,
            _ => self.needed().question.map_or(self.state.focus, |question| question.lane),
        }
    }

    /// The step that a lane is at.
    pub(super) fn current_in(&self, lane: LaneId) -> Option<StepKey> {
        self.lane(lane)?.jobs.iter().find_map(Job::step)
    }

    /// How a step ended, the last time it did.
    pub fn status(&self, step: StepKey) -> Option<StepStatus> {
        self.state.steps.get(&step).and_then(|record| record.status)
    }

    /// The steps that were entered, in order.
    pub fn trail(&self) -> &[StepKey] {
        &self.state.trail
    }

    /// What would be undone if the run stopped now, the latest first.
    pub fn open_undo(&self) -> Vec<UndoShown> {
        self.undo_shown(self.open_entries())
    }

    /// Whether reads wait for a key.
    pub fn pace(&self) -> Pace {
        self.state.pace
    }

    /// The step whose failure is ending the run.
    pub fn failed(&self) -> Option<&StepId> {
        self.state.ending.as_ref()?.failed.as_ref()
    }

    /// What decides how much is asked, now.
    pub fn policy(&self) -> &Policy {
        &self.state.policy
    }

    /// What each target proved to be, the last time it was asked.
    pub fn identities(&self) -> impl Iterator<Item = (&str, &str)> {
        self.state.proved.iter().map(|(name, proved)| (name.as_str(), proved.identity.as_str()))
    }

    /// What has been found since the last decision.
    pub fn findings(&self) -> &[FindingRecord] {
        &self.state.findings
    }

    /// What a change rests on: what the last decision was made on, and what was found since.
    pub(super) fn evidence(&self) -> Vec<FindingRecord> {
        self.state.evidence.iter().chain(&self.state.findings).cloned().collect()
    }

    /// The values that captures and answers have given so far.
    pub fn values(&self) -> BTreeMap<Name, Recorded> {
        self.values_in(self.scope_in(self.attention()))
    }

    /// The attempts that started and have not ended.
    pub fn running(&self) -> impl Iterator<Item = AttemptId> {
        self.state.running.keys().copied()
    }

    /// The command of an attempt that has not ended, as the responder saw it.
    pub fn running_command(&self, attempt: AttemptId) -> Option<&str> {
        self.state.running.get(&attempt).map(|running| running.shown.as_str())
    }

    /// The number of the latest attempt.
    pub fn last_attempt(&self) -> AttemptId {
        self.state.last_attempt
    }

    /// The values that are known now, and how to look each up.
    pub fn facts(&self) -> Box<dyn Facts + '_> {
        Box::new(StateFacts::now(self, self.attention()))
    }

    /// The command of a step, as the responder left it.
    pub fn command(&self, step: StepKey) -> Option<&Command> {
        match (&self.state.edits.get(&step), &self.step(step).action) {
            (Some(edited), _) => Some(edited),
            (None, Action::Run(run)) => Some(&run.command),
            (None, _) => None,
        }
    }

    pub(super) fn step(&self, key: StepKey) -> &Step {
        self.plan.runbook.step(key)
    }

    /// The command that a job is about, for jobs that run one.
    pub(super) fn job_command<'a>(&'a self, job: &'a Job) -> Option<&'a Command> {
        match &job.of {
            JobKind::AdHoc(command) => Some(command),
            JobKind::Step(step) => self.command(*step),
            JobKind::Undo(entry) => self.undo_command(&self.state.undo[*entry]),
        }
    }

    /// What a job's command does to the world. An undo changes something, whatever its step says.
    pub(super) fn job_effect(&self, job: &Job) -> Effect {
        let declared = self.job_run(job).map(|run| run.effect);
        match &job.of {
            JobKind::AdHoc(_) => Effect::Change,
            JobKind::Step(_) => declared.unwrap_or(Effect::Read),
            JobKind::Undo(_) => declared.map_or(Effect::Change, |it| it.max(Effect::Change)),
        }
    }

    /// The step whose command a job runs: its own, or the one that is an undo.
    pub(super) fn job_run(&self, job: &Job) -> Option<&crate::runbook::Run> {
        let step = match &job.of {
            JobKind::AdHoc(_) => return None,
            JobKind::Step(step) => *step,
            JobKind::Undo(entry) => match self.run_of(self.state.undo[*entry].step)?.undo {
                Some(Undo::Step(undoer)) => undoer,
                _ => return None,
            },
        };
        self.run_of(step)
    }

    pub(super) fn run_of(&self, step: StepKey) -> Option<&crate::runbook::Run> {
        match &self.step(step).action {
            Action::Run(run) => Some(run),
            _ => None,
        }
    }

    /// Whether what a step's command prints may be kept: not if a secret is taken from it.
    pub fn keep(&self, step: StepKey) -> Keep {
        let secret =
            self.run_of(step).is_some_and(|run| run.captures.iter().any(|capture| capture.secret));
        if secret { Keep::Nothing } else { Keep::Output }
    }

    /// What a job's templates see: an undo sees the values of the moment its step started.
    pub(super) fn job_facts(&self, job: &Job) -> StateFacts<'_> {
        match &job.of {
            JobKind::AdHoc(_) | JobKind::Step(_) => {
                StateFacts::now(self, job.lane).seen_in(self.job_scope(job))
            }
            JobKind::Undo(entry) => StateFacts::frozen(self, &self.state.undo[*entry]),
        }
    }
}
