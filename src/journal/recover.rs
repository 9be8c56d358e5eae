//! Takes a journal up again after a pause or a crash. A torn tail is set aside, never dropped;
//! damage is refused. Dying at any point in it, or doing it twice, changes nothing.

use std::fs::File;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

use super::append::{self, Journal};
use super::private::{self, FileFailed};
use super::read::{JOURNAL, ReadFailed, TornTail, read_from};
use super::record::Record;

const MOST_TAILS: u32 = 10_000;

/// Why a journal cannot be taken up.
#[derive(Debug, thiserror::Error)]
pub enum RecoverFailed {
    /// It cannot be read, or is not what was written.
    #[error(transparent)]
    Unread(#[from] ReadFailed),
    /// It can be read, and what must be durable before it goes on cannot be written.
    #[error(transparent)]
    Unwritten(#[from] FileFailed),
}

/// A journal that was taken up again.
#[derive(Debug)]
pub struct Recovered {
    /// The journal, which goes on after the last record.
    pub journal: Journal,
    /// Its records, all durable.
    pub records: Vec<Record>,
    /// Where the bytes of a torn last record were set aside.
    pub set_aside: Option<SetAside>,
}

/// Bytes of a torn last record.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SetAside {
    /// The file that holds them now.
    pub path: PathBuf,
    /// How many they are.
    pub bytes: u64,
}

/// Takes up the journal in the folder of a run. The caller holds the run's lock.
pub fn recover(folder: &Path) -> Result<Recovered, RecoverFailed> {
    let path = folder.join(JOURNAL);
    let file = private::open_to_append(&path).map_err(ReadFailed::from)?;
    let contents = read_from(BufReader::new(&file), &path)?;
    let set_aside = match &contents.torn {
        Some(tail) => {
            // A full disk may be what the run is about: the space that was set aside for the journal
            // is there for this, too, and is set aside anew below.
            let aside = set_aside(folder, tail).or_else(|failed| {
                if is_full(&failed.source) {
                    append::give_back(&file);
                    set_aside(folder, tail)
                } else {
                    Err(failed)
                }
            })?;
            file.set_len(tail.offset).map_err(FileFailed::to("truncate", &path))?;
            Some(aside)
        }
        None => None,
    };
    // Records that were read may not have been durable; what follows will rely on them.
    file.sync_all().map_err(FileFailed::to("sync", &path))?;
    private::sync_folder(folder)?;
    Ok(Recovered {
        journal: Journal::over(path, file, &contents),
        records: contents.records,
        set_aside,
    })
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// Copies a torn tail into a file of its own, durably, unless an earlier attempt already did.
fn set_aside(folder: &Path, tail: &TornTail) -> Result<SetAside, FileFailed> {
    for number in 1..=MOST_TAILS {
        let path = folder.join(format!("journal.torn-{number}"));
        match private::write_new(&path, &tail.bytes) {
            Err(failed) if failed.source.kind() == io::ErrorKind::AlreadyExists => {
                if !std::fs::read(&path).is_ok_and(|there| there == tail.bytes) {
                    continue;
                }
                File::open(&path)
                    .and_then(|there| there.sync_all())
                    .map_err(FileFailed::to("sync", &path))?;
            }
            Err(failed) => return Err(failed),
            Ok(()) => {}
        }
        private::sync_folder(folder)?;
        return Ok(SetAside { path, bytes: tail.bytes.len() as u64 });
    }
    let full = io::Error::new(io::ErrorKind::AlreadyExists, "too many torn tails");
    Err(FileFailed::to("write into", folder)(full))
}
