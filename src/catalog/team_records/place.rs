//! What lies at the place of a team's records, whatever kind of place that is: files with a path, put
//! together to the runs that they belong to. All of it was written by others.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use super::entry::EntryPath;
use crate::catalog::sha256;
use crate::process::GitFailed;

/// A file at the place.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Flat {
    /// Its path from the root.
    pub(super) path: String,
    /// What it is.
    pub(super) kind: Kind,
    /// How many bytes it has.
    pub(super) size: u64,
    /// What changes whenever it does.
    pub(super) id: String,
}

/// What something at the place is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// An ordinary file.
    File,
    /// A program.
    Program,
    /// Something that a record does not hold.
    Other(&'static str),
}

/// Why the place of the team's records cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PlaceFailed {
    /// Git could not.
    #[error(transparent)]
    Git(#[from] GitFailed),
    /// The system did not let us.
    #[error("failed to {act} {path}: {source}")]
    Io {
        /// What was to be done.
        act: &'static str,
        /// To what.
        path: String,
        /// Why it could not.
        source: io::Error,
    },
    /// The folder is not there. It is not made: a disk that is not there must not be taken for one
    /// that is empty.
    #[error("the folder {0} is not there")]
    Away(String),
    /// Others moved the branch on each time.
    #[error("others were faster {times} times in a row; git says: {said}")]
    Raced {
        /// How often.
        times: u32,
        /// What git said the last time.
        said: String,
    },
}

impl PlaceFailed {
    pub(super) fn io(act: &'static str, path: impl AsRef<Path>) -> impl FnOnce(io::Error) -> Self {
        let path = path.as_ref().display().to_string();
        move |source| Self::Io { act, path, source }
    }
}

/// The files of one run.
#[derive(Clone, Debug)]
pub(super) struct Listed {
    /// Whose they are; none for a path that no run has.
    pub(super) entry: Option<EntryPath>,
    /// What it is called.
    pub(super) name: String,
    /// Its files, by what their path is in the run's folder.
    pub(super) members: BTreeMap<String, Flat>,
}

impl Listed {
    /// What changes whenever one of the files does.
    pub(super) fn print(&self) -> String {
        let text: Vec<String> = self
            .members
            .values()
            .map(|flat| format!("{:?} {:?} {} {}", flat.path, flat.kind, flat.size, flat.id))
            .collect();
        sha256(text.join("\n").as_bytes())
    }
}

/// Puts files together to the runs that they belong to.
pub(super) fn grouped(files: Vec<Flat>) -> Vec<Listed> {
    let mut found: BTreeMap<String, Listed> = BTreeMap::new();
    for flat in files {
        let (name, entry, member) = match EntryPath::of(&flat.path) {
            Some((entry, member)) => (entry.folder(), Some(entry), member.to_owned()),
            None => (odd_name(&flat.path), None, flat.path.clone()),
        };
        let new = || Listed { entry, name: name.clone(), members: BTreeMap::new() };
        found.entry(name.clone()).or_insert_with(new).members.insert(member, flat);
    }
    found.into_values().collect()
}

/// What lies beside all runs is told of once, not file by file.
fn odd_name(path: &str) -> String {
    path.split('/').take(5).collect::<Vec<_>>().join("/")
}
