//! Files and folders that nobody but their owner may read, made so from their first instant under
//! any umask. Every failure names the path and the act. Writes no records.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};

/// Something could not be done to a file or folder.
#[derive(Debug, thiserror::Error)]
#[error("failed to {act} {}", path.display())]
pub struct FileFailed {
    /// What was to be done, such as `create`.
    pub act: &'static str,
    /// To what.
    pub path: PathBuf,
    /// Why it could not.
    pub source: io::Error,
}

impl FileFailed {
    /// For `map_err`: adds the act and the path to what the system says.
    pub(super) fn to<E: Into<io::Error>>(act: &'static str, path: &Path) -> impl FnOnce(E) -> Self {
        let path = path.to_owned();
        move |source| Self { act, path, source: source.into() }
    }
}

/// Makes a file that must not exist yet. A link in its place is never followed.
pub(super) fn create(path: &Path) -> Result<File, FileFailed> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::APPEND;
    own(path, flags).map_err(FileFailed::to("create", path))
}

/// Opens a file for reading and writing, and makes it if it is not there.
pub(super) fn open_or_create(path: &Path) -> Result<File, FileFailed> {
    own(path, OFlags::RDWR | OFlags::CREATE).map_err(FileFailed::to("open", path))
}

/// Opens an existing file for reading and appending.
pub(super) fn open_to_append(path: &Path) -> Result<File, FileFailed> {
    let flags = OFlags::RDWR | OFlags::APPEND | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::open(path, flags, Mode::empty())
        .map(File::from)
        .map_err(FileFailed::to("open", path))
}

/// The umask can only take permissions away: what it took is given back.
fn own(path: &Path, flags: OFlags) -> io::Result<File> {
    let mode = Mode::RUSR | Mode::WUSR;
    let file = rustix::fs::open(path, flags | OFlags::NOFOLLOW | OFlags::CLOEXEC, mode)?;
    rustix::fs::fchmod(&file, mode)?;
    Ok(File::from(file))
}

/// Makes a file that must not exist yet, with this content, and makes the content durable. If that
/// fails there is no file.
pub(super) fn write_new(path: &Path, bytes: &[u8]) -> Result<(), FileFailed> {
    let mut file = create(path)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    if written.is_err() {
        let _ = std::fs::remove_file(path);
    }
    written.map_err(FileFailed::to("write", path))
}

/// Lets the owner of a file execute it.
pub(super) fn make_executable(path: &Path) -> Result<(), FileFailed> {
    let file = File::open(path).map_err(FileFailed::to("open", path))?;
    file.set_permissions(std::fs::Permissions::from_mode(0o700))
        .and_then(|()| file.sync_all())
        .map_err(FileFailed::to("protect", path))
}

/// Makes a folder that must not exist yet; the one above it must.
pub(super) fn create_folder(path: &Path) -> Result<(), FileFailed> {
    rustix::fs::mkdir(path, Mode::RWXU).map_err(FileFailed::to("create", path))?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700))
        .map_err(FileFailed::to("protect", path))
}

/// Makes a folder and those above it where they are missing; each new one is durable.
pub(super) fn ensure_folder(path: &Path) -> Result<(), FileFailed> {
    if path.is_dir() {
        return Ok(());
    }
    if let Some(above) = path.parent().filter(|above| !above.as_os_str().is_empty()) {
        ensure_folder(above)?;
        match create_folder(path) {
            Err(failed) if failed.source.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            Err(failed) => Err(failed),
            Ok(()) => sync_folder(path).and_then(|()| sync_folder(above)),
        }
    } else {
        create_folder(path)
    }
}

/// Makes the names in a folder durable.
pub(super) fn sync_folder(path: &Path) -> Result<(), FileFailed> {
    File::open(path).and_then(|folder| folder.sync_all()).map_err(FileFailed::to("sync", path))
}
