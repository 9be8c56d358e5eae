//! Journals: any bytes are read or refused, and what was read is what was written. A text that is
//! an event a line is given a right chain first, so that what stands behind it is reached: what a
//! stranger chained rightly is folded and told without harm.

use std::fmt::Write as _;
use std::io::Write as _;

use sha2::{Digest as _, Sha256};
use surefoot::engine::Event;
use surefoot::journal::{NO_RECORD, Record, read};
use surefoot::report::{Summary, json, log_text, markdown, timeline};

use super::{files, has_controls};

pub(super) fn run(data: &[u8]) {
    raw(data);
    chained(data);
}

fn raw(data: &[u8]) {
    let Ok(contents) = read(file(data).path()) else { return };
    let torn = contents.torn.as_ref().map_or(0, |torn| torn.bytes.len());
    let kept = &data[..data.len() - torn];
    let again = read(file(kept).path()).expect("what is left without its tail is whole");
    assert_eq!(again.records, contents.records);
    assert!(again.torn.is_none());
}

fn chained(data: &[u8]) {
    let events = data.split(|byte| *byte == b'\n');
    let events: Vec<Event> = events.filter_map(|line| serde_json::from_slice(line).ok()).collect();
    if events.is_empty() {
        return;
    }
    let mut prev = NO_RECORD.to_owned();
    let mut records = Vec::new();
    let mut text = Vec::new();
    for (n, event) in (1..).zip(events) {
        let mut record = Record {
            n,
            at: jiff::Timestamp::UNIX_EPOCH,
            mono: 1.5,
            by: "dana@laptop".to_owned(),
            event,
            prev: std::mem::take(&mut prev),
            sha256: String::new(),
        };
        record.sha256 = digest(&record.line());
        prev.clone_from(&record.sha256);
        text.extend_from_slice(record.line().as_bytes());
        records.push(record);
    }
    // The first record must be the start of a run; the rest may be anything.
    if let Ok(contents) = read(file(&text).path()) {
        assert_eq!(contents.records, records);
    }
    let told = log_text(&timeline(&records));
    assert!(!has_controls(&told), "{told:?}");
    if let Some(summary) = Summary::of(&records) {
        for told in [markdown(&summary, &records), json(&summary, &records)] {
            assert!(!has_controls(&told), "{told:?}");
        }
    }
}

fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    file.write_all(bytes).expect("room for it");
    file
}

/// The digest of what a line without one covers.
fn digest(line: &str) -> String {
    let covered = line.rsplit_once(",\"sha256\":").expect("a line ends with its digest").0;
    Sha256::digest(covered.as_bytes()).iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes everything");
        text
    })
}

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let journals = files("tests/journals", "jsonl");
    let events = journals.iter().map(|journal| {
        let lines = String::from_utf8_lossy(journal);
        let events: Vec<String> = lines
            .lines()
            .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
            .map(|record| record["event"].to_string())
            .collect();
        events.join("\n").into_bytes()
    });
    let mut seeds: Vec<Vec<u8>> = events.collect();
    seeds.extend(journals);
    seeds
}
