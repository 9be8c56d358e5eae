//! A frozen runbook with its inputs, environment and policy: all that can be decided before the
//! first question.

mod command;
mod digest;
mod place;
mod shown;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use command::{BoundCommand, BoundFile, BoundForm, bind, bind_lines, bind_paths};
pub use digest::{DigestKey, command_digest, digest_of};
pub use place::{BoundPlace, BoundTarget, place_words};

use crate::policy::Policy;
use crate::runbook::{Environment, Runbook};
use crate::value::{Datum, Name};

/// What a run is for.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// A planned change.
    Change,
    /// A rehearsal.
    Drill,
    /// Something is wrong.
    #[default]
    Incident,
    /// A check of the runbook.
    Test,
    /// Somebody learns.
    Training,
}

/// What the commands of a run have their effect on.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum World {
    /// The world: they run.
    #[default]
    Real,
    /// A scenario: nothing of it is run.
    Scripted,
    /// Nothing: somebody looked on while somebody else walked.
    Beside,
}

impl World {
    /// Whether commands run.
    pub fn is_real(&self) -> bool {
        *self == Self::Real
    }

    /// Whether nothing of a run for this is run: it is never gone on with as if it were one. Who
    /// learns may do so for real, too; a drill or a test is no run, whatever its record says.
    pub fn is_rehearsed(self, mode: Mode) -> bool {
        self != Self::Real || matches!(mode, Mode::Drill | Mode::Test)
    }
}

impl Mode {
    /// Its name in records and expressions.
    pub fn name(self) -> &'static str {
        match self {
            Self::Change => "change",
            Self::Drill => "drill",
            Self::Incident => "incident",
            Self::Test => "test",
            Self::Training => "training",
        }
    }
}

/// Where the value of an input came from.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A label or annotation of the alert.
    Alert,
    /// The responder was asked.
    Asked,
    /// The runbook's default.
    Default,
    /// `SUREFOOT_INPUT_<NAME>`.
    Environment,
    /// The secret's own source.
    Source,
    /// `--set`.
    Set,
}

/// The value of an input.
#[derive(Clone, Debug)]
pub struct Given {
    /// The value.
    pub datum: Datum,
    /// Where it came from.
    pub origin: Origin,
}

/// The alert that started a run.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Alert {
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
}

/// All that is known before the first question.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The runbook, as frozen in the run's folder.
    pub runbook: Arc<Runbook>,
    /// The run's id.
    pub run: String,
    /// What it is for.
    pub mode: Mode,
    /// The environment that was chosen.
    pub environment: Option<Environment>,
    /// The inputs that have a value.
    pub inputs: BTreeMap<Name, Given>,
    /// The alert that started it.
    pub alert: Alert,
    /// What decides how much is asked.
    pub policy: Policy,
    /// The working directory of commands, an absolute path.
    pub work: String,
    /// Makes digests of secrets useless outside this run.
    pub key: DigestKey,
}
