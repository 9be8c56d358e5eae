//! The files that a check asked for beside its own, as they looked at that moment: whoever watches
//! them knows when the findings may have changed.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::folder::Folder;
use crate::runbook::{
    BroughtFile, Found, NotFound, Repository, Shelf, UseFailed, UsedFile, UsedPlace,
};

/// What a file looks like from outside: its length, when it was written, and which one it is. None if
/// it is not there.
pub type Look = Option<(u64, i64, i64, u64)>;

/// What a file looks like now.
pub fn look(path: &Path) -> Look {
    let found = fs::metadata(path).ok()?;
    Some((found.len(), found.mtime(), found.mtime_nsec(), found.ino()))
}

/// A repository that remembers what it was asked for, those included that it does not have.
pub(super) struct Asked {
    folder: Folder,
    looks: Rc<RefCell<BTreeMap<PathBuf, Look>>>,
}

impl Asked {
    pub(super) fn new(folder: Folder) -> Self {
        Self { folder, looks: Rc::default() }
    }

    /// All that was asked for.
    pub(super) fn looks(&self) -> BTreeMap<PathBuf, Look> {
        self.looks.borrow().clone()
    }

    /// A file is about to be read. Its first look counts: what is written later is a change.
    fn note(&self, path: PathBuf) {
        self.looks.borrow_mut().entry(path).or_insert_with_key(|path| look(path));
    }

    fn note_named(&self, path: &str) {
        self.note(self.folder.root().join(self.folder.named(path)));
    }

    fn beside(&self, folder: Folder) -> Self {
        Self { folder, looks: Rc::clone(&self.looks) }
    }
}

impl Repository for Asked {
    fn read(&self, path: &str) -> Result<BroughtFile, String> {
        self.note_named(path);
        self.folder.read(path)
    }

    fn holds(&self, word: &str) -> bool {
        self.folder.holds(word)
    }

    fn own_path(&self) -> Option<String> {
        Repository::own_path(&self.folder)
    }

    fn used(&self, place: &UsedPlace) -> Result<UsedFile, UseFailed> {
        if let UsedPlace::File(path) = place {
            self.note_named(path);
        }
        let path = match self.folder.place_of(place) {
            // Another source has it, or none.
            Err(UseFailed::Away) => return self.folder.used(place),
            path => path?,
        };
        self.note(path.clone());
        let found = self.folder.open(place, &path)?;
        let repository = Box::new(self.beside(self.folder.at(&found.name)));
        Ok(UsedFile { repository, ..found })
    }

    fn service_name(&self) -> Option<String> {
        self.folder.service_name()
    }
}

impl Shelf for Asked {
    fn find(&self, reference: &str) -> Result<Found<'_>, NotFound> {
        let found = self.folder.find(reference);
        match &found {
            Ok(found) => self.note(PathBuf::from(&found.source.name)),
            Err(_) => self.note_named(reference),
        }
        let Found { source, .. } = found?;
        let repository = self.beside(Folder::around(Path::new(&source.name)));
        Ok(Found { source, repository: Box::new(repository) })
    }
}
