//! The files of a commit, read from git's objects as if they lay in a folder: links are followed and
//! lead out of the repository, into nothing or in a circle, as they would on the disk.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;

use super::walk::{MOST_DEPTH, has_ending};
use crate::process::{Blob, Entry, EntryKind, Objects, ObjectsFailed, ToolError};

/// Larger files are refused, as on the disk.
const MOST_BYTES: u64 = 16 << 20;

/// More links are not followed, as by the system.
const MOST_LINKS: usize = 40;

/// The content of a file that lies on a server for large files begins so.
const LARGE_FILE: &[u8] = b"version https://git-lfs.github.com/spec/";

/// The files of a commit.
#[derive(Debug)]
pub(super) struct Snapshot {
    objects: Objects,
    commit: String,
    /// Where the files lie in a working copy, or would.
    root: PathBuf,
    /// All files, if they were asked for at once; then no folder is asked for any more.
    all: OnceCell<Vec<Entry>>,
    folders: RefCell<BTreeMap<String, Rc<[Entry]>>>,
    blobs: RefCell<BTreeMap<String, Blob>>,
}

/// Why a path leads to nothing that can be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unfound {
    /// It leads out of the repository.
    #[error("it leads out of the repository")]
    Outside,
    /// There is nothing.
    #[error("there is no such file")]
    Missing,
    /// Links lead to each other.
    #[error("too many links lead to each other")]
    Circle,
    /// It lies in another repository.
    #[error("it lies in a submodule, which no commit holds")]
    Submodule,
    /// It is a folder.
    #[error("it is a folder")]
    Folder,
    /// It was not fetched.
    #[error("it was not fetched to this machine, and nothing is fetched now")]
    NotFetched,
    /// It was stored elsewhere.
    #[error("git keeps it on a server for large files; only a checkout brings it")]
    LargeFile,
    /// It is too large.
    #[error("it has {0} bytes, more than 16 MiB")]
    Large(u64),
    /// Its object is not what it should be.
    #[error("its object is damaged or is not what its name says")]
    Damaged,
    /// The objects cannot be read.
    #[error(transparent)]
    Objects(#[from] ObjectsFailed),
}

/// A file of a commit.
#[derive(Debug)]
pub(super) struct Content {
    /// What it holds.
    pub(super) bytes: Vec<u8>,
    /// Whether it is a program.
    pub(super) executable: bool,
}

impl Snapshot {
    pub(super) fn new(objects: Objects, commit: String, root: PathBuf) -> Self {
        let (folders, blobs) = (RefCell::default(), RefCell::default());
        Self { objects, commit, root, all: OnceCell::new(), folders, blobs }
    }

    /// Asks for all names at once, for whoever looks at many of them. A commit with too many of them is
    /// asked folder by folder all the same.
    pub(super) fn survey(&self) -> Result<(), ObjectsFailed> {
        let all = match self.objects.tree(&self.commit, "") {
            Err(ObjectsFailed::Tool(ToolError::TooMuch { .. })) => return Ok(()),
            all => all?,
        };
        let mut folders: BTreeMap<String, Vec<Entry>> = BTreeMap::from([(String::new(), vec![])]);
        for entry in &all {
            let mut entry = entry.clone();
            loop {
                let folder = entry.path.rsplit_once('/').map_or("", |(folder, _)| folder);
                let folder = folder.to_owned();
                let known = folders.contains_key(&folder);
                folders.entry(folder.clone()).or_default().push(entry);
                if known {
                    break;
                }
                // What a folder is called by git, nobody asks.
                entry = Entry { path: folder, kind: EntryKind::Folder, object: String::new() };
            }
        }
        let folders = folders.into_iter().map(|(path, entries)| (path, entries.into()));
        *self.folders.borrow_mut() = folders.collect();
        // Whoever asks twice has the same answer.
        let _ = self.all.set(all);
        Ok(())
    }

    /// The name of the object that a path leads to.
    pub(super) fn object(&self, path: &Path) -> Option<String> {
        let (_, entry) = self.follow(path).ok()?;
        Some(entry?.object)
    }

    /// What blobs hold that have at most so many bytes; it is not compared with their names.
    pub(super) fn look_into(&self, names: &[&str], most: u64) -> Result<Vec<Blob>, ObjectsFailed> {
        self.objects.read(names, most)
    }

    /// Where a path leads to, after links.
    pub(super) fn real(&self, path: &Path) -> Result<PathBuf, Unfound> {
        self.follow(path).map(|(real, _)| real)
    }

    /// Whether something has this name, be it a link that leads nowhere.
    pub(super) fn has(&self, path: &Path) -> Result<bool, Unfound> {
        let below = self.below(path)?;
        let (folder, _) = below.rsplit_once('/').unwrap_or(("", ""));
        Ok(self.folder(folder)?.iter().any(|entry| entry.path == below))
    }

    /// Whether a path leads to a file.
    pub(super) fn is_file(&self, path: &Path) -> bool {
        let file = |entry: Entry| matches!(entry.kind, EntryKind::File | EntryKind::Program);
        self.follow(path).is_ok_and(|(_, entry)| entry.is_some_and(file))
    }

    /// What a file holds, links followed. It is compared with the name of its object.
    pub(super) fn read(&self, path: &Path) -> Result<Content, Unfound> {
        let (_, entry) = self.follow(path)?;
        let entry = entry.ok_or(Unfound::Folder)?;
        let executable = match entry.kind {
            EntryKind::Program => true,
            EntryKind::File | EntryKind::Link => false,
            EntryKind::Folder => return Err(Unfound::Folder),
            EntryKind::Submodule => return Err(Unfound::Submodule),
        };
        let bytes = self.blob(&entry.object)?;
        if !self.objects.is_called(&bytes, &entry.object)? {
            return Err(Unfound::Damaged);
        }
        if bytes.starts_with(LARGE_FILE) {
            return Err(Unfound::LargeFile);
        }
        Ok(Content { bytes, executable })
    }

    /// Reads many files at once, so that each is at hand when it is looked at.
    pub(super) fn prefetch(&self, paths: &[PathBuf]) {
        let entries = paths.iter().filter_map(|path| self.follow(path).ok()?.1);
        let names: Vec<String> = entries.map(|entry| entry.object).collect();
        // What fails here fails again where it matters.
        let _ = self.fetch(&names.iter().map(String::as_str).collect::<Vec<_>>());
    }

    /// What a file holds, as far as that is needed to look for names in it.
    pub(super) fn glance(&self, path: &Path) -> Option<Vec<u8>> {
        let (_, entry) = self.follow(path).ok()?;
        self.blob(&entry?.object).ok()
    }

    /// The files that lie in a folder itself and may be runbooks, sorted.
    pub(super) fn beside(&self, folder: &Path) -> Vec<PathBuf> {
        let Ok(entries) = self.below(folder).and_then(|below| self.folder(&below)) else {
            return Vec::new();
        };
        let file = |entry: &&Entry| matches!(entry.kind, EntryKind::File | EntryKind::Program);
        let files = entries.iter().filter(file).map(|entry| self.root.join(&entry.path));
        files.filter(|path| has_ending(path)).collect()
    }

    /// The runbooks below a folder, as `walk` finds them on the disk.
    pub(super) fn runbooks_below(&self, folder: &Path) -> Vec<PathBuf> {
        let tree = self.below(folder).and_then(|below| match self.all.get() {
            // What lies elsewhere is left out below.
            Some(all) => Ok(all.clone()),
            None => Ok(self.objects.tree(&self.commit, &below)?),
        });
        let mut found = Vec::new();
        for entry in tree.unwrap_or_default() {
            let path = self.root.join(&entry.path);
            let Ok(below) = path.strip_prefix(folder) else {
                continue;
            };
            let hidden =
                |part: Component<'_>| part.as_os_str().as_encoded_bytes().starts_with(b".");
            let deep = below.components().count() > MOST_DEPTH + 1;
            if deep || !has_ending(&path) || below.components().any(hidden) {
                continue;
            }
            let inside = || {
                let real = self.real(&path);
                real.is_ok_and(|real| real.starts_with(folder) && self.is_file(&real))
            };
            let kept = match entry.kind {
                EntryKind::File | EntryKind::Program => true,
                EntryKind::Link => inside(),
                EntryKind::Folder | EntryKind::Submodule => false,
            };
            found.extend(kept.then_some(path));
        }
        found.sort();
        found
    }

    /// The path from the root.
    fn below(&self, path: &Path) -> Result<String, Unfound> {
        let below = path.strip_prefix(&self.root).map_err(|_| Unfound::Outside)?;
        Ok(below.to_string_lossy().into_owned())
    }

    /// Goes a path from the root on, link by link; the entry is none at the root.
    fn follow(&self, path: &Path) -> Result<(PathBuf, Option<Entry>), Unfound> {
        let below = path.strip_prefix(&self.root).map_err(|_| Unfound::Outside)?;
        let mut rest: Vec<String> = parts(below);
        let mut at: Vec<Entry> = Vec::new();
        let mut links = 0;
        while let Some(part) = rest.pop() {
            if part == ".." {
                at.pop().ok_or(Unfound::Outside)?;
                continue;
            }
            let within = match at.last() {
                None => "",
                Some(folder) if folder.kind == EntryKind::Folder => folder.path.as_str(),
                Some(module) if module.kind == EntryKind::Submodule => {
                    return Err(Unfound::Submodule);
                }
                Some(_) => return Err(Unfound::Missing),
            };
            let entries = self.folder(within)?;
            let named = |entry: &&Entry| entry.path.rsplit('/').next() == Some(part.as_str());
            let entry = entries.iter().find(named).ok_or(Unfound::Missing)?;
            if entry.kind != EntryKind::Link {
                at.push(entry.clone());
                continue;
            }
            links += 1;
            if links > MOST_LINKS {
                return Err(Unfound::Circle);
            }
            let target = self.blob(&entry.object)?;
            let target = PathBuf::from(String::from_utf8_lossy(&target).into_owned());
            if target.is_absolute() {
                at.clear();
            }
            let target = match target.strip_prefix(&self.root) {
                Ok(below) => below,
                Err(_) if target.is_absolute() => return Err(Unfound::Outside),
                Err(_) => &target,
            };
            rest.extend(parts(target));
        }
        let real = at.last().map_or_else(|| self.root.clone(), |entry| self.root.join(&entry.path));
        Ok((real, at.pop()))
    }

    fn folder(&self, folder: &str) -> Result<Rc<[Entry]>, Unfound> {
        if let Some(known) = self.folders.borrow().get(folder) {
            return Ok(Rc::clone(known));
        }
        if self.all.get().is_some() {
            return Ok(Rc::from([]));
        }
        let entries: Rc<[Entry]> = self.objects.folder(&self.commit, folder)?.into();
        self.folders.borrow_mut().insert(folder.to_owned(), Rc::clone(&entries));
        Ok(entries)
    }

    fn blob(&self, name: &str) -> Result<Vec<u8>, Unfound> {
        self.fetch(&[name])?;
        match self.blobs.borrow().get(name) {
            Some(Blob::Whole(bytes)) => Ok(bytes.clone()),
            Some(Blob::Large(bytes)) => Err(Unfound::Large(*bytes)),
            Some(Blob::Missing) => Err(Unfound::NotFetched),
            Some(Blob::Damaged) | None => Err(Unfound::Damaged),
        }
    }

    /// Reads the blobs that are not known yet, all at once.
    fn fetch(&self, names: &[&str]) -> Result<(), Unfound> {
        let mut new: Vec<&str> = names.to_vec();
        new.retain(|name| !self.blobs.borrow().contains_key(*name));
        if !new.is_empty() {
            let read = self.objects.read(&new, MOST_BYTES)?;
            let read = new.into_iter().map(str::to_owned).zip(read);
            self.blobs.borrow_mut().extend(read);
        }
        Ok(())
    }
}

/// The parts of a path, the last first. What is no name of a file leads nowhere.
fn parts(path: &Path) -> Vec<String> {
    let part = |part: Component<'_>| match part {
        Component::CurDir | Component::RootDir | Component::Prefix(_) => None,
        Component::ParentDir => Some("..".to_owned()),
        Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
    };
    path.components().rev().filter_map(part).collect()
}
