//! Every byte of a real journal, changed, added, taken away; and every length it can be cut to.

use std::fs;
use std::path::Path;

use surefoot::journal::{RecoverFailed, read, recover, verify};

use crate::bench::{Bench, RESUME, RUN, counted};
use crate::mounted::folder_in_memory;

/// The journal of a run that went well.
fn journal() -> Vec<u8> {
    let bench = Bench::plain(1);
    assert_eq!(bench.call(&RUN).run().code(), 0);
    fs::read(bench.run_folder().unwrap().join("journal.jsonl")).unwrap()
}

/// The number of the record that a byte belongs to.
fn record_of(journal: &[u8], byte: usize) -> u64 {
    journal[..byte].split(|byte| *byte == b'\n').count() as u64
}

/// That a change which begins at a byte is found there, and that nothing is taken up or written.
fn check_damage(folder: &Path, changed: &[u8], record: u64, what: &str) {
    let path = folder.join("journal.jsonl");
    fs::write(&path, changed).unwrap();
    let found = verify(folder).unwrap_or_else(|error| panic!("{what}: {error}"));
    let damage = found.damage.as_ref().unwrap_or_else(|| panic!("{what} was not found"));
    assert_eq!(damage.line, record, "{what}: {damage}");
    assert!(!found.is_sound());
}

fn change_every_byte(bits: std::ops::Range<u32>) {
    let journal = journal();
    let memory = folder_in_memory();
    for byte in 0..journal.len() {
        let record = record_of(&journal, byte);
        for bit in bits.clone() {
            let mut changed = journal.clone();
            changed[byte] ^= 1 << bit;
            check_damage(memory.path(), &changed, record, &format!("bit {bit} of byte {byte}"));
        }
        let mut without = journal.clone();
        without.remove(byte);
        let last = byte + 1 == journal.len();
        if last {
            // It could have been cut off.
            assert!(read_at(memory.path(), &without).is_none());
        } else {
            check_damage(memory.path(), &without, record, &format!("byte {byte} is missing"));
        }
        let mut doubled = journal.clone();
        doubled.insert(byte, journal[byte]);
        let next = if journal[byte] == b'\n' { record + 1 } else { record };
        check_damage(memory.path(), &doubled, next, &format!("byte {byte} is doubled"));
    }
    counted(&format!("{} bytes, {} bits of each", journal.len(), bits.len()));
    // What is damaged is not taken up, and not touched.
    let mut changed = journal.clone();
    changed[journal.len() / 2] ^= 1;
    fs::write(memory.path().join("journal.jsonl"), &changed).unwrap();
    assert!(matches!(recover(memory.path()), Err(RecoverFailed::Unread(_))));
    assert_eq!(fs::read(memory.path().join("journal.jsonl")).unwrap(), changed);
    assert_eq!(fs::read_dir(memory.path()).unwrap().count(), 1);
}

/// What is wrong with a journal, if anything is.
fn read_at(folder: &Path, journal: &[u8]) -> Option<String> {
    let path = folder.join("journal.jsonl");
    fs::write(&path, journal).unwrap();
    read(&path).err().map(|error| error.to_string())
}

#[test]
fn every_changed_byte_is_found_in_its_record() {
    change_every_byte(0..1);
}

#[test]
#[ignore = "long: just reliability"]
fn long_every_bit_is_found_in_its_record() {
    change_every_byte(0..8);
}

#[test]
fn every_prefix_is_taken_up_with_all_its_records() {
    let journal = journal();
    for length in 0..=journal.len() {
        let memory = folder_in_memory();
        let path = memory.path().join("journal.jsonl");
        fs::write(&path, &journal[..length]).unwrap();
        let whole =
            journal[..length].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let torn = length - whole;
        let verified = verify(&path).unwrap();
        assert!(verified.is_sound(), "{length}");
        assert_eq!(verified.torn.map_or(0, |tail| tail.bytes.len()), torn, "{length}");
        let first = recover(memory.path()).unwrap();
        let expected = record_of(&journal, whole) - 1;
        assert_eq!(first.records.len() as u64, expected, "{length}");
        assert_eq!(first.set_aside.as_ref().map_or(0, |aside| aside.bytes), torn as u64);
        if let Some(aside) = first.set_aside {
            assert_eq!(fs::read(aside.path).unwrap(), &journal[whole..length]);
        }
        drop(first.journal);
        assert_eq!(fs::read(&path).unwrap(), &journal[..whole]);
        let second = recover(memory.path()).unwrap();
        assert_eq!((second.records.len() as u64, second.set_aside), (expected, None));
    }
}

/// What `resume` says to a journal that was cut where a person would look for it.
#[test]
fn resume_says_how_much_was_dropped() {
    let bench = Bench::plain(2);
    assert_eq!(bench.call(&RUN).run().code(), 0);
    let path = bench.run_folder().unwrap().join("journal.jsonl");
    let journal = fs::read(&path).unwrap();
    let last = journal[..journal.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    fs::write(&path, &journal[..last + 20]).unwrap();
    let outcome = bench.call(&RESUME).run();
    assert_eq!(outcome.code(), 0, "{}", outcome.text());
    let said = "20 bytes of a torn last record were set aside";
    assert!(outcome.stderr.contains(said), "{}", outcome.text());
    assert_eq!(bench.ledger(), [1, 2]);
}
