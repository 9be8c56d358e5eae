//! Somebody who follows a walk from another terminal: sees the live view, and the questions as they
//! are asked. Nothing can be answered here, and nothing is written but the screen.

use std::rc::Rc;

use jiff::Timestamp;

use super::backstage::Backstage;
use super::learning::for_learning;
use super::present::present;
use super::running::millis;
use super::terminal::Terminal;
use super::text::{Meaning, Text};
use super::view::{Known, View};
use crate::engine::{Asking, AttemptId, Event, Question, Run};
use crate::journal::Record;
use crate::session::{Clock, Notice, Observer as _, Stream};
use crate::value::spoken;

/// Shows a walk that somebody else walks.
pub struct Onlooker {
    terminal: Terminal,
    clock: Rc<dyn Clock>,
    view: View,
    backstage: Box<dyn Backstage>,
    /// The question that was shown last.
    shown: Option<Question>,
    /// What the walk waits for since a moment, while nothing is recorded.
    awaited: Awaited,
    samples: Samples,
}

/// Whether it is shown beforehand what good output looks like.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Samples {
    Shown,
    /// Whoever learns says first what they expect.
    Withheld,
}

/// What a walk waits for.
enum Awaited {
    /// That was not looked at since something was recorded.
    Unknown,
    /// An answer, asked for since then.
    Answer { since: f64 },
    /// A moment.
    Moment(Timestamp),
    /// The end of a command, whose view says so itself.
    Command,
}

impl Onlooker {
    /// Shows on this terminal; what a question needs beside itself is looked up backstage.
    pub fn new(
        terminal: Terminal,
        clock: Rc<dyn Clock>,
        known: Known,
        backstage: Box<dyn Backstage>,
    ) -> Self {
        let view = View::new(terminal.clone(), Rc::clone(&clock), known);
        let (shown, awaited, samples) = (None, Awaited::Unknown, Samples::Shown);
        Self { terminal, clock, view, backstage, shown, awaited, samples }
    }

    /// For somebody who learns: not before it has run what a command should print.
    #[must_use]
    pub fn withholding_samples(self) -> Self {
        Self { samples: Samples::Withheld, ..self }
    }

    /// Shows what a run is that began before: who walks it, and what was done. It began at this moment
    /// of its own clock, if that clock is still the same.
    pub fn meets(&mut self, by: &str, began: Option<f64>, run: &Run) {
        self.view.met(by, began, run);
    }

    /// Shows where that run is, with the starts of the commands that run.
    pub fn joins(&mut self, running: &[Record], run: &Run) {
        self.view.joined(running, run);
    }

    /// A fact was recorded and taken into account.
    pub fn recorded(&mut self, record: &Record, run: &Run) {
        self.terminal.spinner().clear();
        self.view.recorded(record, run);
        if let Event::Resumed(_) = &record.event {
            self.shown = None;
        }
        self.awaited = Awaited::Unknown;
    }

    /// A command printed something.
    pub fn printed(&mut self, attempt: AttemptId, stream: Stream, bytes: &[u8], run: &Run) {
        self.view.noticed(&Notice::Output { attempt, stream, bytes }, run);
    }

    /// Nothing new was recorded: shows what is waited for.
    pub fn waits(&mut self, by: &str, run: &Run) {
        if run.rest().is_some() {
            return;
        }
        if let Awaited::Unknown = self.awaited {
            self.awaited = self.look(by, run);
        }
        let words = match self.awaited {
            Awaited::Unknown => return,
            Awaited::Command => return self.view.noticed(&Notice::Tick, run),
            Awaited::Answer { since } => {
                let seconds = millis(self.clock.monotonic() - since) / 1000 * 1000;
                format!("{by} is asked, {}", spoken(seconds))
            }
            Awaited::Moment(until) => {
                let left = until.duration_since(self.clock.now()).as_millis();
                let left = u64::try_from(left).unwrap_or(0);
                format!("waiting, {} left", spoken(left.div_ceil(1000) * 1000))
            }
        };
        self.terminal.spinner().draw(&words);
    }

    /// Says something of its own.
    pub fn says(&self, text: &str) {
        self.terminal.indented(&Text::of(Meaning::Hint, text), 0);
    }

    /// What the walk waits for; a question is shown, unless it still is.
    fn look(&mut self, by: &str, run: &Run) -> Awaited {
        let demands = run.demands();
        let until = demands.waits.iter().map(|wait| wait.until).min();
        let Some(question) = demands.question else {
            return match until {
                Some(until) if run.running().next().is_none() => Awaited::Moment(until),
                _ => Awaited::Command,
            };
        };
        let question = match self.samples {
            Samples::Shown => question,
            Samples::Withheld => for_learning(&question),
        };
        if self.shown.as_ref() != Some(&question) {
            present(&self.terminal, &mut *self.backstage, &question, run);
            if !self.terminal.spinner().turns() {
                let asked = question.ask.name().replace('_', " ");
                let text = format!("    {by} is asked: {asked}");
                self.terminal.indented(&Text::of(Meaning::Dim, text), 4);
            }
        }
        let awaited = match (&question.ask, until) {
            (Asking::Wait { .. }, Some(until)) => Awaited::Moment(until),
            _ => Awaited::Answer { since: self.clock.monotonic() },
        };
        self.shown = Some(question);
        awaited
    }
}
