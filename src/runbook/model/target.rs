//! Where commands run, what they need there, and how a place proves what it is.

use std::collections::BTreeMap;

use super::super::command::Command;
use crate::diagnostic::Span;
use crate::template::Template;
use crate::value::Name;

/// A place where commands run.
#[derive(Clone, Debug)]
pub struct Target {
    /// Words put before the command; none for this machine.
    pub prefix: Vec<Template>,
    /// Environment of its commands.
    pub env: BTreeMap<String, Template>,
    /// How it proves what it is.
    pub assertion: Option<Assertion>,
    /// The place of its name.
    pub span: Span,
}

/// A command whose output must be the expected identity.
#[derive(Clone, Debug)]
pub struct Assertion {
    /// A read command.
    pub command: Command,
    /// What it must print, trimmed.
    pub equals: Template,
}

/// Where a command runs.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum TargetRef {
    /// This machine.
    Here,
    /// A target of the runbook.
    Named(Name),
}

/// Something that must be there before the run.
#[derive(Clone, Debug)]
pub enum Requirement {
    /// A read command that must succeed.
    Check {
        /// The command.
        command: Command,
        /// What is said if it fails.
        say: Option<String>,
        /// Its place.
        span: Span,
    },
    /// An environment variable.
    Env {
        /// Its name.
        name: String,
        /// Its place.
        span: Span,
    },
    /// A program, perhaps of some version.
    Program {
        /// Its name.
        program: String,
        /// The versions that do, and the command that tells it.
        version: Option<(semver::VersionReq, Command)>,
        /// Its place.
        span: Span,
    },
}
