//! Outputs in the run's folder: what was kept of an attempt that another process started, and what
//! the responder tells of a command that ran elsewhere.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rustix::fs::{Mode, OFlags};
use sha2::{Digest, Sha256};

use crate::engine::{AttemptEnded, AttemptId, End, Ended, Kept, Printed};
use crate::process::{pieces, read_end};
use crate::session::Stream;
use crate::value::{Hidden, Patterns, hex};

/// The file of an output, from the run's folder.
fn log(attempt: AttemptId) -> String {
    format!("output/{attempt:04}.log", attempt = attempt.0)
}

/// The end of an attempt as its supervisor wrote it, with what was kept of its output.
pub(super) fn recovered(folder: &Path, attempt: AttemptId) -> Ended {
    let Some(status) = read_end(folder, attempt) else {
        return Ended::new(attempt, End::Unknown);
    };
    let [stdout, stderr] = streams(folder, attempt, &status.kept);
    Ended {
        took: status.took,
        stdout,
        stderr,
        output: status.kept,
        evidence: status.evidence,
        left_running: status.left_running,
        containment: status.containment,
        recovered: true,
        ..Ended::new(attempt, status.end)
    }
}

/// The two streams of a kept output, told apart by its timing file. What a power cut took of it is
/// missing like what was never kept.
fn streams(folder: &Path, attempt: AttemptId, kept: &Kept) -> [Printed; 2] {
    let path = folder.join(log(attempt));
    let bytes = read(&path, kept).unwrap_or_default();
    let whole = kept.kept == kept.bytes;
    let bytes = if whole && kept.sha256.as_ref().is_some_and(|it| *it != sha256(&bytes)) {
        Vec::new()
    } else {
        bytes
    };
    let timing = fs::read_to_string(path.with_extension("timing")).unwrap_or_default();
    let [mut stdout, mut stderr] = [Printed::default(), Printed::default()];
    let mut rest = bytes.as_slice();
    for piece in pieces(&timing) {
        let length = usize::try_from(piece.bytes).unwrap_or(usize::MAX).min(rest.len());
        let (this, after) = rest.split_at(length);
        match piece.stream {
            Stream::Stderr => stderr.bytes.extend_from_slice(this),
            Stream::Stdout => stdout.bytes.extend_from_slice(this),
        }
        rest = after;
    }
    // What was not kept cannot be looked at: an expectation must not take a part for the whole.
    let there = (stdout.bytes.len() + stderr.bytes.len()) as u64;
    stdout.more = kept.bytes.saturating_sub(there.min(kept.kept));
    stderr.more = stdout.more;
    [stdout, stderr]
}

/// What was kept of what a command printed, to standard output and to standard error; nothing if
/// there was something and nothing of it was kept. A record may be another's, and what is read here may
/// be written into a scenario: its outputs are looked for where they are kept, whatever it names.
pub fn printed(folder: &Path, ended: &AttemptEnded) -> Option<[Printed; 2]> {
    if ended.output.bytes == 0 {
        return Some(Default::default());
    }
    ended.output.path.as_ref()?;
    let bytes = read(&folder.join(log(ended.attempt)), &ended.output).ok()?;
    if ended.elsewhere {
        return Some([Printed { bytes, more: 0 }, Printed::default()]);
    }
    Some(streams(folder, ended.attempt, &ended.output))
}

/// A kept output. A link leads out of the record, and is none; nor is more than was recorded.
fn read(path: &Path, kept: &Kept) -> io::Result<Vec<u8>> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = fs::File::from(rustix::fs::open(path, flags, Mode::empty())?);
    if !file.metadata()?.is_file() {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let gap = Kept::gap(kept.bytes.saturating_sub(kept.kept)).len() as u64;
    let mut bytes = Vec::new();
    file.take(kept.kept.saturating_add(gap)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Keeps a text as the output of an attempt, masked.
pub(super) fn keep(
    folder: &Path,
    attempt: AttemptId,
    text: &str,
    hidden: &[Hidden],
) -> io::Result<Kept> {
    let mut patterns = Patterns::default();
    patterns.add(hidden.iter().cloned().flat_map(Hidden::into_forms));
    let masked = patterns.masked(text);
    if masked.is_empty() {
        return Ok(Kept::default());
    }
    let path = log(attempt);
    let mut file =
        fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(folder.join(&path))?;
    file.write_all(masked.as_bytes())?;
    file.sync_all()?;
    let bytes = masked.len() as u64;
    Ok(Kept { path: Some(path), bytes, kept: bytes, sha256: Some(sha256(masked.as_bytes())) })
}

fn sha256(bytes: &[u8]) -> String {
    hex(Sha256::digest(bytes))
}

/// Makes all outputs and evidence of a run durable. What cannot be is found by whoever verifies it.
pub(super) fn settle(folder: &Path) {
    for name in ["output", "evidence"] {
        let Ok(entries) = fs::read_dir(folder.join(name)) else { continue };
        for entry in
            entries.flatten().filter(|entry| entry.file_type().is_ok_and(|it| it.is_file()))
        {
            let _ = fs::File::open(entry.path()).and_then(|file| file.sync_data());
        }
        let _ = fs::File::open(folder.join(name)).and_then(|folder| folder.sync_all());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Verdict;
    use crate::journal::samples::ended;

    #[test]
    fn what_is_missing_of_an_output_is_never_taken_for_its_end() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("output")).unwrap();
        let attempt = AttemptId(3);
        let kept = keep(folder.path(), attempt, "fine\nERROR\n", &[]).unwrap();
        let file = folder.path().join(log(attempt));
        fs::write(file.with_extension("timing"), "O 0.000000 11\n").unwrap();
        let [stdout, stderr] = streams(folder.path(), attempt, &kept);
        assert_eq!((stdout.bytes.as_slice(), stdout.more), (&b"fine\nERROR\n"[..], 0));
        assert_eq!((stderr.bytes.len(), stderr.more), (0, 0));
        // A power cut may leave less of it, nothing, or zeros.
        for left in [&b"fine\n"[..], b"", b"\0\0\0\0\0\0\0\0\0\0\0"] {
            fs::write(&file, left).unwrap();
            let [stdout, stderr] = streams(folder.path(), attempt, &kept);
            assert_eq!((stdout.bytes.len(), stdout.more), (0, 11), "{left:?}");
            assert_eq!(stderr.more, 11);
        }
        fs::remove_file(&file).unwrap();
        assert_eq!(streams(folder.path(), attempt, &kept)[0].more, 11);
    }

    #[test]
    fn no_record_makes_us_read_what_lies_elsewhere() {
        let folder = tempfile::tempdir().unwrap();
        let run = folder.path().join("run");
        fs::create_dir_all(run.join("output")).unwrap();
        fs::write(folder.path().join("secret"), "s3cret").unwrap();
        let mut told = ended(1, End::Exited { code: 0 }, Verdict::Passed);
        told.output = Kept { path: Some("../secret".to_owned()), bytes: 9, kept: 6, sha256: None };
        for elsewhere in [true, false] {
            told.elsewhere = elsewhere;
            assert_eq!(printed(&run, &told), None);
        }
        std::os::unix::fs::symlink("../../secret", run.join("output/0001.log")).unwrap();
        for elsewhere in [true, false] {
            told.elsewhere = elsewhere;
            assert_eq!(printed(&run, &told), None);
        }
    }
}
