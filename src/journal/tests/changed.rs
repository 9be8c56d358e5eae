//! Every cut, every flipped byte, and every record taken away, doubled, moved or slipped in.

use std::path::Path;

use crate::journal::read::{Position, read_after, read_from};
use crate::journal::record::{self, Record};
use crate::journal::samples::{SECRET, stamp, story, written};
use crate::journal::{Contents, ReadFailed};

fn read(bytes: &[u8]) -> Result<Contents, ReadFailed> {
    read_from(bytes, Path::new("journal.jsonl"))
}

/// Reads a journal from the line at `index` on, which is all that a change of that line can touch.
fn read_line(records: &[Record], index: usize, bytes: &[u8]) -> Result<Contents, ReadFailed> {
    let at = Position { line: index as u64 + 1, offset: 0, prev: records[index].prev.clone() };
    read_after(at, bytes, Path::new("journal.jsonl"))
}

fn damaged_line(result: Result<Contents, ReadFailed>) -> Option<u64> {
    match result {
        Err(ReadFailed::Damaged { damage, .. }) => Some(damage.line),
        Err(other) => panic!("{other}"),
        Ok(_) => None,
    }
}

#[test]
fn what_was_written_is_read() {
    let (mut records, lines) = written(&story());
    assert!(records.len() >= 60, "{}", records.len());
    let mut found = read(&lines.concat()).unwrap();
    assert_eq!(found.torn, None);
    assert_eq!(found.head(), records.last().unwrap().sha256);
    // Secrets are known to the writer only; the bytes must be the same all the same.
    for record in records.iter_mut().chain(&mut found.records) {
        let said = serde_json::to_string(&record.event).unwrap();
        assert!(!said.contains(SECRET));
        record.event = serde_json::from_str(&said).unwrap();
    }
    assert_eq!(found.records, records);
}

#[test]
fn a_line_is_as_the_manual_says() {
    let (_, lines) = written(&[crate::journal::samples::entered("pods", "Healthy?")]);
    let covered = concat!(
        r#"{"n":1,"at":"2026-11-20T03:12:07.123Z","mono":84.200,"by":"dana@laptop","#,
        r#""event":{"type":"step_entered","step":"pods","title":"Healthy?","before":0,"#,
        r#""unclear":null},"prev":"#,
        r#""0000000000000000000000000000000000000000000000000000000000000000""#,
    );
    let digest = record::digest(covered.as_bytes());
    assert_eq!(
        String::from_utf8(lines.concat()).unwrap(),
        format!("{covered},\"sha256\":\"{digest}\"}}\n")
    );
}

#[test]
fn every_prefix_holds_exactly_the_records_that_ended_before_the_cut() {
    let (records, lines) = written(&story());
    for (index, line) in lines.iter().enumerate() {
        for cut in 0..line.len() {
            let found = read_line(&records, index, &line[..cut]).unwrap();
            assert_eq!(found.records.len(), 0);
            let torn = found.torn.map(|tail| tail.bytes).unwrap_or_default();
            assert_eq!(torn, &line[..cut], "record {}, byte {cut}", index + 1);
        }
        let whole = lines[..=index].concat();
        let found = read(&whole).unwrap();
        assert_eq!(found.records.len(), index + 1);
        assert_eq!(found.torn, None);
        let torn = read(&whole[..whole.len() - 1]).unwrap();
        assert_eq!(torn.records.len(), index);
        let start = (whole.len() - line.len()) as u64;
        assert_eq!(torn.torn.unwrap().offset, start);
    }
}

#[test]
fn every_flipped_byte_is_found_in_its_record() {
    let (records, lines) = written(&story());
    for (index, line) in lines.iter().enumerate() {
        for byte in 0..line.len() {
            for bit in [0, 2, 5] {
                let mut changed = line.clone();
                changed[byte] ^= 1 << bit;
                if let Some(next) = lines.get(index + 1) {
                    changed.extend_from_slice(next);
                }
                let found = damaged_line(read_line(&records, index, &changed));
                assert_eq!(found, Some(index as u64 + 1), "byte {byte}, bit {bit}");
            }
        }
    }
}

#[test]
fn upper_case_digests_and_carriage_returns_are_damage() {
    let (_, lines) = written(&story()[..2]);
    let text = String::from_utf8(lines.concat()).unwrap();
    let digest = text[text.len() - 67..text.len() - 3].to_owned();
    let shouted = text.replace(&digest, &digest.to_uppercase());
    assert_eq!(damaged_line(read(shouted.as_bytes())), Some(2));
    assert_eq!(damaged_line(read(text.replace('\n', "\r\n").as_bytes())), Some(1));
    assert_eq!(
        damaged_line(read(format!("{text}\n").as_bytes())),
        Some(3),
        "an empty line is a terminated record"
    );
}

#[test]
fn a_record_taken_away_is_found_unless_it_is_the_last() {
    let lines = written(&story()).1;
    for index in 0..lines.len() - 1 {
        let mut changed = lines.clone();
        changed.remove(index);
        let found = damaged_line(read(&changed.concat()));
        assert_eq!(found, Some(index as u64 + 1));
    }
    let shorter = read(&lines[..lines.len() - 1].concat()).unwrap();
    assert_eq!(shorter.records.len(), lines.len() - 1);
}

#[test]
fn a_record_doubled_moved_or_slipped_in_is_found() {
    let lines = written(&story()).1;
    let (_, others) = written(&[vec![crate::journal::samples::started()], story()].concat());
    for index in 0..lines.len() {
        let place = index as u64 + 1;
        let mut doubled = lines.clone();
        doubled.insert(index, lines[index].clone());
        assert_eq!(damaged_line(read(&doubled.concat())), Some(place + 1));
        if index + 1 < lines.len() {
            let mut swapped = lines.clone();
            swapped.swap(index, index + 1);
            assert_eq!(damaged_line(read(&swapped.concat())), Some(place));
        }
        // The second record of the other run follows the same first one; what follows it does not.
        if index > 1 {
            let mut slipped = lines.clone();
            slipped.insert(index, others[index].clone());
            assert_eq!(damaged_line(read(&slipped.concat())), Some(place));
        }
    }
}

#[test]
fn a_record_with_a_new_digest_breaks_the_chain_after_it() {
    let events = story();
    let (records, mut lines) = written(&events);
    let mut forged = events[4].clone();
    if let crate::engine::Event::AttemptStarted(started) = &mut forged {
        started.shown = "echo nothing happened".to_owned();
    }
    let (_, line) = record::line(5, &forged, stamp(4), &records[4].prev);
    lines[4] = line;
    assert_eq!(damaged_line(read(&lines.concat())), Some(6));
}

#[test]
fn damage_names_the_record_the_byte_and_what_is_wrong() {
    let lines = written(&story()).1;
    let mut bytes = lines.concat();
    let start = lines[0].len() + lines[1].len();
    bytes[start + 30] ^= 1;
    let failed = read(&bytes).unwrap_err();
    assert_eq!(failed.to_string(), "the journal journal.jsonl is damaged");
    let source = std::error::Error::source(&failed).unwrap();
    assert_eq!(
        source.to_string(),
        format!("record 3, at byte {start}: the record does not match its digest")
    );
}

#[test]
fn a_line_without_end_is_damage_and_is_not_held_in_memory() {
    let endless = std::io::BufReader::new(std::io::Read::take(std::io::repeat(b'x'), 17 << 20));
    let found = read_from(endless, Path::new("journal.jsonl"));
    assert_eq!(damaged_line(found), Some(1));
}
