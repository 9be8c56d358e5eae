//! Whoever stands beside somebody who learns: tells what a runbook and its steps are for, and puts what
//! came beside what was expected.

use std::collections::BTreeMap;

use super::compared::{self, Head};
use super::fading::Told;
use super::lesson::{Expected, Lesson};
use crate::console::card::field;
use crate::console::present::prose;
use crate::console::terminal::Terminal;
use crate::console::text::{Meaning, Text};
use crate::engine::{Answer, AttemptEnded, AttemptId, AttemptStarted, Event, Role, Run, Verdict};
use crate::journal::Record;
use crate::runbook::StepId;
use crate::session::{Notice, Observer};

/// What somebody is told who has not walked the runbook before.
const WELCOME: &str = "Before each command you are asked what you expect to see; afterwards it stands \
                       beside what came. There is no wrong answer.";

/// Explains on this terminal.
pub struct Tutor {
    terminal: Terminal,
    lesson: Lesson,
    /// Commands of which something is expected.
    watched: BTreeMap<AttemptId, Watched>,
}

struct Watched {
    step: StepId,
    expected: Expected,
    head: Head,
}

impl Tutor {
    /// Explains in a lesson.
    pub fn new(terminal: Terminal, lesson: Lesson) -> Self {
        Self { terminal, lesson, watched: BTreeMap::new() }
    }

    /// What the runbook is for.
    pub fn introduce(&self, run: &Run) {
        let runbook = &run.plan().runbook;
        let told = self.lesson.of_runbook();
        for (label, text) in [("what", &runbook.summary), ("impact", &runbook.impact)] {
            let Some(text) = text else { continue };
            match told {
                Told::Whole => self.labelled(label, text),
                Told::Briefly => field(&self.terminal, label, Meaning::Plain, &self.brief(text)),
                Told::OnRequest => {}
            }
        }
        if told == Told::Whole {
            self.terminal.indented(&Text::plain("    ").add(Meaning::Hint, WELCOME), 0);
        }
    }

    /// The walk comes to a step, or somebody to a walk that is there.
    pub fn comes_to(&self, step: &StepId, run: &Run) {
        self.lesson.entered(step);
        self.explain(step, run);
    }

    /// Why a step exists.
    fn explain(&self, step: &StepId, run: &Run) {
        let runbook = &run.plan().runbook;
        let why = runbook.find(step).and_then(|key| runbook.step(key).why.as_ref());
        let Some(why) = why else { return };
        match self.lesson.of_step(step) {
            Told::Whole => prose(&self.terminal, why),
            Told::Briefly => {
                field(&self.terminal, "why", Meaning::Dim, &self.brief(why));
            }
            Told::OnRequest => {}
        }
    }

    /// The first sentence of a text, with a mark where more follows.
    fn brief(&self, text: &str) -> String {
        let sentence = first_sentence(text);
        let more = if sentence == text.trim() { "" } else { self.terminal.glyph(" …", " ...") };
        format!("{sentence}{more}")
    }

    fn labelled(&self, label: &str, text: &str) {
        let mut label = label;
        for line in text.trim_end().lines() {
            field(&self.terminal, label, Meaning::Plain, line);
            label = "";
        }
    }

    fn started(&mut self, started: &AttemptStarted) {
        let own = started.step.as_ref().filter(|_| started.role == Role::Main);
        if let Some((step, expected)) = own.and_then(|step| Some((step, self.lesson.take(step)?))) {
            let watched = Watched { step: step.clone(), expected, head: Head::default() };
            self.watched.insert(started.attempt, watched);
        }
    }

    fn ended(&mut self, ended: &AttemptEnded, run: &Run) {
        let watched = self.watched.remove(&ended.attempt).or_else(|| self.elsewhere(ended, run));
        let Some(Watched { step, expected, head }) = watched else { return };
        if let Verdict::Pending { .. } = ended.verdict {
            return self.lesson.put_back(&step, expected);
        }
        compared::show(&self.terminal, &step, &expected, (&head, ended), run);
    }

    /// What came of a command that was run elsewhere, whose start nobody saw.
    fn elsewhere(&self, ended: &AttemptEnded, run: &Run) -> Option<Watched> {
        let key = run.current().filter(|_| ended.elsewhere)?;
        let step = run.plan().runbook.step(key).id.clone();
        let expected = self.lesson.take(&step)?;
        Some(Watched { step, expected, head: Head::default() })
    }
}

impl Observer for Tutor {
    fn recorded(&mut self, record: &Record, run: &Run) {
        match &record.event {
            Event::Answered { step: Some(step), answer: Answer::Predict { text }, .. } => {
                self.lesson.answered(step, Expected::Words(text.clone()));
            }
            Event::AttemptEnded(ended) => self.ended(ended, run),
            Event::AttemptStarted(started) => self.started(started),
            Event::RunStarted(_) => self.introduce(run),
            Event::StepEntered { step, .. } => self.comes_to(step, run),
            _ => {}
        }
    }

    fn noticed(&mut self, notice: &Notice<'_>, _: &Run) {
        if let Notice::Output { attempt, bytes, .. } = notice
            && let Some(watched) = self.watched.get_mut(attempt)
        {
            watched.head.push(bytes);
        }
    }
}

/// The first sentence of a text, as far as its line goes.
fn first_sentence(text: &str) -> &str {
    let line = text.trim().lines().next().unwrap_or_default();
    line.find(". ").map_or(line, |end| &line[..=end])
}

#[cfg(test)]
mod tests {
    use super::first_sentence;

    #[test]
    fn a_sentence_is_told_whole() {
        let long =
            "It may be full of bytes, or of files: a filesystem without inodes is full, too.";
        assert_eq!(first_sentence(&format!("{long} Look at both.\n")), long);
        assert_eq!(first_sentence("Version 1.2 is\nold. Take another."), "Version 1.2 is");
        assert_eq!(first_sentence(""), "");
    }
}
