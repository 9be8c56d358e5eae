//! Runs reach the team by `surefoot sync` alone, beside the sources: each for itself, whatever becomes
//! of the others, and whoever ends it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use serde_json::Value;

use crate::READS;
use crate::sandbox::{Outcome, Sandbox, eventually};
use crate::team_records::{Shared, all_know, by_git, git, machine, once, settings, walk, whole};

/// A sync that must end like this.
#[track_caller]
fn sync(sandbox: &Sandbox, arguments: &[&str], status: i32) -> Outcome {
    let outcome = sandbox.surefoot(&["sync"]).arguments(arguments).run();
    assert_eq!(outcome.code(), status, "{}", outcome.text());
    outcome
}

/// What a sync tells in JSON, of one kind.
fn rows(outcome: &Outcome, kind: &str) -> Vec<Value> {
    let rows: Vec<Value> = serde_json::from_str(&outcome.stdout).unwrap();
    rows.into_iter().filter(|row| row["kind"] == kind).collect()
}

/// A repository with a runbook, and the table of settings that names it.
pub(crate) fn source(shared: &Shared, name: &str) -> String {
    let folder = shared.folder.path().join(name);
    fs::create_dir_all(folder.join("runbooks")).unwrap();
    fs::write(folder.join("runbooks/look.yaml"), READS).unwrap();
    git(&folder, &["init", "-q"]);
    git(&folder, &["add", "-A"]);
    git(&folder, &["commit", "-q", "--allow-empty", "-m", "first"]);
    format!("[[source]]\ngit = \"file://{}\"\n", folder.display())
}

/// A `git` that does something else where a word is among its arguments; the `PATH` that finds it.
pub(crate) fn odd_git(sandbox: &Sandbox, word: &str, instead: &str) -> String {
    let folder = sandbox.root().join("odd");
    fs::create_dir_all(&folder).unwrap();
    let git = folder.join("git");
    let script = format!(
        "#!/bin/sh\ncase \" $* \" in *' {word} '*) {instead};; esac\nexec /usr/bin/git \"$@\"\n"
    );
    fs::write(&git, script).unwrap();
    fs::set_permissions(&git, fs::Permissions::from_mode(0o755)).unwrap();
    format!("{}:/usr/bin:/bin", folder.display())
}

/// The process that wrote its number there.
fn told_pid(path: &Path) -> Option<Pid> {
    let text = fs::read_to_string(path).ok()?;
    text.ends_with('\n').then(|| Pid::from_raw(text.trim().parse().unwrap()).unwrap())
}

pub(crate) fn is_gone(pid: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()));
    test_kill_process(pid).is_err() || stat.is_ok_and(|stat| stat.contains(") Z "))
}

#[test]
fn two_homes_share_their_runs_by_sync_alone_also_after_a_while_without_a_network() {
    let shared = Shared::new();
    let (one, other) = (machine(&by_git(&shared)), machine(&whole(&shared)));
    let first = walk(&one);
    shared.goes_away();
    // Nobody is reached: it is said, and nothing is lost.
    let failed = sync(&one, &[], 1);
    assert!(failed.stderr.contains("records  git could not reach"), "{}", failed.stderr);
    assert!(failed.stderr.contains("what waits stays in the outbox"), "{}", failed.stderr);
    let (second, third) = (walk(&one), walk(&other));
    sync(&other, &[], 1);
    shared.comes_back();

    let told = sync(&one, &[], 0);
    assert!(told.stderr.contains("records  2 runs delivered, 2 there"), "{}", told.stderr);
    let told = sync(&other, &["--format", "json"], 0);
    let [row] = rows(&told, "records").try_into().unwrap();
    assert_eq!(row["result"], "exchanged");
    assert_eq!(row["delivered"], serde_json::json!([third]));
    assert_eq!(row["there"], 3);
    for _ in 0..2 {
        let told = sync(&one, &[], 0);
        assert!(told.stderr.contains("records  0 runs delivered, 3 there"), "{}", told.stderr);
    }
    all_know(&shared, [&one, &other], [&first, &second, &third]);
}

#[test]
fn what_fails_of_sources_and_records_keeps_the_rest_from_nothing() {
    let shared = Shared::new();
    let (pay, gone) = (source(&shared, "pay"), source(&shared, "gone"));
    let one = machine(&format!("{}{pay}{gone}", by_git(&shared)));
    fs::remove_dir_all(shared.folder.path().join("gone")).unwrap();
    let run = walk(&one);
    // A source fails: the other one is fetched, and the run delivered.
    let told = sync(&one, &["--format", "json"], 1);
    let results: Vec<Value> =
        rows(&told, "source").into_iter().map(|row| row["result"].clone()).collect();
    assert_eq!(results, ["failed", "fetched"]);
    assert_eq!(rows(&told, "records")[0]["result"], "exchanged");
    assert_eq!(shared.runs(), once(&[&run]));
    // Records fail: the sources are fetched.
    settings(&one, &format!("{}{pay}", by_git(&shared)));
    shared.goes_away();
    let told = sync(&one, &["--format", "json"], 1);
    assert_eq!(rows(&told, "source")[0]["result"], "unchanged");
    let row = &rows(&told, "records")[0];
    assert_eq!(row["result"], "failed");
    assert!(row["error"].as_str().unwrap().starts_with("git could not reach"), "{row}");
    // Whoever names sources means these alone.
    assert_eq!(rows(&sync(&one, &["pay", "--format", "json"], 0), "records"), Vec::<Value>::new());
}

#[test]
fn a_sync_that_is_interrupted_while_it_delivers_ends_git_and_loses_nothing() {
    let shared = Shared::new();
    let one = machine(&by_git(&shared));
    let run = walk(&one);
    let pid = one.root().join("pid");
    let hangs = format!("echo $$ >{}; exec sleep 600", pid.display());
    let path = odd_git(&one, "push", &hangs);
    for words in [&["sync"][..], &["records", "sync"]] {
        let mut started = one.surefoot(words).env("PATH", &path).start();
        let git = eventually(|| told_pid(&pid)).unwrap();
        let program = Pid::from_child(&started.child);
        kill_process(program, Signal::INT).unwrap();
        let status = crate::sandbox::wait(&mut started.child).unwrap();
        assert_eq!(status.code(), Some(130), "{}", started.stream("stderr"));
        assert!(is_gone(git), "git is left behind");
        fs::remove_file(&pid).unwrap();
        let state = one.surefoot(&["records", "status"]).run();
        assert!(state.stdout.contains("waiting  1 run\n"), "{}", state.stdout);
        assert!(!state.stdout.contains("failed "), "{}", state.stdout);
    }
    sync(&one, &[], 0);
    assert_eq!(shared.runs(), once(&[&run]));
}

#[test]
fn two_syncs_at_once_take_turns_and_deliver_once() {
    let shared = Shared::new();
    let one = machine(&format!("{}{}", by_git(&shared), source(&shared, "pay")));
    let mut runs = Vec::new();
    for _ in 0..3 {
        runs.push(walk(&one));
        let syncs = [(); 3].map(|()| one.surefoot(&["sync"]).start());
        for started in syncs {
            let outcome = started.wait(&one);
            assert_eq!(outcome.code(), 0, "{}", outcome.text());
        }
        let runs: Vec<&str> = runs.iter().map(String::as_str).collect();
        assert_eq!(shared.runs(), once(&runs));
    }
}

#[test]
fn whoever_waits_too_long_for_another_exchange_says_so() {
    let shared = Shared::new();
    let one = machine(&by_git(&shared));
    let run = walk(&one);
    let pid: PathBuf = one.root().join("pid");
    let hangs = format!("echo $$ >{}; exec sleep 600", pid.display());
    let path = odd_git(&one, "ls-remote", &hangs);
    let first = one.surefoot(&["sync"]).env("PATH", &path).start();
    let git = eventually(|| told_pid(&pid)).unwrap();
    let told = sync(&one, &["--timeout", "1"], 1);
    assert!(told.stderr.contains("records  another sync of them is under way"), "{}", told.stderr);
    kill_process(git, Signal::KILL).unwrap();
    assert_eq!(first.wait(&one).code(), 1);
    sync(&one, &[], 0);
    assert_eq!(shared.runs(), once(&[&run]));
}

/// A machine with runbooks in its repository that answer an alert.
fn with_books(records: &str) -> Sandbox {
    let sandbox = machine(records);
    let alert = "service: shop\nalerts: [ { match: [ 'alertname=\"Slow\"' ] } ]";
    sandbox.file("runbooks/two-looks.yaml", READS.replace("service: shop", alert));
    sandbox.file("runbooks/other.yaml", READS.replace("Two looks", "Another look"));
    sandbox
}

#[test]
fn lists_tell_when_the_team_last_walked_a_runbook_and_who_did() {
    let shared = Shared::new();
    let (one, other) = (with_books(&by_git(&shared)), with_books(&by_git(&shared)));
    let said = |arguments: &[&str]| {
        let outcome = other.surefoot(arguments).run();
        assert_eq!(outcome.code(), 0, "{}", outcome.text());
        outcome
    };
    // Nothing was read yet: that is said, not that nobody ever walked it.
    let list = said(&["list"]);
    assert!(list.stderr.contains("The team's records were never read: surefoot sync"), "{list:?}");
    for name in ["two-looks", "other"] {
        let path = one.path(&format!("runbooks/{name}.yaml"));
        one.trust(path.to_str().unwrap());
    }
    assert_eq!(one.surefoot(&["run", "two-looks"]).run().code(), 0);
    sync(&one, &[], 0);
    sync(&other, &[], 0);

    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let by = format!("just now by {}@{host}", crate::sandbox::login());
    for words in [&["list"][..], &["find", "looks"]] {
        let told = said(words);
        assert!(told.stdout.contains("walked OK by the team"), "{told:?}");
        assert!(told.stdout.contains(&by), "{told:?} without {by}");
        assert!(!told.text().contains("never read"), "{told:?}");
    }
    let own = one.surefoot(&["list"]).run();
    assert!(own.stdout.contains("just now, here"), "{}", own.stdout);
    let json = said(&["list", "--format", "json"]);
    let rows: Vec<Value> = serde_json::from_str(&json.stdout).unwrap();
    let row = |id: &str| rows.iter().find(|row| row["id"] == id).unwrap();
    assert!(row("two-looks")["walked_ok"].is_string(), "{}", json.stdout);
    assert_eq!(row("two-looks")["walked_ok_on_this_machine"], Value::Null);
    assert_eq!(row("two-looks")["walked_ok_by_the_team"]["host"], host);
    assert_eq!(row("other")["walked_ok"], Value::Null);
    let stale = said(&["list", "--not-walked-for", "1h", "--format", "json"]);
    let rows: Vec<Value> = serde_json::from_str(&stale.stdout).unwrap();
    let stale: Vec<&str> = rows.iter().map(|row| row["id"].as_str().unwrap()).collect();
    assert_eq!(stale, ["other"]);
    let alert = r#"[{"labels":{"alertname":"Slow"},"status":"firing"}]"#;
    other.file("alert.json", alert);
    let told = said(&["alert", "alert.json"]);
    assert!(told.stdout.contains(&format!("last walked {by}")), "{told:?}");
    let doctor = other.surefoot(&["doctor", "two-looks"]).run();
    assert!(doctor.stdout.contains("last walked OK by the team just now ("), "{}", doctor.text());
    // Without a place they are those of this machine again.
    settings(&other, "");
    let list = said(&["list"]);
    assert!(
        list.stdout.contains("walked OK here") && !list.stdout.contains("just now"),
        "{list:?}"
    );
}
