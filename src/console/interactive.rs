//! How a command runs, as the live view sees it, and what stands on the screen before one gets the
//! terminal: how to get out of it, and the lines that can be typed into it.

use super::terminal::Terminal;
use super::text::{Meaning, Text};
use crate::engine::{AttemptStarted, Role, Run};
use crate::runbook::{Action, Run as Step};

/// How a command runs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Way {
    /// Beside other steps.
    Background,
    /// In front of everything.
    Foreground,
    /// With the terminal, on which nobody else writes meanwhile.
    Interactive,
}

impl Way {
    /// That of a command which starts.
    pub(super) fn of(started: &AttemptStarted, run: &Run) -> Self {
        match own_step(started, run) {
            Some(step) if step.interactive.is_some() => Self::Interactive,
            Some(step) if step.background.is_some() => Self::Background,
            _ => Self::Foreground,
        }
    }
}

/// The step whose own command this is.
fn own_step<'a>(started: &AttemptStarted, run: &'a Run) -> Option<&'a Step> {
    let step = started.step.as_ref().filter(|_| started.role == Role::Main)?;
    let runbook = &run.plan().runbook;
    match &runbook.step(runbook.find(step)?).action {
        Action::Run(step) => Some(step),
        _ => None,
    }
}

/// Shows what there is to know before a command gets the terminal. Secrets are shown by their names.
pub(super) fn introduce(terminal: &Terminal, started: &AttemptStarted, run: &Run) {
    let Some(interactive) = own_step(started, run).and_then(|step| step.interactive.as_ref())
    else {
        return;
    };
    let facts = run.facts();
    let lines = &interactive.type_in;
    for (index, line) in lines.iter().enumerate() {
        let line = line.preview(&*facts, &|reference| format!("‹{reference}›"));
        let number = Text::of(Meaning::Dim, format!("    {:>2}  ", index + 1));
        terminal.indented(&number.add(Meaning::Command, line), 4);
    }
    let mut text =
        Text::plain("    ").add(Meaning::Hint, "Ctrl-] .").add(Meaning::Dim, " stops it");
    if !lines.is_empty() {
        let next = " types the next of these lines; Enter is yours";
        text = text.add(Meaning::Dim, terminal.dot());
        text = text.add(Meaning::Hint, "Ctrl-] t").add(Meaning::Dim, next);
    }
    text = text.add(Meaning::Dim, terminal.dot());
    text = text.add(Meaning::Dim, "all other keys are the program's, Ctrl-C too");
    terminal.indented(&text, 2);
}
