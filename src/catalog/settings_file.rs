//! Settings files where they lie. One that is there is read, or it is an error: never passed over.

use std::fs;
use std::io::{self, Read as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::beneath::said;
use super::file::FileFailed;
use super::folder::Folder;
use crate::diagnostic::{Diagnostic, Source};
use crate::policy::Authority;
use crate::runbook::decode;
use crate::settings::{LoadedSettings, Place, load};

/// The file of settings in a repository, at its top.
pub const REPOSITORY_SETTINGS: &str = "surefoot.toml";

/// Larger files are not read: settings have at most 1 MiB.
const MOST_BYTES: u64 = 1 << 20;

/// Reads a settings file; `None` if there is none. Paths in it count from its folder, or from the
/// home folder.
pub fn read_settings(
    path: &Path,
    authority: Authority,
    home: Option<&Path>,
) -> Result<Option<(Source, LoadedSettings)>, FileFailed> {
    let failed = |why: String| FileFailed { path: path.to_owned(), why };
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(said(&error))),
        Ok(found) if found.is_symlink() && authority == Authority::Repository => {
            return Err(failed("it is a link, and a repository's settings are a file".to_owned()));
        }
        Ok(found) if found.is_symlink() && !path.exists() => {
            return Err(failed("it is a link that leads nowhere".to_owned()));
        }
        Ok(_) => {}
    }
    let bytes = bytes(path, authority).map_err(failed)?;
    let folder = path.parent().unwrap_or(Path::new("/"));
    let folder = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    let place = Place { authority, folder, home: home.map(Path::to_owned) };
    Ok(Some(loaded(&path.display().to_string(), &bytes, &place)))
}

fn loaded(name: &str, bytes: &[u8], place: &Place) -> (Source, LoadedSettings) {
    let (source, findings) = decode(name, bytes);
    if !findings.is_empty() {
        return (source, LoadedSettings { file: None, findings });
    }
    let loaded = load(&source, place);
    (source, loaded)
}

impl Folder {
    /// The settings of the repository, read where its runbooks are; they are called by a name. `None` if
    /// there are none.
    pub fn own_settings(&self, name: &str) -> Result<Option<(Source, LoadedSettings)>, FileFailed> {
        let path = self.root().join(REPOSITORY_SETTINGS);
        let failed = |why: String| FileFailed { path: PathBuf::from(name), why };
        if !self.holding().has(&path).map_err(failed)? {
            return Ok(None);
        }
        if self.holding().real(&path).map_err(failed)? != path {
            return Err(failed("it is a link, and a repository's settings are a file".to_owned()));
        }
        let content = self.holding().read(self.root(), &path).map_err(failed)?;
        if content.bytes.len() as u64 > MOST_BYTES {
            return Err(failed("it has more than 1 MiB".to_owned()));
        }
        let (authority, folder) = (Authority::Repository, self.root().to_owned());
        let place = Place { authority, folder, home: None };
        Ok(Some(loaded(name, &content.bytes, &place)))
    }
}

/// What is wrong with a text of settings; whose they are is told by the file's name.
pub(super) fn settings_findings(source: &Source, path: &Path, around: &Folder) -> Vec<Diagnostic> {
    let own = path.file_name().is_some_and(|name| name == REPOSITORY_SETTINGS);
    let authority = if own { Authority::Repository } else { Authority::User };
    let place = Place { authority, folder: around.base().to_owned(), home: None };
    load(source, &place).findings
}

/// What is in the file: looked at and read through one descriptor, so that nobody puts another
/// file in its place in between.
fn bytes(path: &Path, authority: Authority) -> Result<Vec<u8>, String> {
    // A pipe must not keep anybody waiting before it is known to be one.
    let nonblocking = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let file = fs::OpenOptions::new().read(true).custom_flags(nonblocking).open(path);
    let file = file.map_err(|error| said(&error))?;
    let found = file.metadata().map_err(|error| said(&error))?;
    if !found.is_file() {
        return Err("it is not an ordinary file".to_owned());
    }
    writers(&found, authority)?;
    let mut bytes = Vec::new();
    let read = file.take(MOST_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|error| said(&error))?;
    Ok(bytes)
}

/// A file that grants something is nobody's to write but its owner's and his group's.
fn writers(found: &fs::Metadata, authority: Authority) -> Result<(), String> {
    if authority != Authority::Repository && found.mode() & 0o002 != 0 {
        return Err("everybody on this machine can write it; chmod o-w it first".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    const EMPTY: &str = "schema = \"surefoot-config/v1\"\n";

    fn why(path: &Path, authority: Authority) -> String {
        read_settings(path, authority, None).unwrap_err().why
    }

    #[test]
    fn what_is_not_there_is_no_error_and_what_cannot_be_read_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        assert!(read_settings(&path, Authority::User, None).unwrap().is_none());
        fs::create_dir(&path).unwrap();
        assert_eq!(why(&path, Authority::User), "it is not an ordinary file");
        fs::remove_dir(&path).unwrap();
        symlink(folder.path().join("gone.toml"), &path).unwrap();
        assert_eq!(why(&path, Authority::Organisation), "it is a link that leads nowhere");
        fs::write(folder.path().join("gone.toml"), EMPTY).unwrap();
        let (_, loaded) = read_settings(&path, Authority::Organisation, None).unwrap().unwrap();
        assert!(loaded.file.is_some());
        assert!(why(&path, Authority::Repository).starts_with("it is a link"));
        let below = folder.path().join("gone.toml/config.toml");
        assert!(read_settings(&below, Authority::User, None).is_err());
    }

    #[test]
    fn a_pipe_keeps_nobody_waiting_and_a_large_file_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        let mode = rustix::fs::Mode::RUSR;
        let fifo = rustix::fs::FileType::Fifo;
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, fifo, mode, 0).unwrap();
        assert_eq!(why(&pipe, Authority::User), "it is not an ordinary file");
        assert_eq!(why(Path::new("/dev/zero"), Authority::User), "it is not an ordinary file");
        let large = folder.path().join("large");
        fs::File::create(&large).unwrap().set_len(1 << 40).unwrap();
        let (_, loaded) = read_settings(&large, Authority::User, None).unwrap().unwrap();
        assert!(loaded.findings[0].message.contains("larger than the limit"));
    }

    #[test]
    fn a_file_that_grants_is_not_everybodys_to_write() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        fs::write(&path, EMPTY).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
        for authority in [Authority::Organisation, Authority::User] {
            assert!(why(&path, authority).starts_with("everybody on this machine"));
        }
        assert!(read_settings(&path, Authority::Repository, None).is_ok());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o664)).unwrap();
        assert!(read_settings(&path, Authority::Organisation, None).is_ok());
    }
}
