//! What an attempt prints, read from the run's folder by somebody who only looks: as it grows, or
//! the last lines of it. Nothing is written, and a file that cannot be read is one without output.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use crate::engine::AttemptId;
use crate::process::{Piece, pieces};
use crate::session::Stream;

/// More than this at once is passed over: nobody reads it as fast as it comes.
const MOST: u64 = 64 * 1024;

/// Something that was printed, and where.
pub type Printed = (Stream, Vec<u8>);

/// The output of an attempt, from where it was read last.
#[derive(Debug)]
pub struct Tail {
    log: PathBuf,
    /// How much of the output was read.
    read: u64,
    /// How much of the timing file was read, whole lines alone.
    timed: u64,
    /// Where the next bytes come from, so many each.
    ahead: VecDeque<(Stream, u64)>,
    stream: Stream,
}

impl Tail {
    /// The output of an attempt in the folder of its run, from its beginning.
    pub fn of(folder: &Path, attempt: AttemptId) -> Self {
        let log = folder.join(format!("output/{:04}.log", attempt.0));
        Self { log, read: 0, timed: 0, ahead: VecDeque::new(), stream: Stream::Stdout }
    }

    /// What was printed since the last call.
    pub fn added(&mut self) -> Vec<Printed> {
        self.gained(MOST, usize::MAX)
    }

    /// The last lines of what was printed, as if all before them had been read.
    pub fn last(&mut self, lines: usize) -> Vec<Printed> {
        self.gained(MOST, lines)
    }

    fn gained(&mut self, most: u64, lines: usize) -> Vec<Printed> {
        let from = self.read;
        let Ok(mut bytes) = self.bytes(most) else {
            return Vec::new();
        };
        bytes.drain(..last_lines(&bytes, lines));
        // Pieces that the timing file does not tell yet come from where those before them did.
        let _ = self.time();
        let passed = self.read - from - bytes.len() as u64;
        self.pass(passed);
        let mut printed = Vec::new();
        if passed > 0 {
            let text = format!("[{passed} bytes are not shown here]\n");
            printed.push((Stream::Stdout, text.into_bytes()));
        }
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            let (stream, length) = self.piece(rest.len());
            let (this, after) = rest.split_at(length);
            printed.push((stream, this.to_vec()));
            rest = after;
        }
        printed
    }

    /// The bytes behind those that were read, the last of them if they are too many.
    fn bytes(&mut self, most: u64) -> io::Result<Vec<u8>> {
        let mut file = File::open(&self.log)?;
        let length = file.metadata()?.len();
        let start = self.read.max(length.saturating_sub(most));
        if start >= length {
            return Ok(Vec::new());
        }
        file.seek(SeekFrom::Start(start))?;
        let mut bytes = Vec::new();
        file.take(length - start).read_to_end(&mut bytes)?;
        self.read = start + bytes.len() as u64;
        Ok(bytes)
    }

    /// Reads on in the timing file.
    fn time(&mut self) -> io::Result<()> {
        let mut file = File::open(self.log.with_extension("timing"))?;
        file.seek(SeekFrom::Start(self.timed))?;
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        self.timed += whole as u64;
        // The stream is said only where it changes.
        let before = match self.ahead.back().map_or(self.stream, |(stream, _)| *stream) {
            Stream::Stderr => "H 0 STREAM stderr\n",
            Stream::Stdout => "",
        };
        let told = pieces(&format!("{before}{}", &text[..whole]));
        self.ahead.extend(told.into_iter().map(|Piece { stream, bytes, .. }| (stream, bytes)));
        Ok(())
    }

    /// Where the next bytes come from, and how many of so many.
    fn piece(&mut self, most: usize) -> (Stream, usize) {
        let Some((stream, left)) = self.ahead.front_mut() else {
            return (self.stream, most);
        };
        self.stream = *stream;
        let length = usize::try_from(*left).unwrap_or(usize::MAX).min(most);
        *left -= length as u64;
        if *left == 0 {
            self.ahead.pop_front();
        }
        (self.stream, length)
    }

    /// Passes over so many bytes.
    fn pass(&mut self, mut bytes: u64) {
        while bytes > 0 && !self.ahead.is_empty() {
            let (_, length) = self.piece(usize::try_from(bytes).unwrap_or(usize::MAX));
            bytes -= length as u64;
        }
    }
}

/// Where the last so many lines begin.
fn last_lines(bytes: &[u8], lines: usize) -> usize {
    let inner = &bytes[..bytes.len().saturating_sub(1)];
    let ends = inner.iter().enumerate().rev().filter(|(_, byte)| **byte == b'\n');
    ends.map(|(at, _)| at + 1).nth(lines.saturating_sub(1)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write as _;

    use super::*;

    fn texts(printed: Vec<Printed>) -> Vec<(Stream, String)> {
        let text = |(stream, bytes)| (stream, String::from_utf8(bytes).unwrap());
        printed.into_iter().map(text).collect()
    }

    fn files() -> (tempfile::TempDir, File, File) {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("output")).unwrap();
        let log = File::create(folder.path().join("output/0003.log")).unwrap();
        let timing = File::create(folder.path().join("output/0003.timing")).unwrap();
        (folder, log, timing)
    }

    #[test]
    fn output_is_read_as_it_grows_with_the_stream_of_each_piece() {
        let (folder, mut log, mut timing) = files();
        let mut tail = Tail::of(folder.path(), AttemptId(3));
        assert_eq!(tail.added(), []);
        log.write_all(b"one\ntwo\n").unwrap();
        // The last line is half-written.
        timing.write_all(b"O 0.1 4\nH 0 STREAM stderr\nO 0.1 4\nO 0.").unwrap();
        let expected = [(Stream::Stdout, "one\n".to_owned()), (Stream::Stderr, "two\n".to_owned())];
        assert_eq!(texts(tail.added()), expected);
        log.write_all(b"more\nout\n").unwrap();
        timing.write_all(b"2 5\nH 0 STREAM stdout\nO 0.1 4\n").unwrap();
        let expected =
            [(Stream::Stderr, "more\n".to_owned()), (Stream::Stdout, "out\n".to_owned())];
        assert_eq!(texts(tail.added()), expected);
        assert_eq!(tail.added(), []);
    }

    #[test]
    fn what_is_too_much_is_passed_over_and_said() {
        let (folder, mut log, mut timing) = files();
        let mut tail = Tail::of(folder.path(), AttemptId(3));
        log.write_all(b"a\nb\nc\nd").unwrap();
        timing.write_all(b"O 0.1 4\nH 0 STREAM stderr\nO 0.1 3\n").unwrap();
        let said = (Stream::Stdout, "[4 bytes are not shown here]\n".to_owned());
        assert_eq!(texts(tail.last(2)), [said, (Stream::Stderr, "c\nd".to_owned())]);
        log.write_all(&vec![b'x'; 100_000]).unwrap();
        let printed = tail.added();
        assert_eq!(texts(printed[..1].to_vec())[0].1, "[34464 bytes are not shown here]\n");
        assert_eq!(printed[1].1.len(), 65_536);
        assert_eq!(tail.added(), []);
    }
}
