//! How much is asked before a command runs.

use serde::{Deserialize, Serialize};

/// How much is asked before a command runs, from least to most. Each asks for all that those
/// before it ask for, so that the strictest of several leaves none of them out.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Nothing.
    Auto,
    /// Enter.
    Key,
    /// The card, then `y`.
    Confirm,
    /// The card, then typing what it is about.
    Typed,
    /// That, and the agreement of other people beforehand.
    Approve,
    /// It does not run.
    Refuse,
}

impl Level {
    /// All of them, from least to most.
    pub const ALL: [Self; 6] =
        [Self::Auto, Self::Key, Self::Confirm, Self::Typed, Self::Approve, Self::Refuse];

    /// Its name in settings files and records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Key => "key",
            Self::Confirm => "confirm",
            Self::Typed => "typed",
            Self::Approve => "approve",
            Self::Refuse => "refuse",
        }
    }
}
