//! The facts of a run, in the past tense. This enum is the journal's format: variants and fields are
//! added, never removed or given another meaning.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::answer::Answer;
use super::approval::{ApprovalGiven, ApprovalRequested};
use super::attempted::{AttemptEnded, AttemptId, AttemptStarted, End};
use super::lane::LaneId;
use super::origin::{Rehearsal, RunbookOrigin};
use super::told::Told;
use crate::plan::{Alert, Mode, Origin, World};
use crate::policy::{Pace, Policy};
use crate::runbook::{Outcome, StepId};
use crate::value::{Name, Secret, Value};

/// A fact of a run.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum Event {
    /// A second person agreed.
    ApprovalGiven(Box<ApprovalGiven>),
    /// The time of a request is up.
    ApprovalLapsed {
        /// The step.
        step: StepId,
        /// The request.
        nonce: String,
        /// Where.
        #[serde(default, skip_serializing_if = "LaneId::is_main")]
        lane: LaneId,
    },
    /// An answer to a request was not taken.
    ApprovalRefused {
        /// The step.
        step: StepId,
        /// The request.
        nonce: String,
        /// Why not.
        why: String,
        /// Where.
        #[serde(default, skip_serializing_if = "LaneId::is_main")]
        lane: LaneId,
    },
    /// A second person is asked.
    ApprovalRequested(Box<ApprovalRequested>),
    /// The responder answered a question.
    Answered {
        /// The step it was about.
        step: Option<StepId>,
        /// What was asked, the name of the question's kind.
        question: String,
        /// The answer.
        answer: Answer,
        /// The name of the value that the answer gives, if it gives one.
        gives: Option<Name>,
        /// Where.
        #[serde(default, skip_serializing_if = "LaneId::is_main")]
        lane: LaneId,
    },
    /// A command ended.
    AttemptEnded(Box<AttemptEnded>),
    /// A command is about to start: once this is durable, it does.
    AttemptStarted(Box<AttemptStarted>),
    /// The items of a `for_each` are known.
    ItemsListed {
        /// The step.
        step: StepId,
        /// The items, in order.
        items: Vec<Recorded>,
        /// Where.
        #[serde(default, skip_serializing_if = "LaneId::is_main")]
        lane: LaneId,
    },
    /// An item of a `for_each`, or a step of a parallel group, begins: in a lane of its own.
    LaneOpened {
        /// The new lane.
        lane: LaneId,
        /// The lane it was opened from.
        from: LaneId,
        /// The step that opened it.
        step: StepId,
        /// What the lane is for.
        branch: ItemRecord,
    },
    /// The output of a background command tells that it is ready.
    Readied {
        /// Its attempt.
        attempt: AttemptId,
        /// The step.
        step: StepId,
        /// Where.
        #[serde(default, skip_serializing_if = "LaneId::is_main")]
        lane: LaneId,
    },
    /// A line of steps that nobody waits for is at its end: the walk is back where it was opened.
    LineEnded {
        /// Where.
        #[serde(default, skip_serializing_if = "LaneId::is_main")]
        lane: LaneId,
    },
    /// The responder left the walk; it can be resumed.
    Paused {
        /// Why.
        why: PauseReason,
    },
    /// A process took the run over, after a pause or a crash.
    Resumed(Box<Resumed>),
    /// The run is over.
    RunFinished {
        /// How it ended.
        outcome: Outcome,
        /// The step whose failure ended it.
        failed: Option<StepId>,
        /// Steps that changed something, have an undo, and were not undone.
        still_changed: Vec<StepId>,
        /// The starts of the commands that made those changes.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        changed_by: Vec<AttemptId>,
        /// Who ended it from outside, if it did not come to its end by itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ended_by: Option<String>,
    },
    /// A runbook that is used was entered.
    RunbookEntered {
        /// The step that uses it.
        step: StepId,
        /// What it uses, as written.
        used: String,
        /// Its environment.
        environment: Option<Name>,
        /// Its inputs.
        inputs: BTreeMap<Name, Recorded>,
        /// Where.
        #[serde(default, skip_serializing_if = "LaneId::is_main")]
        lane: LaneId,
    },
    /// The run began.
    RunStarted(Box<RunStarted>),
    /// A step is over.
    StepClosed {
        /// Which.
        step: StepId,
        /// How it ended.
        status: StepStatus,
        /// Where.
        #[serde(default, skip_serializing_if = "LaneId::is_main")]
        lane: LaneId,
    },
    /// The walk came to a step.
    StepEntered {
        /// Which.
        step: StepId,
        /// Its title with values in place.
        title: String,
        /// How often it has been entered before.
        before: u32,
        /// Its condition could not be evaluated, and why.
        unclear: Option<String>,
        /// Where.
        #[serde(default, skip_serializing_if = "LaneId::is_main")]
        lane: LaneId,
    },
    /// A step was passed over because its condition does not hold.
    StepSkipped {
        /// Which.
        step: StepId,
        /// Its title.
        title: String,
        /// The condition.
        condition: String,
        /// Where.
        #[serde(default, skip_serializing_if = "LaneId::is_main")]
        lane: LaneId,
    },
    /// The look around before step 1 is over.
    SurveyClosed,
    /// What is required was looked for on this machine.
    Surveyed {
        /// What is missing.
        missing: Vec<Missing>,
    },
    /// A step takes longer than its author thought.
    TimeboxPassed {
        /// The step.
        step: StepId,
        /// After how long, as written.
        after: String,
        /// What is said.
        say: Option<String>,
        /// The role that is proposed.
        escalate: Option<String>,
        /// Where.
        #[serde(default, skip_serializing_if = "LaneId::is_main")]
        lane: LaneId,
    },
    /// Something was said from outside of the walk.
    Told(Told),
    /// A value is too old for a change that uses it: it is read again first.
    ValueStale {
        /// The value.
        value: Name,
        /// The step that reads it.
        step: StepId,
        /// Where.
        #[serde(default, skip_serializing_if = "LaneId::is_main")]
        lane: LaneId,
    },
    /// A wait began.
    WaitStarted {
        /// The step that waits.
        step: StepId,
        /// Until when.
        until: jiff::Timestamp,
        /// Where.
        #[serde(default, skip_serializing_if = "LaneId::is_main")]
        lane: LaneId,
    },
    /// A wait is over.
    Waited {
        /// The step that waited.
        step: StepId,
        /// Where.
        #[serde(default, skip_serializing_if = "LaneId::is_main")]
        lane: LaneId,
    },
}

/// An item of a `for_each`, or a step of a parallel group.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct ItemRecord {
    /// The item; a step of a group has none.
    pub item: Option<Recorded>,
    /// Its place, from 0.
    pub index: usize,
    /// How many there are.
    pub of: usize,
}

/// Something that is required and not there.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Missing {
    /// What, such as `program jq`.
    pub what: String,
    /// More about it, such as the version that is there.
    pub detail: String,
    /// The steps that need it.
    pub steps: Vec<StepId>,
}

/// The first fact: everything the run was started with.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct RunStarted {
    /// The format of this journal, `surefoot-journal/1`.
    pub format: String,
    /// The version of the program.
    pub program: String,
    /// The run's id.
    pub run: String,
    /// The machine.
    pub host: String,
    /// Changes whenever the machine starts.
    pub boot: String,
    /// What was run.
    pub runbook: RunbookOrigin,
    /// Who walks it, and how that is known.
    pub responder: Responder,
    /// What it is for.
    pub mode: Mode,
    /// A reference to the change or incident.
    pub change: Option<String>,
    /// The environment's name.
    pub environment: Option<Name>,
    /// What decides how much is asked, with its levels.
    pub policy: Policy,
    /// SHA-256 of the policy's canonical JSON.
    pub policy_digest: String,
    /// Whether reads wait for a key.
    pub pace: Pace,
    /// The inputs, in the runbook's order.
    pub inputs: Vec<InputRecord>,
    /// The alert that started it.
    pub alert: Option<Alert>,
    /// The step it starts at, if not the first.
    pub at: Option<StepId>,
    /// The steps that wait for agreement which it starts behind. The engine says which.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub behind: Vec<StepId>,
    /// What its commands have their effect on.
    #[serde(default, skip_serializing_if = "World::is_real")]
    pub world: World,
    /// The run of somebody else that was looked at, if nothing else was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follows: Option<String>,
    /// What it is walked against, if its world is a scenario.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rehearsal: Option<Rehearsal>,
}

impl RunStarted {
    /// Whether nothing of it is run.
    pub fn is_rehearsal(&self) -> bool {
        self.world.is_rehearsed(self.mode)
    }
}

/// Who walks a run.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Responder {
    /// The name, `user@host`.
    pub name: String,
    /// How it is known, such as `login`.
    pub known_by: String,
}

/// An input as recorded.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct InputRecord {
    /// Its name.
    pub name: Name,
    /// Its value; a secret has none here.
    pub value: Recorded,
    /// Where it came from.
    pub origin: Origin,
}

/// A value as it stands in a record. A secret keeps its text in memory only: written out, it is the
/// word `secret`; read back, its text is not known.
#[derive(Clone, Debug, PartialEq)]
pub enum Recorded {
    /// A value.
    Open(Value),
    /// A secret, and its text while this process knows it.
    Secret(Option<Secret>),
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum RecordedForm {
    Open(Value),
    Secret,
}

impl Serialize for Recorded {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Open(value) => RecordedForm::Open(value.clone()).serialize(serializer),
            Self::Secret(_) => RecordedForm::Secret.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Recorded {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match RecordedForm::deserialize(deserializer)? {
            RecordedForm::Open(value) => Self::Open(value),
            RecordedForm::Secret => Self::Secret(None),
        })
    }
}

/// A process took the run over.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Resumed {
    /// The version of the program.
    pub program: String,
    /// The machine.
    pub host: String,
    /// Changes whenever the machine starts.
    pub boot: String,
    /// Who goes on.
    pub responder: Responder,
    /// The policy from now on.
    pub policy: Policy,
    /// Whether reads wait for a key from now on, if that changed.
    #[serde(default)]
    pub pace: Option<Pace>,
    /// What became of the attempts whose end is not recorded.
    pub found: BTreeMap<AttemptId, Found>,
    /// Bytes of a torn last record that were set aside.
    pub set_aside: u64,
    /// The agreements, by their requests, that are void because whoever gave them goes on with the
    /// run, and why that is known.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub voided: BTreeMap<String, String>,
    /// Who walked it until it was taken over from them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
}

/// What is known of an attempt whose end is not recorded.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "found")]
pub enum Found {
    /// Its supervisor wrote how it ended.
    Finished {
        /// How.
        end: End,
        /// How long it took, in milliseconds.
        took: u64,
    },
    /// Its supervisor is gone and its processes are alive: nobody can tell any more how they end.
    Orphaned {
        /// Their ids.
        processes: Vec<i32>,
    },
    /// Its supervisor is alive.
    Running {
        /// The supervisor's process id.
        supervisor: i32,
    },
    /// None of these.
    Unknown,
}

impl Found {
    /// Whether something of it runs.
    pub fn runs(&self) -> bool {
        matches!(self, Self::Orphaned { .. } | Self::Running { .. })
    }
}

/// Why a walk was left.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "why")]
pub enum PauseReason {
    /// Ctrl-C at a question.
    Interrupted,
    /// The terminal is gone.
    HungUp,
    /// Nobody is there to answer.
    PersonNeeded {
        /// What was asked.
        question: String,
    },
    /// Policy does not let it go on unattended.
    Refused {
        /// What was asked.
        question: String,
    },
    /// Somebody else goes on with it.
    TakenOver {
        /// Who.
        by: String,
    },
    /// The responder wished it.
    Wished,
}

/// How a step ended.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StepStatus {
    /// As it should.
    Done,
    /// It failed.
    Failed,
    /// It failed, and the runbook or the responder dealt with it.
    FailedHandled,
    /// The responder says it is done, without its end being seen.
    MarkedDone,
    /// The responder passed it over.
    Skipped,
    /// A read whose result was not expected; the walk went on.
    Unexpected,
}

impl StepStatus {
    /// Its name in records and in `steps.<id>.outcome`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::FailedHandled => "failed_handled",
            Self::MarkedDone => "marked_done",
            Self::Skipped => "skipped",
            Self::Unexpected => "unexpected",
        }
    }
}
