//! What a command says when it cannot do its work: one error, hints, an exit code; printed in one
//! place.

use std::error::Error;
use std::fmt::Display;

use super::exit::Exit;

/// Why a command did not do its work.
#[derive(Debug)]
pub(crate) struct Failure {
    /// What to tell scripts.
    pub(crate) exit: Exit,
    /// What to tell people; nothing if it has been said.
    pub(crate) message: Option<String>,
    /// What to do.
    pub(crate) hints: Vec<String>,
}

impl Failure {
    /// A failure with a message.
    pub(crate) fn new(exit: Exit, message: impl Display) -> Self {
        Self { exit, message: Some(message.to_string()), hints: Vec::new() }
    }

    /// A failure that has been told already.
    pub(crate) fn told(exit: Exit) -> Self {
        Self { exit, message: None, hints: Vec::new() }
    }

    /// A failure with the chain of its causes.
    pub(crate) fn from_error(exit: Exit, error: &dyn Error) -> Self {
        let mut message = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            let text = error.to_string();
            if !message.contains(&text) {
                message = format!("{message}: {text}");
            }
            cause = error.source();
        }
        Self::new(exit, message)
    }

    /// Adds what to do.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }
}
