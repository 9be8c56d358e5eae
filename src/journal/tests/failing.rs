//! What the writer does when the system refuses: nothing is tried again on the same descriptor.

use std::cell::RefCell;
use std::io;
use std::path::PathBuf;
use std::rc::Rc;

use crate::journal::append::Medium;
use crate::journal::samples::{stamp, story};
use crate::journal::{Contents, Durability, Journal, WriteFailed, save_elsewhere};

/// What was done to a file that fails.
#[derive(Debug, Default)]
struct Done {
    calls: Vec<&'static str>,
    bytes: Vec<u8>,
}

/// Fails at one call, by its number, in one way; otherwise takes everything.
struct Failing {
    done: Rc<RefCell<Done>>,
    at: usize,
    takes: Option<usize>,
}

impl Failing {
    fn fails(&self, call: &'static str) -> bool {
        let mut done = self.done.borrow_mut();
        done.calls.push(call);
        done.calls.len() == self.at
    }
}

impl Medium for Failing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let fails = self.fails("write");
        let taken = match self.takes {
            _ if !fails => bytes.len(),
            Some(taken) => taken,
            None => return Err(io::Error::from(io::ErrorKind::StorageFull)),
        };
        self.done.borrow_mut().bytes.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn sync(&mut self) -> io::Result<()> {
        if self.fails("sync") {
            return Err(io::Error::other("input/output error"));
        }
        Ok(())
    }

    fn give_back(&mut self) {
        self.done.borrow_mut().calls.push("give back");
    }
}

fn journal(at: usize, takes: Option<usize>) -> (Journal, Rc<RefCell<Done>>) {
    let done = Rc::new(RefCell::new(Done::default()));
    let medium = Failing { done: Rc::clone(&done), at, takes };
    let path = PathBuf::from("/runs/x/journal.jsonl");
    (Journal::on(path, Box::new(medium), &Contents::default()), done)
}

fn append(journal: &mut Journal, index: usize, durability: Durability) -> Result<(), WriteFailed> {
    journal.append(&story()[index], stamp(index), durability).map(|_| ())
}

#[test]
fn a_record_that_must_be_durable_is_one_write_and_one_sync() {
    let (mut journal, done) = journal(0, None);
    append(&mut journal, 0, Durability::Now).unwrap();
    append(&mut journal, 1, Durability::Later).unwrap();
    append(&mut journal, 2, Durability::Later).unwrap();
    append(&mut journal, 3, Durability::Now).unwrap();
    journal.sync().unwrap();
    assert_eq!(done.borrow().calls, ["write", "sync", "write", "write", "write", "sync"]);
}

#[test]
fn closing_syncs_and_gives_the_reserve_back() {
    let (mut journal, done) = journal(0, None);
    append(&mut journal, 0, Durability::Later).unwrap();
    journal.close().unwrap();
    assert_eq!(done.borrow().calls, ["write", "sync", "give back"]);
}

#[test]
fn after_any_failure_the_descriptor_is_dead() {
    // The third and fourth call are write and sync of the second record.
    for (at, takes) in [(3, None), (3, Some(0)), (3, Some(10)), (4, None)] {
        let (mut journal, done) = journal(at, takes);
        append(&mut journal, 0, Durability::Now).unwrap();
        let failed = append(&mut journal, 1, Durability::Now).unwrap_err();
        let act = if at == 3 { "write" } else { "sync" };
        assert_eq!(failed.to_string(), format!("failed to {act} /runs/x/journal.jsonl"));
        assert!(failed.line.starts_with(b"{\"n\":2,"));
        let calls = done.borrow().calls.len();
        let bytes = done.borrow().bytes.len();
        for index in 2..5 {
            append(&mut journal, index, Durability::Later).unwrap_err();
            journal.sync().unwrap_err();
        }
        assert_eq!(done.borrow().calls.len(), calls, "nothing is tried again");
        assert_eq!(done.borrow().bytes.len(), bytes);
        assert_eq!(journal.records(), 1);
        journal.close().unwrap_err();
        assert_eq!(done.borrow().calls.len(), calls);
    }
}

#[test]
fn a_record_too_long_to_be_read_is_not_written() {
    let (mut journal, done) = journal(0, None);
    let mut long = stamp(0);
    long.by = "x".repeat(17 << 20);
    let failed = journal.append(&story()[0], long, Durability::Now);
    failed.unwrap_err();
    assert_eq!(done.borrow().calls, [""; 0]);
    append(&mut journal, 0, Durability::Now).unwrap();
}

#[test]
fn an_outcome_that_was_not_taken_is_saved_in_a_second_place() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, _) = journal(1, None);
    let failed = append(&mut journal, 0, Durability::Now).unwrap_err();
    let first = save_elsewhere(folder.path(), "2026-x", &failed).unwrap();
    let second = save_elsewhere(folder.path(), "2026-x", &failed).unwrap();
    assert_ne!(first, second);
    assert_eq!(std::fs::read(&first).unwrap(), failed.line);
    let missing = folder.path().join("none");
    let lost = save_elsewhere(&missing, "2026-x", &failed).unwrap_err();
    let path = missing.join("surefoot-2026-x-1.jsonl");
    assert_eq!(lost.to_string(), format!("failed to create {}", path.display()));
}
