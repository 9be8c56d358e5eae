//! One process at a time, and journals that were changed behind our back.

use std::fs;
use std::io::{Read as _, Write as _};

use crate::READS;
use crate::sandbox::{Sandbox, Started, eventually};

/// A runbook whose step waits until somebody writes into a pipe.
fn waits(sandbox: &Sandbox, title: &str) -> String {
    sandbox.pipe();
    READS.replace("echo one", "echo waiting; cat \"$HOME/pipe\"").replace("Two looks", title)
}

/// Waits until the step prints, which is after its start was recorded.
fn wait_until_it_runs(started: &Started) {
    let found = eventually(|| started.stream("stderr").contains("waiting\n").then_some(()));
    found.unwrap_or_else(|| panic!("{}", started.stream("stderr")));
}

fn let_go(sandbox: &Sandbox) {
    let mut pipe = fs::File::options().write(true).open(sandbox.root().join("home/pipe")).unwrap();
    pipe.write_all(b"on\n").unwrap();
}

#[test]
fn a_run_that_somebody_walks_is_held() {
    let sandbox = Sandbox::new();
    sandbox.file("runbook.yaml", waits(&sandbox, "Held"));
    sandbox.trust("runbook.yaml");
    let walking = sandbox.surefoot(&["run", "runbook.yaml"]).start();
    wait_until_it_runs(&walking);
    sandbox.surefoot(&["resume"]).check(
        r"
        exit 9
        --- stderr
        error: the run RUN is held by LOGIN@HOST, process PID on HOST, run RUN
        hint: surefoot follow RUN shows it; surefoot resume RUN --take-over asks for it
    ",
    );
    let journal = sandbox.journal();
    for looking in ["log", "report", "verify", "history"] {
        let outcome = sandbox.surefoot(&[looking]).run();
        assert_eq!(outcome.code(), 0, "{}", outcome.text());
    }
    assert_eq!(sandbox.journal(), journal, "looking wrote into the journal");
    let second = sandbox.surefoot(&["run", "runbook.yaml"]).run();
    assert_eq!(second.code(), 9, "{}", second.text());
    assert!(second.text().contains("held by LOGIN@HOST"), "{}", second.stderr);
    let_go(&sandbox);
    let outcome = walking.wait(&sandbox);
    assert_eq!(outcome.code(), 0, "{}", outcome.text());
}

#[test]
fn every_changed_byte_of_a_journal_is_damage_and_is_never_written_over() {
    let sandbox = Sandbox::trusting(&READS.replace("run: echo two", "run: exit 3"));
    assert_eq!(sandbox.surefoot(&["run", "runbook.yaml"]).run().code(), 4);
    let journal = sandbox.run().join("journal.jsonl");
    let before = fs::read(&journal).unwrap();
    for part in 1..12 {
        let mut changed = before.clone();
        let at = before.len() * part / 12;
        changed[at] ^= 1;
        fs::write(&journal, &changed).unwrap();
        for command in ["verify", "resume", "log", "report"] {
            let outcome = sandbox.surefoot(&[command]).run();
            assert_eq!(outcome.code(), 10, "{command} with byte {at}: {}", outcome.text());
        }
        let history = sandbox.surefoot(&["history"]).run();
        assert_eq!(history.code(), 0, "one damaged run hides no others");
        assert!(history.stdout.contains("unreadable"), "{}", history.stdout);
        assert_eq!(fs::read(&journal).unwrap(), changed, "a damaged journal was written to");
    }
    fs::write(&journal, &before).unwrap();
    assert_eq!(sandbox.surefoot(&["verify"]).run().code(), 0);
}

#[test]
fn damage_is_told_with_its_place() {
    let sandbox = Sandbox::trusting(READS);
    assert_eq!(sandbox.surefoot(&["run", "runbook.yaml"]).run().code(), 0);
    let journal = sandbox.run().join("journal.jsonl");
    let text = fs::read_to_string(&journal).unwrap();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let without_third: String = [&lines[..2], &lines[3..]].concat().concat();
    fs::write(&journal, without_third).unwrap();
    sandbox.surefoot(&["verify"]).check(
        r"
        exit 10
        --- stdout
        RUN: DAMAGED: record 3, at byte N: the record is not number 3
        the run is not over; not anchored
        0 of 0 outputs as recorded
    ",
    );
    sandbox.surefoot(&["log"]).check(r"
        exit 10
        --- stderr
        error: the journal ~/state/surefoot/runs/RUN/journal.jsonl is damaged: record 3, at byte N: the record is not number 3
        hint: surefoot verify RUN says where; nothing was changed
    ");
}

#[test]
fn a_torn_last_record_is_set_aside_and_told() {
    let sandbox = Sandbox::trusting(&READS.replace("run: echo two", "run: exit 3"));
    assert_eq!(sandbox.surefoot(&["run", "runbook.yaml"]).run().code(), 4);
    let path = sandbox.run().join("journal.jsonl");
    let whole = fs::read(&path).unwrap();
    let torn = [&whole[..], b"{\"n\":99,\"at\":\"20"].concat();
    fs::write(&path, &torn).unwrap();
    let verified = sandbox.surefoot(&["verify"]).run();
    assert_eq!(verified.code(), 0, "{}", verified.text());
    assert!(verified.stdout.contains("16 bytes"), "{}", verified.stdout);
    assert_eq!(fs::read(&path).unwrap(), torn, "a reader wrote");
    let resumed = sandbox.surefoot(&["resume"]).run();
    assert_eq!(resumed.code(), 4, "{}", resumed.text());
    assert!(
        resumed.stderr.contains("16 bytes of a torn last record were set aside"),
        "{}",
        resumed.stderr
    );
    let mut now = Vec::new();
    fs::File::open(&path).unwrap().read_to_end(&mut now).unwrap();
    assert!(now.starts_with(&whole));
    assert_eq!(sandbox.surefoot(&["verify"]).run().code(), 0);
}

#[test]
fn output_that_was_changed_is_found() {
    let sandbox = Sandbox::trusting(READS);
    assert_eq!(sandbox.surefoot(&["run", "runbook.yaml"]).run().code(), 0);
    fs::write(sandbox.run().join("output/0001.log"), "ona\n").unwrap();
    fs::remove_file(sandbox.run().join("output/0002.log")).unwrap();
    sandbox.surefoot(&["verify"]).check(
        r"
        exit 10
        --- stdout
        RUN: 12 records, unchanged as far as the chain can tell
        head DIGEST
        the run is over; not anchored
        0 of 2 outputs as recorded
          output/0001.log: changed: its digest is another
          output/0002.log: missing: No such file or directory (os error 2)
    ",
    );
}

#[test]
fn a_runbook_that_was_changed_beside_its_record_is_found() {
    let sandbox = Sandbox::trusting(READS);
    assert_eq!(sandbox.surefoot(&["run", "runbook.yaml"]).run().code(), 0);
    let file = sandbox.run().join("runbook/runbook.yaml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("echo one", "echo two")).unwrap();
    fs::write(sandbox.run().join("runbook/other.yaml"), "").unwrap();
    sandbox.surefoot(&["verify"]).check(
        r"
        exit 10
        --- stdout
        RUN: 12 records, unchanged as far as the chain can tell
        head DIGEST
        the run is over; not anchored
        2 of 2 outputs as recorded
          runbook/runbook.yaml: changed: its digest is another
          runbook/other.yaml: changed: the record names no such file
    ",
    );
    let json = sandbox.surefoot(&["verify", "--format", "json"]).run();
    let verified: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(verified["runbook"][0]["path"], "runbook/runbook.yaml", "{verified}");
}

#[test]
fn a_run_that_never_began_is_no_damage() {
    let sandbox = Sandbox::trusting(READS);
    let folder = sandbox.state().join("runs/2020-01-01-0000-shop-dead");
    fs::create_dir_all(&folder).unwrap();
    for command in ["resume", "log", "report"] {
        let outcome = sandbox.surefoot(&[command, "dead"]).run();
        assert_eq!(outcome.code(), 2, "{}", outcome.text());
        assert!(outcome.stderr.contains("never began"), "{}", outcome.stderr);
    }
    assert_eq!(sandbox.surefoot(&["resume"]).run().code(), 2);
    assert!(fs::read_dir(&folder).unwrap().flatten().all(|file| file.file_name() == "lock"));
}

#[test]
fn a_run_without_its_key_is_not_gone_on_with() {
    let sandbox = Sandbox::trusting(&READS.replace("run: echo two", "run: exit 3"));
    assert_eq!(sandbox.surefoot(&["run", "runbook.yaml"]).run().code(), 4);
    let journal = sandbox.journal();
    fs::remove_file(sandbox.run().join("key")).unwrap();
    let outcome = sandbox.surefoot(&["resume"]).run();
    assert_eq!(outcome.code(), 10, "{}", outcome.text());
    assert_eq!(sandbox.journal(), journal);
}
