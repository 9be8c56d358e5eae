//! What a run was, in one value: the fold of its records that every document and list is made of.
//! It holds facts in the run's own words; how they are shown is the business of its readers.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::fold::Fold;
use super::predictions::Prediction;
use super::review::Review;
use crate::engine::{
    AttemptId, Confirmation, End, Event, FindingRecord, InputRecord, Kept, KeptFile, Missing,
    PauseReason, Recorded, Responder, Role, RunStarted, StepStatus, Survivor, Told, Verdict,
};
use crate::journal::Record;
use crate::runbook::{Effect, Outcome, StepId};
use crate::value::Name;

/// A run, from its records.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// Everything it was started with.
    pub started_with: Box<RunStarted>,
    /// Where it stands.
    pub state: State,
    /// When it began.
    pub started: Timestamp,
    /// When its last record was written.
    pub last: Timestamp,
    /// How long it took so far, in milliseconds.
    pub duration: u64,
    /// How long it took to get somewhere.
    pub milestones: Milestones,
    /// Who walked it, in the order of their coming.
    pub responders: Vec<Responder>,
    /// What was missing on the machine.
    pub missing: Vec<Missing>,
    /// The steps as they were walked; one that was entered twice is here twice.
    pub steps: Vec<Step>,
    /// The commands, in the order of their start.
    pub attempts: Vec<Attempt>,
    /// How many commands had each effect.
    pub effects: EffectCounts,
    /// What was decided, and how failures and doubts were dealt with.
    pub decisions: Vec<Decision>,
    /// What the responders wrote down.
    pub notes: Vec<Note>,
    /// What they expected to see, before commands ran.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub predictions: Vec<Prediction>,
    /// What was said from outside of the walk, in an exercise.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub told: Vec<Outside>,
    /// Who ended it from outside, if it did not come to its end by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_by: Option<String>,
    /// What results meant.
    pub findings: Vec<Finding>,
    /// Values that were asked for.
    pub values: Vec<Given>,
    /// What was changed, and whether that was undone.
    pub changes: Vec<Change>,
    /// What other people were asked to agree to, and what came of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub approvals: Vec<Approval>,
    /// Where somebody went on without the agreement that was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub deviations: Vec<Deviation>,
    /// What was passed over.
    pub skipped: Vec<Skipped>,
    /// Commands that the responder replaced.
    pub edited: Vec<Edited>,
    /// What somebody still has to do.
    pub obligations: Vec<Obligation>,
    /// What a game day showed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub review: Option<Review>,
}

impl Summary {
    /// Folds the records of a run; none, if they do not begin one.
    pub fn of(records: &[Record]) -> Option<Self> {
        let first = records.first()?;
        let Event::RunStarted(started) = &first.event else {
            return None;
        };
        Some(Fold::new(started, first.at).summary(records))
    }

    /// The attempt with this number.
    pub fn attempt(&self, id: AttemptId) -> Option<&Attempt> {
        self.attempts.iter().find(|attempt| attempt.id == id)
    }

    /// The title of a step as it was entered last, or else its name.
    pub fn title<'a>(&'a self, step: &'a StepId) -> &'a str {
        let entered = self.steps.iter().rev().find(|entered| entered.id == *step);
        entered.map_or(step.0.as_str(), |entered| entered.title.as_str())
    }
}

/// Where a run stands. Whether one that is open is being walked at this moment, only its lock tells.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum State {
    /// Over.
    Finished {
        /// How it ended.
        outcome: Outcome,
        /// The step whose failure ended it.
        failed: Option<StepId>,
    },
    /// Nobody has said yet how a command ended that may have changed something.
    InDoubt,
    /// Being walked, or broken off by a crash.
    Open,
    /// Left, to be resumed.
    Paused {
        /// Why.
        reason: PauseReason,
    },
}

/// Times from the beginning, in milliseconds, of what happened first.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Milestones {
    /// A step was entered.
    pub first_step: Option<u64>,
    /// A decision was made.
    pub first_decision: Option<u64>,
    /// A change started.
    pub first_change: Option<u64>,
    /// The run was over.
    pub end: Option<u64>,
}

/// A step that was entered.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Step {
    /// Which.
    pub id: StepId,
    /// Its title with values in place.
    pub title: String,
    /// How often it had been entered before.
    pub before: u32,
    /// When it was entered.
    pub entered: Timestamp,
    /// When it was over.
    pub closed: Option<Timestamp>,
    /// How it ended.
    pub status: Option<StepStatus>,
    /// Its commands.
    pub attempts: Vec<AttemptId>,
    /// Why its condition could not be evaluated.
    pub unclear: Option<String>,
}

/// A command that was started.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Attempt {
    /// Its number.
    pub id: AttemptId,
    /// The step it belongs to.
    pub step: Option<StepId>,
    /// The item that it was done for, if it was for one of several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
    /// What it was for.
    pub role: Role,
    /// What it does to the world.
    pub effect: Effect,
    /// The command as the responder saw it.
    pub shown: String,
    /// Its digest.
    pub digest: String,
    /// The target's name.
    pub target: String,
    /// Where that is and as whom it ran there, if not on this machine as the responder.
    pub place: Option<String>,
    /// What the target proved to be.
    pub identity: Option<String>,
    /// When it started.
    pub started: Timestamp,
    /// Who was at the keyboard.
    pub by: String,
    /// How it was agreed to.
    pub confirmation: Option<Confirmation>,
    /// How it ended, if that is known.
    pub ended: Option<Ended>,
    /// How the doubt about its end was settled.
    pub settled: Option<String>,
    /// The commands whose changes it undoes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub undoes: Vec<AttemptId>,
}

impl Attempt {
    /// Whether nobody saw how it ended.
    pub fn end_unknown(&self) -> bool {
        self.ended.as_ref().is_none_or(|ended| ended.verdict == Verdict::InDoubt)
    }

    /// Whether that is still an open question.
    pub fn in_doubt(&self) -> bool {
        self.end_unknown() && self.settled.is_none()
    }
}

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Ended {
    /// How its process ended.
    pub end: End,
    /// What that means.
    pub verdict: Verdict,
    /// How long it took, in milliseconds.
    pub took: u64,
    /// What it printed.
    pub output: Kept,
    /// Files that were asked for as evidence.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<KeptFile>,
    /// What it left running.
    pub left_running: Vec<Survivor>,
    /// What was taken from the output.
    pub captured: BTreeMap<Name, Recorded>,
    /// It was run elsewhere, and its result told.
    pub elsewhere: bool,
    /// Its end was found after a crash.
    pub recovered: bool,
}

/// How many commands had each effect.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct EffectCounts {
    /// Commands that only look.
    pub read: u64,
    /// Commands that change something.
    pub change: u64,
    /// Commands that destroy something.
    pub destroy: u64,
}

/// A decision of a responder.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Decision {
    /// Its record.
    pub n: u64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: String,
    /// The step it was about.
    pub step: Option<StepId>,
    /// The kind of the question.
    pub question: String,
    /// What was decided, in words.
    pub choice: String,
    /// Why.
    pub reason: Option<String>,
    /// The other ways there were, where the runbook was at hand.
    pub alternatives: Vec<String>,
}

/// Something that a responder wrote down.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Note {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: String,
    /// The step it was written at.
    pub step: Option<StepId>,
    /// The text.
    pub text: String,
}

/// Something that was said from outside of the walk.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Outside {
    /// When.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub told: Told,
}

/// What a result meant.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Finding {
    /// The command that showed it.
    pub attempt: AttemptId,
    /// The step it belongs to.
    pub step: Option<StepId>,
    /// What it says.
    #[serde(flatten)]
    pub finding: FindingRecord,
}

/// A value that a responder gave.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Given {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: String,
    /// Its name and value, and that it was asked for.
    #[serde(flatten)]
    pub input: InputRecord,
}

/// Something that another person was asked to agree to.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Approval {
    /// The record of the request.
    pub n: u64,
    /// When they were asked.
    pub at: Timestamp,
    /// Who asked.
    pub by: String,
    /// The step.
    pub step: StepId,
    /// Whose agreement was needed.
    pub role: String,
    /// The digest of what was asked for.
    pub digest: String,
    /// The request.
    pub nonce: String,
    /// What came of it.
    #[serde(flatten)]
    pub answer: ApprovalAnswer,
    /// Answers that were not taken, and why.
    pub refused: Vec<String>,
}

/// What came of a request.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "answer")]
pub enum ApprovalAnswer {
    /// Somebody agreed.
    Agreed {
        /// When.
        agreed_at: Timestamp,
        /// Who.
        principal: String,
        /// The fingerprint of their key.
        key: String,
        /// Whether the responder could have changed the list that says so.
        signers_writable: bool,
    },
    /// The responder went on alone.
    BrokenGlass {
        /// Why.
        reason: String,
    },
    /// Nobody answered in time.
    Lapsed,
    /// Nothing yet, or the run went another way.
    Open,
}

/// Somebody went on without the agreement that was asked for.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Deviation {
    /// The record.
    pub n: u64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: String,
    /// The step it was about.
    pub step: Option<StepId>,
    /// What was done, in words.
    pub what: String,
    /// Why.
    pub reason: Option<String>,
}

/// A command that changed something, or may have.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Change {
    /// The command.
    pub attempt: AttemptId,
    /// The step it belongs to.
    pub step: Option<StepId>,
    /// Whether it was undone.
    pub undo: UndoState,
}

/// Whether a change was undone.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "undo")]
pub enum UndoState {
    /// No undo is recorded, and none was open at the end.
    NotRecorded,
    /// It has an undo that was not run.
    StillChanged,
    /// It was undone.
    Undone {
        /// By this command.
        by: AttemptId,
    },
}

/// A step that was passed over.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Skipped {
    /// Which.
    pub step: StepId,
    /// Its title.
    pub title: String,
    /// Why.
    #[serde(flatten)]
    pub why: SkipReason,
}

/// Why a step was passed over.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "skipped_by")]
pub enum SkipReason {
    /// Its condition did not hold.
    Condition {
        /// The condition.
        condition: String,
    },
    /// A responder wished it.
    Responder {
        /// Who.
        by: String,
        /// Why.
        reason: Option<String>,
    },
}

/// A command that a responder replaced.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Edited {
    /// The step.
    pub step: Option<StepId>,
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// What it became, in its template form.
    pub command: String,
}

/// Something that somebody still has to do.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "obligation")]
pub enum Obligation {
    /// Bring an edited command into the runbook, or say why not.
    Edited {
        /// The step.
        step: Option<StepId>,
    },
    /// Find out how a command ended.
    InDoubt {
        /// Which.
        attempt: AttemptId,
    },
    /// Look after a process that outlived its command.
    LeftRunning {
        /// The command.
        attempt: AttemptId,
        /// The process.
        process: Survivor,
    },
    /// Undo a change, or decide to keep it.
    StillChanged {
        /// The step that made it.
        step: StepId,
        /// The items that it was made for, if it was for several.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        items: Vec<String>,
    },
    /// Resume the run and bring it to its end.
    Unfinished,
}
