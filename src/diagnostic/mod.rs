//! A problem in a text, as data: code, severity, place, message and help.
//!
//! Whoever finds a problem makes a [`Diagnostic`], with a [`Fix`] where a machine may repair it; all
//! are collected, sorted by place and rendered here: for people, as JSON, as SARIF, and as GitHub's
//! annotations. Nothing here knows what a runbook is.

mod fix;
mod github;
mod json;
mod render;
mod sarif;
mod source;
mod suggest;
#[cfg(test)]
#[path = "../../tests/support/terminal_strings.rs"]
pub(crate) mod terminal_strings;
#[cfg(test)]
mod tests;
mod visible;

pub use fix::{Applied, Edit, Fix, apply};
pub use github::to_github;
pub use json::to_json;
pub use render::{Colour, render};
pub use sarif::{Description, to_sarif};
pub use source::{Lines, Position, Source};
pub use suggest::did_you_mean;
pub use visible::{
    Speller, Unseen, cut, is_joiner, is_odd_blank, is_unsafe, spell, visible, visible_json,
    visible_line,
};

use std::ops::Range;

use serde::Serialize;

/// A place in a text, in bytes from its start.
pub type Span = Range<usize>;

/// A source with what was found in it.
#[derive(Clone, Debug)]
pub struct Report {
    /// The text.
    pub source: Source,
    /// The findings, in the order of their places.
    pub findings: Vec<Diagnostic>,
}

/// Puts findings in the order of their places, and drops exact repetitions.
pub fn sort(findings: &mut Vec<Diagnostic>) {
    findings.sort_by(|a, b| {
        (a.span.start, a.severity, a.code, &a.message).cmp(&(
            b.span.start,
            b.severity,
            b.code,
            &b.message,
        ))
    });
    findings.dedup_by(|a, b| a.span == b.span && a.code == b.code && a.message == b.message);
}

/// How bad a finding is. An error keeps a runbook from running.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The runbook cannot be used.
    Error,
    /// The runbook works, and somebody will regret it.
    Warning,
}

/// A second place that explains the first.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What is there.
    pub text: String,
}

/// One problem: what is wrong, where, and what to do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Diagnostic {
    /// The stable name of the check, such as `unknown-key`.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The place, for the caret.
    pub span: Span,
    /// What is wrong, a lower-case sentence without full stop.
    pub message: String,
    /// Other places that explain it.
    pub labels: Vec<Label>,
    /// What to do.
    pub help: Option<String>,
    /// A part of the text that must not be shown, such as a secret.
    pub concealed: Option<Span>,
    /// The repair, if there is one that cannot be wrong.
    pub fix: Option<Fix>,
}

impl Diagnostic {
    /// Makes an error.
    pub fn error(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Error, span, message.into())
    }

    /// Makes a warning.
    pub fn warning(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Warning, span, message.into())
    }

    fn new(code: &'static str, severity: Severity, span: Span, message: String) -> Self {
        Self {
            code,
            severity,
            span,
            message,
            labels: Vec::new(),
            help: None,
            concealed: None,
            fix: None,
        }
    }

    /// Adds what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds a second place.
    #[must_use]
    pub fn label(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    /// Adds the repair.
    #[must_use]
    pub fn fix(mut self, fix: impl Into<Option<Fix>>) -> Self {
        self.fix = fix.into();
        self
    }
}
