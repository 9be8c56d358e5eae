//! How a command is attended while it runs: followed to its end, left beside later steps, or talked
//! to at the terminal; and the files that are kept when it has ended.

use serde::{Deserialize, Serialize};

use crate::plan::bind_lines;
use crate::runbook::{Ready, Run};
use crate::template::{BindError, Held};
use crate::value::Facts;

/// How a command is attended while it runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Conduct {
    /// It runs beside later steps, and has no limit in time of its own.
    Background {
        /// The regular expression that its output matches once it is ready, if that tells.
        ready: Option<String>,
    },
    /// The walk follows it to its end.
    #[default]
    Followed,
    /// It gets the terminal.
    Interactive {
        /// Lines that the responder can have typed.
        type_in: Vec<Held>,
    },
}

/// A file that was asked for as evidence.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct KeptFile {
    /// Its path as the runbook names it.
    pub from: String,
    /// Where the copy is, from the run's folder; none if there is none.
    pub path: Option<String>,
    /// The size of the copy.
    pub bytes: u64,
    /// SHA-256 of the copy.
    pub sha256: Option<String>,
    /// What is not as one would expect: why there is no copy, or how it differs from the file.
    pub note: Option<String>,
}

/// How the command of a step is attended.
pub(super) fn conduct(run: &Run, facts: &dyn Facts) -> Result<Conduct, BindError> {
    if let Some(interactive) = &run.interactive {
        let type_in = bind_lines(&interactive.type_in, facts)?;
        return Ok(Conduct::Interactive { type_in });
    }
    Ok(match &run.background {
        None => Conduct::Followed,
        Some(background) => {
            let ready = match &background.ready {
                Some(Ready::Output(pattern)) => Some(pattern.as_str().to_owned()),
                Some(Ready::Command(_)) | None => None,
            };
            Conduct::Background { ready }
        }
    })
}
