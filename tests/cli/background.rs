//! A sync in the background is begun for a person alone, waits for nobody and keeps nobody waiting,
//! changes no run, and is tried again neither at once nor twice.

use std::fs;
use std::path::PathBuf;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::READS;
use crate::pty::Session;
use crate::sandbox::{PROGRAM, Sandbox, eventually};
use crate::team_records::{Shared, git, settings};
use crate::team_sync::{is_gone, odd_git, source};

const ALERT: &str = r#"[{"labels":{"alertname":"Slow"},"status":"firing"}]"#;

const EVERY: &str = "[sync]\nevery = \"1h\"\n";

/// A machine with a trusted runbook, and a source that is not there yet.
fn machine(shared: &Shared) -> Sandbox {
    let sandbox = Sandbox::trusting(READS);
    settings(&sandbox, &format!("{EVERY}{}", source(shared, "pay")));
    sandbox
}

/// The program on a terminal.
fn on_terminal(sandbox: &Sandbox, arguments: &[&str], more: &[(&str, &str)]) -> Session {
    let mut env = sandbox.environment();
    env.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
    let env = env.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let env: Vec<(&str, &str)> = env.chain(more.iter().copied()).collect();
    Session::start(PROGRAM, arguments, &env, 120)
}

/// What is known of the last sync.
fn last(sandbox: &Sandbox) -> Option<Value> {
    let text = fs::read_to_string(sandbox.state().join("sync.json")).ok()?;
    Some(serde_json::from_str(&text).unwrap())
}

/// What is known of the last sync once it has ended.
fn ended(sandbox: &Sandbox) -> Value {
    let ended = || last(sandbox).filter(|last| !last["ended"].is_null());
    eventually(ended).expect("the sync in the background ends")
}

#[test]
fn whoever_looks_for_a_runbook_begins_a_sync_that_is_due_and_no_other() {
    let shared = Shared::new();
    for words in [&["list"][..], &["find", "look"], &["alert", "alert.json"]] {
        let sandbox = machine(&shared);
        let alert = sandbox.file("alert.json", ALERT).path("alert.json");
        let words: Vec<&str> = words
            .iter()
            .map(|word| if *word == "alert.json" { alert.to_str().unwrap() } else { word })
            .collect();
        on_terminal(&sandbox, &words, &[]).wait();
        let first = ended(&sandbox);
        assert_eq!(first["wanted"], "background");
        assert_eq!(first["ended"]["failed"], 0, "{first}");
        let sources = sandbox.surefoot(&["source", "list", "--format", "json"]).run();
        let sources: Value = serde_json::from_str(&sources.stdout).unwrap();
        assert!(sources[0]["commit"].is_string(), "{sources}");
        // It is not an hour old.
        on_terminal(&sandbox, &words, &[]).wait();
        assert_eq!(last(&sandbox).unwrap(), first);
        // A person's own counts as well, and takes its place.
        assert_eq!(sandbox.surefoot(&["sync"]).run().code(), 0);
        let own = last(&sandbox).unwrap();
        assert_eq!((own["wanted"].as_str(), &own["ended"]["failed"]), (Some("asked"), &0.into()));
        on_terminal(&sandbox, &words, &[]).wait();
        assert_eq!(last(&sandbox).unwrap(), own);
    }
}

#[test]
fn nothing_is_begun_unasked_without_a_person_or_in_a_command_of_a_run() {
    let shared = Shared::new();
    let sandbox = machine(&shared);
    // What begins one is written down before that: who finds nothing began none.
    for words in [&["list"][..], &["find", "look"], &["run", "runbook.yaml"], &[]] {
        sandbox.surefoot(words).run();
        assert_eq!(last(&sandbox), None, "{words:?}");
    }
    on_terminal(&sandbox, &["list"], &[("SUREFOOT_RUN", "x")]).wait();
    assert_eq!(last(&sandbox), None);
    for nothing in ["", "[sync]\nevery = \"0s\"\n"] {
        settings(&sandbox, &format!("{nothing}{}", source(&shared, "more")));
        on_terminal(&sandbox, &["list"], &[]).wait();
        assert_eq!(last(&sandbox), None, "{nothing}");
    }
    // A drill is none of those that do.
    settings(&sandbox, &format!("{EVERY}{}", source(&shared, "other")));
    let path = sandbox.path("runbook.yaml");
    on_terminal(&sandbox, &["show", path.to_str().unwrap()], &[]).wait();
    assert_eq!(last(&sandbox), None);
    let path = path.to_str().unwrap();
    let mut drill = on_terminal(&sandbox, &["drill", path], &[]);
    drill.wait_for("? more");
    assert_eq!(last(&sandbox), None);
    drill.send("q\r");
    drill.wait();
}

#[test]
fn a_run_does_not_wait_for_a_git_that_hangs_and_what_became_of_it_is_told_later() {
    let shared = Shared::new();
    let sandbox = machine(&shared);
    let pids: PathBuf = sandbox.root().join("pids");
    let path =
        odd_git(&sandbox, "ls-remote", &format!("echo $$ >>{}; exec sleep 600", pids.display()));
    let env = [("PATH", path.as_str())];
    let runbook = sandbox.path("runbook.yaml");
    let walk = ["run", runbook.to_str().unwrap(), "--auto", "read"];
    assert!(on_terminal(&sandbox, &walk, &env).wait().success());
    let told = || fs::read_to_string(&pids).ok().filter(|text| text.ends_with('\n'));
    let pid = eventually(told).expect("git is called").trim().parse().unwrap();
    let pid = Pid::from_raw(pid).unwrap();
    assert!(!is_gone(pid), "the run waited for it");
    // It has no terminal, and everybody else goes first.
    let stat = |process: &str| {
        let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
        let fields = stat.rsplit_once(") ").unwrap().1.split(' ');
        let fields: Vec<i32> = fields.skip(1).take(16).map(|it| it.parse().unwrap_or(-1)).collect();
        (fields[3], fields[15])
    };
    let (_, own) = stat("self");
    assert_eq!(stat(&pid.as_raw_nonzero().to_string()), (0, (own + 19).min(19)));
    // No second one beside it.
    assert!(on_terminal(&sandbox, &["list"], &env).wait().success());
    assert_eq!(last(&sandbox).unwrap()["ended"], Value::Null);
    kill_process(pid, Signal::KILL).unwrap();
    assert_eq!(ended(&sandbox)["ended"]["failed"], 1);
    let mut list = on_terminal(&sandbox, &["list"], &env);
    list.wait_for("The last sync in the background failed just now: pay: ");
    assert!(list.wait().success());
    assert_eq!(fs::read_to_string(&pids).unwrap().lines().count(), 1, "it was tried again at once");
    let listed = sandbox.surefoot(&["source", "list"]).run();
    let text = "In the background: a sync every 1 h, the last failed just now: pay: ";
    assert!(listed.stderr.contains(text), "{}", listed.stderr);
    let doctor = sandbox.surefoot(&["doctor"]).run();
    assert!(doctor.stdout.contains("a sync every 1 h, the last failed"), "{}", doctor.stdout);
    // Nobody needs to be told any more once one went well.
    assert_eq!(sandbox.surefoot(&["sync"]).run().code(), 0);
    let listed = sandbox.surefoot(&["source", "list"]).run();
    assert!(listed.stderr.contains("a sync every 1 h, the last ended"), "{}", listed.stderr);
}

#[test]
fn what_a_sync_brings_during_a_walk_changes_nothing_of_the_walk() {
    let shared = Shared::new();
    let sandbox = Sandbox::new();
    let pay = source(&shared, "pay");
    settings(&sandbox, &format!("{pay}trust = \"branch\"\nservices = [\"shop\"]\n"));
    assert_eq!(sandbox.surefoot(&["sync"]).run().code(), 0);
    let mut walk = on_terminal(&sandbox, &["run", "shop/look"], &[]);
    walk.wait_for("? more");
    let upstream = shared.folder.path().join("pay");
    let text = READS.replace("echo one", "echo other").replace("echo two", "echo other");
    fs::write(upstream.join("runbooks/look.yaml"), text).unwrap();
    git(&upstream, &["commit", "-q", "-a", "-m", "next"]);
    let synced = sandbox.surefoot(&["sync", "--format", "json"]).run();
    let rows: Value = serde_json::from_str(&synced.stdout).unwrap();
    assert_eq!(rows[0]["result"], "fetched", "{rows}");
    walk.send("\r");
    walk.wait_for("Look twice");
    // What is typed before the question is for nobody.
    walk.wait_for("? more");
    walk.send("\r");
    assert!(walk.wait().success());
    let started = sandbox.events_of("attempt_started");
    assert_eq!(started.len(), 2, "{}", sandbox.journal());
    assert!(!sandbox.journal().contains("echo other"), "{}", sandbox.journal());
    // The next one walks what was brought.
    let shown = sandbox.surefoot(&["show", "shop/look"]).run();
    assert!(shown.stdout.contains("echo other"), "{}", shown.text());
}
