//! What can be wrong with a template's text, or with its values when it is filled.

use std::ops::Range;

use crate::value::Reference;

/// A problem in a template's text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TemplateProblem {
    /// Its place, in bytes from the start of the template.
    pub at: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

impl TemplateProblem {
    /// A problem without advice.
    pub(super) fn new(at: Range<usize>, message: impl Into<String>) -> Self {
        Self { at, message: message.into(), help: None }
    }

    /// Adds what to do.
    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Something a template names that has no value.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("`{0}` has no value")]
pub struct Unset(pub Reference);
