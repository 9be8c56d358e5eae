//! The facts of a run, in the past tense. This enum is the journal's format: variants and fields are
//! added, never removed or given another meaning.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::answer::Answer;
use super::approval::{ApprovalGiven, ApprovalRequested, Spent};
use super::conduct::KeptFile;
use super::lane::LaneId;
use super::origin::{Rehearsal, RunbookOrigin};
use super::told::Told;
use crate::expression::Part;
use crate::plan::{Alert, Mode, Origin, World};
use crate::policy::{Pace, Policy};
use crate::runbook::{Effect, FindingSeverity, OnDisconnect, Outcome, StepId};
use crate::value::{Name, Secret, Value};

/// One execution of one command: its number in the run, from 1.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct AttemptId(pub u32);

/// As the key of a map, JSON writes the number as a text; a tagged enum hands that text on.
impl<'de> Deserialize<'de> for AttemptId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Number;
        impl serde::de::Visitor<'_> for Number {
            type Value = AttemptId;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the number of an attempt")
            }

            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<AttemptId, E> {
                u32::try_from(number).map(AttemptId).map_err(E::custom)
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<AttemptId, E> {
                text.parse().map(AttemptId).map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Number)
    }
}

impl fmt::Display for AttemptId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

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

/// What an attempt is for.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// A command that the responder typed.
    AdHoc,
    /// Proves what a target is.
    Assert,
    /// Prints what can be answered to a question.
    Choices,
    /// The step's own command.
    Main,
    /// Tells after a crash whether the step took effect.
    Recheck,
    /// A requirement of the runbook.
    Require,
    /// Undoes a step.
    Undo,
    /// Tells whether a background command is ready.
    Ready,
    /// Proves that the step did what it should.
    Verify,
}

/// A command is about to start.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct AttemptStarted {
    /// Its number.
    pub attempt: AttemptId,
    /// The step it belongs to.
    pub step: Option<StepId>,
    /// What it is for.
    pub role: Role,
    /// What it does to the world.
    pub effect: Effect,
    /// SHA-256 of the command with everything that decides what it does.
    pub digest: String,
    /// The command as the responder saw it.
    pub shown: String,
    /// The names of the variables that carry values.
    pub values: Vec<String>,
    /// The target's name.
    pub target: String,
    /// Where that is and as whom it runs there, if not on this machine as the responder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// What the target proved to be.
    pub identity: Option<String>,
    /// Who agreed to it and how; nobody is asked for reads that run by themselves.
    pub confirmation: Option<Confirmation>,
    /// Who else agreed to it: each agreement is for one command.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approvals: Vec<Spent>,
    /// What happens to it when nobody is there any more.
    pub on_disconnect: OnDisconnect,
    /// How long it may take, in milliseconds.
    pub timeout: u64,
    /// Where.
    #[serde(default, skip_serializing_if = "LaneId::is_main")]
    pub lane: LaneId,
    /// The starts of the change that it undoes; of several items, this tells of which.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub undoes: Vec<AttemptId>,
}

/// How a command was agreed to.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Confirmation {
    /// How: `key`, `yes`, `typed`, or `--yes change`.
    pub how: String,
    /// What was typed, where something had to be.
    pub typed: Option<String>,
}

/// How a process ended: the whole space.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "end")]
pub enum End {
    /// It could not be started.
    CouldNotStart {
        /// Why.
        why: String,
    },
    /// The connection to it was lost.
    Disconnected,
    /// It exited.
    Exited {
        /// With this status.
        code: i32,
    },
    /// The responder stopped it.
    Interrupted {
        /// The status or signal it ended with.
        signal: Option<i32>,
    },
    /// A signal ended it.
    Signalled {
        /// The signal.
        signal: i32,
    },
    /// It was stopped because its time was up.
    TimedOut {
        /// After this many milliseconds.
        after: u64,
    },
    /// Nobody saw it end.
    Unknown,
}

/// What was kept of an output.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Kept {
    /// The file, from the run's folder; none if nothing was printed or nothing may be kept.
    pub path: Option<String>,
    /// How many bytes were printed.
    pub bytes: u64,
    /// How many of them are in the file.
    pub kept: u64,
    /// SHA-256 of all that was printed, masked.
    pub sha256: Option<String>,
}

impl Kept {
    /// What stands in the file in place of so many bytes of its middle, if there are any.
    pub fn gap(missing: u64) -> String {
        if missing == 0 { String::new() } else { format!("\n[{missing} bytes are not kept]\n") }
    }
}

/// A process that outlived its command.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Survivor {
    /// Its process id.
    pub pid: i32,
    /// Its command line, or name.
    pub command: String,
}

/// How all that a command had started was found when it was stopped.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Containment {
    /// A control group held it.
    Group,
    /// No group could be made: by process group, session, ancestry and the mark of the attempt.
    Marks,
}

/// A command ended, and what that means.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct AttemptEnded {
    /// Its number.
    pub attempt: AttemptId,
    /// How it ended.
    pub end: End,
    /// How long it took, in milliseconds.
    pub took: u64,
    /// What it printed.
    pub output: Kept,
    /// Files that were asked for as evidence.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<KeptFile>,
    /// What it left running.
    pub left_running: Vec<Survivor>,
    /// How that was found, if it was stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub containment: Option<Containment>,
    /// What the end means.
    pub verdict: Verdict,
    /// What was taken from the output.
    pub captured: BTreeMap<Name, Recorded>,
    /// What the result means to a person.
    pub findings: Vec<FindingRecord>,
    /// What a target proved to be.
    pub identity: Option<String>,
    /// The responder ran it elsewhere and told the result.
    pub elsewhere: bool,
    /// The end was found after a crash, in the supervisor's record.
    pub recovered: bool,
    /// Where; the start says it too, if there was one.
    #[serde(default, skip_serializing_if = "LaneId::is_main")]
    pub lane: LaneId,
}

/// What the end of an attempt means.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "verdict")]
pub enum Verdict {
    /// It failed.
    Failed {
        /// Why, a phrase.
        why: String,
        /// The values that show it.
        parts: Vec<Part>,
    },
    /// Nobody knows.
    InDoubt,
    /// It did what it should.
    Passed,
    /// Not yet: it is run again after a pause.
    Pending {
        /// Why, a phrase.
        why: String,
        /// The values that show it.
        parts: Vec<Part>,
    },
    /// A read with a result that was not expected: evidence.
    Unexpected {
        /// Why, a phrase.
        why: String,
        /// The values that show it.
        parts: Vec<Part>,
    },
}

/// A finding as recorded.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct FindingRecord {
    /// What it says.
    pub say: String,
    /// How bad it is.
    pub severity: FindingSeverity,
    /// The option, step or procedure it speaks for.
    pub suggest: Option<Name>,
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
