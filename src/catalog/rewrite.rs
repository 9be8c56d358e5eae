//! Writes a file anew: whole or not at all, with its permissions, and only if nobody else did.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// Why a file was not written. It is as it was.
#[derive(Debug, thiserror::Error)]
pub enum RewriteFailed {
    /// Somebody else wrote it after it was read.
    #[error("{} was changed in the meantime and was left alone", .0.display())]
    Changed(PathBuf),
    /// Another name would keep the old content.
    #[error("{} has other names (hard links) and was left alone", .0.display())]
    HardLinks(PathBuf),
    /// The system did not let us.
    #[error("failed to write {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Replaces the content of a file. A link is followed; the file itself is replaced.
pub fn rewrite(path: &Path, read: &[u8], new: &[u8]) -> Result<(), RewriteFailed> {
    let failed = |source| RewriteFailed::Io { path: path.to_owned(), source };
    let file = fs::canonicalize(path).map_err(failed)?;
    let found = fs::metadata(&file).map_err(failed)?;
    if found.nlink() > 1 {
        return Err(RewriteFailed::HardLinks(path.to_owned()));
    }
    // A folder that may be written does not make a protected file ours to replace.
    OpenOptions::new().write(true).open(&file).map_err(failed)?;
    let temporary = beside(&file);
    let placed = written(&temporary, &found, new).map_err(failed).and_then(|()| {
        if fs::read(&file).map_err(failed)? != read {
            return Err(RewriteFailed::Changed(path.to_owned()));
        }
        fs::rename(&temporary, &file).map_err(failed)
    });
    if placed.is_err() {
        // The first error is the one to tell.
        let _ = fs::remove_file(&temporary);
    }
    placed
}

/// A hidden name in the same folder, so that it can be put in place at once.
fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.surefoot-{}", std::process::id()))
}

fn written(temporary: &Path, like: &fs::Metadata, bytes: &[u8]) -> io::Result<()> {
    let mut new: File =
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(temporary)?;
    new.write_all(bytes)?;
    let own = new.metadata()?;
    if (own.uid(), own.gid()) != (like.uid(), like.gid()) {
        std::os::unix::fs::fchown(&new, Some(like.uid()), Some(like.gid()))?;
    }
    new.set_permissions(fs::Permissions::from_mode(like.mode() & 0o7777))?;
    new.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn permissions_stay_and_a_link_stays_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("a"), folder.path().join("link"));
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink("a", &link).unwrap();
        rewrite(&link, b"old", b"new").unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"new");
        assert_eq!(fs::metadata(&file).unwrap().mode() & 0o7777, 0o640);
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(names(folder.path()), ["a", "link"]);
    }

    #[test]
    fn what_somebody_else_wrote_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a");
        fs::write(&file, "theirs").unwrap();
        assert!(matches!(rewrite(&file, b"old", b"new"), Err(RewriteFailed::Changed(_))));
        fs::hard_link(&file, folder.path().join("b")).unwrap();
        assert!(matches!(rewrite(&file, b"theirs", b"new"), Err(RewriteFailed::HardLinks(_))));
        assert_eq!(fs::read(&file).unwrap(), b"theirs");
        assert_eq!(names(folder.path()), ["a", "b"]);
    }
}
