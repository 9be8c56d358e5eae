//! One line of a journal: the record, how it is written as raw bytes, and how raw bytes prove to be
//! one. Nothing is ever written again from what was read: the digest is over the bytes themselves.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::engine::Event;
use crate::value::hex;

/// The format that this program writes.
pub const FORMAT: &str = "surefoot-journal/1";

/// What the first record names as the one before it.
pub const NO_RECORD: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// A longer line is not read, and not written.
pub(super) const LONGEST_LINE: usize = 16 * 1024 * 1024;

const BEFORE_DIGEST: &[u8] = b",\"sha256\":\"";
const AFTER_DIGEST: &[u8] = b"\"}";
const DIGEST: usize = 64;

/// A fact with its place in the order, its time and its author.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Record {
    /// Its place in the order, from 1.
    pub n: u64,
    /// When it was written, by the wall clock.
    pub at: Timestamp,
    /// When it was written, in seconds of the monotonic clock.
    pub mono: f64,
    /// Who was at the keyboard.
    pub by: String,
    /// The fact.
    pub event: Event,
    /// The `sha256` of the record before; 64 zeros in the first.
    pub prev: String,
    /// SHA-256 of the line up to, not including, `,"sha256":`.
    pub sha256: String,
}

/// When a record is written, and who is at the keyboard.
#[derive(Clone, Debug)]
pub struct Stamp {
    /// The wall clock.
    pub at: Timestamp,
    /// The monotonic clock, in seconds.
    pub mono: f64,
    /// Who is at the keyboard.
    pub by: String,
}

impl Record {
    /// The line of the record, byte for byte, with its newline.
    pub fn line(&self) -> String {
        let stamp = Stamp { at: self.at, mono: self.mono, by: self.by.clone() };
        ended(covered(self.n, &stamp, &self.event, &self.prev), &self.sha256)
    }
}

/// A line from what its digest covers.
fn ended(covered: String, sha256: &str) -> String {
    let mut line = covered;
    line.push_str(&String::from_utf8_lossy(BEFORE_DIGEST));
    line.push_str(sha256);
    line.push_str(&String::from_utf8_lossy(AFTER_DIGEST));
    line.push('\n');
    line
}

/// The part of a line that its digest covers.
fn covered(n: u64, stamp: &Stamp, event: &Event, prev: &str) -> String {
    let Stamp { at, mono, by } = stamp;
    let by = serde_json::to_string(by).expect("a text serialises");
    let said = serde_json::to_string(event).expect("an event has text keys only");
    format!(
        "{{\"n\":{n},\"at\":\"{at:.3}\",\"mono\":{mono:.3},\"by\":{by},\"event\":{said},\"prev\":\"{prev}\""
    )
}

/// Makes the line of a record, with its newline, and the record that reading it gives.
pub(super) fn line(n: u64, event: &Event, stamp: Stamp, prev: &str) -> (Record, Vec<u8>) {
    let at = Timestamp::from_millisecond(stamp.at.as_millisecond())
        .expect("a timestamp without its smallest digits is one");
    let mono = thousandths(stamp.mono);
    let stamp = Stamp { at, mono, by: stamp.by };
    let covered = covered(n, &stamp, event, prev);
    let sha256 = digest(covered.as_bytes());
    let line = ended(covered, &sha256).into_bytes();
    let record =
        Record { n, at, mono, by: stamp.by, event: event.clone(), prev: prev.to_owned(), sha256 };
    (record, line)
}

/// A clock that shows no number has no place in a record; JSON could not hold it either.
fn thousandths(seconds: f64) -> f64 {
    if seconds.is_finite() { (seconds * 1000.0).round() / 1000.0 } else { 0.0 }
}

/// The digest that a line without its newline ends with, if it is the right one.
pub(super) fn proven(line: &[u8]) -> Result<&str, &'static str> {
    let ending = BEFORE_DIGEST.len() + DIGEST + AFTER_DIGEST.len();
    let covered =
        line.len().checked_sub(ending).ok_or("the record is too short to hold a digest")?;
    let (covered, ending) = line.split_at(covered);
    let named = ending
        .strip_prefix(BEFORE_DIGEST)
        .and_then(|rest| rest.strip_suffix(AFTER_DIGEST))
        .ok_or("the record does not end with its digest")?;
    let named = std::str::from_utf8(named).map_err(|_| "the digest is no text")?;
    if digest(covered) == named || cfg!(feature = "sabotage-unchecked") {
        Ok(named)
    } else {
        Err("the record does not match its digest")
    }
}

/// Whether an unterminated tail starts with a whole record: then what follows was its newline, and
/// somebody changed it.
pub(super) fn holds_whole_record(tail: &[u8]) -> bool {
    let mut hasher = Sha256::new();
    let mut covered = 0;
    tail.windows(BEFORE_DIGEST.len())
        .enumerate()
        .filter(|(_, window)| *window == BEFORE_DIGEST)
        .any(|(at, _)| {
            hasher.update(&tail[covered..at]);
            covered = at;
            let named = at + BEFORE_DIGEST.len();
            let after = named + DIGEST;
            tail.len() > after + AFTER_DIGEST.len()
                && tail[after..].starts_with(AFTER_DIGEST)
                && hex(hasher.clone().finalize()).as_bytes() == &tail[named..after]
        })
}

/// SHA-256 in lower-case hexadecimal.
pub(super) fn digest(bytes: &[u8]) -> String {
    hex(Sha256::digest(bytes))
}
