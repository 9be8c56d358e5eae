//! What is asked before a command runs: effect x environment x trust x levels. Pure.
//!
//! The built-in table says it for each effect; rules of settings files ask for more, grants take
//! some of it away, and a [`Decision`] tells the level with what decided it.

mod decision;
mod level;
mod rules;
mod scope;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

pub use decision::{Approval, Cause, Decision};
pub use level::Level;
pub use rules::{Approvers, Authority, Grant, Granted, Origin, Rule, Rules, StandardChange};
pub use scope::{Book, Pattern, Scope, Subject};

use crate::runbook::{Effect, Protection};

/// Whether a person can be asked.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Attendance {
    /// At a terminal.
    Attended,
    /// Nobody is there.
    Unattended,
}

/// Whether the runbook's content is trusted.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Trust {
    /// Its digest is known.
    Trusted,
    /// It is not: every step asks first.
    Untrusted,
}

/// Whether reads wait for a key.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Pace {
    /// Reads run by themselves up to the next question.
    Flow,
    /// Every step waits.
    Step,
}

/// What decides how much is asked.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Policy {
    /// Whether a person can be asked.
    pub attendance: Attendance,
    /// Whether the content is trusted.
    pub trust: Trust,
    /// Whether the environment asks for more care.
    pub protection: Protection,
    /// Effects that were agreed to beforehand, by `--yes`.
    pub agreed: BTreeSet<Effect>,
    /// What settings files say.
    #[serde(default, skip_serializing_if = "Rules::is_empty")]
    pub rules: Rules,
}

impl Policy {
    /// The stricter of two policies, for a run that goes on under a new one.
    #[must_use]
    pub fn stricter(&self, other: &Self) -> Self {
        Self {
            attendance: other.attendance,
            trust: if self.trust == Trust::Untrusted { self.trust } else { other.trust },
            protection: if self.protection == Protection::Protected {
                self.protection
            } else {
                other.protection
            },
            agreed: other.agreed.clone(),
            rules: self.rules.stricter(&other.rules),
        }
    }
}
