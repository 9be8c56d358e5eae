//! Appends records, each in one `write(2)`, and makes them durable. After any failure the journal
//! takes nothing more: what the system then says about the file can no longer be believed.

use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::private::{self, FileFailed};
use super::read::{Contents, JOURNAL};
use super::record::{self, LONGEST_LINE, Record, Stamp};
use super::time::Latest;
use crate::engine::Event;

/// Space that is set aside for a journal, so that a run about a full disk can end well; less where
/// there is less.
#[cfg(target_os = "linux")]
const RESERVES: [u64; 3] = [1024 * 1024, 256 * 1024, 64 * 1024];

/// When a record has to be durable.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Durability {
    /// With the next record that has to be at once, or the next [`Journal::sync`].
    Later,
    /// Before `append` returns.
    Now,
}

/// A record that is not certain to be in the journal.
#[derive(Debug, thiserror::Error)]
#[error("failed to {act} {}", path.display())]
pub struct WriteFailed {
    /// `write` or `sync`.
    pub act: &'static str,
    /// The journal.
    pub path: PathBuf,
    /// The line that was to be written, for [`super::save_elsewhere`]; empty after a failed
    /// [`Journal::sync`].
    pub line: Vec<u8>,
    /// Why.
    pub source: io::Error,
}

/// What bytes are appended to: a file, or in tests something that fails.
pub(super) trait Medium {
    /// One `write(2)`; how many bytes it took.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize>;

    /// One `fdatasync(2)`.
    fn sync(&mut self) -> io::Result<()>;

    /// Gives back the space that was set aside. Failing at that loses nothing.
    fn give_back(&mut self);
}

/// The file of a journal, and where it is to be found again.
struct OnDisk {
    file: File,
    path: PathBuf,
}

impl Medium for OnDisk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // An interrupted write has written nothing; every other failure is final.
        let taken = rustix::io::retry_on_intr(|| rustix::io::write(&self.file, bytes))?;
        Ok(taken)
    }

    /// What nobody will find is not durable: a command may have removed the file, or put another
    /// into its place.
    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()?;
        let own = self.file.metadata()?;
        let found = std::fs::symlink_metadata(&self.path)?;
        if (own.dev(), own.ino()) == (found.dev(), found.ino()) {
            return Ok(());
        }
        Err(io::Error::new(io::ErrorKind::NotFound, "another file is in its place"))
    }

    fn give_back(&mut self) {
        give_back(&self.file);
    }
}

/// Nothing is kept: what is recorded lives as long as whoever was told of it. After so many records
/// there is no room.
struct InMemory {
    room: u64,
}

impl Medium for InMemory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(room) = self.room.checked_sub(1) else {
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        };
        self.room = room;
        Ok(bytes.len())
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn give_back(&mut self) {}
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    Synced,
    Unsynced,
    Dead,
}

/// The journal of a run, open for its one writer.
pub struct Journal {
    path: PathBuf,
    medium: Box<dyn Medium>,
    records: u64,
    head: String,
    latest: Latest,
    state: State,
}

impl Journal {
    /// Makes the journal of a new run in its folder.
    pub fn create(folder: &Path) -> Result<Self, FileFailed> {
        let path = folder.join(JOURNAL);
        let file = private::create(&path)?;
        file.sync_all().map_err(FileFailed::to("sync", &path))?;
        private::sync_folder(folder)?;
        Ok(Self::over(path, file, &Contents::default()))
    }

    /// A journal that is written nowhere and takes so many records: for a walk that nobody resumes.
    pub fn in_memory(records: u64) -> Self {
        let medium = InMemory { room: records };
        Self::on(PathBuf::from("memory"), Box::new(medium), &Contents::default())
    }

    /// Goes on with a file whose contents have been read and are durable.
    pub(super) fn over(path: PathBuf, file: File, contents: &Contents) -> Self {
        reserve(&file);
        let medium = OnDisk { file, path: path.clone() };
        Self::on(path, Box::new(medium), contents)
    }

    pub(super) fn on(path: PathBuf, medium: Box<dyn Medium>, contents: &Contents) -> Self {
        Self {
            path,
            medium,
            records: contents.records.len() as u64,
            head: contents.head().to_owned(),
            latest: Latest::of(&contents.records),
            state: State::Synced,
        }
    }

    /// Appends a fact. With [`Durability::Now`] it, and all before it, is durable on return.
    pub fn append(
        &mut self,
        event: &Event,
        stamp: Stamp,
        durability: Durability,
    ) -> Result<Record, WriteFailed> {
        let taken = stamp.clone();
        let (record, line) = record::line(self.records + 1, event, stamp, &self.head);
        let written = self.write(&line).and_then(|()| match durability {
            Durability::Later => Ok(()),
            Durability::Now => self.make_durable(),
        });
        match written {
            Ok(()) => {
                self.records = record.n;
                self.head.clone_from(&record.sha256);
                self.latest.note(event, &taken);
                Ok(record)
            }
            Err((act, source)) => Err(self.failed(act, source, line)),
        }
    }

    /// Makes every record durable.
    pub fn sync(&mut self) -> Result<(), WriteFailed> {
        self.make_durable().map_err(|(act, source)| self.failed(act, source, Vec::new()))
    }

    /// Closes the journal of a run that is over, durably, and gives back the space set aside.
    pub fn close(mut self) -> Result<(), WriteFailed> {
        self.sync()?;
        self.medium.give_back();
        Ok(())
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How many records it holds.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// The digest of the last record, for an anchor elsewhere; 64 zeros if there is none.
    pub fn head(&self) -> &str {
        &self.head
    }

    /// What time it is at least, whatever became of the wall clock.
    pub fn time(&self, wall: jiff::Timestamp, mono: f64) -> jiff::Timestamp {
        self.latest.time(wall, mono)
    }

    fn failed(&mut self, act: &'static str, source: io::Error, line: Vec<u8>) -> WriteFailed {
        WriteFailed { act, path: self.path.clone(), line, source }
    }

    fn write(&mut self, line: &[u8]) -> Result<(), (&'static str, io::Error)> {
        if self.state == State::Dead {
            return Err(("write", gone()));
        }
        if line.len() > LONGEST_LINE {
            let source = io::Error::new(io::ErrorKind::FileTooLarge, "the record is over 16 MiB");
            return Err(("write", source));
        }
        let taken = self.medium.write(line);
        match taken {
            Ok(taken) if taken == line.len() => {
                self.state = State::Unsynced;
                Ok(())
            }
            Ok(taken) => {
                self.state = State::Dead;
                let said = format!("only {taken} of {} bytes were taken", line.len());
                Err(("write", io::Error::new(io::ErrorKind::WriteZero, said)))
            }
            Err(source) => {
                self.state = State::Dead;
                Err(("write", source))
            }
        }
    }

    fn make_durable(&mut self) -> Result<(), (&'static str, io::Error)> {
        match self.state {
            State::Synced => Ok(()),
            State::Dead => Err(("sync", gone())),
            State::Unsynced if cfg!(feature = "sabotage-unsynced") => Ok(()),
            State::Unsynced => match self.medium.sync() {
                Ok(()) => {
                    self.state = State::Synced;
                    Ok(())
                }
                Err(source) => {
                    self.state = State::Dead;
                    Err(("sync", source))
                }
            },
        }
    }
}

impl std::fmt::Debug for Journal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Journal")
            .field("path", &self.path)
            .field("records", &self.records)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

fn gone() -> io::Error {
    io::Error::other("an earlier write to it failed")
}

/// Gives back the space that was set aside beyond the end of a file.
pub(super) fn give_back(file: &File) {
    if let Ok(found) = file.metadata() {
        let _ = rustix::fs::ftruncate(file, found.len());
    }
}

/// Sets space aside beyond the end of the file. Unlike a second file that is removed in need, it
/// can be taken by nobody else, and readers never see it. Where the file system cannot do it, or is
/// already full, the journal does without.
#[cfg(target_os = "linux")]
fn reserve(file: &File) {
    use rustix::fs::{FallocateFlags, fallocate};
    use rustix::io::Errno;
    use rustix::process::{Resource, getrlimit};

    let Ok(found) = file.metadata() else { return };
    // Beyond this limit the system does not just refuse: it ends the process.
    let limit = getrlimit(Resource::Fsize).current.unwrap_or(u64::MAX);
    for size in RESERVES {
        if found.len().saturating_add(size) > limit {
            continue;
        }
        match fallocate(file, FallocateFlags::KEEP_SIZE, found.len(), size) {
            Err(Errno::DQUOT | Errno::NOSPC) => {}
            Ok(()) | Err(_) => return,
        }
    }
}

/// Elsewhere there is no way that readers do not see.
#[cfg(not(target_os = "linux"))]
fn reserve(_: &File) {}
