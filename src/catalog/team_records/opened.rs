//! The place of the team's records, whichever kind it is, as it was opened: what can be asked of it and
//! done there.

use std::collections::BTreeSet;

use super::folder_place::FolderPlace;
use super::git_place::GitPlace;
use super::place::{Flat, PlaceFailed};
use super::sync::Errand;
use crate::process::{Added, Pushed};

/// The place, opened.
pub(super) enum Opened<'a> {
    Folder(FolderPlace),
    Git(GitPlace<'a>),
}

impl Opened<'_> {
    /// Whether it is what was there before, with more on top.
    pub(super) fn follows(&self, earlier: &str) -> bool {
        match self {
            Self::Folder(folder) => folder.id() == earlier,
            Self::Git(git) => git.follows(earlier),
        }
    }

    pub(super) fn list(&self) -> Result<Vec<Flat>, PlaceFailed> {
        match self {
            Self::Folder(folder) => folder.list(),
            Self::Git(git) => git.list(),
        }
    }

    pub(super) fn paths(&self) -> Result<BTreeSet<String>, PlaceFailed> {
        Ok(self.list()?.into_iter().map(|flat| flat.path).collect())
    }

    pub(super) fn read(&self, files: &[&Flat]) -> Result<Vec<Option<Vec<u8>>>, PlaceFailed> {
        match self {
            Self::Folder(folder) => Ok(folder.read(files)),
            Self::Git(git) => git.read(files),
        }
    }

    pub(super) fn refresh(&mut self) -> Result<(), PlaceFailed> {
        match self {
            Self::Folder(_) => Ok(()),
            Self::Git(git) => git.refresh(),
        }
    }

    pub(super) fn add(
        &mut self,
        files: &[Added],
        runs: usize,
        errand: &Errand<'_>,
    ) -> Result<Pushed, PlaceFailed> {
        match self {
            Self::Folder(folder) => folder.add(files).map(|()| Pushed::Done),
            Self::Git(git) => {
                let runs = if runs == 1 { "1 run".to_owned() } else { format!("{runs} runs") };
                git.add(files, errand.who, errand.now, &format!("{runs} of {}", errand.who))
            }
        }
    }
}
