//! Journals as whole programs meet them: those of earlier releases, files that only their owner
//! may read under any umask, and one process at a time.

#![expect(clippy::unwrap_used, reason = "clippy spares tests, not the helpers beside them")]

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use surefoot::journal::{
    Durability, FrozenFile, Holder, Journal, Lock, LockFailed, Possession, Stamp, Store,
    possession, read, recover, save_elsewhere, verify,
};
use surefoot::report::{Summary, json, log_text, markdown, timeline};

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/journals/v1").join(name)
}

#[expect(
    clippy::disallowed_methods,
    reason = "whoever changes a report on purpose says so in the environment"
)]
fn blessed() -> bool {
    std::env::var_os("SUREFOOT_BLESS").is_some()
}

#[test]
fn a_journal_of_the_first_format_is_read_and_reported_as_ever() {
    let path = golden("story.jsonl");
    let records = read(&path).unwrap().records;
    let found = verify(&path).unwrap();
    assert!(found.finished && found.is_sound() && found.torn.is_none());
    let summary = Summary::of(&records).unwrap();
    for (name, report) in [
        ("story.md", markdown(&summary, &records)),
        ("story.json", json(&summary, &records)),
        ("story.log", log_text(&timeline(&records))),
    ] {
        if blessed() {
            fs::write(golden(name), &report).unwrap();
        }
        let expected = fs::read_to_string(golden(name)).unwrap();
        assert!(
            report == expected,
            "{name} is another now; look at it, then run with SUREFOOT_BLESS=1:\n{report}"
        );
    }
}

/// Verifies a journal the way the manual says, with nothing of ours.
#[test]
fn sha256sum_alone_proves_a_record() {
    let text = fs::read_to_string(golden("story.jsonl")).unwrap();
    let script = r#"
        prev=$(printf '%064d' 0)
        while IFS= read -r line; do
            covered=${line%,\"sha256\":\"*}
            named=${line##*\"sha256\":\"}; named=${named%\"\}}
            [ "$(printf %s "$covered" | sha256sum | cut -d' ' -f1)" = "$named" ] || exit 1
            case $covered in *",\"prev\":\"$prev\"") ;; *) exit 2 ;; esac
            prev=$named
        done
    "#;
    let mut shell = spawn("sh", &["-c", script]);
    let mut input = shell.stdin.take().unwrap();
    input.write_all(text.as_bytes()).unwrap();
    drop(input);
    assert_eq!(shell.wait().unwrap().code(), Some(0));
}

#[expect(clippy::disallowed_methods, reason = "tests look at the program from outside")]
fn spawn(program: &str, arguments: &[&str]) -> Child {
    Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

fn holder(run: &str) -> Holder {
    Holder {
        pid: std::process::id(),
        host: "laptop".to_owned(),
        by: "dana@laptop".to_owned(),
        run: run.to_owned(),
    }
}

fn stamp() -> Stamp {
    Stamp { at: "2026-11-20T03:12:07Z".parse().unwrap(), mono: 1.0, by: "dana@laptop".to_owned() }
}

/// Everything that a run leaves behind, with a torn tail and an emergency.
fn leave_a_run_behind(state: &Path) {
    let store = Store::new(state.join("deep/surefoot"));
    let at = "2026-11-20T03:12:07Z".parse().unwrap();
    let run = store.create(at, "checkout", || Ok([1, 2, 3, 4])).unwrap();
    let path = Path::new("scripts/fix.sh");
    run.freeze(&[FrozenFile { path, bytes: b"true", executable: true }]).unwrap();
    let _lock = Lock::of_run(run.path(), &holder(run.id())).unwrap();
    let _named = Lock::named(store.state(), "deploys", &holder(run.id())).unwrap();
    let event = read(&golden("story.jsonl")).unwrap().records[0].event.clone();
    let mut journal = Journal::create(run.path()).unwrap();
    journal.append(&event, stamp(), Durability::Now).unwrap();
    let failed = surefoot::journal::WriteFailed {
        act: "write",
        path: run.journal(),
        line: b"{}\n".to_vec(),
        source: std::io::Error::other("full"),
    };
    save_elsewhere(store.state(), run.id(), &failed).unwrap();
    let mut torn = fs::OpenOptions::new().append(true).open(run.journal()).unwrap();
    torn.write_all(b"{\"n\":2").unwrap();
    recover(run.path()).unwrap();
}

fn modes(folder: &Path, found: &mut Vec<(PathBuf, u32)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let metadata = fs::symlink_metadata(&path).unwrap();
        found.push((path.clone(), metadata.mode() & 0o7777));
        if metadata.is_dir() {
            modes(&path, found);
        }
    }
}

/// The umask belongs to the process, so each is tried in a process of its own: this test again.
#[test]
fn nobody_else_may_read_a_run_under_any_umask() {
    let state = tempfile::tempdir().unwrap();
    for umask in ["000", "022", "077", "0277", "0777"] {
        let below = state.path().join(umask);
        fs::create_dir(&below).unwrap();
        fs::set_permissions(&below, fs::Permissions::from_mode(0o755)).unwrap();
        let again = std::env::current_exe().unwrap();
        let script = format!(
            "umask {umask} && exec \"$1\" --exact --ignored --test-threads 1 child_leaves_a_run_behind"
        );
        let mut child = spawn("sh", &["-c", &script, "sh", again.to_str().unwrap()]);
        let mut input = child.stdin.take().unwrap();
        input.write_all(below.to_str().unwrap().as_bytes()).unwrap();
        drop(input);
        assert!(child.wait().unwrap().success(), "umask {umask}");
        let mut found = Vec::new();
        modes(&below, &mut found);
        assert!(found.len() >= 14, "{found:?}");
        for (path, mode) in found {
            let program = path.ends_with("scripts/fix.sh");
            let wanted = if path.is_dir() || program { 0o700 } else { 0o600 };
            assert_eq!(mode, wanted, "umask {umask}: {}", path.display());
        }
    }
}

#[test]
#[ignore = "runs in a process of its own, with a folder on its standard input"]
#[expect(clippy::disallowed_methods, reason = "the parent says on standard input where to work")]
fn child_leaves_a_run_behind() {
    let mut state = String::new();
    std::io::stdin().read_line(&mut state).unwrap();
    leave_a_run_behind(Path::new(&state));
}

/// The limit belongs to the process, so this is one of its own.
#[test]
fn a_file_that_may_not_grow_keeps_every_record_that_was_acknowledged() {
    let again = std::env::current_exe().unwrap();
    let name = "child_meets_the_limit_of_a_file";
    let mut child = spawn(again.to_str().unwrap(), &["--exact", "--ignored", name]);
    assert!(child.wait().unwrap().success());
}

fn limit_files(bytes: Option<u64>) {
    let resource = rustix::process::Resource::Fsize;
    let mut limit = rustix::process::getrlimit(resource);
    limit.current = bytes;
    rustix::process::setrlimit(resource, limit).unwrap();
}

#[test]
#[ignore = "runs in a process of its own, whose files may not grow"]
fn child_meets_the_limit_of_a_file() {
    let reached = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    // With a handler for the signal the write fails, as on a full disk, in its middle.
    signal_hook::flag::register(25, reached).unwrap();
    let records = read(&golden("story.jsonl")).unwrap().records;
    for limit in (0..9_000).step_by(457) {
        let folder = tempfile::tempdir_in(std::env::temp_dir()).unwrap();
        limit_files(Some(limit));
        let mut journal = Journal::create(folder.path()).unwrap();
        let mut append = |index: usize| {
            let event = &records[index].event;
            journal.append(event, stamp(), Durability::Now)
        };
        let acknowledged = (0..records.len()).take_while(|index| append(*index).is_ok()).count();
        assert!(append(acknowledged).is_err(), "the descriptor is dead");
        limit_files(None);
        assert!(append(acknowledged).is_err(), "and stays so");
        let recovered = recover(folder.path()).unwrap();
        assert_eq!(recovered.records.len(), acknowledged, "limit {limit}");
        for (record, wanted) in recovered.records.iter().zip(&records) {
            assert_eq!(record.event, wanted.event);
        }
        let mut journal = recovered.journal;
        let event = &records[acknowledged].event;
        journal.append(event, stamp(), Durability::Now).unwrap();
    }
}

#[test]
fn a_link_where_a_file_should_be_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let elsewhere = folder.path().join("elsewhere");
    for name in ["journal.jsonl", "lock"] {
        std::os::unix::fs::symlink(&elsewhere, folder.path().join(name)).unwrap();
    }
    Journal::create(folder.path()).unwrap_err();
    assert!(matches!(Lock::of_run(folder.path(), &holder("x")), Err(LockFailed::Failed(_))));
    assert!(!elsewhere.exists());
}

#[test]
fn the_second_who_wants_a_run_is_told_who_has_it() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(possession(folder.path()).unwrap(), Possession::Free);
    let first = Lock::of_run(folder.path(), &holder("2026-x")).unwrap();
    let refused = Lock::of_run(folder.path(), &holder("2026-x")).unwrap_err();
    let pid = std::process::id();
    assert_eq!(
        refused.to_string(),
        format!("the run 2026-x is held by dana@laptop, process {pid} on laptop, run 2026-x")
    );
    assert_eq!(possession(folder.path()).unwrap(), Possession::Held(Some(holder("2026-x"))));
    drop(first);
    assert_eq!(possession(folder.path()).unwrap(), Possession::Free);
    drop(Lock::of_run(folder.path(), &holder("2026-x")).unwrap());
}

#[test]
fn a_name_is_locked_for_all_runs_that_say_it() {
    let state = tempfile::tempdir().unwrap();
    let _first = Lock::named(state.path(), "deploys/../x", &holder("first")).unwrap();
    let refused = Lock::named(state.path(), "deploys/../x", &holder("second")).unwrap_err();
    assert!(refused.to_string().starts_with("the lock `deploys/../x` is held by dana@laptop"));
    assert!(refused.to_string().ends_with("run first"));
    let _other = Lock::named(state.path(), "deploys", &holder("second")).unwrap();
}

#[test]
fn a_lock_dies_with_its_holder_and_is_not_inherited() {
    let folder = tempfile::tempdir().unwrap();
    let again = std::env::current_exe().unwrap();
    let again = again.to_str().unwrap();
    let mut child = spawn(again, &["--exact", "--ignored", "--nocapture", "child_holds_a_lock"]);
    let mut input = child.stdin.take().unwrap();
    writeln!(input, "{}", folder.path().display()).unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
    let grandchild = output
        .find_map(|line| line.unwrap().split("holding, child ").nth(1)?.parse::<i32>().ok())
        .unwrap();
    assert!(matches!(Lock::of_run(folder.path(), &holder("x")), Err(LockFailed::Held { .. })));
    child.kill().unwrap();
    child.wait().unwrap();
    let taken = Lock::of_run(folder.path(), &holder("x"));
    let grandchild = rustix::process::Pid::from_raw(grandchild).unwrap();
    rustix::process::kill_process(grandchild, rustix::process::Signal::KILL).unwrap();
    drop(taken.unwrap());
}

#[test]
#[ignore = "runs in a process of its own, with a folder on its standard input"]
#[expect(clippy::disallowed_methods, reason = "the parent says on standard input where to work")]
#[expect(
    clippy::zombie_processes,
    reason = "the process is killed while its child lives on; that is the test"
)]
fn child_holds_a_lock() {
    let mut folder = String::new();
    std::io::stdin().read_line(&mut folder).unwrap();
    let _lock = Lock::of_run(Path::new(folder.trim_end()), &holder("x")).unwrap();
    let child =
        Command::new("sleep").arg("60").stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
    println!("holding, child {}", child.id());
    // Waits for the end of a line that never comes.
    std::io::stdin().read_line(&mut folder).unwrap();
}

#[test]
fn readers_write_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = fs::read(golden("story.jsonl")).unwrap();
    let journal = folder.path().join("journal.jsonl");
    fs::write(&journal, &bytes[..bytes.len() - 10]).unwrap();
    fs::set_permissions(&journal, fs::Permissions::from_mode(0o400)).unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o500)).unwrap();
    let before = fs::metadata(&journal).unwrap();
    assert!(read(&journal).unwrap().torn.is_some());
    assert!(verify(folder.path()).unwrap().torn.is_some());
    assert_eq!(possession(folder.path()).unwrap(), Possession::Free);
    let after = fs::metadata(&journal).unwrap();
    assert_eq!((before.len(), before.mtime_nsec()), (after.len(), after.mtime_nsec()));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
}
