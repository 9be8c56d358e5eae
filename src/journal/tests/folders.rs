//! Real files: recovery with every point at which it can die, verification, and finding runs.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use crate::engine::Event;
use crate::journal::samples::{ended, stamp, started, story, written};
use crate::journal::{
    Damage, Durability, FindFailed, FrozenFile, JOURNAL, Journal, OutputState, ReadFailed,
    RecoverFailed, Store, read, recover, verify,
};
use crate::value::hex;

fn folder_with(bytes: &[u8]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(JOURNAL), bytes).unwrap();
    folder
}

fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| {
            let name = entry.file_name().into_string().unwrap();
            (name, fs::read(entry.path()).unwrap())
        })
        .collect();
    files.sort();
    files
}

fn torn() -> (Vec<u8>, Vec<u8>) {
    let lines = written(&story()).1;
    (lines[..20].concat(), lines[20][..100].to_vec())
}

#[test]
fn a_journal_goes_on_after_it_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    let events = story();
    let mut journal = Journal::create(folder.path()).unwrap();
    for (index, event) in events.iter().enumerate() {
        if index == 30 {
            drop(journal);
            journal = recover(folder.path()).unwrap().journal;
        }
        journal.append(event, stamp(index), Durability::Later).unwrap();
    }
    let head = journal.head().to_owned();
    let path = journal.path().to_owned();
    journal.close().unwrap();
    assert_eq!(fs::read(&path).unwrap(), written(&events).1.concat());
    assert_eq!(read(&path).unwrap().head(), head);
}

#[test]
fn space_set_aside_is_never_read_and_is_given_back() {
    use std::os::unix::fs::MetadataExt as _;
    let folder = tempfile::tempdir().unwrap();
    let mut journal = Journal::create(folder.path()).unwrap();
    let path = journal.path().to_owned();
    journal.append(&started(), stamp(0), Durability::Now).unwrap();
    assert_eq!(read(&path).unwrap().torn, None);
    journal.close().unwrap();
    assert!(fs::metadata(&path).unwrap().blocks() * 512 < 64 * 1024);
}

#[test]
fn a_journal_is_never_made_over_another() {
    let folder = folder_with(b"x");
    let failed = Journal::create(folder.path()).unwrap_err();
    assert_eq!(
        failed.to_string(),
        format!("failed to create {}", folder.path().join(JOURNAL).display())
    );
}

#[test]
fn a_torn_tail_is_set_aside_once() {
    let (whole, tail) = torn();
    let folder = folder_with(&[whole.clone(), tail.clone()].concat());
    let first = recover(folder.path()).unwrap();
    assert_eq!(first.records.len(), 20);
    assert_eq!(first.set_aside.unwrap().bytes, 100);
    drop(first.journal);
    let after_one = files(folder.path());
    assert_eq!(
        after_one,
        [("journal.jsonl".to_owned(), whole), ("journal.torn-1".to_owned(), tail)]
    );
    let second = recover(folder.path()).unwrap();
    assert_eq!((second.records.len(), second.set_aside), (20, None));
    assert_eq!(files(folder.path()), after_one);
}

#[test]
fn dying_anywhere_in_recovery_is_harmless() {
    let (whole, tail) = torn();
    // It died: after making the file, in writing it, before the journal was cut.
    for copied in [0, 1, 50, tail.len()] {
        let folder = folder_with(&[whole.clone(), tail.clone()].concat());
        fs::write(folder.path().join("journal.torn-1"), &tail[..copied]).unwrap();
        let recovered = recover(folder.path()).unwrap();
        assert_eq!(recovered.records.len(), 20);
        let found = files(folder.path());
        assert_eq!(found[0].1, whole);
        assert_eq!(found[1].1, &tail[..copied], "nothing is written over");
        assert_eq!(found.last().unwrap().1, tail);
        assert_eq!(found.len(), if copied == tail.len() { 2 } else { 3 });
    }
}

#[test]
fn a_second_torn_tail_does_not_touch_the_first() {
    let (whole, tail) = torn();
    let folder = folder_with(&[whole, tail].concat());
    recover(folder.path()).unwrap();
    let mut journal =
        fs::OpenOptions::new().append(true).open(folder.path().join(JOURNAL)).unwrap();
    journal.write_all(b"{\"n\":21").unwrap();
    let aside = recover(folder.path()).unwrap().set_aside.unwrap();
    assert_eq!(aside.path, folder.path().join("journal.torn-2"));
    assert_eq!(fs::read(aside.path).unwrap(), b"{\"n\":21");
}

#[test]
fn damage_is_refused_and_nothing_is_written() {
    let (mut whole, tail) = torn();
    whole[10] ^= 1;
    let folder = folder_with(&[whole, tail].concat());
    let before = files(folder.path());
    let failed = recover(folder.path()).unwrap_err();
    assert!(matches!(failed, RecoverFailed::Unread(ReadFailed::Damaged { .. })));
    assert_eq!(files(folder.path()), before);
}

#[test]
fn an_empty_journal_is_a_run_that_did_nothing() {
    let folder = folder_with(b"");
    let mut recovered = recover(folder.path()).unwrap();
    assert_eq!(recovered.records, []);
    let record = recovered.journal.append(&started(), stamp(0), Durability::Now);
    assert_eq!(record.unwrap().n, 1);
}

/// Where the runbook of the sample lies.
const FROZEN: &str = "runbook/runbooks/checkout-error-rate.yaml";

/// The first record of a run whose runbook holds this.
fn started_with(runbook: &[u8]) -> Event {
    let Event::RunStarted(mut begun) = started() else { unreachable!("it begins so") };
    begun.runbook.files[0].sha256 = hex(Sha256::digest(runbook));
    Event::RunStarted(begun)
}

/// A folder with one attempt whose output, and whose runbook, is as recorded.
fn folder_with_output(output: &[u8], kept: u64) -> TempDir {
    let mut ended =
        ended(1, crate::engine::End::Exited { code: 0 }, crate::engine::Verdict::Passed);
    ended.output.bytes = output.len() as u64;
    ended.output.kept = kept;
    ended.output.sha256 = Some(hex(Sha256::digest(output)));
    let events = [started_with(b"title: A"), Event::AttemptEnded(Box::new(ended))];
    let folder = folder_with(&written(&events).1.concat());
    fs::create_dir_all(folder.path().join("runbook/runbooks")).unwrap();
    fs::write(folder.path().join(FROZEN), b"title: A").unwrap();
    fs::create_dir(folder.path().join("output")).unwrap();
    let kept = usize::try_from(kept).unwrap();
    fs::write(folder.path().join("output/0001.log"), &output[..kept]).unwrap();
    folder
}

fn output_state(folder: &TempDir) -> (OutputState, bool) {
    let found = verify(folder.path()).unwrap();
    (found.outputs[0].state.clone(), found.is_sound())
}

#[test]
fn outputs_are_compared_with_what_was_recorded() {
    let folder = folder_with_output(b"hello", 5);
    assert_eq!(output_state(&folder), (OutputState::AsRecorded, true));
    let path = folder.path().join("output/0001.log");
    fs::write(&path, b"hellO").unwrap();
    let changed = OutputState::Changed("its digest is another".to_owned());
    assert_eq!(output_state(&folder), (changed, false));
    fs::write(&path, b"hello!").unwrap();
    let longer = OutputState::Changed("6 bytes instead of 5".to_owned());
    assert_eq!(output_state(&folder), (longer, false));
    fs::remove_file(&path).unwrap();
    assert!(matches!(output_state(&folder), (OutputState::Missing(_), false)));
    let shortened = folder_with_output(b"hello", 3);
    assert_eq!(output_state(&shortened), (OutputState::AsLong, true));
    let path = shortened.path().join("output/0001.log");
    fs::write(&path, b"he\n[2 bytes are not kept]\no").unwrap();
    assert_eq!(output_state(&shortened), (OutputState::AsLong, true));
    fs::write(&path, b"he\n[2 bytes are not kept]\n").unwrap();
    assert!(matches!(output_state(&shortened), (OutputState::Changed(_), false)));
}

#[test]
fn the_runbook_is_compared_with_what_was_recorded() {
    let folder = folder_with_output(b"hello", 5);
    let check = |expected: &[(&str, &str)]| {
        let found = verify(folder.path()).unwrap();
        let told: Vec<(&str, String)> =
            found.changed().map(|(path, state)| (path, format!("{state:?}"))).collect();
        let same = told.len() == expected.len()
            && told
                .iter()
                .zip(expected)
                .all(|((path, state), (expected, why))| path == expected && state.contains(why));
        assert!(same, "{told:?}");
        assert_eq!(found.is_sound(), expected.is_empty());
    };
    check(&[]);
    let file = folder.path().join(FROZEN);
    fs::write(&file, "title: B").unwrap();
    check(&[(FROZEN, "its digest is another")]);
    fs::remove_file(&file).unwrap();
    check(&[(FROZEN, "No such file")]);
    // Nothing is waited for, and nothing is followed.
    let pipe = rustix::fs::FileType::Fifo;
    let mode = rustix::fs::Mode::from(0o600);
    rustix::fs::mknodat(rustix::fs::CWD, &file, pipe, mode, 0).unwrap();
    check(&[(FROZEN, "it is no ordinary file")]);
    fs::remove_file(&file).unwrap();
    fs::write(folder.path().join("elsewhere"), "title: A").unwrap();
    std::os::unix::fs::symlink(folder.path().join("elsewhere"), &file).unwrap();
    check(&[(FROZEN, "Missing")]);
    fs::remove_file(&file).unwrap();
    fs::write(&file, "title: A").unwrap();
    check(&[]);
    // One more could be used in place of another.
    fs::write(folder.path().join("runbook/a.yaml"), "").unwrap();
    check(&[("runbook/a.yaml", "names no such file")]);
}

#[test]
fn an_output_elsewhere_is_not_looked_at() {
    for path in ["../secret", "/etc/passwd"] {
        let folder = folder_with_output(b"hello", 5);
        let mut ended =
            ended(1, crate::engine::End::Exited { code: 0 }, crate::engine::Verdict::Passed);
        ended.output.path = Some(path.to_owned());
        let events = [started(), Event::AttemptEnded(Box::new(ended))];
        fs::write(folder.path().join(JOURNAL), written(&events).1.concat()).unwrap();
        assert_eq!(
            output_state(&folder).0,
            OutputState::Missing("its path leads out of the run's folder".to_owned())
        );
    }
}

#[test]
fn verification_says_what_was_found() {
    let (records, lines) = written(&story());
    let whole = lines.concat();
    let folder = folder_with(&whole);
    let journal = folder.path().join(JOURNAL);
    let found = verify(&journal).unwrap();
    assert_eq!(found.records, records.len() as u64);
    assert_eq!(found.head, records.last().unwrap().sha256);
    assert!(found.finished && found.is_sound());

    fs::write(&journal, &whole[..whole.len() - 1]).unwrap();
    let found = verify(&journal).unwrap();
    assert!(!found.finished && found.is_sound());
    assert!(found.torn.is_some());

    let mut changed = whole;
    changed[lines[0].len()] = b'[';
    fs::write(&journal, changed).unwrap();
    let found = verify(&journal).unwrap();
    assert!(!found.is_sound());
    assert_eq!(
        found.damage,
        Some(Damage {
            line: 2,
            offset: lines[0].len() as u64,
            what: "the record does not match its digest".to_owned(),
        })
    );
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn a_run_is_named_so_that_it_can_be_said() {
    fn check(name: &str, random: [u8; 4], expected: &str) {
        let state = tempfile::tempdir().unwrap();
        let store = Store::new(state.path().join("surefoot"));
        let run = store.create(at("2026-11-20T03:12:59Z"), name, || Ok(random)).unwrap();
        assert_eq!(run.id(), expected);
    }
    check("checkout", [19, 3, 15, 9], "2026-11-20-0312-checkout-k3f9");
    check("Été & Co.", [0, 31, 32, 255], "2026-11-20-0312-t-co-0z0z");
    check("../..", [0; 4], "2026-11-20-0312-run-0000");
    check(
        "a-very-long-service-name-that-nobody-can-say",
        [0; 4],
        "2026-11-20-0312-a-very-long-service-name-0000",
    );
}

#[test]
fn two_runs_never_share_a_folder() {
    let state = tempfile::tempdir().unwrap();
    let store = Store::new(state.path().to_owned());
    let now = at("2026-11-20T03:12:00Z");
    let mut number = 0;
    let mut clumsy = || {
        number += 1;
        Ok([number / 3; 4])
    };
    let first = store.create(now, "x", &mut clumsy).unwrap();
    let second = store.create(now, "x", &mut clumsy).unwrap();
    assert_ne!(first, second);
    let stuck = store.create(now, "x", || Ok([0; 4])).unwrap_err();
    assert_eq!(stuck.source.kind(), std::io::ErrorKind::AlreadyExists);
}

#[test]
fn any_unique_part_names_a_run() {
    let state = tempfile::tempdir().unwrap();
    let store = Store::new(state.path().to_owned());
    assert!(matches!(store.find("x"), Err(FindFailed::None(_))));
    for (when, name, letter) in [
        ("2026-11-20T03:12:00Z", "checkout", 1),
        ("2026-11-21T03:12:00Z", "checkout", 2),
        ("2026-11-21T04:12:00Z", "search", 3),
    ] {
        store.create(at(when), name, || Ok([letter; 4])).unwrap();
    }
    let id = |part| store.find(part).unwrap().id().to_owned();
    assert_eq!(id("1111"), "2026-11-20-0312-checkout-1111");
    assert_eq!(id("SEARCH"), "2026-11-21-0412-search-3333");
    assert_eq!(
        store.find("checkout").unwrap_err().to_string(),
        "several runs match `checkout`: \
         2026-11-21-0312-checkout-2222, 2026-11-20-0312-checkout-1111"
    );
    assert_eq!(store.find("../runs").unwrap_err().to_string(), "no run matches `../runs`");
}

#[test]
fn runs_are_listed_newest_first_and_damaged_ones_too() {
    let state = tempfile::tempdir().unwrap();
    let store = Store::new(state.path().to_owned());
    assert!(store.list().unwrap().is_empty());
    let minute = at("2026-11-20T03:12:00Z");
    // The first of a minute gets the letters that sort last.
    for (index, letter) in [(0, 20), (1, 10)] {
        let run = store.create(minute, "x", || Ok([letter; 4])).unwrap();
        let mut journal = Journal::create(run.path()).unwrap();
        journal.append(&started(), stamp(index), Durability::Now).unwrap();
    }
    let later = at("2026-11-20T03:13:00Z");
    let broken = store.create(later, "x", || Ok([5; 4])).unwrap();
    fs::write(broken.journal(), "nonsense\n").unwrap();
    let listed = store.list().unwrap();
    let ids: Vec<_> = listed.iter().map(|run| run.folder.id()).collect();
    assert_eq!(ids, ["2026-11-20-0313-x-5555", "2026-11-20-0312-x-aaaa", "2026-11-20-0312-x-mmmm"]);
    assert!(listed[0].journal.is_err());
    assert!(listed[1].journal.is_ok());
}

#[test]
fn a_frozen_runbook_is_read_as_it_was_and_stays_in_its_folder() {
    let state = tempfile::tempdir().unwrap();
    let store = Store::new(state.path().to_owned());
    let run = store.create(at("2026-11-20T03:12:00Z"), "x", || Ok([0; 4])).unwrap();
    let script = Path::new("scripts/deep/fix.sh");
    let file = |path, bytes, executable| FrozenFile { path, bytes, executable };
    run.freeze(&[
        file(Path::new("runbook.yaml"), b"title: x\r\n", false),
        file(script, b"\xff\x00", true),
    ])
    .unwrap();
    let mode = |path: &Path| {
        let found = std::fs::metadata(run.runbook().join(path)).unwrap();
        found.permissions().mode() & 0o777
    };
    assert_eq!((mode(Path::new("runbook.yaml")), mode(script)), (0o600, 0o700));
    assert_eq!(run.frozen(script).unwrap(), b"\xff\x00");
    for outside in ["../x", "/etc/x", "a/../../x", "", "."] {
        run.freeze(&[file(Path::new(outside), b"x", false)]).unwrap_err();
        run.frozen(Path::new(outside)).unwrap_err();
    }
    run.freeze(&[file(script, b"another", false)]).unwrap_err();
}

#[test]
fn a_journal_that_was_removed_or_replaced_takes_nothing_for_durable() {
    for replace in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::create(folder.path()).unwrap();
        journal.append(&story()[0], stamp(1), Durability::Now).unwrap();
        fs::remove_file(journal.path()).unwrap();
        if replace {
            fs::write(journal.path(), "").unwrap();
        }
        let failed = journal.append(&story()[1], stamp(2), Durability::Now).unwrap_err();
        assert!(!failed.line.is_empty());
        journal.append(&story()[1], stamp(2), Durability::Now).unwrap_err();
    }
}
