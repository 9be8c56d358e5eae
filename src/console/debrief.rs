//! What a drill came to, for the person who walked it.

use super::card::field;
use super::terminal::Terminal;
use super::text::{Meaning, Text};
use crate::rehearsal::{Debrief, Row};
use crate::runbook::{Outcome, Runbook, StepId};
use crate::value::spoken;

/// How long the walk took, and how long it usually takes, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub struct Took {
    /// This time.
    pub now: u64,
    /// Usually, on this machine.
    pub usual: Option<u64>,
}

/// The facts of a drill, as they are shown.
pub fn debriefing(debrief: &Debrief, took: Took, runbook: &Runbook) -> Vec<Row> {
    let fact = |name: &str, text: &str| Row::Fact { name: name.to_owned(), text: text.to_owned() };
    let mut rows = vec![fact("time", &time(took)), fact("outcome", &outcome(debrief))];
    rows.extend(debrief.ended_by.as_ref().map(|by| fact("ended", &format!("by {by}"))));
    if debrief.hints > 0 {
        rows.push(fact("hints", &format!("{} asked for", debrief.hints)));
    }
    rows.extend(debrief.told.iter().map(|told| fact("told", told)));
    if debrief.path.is_empty() {
        let text = "the scenario expects none; ask yourself what you would do next time";
        rows.push(fact("path", text));
        return rows;
    }
    let titles = |ids: &[StepId]| {
        let titles = ids.iter().map(|id| title(runbook, id));
        titles.collect::<Vec<_>>().join("; ")
    };
    for (name, ids) in [
        ("detours", &debrief.detours),
        ("unneeded", &debrief.unneeded),
        ("not looked", &debrief.unlooked),
    ] {
        let text = if ids.is_empty() { "none".to_owned() } else { titles(ids) };
        rows.push(fact(name, &text));
    }
    if !debrief.otherwise.is_empty() {
        rows.push(fact("ran otherwise", &titles(&debrief.otherwise)));
    }
    if !debrief.unfound.is_empty() {
        rows.push(fact("not found", &debrief.unfound.join("; ")));
    }
    if debrief.path.iter().all(crate::rehearsal::Step::is_same) {
        rows.push(fact("path", "as expected"));
        return rows;
    }
    rows.push(fact("path", "expected | walked"));
    rows.extend(debrief.path.iter().map(|step| Row::Step {
        expected: step.expected.as_ref().map(|placed| placed.value.0.clone()),
        walked: step.walked.as_ref().map(|step| step.0.clone()),
    }));
    rows
}

/// Shows the facts of a drill.
pub fn debrief(terminal: &Terminal, rows: &[Row]) {
    terminal.blank();
    terminal.line_with_right(&Text::of(Meaning::Heading, "Debrief"), &Text::new());
    for row in rows {
        match row {
            Row::Fact { name, text } => field(terminal, name, Meaning::Plain, text),
            Row::Step { expected, walked } => {
                let same = expected.is_some() && walked.is_some();
                let meaning = if same { Meaning::Dim } else { Meaning::Warning };
                let [expected, walked] =
                    [expected, walked].map(|step| step.as_deref().unwrap_or("-"));
                let text = format!("      {expected:<28} | {walked}");
                terminal.indented(&Text::of(meaning, text), 6);
            }
        }
    }
}

fn time(took: Took) -> String {
    let now = spoken(took.now.max(1000) / 1000 * 1000);
    match took.usual {
        Some(usual) => format!("{now}; a walk usually takes {}", spoken(usual)),
        None => now,
    }
}

fn outcome(debrief: &Debrief) -> String {
    let name = |outcome: Option<Outcome>| outcome.map_or("none: it was left", Outcome::name);
    match debrief.expected {
        Some(expected) if debrief.outcome == Some(expected) => {
            format!("{}, as expected", expected.name())
        }
        Some(expected) => format!("{}; expected {}", name(debrief.outcome), expected.name()),
        None => name(debrief.outcome).to_owned(),
    }
}

fn title(runbook: &Runbook, id: &StepId) -> String {
    runbook.find(id).map_or_else(
        || id.0.clone(),
        |key| format!("{} ({})", runbook.step(key).title.unfilled(), id.0),
    )
}
