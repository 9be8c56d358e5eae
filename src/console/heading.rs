//! The lines under which stands what follows them: those of parts and of steps.

use super::card::field;
use super::terminal::Terminal;
use super::text::{Meaning, Text};
use super::wording;
use crate::engine::Run;
use crate::runbook::{Action, BookId, PartId, StepKey};

/// The line under which a step is walked: its number, its title, its effect, and what must never be
/// done in it.
pub(super) fn step(terminal: &Terminal, key: StepKey, title: &str, run: &Run, before: u32) {
    let step = run.plan().runbook.step(key);
    let mut left =
        Text::of(Meaning::Dim, format!("{:>2}  ", step.number)).add(Meaning::Heading, title);
    if before > 0 {
        left = left.add(Meaning::Dim, format!(" ({} time)", ordinal(before + 1)));
    }
    let right = match &step.action {
        Action::Run(run) => wording::effect_text(run.effect),
        _ => Text::new(),
    };
    terminal.line_with_right(&left, &right);
    for rule in &step.never {
        field(terminal, "never", Meaning::Never, rule);
    }
}

/// The heading of a part.
pub(super) fn part(part: &PartId, run: &Run) -> String {
    let runbook = run.plan().runbook.book(part.book());
    match part.own() {
        PartId::Main | PartId::Of(..) if part.book() != BookId::MAIN => {
            runbook.title.preview(&*run.facts(), &|reference| format!("‹{reference}›"))
        }
        PartId::Main | PartId::Of(..) => "Back on the main line".to_owned(),
        PartId::Finally => "Finally".to_owned(),
        PartId::Procedure(name) => wording::procedure(runbook, name, &*run.facts()),
    }
}

fn ordinal(number: u32) -> String {
    let ending = match (number % 10, number % 100) {
        (1, tens) if tens != 11 => "st",
        (2, tens) if tens != 12 => "nd",
        (3, tens) if tens != 13 => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}
