//! How the commands of a run ended, as their supervisor wrote it down before anybody was told:
//! `ends.jsonl` in the run's folder, one line an end. One file for all keeps it at one sync a
//! change. A line begins with a newline of its own, so that a torn one spoils no other.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{FallocateFlags, OFlags, fallocate, fdatasync};
use serde::{Deserialize, Serialize};

use super::message::{Durability, Status};
use super::output::read_own;
use crate::engine::AttemptId;

const FILE: &str = "ends.jsonl";
/// Space set aside, so that a sync has only data to write, and a full disk takes some ends yet.
const RESERVE: u64 = 256 << 10;

#[derive(Serialize)]
struct Line<'a> {
    attempt: u32,
    status: &'a Status,
}

#[derive(Deserialize)]
struct ReadLine {
    attempt: u32,
    status: Status,
}

/// The ends of a run's commands, open for writing.
#[derive(Debug)]
pub(crate) struct Ends {
    folder: PathBuf,
    file: Option<File>,
    /// Whether a power cut could still take the file itself away.
    place: Durability,
}

impl Ends {
    /// The ends of the run in this folder; nothing is made yet.
    pub(crate) fn of(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), file: None, place: Durability::Plain }
    }

    /// Writes down how a command ended.
    pub(crate) fn write(
        &mut self,
        attempt: u32,
        status: &Status,
        durability: Durability,
    ) -> io::Result<()> {
        let json = serde_json::to_string(&Line { attempt, status });
        let line = format!("\n{}\n", json.expect("texts and numbers always serialise"));
        let written = self.append(&line, durability);
        if written.is_err() {
            // After a failure nothing that the system says of a descriptor can be believed: the next
            // end gets another.
            self.file = None;
        }
        written
    }

    fn append(&mut self, line: &str, durability: Durability) -> io::Result<()> {
        if self.file.is_none() {
            self.file = Some(open(&self.folder.join(FILE))?);
        }
        let mut file = self.file.as_ref().expect("it has just been opened");
        file.write_all(line.as_bytes())?;
        if durability == Durability::Synced {
            fdatasync(file)?;
            if self.place == Durability::Plain {
                File::open(&self.folder)?.sync_all()?;
                self.place = Durability::Synced;
            }
        }
        Ok(())
    }
}

fn open(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new()
        .append(true)
        .create(true)
        // A pipe in its place must not be waited for.
        .custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed())
        .mode(0o600)
        .open(path)?;
    rustix::fs::fchmod(&file, rustix::fs::Mode::from_raw_mode(0o600))?;
    // A file system that cannot set space aside is no reason not to write.
    let _ = fallocate(&file, FallocateFlags::KEEP_SIZE, 0, RESERVE);
    Ok(file)
}

/// How a command ended, as its supervisor wrote it down.
pub fn read_end(folder: &Path, attempt: AttemptId) -> Option<Status> {
    let text = read_own(&folder.join(FILE)).ok()?;
    let lines = text.rsplit(|byte| *byte == b'\n');
    let mut read = lines.filter_map(|line| serde_json::from_slice::<ReadLine>(line).ok());
    let latest = read.find(|line| line.attempt == attempt.0)?;
    Some(latest.status)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{End, Kept};
    use std::fs;

    fn status(code: i32) -> Status {
        Status {
            end: End::Exited { code },
            took: 12,
            kept: Kept::default(),
            evidence: Vec::new(),
            left_running: Vec::new(),
            containment: None,
        }
    }

    #[test]
    fn every_end_is_found_again_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let mut ends = Ends::of(folder.path());
        for attempt in 1..=3 {
            let durability = if attempt == 2 { Durability::Synced } else { Durability::Plain };
            ends.write(attempt, &status(attempt.cast_signed()), durability).unwrap();
        }
        for attempt in 1..=3 {
            let end = read_end(folder.path(), AttemptId(attempt)).unwrap();
            assert_eq!(end, status(attempt.cast_signed()));
        }
        assert_eq!(read_end(folder.path(), AttemptId(4)), None);
    }

    #[test]
    fn a_torn_end_is_none_and_spoils_no_other() {
        let folder = tempfile::tempdir().unwrap();
        Ends::of(folder.path()).write(1, &status(1), Durability::Plain).unwrap();
        let path = folder.path().join(FILE);
        let whole = fs::read(&path).unwrap();
        for cut in 0..whole.len() - 1 {
            fs::write(&path, &whole[..cut]).unwrap();
            assert_eq!(read_end(folder.path(), AttemptId(1)), None, "{cut}");
            Ends::of(folder.path()).write(2, &status(2), Durability::Plain).unwrap();
            assert_eq!(read_end(folder.path(), AttemptId(2)), Some(status(2)), "{cut}");
            assert_eq!(read_end(folder.path(), AttemptId(1)), None, "{cut}");
        }
    }

    #[test]
    fn a_pipe_or_a_link_in_its_place_is_neither_waited_for_nor_followed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
        rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, mode, 0).unwrap();
        Ends::of(folder.path()).write(1, &status(1), Durability::Synced).unwrap_err();
        assert_eq!(read_end(folder.path(), AttemptId(1)), None);

        fs::remove_file(&path).unwrap();
        let elsewhere = folder.path().join("elsewhere");
        fs::write(&elsewhere, "").unwrap();
        std::os::unix::fs::symlink(&elsewhere, &path).unwrap();
        Ends::of(folder.path()).write(1, &status(1), Durability::Synced).unwrap_err();
        assert_eq!(fs::read(&elsewhere).unwrap(), b"");
    }
}
