//! Journals of other versions: older and newer minor ones are read, a newer major one is refused,
//! and nothing is written to what is refused.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use crate::bench::{Bench, RESUME};

const FORMAT: &str = "\"format\":\"surefoot-journal/1\"";

/// The journal with other texts in it, as a program that meant them would have written it.
fn chained(journal: &str, changed: impl Fn(usize, &str) -> String) -> String {
    let mut prev = "0".repeat(64);
    let mut text = String::new();
    for (index, line) in journal.lines().enumerate() {
        let (covered, _) = line.rsplit_once(",\"sha256\":\"").unwrap();
        let (said, _) = covered.rsplit_once(",\"prev\":\"").unwrap();
        let covered = format!("{},\"prev\":\"{prev}\"", changed(index, said));
        prev = surefoot::catalog::sha256(covered.as_bytes());
        let _ = writeln!(text, "{covered},\"sha256\":\"{prev}\"}}");
    }
    text
}

/// A run that was broken off before its last change.
fn open_run() -> (Bench, PathBuf, String) {
    let bench = Bench::with(
        1,
        "steps:\n  - { id: wait, do: Wait for it. }\n  - { id: s1, effect: change, \
         run: 'echo 1 >> \"$LEDGER\"', undo: { none: a test } }\n  - end: done\n",
    );
    let outcome = bench.call(&crate::bench::RUN).run();
    assert_eq!(outcome.code(), 4, "{}", outcome.text());
    let path = bench.run_folder().unwrap().join("journal.jsonl");
    let journal = fs::read_to_string(&path).unwrap();
    assert_eq!(chained(&journal, |_, said| said.to_owned()), journal);
    (bench, path, journal)
}

/// All files of the runs but the lock, which says who looked last.
fn files(bench: &Bench) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = bench.sandbox().state_files();
    files.retain(|(path, _)| !path.ends_with("lock"));
    files.sort();
    files
}

#[test]
fn a_newer_minor_version_is_read_and_gone_on_with() {
    let (bench, path, journal) = open_run();
    let newer = chained(&journal, |index, said| match index {
        0 => said.replace(FORMAT, "\"format\":\"surefoot-journal/1.7\",\"sparkling\":true"),
        _ => said.to_owned(),
    });
    assert_ne!(newer, journal);
    fs::write(&path, newer).unwrap();
    for command in ["log", "report", "verify", "history"] {
        let outcome = bench.sandbox().surefoot(&[command]).run();
        assert_eq!(outcome.code(), 0, "{command}: {}", outcome.text());
    }
    let outcome = bench.call(&RESUME).run();
    assert_eq!(outcome.code(), 4, "{}", outcome.text());
}

/// What a newer program wrote is refused by name, and left alone.
fn check_refused(bench: &Bench, path: &Path, journal: &str, told: &str) {
    fs::write(path, journal).unwrap();
    let before = files(bench);
    for command in ["log", "report", "verify", "resume"] {
        let outcome = bench.sandbox().surefoot(&[command]).run();
        assert_eq!(outcome.code(), 10, "{command}: {}", outcome.text());
        assert!(outcome.stderr.contains(told), "{command}: {}", outcome.text());
        assert!(outcome.stderr.contains("a newer one is needed"), "{}", outcome.text());
    }
    let history = bench.sandbox().surefoot(&["history"]).run();
    assert_eq!(history.code(), 0, "{}", history.text());
    assert_eq!(files(bench), before, "something was written");
    assert_eq!(bench.ledger(), [0; 0]);
}

#[test]
fn a_newer_major_version_is_refused_and_nothing_is_written() {
    let (bench, path, journal) = open_run();
    for format in ["surefoot-journal/2", "surefoot-journal/10.1", "something-else/1"] {
        let newer = chained(&journal, |index, said| match index {
            0 => said.replace(FORMAT, &format!("\"format\":\"{format}\"")),
            _ => said.to_owned(),
        });
        check_refused(&bench, &path, &newer, &format!("has the format `{format}`"));
    }
    let stranger = chained(&journal, |index, said| match index {
        1 => said.replacen("\"type\":\"", "\"type\":\"teleported_", 1),
        _ => said.to_owned(),
    });
    check_refused(&bench, &path, &stranger, "record 2 of the journal");
}

/// The journal of the first format, as it was released, in the folder of a run.
#[test]
fn a_journal_of_the_first_format_is_read_by_every_reader() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/journals/v1/story.jsonl");
    let bench = Bench::plain(1);
    let run = bench.runs_folder().join("2026-11-20-0312-checkout-k3f9");
    fs::create_dir_all(&run).unwrap();
    fs::copy(golden, run.join("journal.jsonl")).unwrap();
    let before = files(&bench);
    for command in ["log", "report", "history"] {
        let outcome = bench.sandbox().surefoot(&[command]).run();
        assert_eq!(outcome.code(), 0, "{command}: {}", outcome.text());
        assert!(outcome.stdout.contains("checkout"), "{command}: {}", outcome.text());
    }
    // Its outputs are not there, and it says so; its records are.
    let verified = bench.sandbox().surefoot(&["verify"]).run();
    assert!(verified.stdout.contains("unchanged as far as the chain"), "{}", verified.text());
    assert_eq!(files(&bench), before, "a reader wrote");
}
