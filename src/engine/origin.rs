//! What a run is walked of, and what a rehearsal is walked against.

use serde::{Deserialize, Serialize};

/// What was run, exactly.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct RunbookOrigin {
    /// Its id.
    pub id: String,
    /// Its service.
    pub service: Option<String>,
    /// The service that its repository gives to runbooks that name none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// Its title with values in place.
    pub title: String,
    /// SHA-256 over the sorted paths and digests of all its files.
    pub digest: String,
    /// The runbook itself, then the runbooks it uses and what they all bring.
    pub files: Vec<FileOrigin>,
}

/// A file of a runbook, as frozen.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct FileOrigin {
    /// Its path in the repository, or as given.
    pub path: String,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// The repository's remote.
    pub remote: Option<String>,
    /// The commit that was checked out.
    pub commit: Option<String>,
    /// Whether it differed from the commit.
    pub dirty: Option<bool>,
}

/// What a rehearsal is walked against. Its scenario lies beside the journal.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Rehearsal {
    /// SHA-256 of the scenario.
    pub scenario: String,
    /// What the scenario calls the runbook.
    pub runbook: String,
    /// How many times faster than the world its time runs.
    pub speed: u8,
}
