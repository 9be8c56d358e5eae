//! What a template or an expression may name, and the door through which it is looked up.

use std::fmt;

use super::{Name, Secret, Value};

/// Something that a template or an expression names.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Reference {
    /// `alert.annotations.x`
    AlertAnnotation(String),
    /// `alert.labels.x`
    AlertLabel(String),
    /// `environment.x`; `environment.name` is the environment's own name.
    Environment(Name),
    /// `exit`, the exit status of the step's own command.
    Exit,
    /// `files.x`, the path of a file that the step brings.
    File(Name),
    /// `now`
    Now,
    /// `run.id`
    RunId,
    /// `run.mode`
    RunMode,
    /// `stderr` of the step's own command.
    Stderr,
    /// `stdout` of the step's own command.
    Stdout,
    /// `steps.x.exit`
    StepExit(Name),
    /// `steps.x.outcome`
    StepOutcome(Name),
    /// `took`, how long the step's own command ran.
    Took,
    /// An input, a capture or an answer.
    Value(Name),
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AlertAnnotation(key) => write!(f, "alert.annotations.{key}"),
            Self::AlertLabel(key) => write!(f, "alert.labels.{key}"),
            Self::Environment(key) => write!(f, "environment.{key}"),
            Self::Exit => f.write_str("exit"),
            Self::File(name) => write!(f, "files.{name}"),
            Self::Now => f.write_str("now"),
            Self::RunId => f.write_str("run.id"),
            Self::RunMode => f.write_str("run.mode"),
            Self::Stderr => f.write_str("stderr"),
            Self::Stdout => f.write_str("stdout"),
            Self::StepExit(step) => write!(f, "steps.{step}.exit"),
            Self::StepOutcome(step) => write!(f, "steps.{step}.outcome"),
            Self::Took => f.write_str("took"),
            Self::Value(name) => write!(f, "{name}"),
        }
    }
}

/// A value, or a secret that only a command's environment, input or files may see.
#[derive(Clone, Debug, PartialEq)]
pub enum Datum {
    /// May be shown and recorded.
    Open(Value),
    /// May not.
    Secret(Secret),
}

/// Where templates and expressions find what they name. `None` is *not set*.
pub trait Facts {
    /// Looks a reference up.
    fn get(&self, reference: &Reference) -> Option<Datum>;
}
