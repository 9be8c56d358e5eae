//! The end of a command, in few lines: how it ended, what that means, what was taken from it.

use super::card;
use super::filter::shown_line;
use super::terminal::Terminal;
use super::text::{Meaning, Text};
use super::wording;
use crate::engine::{
    AttemptEnded, Containment, End, INTERRUPTED, KeptFile, Recorded, StepStatus, Survivor, Verdict,
};
use crate::expression::Part;
use crate::runbook::OnDisconnect;
use crate::value::spoken;

/// What takes fewer milliseconds takes no time that a person cares about.
const SHORT: u64 = 100;

/// Said of a stopped command where no control group can be made.
const MARKS: &str =
    "No control group here: what it started was found by its group, session and mark.";

/// What is said of an end beside its status.
#[derive(Clone, Copy, Default)]
pub(super) struct Words<'a> {
    /// What the command was for, where nothing above says so.
    pub(super) what: Option<&'a str>,
    /// What stands for the status of a good end.
    pub(super) good: Option<&'a str>,
}

/// Shows how a command ended; `stays` says what becomes of what it left running.
pub(super) fn show(
    terminal: &Terminal,
    ended: &AttemptEnded,
    words: Words<'_>,
    stays: OnDisconnect,
) {
    result_line(terminal, ended, words);
    match &ended.verdict {
        Verdict::Failed { why, parts } | Verdict::Unexpected { why, parts } => {
            reason(terminal, &ended.end, why, parts);
        }
        Verdict::InDoubt | Verdict::Passed | Verdict::Pending { .. } => {}
    }
    let told = parts(&ended.verdict);
    for (name, value) in &ended.captured {
        if told.iter().any(|part| part.text == name.as_str()) {
            continue;
        }
        let value = match value {
            Recorded::Open(value) => value.written(),
            Recorded::Secret(_) => "(secret)".to_owned(),
        };
        let room = terminal.page().saturating_sub(name.as_str().len() + 7);
        let fitting = wording::cut(&shown_line(&value), room);
        let line =
            Text::plain(format!("    {name} = ")).join(Text::filtered(Meaning::Value, fitting));
        terminal.unbroken(&line);
    }
    card::findings(terminal, &ended.findings);
    for file in &ended.evidence {
        evidence(terminal, file);
    }
    left_running(terminal, ended, stays);
    if ended.containment == Some(Containment::Marks) && !terminal.has_mentioned(MARKS) {
        terminal.mention(MARKS);
        terminal.indented(&Text::plain("    ").add(Meaning::Dim, MARKS), 2);
    }
    let cut = ended.output.bytes.saturating_sub(ended.output.kept);
    if cut > 0 && ended.output.path.is_some() {
        let text = format!("{} of output, {cut} bytes of it not kept", ended.output.bytes);
        terminal.indented(&Text::plain("    ").add(Meaning::Dim, text), 2);
    }
}

/// A file that was asked for as evidence.
fn evidence(terminal: &Terminal, file: &KeptFile) {
    let (meaning, text) = match &file.path {
        Some(path) => {
            (Meaning::Dim, format!("kept {}, {} bytes, as {path}", file.from, file.bytes))
        }
        None => (Meaning::Warning, format!("not kept: {}", file.from)),
    };
    let mut line = Text::plain("    ").add(meaning, text);
    if let Some(note) = &file.note {
        line = line.add(Meaning::Warning, format!(" ({note})"));
    }
    terminal.indented(&line, 2);
}

/// The process that watched a command died.
pub(super) fn orphaned(terminal: &Terminal, processes: &[Survivor], stays: OnDisconnect) {
    let show = |meaning, text: &str| {
        terminal.indented(&Text::plain("    ").add(meaning, text), 2);
    };
    show(Meaning::Bad, "The process that ran this command died: nobody sees any more how it ends.");
    for left in processes {
        show(Meaning::Warning, &format!("still running: {} {}", left.pid, left.command));
    }
    match stays {
        OnDisconnect::Stop => show(Meaning::Plain, "It is being ended."),
        OnDisconnect::Finish => show(Meaning::Plain, "It may go on; Ctrl-C ends it."),
    }
}

/// What a command left running: each by itself where it stays, as one thing where the run's end
/// takes it.
fn left_running(terminal: &Terminal, ended: &AttemptEnded, stays: OnDisconnect) {
    let show = |meaning, text: &str| {
        terminal.indented(&Text::plain("    ").add(meaning, text), 2);
    };
    match (stays, ended.left_running.as_slice()) {
        (OnDisconnect::Stop, [first, more @ ..]) => {
            let more = match more.len() {
                0 => String::new(),
                count => format!(" and {count} more"),
            };
            let text = format!("ends with this walk: {} {}{more}", first.pid, first.command);
            show(Meaning::Dim, &text);
        }
        (_, all) => {
            for left in all {
                show(Meaning::Warning, &format!("left running: {} {}", left.pid, left.command));
            }
        }
    }
}

/// The values that the verdict shows.
fn parts(verdict: &Verdict) -> &[Part] {
    match verdict {
        Verdict::Failed { parts, .. }
        | Verdict::Pending { parts, .. }
        | Verdict::Unexpected { parts, .. } => parts,
        Verdict::InDoubt | Verdict::Passed => &[],
    }
}

fn result_line(terminal: &Terminal, ended: &AttemptEnded, words: Words<'_>) {
    let (mark, meaning) = match &ended.verdict {
        Verdict::Failed { .. } => (terminal.glyph("✗", "x"), Meaning::Bad),
        Verdict::InDoubt => ("?", Meaning::Bad),
        Verdict::Passed => (terminal.glyph("✓", "ok"), Meaning::Good),
        Verdict::Pending { .. } => (terminal.glyph("·", "-"), Meaning::Dim),
        Verdict::Unexpected { .. } => ("!", Meaning::Warning),
    };
    let passed = matches!(ended.verdict, Verdict::Passed);
    let words = match words {
        Words { good: Some(good), .. } if passed => good.to_owned(),
        Words { what: Some(what), .. } => format!("{what}: {}", wording::end(&ended.end)),
        Words { what: None, .. } => wording::end(&ended.end),
    };
    let mut line = Text::plain("    ").add(meaning, mark).add(meaning, format!(" {words}"));
    let mut add = |text: &str| {
        let with = std::mem::take(&mut line);
        line = with.add(Meaning::Dim, terminal.dot()).add(Meaning::Dim, text);
    };
    if ended.elsewhere {
        add("run elsewhere, as you told");
    } else if ended.took >= SHORT {
        add(&spoken(ended.took));
    }
    match &ended.verdict {
        Verdict::InDoubt => add("in doubt: it is not known what it did"),
        Verdict::Pending { parts, .. } if parts.is_empty() => add("not yet"),
        Verdict::Pending { parts, .. } => add(&format!("not yet, {}", wording::parts(parts))),
        Verdict::Failed { .. } | Verdict::Passed | Verdict::Unexpected { .. } => {}
    }
    if ended.recovered {
        add("found after a crash");
    }
    terminal.indented(&line, 2);
}

/// Why it is so, and the values that show it; what the result itself says is not said again.
fn reason(terminal: &Terminal, end: &End, why: &str, parts: &[Part]) {
    let said = wording::end(end);
    terminal.mention(why);
    let is_said = match end {
        End::CouldNotStart { why: cause } => why.ends_with(cause.as_str()),
        End::Interrupted { .. } => why == INTERRUPTED,
        _ => why == said,
    };
    if !is_said {
        terminal.indented(&Text::plain("      ").add(Meaning::Plain, why), 2);
    }
    values(terminal, &said, parts);
}

/// The values that show why, without those that are said already.
pub(super) fn values(terminal: &Terminal, said: &str, parts: &[Part]) {
    let parts: Vec<Part> = parts
        .iter()
        .filter(|part| format!("{} {}", part.text, part.value) != said)
        .cloned()
        .collect();
    if !parts.is_empty() {
        let line = Text::plain("      ").add(Meaning::Value, wording::parts(&parts));
        terminal.indented(&line, 2);
    }
}

/// Shows how a step ended, where its last line does not say so.
pub(super) fn closed(terminal: &Terminal, status: StepStatus) {
    let (meaning, text) = match status {
        StepStatus::Done | StepStatus::Failed | StepStatus::Skipped | StepStatus::Unexpected => {
            return;
        }
        StepStatus::FailedHandled => (Meaning::Warning, "Failed, handled: the run goes on."),
        StepStatus::MarkedDone => (Meaning::Warning, "Marked done; its end was not seen."),
    };
    terminal.line(&Text::plain("    ").add(meaning, text));
}
