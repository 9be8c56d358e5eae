//! A team's records in a folder that several machines share. Whoever else writes there may lay links
//! and odd files: nothing is followed, and nothing that is there is ever written over.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use rustix::fd::OwnedFd;
use rustix::fs::{Mode, OFlags, mkdirat, openat};
use serde::{Deserialize, Serialize};

use super::disk::nonce;
use super::entry::RUNS;
use super::place::{Flat, Kind, PlaceFailed};
use crate::process::Added;

/// Says that a folder holds records, and which folder it is.
const MARKER: &str = "records.json";

/// The form of that file.
const FORMAT: &str = "surefoot-records/1";

/// More of a marker is none.
const MOST_OF_A_MARKER: u64 = 4096;

/// More files are not listed.
const MOST_FILES: usize = 1_000_000;

/// Deeper folders are not looked into: a record's are not as deep.
const MOST_DEPTH: usize = 40;

/// How folders are opened.
const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// The folder.
pub(super) struct FolderPlace {
    root: PathBuf,
    id: String,
}

#[derive(Deserialize, Serialize)]
struct Marker {
    format: String,
    id: String,
}

impl FolderPlace {
    /// A folder that is there; it is given a name of its own, if it has none.
    pub(super) fn open(root: &Path) -> Result<Self, PlaceFailed> {
        if !root.is_dir() {
            return Err(PlaceFailed::Away(root.display().to_string()));
        }
        let path = root.join(MARKER);
        let failed = |act| PlaceFailed::io(act, &path);
        for _ in 0..3 {
            match read_below(root, MARKER, MOST_OF_A_MARKER) {
                Ok(bytes) => {
                    let marker: Option<Marker> = serde_json::from_slice(&bytes).ok();
                    let marker = marker.filter(|marker| marker.format == FORMAT);
                    let odd = || io::Error::new(io::ErrorKind::InvalidData, "it names no records");
                    let marker = marker.ok_or_else(odd).map_err(failed("read"))?;
                    return Ok(Self { root: root.to_owned(), id: marker.id });
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    let id = nonce().map_err(failed("name"))?;
                    let marker = Marker { format: FORMAT.to_owned(), id };
                    let text = serde_json::to_vec(&marker).expect("texts always serialise");
                    // Somebody else may have been faster: then theirs is read.
                    match put(root, MARKER, &text, false) {
                        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                            return Err(failed("write")(error));
                        }
                        _ => {}
                    }
                }
                Err(error) => return Err(failed("read")(error)),
            }
        }
        Err(failed("read")(io::ErrorKind::NotFound.into()))
    }

    /// Which folder it is.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn list(&self) -> Result<Vec<Flat>, PlaceFailed> {
        let mut found = Vec::new();
        let runs = self.root.join(RUNS);
        if runs.symlink_metadata().is_ok_and(|it| it.is_dir()) {
            visit(&runs, RUNS, 0, &mut found).map_err(PlaceFailed::io("list", &runs))?;
        }
        Ok(found)
    }

    pub(super) fn read(&self, files: &[&Flat]) -> Vec<Option<Vec<u8>>> {
        files.iter().map(|flat| read_below(&self.root, &flat.path, flat.size).ok()).collect()
    }

    /// Adds files. One that is there stays as it is.
    pub(super) fn add(&self, files: &[Added]) -> Result<(), PlaceFailed> {
        for file in files {
            match put(&self.root, &file.path, &file.bytes, file.executable) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                other => {
                    let path = self.root.join(&file.path);
                    other.map_err(PlaceFailed::io("write", &path))?;
                }
            }
        }
        Ok(())
    }
}

fn visit(folder: &Path, name: &str, depth: usize, found: &mut Vec<Flat>) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt as _;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if found.len() >= MOST_FILES {
            return Err(io::Error::other("it holds more than a million files"));
        }
        let own = entry.file_name().to_string_lossy().into_owned();
        // Somebody is writing it at this moment, or died at it.
        if own.starts_with('.') {
            continue;
        }
        let path = format!("{name}/{own}");
        // It may be gone by now.
        let Ok(meta) = entry.path().symlink_metadata() else { continue };
        if meta.is_dir() && depth < MOST_DEPTH {
            // A folder that cannot be looked into is nobody's record.
            let _ = visit(&entry.path(), &path, depth + 1, found);
            continue;
        }
        let kind = match () {
            () if meta.is_file() && meta.mode() & 0o100 != 0 => Kind::Program,
            () if meta.is_file() => Kind::File,
            () if meta.is_symlink() => Kind::Other("a link"),
            () => Kind::Other("no ordinary file"),
        };
        let id = format!("{} {}", meta.mtime(), meta.mtime_nsec());
        found.push(Flat { path, kind, size: meta.len(), id });
    }
    Ok(())
}

/// Opens a folder below another, by a path without links.
fn descend(root: &Path, parts: &[&str]) -> io::Result<OwnedFd> {
    let mut at = rustix::fs::open(root, FOLDER, Mode::empty())?;
    for part in parts {
        at = step(&at, part)?;
    }
    Ok(at)
}

/// Opens a folder in another, which must not be a link to one.
fn step(at: &OwnedFd, part: &str) -> io::Result<OwnedFd> {
    if matches!(part, "" | "." | "..") {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    Ok(openat(at, part, FOLDER.union(OFlags::NOFOLLOW), Mode::empty())?)
}

/// Reads an ordinary file below a folder; no link on the way is followed.
fn read_below(root: &Path, path: &str, most: u64) -> io::Result<Vec<u8>> {
    let parts: Vec<&str> = path.split('/').collect();
    let (name, above) = parts.split_last().ok_or(io::ErrorKind::InvalidInput)?;
    let at = descend(root, above)?;
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = openat(&at, *name, flags | OFlags::CLOEXEC, Mode::empty())?;
    let file = File::from(file);
    let mut bytes = Vec::new();
    if !file.metadata()?.is_file() {
        return Err(io::ErrorKind::InvalidData.into());
    }
    file.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(io::ErrorKind::InvalidData.into());
    }
    Ok(bytes)
}

/// Writes a file that is whole as soon as it has its name, and takes the name of no other. Who may
/// read it is the folder's business, and the user's umask's.
fn put(root: &Path, path: &str, bytes: &[u8], executable: bool) -> io::Result<()> {
    use std::io::Write as _;
    let parts: Vec<&str> = path.split('/').collect();
    let (name, above) = parts.split_last().ok_or(io::ErrorKind::InvalidInput)?;
    let mut at = descend(root, &[])?;
    for part in above {
        // Made where we are, whatever is laid on the way meanwhile.
        match mkdirat(&at, *part, Mode::from(0o777)) {
            Ok(()) => rustix::fs::fsync(&at)?,
            Err(rustix::io::Errno::EXIST) => {}
            Err(error) => return Err(error.into()),
        }
        at = step(&at, part)?;
    }
    let temporary = format!(".{}", nonce()?);
    let mode = if executable { Mode::from(0o777) } else { Mode::from(0o666) };
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut file = File::from(openat(&at, &temporary, flags, mode)?);
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    // A second name is not given where there is one, which renaming does not promise everywhere.
    let linked = written.and_then(|()| {
        let none = rustix::fs::AtFlags::empty();
        match rustix::fs::linkat(&at, &temporary, &at, *name, none) {
            // Some shared folders have no second names.
            Err(rustix::io::Errno::PERM | rustix::io::Errno::OPNOTSUPP) => {
                match rustix::fs::statat(&at, *name, rustix::fs::AtFlags::SYMLINK_NOFOLLOW) {
                    Ok(_) => Err(rustix::io::Errno::EXIST.into()),
                    Err(_) => Ok(rustix::fs::renameat(&at, &temporary, &at, *name)?),
                }
            }
            other => Ok(other?),
        }
    });
    let _ = rustix::fs::unlinkat(&at, &temporary, rustix::fs::AtFlags::empty());
    linked?;
    Ok(rustix::fs::fsync(&at)?)
}
