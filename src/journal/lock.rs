//! One process at a time: the lock of a run, and locks with a name that runbooks agree on. A lock
//! is the kernel's, so it dies with its holder, however that dies; the file only says who it is.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use rustix::fs::FlockOperation;
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use super::private::{self, FileFailed};

const LOCK: &str = "lock";
const MOST_TEXT: u64 = 4096;
const MOST_LOOKS: u32 = 1000;

/// Who holds a lock.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Holder {
    /// The process.
    pub pid: u32,
    /// Its machine.
    pub host: String,
    /// Who sits in front of it.
    pub by: String,
    /// The run it is for.
    pub run: String,
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { pid, host, by, run } = self;
        write!(f, "{by}, process {pid} on {host}, run {run}")
    }
}

/// Why a lock was not taken.
#[derive(Debug, thiserror::Error)]
pub enum LockFailed {
    /// The system did not let us.
    #[error(transparent)]
    Failed(#[from] FileFailed),
    /// Somebody has it.
    #[error("{what} is held by {}", holder_text(holder.as_ref()))]
    Held {
        /// What is locked: `the run …` or `the lock …`.
        what: String,
        /// Who, if they have said so already.
        holder: Option<Holder>,
    },
}

fn holder_text(holder: Option<&Holder>) -> String {
    holder.map_or_else(|| "another process".to_owned(), ToString::to_string)
}

/// A lock that is held until this is dropped. Commands do not inherit it.
#[derive(Debug)]
#[must_use = "a lock is given up when it is dropped"]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of the run in a folder.
    pub fn of_run(folder: &Path, holder: &Holder) -> Result<Self, LockFailed> {
        let what = format!("the run {}", holder.run);
        Self::take(&folder.join(LOCK), &what, holder)
    }

    /// Takes the lock with a name, below the folder of all state. Two runbooks that say the same
    /// name never walk at the same time on this machine.
    pub fn named(state: &Path, name: &str, holder: &Holder) -> Result<Self, LockFailed> {
        let folder = state.join("locks");
        private::ensure_folder(&folder)?;
        let file = folder.join(super::record::digest(name.as_bytes()));
        Self::take(&file, &format!("the lock `{name}`"), holder)
    }

    fn take(path: &Path, what: &str, holder: &Holder) -> Result<Self, LockFailed> {
        let mut file = private::open_or_create(path)?;
        if !exclusive(&file).map_err(FileFailed::to("lock", path))? {
            return Err(LockFailed::Held { what: what.to_owned(), holder: written(&file) });
        }
        // Who holds it is a courtesy: a full disk must not keep a run from being resumed.
        let _ = sign(&mut file, holder);
        Ok(Self { _file: file })
    }
}

/// Whether somebody holds a lock.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Possession {
    /// Nobody does.
    Free,
    /// Somebody does; who, if they have said so already.
    Held(Option<Holder>),
}

/// Whether somebody holds the lock of the run in a folder. Writes nothing.
pub fn possession(folder: &Path) -> Result<Possession, FileFailed> {
    let path = folder.join(LOCK);
    let file = match File::open(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Possession::Free),
        other => other.map_err(FileFailed::to("open", &path))?,
    };
    match rustix::fs::flock(&file, FlockOperation::NonBlockingLockShared) {
        Ok(()) => Ok(Possession::Free),
        Err(Errno::WOULDBLOCK) => Ok(Possession::Held(written(&file))),
        Err(error) => Err(FileFailed::to("lock", &path)(error)),
    }
}

/// Who took the lock of the run in a folder last, whether they still have it or not. Takes no lock,
/// not even for an instant.
pub fn last_holder(folder: &Path) -> Option<Holder> {
    written(&File::open(folder.join(LOCK)).ok()?)
}

/// Locks a file for this process alone, if nobody has. Whoever only looks at it has a shared lock
/// for an instant, and must not be taken for a holder.
fn exclusive(file: &File) -> Result<bool, Errno> {
    let refused = |operation| match rustix::fs::flock(file, operation) {
        Ok(()) => Ok(false),
        Err(Errno::WOULDBLOCK) => Ok(true),
        Err(error) => Err(error),
    };
    for _ in 0..MOST_LOOKS {
        if !refused(FlockOperation::NonBlockingLockExclusive)? {
            return Ok(true);
        }
        if refused(FlockOperation::NonBlockingLockShared)? {
            return Ok(false);
        }
        rustix::fs::flock(file, FlockOperation::Unlock)?;
        std::thread::yield_now();
    }
    Ok(false)
}

fn sign(file: &mut File, holder: &Holder) -> io::Result<()> {
    let text = serde_json::to_vec(holder)?;
    file.set_len(0)?;
    file.write_all(&text)
}

fn written(file: &File) -> Option<Holder> {
    let mut text = Vec::new();
    file.take(MOST_TEXT).read_to_end(&mut text).ok()?;
    serde_json::from_slice(&text).ok()
}
