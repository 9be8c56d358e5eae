//! What was expected and what came, side by side, with what the author expects. No judgement.

use super::lesson::Expected;
use crate::console::terminal::Terminal;
use crate::console::text::{Meaning, Text};
use crate::console::wording;
use crate::engine::{AttemptEnded, Run};
use crate::runbook::{Action, Run as Command, StepId};

/// So many lines of an output stand beside what was expected; the rest is above.
const MOST_LINES: usize = 5;

/// So much of an output is kept for that, in bytes.
const MOST_BYTES: usize = 4096;

/// The columns between tabs.
const TAB: usize = 8;

/// The columns of the labels.
const LABEL: usize = 14;

/// The beginning of what a command prints.
#[derive(Clone, Debug, Default)]
pub(super) struct Head(Vec<u8>);

impl Head {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        let room = MOST_BYTES.saturating_sub(self.0.len()).min(bytes.len());
        self.0.extend_from_slice(&bytes[..room]);
    }

    fn lines(&self) -> Vec<String> {
        let text = String::from_utf8_lossy(&self.0);
        text.trim_end().lines().map(without_tabs).collect()
    }
}

/// A line whose columns are made of blanks, so that they stand as they do above.
fn without_tabs(line: &str) -> String {
    let mut text = String::new();
    let mut column = 0;
    for character in line.chars() {
        if character == '\t' {
            let gap = TAB - column % TAB;
            text.push_str(&" ".repeat(gap));
            column += gap;
        } else {
            text.push(character);
            column += 1;
        }
    }
    text
}

/// Shows all three.
pub(super) fn show(
    terminal: &Terminal,
    step: &StepId,
    expected: &Expected,
    (head, ended): (&Head, &AttemptEnded),
    run: &Run,
) {
    let came = head.lines();
    if let Expected::Words(words) = expected {
        let shown = came.len().min(MOST_LINES);
        field(terminal, "you expected", Meaning::Value, words);
        let mut lines: Vec<String> = came[..shown].to_vec();
        if came.len() > shown {
            lines.push(format!("{} more above", terminal.glyph("…", "...")));
        }
        lines.push(wording::end(&ended.end));
        block(terminal, "what came", Meaning::Plain, &lines);
    }
    let Some(command) = command(step, run) else { return };
    let texts: Vec<&str> = command.expect.iter().map(crate::expression::Expression::text).collect();
    if !texts.is_empty() {
        field(terminal, "author expects", Meaning::Plain, &texts.join(" and "));
    }
    if let Some(sample) = &command.sample {
        let lines: Vec<String> = sample.trim_end().lines().map(without_tabs).collect();
        if lines != came {
            block(terminal, "good output", Meaning::Dim, &lines);
        }
    }
}

fn command<'a>(step: &StepId, run: &'a Run) -> Option<&'a Command> {
    let runbook = &run.plan().runbook;
    match &runbook.step(runbook.find(step)?).action {
        Action::Run(command) => Some(command),
        _ => None,
    }
}

fn block(terminal: &Terminal, label: &str, meaning: Meaning, lines: &[String]) {
    let mut label = label;
    for line in lines {
        field(terminal, label, meaning, line);
        label = "";
    }
}

fn field(terminal: &Terminal, label: &str, meaning: Meaning, text: &str) {
    let label = format!("    {label:LABEL$}  ");
    terminal.indented(&Text::of(Meaning::Dim, label).add(meaning, text), 2 + LABEL);
}
