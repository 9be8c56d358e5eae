//! A team's records on a branch of a git repository.

use std::path::Path;

use jiff::Timestamp;

use super::disk::nonce;
use super::entry::RUNS;
use super::place::{Flat, Kind, PlaceFailed};
use crate::process::{Added, Author, Branch, Conversation, Deliverer, FileOfCommit, Pushed};

/// Our copy, below the folder of a place.
pub(super) const MIRROR: &str = "mirror.git";

/// Runs lie by year and month.
const LEVELS: usize = 2;

/// The branch, and our copy of what was on it.
pub(super) struct GitPlace<'a> {
    git: Deliverer<'a>,
    branch: Branch<'a>,
    /// What the branch was at when it was looked at last.
    tip: Option<String>,
}

impl<'a> GitPlace<'a> {
    /// Looks at what is on the branch now.
    pub(super) fn open(
        folder: &Path,
        branch: Branch<'a>,
        with: Conversation<'a>,
    ) -> Result<Self, PlaceFailed> {
        let git = Deliverer::at(&folder.join(MIRROR), with)?;
        let mut place = Self { git, branch, tip: None };
        place.refresh()?;
        Ok(place)
    }

    /// Fetches what is new.
    pub(super) fn refresh(&mut self) -> Result<(), PlaceFailed> {
        let tip = self.git.tip(self.branch)?;
        let here = tip.as_ref().is_some_and(|tip| self.git.keeps(tip));
        self.tip = match tip {
            None => None,
            Some(tip) if here => Some(tip),
            Some(_) => {
                let nonce = nonce().map_err(PlaceFailed::io("name", "a fetch"))?;
                Some(self.git.fetch(self.branch, &nonce)?)
            }
        };
        Ok(())
    }

    /// What the branch is at.
    pub(super) fn tip(&self) -> Option<&str> {
        self.tip.as_deref()
    }

    /// Whether what is there now comes after what was there before.
    pub(super) fn follows(&self, earlier: &str) -> bool {
        self.tip.as_ref().is_some_and(|tip| self.git.descends(earlier, tip))
    }

    pub(super) fn list(&self) -> Result<Vec<Flat>, PlaceFailed> {
        let Some(tip) = &self.tip else {
            return Ok(Vec::new());
        };
        Ok(self.git.files(tip, RUNS, LEVELS)?.into_iter().map(flat).collect())
    }

    pub(super) fn read(&self, files: &[&Flat]) -> Result<Vec<Option<Vec<u8>>>, PlaceFailed> {
        let ids: Vec<&str> = files.iter().map(|flat| flat.id.as_str()).collect();
        Ok(self.git.read(&ids)?)
    }

    /// Adds files on top of what is there; what comes of it is seen by looking again.
    pub(super) fn add(
        &mut self,
        files: &[Added],
        who: &str,
        now: Timestamp,
        message: &str,
    ) -> Result<Pushed, PlaceFailed> {
        let nonce = nonce().map_err(PlaceFailed::io("name", "a commit"))?;
        let author = Author { name: who, seconds: now.as_second(), message };
        let commit = self.git.add(self.tip(), files, author, &nonce)?;
        let pushed = self.git.push(self.branch, &commit)?;
        if pushed == Pushed::Done {
            self.tip = Some(commit);
        }
        Ok(pushed)
    }

    /// Puts our copy in order.
    pub(super) fn tidy(&self) {
        if let Some(tip) = &self.tip {
            self.git.keep_only(tip);
        }
        self.git.pack();
    }
}

fn flat(blob: FileOfCommit) -> Flat {
    let kind = match (blob.mode.as_str(), blob.size) {
        ("100644", Some(_)) => Kind::File,
        ("100755", Some(_)) => Kind::Program,
        ("100644" | "100755", None) => Kind::Other("larger than any file of a record"),
        ("120000", _) => Kind::Other("a link"),
        ("160000", _) => Kind::Other("another repository"),
        _ => Kind::Other("no ordinary file"),
    };
    // An odd name stays one: no path that this program gives has such a character.
    let path = String::from_utf8_lossy(&blob.path).into_owned();
    Flat { path, kind, size: blob.size.unwrap_or(0), id: blob.id }
}
