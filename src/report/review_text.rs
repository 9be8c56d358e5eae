//! The review of a game day as sections of the document.

use super::inert::markdown as safe;
use super::markdown::{moment, table};
use super::phrases;
use super::review::{Fault, Reached, Review};
use crate::value::spoken;

/// The sections, each with its heading.
pub(super) fn sections(review: &Review) -> [(&'static str, Vec<String>); 3] {
    [("Faults", faults(review)), ("Roles", roles(review)), ("Questions", questions(review))]
}

fn faults(review: &Review) -> Vec<String> {
    let columns =
        ["Fault", "Made", "Detected", "Right runbook", "Diagnosed", "Recovered", "Taken away"];
    let rows = review.faults.iter().map(|fault| {
        let Fault { title, made, .. } = fault;
        let undone = fault.undone.map_or_else(|| "**no**".to_owned(), spoken);
        let cells = [
            safe(title),
            moment(*made),
            reached(fault.detected.as_ref()),
            reached(fault.runbook.as_ref()),
            reached(fault.diagnosed.as_ref()),
            reached(fault.recovered.as_ref()),
            undone,
        ];
        format!("| {} |", cells.join(" | "))
    });
    let mut lines = table(&columns, rows.collect());
    if !lines.is_empty() {
        lines.extend([String::new(), "Times are since the fault was made.".to_owned()]);
    }
    lines
}

fn reached(reached: Option<&Reached>) -> String {
    match reached {
        Some(Reached { after, by }) => format!("{}: {}", spoken(*after), safe(by)),
        None => "not seen".to_owned(),
    }
}

fn roles(review: &Review) -> Vec<String> {
    let rows = review.roles.iter().map(|done| {
        let status = done.status.map_or("not finished", phrases::status);
        let (role, title, by) = (safe(&done.role), safe(&done.title), safe(&done.by));
        format!("| {role} | {title} | {by} | {} | {status} |", moment(done.at))
    });
    table(&["Role", "What", "Answered by", "At", "Result"], rows.collect())
}

fn questions(review: &Review) -> Vec<String> {
    let lines = review.questions.iter().map(|doubted| {
        let at =
            doubted.step.as_ref().map_or_else(String::new, |it| format!(" at {}", safe(&it.0)));
        let reason = doubted.reason.as_deref().map_or_else(|| "no reason given".to_owned(), safe);
        format!("- {} was not sure{at}, {}: {reason}", safe(&doubted.by), moment(doubted.at))
    });
    lines.collect()
}
