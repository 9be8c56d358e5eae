//! What was fetched of a source: a bare repository of our own, and beside it what was fetched last.
//!
//! `fetched.json` alone says what holds. It is replaced as a whole once all that it speaks of is on the
//! disk, so that at any instant it names a commit that is there. Whether the remote could be reached
//! since is told by `attempt.json`, which may get lost.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::digest::sha256;
use super::sources::{KnownSource, SourcePlace, slug};
use crate::process::Files;
use crate::settings::{Follow, Remote};

/// Larger ones were not written by this program.
const MOST_BYTES: u64 = 1 << 20;

/// A source's mirror.
#[derive(Clone, Debug)]
pub struct Mirror {
    folder: PathBuf,
}

/// What was fetched of a source.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Fetched {
    /// From where.
    pub url: String,
    /// The branch or tag, as in `refs/heads/main`.
    pub reference: String,
    /// The commit.
    pub commit: String,
    /// The folder of runbooks, which is there with all its files.
    pub runbooks: String,
    /// When it was fetched.
    pub at: Timestamp,
    /// How many files it has that should be runbooks.
    pub count: usize,
    /// What of the files was fetched.
    #[serde(default)]
    pub files: Files,
    /// What is wrong with what it holds.
    #[serde(default)]
    pub findings: Vec<String>,
}

/// What came of the last attempt to fetch a source.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Attempt {
    /// When.
    pub at: Timestamp,
    /// Why it failed, if it did.
    pub error: Option<String>,
}

/// A mirror that cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("failed to {act} {}", path.display())]
pub struct MirrorFailed {
    /// What was to be done.
    pub act: &'static str,
    /// To what.
    pub path: PathBuf,
    /// Why it could not.
    pub source: io::Error,
}

impl MirrorFailed {
    pub(super) fn to(act: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self { act, path, source }
    }
}

impl Mirror {
    /// That of a source below the folder of all state; nothing for one that is a folder itself.
    pub fn of(state: &Path, source: &KnownSource) -> Option<Self> {
        let SourcePlace::Git { url, follow } = &source.place else {
            return None;
        };
        let what = match follow {
            Follow::Head => url.clone(),
            Follow::Branch(branch) => format!("{url}\nbranch {branch}"),
            Follow::Tag(tag) => format!("{url}\ntag {tag}"),
        };
        let remote = Remote::of_url(url);
        let name = remote.parts().into_iter().find(|part| *part != ".git").unwrap_or_default();
        let name = slug(name);
        let folder = format!("{name}-{}", &sha256(what.as_bytes())[..8]);
        Some(Self { folder: state.join("sources").join(folder) })
    }

    /// The folder of all that belongs to it.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The bare repository.
    pub fn git_folder(&self) -> PathBuf {
        self.folder.join("mirror.git")
    }

    /// What was fetched last; nothing if nothing ever was.
    pub fn fetched(&self) -> Option<Fetched> {
        read(&self.said(), MOST_BYTES)
    }

    /// The commit that was fetched last.
    pub fn head(&self) -> Option<String> {
        self.fetched().map(|fetched| fetched.commit)
    }

    /// When it was last known to be what the remote holds.
    pub fn fetched_at(&self) -> Option<Timestamp> {
        Some(self.reached_since(&self.fetched()?))
    }

    /// When what was fetched was last known to be what the remote holds.
    pub(super) fn reached_since(&self, fetched: &Fetched) -> Timestamp {
        let reached = self.attempt().filter(|attempt| attempt.error.is_none());
        reached.map_or(fetched.at, |attempt| attempt.at.max(fetched.at))
    }

    /// The file that says what was fetched last.
    pub(super) fn said(&self) -> PathBuf {
        self.folder.join("fetched.json")
    }

    /// What came of the last attempt to fetch it.
    pub fn attempt(&self) -> Option<Attempt> {
        read(&self.folder.join("attempt.json"), MOST_BYTES)
    }

    /// Makes the folder, if it is not there.
    pub(super) fn make(&self) -> Result<(), MirrorFailed> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.folder)
            .map_err(MirrorFailed::to("create", &self.folder))
    }

    /// From now on this is what was fetched last: at once, and whatever happens to the machine.
    pub(super) fn save(&self, fetched: &Fetched) -> Result<(), MirrorFailed> {
        let path = self.write("fetched.json", fetched, Last::Whatever)?;
        let synced = fs::File::open(&self.folder).and_then(|folder| folder.sync_all());
        synced.map_err(MirrorFailed::to("sync", &path))
    }

    /// Remembers what came of an attempt.
    pub(super) fn note(&self, attempt: &Attempt) -> Result<(), MirrorFailed> {
        self.write("attempt.json", attempt, Last::Unless).map(drop)
    }

    fn write(
        &self,
        name: &str,
        what: &impl Serialize,
        last: Last,
    ) -> Result<PathBuf, MirrorFailed> {
        let path = self.folder.join(name);
        replace(&path, what, last).map_err(MirrorFailed::to("write", &path))?;
        Ok(path)
    }
}

/// What a written file outlives.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Last {
    /// Also a loss of power.
    Whatever,
    /// That it does not: then nothing is known.
    Unless,
}

/// Replaces a file as a whole. Who writes it holds a lock.
pub(super) fn replace(path: &Path, what: &impl Serialize, last: Last) -> io::Result<()> {
    let new = path.with_extension("new");
    let mut options = fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    file.write_all(&serde_json::to_vec(what)?)?;
    if last == Last::Whatever {
        file.sync_all()?;
    }
    fs::rename(&new, path)
}

/// What a file of so many bytes at most says; nothing if it is not there or says nothing that is
/// understood.
pub(super) fn read<T: DeserializeOwned>(path: &Path, most: u64) -> Option<T> {
    let short = fs::metadata(path).is_ok_and(|found| found.len() <= most);
    short.then(|| serde_json::from_slice(&fs::read(path).ok()?).ok())?
}
