//! What a person is asked, and what stands on the card beside it.

use super::answer::AnswerKind;
use super::approval::Waiting;
use super::attempted::{AttemptId, End, FindingRecord};
use super::event::{Found, Missing};
use super::lane::LaneId;
use crate::expression::Part;
use crate::runbook::{Effect, StepId};
use crate::value::{Name, Type};

/// A question to the responder.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// The lane it is about.
    pub lane: LaneId,
    /// The step it is about.
    pub step: Option<StepId>,
    /// What is asked.
    pub ask: Asking,
    /// The answers that will be taken.
    pub accepts: Vec<AnswerKind>,
}

/// What is asked. Each kind names the answer that goes on.
#[derive(Clone, Debug, PartialEq)]
pub enum Asking {
    /// A second person must agree: `Approval` when they did, `Again` to ask anew when the time is
    /// up, `BreakGlass` where that is allowed, `Skip`, `Stop`.
    Approve(Box<Waiting>),
    /// A target did not prove to be what it should: `Again`, `Skip`, `Stop`.
    Assertion {
        /// The target's name.
        target: String,
        /// What it should have said.
        expected: String,
        /// Why it was not accepted: what it said instead, or how the command ended.
        why: String,
    },
    /// An instruction for a person: `Done`.
    Attest {
        /// What to do, Markdown.
        text: String,
        /// The parts of it.
        checklist: Vec<String>,
    },
    /// A change or destruction: `Confirm`.
    Confirm(Box<Card>),
    /// Which way to go: `Choose`, `NotSure`.
    Decide {
        /// What is asked.
        question: String,
        /// The ways.
        options: Vec<OptionShown>,
        /// What has been found since the last decision.
        findings: Vec<FindingRecord>,
    },
    /// Nobody saw how a command ended: `Recheck`, `MarkDone`, `Again`, `Undo`, `Stop`,
    /// `WaitForEnd`.
    Doubt {
        /// Which attempt.
        attempt: AttemptId,
        /// The command.
        shown: String,
        /// What it does to the world.
        effect: Effect,
        /// What is known.
        found: Found,
        /// What the last recheck said: `Some(true)` it took effect, `Some(false)` it did not,
        /// `None` unknown or not asked.
        rechecked: Option<bool>,
    },
    /// A step failed: `Again`, `Skip`, `Proceed` (go on, failed but handled), `Undo`, `Stop`.
    Failed {
        /// Why, a phrase.
        why: String,
        /// How the command ended.
        end: End,
        /// The values that show it.
        parts: Vec<Part>,
    },
    /// A role is asked for help: `Done`.
    HandOver {
        /// The role.
        role: String,
        /// How to reach it.
        how: String,
        /// What to tell them.
        text: String,
    },
    /// Many items, or the steps of a parallel group, are about to be done with one consent:
    /// `Proceed` where all are reads, else `Confirm`.
    Items(Box<ItemsCard>),
    /// Pages to look at: `Done` with what was seen.
    Look {
        /// The pages.
        urls: Vec<String>,
    },
    /// A value is missing: `GoTo` the step that makes it, `Value`, `Skip`.
    MissingValue {
        /// Its name.
        name: Name,
        /// Its type.
        ty: Type,
        /// Whether it must not be seen.
        secret: bool,
        /// The steps that would make it.
        from: Vec<StepId>,
    },
    /// The list of a `for_each` is empty, which never means all: `Again`, `Skip`.
    NoItems,
    /// How did the run end: `Finish`.
    Outcome {
        /// The step whose failure ended it, if one did.
        failed: Option<StepId>,
    },
    /// A read is about to run: `Proceed`.
    Read {
        /// The command.
        shown: String,
        /// Where it runs.
        target: String,
        /// Where that is, if not this machine.
        place: Option<String>,
        /// What the target proved to be.
        identity: Option<String>,
        /// What good output looks like.
        sample: Option<String>,
    },
    /// A value cannot stand where the command wants it: `Edit`, `Skip`, `Stop`.
    Refused {
        /// Why.
        why: String,
    },
    /// The run's requirements are about to be looked at, by commands: `Proceed`, `Skip`.
    Survey {
        /// The commands.
        commands: Vec<String>,
    },
    /// An interactive command ended: `Done` with what was seen, `Again`.
    Seen,
    /// The survey found something missing: `Proceed`, `Again`, `Stop`.
    SurveyFailed {
        /// What is missing.
        missing: Vec<Missing>,
    },
    /// A command wants a person at a terminal, and none is there: `Skip`, `Stop`.
    Terminal {
        /// The command.
        shown: String,
    },
    /// Something is needed that is not there: `Proceed` all the same, `Skip`.
    Unavailable {
        /// What.
        missing: Vec<Missing>,
    },
    /// A condition could not be evaluated: `Proceed` as if it held, `Skip`.
    Unclear {
        /// The condition.
        condition: String,
        /// Why not.
        why: String,
    },
    /// Undo what was changed, before the run ends: `Undo`, `Leave`.
    UndoOffer {
        /// In the order in which they would be undone.
        entries: Vec<UndoShown>,
    },
    /// A read with a result that was not expected: `Proceed`, `Again`.
    Unexpected {
        /// Why, a phrase.
        why: String,
        /// How the command ended.
        end: End,
        /// The values that show it.
        parts: Vec<Part>,
    },
    /// A value from the responder: `Value`, `NoneOfThese`.
    Value {
        /// What is asked.
        question: String,
        /// The name it gets.
        name: Name,
        /// Its type.
        ty: Type,
        /// What can be chosen, as written.
        choices: Option<Vec<String>>,
        /// Whether several can be chosen.
        many: bool,
    },
    /// A wait: `Skip` to go on at once. The session answers itself when the time is up.
    Wait {
        /// Until when.
        until: jiff::Timestamp,
    },
}

impl Asking {
    /// Whether a change or destruction is about to be agreed to.
    pub fn confirms(&self) -> bool {
        match self {
            Self::Confirm(_) => true,
            Self::Items(card) => card.effect != Effect::Read,
            _ => false,
        }
    }

    /// What must be typed to agree.
    pub fn must_type(&self) -> Option<&str> {
        match self {
            Self::Confirm(card) => card.must_type.as_deref(),
            Self::Items(card) => card.must_type.as_deref(),
            _ => None,
        }
    }

    /// Its name in records.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Approve(_) => "approve",
            Self::Assertion { .. } => "assertion",
            Self::Attest { .. } => "attest",
            Self::Confirm(_) => "confirm",
            Self::Decide { .. } => "decide",
            Self::Doubt { .. } => "doubt",
            Self::Failed { .. } => "failed",
            Self::HandOver { .. } => "hand_over",
            Self::Items(_) => "items",
            Self::Look { .. } => "look",
            Self::MissingValue { .. } => "missing_value",
            Self::NoItems => "no_items",
            Self::Outcome { .. } => "outcome",
            Self::Read { .. } => "read",
            Self::Refused { .. } => "refused",
            Self::Survey { .. } => "survey",
            Self::Seen => "seen",
            Self::SurveyFailed { .. } => "survey_failed",
            Self::Terminal { .. } => "terminal",
            Self::Unavailable { .. } => "unavailable",
            Self::Unclear { .. } => "unclear",
            Self::UndoOffer { .. } => "undo_offer",
            Self::Unexpected { .. } => "unexpected",
            Self::Value { .. } => "value",
            Self::Wait { .. } => "wait",
        }
    }
}

/// What is shown before many are agreed to at once.
#[derive(Clone, Debug, PartialEq)]
pub struct ItemsCard {
    /// The strongest effect.
    pub effect: Effect,
    /// What will be done, in order.
    pub items: Vec<ItemShown>,
    /// How many at once.
    pub at_once: usize,
    /// What must be typed, where that is asked for: the count.
    pub must_type: Option<String>,
    /// Rules.
    pub never: Vec<String>,
}

/// One of many.
#[derive(Clone, Debug, PartialEq)]
pub struct ItemShown {
    /// The item, or the title of the step.
    pub name: String,
    /// Its commands, with values in place as far as they are known.
    pub commands: Vec<String>,
}

/// What is shown before a command changes something.
#[derive(Clone, Debug, PartialEq)]
pub struct Card {
    /// What it does to the world.
    pub effect: Effect,
    /// What has been found since the last decision.
    pub findings: Vec<FindingRecord>,
    /// The exact command.
    pub shown: String,
    /// Its digest.
    pub digest: String,
    /// Where it runs.
    pub target: String,
    /// Where that is, if not this machine.
    pub place: Option<String>,
    /// What the target proved to be, a moment ago.
    pub identity: Option<String>,
    /// What good output looks like.
    pub sample: Option<String>,
    /// How it is undone, or why it cannot be.
    pub undo: UndoPlan,
    /// Rules of the runbook and the step.
    pub never: Vec<String>,
    /// The rules of settings files that decide how much is asked, with their places.
    pub policy: Vec<String>,
    /// What must be typed, if a `y` is not enough.
    pub must_type: Option<String>,
    /// It already succeeded in this run.
    pub done_before: bool,
    /// It is an undo of this step, or a command of the responder's own.
    pub of: CardKind,
}

/// Which command a card is for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum CardKind {
    /// The responder's own.
    AdHoc,
    /// The step's.
    Step,
    /// The undo of a step.
    Undo(StepId),
}

/// How a command is undone.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum UndoPlan {
    /// By this command.
    Command(String),
    /// Not at all, and why.
    Irreversible(String),
    /// There is nothing to undo, and why.
    Nothing(String),
    /// Nobody said.
    Unknown,
}

/// An option as shown.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OptionShown {
    /// Its id.
    pub id: Name,
    /// Its label.
    pub label: String,
    /// Whether the evidence speaks for it, and which: its own condition, or findings.
    pub suggested: Option<String>,
}

/// An undo as shown.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct UndoShown {
    /// Its number among all changes of the run.
    pub entry: usize,
    /// The step that would be undone.
    pub step: StepId,
    /// Its title.
    pub title: String,
    /// The command.
    pub shown: String,
    /// Whether it is not known if the step took effect.
    pub in_doubt: bool,
    /// The step behind it that cannot be undone: what that rests on may no longer go back.
    pub before: Option<StepId>,
}
