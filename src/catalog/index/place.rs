//! Where runbooks lie that are indexed together: the repository around here, and the sources that
//! settings name.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

use super::super::reference;
use crate::policy::Pattern;
use crate::settings::{Source, SourceKind};

/// Runbooks that come from one place.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Place {
    /// What it is called.
    pub name: String,
    /// What paths of its runbooks count from.
    pub root: PathBuf,
    /// The folder of its runbooks.
    pub runbooks: PathBuf,
    /// What kind of place it is.
    pub kind: PlaceKind,
}

/// What kind of place it is, the one that wins first.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum PlaceKind {
    /// The repository around here.
    Here,
    /// A folder that settings name.
    Folder,
}

impl Place {
    /// What tells it from others.
    pub(super) fn key(&self) -> String {
        format!("folder:{}", self.runbooks.display())
    }

    /// Whether it is a clone in which people work.
    pub fn is_working_copy(&self) -> bool {
        self.root.join(".git").exists()
    }
}

/// All places: the repository around here first, then those of settings, in their order.
pub fn places(sources: &[Source], here: &Path) -> Vec<Place> {
    let around = reference::folder(here).and_then(|runbooks| {
        let runbooks = real(&runbooks);
        let root = runbooks.parent()?.to_owned();
        Some(Place { name: shown(&root), root, runbooks, kind: PlaceKind::Here })
    });
    let folders = sources.iter().flat_map(|source| match &source.kind {
        SourceKind::Path(path) => folders(path, &source.runbooks),
        SourceKind::Git { .. } => Vec::new(),
    });
    let mut seen = BTreeSet::new();
    let all = around.into_iter().chain(folders);
    all.filter(|place| seen.insert(place.runbooks.clone())).collect()
}

/// A path without links, as far as it is there.
fn real(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// The folders of a source. One that is named and not there is a place all the same, and told of.
fn folders(path: &Path, below: &str) -> Vec<Place> {
    let is_pattern = path.as_os_str().as_encoded_bytes().contains(&b'*');
    let roots = if is_pattern { expanded(path) } else { vec![real(path)] };
    let place = |root: PathBuf| Place {
        name: shown(&root),
        runbooks: root.join(below),
        root,
        kind: PlaceKind::Folder,
    };
    let places = roots.into_iter().map(place);
    places.filter(|place| !is_pattern || place.runbooks.is_dir()).collect()
}

/// The folders that a path with `*` stands for, sorted.
fn expanded(path: &Path) -> Vec<PathBuf> {
    let mut found = vec![PathBuf::new()];
    for part in path.components() {
        let name = part.as_os_str().to_string_lossy();
        if !matches!(part, Component::Normal(_)) || !name.contains('*') {
            for folder in &mut found {
                folder.push(part);
            }
            continue;
        }
        let pattern = Pattern(name.into_owned());
        found = found.iter().flat_map(|folder| below(folder, &pattern)).collect();
        found.sort();
    }
    found
}

/// The folders in a folder whose names fit.
fn below(folder: &Path, pattern: &Pattern) -> Vec<PathBuf> {
    let folder = real(folder);
    let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
    let fitting = entries.filter_map(|entry| {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with('.') || !pattern.fits(&name) {
            return None;
        }
        let kind = entry.file_type().ok()?;
        // Only links may be something else than they seem.
        let path = if kind.is_symlink() { real(&entry.path()) } else { entry.path() };
        (kind.is_dir() || kind.is_symlink() && path.is_dir()).then_some(path)
    });
    fitting.collect()
}
