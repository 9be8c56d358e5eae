//! Takes a journal up again after a pause or a crash. A torn tail is set aside, never dropped;
//! damage is refused. Dying at any point in it, or doing it twice, changes nothing.

use std::fs::File;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

use super::append::Journal;
use super::private::{self, FileFailed};
use super::read::{JOURNAL, ReadFailed, TornTail, read_from};
use super::record::Record;

const MOST_TAILS: u32 = 10_000;

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
pub fn recover(folder: &Path) -> Result<Recovered, ReadFailed> {
    let path = folder.join(JOURNAL);
    let file = private::open_to_append(&path)?;
    let contents = read_from(BufReader::new(&file), &path)?;
    let set_aside = match &contents.torn {
        Some(tail) => {
            let aside = set_aside(folder, tail)?;
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
