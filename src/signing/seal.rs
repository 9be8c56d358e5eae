//! Seals: somebody signs the head of a finished record. They lie beside the journal, a line each,
//! and change nothing in it.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use jiff::Timestamp;
use rustix::fs::{Mode, OFlags};
use serde::{Deserialize, Serialize};

use super::signature::Signature;

/// The form of seals that this program writes.
pub const SEAL_FORMAT: &str = "surefoot-seal/1";

/// The file of seals in a run's folder.
pub const SEALS: &str = "seals.jsonl";

/// What is signed.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Seal {
    /// `surefoot-seal/1`.
    pub format: String,
    /// The run.
    pub run: String,
    /// How many records it has.
    pub records: u64,
    /// The digest of the last.
    pub head: String,
    /// When it was sealed.
    pub sealed: Timestamp,
    /// Who says so.
    pub by: String,
}

impl Seal {
    /// The bytes that are signed.
    pub fn text(&self) -> String {
        serde_json::to_string(self).expect("texts and numbers always serialise")
    }
}

/// A seal as it lies in its file.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Sealed {
    /// The bytes that are signed: a [`Seal`].
    pub statement: String,
    /// The signature, as `ssh-keygen -Y` writes it.
    pub signature: String,
}

/// A file of seals that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SealFailed {
    /// The system did not let us.
    #[error("the seals cannot be read or written: {0}")]
    File(#[from] io::Error),
    /// A line is not a seal.
    #[error("line {0} of the seals is no seal")]
    Broken(usize),
}

/// Adds a seal to those of a run, durably.
pub fn save_seal(folder: &Path, seal: &Seal, signature: &Signature) -> Result<(), SealFailed> {
    let sealed = Sealed { statement: seal.text(), signature: signature.armour().to_owned() };
    let line = serde_json::to_string(&sealed).expect("texts always serialise") + "\n";
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::APPEND | OFlags::NOFOLLOW;
    let path = folder.join(SEALS);
    let file = rustix::fs::open(&path, flags | OFlags::CLOEXEC, Mode::RUSR | Mode::WUSR);
    let mut file = fs::File::from(file.map_err(io::Error::from)?);
    file.write_all(line.as_bytes())?;
    file.sync_all()?;
    fs::File::open(folder)?.sync_all()?;
    Ok(())
}

/// The seals of a run; none if it was never sealed.
pub fn read_seals(folder: &Path) -> Result<Vec<(Seal, Sealed)>, SealFailed> {
    let text = match fs::read_to_string(folder.join(SEALS)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other?,
    };
    let lines = text.lines().enumerate();
    let seal = |(place, line): (usize, &str)| seal_of(line).ok_or(SealFailed::Broken(place + 1));
    lines.map(seal).collect()
}

/// The seal of a line of their file, if it is one.
pub fn seal_of(line: &str) -> Option<(Seal, Sealed)> {
    let sealed = serde_json::from_str::<Sealed>(line).ok()?;
    let seal = serde_json::from_str::<Seal>(&sealed.statement).ok()?;
    (seal.format == SEAL_FORMAT).then_some((seal, sealed))
}
