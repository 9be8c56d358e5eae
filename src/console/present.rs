//! What a question says before its keys: one function for each kind that needs more than a line.

use super::backstage::{Backstage, Exercise};
use super::choice::can_be_numbered;
use super::gutter::{Colours, Gutter};
use super::items;
use super::terminal::Terminal;
use super::text::{Meaning, Text};
use super::{card, lookup, wording};
use crate::engine::{
    Asking, AttemptId, Beside, CardKind, Found, Lapsed, Missing, OptionShown, Question, Run,
    UndoShown, Waiting,
};
use crate::expression::Part;
use crate::runbook::{Action, Ask};
use crate::session::Stream;

/// How much of the output is shown for an attempt in doubt.
const TAIL: usize = 20;

/// Shows what is asked.
pub(super) fn present(
    terminal: &Terminal,
    backstage: &mut dyn Backstage,
    question: &Question,
    run: &Run,
) {
    match (run.beside(question.lane), &question.step) {
        (Some(Beside::Item(item)), _) => beside(terminal, &items::name(item)),
        (Some(Beside::Step), Some(step)) => beside(terminal, &step.0),
        _ => {}
    }
    match &question.ask {
        Asking::Confirm(shown) => {
            let last = question.step.as_ref();
            let own = shown.of == CardKind::Step;
            let last = last.filter(|_| own).and_then(|step| backstage.last_worked(step));
            let of = match &shown.of {
                CardKind::Undo(step) => wording::title(&run.plan().runbook, step, &*run.facts()),
                CardKind::AdHoc | CardKind::Step => String::new(),
            };
            card::show(terminal, shown, &of, last.as_deref());
        }
        Asking::Doubt { .. } => doubt(terminal, backstage, &question.ask),
        Asking::MissingValue { name, ty, from, .. } => {
            let text = format!("{name} has no value yet; it is {}", ty.described());
            warn(terminal, &text);
            for (index, step) in from.iter().enumerate() {
                let title = wording::title(&run.plan().runbook, step, &*run.facts());
                numbered(terminal, index + 1, &format!("go to {step}: {title}"));
            }
        }
        Asking::Decide { question: asked, options, findings } => {
            card::findings(terminal, findings);
            heading(terminal, asked);
            decision(terminal, options, &|option| evidence(option, question, run));
        }
        Asking::Attest { text, checklist } => {
            let runbook = &run.plan().runbook;
            let step = question.step.as_ref().and_then(|step| runbook.find(step));
            if let Some(role) = step.and_then(|step| runbook.step(step).role.as_ref()) {
                card::field(terminal, "by", Meaning::Heading, role);
            }
            attest(terminal, text, checklist);
            let links = step.into_iter().flat_map(|step| &runbook.step(step).links);
            lookup::links(terminal, links, run);
        }
        Asking::Approve(waiting) => approve(terminal, backstage, waiting),
        ask => plain(terminal, ask),
    }
}

/// Which of several the question is about.
fn beside(terminal: &Terminal, name: &str) {
    terminal.line(&Text::plain("    ").add(Meaning::Value, name));
}

/// Questions that need nothing but themselves.
fn plain(terminal: &Terminal, ask: &Asking) {
    match ask {
        Asking::Assertion { target, expected, why } => assertion(terminal, target, expected, why),
        Asking::Failed { why, parts, .. } => result(terminal, Meaning::Bad, why, parts),
        Asking::HandOver { role, how, text } => hand_over(terminal, role, how, text),
        Asking::Items(card) => items::show(terminal, card),
        Asking::NoItems => {
            warn(terminal, "The list is empty: there is nothing to do. It never means all.");
        }
        Asking::Look { urls } => pages(terminal, urls),
        Asking::Outcome { failed } => {
            outcome(terminal, failed.as_ref().map(|step| step.0.as_str()));
        }
        Asking::Read { .. } => read(terminal, ask),
        Asking::Refused { why } => warn(terminal, &format!("Not run: {why}")),
        Asking::Seen => heading(terminal, "Did it do what it should?"),
        Asking::Survey { commands } => survey(terminal, commands),
        Asking::Terminal { shown } => {
            warn(terminal, "This command needs a person at a terminal.");
            terminal.command(shown);
        }
        Asking::SurveyFailed { missing } | Asking::Unavailable { missing } => {
            missing_things(terminal, missing);
        }
        Asking::Unclear { condition, why } => {
            warn(terminal, "Whether this step is needed is not clear.");
            card::field(terminal, "when", Meaning::Plain, condition);
            card::field(terminal, "why", Meaning::Plain, why);
        }
        Asking::UndoOffer { entries } => undo_offer(terminal, entries),
        Asking::Unexpected { why, parts, .. } => result(terminal, Meaning::Warning, why, parts),
        Asking::Value { question, choices, .. } => {
            value(terminal, question, choices.as_deref().unwrap_or_default());
        }
        Asking::Approve(_)
        | Asking::Attest { .. }
        | Asking::Confirm(_)
        | Asking::Decide { .. }
        | Asking::Doubt { .. }
        | Asking::MissingValue { .. }
        | Asking::Wait { .. } => {}
    }
}

fn read(terminal: &Terminal, ask: &Asking) {
    let Asking::Read { shown, target, place, identity, sample } = ask else {
        return;
    };
    if !terminal.has_mentioned(shown) {
        terminal.command(shown);
    }
    if target != "here" || place.is_some() {
        let place = card::where_it_runs(target, place.as_deref(), identity.as_deref(), terminal);
        card::field(terminal, "where", Meaning::Plain, &place);
    }
    if let Some(sample) = sample {
        card::sample_lines(terminal, sample);
    }
}

fn approve(terminal: &Terminal, backstage: &mut dyn Backstage, waiting: &Waiting) {
    let request = &waiting.request;
    warn(terminal, &format!("{} must agree before the run goes on.", request.role));
    card::field(terminal, "why", Meaning::Plain, &request.why);
    super::request::asked(terminal, request);
    if waiting.lapsed == Lapsed::Yes {
        warn(terminal, "Nobody agreed in time. r asks anew.");
        return;
    }
    let rehearsed = match backstage.exercise() {
        Exercise::None => None,
        Exercise::Alone => Some("In a drill nobody signs: yes is enough."),
        Exercise::Led => {
            Some("In a drill nobody signs: whoever leads it agrees, or yes is enough.")
        }
    };
    if let Some(text) = rehearsed {
        return terminal.indented(&Text::plain("    ").add(Meaning::Hint, text), 4);
    }
    let Some(handed) = backstage.handed_out(waiting) else { return };
    let text = "Hand this to somebody else, who runs it where their key is:";
    terminal.indented(&Text::plain("    ").add(Meaning::Heading, text), 4);
    terminal.unbroken(&Text::of(Meaning::Command, format!("surefoot approve {}", handed.line)));
    card::field(terminal, "file", Meaning::Plain, &handed.request);
    card::field(
        terminal,
        "answer",
        Meaning::Plain,
        &format!("paste it here, or put it into {}", handed.answer),
    );
}

fn pages(terminal: &Terminal, urls: &[String]) {
    for url in urls {
        terminal.unbroken(&Text::plain("    ").add(Meaning::Value, url));
    }
}

fn survey(terminal: &Terminal, commands: &[String]) {
    let text = "Before the first step, these commands check what the runbook requires.";
    heading(terminal, text);
    for command in commands {
        terminal.command_lines("    ", command);
    }
}

fn value(terminal: &Terminal, question: &str, choices: &[String]) {
    heading(terminal, question);
    for (index, choice) in choices.iter().enumerate() {
        if can_be_numbered(choices) {
            numbered(terminal, index + 1, choice);
        } else {
            terminal.line(&Text::plain("      ").add(Meaning::Plain, choice));
        }
    }
}

/// What is asked, unless the step's own line just said it.
fn heading(terminal: &Terminal, text: &str) {
    if terminal.has_mentioned(text) {
        return;
    }
    terminal.indented(&Text::plain("    ").add(Meaning::Heading, text), 0);
}

fn warn(terminal: &Terminal, text: &str) {
    terminal.indented(&Text::plain("    ").add(Meaning::Warning, text), 2);
}

/// A number and what it stands for.
pub(super) fn numbered(terminal: &Terminal, number: usize, text: &str) {
    let line = Text::plain(format!("    {number:>2}  ")).add(Meaning::Plain, text);
    terminal.indented(&line, 4);
}

/// Text of an author: its lines, indented.
pub(super) fn prose(terminal: &Terminal, text: &str) {
    for line in text.trim_end().lines() {
        terminal.indented(&Text::plain("    ").add(Meaning::Plain, line), 2);
    }
}

fn assertion(terminal: &Terminal, target: &str, expected: &str, why: &str) {
    let text = format!("{target} is not what it should be. Nothing runs there.");
    terminal.indented(&Text::plain("    ").add(Meaning::Bad, text), 2);
    card::field(terminal, "should", Meaning::Plain, &format!("be {expected}"));
    card::field(terminal, "is", Meaning::Plain, why);
}

fn attest(terminal: &Terminal, text: &str, checklist: &[String]) {
    prose(terminal, text);
    for item in checklist {
        terminal.indented(&Text::plain("    [ ] ").add(Meaning::Plain, item), 4);
    }
}

/// The values on which the rule of an option's suggestion rests.
fn evidence(option: &OptionShown, question: &Question, run: &Run) -> Option<String> {
    let runbook = &run.plan().runbook;
    let step = runbook.step(runbook.find(question.step.as_ref()?)?);
    let Action::Ask(Ask::Decision { options, .. }) = &step.action else {
        return None;
    };
    let rule = options.iter().find(|choice| choice.id == option.id)?.suggest.as_ref()?;
    // A suggestion may also come from a finding, which speaks for itself.
    let parts = rule.explain(&*run.facts());
    (option.suggested.as_deref() == Some(rule.text()) && !parts.is_empty())
        .then(|| wording::parts(&parts))
}

fn decision(
    terminal: &Terminal,
    options: &[OptionShown],
    evidence: &dyn Fn(&OptionShown) -> Option<String>,
) {
    for (index, option) in options.iter().enumerate() {
        let mut line =
            Text::plain(format!("    {:>2}  ", index + 1)).add(Meaning::Plain, &option.label);
        if let Some(reason) = &option.suggested {
            let arrow = terminal.glyph("  ← ", "  <- ");
            let because = evidence(option).unwrap_or_else(|| reason.clone());
            line = line.add(Meaning::Hint, format!("{arrow}suggested: {because}"));
        }
        terminal.indented(&line, 4);
    }
}

fn doubt(terminal: &Terminal, backstage: &mut dyn Backstage, ask: &Asking) {
    let Asking::Doubt { attempt, shown, effect, found, rechecked } = ask else {
        return;
    };
    if rechecked.is_some() {
        terminal.blank();
    }
    let what = match found {
        Found::Orphaned { .. } | Found::Running { .. } => "This command runs and nobody watches it",
        Found::Finished { .. } | Found::Unknown => "In doubt: nobody saw how this command ended",
    };
    let left = Text::plain("    ").add(Meaning::Bad, what);
    terminal.line_with_right(&left, &wording::effect_text(*effect));
    if !terminal.has_mentioned(shown) {
        terminal.command(shown);
    }
    if let Some(started) = backstage.started(*attempt) {
        card::field(terminal, "started", Meaning::Plain, &started);
    }
    card::field(terminal, "known", Meaning::Plain, &wording::found(found));
    match rechecked {
        None => {}
        Some(true) => card::field(terminal, "looked", Meaning::Good, "it took effect"),
        Some(false) => card::field(terminal, "looked", Meaning::Warning, "it did not take effect"),
    }
    tail(terminal, backstage, *attempt);
}

fn tail(terminal: &Terminal, backstage: &mut dyn Backstage, attempt: AttemptId) {
    match backstage.tail(attempt, TAIL) {
        None => {}
        Some(bytes) if bytes.is_empty() => {
            card::field(terminal, "output", Meaning::Plain, "none so far");
        }
        Some(bytes) => {
            card::field(terminal, "output", Meaning::Plain, "the last lines");
            let mut gutter = Gutter::new(terminal.clone(), Colours::Spelled);
            gutter.push(Stream::Stdout, &bytes);
            gutter.finish();
        }
    }
}

fn result(terminal: &Terminal, meaning: Meaning, why: &str, parts: &[Part]) {
    // The live view said it with the result; after a resume nobody has.
    if terminal.has_mentioned(why) {
        return;
    }
    let what = match meaning {
        Meaning::Bad => "Failed",
        _ => "Not as expected",
    };
    let line = Text::plain("    ").add(meaning, what).add(Meaning::Plain, format!(": {why}"));
    terminal.indented(&line, 2);
    super::result::values(terminal, why, parts);
}

fn hand_over(terminal: &Terminal, role: &str, how: &str, text: &str) {
    heading(terminal, &format!("Get {role}"));
    card::field(terminal, "how", Meaning::Plain, how);
    card::field(terminal, "tell", Meaning::Plain, "them this");
    prose(terminal, text);
}

fn missing_things(terminal: &Terminal, missing: &[Missing]) {
    warn(terminal, "Something that the runbook needs is not here.");
    for thing in missing {
        let steps: Vec<&str> = thing.steps.iter().map(|step| step.0.as_str()).collect();
        let mut text = thing.what.clone();
        if !thing.detail.is_empty() {
            text = format!("{text}: {}", thing.detail);
        }
        if !steps.is_empty() {
            text = format!("{text}; blocks {}", steps.join(", "));
        }
        card::field(terminal, "missing", Meaning::Plain, &text);
    }
}

fn outcome(terminal: &Terminal, failed: Option<&str>) {
    heading(terminal, "How did it end?");
    if let Some(step) = failed {
        card::field(terminal, "failed", Meaning::Bad, step);
    }
    for (index, (_, name, meaning)) in wording::OUTCOMES.iter().enumerate() {
        numbered(terminal, index + 1, &format!("{name:<12} {meaning}"));
    }
}

fn undo_offer(terminal: &Terminal, entries: &[UndoShown]) {
    let what = wording::count(entries.len(), "change");
    heading(
        terminal,
        &format!("{what} can be undone, the latest first. Each asks before it runs."),
    );
    undo_entries(terminal, entries);
}

/// Undos, numbered.
pub(super) fn undo_entries(terminal: &Terminal, entries: &[UndoShown]) {
    for (index, entry) in entries.iter().enumerate() {
        let doubt = if entry.in_doubt { " (not known if it took effect)" } else { "" };
        numbered(terminal, index + 1, &format!("{}: {}{doubt}", entry.step, entry.title));
        if let Some(step) = &entry.before {
            let text =
                format!("before the point of no return ({step}): look whether it still fits");
            terminal.indented(&Text::plain("        ").add(Meaning::Warning, text), 8);
        }
        terminal.command_lines("        ", &entry.shown);
    }
}
