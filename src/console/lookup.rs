//! What a person may look up at any question without answering it: keys, why, help, hand-over, steps.

use super::card::field;
use super::keys::Key;
use super::present::prose;
use super::terminal::Terminal;
use super::text::{Meaning, Text};
use super::wording;
use crate::engine::{Question, Run};
use crate::runbook::{Link, PartId, StepKey};

/// All keys of a question.
pub(super) fn all_keys(terminal: &Terminal, keys: &[Key]) {
    for key in keys {
        let name = if key.name.is_empty() { "Enter" } else { key.name };
        let line = Text::plain("    ")
            .add(Meaning::Hint, format!("{name:<6}"))
            .add(Meaning::Plain, &key.label);
        terminal.indented(&line, 6);
    }
    let line = "    Ctrl-D pauses the walk, Ctrl-C leaves it; nothing is lost.";
    terminal.line(&Text::of(Meaning::Dim, line));
}

/// Why the step exists, and where to read more.
pub(super) fn why(terminal: &Terminal, question: &Question, run: &Run) {
    let runbook = &run.plan().runbook;
    let step = question.step.as_ref().and_then(|step| runbook.find(step));
    let Some(step) = step.map(|key| runbook.step(key)) else {
        return say(terminal, "This question belongs to no step.");
    };
    match &step.why {
        Some(why) => prose(terminal, why),
        None => say(terminal, "The runbook does not say why this step exists."),
    }
    links(terminal, step.links.iter().chain(&runbook.links), run);
}

/// Pages, each on a line of its own, to be copied whole.
pub(super) fn links<'a>(terminal: &Terminal, links: impl Iterator<Item = &'a Link>, run: &Run) {
    for link in links {
        let facts = run.facts();
        let unknown = |reference: &_| format!("‹{reference}›");
        let title = link.title.preview(&*facts, &unknown);
        let url = link.url.render_url(&*facts);
        let url = url.unwrap_or_else(|_| link.url.preview(&*facts, &unknown));
        let line = Text::plain(format!("    {title}: ")).add(Meaning::Value, url);
        terminal.unbroken(&line);
    }
}

/// Whom to ask for help, and how.
pub(super) fn escalation(terminal: &Terminal, question: &Question, run: &Run) {
    let runbook = &run.plan().runbook;
    let owner = runbook.owner.as_ref();
    if runbook.escalation.is_empty() && owner.is_none() {
        return say(terminal, "The runbook names nobody to ask.");
    }
    for role in &runbook.escalation {
        let after = role.after.as_ref();
        let after = after.map_or_else(String::new, |after| format!(" (after {})", after.written));
        field(terminal, "ask", Meaning::Heading, &format!("{}{after}", role.role));
        field(terminal, "how", Meaning::Plain, &role.how);
    }
    if let Some(owner) = owner {
        let channel = owner.channel.as_deref().map_or(String::new(), |c| format!(", {c}"));
        field(terminal, "owner", Meaning::Plain, &format!("{}{channel}", owner.team));
    }
    let at = question.step.as_ref().map_or_else(String::new, |step| format!(" at {step}"));
    let tell = format!("run {}{at}; h shows the whole story", run.plan().run);
    field(terminal, "tell", Meaning::Plain, &tell);
}

/// What the next person needs: what was done and seen, what is still changed, how to go on.
pub(super) fn hand_over(terminal: &Terminal, run: &Run, more: Option<&str>) {
    prose(terminal, &run.hand_over_text());
    if let Some(more) = more {
        prose(terminal, more);
    }
}

/// A step that was entered and what became of it.
pub(super) fn trail_line(terminal: &Terminal, run: &Run, key: StepKey) {
    let runbook = &run.plan().runbook;
    let step = runbook.step(key);
    let status = run.status(key).map_or("not finished", wording::status);
    let title = wording::title(runbook, &step.id, &*run.facts());
    field(terminal, &step.number, Meaning::Plain, &format!("{title}: {status}"));
}

/// What changed in the runbook.
pub(super) fn difference(terminal: &Terminal, difference: Option<String>) {
    let Some(difference) = difference else {
        return say(terminal, "Nothing is known to have changed since it was last run here.");
    };
    for line in difference.lines() {
        let meaning = match line.trim_start().as_bytes().first() {
            Some(b'+') => Meaning::Good,
            Some(b'-') => Meaning::Bad,
            _ => Meaning::Plain,
        };
        terminal.unbroken(&Text::plain("    ").add_lines(meaning, line));
    }
}

/// All steps with their ids and what became of them.
pub(super) fn steps(terminal: &Terminal, run: &Run) {
    let runbook = &run.plan().runbook;
    let mut part = &PartId::Main;
    for (index, step) in runbook.steps.iter().enumerate() {
        let key = StepKey(index);
        if step.part != *part {
            part = &step.part;
            terminal.line(&Text::of(Meaning::Heading, format!("  {}", part_name(part, run))));
        }
        let here = if run.current() == Some(key) { ">" } else { " " };
        let status = run.status(key).map_or("", wording::status);
        let title = wording::title(runbook, &step.id, &*run.facts());
        let left =
            Text::of(Meaning::Hint, format!("  {here} {:<5} {:<16} ", step.number, step.id.0))
                .add(Meaning::Plain, title);
        terminal.line_with_right(&left, &Text::of(Meaning::Dim, status));
    }
}

fn part_name(part: &PartId, run: &Run) -> String {
    let runbook = &run.plan().runbook;
    let name = match part.own() {
        PartId::Main | PartId::Of(..) => "Main line".to_owned(),
        PartId::Procedure(name) => {
            wording::procedure(runbook.book(part.book()), name, &*run.facts())
        }
        PartId::Finally => "Finally".to_owned(),
    };
    match runbook.used_by(part.book()) {
        Some(book) => format!("{}: {name}", book.runbook.id),
        None => name,
    }
}

fn say(terminal: &Terminal, text: &str) {
    terminal.indented(&Text::plain("    ").add(Meaning::Hint, text), 0);
}
