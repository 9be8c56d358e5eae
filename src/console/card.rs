//! The card before a change: evidence, exact command, where and as what, what it should look like,
//! how it is undone, what must never be done, when it last worked. In this order, always.

use super::terminal::Terminal;
use super::text::{Meaning, Text};
use super::wording;
use crate::engine::{Card, CardKind, FindingRecord, UndoPlan};
use crate::runbook::Effect;

const LABEL: usize = 8;

/// Shows the card; `undone` is the title of what an undo is of.
pub(super) fn show(terminal: &Terminal, card: &Card, undone: &str, last_worked: Option<&str>) {
    terminal.blank();
    heading(terminal, card, undone);
    findings(terminal, &card.findings);
    terminal.command(&card.shown);
    field(terminal, "where", Meaning::Plain, &place(card, terminal));
    if let Some(sample) = &card.sample {
        sample_lines(terminal, sample);
    }
    if !matches!(card.of, CardKind::Undo(_)) {
        undo(terminal, &card.undo);
    }
    for rule in &card.never {
        field(terminal, "never", Meaning::Never, rule);
    }
    for rule in &card.policy {
        field(terminal, "policy", Meaning::Warning, rule);
    }
    if let Some(last) = last_worked {
        field(terminal, "last", Meaning::Plain, last);
    }
    if card.done_before {
        let again = "this already succeeded in this run; confirming runs it again";
        field(terminal, "again", Meaning::Warning, again);
    }
}

fn heading(terminal: &Terminal, card: &Card, undone: &str) {
    let what = match &card.of {
        CardKind::AdHoc => "Your own command".to_owned(),
        CardKind::Step => match card.effect {
            Effect::Read => "This reads".to_owned(),
            Effect::Change => "This changes something".to_owned(),
            Effect::Destroy => "This destroys something".to_owned(),
        },
        CardKind::Undo(_) => format!("This undoes: {undone}"),
    };
    let left = Text::plain("    ").add(Meaning::Effect(card.effect), what);
    let digest = Text::of(Meaning::Dim, wording::short_digest(&card.digest));
    let right = match card.of {
        // Its step's own line names the effect.
        CardKind::Step => digest,
        CardKind::AdHoc | CardKind::Undo(_) => {
            wording::effect_text(card.effect).add(Meaning::Plain, " ").join(digest)
        }
    };
    terminal.line_with_right(&left, &right);
}

/// What has been found, worst first as it came.
pub(super) fn findings(terminal: &Terminal, findings: &[FindingRecord]) {
    for finding in findings {
        let (name, meaning) = wording::severity(finding.severity);
        let mut text = Text::plain("    ")
            .add(meaning, name)
            .add(Meaning::Plain, "  ")
            .add(Meaning::Plain, &finding.say);
        if let Some(suggest) = &finding.suggest {
            let arrow = terminal.glyph(" → ", " -> ");
            text = text.add(Meaning::Dim, arrow).add(Meaning::Hint, suggest.as_str());
        }
        terminal.indented(&text, LABEL);
    }
}

fn place(card: &Card, terminal: &Terminal) -> String {
    where_it_runs(&card.target, card.place.as_deref(), card.identity.as_deref(), terminal)
}

/// Where a command runs, where that is, and what the place proved to be.
pub(super) fn where_it_runs(
    target: &str,
    place: Option<&str>,
    identity: Option<&str>,
    terminal: &Terminal,
) -> String {
    let name = if target == "here" { "this machine" } else { target };
    let proven = identity.map(|it| format!("{it} {}", terminal.glyph("✓", "(checked)")));
    let parts = [Some(name.to_owned()), place.map(str::to_owned), proven];
    parts.into_iter().flatten().collect::<Vec<_>>().join(terminal.dot())
}

fn undo(terminal: &Terminal, undo: &UndoPlan) {
    match undo {
        UndoPlan::Command(command) => {
            field(terminal, "undo", Meaning::Plain, "by this command");
            terminal.command_lines("            ", command);
        }
        UndoPlan::Irreversible(why) => {
            let text = format!("cannot be undone: {why}");
            field(terminal, "undo", Meaning::Bad, &text);
        }
        UndoPlan::Nothing(why) => {
            field(terminal, "undo", Meaning::Plain, &format!("nothing to undo: {why}"));
        }
        UndoPlan::Unknown => {
            field(terminal, "undo", Meaning::Warning, "the runbook does not say how");
        }
    }
}

/// What good output looks like.
pub(super) fn sample_lines(terminal: &Terminal, sample: &str) {
    let mut label = "expect";
    for line in sample.trim_end().lines() {
        field(terminal, label, Meaning::Dim, line);
        label = "";
    }
}

/// A label and what it says, aligned with the others.
pub(super) fn field(terminal: &Terminal, label: &str, meaning: Meaning, text: &str) {
    let gap = if label.chars().count() < LABEL { "" } else { " " };
    let label = format!("    {label:LABEL$}{gap}");
    let line = Text::of(Meaning::Dim, label).add(meaning, text);
    terminal.indented(&line, LABEL);
}

#[cfg(test)]
pub(in crate::console) fn example(must_type: Option<String>) -> Card {
    Card {
        effect: Effect::Change,
        findings: Vec::new(),
        shown: "kubectl --context prod-eu rollout undo deploy/checkout".to_owned(),
        digest: "4f2a91c0".to_owned(),
        target: "cluster".to_owned(),
        place: None,
        identity: Some("prod-eu".to_owned()),
        sample: None,
        undo: UndoPlan::Unknown,
        never: Vec::new(),
        policy: Vec::new(),
        must_type,
        done_before: false,
        of: CardKind::Step,
    }
}
