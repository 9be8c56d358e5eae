//! A command of a validated runbook: what is run, where, and with which surroundings.

use std::collections::BTreeMap;

use super::model::TargetRef;
use crate::diagnostic::Span;
use crate::template::{Script, Shell, Template};
use crate::value::{Duration, Name};

/// A command, with everything it inherits filled in.
#[derive(Clone, Debug)]
pub struct Command {
    /// What is run.
    pub form: Form,
    /// Where.
    pub target: TargetRef,
    /// As whom, through sudo; as whoever gets there if not given.
    pub user: Option<User>,
    /// Its environment, beside what the responder's has; groups and targets are merged in.
    pub env: BTreeMap<String, Template>,
    /// Its working directory; the run's own `work/` if not given.
    pub cwd: Option<Template>,
    /// Its input; nothing if not given.
    pub stdin: Option<Stdin>,
    /// Files made for it.
    pub files: BTreeMap<Name, FileSource>,
    /// How long an attempt may take.
    pub timeout: Duration,
    /// Its place in the file.
    pub span: Span,
}

/// The name of a user, which no program takes for an option.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct User(String);

impl User {
    /// Checks a name: letters, digits, `_`, `-` and `.`, the first of them a letter, a digit or `_`.
    pub fn new(text: &str) -> Option<Self> {
        let letters = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
        let first = text.bytes().next().is_some_and(letters);
        let rest = text.bytes().all(|b| letters(b) || b == b'-' || b == b'.');
        (first && rest).then(|| Self(text.to_owned()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What is run.
#[derive(Clone, Debug)]
pub enum Form {
    /// A program and its arguments, without a shell.
    List(Vec<Argument>),
    /// A script.
    Shell(Script),
}

impl Form {
    /// The shell, if there is one.
    pub fn shell(&self) -> Option<Shell> {
        match self {
            Self::List(_) => None,
            Self::Shell(script) => Some(script.shell()),
        }
    }
}

/// A word of a command without a shell.
#[derive(Clone, Debug)]
pub enum Argument {
    /// One argument.
    One(Template),
    /// An argument for each item of a list.
    Each(Name),
}

/// The input of a command.
#[derive(Clone, Debug)]
pub enum Stdin {
    /// A line for each item of a list.
    Lines(Name),
    /// A text.
    Text(Template),
}

/// A file made for a command.
#[derive(Clone, Debug)]
pub enum FileSource {
    /// Its text.
    Content(Template),
    /// A file of the repository, its place in [`Runbook::brought`].
    From(usize),
}

/// A file of the repository, frozen with the runbook.
#[derive(Clone, Debug)]
pub struct BroughtFile {
    /// Its path from the runbook's folder, as written.
    pub path: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Whether its owner may execute it.
    pub executable: bool,
}
