//! Summaries of runs, and documents made of them: pure folds of journals.
//!
//! [`Summary`] is made of records alone; timeline, Markdown, JSON and history are made of it. There
//! is no input or output here, and what others wrote is inert wherever it comes out.

mod summary;

mod fold;
mod gaps;

mod agreed;

mod phrases;
mod practice;
mod predictions;

mod inert;

mod timeline;

mod alternatives;

mod review;

mod review_text;

mod markdown;

mod json;

mod history;

pub use alternatives::add_alternatives;
pub use history::{
    OfRunbook, Past, Row, Told, WentWell, Worked, history_json, last_ok, last_worked, usual_times,
};
pub use inert::line as inert_line;
pub use json::{FORMAT, json};
pub use markdown::markdown;
pub use phrases::{numbered, outcome_name, state};
pub use practice::{Named, Practice, Way, practice};
pub use predictions::Prediction;
pub use review::{Done, Doubted, Fault, Reached, Review, add_review};
pub use summary::{
    Approval, ApprovalAnswer, Attempt, Change, Decision, Deviation, Edited, EffectCounts, Ended,
    Finding, Given, Milestones, Note, Obligation, Outside, SkipReason, Skipped, State, Step,
    Summary, UndoState,
};
pub use timeline::{Entry, log_text, timeline};

#[cfg(test)]
mod tests;
