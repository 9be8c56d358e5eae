//! `surefoot check`: all findings with their places, and nothing else happens.

use std::collections::BTreeSet;

use crate::READS;
use crate::sandbox::Sandbox;

#[test]
fn a_clean_runbook_has_no_findings() {
    let sandbox = Sandbox::new();
    sandbox.file("runbooks/a.yaml", READS);
    sandbox.surefoot(&["check"]).check(
        r"
        exit 0
        --- stdout
        1 runbook, no findings
    ",
    );
    sandbox.surefoot(&["check", "--format", "json"]).check(
        r"
        exit 0
        --- stdout
        []
    ",
    );
}

#[test]
fn findings_are_data() {
    let sandbox = Sandbox::new();
    sandbox.file("a.yaml", READS.replacen("effect: read", "effect: reed", 1));
    sandbox.surefoot(&["check", "a.yaml"]).check(
        r"
        exit 3
        --- stdout
        error[keyword]: `effect` cannot be `reed`
         --> a.yaml:9:13
          |
        9 |     effect: reed
          |             ^^^^
          |
          = help: did you mean `read`? It is one of: read, change, destroy

        1 runbook, 1 error, 0 warnings
    ",
    );
    let json = sandbox.surefoot(&["check", "a.yaml", "--format", "json"]).run();
    assert_eq!((json.code(), json.stderr.as_str()), (3, ""));
    let findings: Vec<serde_json::Value> = serde_json::from_str(&json.stdout).unwrap();
    let lines: BTreeSet<u64> = findings
        .iter()
        .filter(|it| it["severity"] == "error")
        .filter_map(|it| it["line"].as_u64())
        .collect();
    assert_eq!(lines, BTreeSet::from([9]), "{findings:?}");
}

#[test]
fn a_folder_is_searched_and_one_bad_runbook_is_enough() {
    let sandbox = Sandbox::new();
    sandbox.file("books/a.yaml", READS);
    sandbox.file("books/deep/b.yml", READS.replace("effect: read", "effect: reed"));
    sandbox.file("books/notes.txt", "no runbook");
    let outcome = sandbox.surefoot(&["check", "books"]).run();
    assert_eq!(outcome.code(), 3, "{}", outcome.text());
    assert!(outcome.stdout.contains("books/deep/b.yml:9:"), "{}", outcome.stdout);
    assert!(outcome.stdout.contains("2 runbooks, 2 errors"), "{}", outcome.stdout);
}

#[test]
fn warnings_alone_are_no_failure() {
    let sandbox = Sandbox::new();
    sandbox.file("a.yaml", READS.replace("owner: { team: payments }\n", ""));
    let outcome = sandbox.surefoot(&["check", "a.yaml"]).run();
    assert_eq!(outcome.code(), 0, "{}", outcome.text());
    assert!(outcome.stdout.contains("warning[no-owner]"), "{}", outcome.stdout);
}

#[test]
fn nothing_to_check_is_no_success() {
    let sandbox = Sandbox::new();
    sandbox.surefoot(&["check"]).check(
        r"
        exit 2
        --- stderr
        error: there is no folder `runbooks` here
        hint: name runbooks or folders: surefoot check PATH...
    ",
    );
    std::fs::create_dir(sandbox.path("empty")).unwrap();
    sandbox.surefoot(&["check", "empty"]).check(
        r"
        exit 3
        --- stderr
        error: empty is a folder without runbooks (*.yaml)
    ",
    );
    sandbox.surefoot(&["check", "missing.yaml"]).check(
        r"
        exit 3
        --- stdout
        error[unreadable]: there is no such file
         --> missing.yaml:1:1
          |
        1 |
          | ^

        1 runbook, 1 error, 0 warnings
    ",
    );
}

#[test]
fn checking_executes_and_writes_nothing() {
    let sandbox = Sandbox::new();
    let runbook = READS
        .replace("run: echo one", "run: touch \"$HOME/ran\"")
        .replace("steps:", "requires:\n  - { check: touch \"$HOME/ran\", say: needed }\nsteps:");
    sandbox.file("a.yaml", runbook);
    let call = sandbox.surefoot(&["check", "a.yaml"]);
    let call = call.under(&[
        "strace",
        "-f",
        "-qq",
        "-o",
        "trace",
        "-e",
        "trace=?execve,?socket,?connect,?mkdir,?openat",
    ]);
    let outcome = call.run();
    if outcome.status.code() == Some(127) || sandbox.read("trace").is_empty() {
        eprintln!("skipped: strace cannot be used here");
        return;
    }
    assert_eq!(outcome.code(), 0, "{}", outcome.text());
    let trace = sandbox.read("trace");
    assert_eq!(trace.matches("execve(").count(), 1, "{trace}");
    for call in ["socket(", "connect(", "mkdir(", "O_WRONLY", "O_RDWR", "O_CREAT"] {
        assert!(!trace.contains(call), "{call} in\n{trace}");
    }
    assert!(!sandbox.root().join("home/ran").exists());
    assert!(!sandbox.state().exists());
}
