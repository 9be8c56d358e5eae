//! Runs of two machines in one place that both share: each is there once, whatever happens on the
//! way, and what others wrote there is looked at before it is believed.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::READS;
use crate::pty::Session;
use crate::sandbox::{Outcome, PROGRAM, Sandbox};

/// Runs git in a folder, as somebody who has no settings of their own.
pub(crate) fn git(folder: &Path, arguments: &[&str]) -> String {
    #[expect(clippy::disallowed_methods, reason = "the tests make repositories")]
    let said = Command::new("git")
        .args(["-c", "user.name=Eve", "-c", "user.email=eve@example.org"])
        .args(["-c", "init.defaultBranch=main", "-c", "commit.gpgsign=false"])
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", folder)
        .output()
        .unwrap();
    assert!(said.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&said.stderr));
    String::from_utf8(said.stdout).unwrap()
}

/// A place that several machines share.
pub(crate) struct Shared {
    pub(crate) folder: tempfile::TempDir,
}

impl Shared {
    pub(crate) fn new() -> Self {
        let shared = Self { folder: tempfile::tempdir().unwrap() };
        shared.make();
        shared
    }

    fn make(&self) {
        git(self.folder.path(), &["init", "-q", "--bare", "records.git"]);
    }

    pub(crate) fn bare(&self) -> PathBuf {
        self.folder.path().join("records.git")
    }

    pub(crate) fn url(&self) -> String {
        format!("file://{}", self.bare().display())
    }

    /// Nobody reaches it any more.
    pub(crate) fn goes_away(&self) {
        fs::rename(self.bare(), self.folder.path().join("away.git")).unwrap();
    }

    /// It is reached again.
    pub(crate) fn comes_back(&self) {
        fs::rename(self.folder.path().join("away.git"), self.bare()).unwrap();
    }

    /// The runs that are there, and how often.
    pub(crate) fn runs(&self) -> BTreeMap<String, usize> {
        let mut runs = BTreeMap::new();
        if git(&self.bare(), &["branch", "--list", "records"]).is_empty() {
            return runs;
        }
        let files = git(&self.bare(), &["ls-tree", "-r", "--name-only", "records"]);
        for file in files.lines().filter(|file| file.ends_with("/summary.json")) {
            *runs.entry(file.split('/').nth(3).unwrap().to_owned()).or_default() += 1;
        }
        runs
    }

    /// Changes what is there, as somebody could who may write there.
    fn change(&self, how: impl FnOnce(&Path)) {
        let copy = tempfile::tempdir().unwrap();
        let at = copy.path().join("copy");
        git(copy.path(), &["clone", "-q", "-b", "records", &self.url(), "copy"]);
        how(&at);
        git(&at, &["add", "-A"]);
        git(&at, &["commit", "-q", "-m", "x"]);
        git(&at, &["push", "-q", "origin", "HEAD:records"]);
    }
}

/// A machine whose settings name a place.
pub(crate) fn machine(records: &str) -> Sandbox {
    let sandbox = Sandbox::trusting(READS);
    settings(&sandbox, records);
    sandbox
}

pub(crate) fn settings(sandbox: &Sandbox, text: &str) {
    let path = sandbox.root().join("home/.config/surefoot/config.toml");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, format!("schema = \"surefoot-config/v1\"\n{text}")).unwrap();
}

pub(crate) fn by_git(shared: &Shared) -> String {
    format!("[records]\ngit = \"{}\"\n", shared.url())
}

pub(crate) fn whole(shared: &Shared) -> String {
    format!("{}what = \"bundle\"\n", by_git(shared))
}

/// Walks the runbook; the new run's id.
pub(crate) fn walk(sandbox: &Sandbox) -> String {
    let before = sandbox.runs();
    assert_eq!(sandbox.surefoot(&["run", "runbook.yaml"]).run().code(), 0);
    let new = sandbox.runs().into_iter().find(|run| !before.contains(run)).unwrap();
    new.file_name().unwrap().to_str().unwrap().to_owned()
}

#[track_caller]
fn sync(sandbox: &Sandbox) -> Outcome {
    let outcome = sandbox.surefoot(&["records", "sync"]).run();
    assert_eq!(outcome.code(), 0, "{}", outcome.text());
    outcome
}

/// The runs of the team, as a machine knows them: id and where the record is.
pub(crate) fn known(sandbox: &Sandbox) -> Vec<(String, Value)> {
    let outcome = sandbox.surefoot(&["history", "--team", "--format", "json"]).run();
    assert_eq!(outcome.code(), 0, "{}", outcome.text());
    let rows: Vec<Value> = serde_json::from_str(&outcome.stdout).unwrap();
    let row = |row: &Value| (row["run"].as_str().unwrap().to_owned(), row.clone());
    rows.iter().map(row).collect()
}

pub(crate) fn once(runs: &[&str]) -> BTreeMap<String, usize> {
    runs.iter().map(|run| ((*run).to_owned(), 1)).collect()
}

/// These runs are there once, and each of these machines knows all of them and no other.
#[track_caller]
pub(crate) fn all_know(shared: &Shared, machines: [&Sandbox; 2], runs: [&str; 3]) {
    assert_eq!(shared.runs(), once(&runs));
    for machine in machines {
        let mut known: Vec<String> = known(machine).into_iter().map(|(run, _)| run).collect();
        known.sort();
        let all: Vec<String> = once(&runs).into_keys().collect();
        assert_eq!(known, all);
    }
}

#[test]
fn runs_of_two_machines_are_there_once_also_after_a_while_without_a_network() {
    let shared = Shared::new();
    let (one, other) = (machine(&by_git(&shared)), machine(&whole(&shared)));
    let first = walk(&one);
    shared.goes_away();
    // Nobody is reached: it is said, and nothing is lost.
    let failed = one.surefoot(&["records", "sync"]).run();
    assert_eq!(failed.code(), 1, "{}", failed.text());
    assert!(failed.stderr.contains("what waits stays in the outbox"), "{}", failed.stderr);
    let status = one.surefoot(&["records", "status"]).run();
    assert!(status.stdout.contains("waiting  1 run\n"), "{}", status.stdout);
    assert!(status.stdout.contains("failed   just now: git could not reach"), "{}", status.stdout);
    let second = walk(&one);
    let third = walk(&other);
    shared.comes_back();

    assert!(sync(&one).stdout.contains("2 runs delivered, 2 there"));
    assert!(sync(&other).stdout.contains("1 run delivered, 3 there"));
    assert!(sync(&one).stdout.contains("0 runs delivered, 3 there"));
    assert!(sync(&one).stdout.contains("0 runs delivered, 3 there"));
    all_know(&shared, [&one, &other], [&first, &second, &third]);
    // A change of who walked it last is seen by whoever walks it next, and by nobody who has not asked.
    let row = known(&one).into_iter().find(|(run, _)| *run == third).unwrap().1;
    assert_eq!(row["record"]["proof"], "journal");
    let row = known(&other).into_iter().find(|(run, _)| *run == first).unwrap().1;
    assert_eq!(row["record"]["proof"], "word");
}

#[test]
fn a_whole_record_of_another_machine_is_read_like_ones_own_and_a_summary_is_not() {
    let shared = Shared::new();
    let (one, other) = (machine(&whole(&shared)), machine(&by_git(&shared)));
    let (bundle, summary) = (walk(&one), walk(&other));
    sync(&one);
    sync(&other);
    sync(&one);
    let log = other.surefoot(&["log", &bundle]).run();
    assert_eq!(log.code(), 0, "{}", log.text());
    assert_eq!(log.stdout, one.surefoot(&["log", &bundle]).run().stdout);
    let report = other.surefoot(&["report", &bundle]).run();
    assert_eq!(report.stdout, one.surefoot(&["report", &bundle]).run().stdout);
    let verified = other.surefoot(&["verify", &bundle]).run();
    assert_eq!(verified.code(), 0, "{}", verified.text());
    assert!(verified.stdout.contains("2 of 2 outputs as recorded"), "{}", verified.stdout);
    let log = one.surefoot(&["log", &summary]).run();
    assert_eq!(log.code(), 2, "{}", log.text());
    assert!(log.stderr.contains("is shared as a summary only"), "{}", log.stderr);
    // What others did is never gone on with here.
    assert_eq!(other.surefoot(&["resume", &bundle]).run().code(), 2);
    // What stays on the machine that it was done on.
    let files = git(&shared.bare(), &["ls-tree", "-r", "--name-only", "records"]);
    for own in ["key", "work", "lock"] {
        assert!(!files.split(['/', '\n']).any(|part| part == own), "{files}");
    }
    for file in other.state_files() {
        use std::os::unix::fs::PermissionsExt as _;
        if file.0.starts_with(other.state().join("records"))
            && !file.0.to_string_lossy().contains("mirror.git")
        {
            let mode = fs::metadata(&file.0).unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "{}", file.0.display());
        }
    }
}

#[test]
fn no_hook_of_a_repository_on_this_machine_is_run() {
    use std::os::unix::fs::PermissionsExt as _;
    let shared = Shared::new();
    let one = machine(&by_git(&shared));
    let canary = one.root().join("canary");
    let script = format!("#!/bin/sh\ntouch {}\nexit 1\n", canary.display());
    for name in ["pre-receive", "update", "post-receive", "post-update", "reference-transaction"] {
        let hook = shared.bare().join("hooks").join(name);
        fs::create_dir_all(hook.parent().unwrap()).unwrap();
        fs::write(&hook, &script).unwrap();
        fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
    }
    git(
        &shared.bare(),
        &["config", "core.alternateRefsCommand", &format!("touch {}", canary.display())],
    );
    let run = walk(&one);
    sync(&one);
    assert!(!canary.exists(), "a hook was run");
    assert_eq!(shared.runs(), once(&[&run]));
}

#[test]
fn two_that_push_at_once_lose_nothing() {
    let shared = Shared::new();
    let machines: Vec<Sandbox> = (0..4).map(|_| machine(&by_git(&shared))).collect();
    let mut runs = Vec::new();
    for machine in &machines {
        runs.push(walk(machine));
        runs.push(walk(machine));
    }
    let started: Vec<_> =
        machines.iter().map(|it| it.surefoot(&["records", "sync"]).start()).collect();
    for (started, machine) in started.into_iter().zip(&machines) {
        let outcome = started.wait(machine);
        assert_eq!(outcome.code(), 0, "{}", outcome.text());
    }
    let runs: Vec<&str> = runs.iter().map(String::as_str).collect();
    assert_eq!(shared.runs(), once(&runs));
}

#[test]
fn whoever_dies_while_delivering_loses_and_doubles_nothing() {
    let shared = Shared::new();
    let one = machine(&whole(&shared));
    let mut runs = Vec::new();
    for delay in [0, 1, 3, 7, 15, 25, 40, 60, 90, 130, 180] {
        runs.push(walk(&one));
        let mut started = one.surefoot(&["records", "sync"]).start();
        // However far it comes in so long.
        for _ in 0..delay {
            crate::sandbox::pause();
        }
        started.child.kill().unwrap();
        started.child.wait().unwrap();
    }
    sync(&one);
    let runs: Vec<&str> = runs.iter().map(String::as_str).collect();
    assert_eq!(shared.runs(), once(&runs));
    let status = one.surefoot(&["records", "status"]).run();
    assert!(status.stdout.contains("waiting  0 runs\n"), "{}", status.stdout);
    let copies = one.state().join("records");
    let left: Vec<PathBuf> = walk_files(&copies).into_iter().filter(|it| is_leftover(it)).collect();
    assert!(left.is_empty(), "{left:?}");
}

/// Whether a death left it, in what is looked at again by every sync.
fn is_leftover(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == "bundles")
        && path.components().any(|part| part.as_os_str().to_string_lossy().starts_with('.'))
        && !path.to_string_lossy().contains("/.tmp")
}

fn walk_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            found.extend(walk_files(&entry.path()));
        } else {
            found.push(entry.path());
        }
    }
    found
}

#[test]
fn a_place_that_was_replaced_is_filled_again_and_what_was_taken_out_stays_out() {
    let shared = Shared::new();
    let one = machine(&by_git(&shared));
    let (first, second) = (walk(&one), walk(&one));
    sync(&one);
    // Somebody takes a run out: that was meant.
    shared.change(|copy| {
        let month = copy.join(format!("runs/{}/{}", &first[..4], &first[5..7]));
        fs::remove_dir_all(month.join(&first)).unwrap();
    });
    sync(&one);
    assert_eq!(shared.runs(), once(&[&second]));
    // Another repository in the same place: that was not.
    fs::remove_dir_all(shared.bare()).unwrap();
    shared.make();
    let outcome = sync(&one);
    assert!(outcome.stderr.contains("is not what it was before"), "{}", outcome.stderr);
    assert_eq!(shared.runs(), once(&[&first, &second]));
    assert!(!sync(&one).stderr.contains("is not what it was before"));
    // Our own copy may go, too.
    for entry in fs::read_dir(one.state().join("records")).unwrap() {
        fs::write(entry.unwrap().path().join("mirror.git/HEAD"), "x").unwrap();
    }
    sync(&one);
    assert_eq!(known(&one).len(), 2);
}

#[test]
fn what_others_write_is_listed_as_bad_where_it_is_and_the_rest_works() {
    let shared = Shared::new();
    let (one, other) = (machine(&whole(&shared)), machine(&by_git(&shared)));
    let runs: Vec<String> = (0..6).map(|_| walk(&one)).collect();
    sync(&one);
    let month = format!("runs/{}/{}", &runs[0][..4], &runs[0][5..7]);
    shared.change(|copy| {
        let at = |run: &str| {
            let run = copy.join(&month).join(run);
            fs::read_dir(run).unwrap().next().unwrap().unwrap().path()
        };
        let journal = at(&runs[0]).join("record/journal.jsonl");
        let text = fs::read_to_string(&journal).unwrap().replace("\"done\"", "\"gone\"");
        fs::write(&journal, text).unwrap();
        let summary = at(&runs[1]).join("summary.json");
        let text = fs::read_to_string(&summary).unwrap().replace("\"done\"", "\"resolved\"");
        fs::write(&summary, text).unwrap();
        // Its digests and its end are left as they were.
        let summary = at(&runs[4]).join("summary.json");
        let mut forged: Value = serde_json::from_slice(&fs::read(&summary).unwrap()).unwrap();
        forged["past"]["title"] = "Another".into();
        forged["past"]["changes"] = 7.into();
        fs::write(&summary, forged.to_string()).unwrap();
        let log = at(&runs[2]).join("record/output/0001.log");
        fs::remove_file(&log).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", &log).unwrap();
        let frozen = at(&runs[5]).join("record/runbook/another.yaml");
        fs::write(&frozen, "schema: surefoot/v1").unwrap();
        let odd = copy.join("runs/2026/\u{1b}[2J");
        fs::create_dir_all(&odd).unwrap();
        fs::write(odd.join("summary.json"), "{}").unwrap();
        let head = "0123456789abcdef";
        let big = copy.join(format!("runs/2026/11/2026-11-20-0312-huge-k3f9/{head}"));
        fs::create_dir_all(&big).unwrap();
        fs::write(big.join("summary.json"), vec![b'x'; 300 << 10]).unwrap();
        fs::write(copy.join("README.md"), "The team's records.").unwrap();
    });
    let outcome = sync(&other);
    assert!(outcome.stdout.contains("2 there, 6 not taken"), "{}", outcome.text());
    let rows = known(&other);
    let why = |name: &str| {
        let row = rows.iter().find(|(run, _)| run.contains(name));
        row.and_then(|(_, row)| row["unreadable"].as_str()).unwrap_or("good").to_owned()
    };
    assert!(why(&runs[0]).starts_with("its journal is damaged: record"), "{}", why(&runs[0]));
    assert_eq!(why(&runs[1]), "its summary does not say what its journal does");
    assert_eq!(why(&runs[2]), "`record/output/0001.log` is a link");
    assert_eq!(why(&runs[3]), "good");
    assert_eq!(why(&runs[5]), "runbook/another.yaml is not what was recorded");
    // Of what its journal tells, a summary is not believed.
    let past = |run: &str| rows.iter().find(|(other, _)| other == run).unwrap().1["past"].clone();
    assert_eq!(past(&runs[4])["title"], past(&runs[3])["title"]);
    assert_eq!(past(&runs[4])["changes"], 0);
    assert!(why("huge").starts_with("its summary has 307200 bytes"), "{}", why("huge"));
    assert_eq!(rows.iter().filter(|(_, row)| row["record"]["at"] == "refused").count(), 6);
    let shown = other.surefoot(&["history", "--team"]).run();
    assert!(
        !shown.stdout.contains('\u{1b}') && shown.stdout.contains("not taken"),
        "{}",
        shown.stdout
    );
    // Whoever did the runs sees that they are not what it has.
    let outcome = sync(&one);
    assert!(outcome.stdout.contains("not taken"), "{}", outcome.text());
}

#[test]
fn a_name_that_no_disk_takes_keeps_nobody_from_the_rest() {
    let shared = Shared::new();
    let (one, other) = (machine(&whole(&shared)), machine(&by_git(&shared)));
    let runs = [walk(&one), walk(&one)];
    sync(&one);
    let bare = shared.bare();
    let files = git(&bare, &["ls-tree", "-r", "--name-only", "records"]);
    let summary = files.lines().find(|it| it.contains(&runs[0]) && it.ends_with("summary.json"));
    let record = summary.unwrap().replace("summary.json", "record");
    let name = format!("{record}/{}x", format!("{}/", "a".repeat(240)).repeat(17));
    let blob = git(&bare, &["hash-object", "-w", "HEAD"]);
    git(&bare, &["read-tree", "records"]);
    let added = format!("100644,{},{name}", blob.trim());
    git(&bare, &["update-index", "--add", "--cacheinfo", &added]);
    let tree = git(&bare, &["write-tree"]);
    let commit = git(&bare, &["commit-tree", tree.trim(), "-p", "records", "-m", "x"]);
    git(&bare, &["update-ref", "refs/heads/records", commit.trim()]);
    assert!(sync(&other).stdout.contains("1 there, 1 not taken"));
    let rows = known(&other);
    let bad = rows.iter().find(|(run, _)| run.contains(&runs[0])).unwrap();
    let why = bad.1["unreadable"].as_str().unwrap();
    assert!(why.contains("cannot be kept"), "{why}");
}

#[test]
fn a_folder_is_a_place_too_and_one_that_is_not_there_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("shared");
    let text = format!("[records]\nfolder = \"{}\"\nwhat = \"bundle\"\n", place.display());
    let (one, other) = (machine(&text), machine(&text));
    let first = walk(&one);
    let away = one.surefoot(&["records", "sync"]).run();
    assert_eq!(away.code(), 1, "{}", away.text());
    assert!(away.stderr.contains("is not there") && !place.exists(), "{}", away.stderr);
    fs::create_dir(&place).unwrap();
    assert!(sync(&one).stdout.contains("1 run delivered, 1 there"));
    let second = walk(&other);
    assert!(sync(&other).stdout.contains("1 run delivered, 2 there"));
    assert_eq!(other.surefoot(&["verify", &first]).run().code(), 0);
    let before: Vec<(PathBuf, Vec<u8>)> = walk_files(&place)
        .into_iter()
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect();
    sync(&one);
    let log = one.surefoot(&["log", &second]).run();
    assert_eq!(log.code(), 0, "{}", log.text());
    let after: Vec<(PathBuf, Vec<u8>)> = walk_files(&place)
        .into_iter()
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect();
    assert_eq!(before, after, "what was there was touched");
}

#[test]
fn without_a_place_nothing_is_shared_and_lists_say_so() {
    let sandbox = Sandbox::trusting(READS);
    walk(&sandbox);
    for arguments in [&["records", "sync"][..], &["records", "status"], &["history", "--team"]] {
        let outcome = sandbox.surefoot(arguments).run();
        assert_eq!(outcome.code(), 2, "{}", outcome.text());
        assert!(outcome.stderr.contains("settings name no place"), "{}", outcome.stderr);
    }
}

#[test]
fn whoever_walks_a_runbook_next_is_told_when_the_team_last_walked_it_well() {
    let shared = Shared::new();
    let (one, other) = (machine(&by_git(&shared)), machine(&by_git(&shared)));
    walk(&one);
    sync(&one);
    let said = |text: &str| {
        let env = other.environment();
        let env: Vec<(&str, &str)> =
            env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let path = other.path("runbook.yaml");
        let mut session = Session::start(PROGRAM, &["run", path.to_str().unwrap()], &env, 200);
        session.wait_for(text);
        session.wait_for("? more");
        session.send("q\r");
        session.wait();
    };
    said("never walked on this machine");
    sync(&other);
    said("last walked OK by the team just now");
}

#[test]
fn a_seal_that_comes_later_is_delivered_later_and_one_that_does_not_hold_is_shown_so() {
    let shared = Shared::new();
    let (one, other) = (machine(&by_git(&shared)), machine(&by_git(&shared)));
    let key = one.root().join("home/key");
    #[expect(clippy::disallowed_methods, reason = "the tests make keys")]
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", key.to_str().unwrap()])
        .status();
    if !made.is_ok_and(|made| made.success()) {
        println!("skipped: there is no ssh-keygen here");
        return;
    }
    let public = fs::read_to_string(key.with_extension("pub")).unwrap();
    let list = other.root().join("home/.config/surefoot/allowed_signers");
    fs::write(list, format!("dana@example.org {public}")).unwrap();
    let run = walk(&one);
    sync(&one);
    let status = |sandbox: &Sandbox| sandbox.surefoot(&["records", "status"]).run().stdout;
    assert!(status(&one).contains("waiting  0 runs"));
    let sealed = one.surefoot(&["seal", &run, "--key", key.to_str().unwrap()]).run();
    assert_eq!(sealed.code(), 0, "{}", sealed.text());
    assert!(status(&one).contains("waiting  1 run\n"));
    sync(&one);
    assert!(status(&one).contains("waiting  0 runs"));
    assert_eq!(shared.runs(), once(&[&run]));
    sync(&other);
    let record = &known(&other)[0].1["record"];
    assert_eq!(record["sealed_by"], serde_json::json!(["dana@example.org"]), "{record}");
    // Somebody puts another outcome under the same seal: of that, the seal says nothing; but one that
    // is of another head is seen.
    shared.change(|copy| {
        for path in walk_files(&copy.join("runs")) {
            if path.components().any(|part| part.as_os_str() == "seals") {
                let text = fs::read_to_string(&path).unwrap();
                fs::write(&path, text.replace("\\\"records\\\":", "\\\"records\\\":1")).unwrap();
            }
        }
    });
    sync(&other);
    let record = &known(&other)[0].1["record"];
    assert!(
        record["doubt"].is_string() && record["sealed_by"] == serde_json::json!([]),
        "{record}"
    );
    let shown = other.surefoot(&["history", "--team"]).run();
    assert!(shown.stdout.contains("WRONG: "), "{}", shown.stdout);
}
