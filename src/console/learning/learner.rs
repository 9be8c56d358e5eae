//! Somebody who walks in order to learn: asked what they expect before the question whose answer runs
//! a command.

use jiff::Timestamp;

use super::PREDICT;
use super::lesson::Lesson;
use crate::console::ask::{Stop, Walker};
use crate::engine::{Answer, AnswerKind, Asking, Question, Run};
use crate::session::{Beside, PasswordWanted, Reply, Responder};
use crate::value::Secret;

/// A person at a terminal who learns.
pub struct Learner {
    walker: Walker,
    lesson: Lesson,
}

impl Learner {
    /// A person in a lesson.
    pub fn new(walker: Walker, lesson: Lesson) -> Self {
        Self { walker, lesson }
    }
}

impl Responder for Learner {
    fn ask(
        &mut self,
        question: &Question,
        run: &Run,
        until: Option<Timestamp>,
        beside: &mut dyn Beside,
    ) -> Reply {
        let question = &for_learning(question);
        let wanted = question.step.as_ref().filter(|step| self.lesson.wants(step));
        if let Some(step) = wanted.filter(|_| question.accepts.contains(&AnswerKind::Predict)) {
            match self.walker.line_about((question, run), until, beside, PREDICT) {
                Ok(line) if !line.trim().is_empty() => {
                    // It becomes a fact, and the question is asked again.
                    return Reply::Answer(Answer::Predict { text: line.trim().to_owned() });
                }
                Ok(_) | Err(Stop::Back(_) | Stop::End) => {
                    self.lesson.predicted(step, None);
                }
                Err(Stop::Reply(reply)) => return reply,
            }
        }
        self.walker.ask(question, run, until, beside)
    }

    fn password(&mut self, wanted: &PasswordWanted<'_>, beside: &mut dyn Beside) -> Option<Secret> {
        self.walker.password(wanted, beside)
    }

    fn refused(&mut self, why: &str) {
        self.walker.refused(why);
    }

    fn forget(&mut self) {
        self.walker.forget();
    }
}

/// A question without what good output looks like, which stands beside what came, and without the
/// key that lets commands run unasked.
pub(in crate::console) fn for_learning(question: &Question) -> Question {
    let mut question = question.clone();
    question.accepts.retain(|kind| *kind != AnswerKind::Auto);
    if question.accepts.contains(&AnswerKind::Predict) {
        match &mut question.ask {
            Asking::Confirm(card) => card.sample = None,
            Asking::Read { sample, .. } => *sample = None,
            _ => {}
        }
    }
    question
}
