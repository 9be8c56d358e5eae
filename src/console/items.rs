//! What is shown of many: the list that is agreed to at once, and where each begins.

use super::card;
use super::terminal::Terminal;
use super::text::{Meaning, Text};
use super::wording;
use crate::engine::{ItemRecord, ItemsCard, Recorded};

/// So many items are more than a screen shows with their commands.
const LONG: usize = 8;

/// Every item with its commands, and their count.
pub(super) fn show(terminal: &Terminal, card: &ItemsCard) {
    let count = card.items.len();
    let how = match card.at_once {
        1 => "one after the other".to_owned(),
        _ if card.at_once >= count => "at once".to_owned(),
        some => format!("{some} at once"),
    };
    let all = format!("{count} in all, {how}");
    let left = Text::plain("    ").add(Meaning::Effect(card.effect), all);
    terminal.line_with_right(&left, &wording::effect_text(card.effect));
    for (place, item) in card.items.iter().enumerate() {
        let number = Text::of(Meaning::Dim, format!("    {:>2}  ", place + 1));
        terminal.indented(&number.add(Meaning::Value, &item.name), 4);
        for command in &item.commands {
            terminal.command_lines("        ", command);
        }
    }
    if count > LONG {
        // The count above is out of sight by now.
        terminal.line(&left);
    }
    for rule in &card.never {
        card::field(terminal, "never", Meaning::Never, rule);
    }
}

/// The items of a step, in one line as far as it reaches.
pub(super) fn listed(terminal: &Terminal, items: &[Recorded]) {
    let names: Vec<String> = items.iter().map(name).collect();
    let text = format!("{}: {}", wording::count(items.len(), "item"), names.join(", "));
    terminal.indented(&Text::plain("    ").add(Meaning::Dim, text), 4);
}

/// An item begins.
pub(super) fn begins(terminal: &Terminal, branch: &ItemRecord) {
    let Some(item) = &branch.item else { return };
    terminal.blank();
    let place = format!("  {} of {}", branch.index + 1, branch.of);
    let text = Text::plain("    ").add(Meaning::Value, name(item)).add(Meaning::Dim, place);
    terminal.line(&text);
}

/// How an item is called.
pub(super) fn name(item: &Recorded) -> String {
    match item {
        Recorded::Open(value) => value.written(),
        Recorded::Secret(_) => "(secret)".to_owned(),
    }
}
