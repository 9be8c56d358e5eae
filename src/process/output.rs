//! The record of what one command prints: masks it, counts and digests it, and keeps it below
//! `output/` of the run's folder, the first and the last part of it if it is long. Memory does not
//! grow with the output. A disk that fails ends the keeping, never the command.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{
    DirBuilderExt as _, FileExt as _, OpenOptionsExt as _, PermissionsExt as _,
};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use sha2::{Digest as _, Sha256};

use super::moment::Moment;
use super::timing::Timing;
use crate::engine::{Keep, Kept};
use crate::session::Stream;
use crate::value::{Masker, Patterns, hex};

/// The path of a file of an attempt, from the run's folder: `output/0012.log`.
pub(crate) fn place(attempt: u32, kind: &str) -> PathBuf {
    PathBuf::from(format!("output/{attempt:04}.{kind}"))
}

/// Makes a file that only its owner can read, whatever the umask, and that was not there before.
pub(crate) fn create_private(path: &Path) -> io::Result<File> {
    create_with_mode(path, 0o600)
}

/// The same with other rights for its owner.
pub(crate) fn create_with_mode(path: &Path, mode: u32) -> io::Result<File> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
        .mode(mode)
        .open(path)?;
    file.set_permissions(Permissions::from_mode(mode))?;
    Ok(file)
}

/// Reads a file of the run's folder. Whatever else a command put into its place is neither followed
/// nor waited for.
pub(crate) fn read_own(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = OpenOptions::new()
        .read(true)
        .custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed())
        .open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Makes a folder that only its owner can enter, whatever the umask.
pub(crate) fn create_private_folder(path: &Path) -> io::Result<()> {
    match fs::DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => fs::set_permissions(path, Permissions::from_mode(0o700)),
        // A link in its place would lead elsewhere what is written into it.
        Err(error)
            if error.kind() == io::ErrorKind::AlreadyExists
                && fs::symlink_metadata(path)?.is_dir() =>
        {
            Ok(())
        }
        Err(error) => Err(error),
    }
}

/// What becomes of the output of one attempt.
#[derive(Debug)]
pub(crate) struct Recorder {
    folder: PathBuf,
    attempt: u32,
    keep: Keep,
    cap: u64,
    log: Option<Log>,
    /// The disk failed: nothing more is written.
    broken: bool,
    stdout: Masker,
    stderr: Masker,
    digest: Sha256,
    bytes: u64,
    last: Moment,
    masked: Vec<u8>,
}

impl Recorder {
    pub(crate) fn new(folder: &Path, attempt: u32, keep: Keep, cap: u64) -> Self {
        Self {
            folder: folder.to_owned(),
            attempt,
            keep,
            cap,
            log: None,
            broken: false,
            stdout: Masker::default(),
            stderr: Masker::default(),
            digest: Sha256::new(),
            bytes: 0,
            last: Moment::now(),
            masked: Vec::new(),
        }
    }

    /// Takes what was printed; returns what may be shown of it.
    pub(crate) fn take<'a>(
        &'a mut self,
        patterns: &Patterns,
        stream: Stream,
        bytes: &'a [u8],
        now: Moment,
    ) -> &'a [u8] {
        if self.keep == Keep::Nothing {
            return &[];
        }
        if patterns.is_empty() {
            self.record(stream, bytes, now);
            return bytes;
        }
        let mut masked = std::mem::take(&mut self.masked);
        masked.clear();
        self.masker(stream).mask(patterns, bytes, &mut masked);
        self.record(stream, &masked, now);
        self.masked = masked;
        &self.masked
    }

    /// A stream is over: returns what was held back and may be shown.
    pub(crate) fn flush(&mut self, patterns: &Patterns, stream: Stream, now: Moment) -> Vec<u8> {
        let mut rest = Vec::new();
        self.masker(stream).flush(patterns, &mut rest);
        if self.keep == Keep::Output {
            self.record(stream, &rest, now);
        }
        rest
    }

    fn masker(&mut self, stream: Stream) -> &mut Masker {
        match stream {
            Stream::Stderr => &mut self.stderr,
            Stream::Stdout => &mut self.stdout,
        }
    }

    fn record(&mut self, stream: Stream, bytes: &[u8], now: Moment) {
        if bytes.is_empty() {
            return;
        }
        self.digest.update(bytes);
        self.bytes += bytes.len() as u64;
        if self.broken {
            return;
        }
        let since = now.since(self.last);
        self.last = now;
        let written = self.log().and_then(|log| log.write(stream, since, bytes));
        self.broken = written.is_err();
    }

    fn log(&mut self) -> io::Result<&mut Log> {
        if self.log.is_none() {
            self.log = Some(Log::create(&self.folder, self.attempt, self.cap)?);
        }
        Ok(self.log.as_mut().expect("it has just been made"))
    }

    /// The output is over. Both streams must have been flushed.
    pub(crate) fn finish(mut self) -> Kept {
        if self.bytes == 0 {
            return Kept::default();
        }
        let kept = self.log.as_mut().map_or(0, |log| {
            let in_tail = log.finish().unwrap_or(0);
            log.in_head + in_tail
        });
        Kept {
            path: self.log.is_some().then(|| {
                place(self.attempt, "log").to_str().expect("it is made of digits").to_owned()
            }),
            bytes: self.bytes,
            kept,
            sha256: Some(hex(self.digest.finalize())),
        }
    }
}

/// The files of an output.
#[derive(Debug)]
struct Log {
    file: File,
    timing_file: File,
    timing: Timing,
    lines: String,
    /// Bytes written to the head.
    in_head: u64,
    /// Bytes that the head may hold, and as many the tail.
    half: u64,
    tail: Option<Tail>,
    tail_path: PathBuf,
}

impl Log {
    fn create(folder: &Path, attempt: u32, cap: u64) -> io::Result<Self> {
        create_private_folder(&folder.join("output"))?;
        Ok(Self {
            file: create_private(&folder.join(place(attempt, "log")))?,
            timing_file: create_private(&folder.join(place(attempt, "timing")))?,
            timing: Timing::default(),
            lines: String::new(),
            in_head: 0,
            half: (cap / 2).max(1),
            tail: None,
            tail_path: folder.join(place(attempt, "tail")),
        })
    }

    fn write(
        &mut self,
        stream: Stream,
        delay: std::time::Duration,
        bytes: &[u8],
    ) -> io::Result<()> {
        let room = usize::try_from(self.half - self.in_head).unwrap_or(usize::MAX);
        let (head, rest) = bytes.split_at(room.min(bytes.len()));
        if !head.is_empty() {
            let before = self.in_head;
            let written = self.write_head(head);
            let length = usize::try_from(self.in_head - before).unwrap_or(0);
            if length > 0 {
                self.lines.clear();
                self.timing.line(stream, delay, length, &mut self.lines);
                self.timing_file.write_all(self.lines.as_bytes())?;
            }
            written?;
        }
        if !rest.is_empty() {
            if self.tail.is_none() {
                self.tail = Some(Tail::create(&self.tail_path, self.half)?);
            }
            let tail = self.tail.as_mut().expect("it has just been made");
            tail.write(rest)?;
        }
        Ok(())
    }

    /// Writes and counts; on a full disk what got through is counted too.
    fn write_head(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match self.file.write(bytes) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => {
                    self.in_head += count as u64;
                    bytes = &bytes[count..];
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Puts the tail behind the head, with a line between that says how much is missing; returns how
    /// many bytes of output the tail holds.
    fn finish(&mut self) -> io::Result<u64> {
        let Some(mut tail) = self.tail.take() else {
            return Ok(0);
        };
        let copied = self.append(&mut tail);
        let removed = fs::remove_file(&self.tail_path);
        let copied = copied?;
        removed?;
        Ok(copied)
    }

    fn append(&mut self, tail: &mut Tail) -> io::Result<u64> {
        let kept = tail.total.min(tail.size);
        let missing = tail.total - kept;
        let gap = Kept::gap(missing);
        self.file.write_all(gap.as_bytes())?;
        let length = gap.len() as u64 + kept;
        tail.copy(&mut self.file)?;
        let line = format!("O 0.000000 {length}\n");
        self.timing_file.write_all(line.as_bytes())?;
        Ok(kept)
    }
}

/// The last bytes of a long output, in a file that is written round and round.
#[derive(Debug)]
struct Tail {
    file: File,
    size: u64,
    total: u64,
}

impl Tail {
    fn create(path: &Path, size: u64) -> io::Result<Self> {
        Ok(Self { file: create_private(path)?, size, total: 0 })
    }

    fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let at = self.total % self.size;
            let room = usize::try_from(self.size - at).unwrap_or(usize::MAX);
            let (now, rest) = bytes.split_at(room.min(bytes.len()));
            self.file.write_all_at(now, at)?;
            self.total += now.len() as u64;
            bytes = rest;
        }
        Ok(())
    }

    /// Copies it in the order in which it was printed.
    fn copy(&mut self, to: &mut File) -> io::Result<()> {
        if self.total > self.size {
            let oldest = self.total % self.size;
            self.file.seek(SeekFrom::Start(oldest))?;
            io::copy(&mut (&self.file).take(self.size - oldest), to)?;
            self.file.seek(SeekFrom::Start(0))?;
            io::copy(&mut (&self.file).take(oldest), to)?;
        } else {
            self.file.seek(SeekFrom::Start(0))?;
            io::copy(&mut (&self.file).take(self.total), to)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::timing::pieces;

    fn record(cap: u64, keep: Keep, parts: &[(Stream, &[u8])]) -> (tempfile::TempDir, Kept) {
        let folder = tempfile::tempdir().unwrap();
        let mut recorder = Recorder::new(folder.path(), 12, keep, cap);
        let patterns = Patterns::default();
        for (stream, bytes) in parts {
            recorder.take(&patterns, *stream, bytes, Moment::now());
        }
        let kept = recorder.finish();
        (folder, kept)
    }

    #[test]
    fn head_and_tail_are_kept_and_the_rest_counted() {
        let text: Vec<u8> = (0..100).map(|n| b'a' + n % 26).collect();
        for size in 1..50 {
            let parts: Vec<_> = text.chunks(size).map(|part| (Stream::Stdout, part)).collect();
            let (folder, kept) = record(20, Keep::Output, &parts);
            let log = fs::read(folder.path().join("output/0012.log")).unwrap();
            let expected = [&text[..10], b"\n[80 bytes are not kept]\n", &text[90..]].concat();
            assert_eq!(log, expected, "pieces of {size}");
            assert_eq!((kept.bytes, kept.kept), (100, 20));
            assert_eq!(kept.sha256, Some(hex(Sha256::digest(&text))));
            let timing = fs::read_to_string(folder.path().join("output/0012.timing")).unwrap();
            let timed: u64 = pieces(&timing).iter().map(|piece| piece.bytes).sum();
            assert_eq!(timed, log.len() as u64);
            assert!(!folder.path().join("output/0012.tail").exists());
        }
    }

    #[test]
    fn what_just_fits_is_kept_whole() {
        let text = b"12345678901234567890";
        let (folder, kept) = record(20, Keep::Output, &[(Stream::Stderr, text)]);
        let log = fs::read(folder.path().join("output/0012.log")).unwrap();
        assert_eq!(log, text);
        assert_eq!((kept.bytes, kept.kept), (20, 20));
    }

    #[test]
    fn a_silent_command_leaves_no_file() {
        let (folder, kept) = record(20, Keep::Output, &[]);
        assert_eq!(kept, Kept::default());
        assert!(!folder.path().join("output").exists());
    }

    #[test]
    fn what_may_not_be_kept_is_not() {
        let (folder, kept) = record(20, Keep::Nothing, &[(Stream::Stdout, b"secret")]);
        assert_eq!(kept, Kept::default());
        assert!(!folder.path().join("output").exists());
    }

    #[test]
    fn a_disk_that_fails_ends_the_keeping_and_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("output")).unwrap();
        // Whatever lies in the place of the log is neither followed nor overwritten.
        let elsewhere = folder.path().join("elsewhere");
        fs::write(&elsewhere, "mine").unwrap();
        let log = folder.path().join("output/0012.log");
        std::os::unix::fs::symlink(&elsewhere, log).unwrap();
        let mut recorder = Recorder::new(folder.path(), 12, Keep::Output, 20);
        let shown =
            recorder.take(&Patterns::default(), Stream::Stdout, b"text", Moment::now()).to_vec();
        let kept = recorder.finish();
        assert_eq!(shown, b"text");
        assert_eq!((kept.path, kept.bytes, kept.kept), (None, 4, 0));
        assert_eq!(fs::read(elsewhere).unwrap(), b"mine");
    }
}
