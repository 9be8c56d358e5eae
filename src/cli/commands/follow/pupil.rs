//! Somebody who follows a run in order to learn: told why steps exist, and asked what they expect while
//! the output of a command is held back. The run knows nothing of it.

use std::rc::Rc;

use super::accompanied::Accompanied;
use crate::cli::Context;
use crate::cli::failure::Failure;
use crate::cli::walk::{Asked, ask};
use crate::console::{Echo, Lesson, PREDICT, Tutor};
use crate::effects::SystemClock;
use crate::engine::{Answer, AttemptId, Event, Role, Run, RunStarted};
use crate::journal::{Record, RunFolder};
use crate::runbook::StepId;
use crate::session::{Notice, Observer as _, Stream};

/// Somebody who learns beside a walk.
pub(super) struct Pupil<'a> {
    context: &'a Context,
    lesson: Lesson,
    tutor: Tutor,
    record: Accompanied,
}

impl<'a> Pupil<'a> {
    /// Beside the run that began so.
    pub(super) fn beside(
        started: &RunStarted,
        lesson: Lesson,
        terminal: crate::console::Terminal,
        context: &'a Context,
    ) -> Self {
        let tutor = Tutor::new(terminal, lesson.clone());
        let record = Accompanied::of(started, context, Rc::new(SystemClock::start()));
        Self { context, lesson, tutor, record }
    }

    /// What a run is for that is under way.
    pub(super) fn introduce(&self, run: &Run) {
        self.tutor.introduce(run);
    }

    /// They come to a run that is under way, at the step where it is.
    pub(super) fn joins(&mut self, run: &Run) {
        let here = run.current().filter(|key| run.status(*key).is_none());
        if let Some(key) = here {
            let step = run.plan().runbook.step(key).id.clone();
            self.tutor.comes_to(&step, run);
            self.record.comes_to(&step, run);
        }
    }

    /// A fact of the run, which is shown.
    pub(super) fn recorded(&mut self, record: &Record, run: &Run) -> Result<(), Failure> {
        self.record.saw(&record.event);
        match &record.event {
            // That is what whoever walks expects.
            Event::Answered { answer: Answer::Predict { .. }, .. } => return Ok(()),
            Event::AttemptStarted(started) if started.role == Role::Main => {
                if let Some(step) = started.step.as_ref().filter(|step| self.lesson.wants(step)) {
                    self.ask(step)?;
                }
            }
            _ => {}
        }
        self.tutor.recorded(record, run);
        Ok(())
    }

    /// A command printed something, which is shown.
    pub(super) fn printed(&mut self, attempt: AttemptId, stream: Stream, bytes: &[u8], run: &Run) {
        self.tutor.noticed(&Notice::Output { attempt, stream, bytes }, run);
    }

    /// Keeps that they were there.
    pub(super) fn leaves(self, followed: &RunFolder) -> Result<(), Failure> {
        self.record.write(followed, self.context)
    }

    /// Asks, however long it takes: the run goes on meanwhile.
    fn ask(&mut self, step: &StepId) -> Result<(), Failure> {
        let asked = ask(self.context, &format!("    {PREDICT} > "), Echo::Shown)?;
        let words = match &asked {
            Asked::Line(line) => Some(line.trim()).filter(|line| !line.is_empty()),
            Asked::Nobody => None,
        };
        self.lesson.predicted(step, words);
        if let Some(words) = words {
            self.record.predicted(step, words);
        }
        Ok(())
    }
}
