//! Where the runbook of an entry lies, and how it is read from there: what was found in the index is
//! opened itself, not something else of its name.

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;

use super::super::neighbours::{Neighbour, Neighbours};
use super::super::reference::{Located, ReferenceFailed};
use super::place::MirrorOf;

/// Where a runbook lies.
#[derive(Clone, Debug)]
pub struct Whereabouts(Lies);

#[derive(Clone, Debug)]
enum Lies {
    Disk(PathBuf),
    Mirror {
        of: Arc<MirrorOf>,
        /// The path in its repository.
        path: String,
        /// What the runbook is called on the command line.
        called: String,
    },
}

impl Whereabouts {
    /// In a file.
    pub fn of_file(path: PathBuf) -> Self {
        Self(Lies::Disk(path))
    }

    /// In what was fetched of a source.
    pub(super) fn of_mirror(of: Arc<MirrorOf>, path: &str, called: String) -> Self {
        Self(Lies::Mirror { of, path: path.to_owned(), called })
    }

    /// The file; nothing if it lies in a mirror.
    pub fn file(&self) -> Option<&Path> {
        match &self.0 {
            Lies::Disk(path) => Some(path),
            Lies::Mirror { .. } => None,
        }
    }

    /// The same, with its file as it is called from a folder, if it lies below it.
    #[must_use]
    pub fn seen_from(self, here: &Path) -> Self {
        match self.0 {
            Lies::Disk(path) => {
                let below = path.strip_prefix(here).map(Path::to_owned);
                Self(Lies::Disk(below.unwrap_or(path)))
            }
            mirror @ Lies::Mirror { .. } => Self(mirror),
        }
    }

    /// The source that it was fetched of, and when, if it lies in a mirror.
    pub fn fetched(&self) -> Option<(&str, Option<Timestamp>)> {
        match &self.0 {
            Lies::Disk(_) => None,
            Lies::Mirror { of, .. } => Some((&of.source.name, of.mirror.fetched_at())),
        }
    }

    /// What names it on the command line: its path, or what it is called.
    pub fn reference(&self) -> String {
        match &self.0 {
            Lies::Disk(path) => path.to_string_lossy().into_owned(),
            Lies::Mirror { called, .. } => called.clone(),
        }
    }

    /// Reads it. Git is found in `path`.
    pub fn open(&self, neighbours: Neighbours, path: &OsStr) -> Result<Located, ReferenceFailed> {
        let failed = |why: String| ReferenceFailed::Unreadable { reference: self.to_string(), why };
        match &self.0 {
            Lies::Disk(file) => {
                let located = Located::on_disk(file.clone()).map_err(|error| failed(error.why))?;
                Ok(located.beside(neighbours))
            }
            Lies::Mirror { of, path: below, called } => {
                let fetched = of.mirror.fetched();
                let fetched = fetched.ok_or_else(|| failed("its mirror is gone".to_owned()))?;
                let own = Neighbour::fetched(&of.source, &of.mirror, &fetched, path);
                let own = own.map_err(|error| failed(error.to_string()))?;
                own.at(below, &neighbours).open(called)
            }
        }
    }
}

impl fmt::Display for Whereabouts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Lies::Disk(path) => write!(f, "{}", path.display()),
            Lies::Mirror { of, path, .. } => write!(f, "{}:{path}", of.source.name),
        }
    }
}
