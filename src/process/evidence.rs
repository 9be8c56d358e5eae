//! Files that are kept as evidence when a command has ended: copied below `evidence/` of the run's
//! folder, with what is secret hidden as in every output, and with the digest of the copy. A file
//! that cannot be kept is said to be so, and ends nothing.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::path::Path;

use rustix::fs::{Mode, OFlags, ResolveFlags, openat2};
use sha2::{Digest as _, Sha256};

use super::output::{create_private, create_private_folder};
use crate::engine::KeptFile;
use crate::value::{Masker, Patterns, hex};

/// Where the copies are, in the run's folder.
const FOLDER: &str = "evidence";
const BUFFER: usize = 64 * 1024;
/// No file's name is made longer.
const LONGEST_NAME: usize = 120;

/// Whose files are kept, and how.
pub(crate) struct Collector<'a> {
    /// The run's folder.
    pub(crate) folder: &'a Path,
    pub(crate) attempt: u32,
    /// The working directory of the command.
    pub(crate) cwd: &'a Path,
    /// How much of a file is kept.
    pub(crate) cap: u64,
    pub(crate) patterns: &'a Patterns,
}

impl Collector<'_> {
    /// Keeps a file.
    pub(crate) fn keep(&self, from: &str) -> KeptFile {
        let copied = self.open(Path::new(from)).and_then(|file| self.copy(file, from));
        copied.unwrap_or_else(|error| KeptFile {
            from: from.to_owned(),
            path: None,
            bytes: 0,
            sha256: None,
            note: Some(why(&error)),
        })
    }

    /// A relative path stays below the working directory, whatever links there are; a link in the
    /// last place is not followed, nor is a pipe waited for.
    fn open(&self, path: &Path) -> io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let folder = File::open(self.cwd)?;
        let resolve = if path.is_absolute() {
            ResolveFlags::NO_MAGICLINKS
        } else {
            ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS
        };
        let file: File = openat2(folder.as_fd(), path, flags, Mode::empty(), resolve)?.into();
        if !file.metadata()?.is_file() {
            return Err(io::Error::other("it is not a regular file"));
        }
        Ok(file)
    }

    fn copy(&self, mut file: File, from: &str) -> io::Result<KeptFile> {
        let size = file.metadata()?.len();
        let (mut copy, path) = self.create(from)?;
        let mut digest = Sha256::new();
        let mut masker = Masker::default();
        let mut buffer = vec![0; BUFFER];
        let mut out = Vec::new();
        let (mut read, mut bytes, mut hidden) = (0, 0, false);
        loop {
            let room = usize::try_from(self.cap - read).unwrap_or(BUFFER).min(BUFFER);
            let count = file.read(&mut buffer[..room])?;
            read += count as u64;
            out.clear();
            masker.mask(self.patterns, &buffer[..count], &mut out);
            if count == 0 {
                masker.flush(self.patterns, &mut out);
            }
            copy.write_all(&out)?;
            digest.update(&out);
            bytes += out.len() as u64;
            hidden |= count == 0 && bytes != read;
            if count == 0 {
                break;
            }
        }
        copy.sync_all()?;
        let mut notes = Vec::new();
        if read < size && read == self.cap {
            notes.push(format!("the first {read} of {size} bytes"));
        }
        if hidden {
            notes.push("what is secret in it is hidden".to_owned());
        }
        Ok(KeptFile {
            from: from.to_owned(),
            path: Some(path),
            bytes,
            sha256: Some(hex(digest.finalize())),
            note: (!notes.is_empty()).then(|| notes.join("; ")),
        })
    }

    /// A new file for the copy, and its path from the run's folder.
    fn create(&self, from: &str) -> io::Result<(File, String)> {
        create_private_folder(&self.folder.join(FOLDER))?;
        let name = safe_name(from);
        let mut number = 1;
        loop {
            let again = if number == 1 { String::new() } else { format!("{number}-") };
            let path = format!("{FOLDER}/{:04}-{again}{name}", self.attempt);
            match create_private(&self.folder.join(&path)) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
                created => return Ok((created?, path)),
            }
        }
    }
}

/// The last part of a path, of characters that no shell and no terminal takes for anything else.
fn safe_name(path: &str) -> String {
    let name = Path::new(path).file_name().map_or_else(String::new, |name| {
        name.to_string_lossy().chars().take(LONGEST_NAME).collect()
    });
    let safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    name.chars().map(|c| if safe(c) { c } else { '_' }).collect()
}

fn why(error: &io::Error) -> String {
    match rustix::io::Errno::from_io_error(error) {
        Some(rustix::io::Errno::LOOP) => "it is a link, which is not followed".to_owned(),
        Some(rustix::io::Errno::XDEV) => "it leads out of the working directory".to_owned(),
        _ if error.kind() == io::ErrorKind::NotFound => "it is not there".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    struct Place {
        run: tempfile::TempDir,
        work: tempfile::TempDir,
        patterns: Patterns,
        cap: u64,
    }

    impl Place {
        fn new() -> Self {
            let folder = || tempfile::tempdir().unwrap();
            Self { run: folder(), work: folder(), patterns: Patterns::default(), cap: 1000 }
        }

        fn file(&self, name: &str, bytes: &[u8]) {
            fs::write(self.work.path().join(name), bytes).unwrap();
        }

        fn keep(&self, from: &str) -> KeptFile {
            let collector = Collector {
                folder: self.run.path(),
                attempt: 7,
                cwd: self.work.path(),
                cap: self.cap,
                patterns: &self.patterns,
            };
            collector.keep(from)
        }

        fn read(&self, kept: &KeptFile) -> Vec<u8> {
            fs::read(self.run.path().join(kept.path.as_ref().unwrap())).unwrap()
        }
    }

    #[test]
    fn a_file_is_kept_byte_by_byte_for_its_owner_alone() {
        let place = Place::new();
        place.file("dump.bin", b"\xff\0\n");
        let kept = place.keep("dump.bin");
        assert_eq!(kept.path.as_deref(), Some("evidence/0007-dump.bin"));
        assert_eq!((kept.bytes, &kept.note), (3, &None));
        assert_eq!(place.read(&kept), b"\xff\0\n");
        assert_eq!(kept.sha256, Some(hex(Sha256::digest(b"\xff\0\n"))));
        let file = place.run.path().join("evidence/0007-dump.bin");
        assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn two_files_of_one_name_are_both_kept() {
        let place = Place::new();
        fs::create_dir(place.work.path().join("a")).unwrap();
        place.file("log", b"one");
        place.file("a/log", b"two");
        assert_eq!(place.read(&place.keep("log")), b"one");
        let second = place.keep("a/log");
        assert_eq!(second.path.as_deref(), Some("evidence/0007-2-log"));
        assert_eq!(place.read(&second), b"two");
    }

    #[test]
    fn a_secret_is_hidden_in_the_copy_and_that_is_said() {
        let mut place = Place::new();
        place.patterns.add([b"hunter2-hunter2".to_vec()]);
        place.file("conf", b"password=hunter2-hunter2\n");
        let kept = place.keep("conf");
        assert_eq!(place.read(&kept), b"password=***\n");
        assert_eq!(kept.note.as_deref(), Some("what is secret in it is hidden"));
        assert_eq!(kept.sha256, Some(hex(Sha256::digest(b"password=***\n"))));
    }

    #[test]
    fn the_first_part_of_a_large_file_is_kept_and_that_is_said() {
        let mut place = Place::new();
        place.cap = 10;
        place.file("large", &[b'x'; 25]);
        let kept = place.keep("large");
        assert_eq!((kept.bytes, kept.note.as_deref()), (10, Some("the first 10 of 25 bytes")));
        place.file("fits", &[b'x'; 10]);
        assert_eq!(place.keep("fits").note, None);
    }

    #[test]
    fn what_is_no_file_here_is_not_kept() {
        let place = Place::new();
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("secret"), "s").unwrap();
        symlink(outside.path().join("secret"), place.work.path().join("link")).unwrap();
        symlink(outside.path(), place.work.path().join("way")).unwrap();
        fs::create_dir(place.work.path().join("folder")).unwrap();
        let pipe = place.work.path().join("pipe");
        let mode = Mode::RUSR | Mode::WUSR;
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, mode, 0).unwrap();
        for (from, note) in [
            ("nowhere", "it is not there"),
            ("link", "it is a link, which is not followed"),
            ("way/secret", "it leads out of the working directory"),
            ("../x", "it leads out of the working directory"),
            ("folder", "it is not a regular file"),
            ("pipe", "it is not a regular file"),
        ] {
            let kept = place.keep(from);
            assert_eq!((kept.path, kept.note.as_deref()), (None, Some(note)), "{from}");
        }
        assert!(!place.run.path().join(FOLDER).exists());
    }
}
