//! What a person may answer. A question lists the answers it accepts; nobody can give another.

use serde::{Deserialize, Serialize};

use super::event::Recorded;
use crate::runbook::{Outcome, StepId};
use crate::value::Name;

/// An answer.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "answer")]
pub enum Answer {
    /// Run this command of the responder's own, inside the record.
    AdHoc {
        /// Its text, without templates.
        command: String,
    },
    /// Do it again: run the command once more.
    Again,
    /// What a second person answered; its record is another event.
    Approval {
        /// The answer, as `surefoot approve` gives it.
        text: String,
    },
    /// From now on reads run by themselves, up to the next question.
    Auto,
    /// Go back to the step before.
    Back,
    /// Go on alone, without the second person.
    BreakGlass {
        /// Why.
        reason: String,
    },
    /// Take this option.
    Choose {
        /// Its id.
        option: Name,
        /// Why.
        reason: Option<String>,
    },
    /// Confirm a command.
    Confirm {
        /// What was typed, where something had to be.
        typed: Option<String>,
    },
    /// The instruction was carried out, or the page was looked at.
    Done {
        /// What was seen or is worth keeping.
        note: Option<String>,
    },
    /// Replace the step's command by this one, in its template form.
    Edit {
        /// Its text.
        command: String,
    },
    /// The command was run elsewhere, with this result.
    Elsewhere {
        /// What it printed; masked before it is recorded.
        output: String,
        /// Its exit status.
        exit: i32,
    },
    /// End the run with this outcome.
    Finish {
        /// Which.
        outcome: Outcome,
    },
    /// Go to this step, past one that waits for agreement.
    GoPast {
        /// Which.
        step: StepId,
        /// Why.
        reason: String,
    },
    /// Go to this step.
    GoTo {
        /// Which.
        step: StepId,
    },
    /// Leave things as they are and go on.
    Leave,
    /// In doubt: it did take effect; go on as if its end had been seen.
    MarkDone,
    /// None of the choices.
    NoneOfThese,
    /// Keep this text in the record.
    Note {
        /// The text.
        text: String,
    },
    /// Not sure; the question stays.
    NotSure {
        /// Why.
        reason: Option<String>,
    },
    /// Leave the walk; it can be resumed.
    Pause,
    /// What the responder expects to see, before a command runs.
    Predict {
        /// In their words.
        text: String,
    },
    /// Go on.
    Proceed,
    /// In doubt: look whether it took effect.
    Recheck,
    /// Pass the step over.
    Skip {
        /// Why.
        reason: Option<String>,
    },
    /// End the run here: undo is offered, then `finally`, then the outcome is asked for.
    Stop,
    /// Undo this step.
    Undo {
        /// Which; all that can be undone, in reverse, if none is named.
        step: Option<StepId>,
        /// Which of its changes, if it was done for several items.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        entry: Option<usize>,
    },
    /// This value.
    Value {
        /// The value.
        value: Recorded,
    },
    /// In doubt and still running: wait for its end.
    WaitForEnd,
}

/// The kind of an answer, for the list of those a question accepts.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each kind is documented at the answer of the same name")]
pub enum AnswerKind {
    AdHoc,
    Again,
    Approval,
    Auto,
    Back,
    BreakGlass,
    Choose,
    Confirm,
    Done,
    Edit,
    Elsewhere,
    Finish,
    GoPast,
    GoTo,
    Leave,
    MarkDone,
    NoneOfThese,
    Note,
    NotSure,
    Pause,
    Predict,
    Proceed,
    Recheck,
    Skip,
    Stop,
    Undo,
    Value,
    WaitForEnd,
}

impl Answer {
    /// Its kind.
    pub fn kind(&self) -> AnswerKind {
        match self {
            Self::AdHoc { .. } => AnswerKind::AdHoc,
            Self::Again => AnswerKind::Again,
            Self::Approval { .. } => AnswerKind::Approval,
            Self::Auto => AnswerKind::Auto,
            Self::Back => AnswerKind::Back,
            Self::BreakGlass { .. } => AnswerKind::BreakGlass,
            Self::Choose { .. } => AnswerKind::Choose,
            Self::Confirm { .. } => AnswerKind::Confirm,
            Self::Done { .. } => AnswerKind::Done,
            Self::Edit { .. } => AnswerKind::Edit,
            Self::Elsewhere { .. } => AnswerKind::Elsewhere,
            Self::Finish { .. } => AnswerKind::Finish,
            Self::GoPast { .. } => AnswerKind::GoPast,
            Self::GoTo { .. } => AnswerKind::GoTo,
            Self::Leave => AnswerKind::Leave,
            Self::MarkDone => AnswerKind::MarkDone,
            Self::NoneOfThese => AnswerKind::NoneOfThese,
            Self::Note { .. } => AnswerKind::Note,
            Self::NotSure { .. } => AnswerKind::NotSure,
            Self::Pause => AnswerKind::Pause,
            Self::Predict { .. } => AnswerKind::Predict,
            Self::Proceed => AnswerKind::Proceed,
            Self::Recheck => AnswerKind::Recheck,
            Self::Skip { .. } => AnswerKind::Skip,
            Self::Stop => AnswerKind::Stop,
            Self::Undo { .. } => AnswerKind::Undo,
            Self::Value { .. } => AnswerKind::Value,
            Self::WaitForEnd => AnswerKind::WaitForEnd,
        }
    }
}
