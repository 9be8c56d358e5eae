//! Where the files of a repository are read: on the disk, or in a commit. Both give the same verdicts.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::beneath::{read_beneath, said};
use super::file::File;
use super::snapshot::{Content, Snapshot, Unfound};
use super::walk::{ENDINGS, has_ending, runbooks_below};

/// Where files are read.
#[derive(Clone, Debug)]
pub(super) enum Held {
    /// On the disk.
    Disk,
    /// In a commit.
    Commit(Rc<Snapshot>),
}

impl Held {
    /// Where a path leads to, after links.
    pub(super) fn real(&self, path: &Path) -> Result<PathBuf, String> {
        match self {
            Self::Disk => fs::canonicalize(path).map_err(|error| said(&error)),
            Self::Commit(snapshot) => match snapshot.real(path) {
                // No file of the repository lies there.
                Err(Unfound::Outside) => Ok(PathBuf::from("/")),
                other => other.map_err(|why| why.to_string()),
            },
        }
    }

    /// Whether something has this name, be it a link that leads nowhere.
    pub(super) fn has(&self, path: &Path) -> Result<bool, String> {
        match self {
            Self::Disk => match fs::symlink_metadata(path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
                other => other.map(|_| true).map_err(|error| said(&error)),
            },
            Self::Commit(snapshot) => snapshot.has(path).map_err(|why| why.to_string()),
        }
    }

    /// Reads a file by a path without links, below a root.
    pub(super) fn read(&self, root: &Path, real: &Path) -> Result<Content, String> {
        match self {
            Self::Disk => {
                let whole = read_beneath(root, real).map_err(|why| why.to_string())?;
                let executable = whole.found.permissions().mode() & 0o100 != 0;
                Ok(Content { bytes: whole.bytes, executable })
            }
            Self::Commit(snapshot) => snapshot.read(real).map_err(|why| why.to_string()),
        }
    }

    /// Makes files quick to look at, where that takes more than opening each.
    pub(super) fn prefetch(&self, paths: &[PathBuf]) {
        if let Self::Commit(snapshot) = self {
            snapshot.prefetch(paths);
        }
    }

    /// What a file holds, as far as that is needed to look for names in it.
    pub(super) fn glance(&self, path: &Path) -> Option<Vec<u8>> {
        match self {
            Self::Disk => File::read(path).ok().map(|file| file.bytes),
            Self::Commit(snapshot) => snapshot.glance(path),
        }
    }

    /// Whether a path leads to a file.
    pub(super) fn is_file(&self, path: &Path) -> bool {
        match self {
            Self::Disk => path.is_file(),
            Self::Commit(snapshot) => snapshot.is_file(path),
        }
    }

    /// The files of this name that lie in a folder itself and may be runbooks, sorted.
    pub(super) fn called(&self, folder: &Path, stem: &str) -> Vec<PathBuf> {
        let named = ENDINGS.map(|ending| folder.join(format!("{stem}.{ending}")));
        let named = named.into_iter().filter(|path| has_ending(path));
        match self {
            Self::Disk => {
                let plain =
                    |path: &PathBuf| fs::symlink_metadata(path).is_ok_and(|it| it.is_file());
                named.filter(plain).collect()
            }
            Self::Commit(snapshot) => {
                let beside = snapshot.beside(folder);
                named.filter(|path| beside.contains(path)).collect()
            }
        }
    }

    /// The files that lie in a folder itself and may be runbooks, sorted.
    pub(super) fn beside(&self, folder: &Path) -> Vec<PathBuf> {
        match self {
            Self::Disk => {
                let entries = fs::read_dir(folder).into_iter().flatten().flatten();
                let file = |entry: &fs::DirEntry| entry.file_type().is_ok_and(|it| it.is_file());
                let files = entries.filter(file).map(|entry| entry.path());
                let mut files: Vec<PathBuf> = files.filter(|path| has_ending(path)).collect();
                files.sort();
                files
            }
            Self::Commit(snapshot) => snapshot.beside(folder),
        }
    }

    /// The runbooks below a folder, sorted.
    pub(super) fn runbooks_below(&self, folder: &Path) -> Vec<PathBuf> {
        match self {
            Self::Disk => runbooks_below(folder),
            Self::Commit(snapshot) => snapshot.runbooks_below(folder),
        }
    }
}
