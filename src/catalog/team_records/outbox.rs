//! The outbox: the finished runs of this machine that the team's records do not have yet. It is derived
//! from the runs themselves, and from a mark for each that was delivered: a run writes its own folder
//! and nothing else, so a death at any instant neither loses a run nor sends one twice.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::disk;
use super::entry::{self, RunRecord};
use super::place::PlaceFailed;
use crate::catalog::sha256;
use crate::journal::{JOURNAL, RunFolder, Store, read};
use crate::process::Added;
use crate::settings::Shared;
use crate::signing::SEALS;

/// Larger bundles are not shared: who keeps the records could not take them.
pub(super) const MOST_OF_A_BUNDLE: u64 = 48 << 20;

/// What of a run's folder is shared; not its working directory, and not the key of its secrets.
const SHARED: [&str; 4] = [JOURNAL, "runbook", "output", "evidence"];

/// Deeper folders are no part of a record.
const MOST_DEPTH: usize = 32;

/// The runs that were delivered to one place.
#[derive(Clone, Debug)]
pub(super) struct Outbox<'a> {
    store: &'a Store,
    marks: PathBuf,
    what: Shared,
}

/// A run that is ready to be delivered.
#[derive(Clone, Debug)]
pub(super) struct Parcel {
    /// Its id.
    pub(super) run: String,
    /// Its files, from the root of all records.
    pub(super) files: Vec<Added>,
    /// Why it is not as whole as was asked for.
    pub(super) reduced: Option<String>,
    mark: String,
}

/// What waits in an outbox.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    /// Runs that are over and not delivered.
    pub(super) parcels: Vec<RunFolder>,
    /// Runs whose journal cannot be read.
    pub(super) unreadable: Vec<String>,
}

impl<'a> Outbox<'a> {
    /// The outbox for a place, by the name that the place has here.
    pub(super) fn new(store: &'a Store, place: &str, what: Shared) -> Self {
        Self { store, marks: store.state().join("outbox").join(place), what }
    }

    /// What waits. Of what was delivered, nothing is read.
    pub(super) fn waiting(&self) -> Result<Waiting, PlaceFailed> {
        let folders = self.store.folders();
        let folders = folders.map_err(|failed| PlaceFailed::Io {
            act: failed.act,
            path: failed.path.display().to_string(),
            source: failed.source,
        })?;
        let mut waiting = Waiting::default();
        for folder in folders {
            if self.is_delivered(&folder) || never_began(&folder) {
                continue;
            }
            match read(&folder.journal()) {
                Err(_) => waiting.unreadable.push(folder.id().to_owned()),
                Ok(contents) if RunRecord::of(&contents).is_some() => waiting.parcels.push(folder),
                Ok(_) => {}
            }
        }
        waiting.parcels.reverse();
        Ok(waiting)
    }

    /// Puts a run together; none if it is not over.
    pub(super) fn parcel(&self, folder: &RunFolder) -> Option<Parcel> {
        let record = read(&folder.journal()).ok().and_then(|it| RunRecord::of(&it))?;
        let mut files = vec![added(entry::SUMMARY.to_owned(), record.text().into_bytes())];
        let sealed = fs::read(folder.path().join(SEALS)).unwrap_or_default();
        for line in sealed.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let name = format!("{}{}.json", entry::SEALS, sha256(line));
            files.push(added(name, [line, b"\n"].concat()));
        }
        let mut reduced = None;
        if self.what == Shared::Bundle {
            match bundle(folder) {
                Ok(more) => files.extend(more),
                Err(why) => reduced = Some(why),
            }
        }
        let root = record.path().folder();
        for file in &mut files {
            file.path = format!("{root}/{}", file.path);
        }
        let mark = self.mark(sealed.len() as u64);
        Some(Parcel { run: folder.id().to_owned(), files, reduced, mark })
    }

    /// Marks a run as delivered, durably.
    pub(super) fn delivered(&self, parcel: &Parcel) -> Result<(), PlaceFailed> {
        let folder = PlaceFailed::io("make", &self.marks);
        disk::ensure(&self.marks).map_err(folder)?;
        let path = self.marks.join(&parcel.run);
        let mark = PlaceFailed::io("write", &path);
        disk::replace(&path, parcel.mark.as_bytes()).map_err(mark)
    }

    /// Forgets what was delivered: the place is not the one that it was delivered to.
    pub(super) fn forget(&self) -> Result<(), PlaceFailed> {
        match fs::remove_dir_all(&self.marks) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(PlaceFailed::io("remove", &self.marks)(error))
            }
            _ => Ok(()),
        }
    }

    /// Whether all that there is of a run was delivered: a seal may come later.
    fn is_delivered(&self, folder: &RunFolder) -> bool {
        let Ok(mark) = fs::read_to_string(self.marks.join(folder.id())) else {
            return false;
        };
        let sealed = fs::metadata(folder.path().join(SEALS)).map_or(0, |found| found.len());
        // Who had more delivered once need not have less delivered now.
        let whole = Self { what: Shared::Bundle, ..self.clone() }.mark(sealed);
        mark == self.mark(sealed) || mark == whole
    }

    /// What was delivered: the summary or the bundle, and so many bytes of seals.
    fn mark(&self, sealed: u64) -> String {
        let what = match self.what {
            Shared::Summary => "summary",
            Shared::Bundle => "bundle",
        };
        format!("{what} {sealed}\n")
    }
}

/// A run that died before its first record left nothing to tell of.
fn never_began(folder: &RunFolder) -> bool {
    fs::metadata(folder.journal()).map_or(true, |found| found.len() == 0)
}

fn added(path: String, bytes: Vec<u8>) -> Added {
    Added { path, bytes, executable: false }
}

/// All files of a run that are shared, or why they cannot be.
fn bundle(folder: &RunFolder) -> Result<Vec<Added>, String> {
    let mut files = Vec::new();
    let mut left = MOST_OF_A_BUNDLE;
    for name in SHARED {
        let path = folder.path().join(name);
        if path.symlink_metadata().is_ok() {
            gather(&path, &format!("{}{name}", entry::RECORD), 0, &mut left, &mut files)?;
        }
    }
    Ok(files)
}

fn gather(
    path: &Path,
    name: &str,
    depth: usize,
    left: &mut u64,
    files: &mut Vec<Added>,
) -> Result<(), String> {
    use std::os::unix::fs::PermissionsExt as _;
    let unreadable = |error: io::Error| format!("{} cannot be read: {error}", path.display());
    let found = path.symlink_metadata().map_err(unreadable)?;
    if found.is_dir() && depth < MOST_DEPTH {
        let mut names = Vec::new();
        for entry in fs::read_dir(path).map_err(unreadable)? {
            let below = entry.map_err(unreadable)?.file_name().into_string();
            names.push(below.map_err(|odd| format!("a file has an odd name: {}", odd.display()))?);
        }
        names.sort();
        for below in names {
            gather(&path.join(&below), &format!("{name}/{below}"), depth + 1, left, files)?;
        }
        return Ok(());
    }
    if !found.is_file() || name.chars().any(char::is_control) {
        return Err(format!("{} is no ordinary file", path.display()));
    }
    *left = left
        .checked_sub(found.len())
        .ok_or_else(|| format!("it is larger than {} MiB", MOST_OF_A_BUNDLE >> 20))?;
    let bytes = fs::read(path).map_err(unreadable)?;
    let executable = found.permissions().mode() & 0o100 != 0;
    files.push(Added { path: name.to_owned(), bytes, executable });
    Ok(())
}
