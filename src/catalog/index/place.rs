//! Where runbooks lie that are indexed together: the repository around here, and the sources that
//! settings name, in folders and in mirrors.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;

use super::super::mirror::Mirror;
use super::super::reference;
use super::super::sources::{KnownSource, SourcePlace, Sources};
use super::whereabouts::Whereabouts;

/// Runbooks that come from one place.
#[derive(Clone, Debug)]
pub struct Place {
    /// What it is called: a folder by its path, a repository by the name of its source.
    pub name: String,
    /// What kind of place it is.
    pub kind: PlaceKind,
    pub(super) ground: Ground,
}

/// What kind of place it is, the one that wins first.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum PlaceKind {
    /// The repository around here.
    Here,
    /// A folder that settings name.
    Folder,
    /// What was fetched of a repository that settings name.
    Mirror,
}

/// What the runbooks of a place lie in.
#[derive(Clone, Debug)]
pub(super) enum Ground {
    Folder {
        /// What paths of its runbooks count from.
        root: PathBuf,
        /// The folder of its runbooks.
        runbooks: PathBuf,
    },
    Mirror(Arc<MirrorOf>),
}

/// A source that is fetched, and what it is fetched into.
#[derive(Debug)]
pub(super) struct MirrorOf {
    pub(super) source: KnownSource,
    pub(super) mirror: Mirror,
}

impl Place {
    /// What tells it from others. A source of another name gives its runbooks another service.
    pub(super) fn key(&self) -> String {
        match &self.ground {
            Ground::Folder { runbooks, .. } => format!("folder:{}", runbooks.display()),
            Ground::Mirror(of) => {
                format!("mirror:{}:{}", self.name, of.mirror.folder().display())
            }
        }
    }

    /// Whether it is a clone in which people work.
    pub fn is_working_copy(&self) -> bool {
        matches!(&self.ground, Ground::Folder { root, .. } if root.join(".git").exists())
    }

    /// When what it holds was last known to be what the remote holds, if it is a mirror.
    pub fn fetched_at(&self) -> Option<Timestamp> {
        match &self.ground {
            Ground::Folder { .. } => None,
            Ground::Mirror(of) => of.mirror.fetched_at(),
        }
    }

    /// Where its runbook with this path lies. It is called so by people.
    pub(super) fn whereabouts(&self, path: &str, called: String) -> Whereabouts {
        match &self.ground {
            Ground::Folder { root, .. } => Whereabouts::of_file(root.join(path)),
            Ground::Mirror(of) => Whereabouts::of_mirror(Arc::clone(of), path, called),
        }
    }
}

/// All places: the repository around here first, then the sources, in their order. What is fetched lies
/// below the folder of all state.
pub fn places(sources: &Sources, state: Option<&Path>, here: &Path) -> Vec<Place> {
    let mut parents = BTreeMap::new();
    let around = reference::folder(here).and_then(|runbooks| {
        let runbooks = fs::canonicalize(&runbooks).unwrap_or(runbooks);
        let root = runbooks.parent()?.to_owned();
        Some(folder(root, runbooks, PlaceKind::Here))
    });
    let known = &sources.known;
    let others = known.iter().enumerate().filter_map(|(at, source)| match &source.place {
        SourcePlace::Folder(root) => {
            let runbooks = source.folder()?;
            let below = runbooks.strip_prefix(root).ok()?.to_owned();
            // Of several folders that one line names, some have no runbooks, and nobody minds.
            let beside = [at.wrapping_sub(1), at + 1].map(|other| known.get(other));
            let several = beside.iter().flatten().any(|other| other.origin == source.origin);
            let root = real(root, &mut parents);
            let runbooks = root.join(below);
            let kept = !several || source.named_runbooks.is_none() || runbooks.is_dir();
            kept.then(|| folder(root, runbooks, PlaceKind::Folder))
        }
        SourcePlace::Git { .. } => {
            let mirror = Mirror::of(state?, source)?;
            let of = MirrorOf { source: source.clone(), mirror };
            let (name, kind) = (source.name.clone(), PlaceKind::Mirror);
            Some(Place { name, kind, ground: Ground::Mirror(Arc::new(of)) })
        }
    });
    let mut seen = BTreeSet::new();
    around.into_iter().chain(others).filter(|place| seen.insert(place.key())).collect()
}

fn folder(root: PathBuf, runbooks: PathBuf, kind: PlaceKind) -> Place {
    let name = root.display().to_string();
    Place { name, kind, ground: Ground::Folder { root, runbooks } }
}

/// A folder without links, as far as it is there. Of folders that lie together the way to them is asked
/// for once.
fn real(folder: &Path, parents: &mut BTreeMap<PathBuf, PathBuf>) -> PathBuf {
    let plain = fs::symlink_metadata(folder).is_ok_and(|found| found.is_dir());
    let (Some(parent), Some(name), true) = (folder.parent(), folder.file_name(), plain) else {
        return fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    };
    if !parents.contains_key(parent) {
        let real = fs::canonicalize(parent).unwrap_or_else(|_| parent.to_owned());
        parents.insert(parent.to_owned(), real);
    }
    parents[parent].join(name)
}
