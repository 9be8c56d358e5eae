//! Values before a run: environments, inputs and where secrets come from.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::super::command::Command;
use super::step::{Choices, StepKey};
use crate::diagnostic::Span;
use crate::template::Declared;
use crate::value::{Name, Type, Value};

/// A named set of values. Every environment of a runbook has the same keys with the same types.
#[derive(Clone, Debug)]
pub struct Environment {
    /// Its name, `environment.name`.
    pub name: Name,
    /// Whether confirmations are raised.
    pub protection: Protection,
    /// Its values.
    pub values: BTreeMap<Name, Value>,
}

/// Whether an environment asks for more care.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Protection {
    /// The ordinary care.
    #[default]
    Ordinary,
    /// Confirmations are raised.
    Protected,
}

/// A value the run needs.
#[derive(Clone, Debug)]
pub struct Input {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub ty: Type,
    /// What it is.
    pub description: Option<String>,
    /// What it may look like.
    pub example: Option<String>,
    /// Taken if no stronger source has one.
    pub default: Option<Value>,
    /// What it must satisfy.
    pub constraints: crate::value::Constraints,
    /// What can be chosen, where that is not in the file and found when the input is asked for.
    pub computed: Option<Choices>,
    /// Whether it may stay unset.
    pub presence: Presence,
    /// Whether it may be seen, and where a secret comes from.
    pub secrecy: Secrecy,
    /// Its place.
    pub span: Span,
}

/// Whether an input may stay unset.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Presence {
    /// May stay unset.
    Optional,
    /// Must be set.
    Required,
}

/// Whether a value may be seen.
#[derive(Clone, Debug)]
pub enum Secrecy {
    /// Anybody may.
    Open,
    /// Nobody may; where it comes from, else it is asked without echo.
    Secret(Option<SecretSource>),
}

/// Where a secret comes from.
#[derive(Clone, Debug)]
pub enum SecretSource {
    /// An environment variable.
    Env(String),
    /// A file, anywhere.
    File(String),
    /// The output of a read command, without the last newline.
    Run(Box<Command>),
}

/// What is known of a value before the run.
#[derive(Clone, Debug)]
pub struct ValueDeclaration {
    /// As templates see it.
    pub declared: Declared,
    /// Who sets it.
    pub origin: ValueOrigin,
}

/// Who sets a value.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ValueOrigin {
    /// An input of the run.
    Input,
    /// The `for_each` steps whose item it is.
    Items(Vec<StepKey>),
    /// The steps that capture it or ask for it.
    Steps(Vec<StepKey>),
}

impl ValueDeclaration {
    /// What it is declared to be where `inside` are the `for_each` steps around: what was set in
    /// another one is the list of all there. `around` tells the same of the steps that set it.
    pub fn seen<'a>(
        &self,
        inside: &BTreeSet<StepKey>,
        around: impl Fn(StepKey) -> &'a BTreeSet<StepKey>,
    ) -> Declared {
        let ValueOrigin::Steps(steps) = &self.origin else {
            return self.declared;
        };
        if steps.is_empty() || steps.iter().any(|step| around(*step).is_subset(inside)) {
            self.declared
        } else {
            Declared { ty: Type::List, ..self.declared }
        }
    }
}
