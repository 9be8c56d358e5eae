//! The last lines of a walk: how it ended, what is still changed, where to go from here.

use jiff::Timestamp;

use super::card::field;
use super::present::undo_entries;
use super::terminal::Terminal;
use super::text::{Meaning, Text};
use super::wording;
use crate::engine::{PauseReason, Run};
use crate::runbook::{Outcome, StepId};
use crate::value::spoken;

/// The end of a run.
pub(super) struct End<'a> {
    pub(super) outcome: Outcome,
    pub(super) failed: Option<&'a StepId>,
    pub(super) still_changed: &'a [StepId],
    /// Who ended it from outside.
    pub(super) ended_by: Option<&'a str>,
    /// How long the run took, in milliseconds, if all of it was seen.
    pub(super) took: Option<u64>,
}

/// Shows that the run is over.
pub(super) fn finished(terminal: &Terminal, end: &End<'_>, run: &Run) {
    terminal.blank();
    let words = wording::capital(wording::outcome(end.outcome)).replace('_', " ");
    let mut line = Text::of(wording::outcome_meaning(end.outcome), words);
    if let Some(took) = end.took {
        line = line.add(Meaning::Dim, terminal.dot()).add(Meaning::Plain, spoken(took));
    }
    terminal.line(&line);
    if let Some(by) = end.ended_by {
        field(terminal, "ended", Meaning::Warning, &format!("by {by}, before it came to its end"));
    }
    if let Some(failed) = end.failed {
        let title = wording::title(&run.plan().runbook, failed, &*run.facts());
        field(terminal, "failed", Meaning::Bad, &format!("{failed}: {title}"));
    }
    still_changed(terminal, end.still_changed, run);
    for alone in run.alone() {
        field(terminal, "alone", Meaning::Bad, &format!("{}: {}", alone.what, alone.reason));
    }
    let id = &run.plan().run;
    field(terminal, "run", Meaning::Plain, id);
    field(terminal, "report", Meaning::Command, &format!("surefoot report {id}"));
}

fn still_changed(terminal: &Terminal, steps: &[StepId], run: &Run) {
    if steps.is_empty() {
        return;
    }
    // A step that was done for several items has changed something for each.
    let open = run.open_undo();
    let entries: Vec<_> = open.into_iter().filter(|entry| steps.contains(&entry.step)).collect();
    let others: Vec<_> =
        steps.iter().filter(|step| entries.iter().all(|entry| entry.step != **step)).collect();
    let count = entries.len() + others.len();
    let text = wording::count(count, "change") + " was made and not undone";
    let text = if count == 1 { text } else { text.replace(" was ", " were ") };
    terminal.line(&Text::plain("    ").add(Meaning::Warning, text));
    undo_entries(terminal, &entries);
    for step in others {
        let title = wording::title(&run.plan().runbook, step, &*run.facts());
        terminal.line(&Text::plain(format!("        {step}: {title}")));
    }
}

/// Shows that the walk was left, and how to go on.
pub(super) fn paused(terminal: &Terminal, why: &PauseReason, at: Timestamp, run: &Run) {
    let (meaning, text) = match why {
        PauseReason::HungUp => (Meaning::Warning, "Paused: the terminal is gone.".to_owned()),
        PauseReason::Interrupted => (Meaning::Hint, "Paused by Ctrl-C.".to_owned()),
        PauseReason::PersonNeeded { question } => {
            let question = question.replace('_', " ");
            let text = format!("Paused: a person is needed for a question ({question}).");
            (Meaning::Warning, text)
        }
        PauseReason::Refused { question } => {
            let text = format!("Refused: nobody is there to agree ({question}).");
            (Meaning::Bad, text)
        }
        PauseReason::TakenOver { by } => {
            let at = at.strftime("%H:%M UTC");
            let text = format!("Taken over by {by} at {at}; this walk is now read-only.");
            (Meaning::Warning, text)
        }
        PauseReason::Wished => (Meaning::Hint, "Paused.".to_owned()),
    };
    terminal.blank();
    terminal.line(&Text::of(meaning, text));
    let open = run.open_undo().len();
    if open > 0 {
        let text = format!("{} open", wording::count(open, "undo step"));
        field(terminal, "changed", Meaning::Warning, &text);
    }
    let (label, verb) = match why {
        PauseReason::TakenOver { .. } => ("watch", "follow"),
        _ => ("go on", "resume"),
    };
    let command = format!("surefoot {verb} {}", run.plan().run);
    field(terminal, label, Meaning::Command, &command);
}
