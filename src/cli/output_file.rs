//! Files that the user names to have something written to. As with every tool links are followed, and what
//! is there is written over; but where anybody may lay files, such as `/tmp`, the name alone does not say
//! whose file it is: there it must be the user's own, or not be there.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use rustix::fs::{Mode, OFlags};

use super::exit::Exit;
use super::failure::Failure;

/// Anybody may lay files in a folder with this permission.
const ANYBODY: u32 = 0o002;

/// Writes a text to a file.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let written =
        if is_shared(path) { write_own(path, text) } else { fs::write(path, text.as_bytes()) };
    written.map_err(|error| {
        Failure::new(Exit::Failed, format!("failed to write {}: {error}", path.display()))
    })
}

fn is_shared(path: &Path) -> bool {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    fs::metadata(folder).is_ok_and(|found| found.mode() & ANYBODY != 0)
}

fn write_own(path: &Path, text: &str) -> io::Result<()> {
    // Nothing is emptied before it is known whose it is, and a pipe is not waited for.
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let mode = Mode::from(0o666);
    let opened = rustix::fs::open(path, flags | OFlags::CLOEXEC, mode).map_err(|error| {
        let link = error == rustix::io::Errno::LOOP;
        if link { laid("a link") } else { error.into() }
    });
    let mut file = File::from(opened?);
    let found = file.metadata()?;
    if !found.is_file() || found.nlink() > 1 {
        return Err(laid("no ordinary file"));
    }
    if found.uid() != rustix::process::geteuid().as_raw() {
        return Err(laid("somebody else's"));
    }
    file.set_len(0)?;
    file.write_all(text.as_bytes())
}

fn laid(what: &str) -> io::Error {
    io::Error::other(format!("what is there is {what}, in a folder where anybody may lay files"))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[test]
    fn where_anybody_may_lay_files_no_link_is_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (target, link) = (folder.path().join("target"), folder.path().join("link"));
        fs::write(&target, "kept").unwrap();
        symlink(&target, &link).unwrap();
        let other = folder.path().join("other");
        fs::hard_link(&target, &other).unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o1777)).unwrap();
        for planted in [&link, &other] {
            let failure = write(planted, "new").unwrap_err();
            assert!(failure.message.unwrap().contains("anybody may lay files"));
        }
        assert_eq!(fs::read_to_string(&target).unwrap(), "kept");
        fs::remove_file(&other).unwrap();
        for text in ["longer than that", "own"] {
            write(&target, text).unwrap();
            assert_eq!(fs::read_to_string(&target).unwrap(), text);
        }
        // A folder of one's own is one's own business.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
        write(&link, "through").unwrap();
        assert_eq!(fs::read_to_string(&target).unwrap(), "through");
    }
}
