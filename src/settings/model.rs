//! What a settings file says.

use std::path::PathBuf;

use crate::policy::{Authority, Grant, Origin, Rule, StandardChange};
use crate::value::Duration;

/// Whose file it is and where it lies: what paths in it count from.
#[derive(Clone, Debug)]
pub struct Place {
    /// Whose it is.
    pub authority: Authority,
    /// Its folder, an absolute path.
    pub folder: PathBuf,
    /// The user's home, for `~/`.
    pub home: Option<PathBuf>,
}

/// One settings file.
#[derive(Clone, Debug)]
pub struct SettingsFile {
    /// Whose it is.
    pub authority: Authority,
    /// What it is called in messages.
    pub name: String,
    /// The organisation's file that it names, and where it does.
    pub organisation: Option<(PathBuf, Origin)>,
    /// JSON Schemas that runbooks must fit.
    pub schemas: Vec<PathBuf>,
    /// What asks for more care.
    pub demands: Vec<Rule>,
    /// Where `--yes change` stands for a `y`.
    pub yes: Vec<Grant>,
    /// Where a person may go on without approval.
    pub break_glass: Vec<Grant>,
    /// What was approved beforehand.
    pub standard: Vec<StandardChange>,
    /// Who may agree.
    pub allowed_signers: Option<Signers>,
    /// How long a request can be answered.
    pub expires: Option<Duration>,
    /// Where runbooks come from.
    pub sources: Vec<Source>,
    /// Where finished runs go.
    pub records: Option<Records>,
    /// The services that this person, or everybody, is on call for.
    pub on_call: Vec<String>,
    /// When what was fetched counts as old.
    pub stale_after: Option<Duration>,
    /// How often all sources are synced in the background.
    pub sync_every: Option<Duration>,
}

/// Where the records of a team's runs are.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Records {
    /// Where.
    pub place: RecordsPlace,
    /// What of a run goes there.
    pub what: Shared,
    /// Where it stands.
    pub origin: Origin,
}

/// What kind of place that is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum RecordsPlace {
    /// A folder.
    Folder(PathBuf),
    /// A branch of a git repository.
    Git {
        /// As git names it.
        url: String,
        /// The branch.
        branch: String,
    },
}

/// What of a run is shared.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Shared {
    /// What a list of runs shows.
    #[default]
    Summary,
    /// Everything but the working directory.
    Bundle,
}

/// Where the keys of those are who may agree.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Signers {
    /// In a file, as ssh-keygen reads it.
    File(PathBuf),
    /// In a file of a branch's latest commit.
    Branch {
        /// The repository.
        repository: PathBuf,
        /// The branch.
        branch: String,
        /// The file's path in it.
        file: String,
    },
}

/// A place that runbooks come from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Source {
    /// What it is called; one that names none is called after where it is.
    pub name: Option<String>,
    /// Where.
    pub kind: SourceKind,
    /// The folder of its runbooks; the usual one if none is named.
    pub runbooks: Option<String>,
    /// How far it is trusted.
    pub trust: SourceTrust,
    /// Whose signatures count, if not of those who may agree.
    pub signers: Option<Signers>,
    /// The services that it may speak for; any if none is named.
    pub services: Vec<String>,
    /// Where it stands.
    pub origin: Origin,
}

/// What kind of place it is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum SourceKind {
    /// Folders.
    Path(PathBuf),
    /// A git repository.
    Git {
        /// As git names it.
        url: String,
        /// What of it.
        follow: Follow,
    },
    /// Git repositories, of which a file names one a line.
    List {
        /// The file.
        file: PathBuf,
        /// What of each.
        follow: Follow,
    },
    /// Git repositories, of which a command prints one a line.
    Command {
        /// The program and its arguments.
        words: Vec<String>,
        /// What of each.
        follow: Follow,
    },
}

/// What of a repository is followed.
#[derive(Clone, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Follow {
    /// The branch that the remote calls its own.
    #[default]
    Head,
    /// A branch.
    Branch(String),
    /// Of the tags that fit a pattern, the one with the highest version.
    Tag(String),
}

/// How far a source is trusted.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum SourceTrust {
    /// Each content is asked about.
    #[default]
    Ask,
    /// What stands on the branch.
    Branch,
    /// What stands on the branch in signed commits.
    Signed,
}
