//! What somebody who learns expected of commands, beside what came. Neither is judged here.

use jiff::Timestamp;
use serde::Serialize;

use super::inert::markdown as safe;
use super::markdown::table;
use super::phrases;
use super::summary::Summary;
use crate::engine::{Answer, AttemptId, Event, LaneId, Role};
use crate::journal::Record;
use crate::runbook::StepId;

/// What a responder expected of a command.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Prediction {
    /// When they said so.
    pub at: Timestamp,
    /// Who.
    pub by: String,
    /// The step.
    pub step: StepId,
    /// In their words.
    pub text: String,
    /// The step's command, once it ran.
    pub attempt: Option<AttemptId>,
}

/// The predictions of a run, in order. Each is of the next command of its step.
pub(super) fn of(records: &[Record]) -> Vec<Prediction> {
    let mut found: Vec<(Prediction, LaneId)> = Vec::new();
    for record in records {
        match &record.event {
            Event::Answered {
                step: Some(step), answer: Answer::Predict { text }, lane, ..
            } => {
                let (at, by, text) = (record.at, record.by.clone(), text.clone());
                let prediction = Prediction { at, by, step: step.clone(), text, attempt: None };
                found.push((prediction, *lane));
            }
            Event::AttemptStarted(started) if started.role == Role::Main => {
                // One consent to many commands is given on the line that they are opened from.
                let next = found.iter_mut().rev().find(|(prediction, lane)| {
                    Some(&prediction.step) == started.step.as_ref()
                        && (*lane == started.lane || lane.is_main())
                });
                if let Some((prediction, _)) = next {
                    prediction.attempt.get_or_insert(started.attempt);
                }
            }
            _ => {}
        }
    }
    found.into_iter().map(|(prediction, _)| prediction).collect()
}

/// Them as a table of the document.
pub(super) fn lines(summary: &Summary) -> Vec<String> {
    let rows = summary.predictions.iter().map(|prediction| {
        let ended = prediction.attempt.and_then(|id| summary.attempt(id)?.ended.as_ref());
        let came = ended.map_or_else(
            || "it did not run".to_owned(),
            |ended| phrases::result(&ended.verdict, &ended.end),
        );
        let step = safe(summary.title(&prediction.step));
        format!("| {step} | {} | {} |", safe(&prediction.text), safe(&came))
    });
    table(&["Step", "Expected", "Came"], rows.collect())
}
