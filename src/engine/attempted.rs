//! What of a run its attempts are: how a command started, how it ended, and what that means. Parts of the
//! journal's format, like all facts.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::approval::Spent;
use super::conduct::KeptFile;
use super::event::Recorded;
use super::lane::LaneId;
use crate::expression::Part;
use crate::runbook::{Effect, FindingSeverity, OnDisconnect, StepId};
use crate::value::Name;

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
