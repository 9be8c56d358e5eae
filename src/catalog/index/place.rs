//! Where runbooks lie that are indexed together: the repository around here, and the sources that
//! settings name, in folders and in mirrors.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use jiff::Timestamp;

use super::super::mirror::Mirror;
use super::super::reference;
use super::super::sources::{KnownSource, SourcePlace, Sources, runbooks_in};
use super::whereabouts::Whereabouts;

/// Runbooks that come from one place.
#[derive(Clone, Debug)]
pub struct Place {
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
    Folder(Folder),
    Mirror(Arc<MirrorOf>),
}

/// A folder as settings name it. Where it lies is looked for when that is asked, and once: of many
/// folders nothing is looked at in most calls.
#[derive(Clone, Debug)]
pub(super) struct Folder {
    pub(super) named: PathBuf,
    /// The folder of its runbooks, as settings name it.
    pub(super) runbooks: Option<String>,
    pub(super) without: Without,
    lies: OnceCell<Option<Lies>>,
    parents: Parents,
}

/// What a folder without runbooks is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Without {
    /// A place where they are missing.
    Wrong,
    /// No place: of several folders that one line names, some have none, and nobody minds.
    Fine,
}

/// Where a folder lies.
#[derive(Clone, Debug)]
pub(super) struct Lies {
    /// What paths of its runbooks count from.
    pub(super) root: PathBuf,
    /// The folder of its runbooks.
    pub(super) runbooks: PathBuf,
    /// The root, for people.
    name: String,
}

/// Where the folders lie in which others do: of those that lie together the way to them is asked for once.
type Parents = Rc<RefCell<BTreeMap<PathBuf, PathBuf>>>;

/// A source that is fetched, and what it is fetched into.
#[derive(Debug)]
pub(super) struct MirrorOf {
    pub(super) source: KnownSource,
    pub(super) mirror: Mirror,
}

impl Place {
    /// What it is called: a folder by its path, a repository by the name of its source.
    pub fn name(&self) -> &str {
        match &self.ground {
            Ground::Folder(folder) => folder.lies().map_or("", |lies| lies.name.as_str()),
            Ground::Mirror(of) => &of.source.name,
        }
    }

    /// What tells it from others; nothing if it turns out to be no place. A source of another name gives
    /// its runbooks another service.
    pub(super) fn key(&self) -> Option<String> {
        match &self.ground {
            Ground::Folder(folder) => Some(format!("folder:{}", folder.lies()?.runbooks.display())),
            Ground::Mirror(of) => {
                Some(format!("mirror:{}:{}", of.source.name, of.mirror.folder().display()))
            }
        }
    }

    /// Whether it is a clone in which people work.
    pub fn is_working_copy(&self) -> bool {
        match &self.ground {
            Ground::Folder(folder) => {
                folder.lies().is_some_and(|lies| lies.root.join(".git").exists())
            }
            Ground::Mirror(_) => false,
        }
    }

    /// When what it holds was last known to be what the remote holds, if it is a mirror.
    pub fn fetched_at(&self) -> Option<Timestamp> {
        match &self.ground {
            Ground::Folder(_) => None,
            Ground::Mirror(of) => of.mirror.fetched_at(),
        }
    }

    /// Where its runbook with this path lies. It is called so by people.
    pub(super) fn whereabouts(&self, path: &str, called: String) -> Whereabouts {
        match &self.ground {
            Ground::Folder(folder) => {
                let root = folder.lies().map_or(&folder.named, |lies| &lies.root);
                Whereabouts::of_file(root.join(path))
            }
            Ground::Mirror(of) => Whereabouts::of_mirror(Arc::clone(of), path, called),
        }
    }
}

impl Folder {
    /// Where it lies; nothing if it is no place of runbooks.
    pub(super) fn lies(&self) -> Option<&Lies> {
        self.lies.get_or_init(|| self.look()).as_ref()
    }

    fn look(&self) -> Option<Lies> {
        let runbooks = runbooks_in(&self.named, self.runbooks.as_deref());
        let below = runbooks.strip_prefix(&self.named).ok()?;
        let root = real(&self.named, &mut self.parents.borrow_mut());
        let runbooks = root.join(below);
        let expected = self.without == Without::Wrong || self.runbooks.is_none();
        (expected || runbooks.is_dir()).then(|| Lies::of(root, runbooks))
    }
}

impl Lies {
    fn of(root: PathBuf, runbooks: PathBuf) -> Self {
        let name = root.display().to_string();
        Self { root, runbooks, name }
    }
}

/// All places: the repository around here first, then the sources, in their order. What is fetched lies
/// below the folder of all state.
pub fn places(sources: &Sources, state: Option<&Path>, here: &Path) -> Vec<Place> {
    let parents = Parents::default();
    let known = &sources.known;
    let others = known.iter().enumerate().filter_map(|(at, source)| match &source.place {
        SourcePlace::Folder(named) => {
            let beside = [at.wrapping_sub(1), at + 1].map(|other| known.get(other));
            let several = beside.iter().flatten().any(|other| other.origin == source.origin);
            let ground = Ground::Folder(Folder {
                named: named.clone(),
                runbooks: source.named_runbooks.clone(),
                without: if several { Without::Fine } else { Without::Wrong },
                lies: OnceCell::new(),
                parents: Rc::clone(&parents),
            });
            Some(Place { kind: PlaceKind::Folder, ground })
        }
        SourcePlace::Git { .. } => {
            let mirror = Mirror::of(state?, source)?;
            let of = MirrorOf { source: source.clone(), mirror };
            Some(Place { kind: PlaceKind::Mirror, ground: Ground::Mirror(Arc::new(of)) })
        }
    });
    around(here).into_iter().chain(others).collect()
}

/// The repository around here.
fn around(here: &Path) -> Option<Place> {
    let runbooks = reference::folder(here)?;
    let runbooks = fs::canonicalize(&runbooks).unwrap_or(runbooks);
    let root = runbooks.parent()?.to_owned();
    let ground = Ground::Folder(Folder {
        named: root.clone(),
        runbooks: None,
        without: Without::Wrong,
        lies: OnceCell::from(Some(Lies::of(root, runbooks))),
        parents: Parents::default(),
    });
    Some(Place { kind: PlaceKind::Here, ground })
}

/// A folder without links, as far as it is there.
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
