//! The records of a whole team's runs, in a folder or on a branch of a git repository: what this machine
//! delivers there, and what it reads back. Nothing of it is on the way of a run.

mod disk;
mod entry;
mod folder_place;
mod git_place;
mod index;
mod judge;
mod opened;
mod outbox;
mod place;
mod reading;
mod sync;
mod turn;

use std::path::{Path, PathBuf};

pub use entry::{Head, RECORD_FORMAT, RunRecord};
pub use index::{Good, Index, Indexed, Judged, PlaceState, Proof, TeamWalked, WalkedOk};
pub use place::PlaceFailed;
pub use sync::{Delivered, Errand};

use self::outbox::Outbox;
use super::asked::look;
use super::digest::sha256;
use crate::journal::{RunFolder, Store};
use crate::settings::{Records, RecordsPlace};

/// The team's records as this machine knows them.
#[derive(Clone, Debug)]
pub struct TeamRecords {
    settings: Records,
    /// What the place has as a name on this machine.
    name: String,
    folder: PathBuf,
}

/// What waits to be delivered.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Unsent {
    /// How many runs are over and not delivered.
    pub runs: usize,
    /// Runs whose journal cannot be read.
    pub unreadable: Vec<String>,
}

impl TeamRecords {
    /// Those that settings name, below the folder of all state.
    pub fn new(settings: Records, state: &Path) -> Self {
        let (named, of) = match &settings.place {
            RecordsPlace::Folder(path) => (path.display().to_string(), "folder".to_owned()),
            RecordsPlace::Git { url, branch } => (url.clone(), format!("git {branch}")),
        };
        let digest = sha256(format!("{of} {named}").as_bytes());
        let name = format!("{}-{}", slug(&named), digest.get(..8).unwrap_or_default());
        Self { settings, folder: state.join("records").join(&name), name }
    }

    /// What the place is called.
    pub fn place(&self) -> String {
        match &self.settings.place {
            RecordsPlace::Folder(path) => path.display().to_string(),
            RecordsPlace::Git { url, branch } => {
                format!("{} (branch {branch})", crate::process::without_password(url))
            }
        }
    }

    /// What settings say of it.
    pub fn settings(&self) -> &Records {
        &self.settings
    }

    /// What waits to be delivered. Nothing is written.
    pub fn unsent(&self, store: &Store) -> Result<Unsent, PlaceFailed> {
        let waiting = self.outbox(store).waiting()?;
        Ok(Unsent { runs: waiting.parcels.len(), unreadable: waiting.unreadable })
    }

    /// Where the place stands.
    pub fn state(&self) -> PlaceState {
        PlaceState::read(&self.folder)
    }

    /// The team's runs as they were read last; none before the first time.
    pub fn index(&self) -> Option<Index> {
        Index::read(&self.folder)
    }

    /// When runbooks last went well, as it was read last.
    pub fn walked(&self) -> Option<TeamWalked> {
        TeamWalked::read(&self.folder)
    }

    /// What changes whenever that does; nothing before the first time.
    pub(super) fn walked_stamp(&self) -> Option<String> {
        let (length, seconds, nanos, file) = look(&self.folder.join(index::WALKED))?;
        Some(format!("{} {length} {seconds}.{nanos} {file}", self.name))
    }

    /// The whole record of a team's run, if it is here.
    pub fn kept(&self, good: &Good) -> Option<RunFolder> {
        let path = judge::kept(&self.bundles(), &good.record);
        (good.proof == Proof::Journal && path.is_dir()).then(|| RunFolder::at(path))
    }

    fn bundles(&self) -> PathBuf {
        self.folder.join("bundles")
    }

    fn outbox<'a>(&self, store: &'a Store) -> Outbox<'a> {
        Outbox::new(store, &self.name, self.settings.what)
    }
}

/// The last part of a name, in letters that are plain in a path.
fn slug(named: &str) -> String {
    let last = named.trim_end_matches('/').rsplit(['/', ':']).next().unwrap_or_default();
    let last = last.strip_suffix(".git").unwrap_or(last).to_lowercase();
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let slug: String = last.chars().take(32).map(plain).collect();
    let slug = slug.trim_matches('-');
    if slug.is_empty() { "records" } else { slug }.to_owned()
}
