//! What a drill came to, for the person who walked it.

use super::card::field;
use super::terminal::Terminal;
use super::text::{Meaning, Text};
use crate::rehearsal::Debrief;
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

/// Shows the facts of a drill.
pub fn debrief(terminal: &Terminal, debrief: &Debrief, took: Took, runbook: &Runbook) {
    terminal.blank();
    terminal.line_with_right(&Text::of(Meaning::Heading, "Debrief"), &Text::new());
    let line = |name: &str, text: &str| field(terminal, name, Meaning::Plain, text);
    line("time", &time(took));
    line("outcome", &outcome(debrief));
    if debrief.path.is_empty() {
        line("path", "the scenario expects none; ask yourself what you would do next time");
        return;
    }
    let titles = |ids: &[StepId]| {
        let titles = ids.iter().map(|id| title(runbook, id));
        titles.collect::<Vec<_>>().join("; ")
    };
    for (name, ids) in [
        ("detours", &debrief.detours),
        ("unneeded ", &debrief.unneeded),
        ("not looked at: ", &debrief.unlooked),
    ] {
        let text = if ids.is_empty() { "none".to_owned() } else { titles(ids) };
        line(name, &text);
    }
    if !debrief.otherwise.is_empty() {
        line("ran otherwise: ", &titles(&debrief.otherwise));
    }
    if !debrief.unfound.is_empty() {
        line("not found: ", &debrief.unfound.join("; "));
    }
    if debrief.path.iter().all(crate::rehearsal::Step::is_same) {
        line("path", "as expected");
        return;
    }
    line("path", "expected | walked");
    for step in &debrief.path {
        let name = |id: Option<&StepId>| id.map_or("-", |id| id.0.as_str()).to_owned();
        let expected = name(step.expected.as_ref().map(|placed| &placed.value));
        let walked = name(step.walked.as_ref());
        let meaning = if step.is_same() { Meaning::Dim } else { Meaning::Warning };
        let text = format!("      {expected:<28} | {walked}");
        terminal.indented(&Text::of(meaning, text), 6);
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
        |key| format!("{} ({})", runbook.step(key).title.source(), id.0),
    )
}
