//! Follows a journal that another process writes: gives the records that are new, and takes what is
//! half-written for what is not written yet. It reads only, and holds no lock.

use std::fs::File;
use std::io::{self, BufReader, Seek as _, SeekFrom};
use std::path::PathBuf;

use super::private::FileFailed;
use super::read::{Damage, Position, ReadFailed, read_begun};
use super::record::Record;

/// Reads a journal while it grows.
#[derive(Debug)]
pub struct Follower {
    path: PathBuf,
    at: Position,
}

impl Follower {
    /// Follows the journal at a path, from its first record on.
    pub fn of(path: PathBuf) -> Self {
        Self { path, at: Position::start() }
    }

    /// The records that were added since the last call. A journal is only ever added to: one that
    /// is shorter than what was read of it is damaged.
    pub fn added(&mut self) -> Result<Vec<Record>, ReadFailed> {
        let failed = |source: io::Error| FileFailed::to("read", &self.path)(source);
        // Opened anew each time: on storage of another machine this is when new bytes are seen.
        let mut file = File::open(&self.path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        if length < self.at.offset {
            let what = "the record before it was cut off".to_owned();
            let damage = Damage { line: self.at.line, offset: self.at.offset, what };
            return Err(ReadFailed::Damaged { path: self.path.clone(), damage });
        }
        if length == self.at.offset {
            return Ok(Vec::new());
        }
        file.seek(SeekFrom::Start(self.at.offset)).map_err(failed)?;
        let (records, at) = read_begun(self.at.clone(), BufReader::new(file), &self.path)?;
        self.at = at;
        Ok(records)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write as _;

    use super::*;
    use crate::journal::samples::{story, written};

    #[test]
    fn records_are_given_once_and_a_half_written_one_is_awaited() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        let (records, lines) = written(&story());
        let mut file = fs::File::create(&path).unwrap();
        let mut follower = Follower::of(path.clone());
        assert_eq!(follower.added().unwrap().len(), 0);
        let digests = |records: &[Record]| -> Vec<String> {
            records.iter().map(|record| record.sha256.clone()).collect()
        };
        let mut found = Vec::new();
        for line in &lines {
            // Everything but the newline is there: a writer may be in the midst of it.
            for cut in [1, line.len() / 2, line.len() - 1] {
                file.write_all(&line[..cut]).unwrap();
                assert_eq!(follower.added().unwrap(), [], "of {cut} bytes");
                file.set_len(follower.at.offset).unwrap();
                rustix::fs::seek(&file, rustix::fs::SeekFrom::End(0)).unwrap();
            }
            file.write_all(line).unwrap();
            found.extend(follower.added().unwrap());
        }
        assert_eq!(digests(&found), digests(&records));
        assert_eq!(follower.added().unwrap(), []);
    }

    #[test]
    fn what_was_changed_or_cut_off_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        let (_, lines) = written(&story());
        fs::write(&path, lines[..3].concat()).unwrap();
        let mut follower = Follower::of(path.clone());
        assert_eq!(follower.added().unwrap().len(), 3);
        let mut bytes = lines[..4].concat();
        let last = bytes.len() - 100;
        bytes[last] ^= 1;
        fs::write(&path, &bytes).unwrap();
        let line_of = |result: Result<Vec<Record>, ReadFailed>| match result {
            Err(ReadFailed::Damaged { damage, .. }) => damage.line,
            other => panic!("{other:?}"),
        };
        assert_eq!(line_of(follower.added()), 4);
        fs::write(&path, lines[..2].concat()).unwrap();
        assert_eq!(line_of(follower.added()), 4);
        // What is whole again is read on.
        fs::write(&path, lines[..5].concat()).unwrap();
        assert_eq!(follower.added().unwrap().len(), 2);
    }
}
