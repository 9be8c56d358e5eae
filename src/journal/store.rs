//! All runs of this machine: makes their folders, and finds one by any part of its id. A run that
//! cannot be read is listed as such, never left out.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::folder::RunFolder;
use super::private::{self, FileFailed};
use super::read::{Contents, ReadFailed, read};

/// No letter or digit here looks like another.
const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const LONGEST_NAME: usize = 24;
const MOST_TRIES: u32 = 16;

/// Where the runs are.
#[derive(Clone, Debug)]
pub struct Store {
    state: PathBuf,
}

/// A run as it is listed.
#[derive(Debug)]
pub struct Listed {
    /// Where it is.
    pub folder: RunFolder,
    /// What its journal holds, or why it cannot be read.
    pub journal: Result<Contents, ReadFailed>,
}

/// Why no one run has a name.
#[derive(Debug, thiserror::Error)]
pub enum FindFailed {
    /// The system did not let us.
    #[error(transparent)]
    Failed(#[from] FileFailed),
    /// There is none.
    #[error("no run matches `{0}`")]
    None(String),
    /// There is more than one.
    #[error("several runs match `{part}`: {}", ids.join(", "))]
    Several {
        /// What was looked for.
        part: String,
        /// The runs, newest first.
        ids: Vec<String>,
    },
}

impl Store {
    /// The store below the folder of all state, `$XDG_STATE_HOME/surefoot`. Nothing is made yet.
    pub fn new(state: PathBuf) -> Self {
        Self { state }
    }

    /// The folder of all state, for named locks.
    pub fn state(&self) -> &Path {
        &self.state
    }

    /// Makes the folder of a run that begins at a moment. The name is that of its service or
    /// runbook; `random` gives bytes that nobody can foresee.
    pub fn create(
        &self,
        at: Timestamp,
        name: &str,
        mut random: impl FnMut() -> io::Result<[u8; 4]>,
    ) -> Result<RunFolder, FileFailed> {
        let runs = self.runs();
        private::ensure_folder(&runs)?;
        let mut tries = 0;
        loop {
            let bytes = random().map_err(FileFailed::to("name a run in", &runs))?;
            match RunFolder::create(runs.join(run_id(at, name, bytes))) {
                Err(failed)
                    if failed.source.kind() == io::ErrorKind::AlreadyExists
                        && tries < MOST_TRIES =>
                {
                    tries += 1;
                }
                Err(failed) => return Err(failed),
                Ok(folder) => return private::sync_folder(&runs).map(|()| folder),
            }
        }
    }

    /// The run that a part of an id, or a whole one, names.
    pub fn find(&self, part: &str) -> Result<RunFolder, FindFailed> {
        let mut found = self.folders()?;
        if let Some(exact) = found.iter().position(|folder| folder.id() == part) {
            return Ok(found.swap_remove(exact));
        }
        let wanted = part.to_lowercase();
        found.retain(|folder| folder.id().contains(&wanted));
        match found.len() {
            0 => Err(FindFailed::None(part.to_owned())),
            1 => Ok(found.swap_remove(0)),
            _ => Err(FindFailed::Several {
                part: part.to_owned(),
                ids: found.iter().map(|folder| folder.id().to_owned()).collect(),
            }),
        }
    }

    /// All runs, the newest first.
    pub fn list(&self) -> Result<Vec<Listed>, FileFailed> {
        let mut runs: Vec<Listed> = self
            .folders()?
            .into_iter()
            .map(|folder| Listed { journal: read(&folder.journal()), folder })
            .collect();
        runs.sort_by_cached_key(|run| {
            let minute: String = run.folder.id().chars().take(MINUTE).collect();
            let began = run.journal.as_ref().ok();
            let began = began.and_then(|journal| Some(journal.records.first()?.at));
            std::cmp::Reverse((minute, began))
        });
        Ok(runs)
    }

    /// The folders of all runs by their ids, the newest first. Journals are not looked at.
    pub fn folders(&self) -> Result<Vec<RunFolder>, FileFailed> {
        let runs = self.runs();
        let entries = match fs::read_dir(&runs) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            other => other.map_err(FileFailed::to("list", &runs))?,
        };
        let mut folders = Vec::new();
        for entry in entries {
            let entry = entry.map_err(FileFailed::to("list", &runs))?;
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders.push(RunFolder::at(entry.path()));
            }
        }
        folders.sort_by(|a, b| b.id().cmp(a.id()));
        Ok(folders)
    }

    fn runs(&self) -> PathBuf {
        self.state.join("runs")
    }
}

/// The length of `2026-11-20-0312`, by which ids sort.
const MINUTE: usize = 15;

/// `2026-11-20-0312-checkout-k3f9`: sorts by time, and can be said over the phone.
fn run_id(at: Timestamp, name: &str, random: [u8; 4]) -> String {
    let ending: String =
        random.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect();
    format!("{}-{}-{ending}", at.strftime("%Y-%m-%d-%H%M"), short(name))
}

/// A name in letters that are safe in a path and plain to say.
fn short(name: &str) -> String {
    let mut short = String::new();
    for c in name.chars().flat_map(char::to_lowercase) {
        if c.is_ascii_lowercase() || c.is_ascii_digit() {
            short.push(c);
        } else if !short.is_empty() && !short.ends_with('-') {
            short.push('-');
        }
        if short.len() == LONGEST_NAME {
            break;
        }
    }
    let short = short.trim_end_matches('-');
    if short.is_empty() { "run" } else { short }.to_owned()
}
