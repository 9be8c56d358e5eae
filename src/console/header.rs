//! The first lines of a walk: what it is, where, with which values, and what must never be done.

use std::collections::BTreeMap;

use super::card::{field, findings};
use super::lookup::trail_line;
use super::terminal::Terminal;
use super::text::{Meaning, Text};
use super::view::Known;
use super::wording;
use crate::engine::{
    Asking, AttemptId, End, Found, InputRecord, Missing, Recorded, Resumed, Run, RunStarted,
};
use crate::plan::{Mode, Origin, place_words};
use crate::runbook::{RunbookKind, StepKey};
use crate::template::Template;
use crate::value::spoken;

/// How many of the last steps a resumed run shows.
const LAST: usize = 3;

/// Shows that a run began.
pub(super) fn started(terminal: &Terminal, started: &RunStarted, known: &Known, run: &Run) {
    let origin = &started.runbook;
    let digest = wording::short_digest(&origin.digest);
    let left = Text::of(Meaning::Heading, &origin.title);
    let right = name(origin.service.as_deref(), &origin.id);
    terminal.line_with_right(&left, &Text::of(Meaning::Dim, format!("{right} @ {digest}")));
    counts(terminal, known, run);
    place(terminal, started, run);
    for rule in &run.plan().runbook.never {
        rule_line(terminal, rule);
    }
}

fn name(service: Option<&str>, id: &str) -> String {
    service.map_or_else(|| id.to_owned(), |service| format!("{service}/{id}"))
}

fn counts(terminal: &Terminal, known: &Known, run: &Run) {
    let mut facts = vec![Text::plain(wording::effects(run.plan().runbook.effects()))];
    if let Some(usual) = known.usual {
        facts.push(Text::plain(format!("usually {}", spoken(usual))));
    }
    if let Some(last) = &known.last_walked {
        facts.push(Text::plain(last));
    }
    if known.changed {
        facts.push(Text::of(Meaning::Warning, "changed since you last ran it (d)"));
    }
    terminal.indented(&joined_facts(terminal, facts), 0);
}

fn place(terminal: &Terminal, started: &RunStarted, run: &Run) {
    let mut facts = Vec::new();
    if let Some(environment) = &started.environment {
        facts.push(Text::of(Meaning::Heading, environment.as_str()));
    }
    facts.extend(game_day(run));
    if started.mode != Mode::Incident {
        facts.push(Text::of(Meaning::Warning, started.mode.name()));
    }
    facts.extend(started.inputs.iter().map(input));
    for (name, target) in &run.plan().runbook.targets {
        let known = run.facts();
        let text = |template: &Template| template.preview(&*known, &|it| format!("‹{it}›"));
        let place = place_words(&target.place, &text);
        let place = place.map_or_else(String::new, |place| format!(", {place}"));
        facts.push(Text::plain(format!("target {name}{place}")));
    }
    if !facts.is_empty() {
        terminal.indented(&joined_facts(terminal, facts), 0);
    }
}

/// Nobody shall take its faults for real ones.
fn game_day(run: &Run) -> Option<Text> {
    let exercise = run.plan().runbook.kind == RunbookKind::GameDay;
    exercise.then(|| Text::of(Meaning::Warning, "game day"))
}

fn input(input: &InputRecord) -> Text {
    let value = match &input.value {
        Recorded::Open(value) => value.written(),
        Recorded::Secret(_) => "(secret)".to_owned(),
    };
    let origin = match input.origin {
        Origin::Alert => " (from the alert)",
        Origin::Asked | Origin::Set => "",
        Origin::Default => " (default)",
        Origin::Environment => " (from the environment)",
        Origin::Source => " (from its source)",
    };
    Text::plain(format!("{} ", input.name)).add(Meaning::Value, value).add(Meaning::Dim, origin)
}

fn joined_facts(terminal: &Terminal, facts: Vec<Text>) -> Text {
    let mut line = Text::plain("  ");
    for (index, fact) in facts.into_iter().enumerate() {
        if index > 0 {
            line = line.add(Meaning::Dim, terminal.dot());
        }
        line = line.join(fact);
    }
    line
}

fn rule_line(terminal: &Terminal, rule: &str) {
    let line = Text::of(Meaning::Never, "  never  ").add(Meaning::Plain, rule);
    terminal.indented(&line, 7);
}

/// Says what stopping now would leave to be undone, and how long that takes, where all of it is
/// known.
pub(super) fn stop_now(terminal: &Terminal, run: &Run, known: &Known) {
    let open = run.open_undo();
    let mut text = format!("If you stop now: {}", wording::count(open.len(), "undo step"));
    let times: Option<Vec<u64>> =
        open.iter().map(|entry| known.usual_undo.get(&entry.step).copied()).collect();
    if let Some(times) = times {
        // Whole seconds: nobody decides by less.
        let seconds = times.iter().sum::<u64>().div_ceil(1000).max(1);
        text.push_str(", about ");
        text.push_str(&spoken(seconds * 1000));
    }
    terminal.line(&Text::plain("    ").add(Meaning::Warning, text));
}

/// Shows that a run goes on: the last steps, what is in doubt, what can still be undone.
pub(super) fn resumed(terminal: &Terminal, resumed: &Resumed, known: &Known, run: &Run) {
    let who = match &resumed.from {
        Some(from) => format!("taken over by {} from {from}", resumed.responder.name),
        None => format!("resumed by {}", resumed.responder.name),
    };
    standing(terminal, &who, run);
    doubts(terminal, &resumed.found, run);
    if !run.open_undo().is_empty() {
        stop_now(terminal, run, known);
    }
    for why in resumed.voided.values() {
        field(terminal, "agreed", Meaning::Warning, &format!("void: {why}, who goes on"));
    }
    if resumed.set_aside > 0 {
        let text = format!("{} bytes of a torn last record were set aside", resumed.set_aside);
        field(terminal, "journal", Meaning::Warning, &text);
    }
}

/// Shows where a run is that somebody else walks.
pub(super) fn joined(terminal: &Terminal, by: &str, known: &Known, run: &Run) {
    standing(terminal, &format!("walked by {by}"), run);
    doubts(terminal, &BTreeMap::new(), run);
    if !run.open_undo().is_empty() {
        stop_now(terminal, run, known);
    }
}

/// What a run is, its last steps, and what is known so far.
fn standing(terminal: &Terminal, who: &str, run: &Run) {
    let plan = run.plan();
    let title = plan.runbook.title.preview(&*run.facts(), &|reference| format!("‹{reference}›"));
    let right = name(plan.runbook.service.as_deref(), &plan.runbook.id);
    let left = Text::of(Meaning::Heading, title);
    terminal.line_with_right(&left, &Text::of(Meaning::Dim, right));
    let mut facts = vec![Text::plain(who)];
    if let Some(environment) = &plan.environment {
        facts.push(Text::of(Meaning::Heading, environment.name.as_str()));
    }
    facts.extend(game_day(run));
    facts.push(Text::plain(format!("run {}", plan.run)));
    terminal.indented(&joined_facts(terminal, facts), 0);
    for rule in &plan.runbook.never {
        rule_line(terminal, rule);
    }
    let here = run.current().filter(|key| run.status(*key).is_none());
    let over = |key: &&StepKey| Some(**key) != here;
    let trail: Vec<&StepKey> = run.trail().iter().filter(over).collect();
    for key in trail.iter().skip(trail.len().saturating_sub(LAST)) {
        trail_line(terminal, run, **key);
    }
    believed(terminal, run);
}

/// What is known so far: the values that were taken, what was found since the last decision.
fn believed(terminal: &Terminal, run: &Run) {
    let values: Vec<String> = run
        .values()
        .iter()
        .map(|(name, value)| match value {
            Recorded::Open(value) => format!("{name} = {}", value.written()),
            Recorded::Secret(_) => format!("{name} = (secret)"),
        })
        .collect();
    if !values.is_empty() {
        field(terminal, "known", Meaning::Value, &values.join(", "));
    }
    findings(terminal, run.findings());
}

/// What became of commands whose end nobody recorded, and what is still in doubt from before.
fn doubts(terminal: &Terminal, found: &BTreeMap<AttemptId, Found>, run: &Run) {
    let mut found = found.clone();
    if let Some(Asking::Doubt { attempt, found: it, .. }) =
        run.demands().question.map(|question| question.ask)
    {
        found.insert(attempt, it);
    }
    let titled = |key: StepKey| {
        let runbook = &run.plan().runbook;
        wording::title(runbook, &runbook.step(key).id, &*run.facts())
    };
    for (attempt, found) in &found {
        let beside = run.background(*attempt);
        let title = beside.or(run.current()).map_or_else(|| "a command".to_owned(), titled);
        let (label, meaning, what) = match (beside, found) {
            (Some(_), Found::Running { .. }) => {
                ("beside", Meaning::Plain, "runs on in the background".to_owned())
            }
            (Some(_), Found::Finished { end: End::Interrupted { .. }, .. }) => {
                let what = "stopped when the walk was left, and is started again";
                ("beside", Meaning::Plain, what.to_owned())
            }
            (Some(_), Found::Finished { .. }) => {
                let what = format!("{}; it is started again", wording::found(found));
                ("beside", Meaning::Warning, what)
            }
            (None, Found::Finished { .. }) => ("then", Meaning::Warning, wording::found(found)),
            (_, Found::Orphaned { .. } | Found::Running { .. } | Found::Unknown) => {
                ("doubt", Meaning::Warning, wording::found(found))
            }
        };
        field(terminal, label, meaning, &format!("#{attempt} {title}: {what}"));
    }
}

/// Shows what is missing on this machine.
pub(super) fn surveyed(terminal: &Terminal, missing: &[Missing]) {
    for thing in missing {
        let mut line = Text::of(Meaning::Warning, "  missing  ").add(Meaning::Plain, &thing.what);
        if !thing.detail.is_empty() {
            line = line.add(Meaning::Plain, format!(": {}", thing.detail));
        }
        if !thing.steps.is_empty() {
            let steps: Vec<&str> = thing.steps.iter().map(|step| step.0.as_str()).collect();
            line = line.add(Meaning::Dim, format!(" (blocks {})", steps.join(", ")));
        }
        terminal.indented(&line, 9);
    }
}
