//! What a prompt may need that is not in the question: files, an editor, past output.
//!
//! Whoever builds the console implements [`Backstage`]; what is not there says so.

use crate::engine::{AttemptId, Question, Run, Waiting};
use crate::runbook::StepId;

/// A request that others can take from here.
#[derive(Clone, Debug)]
pub struct HandedOut {
    /// The request as a line.
    pub line: String,
    /// The file that holds it.
    pub request: String,
    /// The file in which the answer is looked for.
    pub answer: String,
}

/// What an exercise offers beside the runbook.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Exercise {
    /// It is none.
    None,
    /// Hints.
    Alone,
    /// Hints, and somebody who plays all others.
    Led,
}

/// Looks things up for a prompt. Every method has an answer for *not available here*.
pub trait Backstage {
    /// What changed in the runbook since it was last run here, as a diff.
    fn difference(&mut self) -> Option<String> {
        None
    }

    /// Lets the person edit a text; nothing if it is unchanged.
    fn edit(&mut self, text: &str) -> Result<Option<String>, String> {
        let _ = text;
        Err("there is no editor here".to_owned())
    }

    /// What an exercise offers beside the runbook.
    fn exercise(&self) -> Exercise {
        Exercise::None
    }

    /// Gives a hint for a question, which becomes a fact of the run and is shown as such; or says
    /// why there is none.
    fn hint(&mut self, question: &Question, run: &Run) -> Result<(), String> {
        let _ = (question, run);
        Err("there are no hints here".to_owned())
    }

    /// Asks whoever plays the others in an exercise.
    fn ask_others(&mut self, text: &str) {
        let _ = text;
    }

    /// Where a request was handed out.
    fn handed_out(&mut self, waiting: &Waiting) -> Option<HandedOut> {
        let _ = waiting;
        None
    }

    /// What the next person needs to know, if there is more than the console can say itself.
    fn hand_over(&mut self, run: &Run) -> Option<String> {
        let _ = run;
        None
    }

    /// When a step last worked and how long it took, such as `12 days ago, 1.2 s`.
    fn last_worked(&mut self, step: &StepId) -> Option<String> {
        let _ = step;
        None
    }

    /// Opens a page in a browser.
    fn open(&mut self, url: &str) -> Result<(), String> {
        let _ = url;
        Err("there is no browser here".to_owned())
    }

    /// Reads a file that holds what a command printed elsewhere.
    fn read(&mut self, path: &str) -> Result<String, String> {
        let _ = path;
        Err("files cannot be read here".to_owned())
    }

    /// When an attempt started, in words, such as `03:12:07, 4 min ago`.
    fn started(&mut self, attempt: AttemptId) -> Option<String> {
        let _ = attempt;
        None
    }

    /// The last lines that an attempt printed.
    fn tail(&mut self, attempt: AttemptId, lines: usize) -> Option<Vec<u8>> {
        let _ = (attempt, lines);
        None
    }
}

/// Nothing is available.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nothing;

impl Backstage for Nothing {}
