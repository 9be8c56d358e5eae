//! Files are opened once, and what was opened is what is looked at: nothing can be put in their
//! place between the look and the reading, and nothing outside of a folder can be reached by links
//! that somebody lays in the meantime.

use std::fmt;
use std::fs::{self, File, Metadata};
use std::io::{self, Read as _};
use std::path::{Component, Path};

use rustix::fs::{Mode, OFlags, openat};
use rustix::io::Errno;

/// Larger files are refused before they are read: the language allows 1 MiB.
const MOST_BYTES: u64 = 16 << 20;

/// A file that was opened and read.
pub(super) struct Whole {
    /// What it holds.
    pub(super) bytes: Vec<u8>,
    /// What the system said of the very file that was read.
    pub(super) found: Metadata,
}

/// Why a file was not read.
#[derive(Debug)]
pub(super) enum Unread {
    /// It is a folder.
    Folder,
    /// It, or a folder on the way, is a link, which it was not before.
    Link,
    /// It has more bytes than any file may have.
    Large(u64),
    /// It is a device, a pipe or a socket.
    Special,
    /// The system did not let us.
    System(io::Error),
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder => f.write_str("it is a folder"),
            Self::Link => f.write_str("it was replaced by a link"),
            Self::Large(bytes) => write!(f, "it has {bytes} bytes, more than 16 MiB"),
            Self::Special => f.write_str("it is not an ordinary file"),
            Self::System(error) => f.write_str(&said(error)),
        }
    }
}

/// A pipe must not be waited for, and a terminal not become ours.
fn flags() -> OFlags {
    OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY
}

/// Reads an ordinary file; links are followed.
pub(super) fn read(path: &Path) -> Result<Whole, Unread> {
    // A device may do something when it is opened.
    ordinary(&fs::metadata(path).map_err(Unread::System)?)?;
    let file = rustix::fs::open(path, flags(), Mode::empty());
    whole(&file.map_err(|error| Unread::System(error.into()))?.into())
}

/// Reads an ordinary file below a folder, by a path without links: one that is a link by now, or
/// leads through one, is refused.
pub(super) fn read_beneath(folder: &Path, real: &Path) -> Result<Whole, Unread> {
    let file = open_beneath(folder, real).map_err(|error| match error {
        Errno::LOOP | Errno::NOTDIR | Errno::XDEV => Unread::Link,
        other => Unread::System(other.into()),
    })?;
    whole(&file)
}

fn open_beneath(folder: &Path, real: &Path) -> Result<File, Errno> {
    let below = real.strip_prefix(folder).map_err(|_| Errno::XDEV)?;
    let step = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let mut at = rustix::fs::open(folder, step, Mode::empty())?;
    let mut parts = below.components().peekable();
    while let Some(part) = parts.next() {
        let Component::Normal(name) = part else {
            return Err(Errno::XDEV);
        };
        let last = parts.peek().is_none();
        let how = if last { flags() } else { step };
        at = openat(&at, name, how | OFlags::NOFOLLOW, Mode::empty())?;
        if last {
            return Ok(at.into());
        }
    }
    Err(Errno::ISDIR)
}

fn ordinary(found: &Metadata) -> Result<(), Unread> {
    if found.is_dir() {
        return Err(Unread::Folder);
    }
    if !found.is_file() {
        return Err(Unread::Special);
    }
    if found.len() > MOST_BYTES {
        return Err(Unread::Large(found.len()));
    }
    Ok(())
}

fn whole(mut file: &File) -> Result<Whole, Unread> {
    let found = file.metadata().map_err(Unread::System)?;
    ordinary(&found)?;
    let mut bytes = Vec::with_capacity(usize::try_from(found.len()).unwrap_or(0) + 1);
    // It may grow while it is read.
    file.by_ref().take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(Unread::System)?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(Unread::Large(bytes.len() as u64));
    }
    Ok(Whole { bytes, found })
}

/// What the system said, without its number.
pub(super) fn said(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_path_that_has_become_a_link_is_refused() {
        let outside = tempfile::tempdir().unwrap();
        fs::create_dir(outside.path().join("deep")).unwrap();
        fs::write(outside.path().join("deep/file"), "secret").unwrap();
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir(root.join("deep")).unwrap();
        fs::write(root.join("deep/file"), "own").unwrap();
        let real = root.join("deep/file");
        assert_eq!(read_beneath(root, &real).unwrap().bytes, b"own");

        // Somebody swaps the file, or a folder on the way, after the path was resolved.
        fs::remove_file(&real).unwrap();
        symlink(outside.path().join("deep/file"), &real).unwrap();
        assert!(matches!(read_beneath(root, &real), Err(Unread::Link)));
        fs::remove_dir_all(root.join("deep")).unwrap();
        symlink(outside.path().join("deep"), root.join("deep")).unwrap();
        assert!(matches!(read_beneath(root, &real), Err(Unread::Link)));
        for bad in [root.join("../x"), root.to_owned(), outside.path().join("deep/file")] {
            assert!(read_beneath(root, &bad).is_err(), "{}", bad.display());
        }
    }

    #[test]
    fn a_pipe_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        let mode = Mode::RUSR | Mode::WUSR;
        let fifo = rustix::fs::FileType::Fifo;
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, fifo, mode, 0).unwrap();
        assert!(matches!(read(&pipe), Err(Unread::Special)));
        assert!(matches!(read_beneath(folder.path(), &pipe), Err(Unread::Special)));
    }
}
