//! A second place for a record that the journal did not take. It is for people: no program reads it
//! back.

use std::io;
use std::path::{Path, PathBuf};

use super::append::WriteFailed;
use super::private::{self, FileFailed};

const MOST_FILES: u32 = 1000;

/// Writes the line of a record that is not certain to be in the journal of `run` into a new file in
/// `folder`, durably, and says which.
pub fn save_elsewhere(
    folder: &Path,
    run: &str,
    unrecorded: &WriteFailed,
) -> Result<PathBuf, FileFailed> {
    for number in 1..=MOST_FILES {
        let path = folder.join(format!("surefoot-{run}-{number}.jsonl"));
        match private::write_new(&path, &unrecorded.line) {
            Err(failed) if failed.source.kind() == io::ErrorKind::AlreadyExists => {}
            Err(failed) => return Err(failed),
            Ok(()) => return private::sync_folder(folder).map(|()| path),
        }
    }
    let full = io::Error::new(io::ErrorKind::AlreadyExists, "too many files of this run");
    Err(FileFailed::to("write into", folder)(full))
}
