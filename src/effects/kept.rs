//! Outputs in the run's folder: what was kept of an attempt that another process started, and what
//! the responder tells of a command that ran elsewhere.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::engine::{AttemptId, End, Ended, Kept, Printed};
use crate::process::{pieces, read_end};
use crate::session::Stream;
use crate::value::{Hidden, Patterns};

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

/// The two streams of a kept output, told apart by its timing file.
fn streams(folder: &Path, attempt: AttemptId, kept: &Kept) -> [Printed; 2] {
    let path = folder.join(log(attempt));
    let bytes = fs::read(&path).unwrap_or_default();
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
    stdout.more = kept.bytes.saturating_sub(kept.kept);
    stderr.more = stdout.more;
    [stdout, stderr]
}

/// Keeps a text as the output of an attempt, masked.
pub(super) fn keep(
    folder: &Path,
    attempt: AttemptId,
    text: &str,
    hidden: &[Hidden],
) -> io::Result<Kept> {
    let mut patterns = Patterns::default();
    for hidden in hidden {
        patterns.add(hidden.clone().into_forms());
    }
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
    let mut sha256 = String::with_capacity(64);
    for byte in Sha256::digest(masked.as_bytes()) {
        let _infallible = write!(sha256, "{byte:02x}");
    }
    Ok(Kept { path: Some(path), bytes, kept: bytes, sha256: Some(sha256) })
}
