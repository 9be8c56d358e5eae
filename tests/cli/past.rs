//! Drills of recorded runs: what happened is practised or kept as a scenario, and nothing is run.

#![expect(clippy::disallowed_methods, reason = "whether strace is there is asked of it")]

use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use crate::sandbox::Sandbox;

const BOOK: &str = "\
schema: surefoot/v1
title: The queue is stuck
service: shop
owner: { team: shop }
escalation: [ { role: second, how: page the rota } ]
inputs:
  token: { type: string, secret: true, from: { env: TOKEN } }
steps:
  - id: depth
    effect: read
    run: |
      touch canary
      printf 'depth 12\\n\\033[31mred\\033[0m\\n'
      echo \"with $TOKEN\" >&2
    env: { TOKEN: \"{{token}}\" }
    capture: { depth: { regex: '^depth ([0-9]+)', type: integer } }
    findings: [ { when: depth > 10, say: \"{{depth}} wait.\" } ]
  - id: restart
    effect: change
    run: test -e tried || { touch tried; exit 3; }
    retry: { times: 2, every: 1s }
    verify: test -e tried
    undo: rm tried
  - id: cause
    ask: What now?
    options:
      - { id: good, label: It is good, end: resolved }
      - { id: look, label: Look once more, goto: more }
  - id: more
    effect: read
    run: touch canary
    sample: nothing more
  - end: done
";

const SECRET: &str = "correct-horse-battery-staple";

/// A place with a run of it, and the run's id.
fn recorded() -> (Sandbox, String) {
    let sandbox = Sandbox::new();
    sandbox.file("runbooks/queue.yaml", BOOK).file("answers.yaml", "cause: good\n");
    sandbox.trust("runbooks/queue.yaml");
    let run = ["run", "runbooks/queue.yaml", "--yes", "change", "--answers", "answers.yaml"];
    let ran = sandbox.surefoot(&run).env("TOKEN", SECRET).run();
    assert_eq!(ran.code(), 0, "{}", ran.text());
    let id = sandbox.run().file_name().unwrap().to_str().unwrap().to_owned();
    (sandbox, id)
}

#[test]
fn a_run_is_kept_as_a_scenario_that_passes() {
    let (sandbox, id) = recorded();
    let file = "runbooks/scenarios/night.yaml";
    std::fs::create_dir(sandbox.path("runbooks/scenarios")).unwrap();
    let save = ["drill", "--from", &id, "--save", file];
    let saved = sandbox.surefoot(&save).run();
    assert_eq!(saved.code(), 0, "{}", saved.text());
    assert_eq!(saved.stdout, format!("{file}\n"));
    assert!(saved.stderr.contains("passes on it"), "{}", saved.stderr);
    let text = sandbox.read(file);
    for part in ["cause: good", "stdout: \"depth 12\\n", "12 wait.", "with rehearsal-token-5f0b7c"]
    {
        assert!(text.contains(part), "{part} in\n{text}");
    }
    assert!(!text.contains(SECRET) && !text.contains("***"), "{text}");
    assert!(!text.contains(sandbox.root().to_str().unwrap()), "{text}");
    let mode = std::fs::metadata(sandbox.path(file)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let tested = sandbox.surefoot(&["test", file]).run();
    assert_eq!(tested.code(), 0, "{}", tested.text());
    let checked = sandbox.surefoot(&["check", file]).run();
    assert_eq!(checked.code(), 0, "{}", checked.text());
    // It is written over only if that is said.
    sandbox.file(file, "edited");
    let again = sandbox.surefoot(&save).run();
    assert_eq!((again.code(), sandbox.read(file).as_str()), (1, "edited"), "{}", again.text());
    assert!(again.stderr.contains("--overwrite replaces it"), "{}", again.stderr);
    // What a death at it left, or somebody else's file, is in nobody's way.
    sandbox.file(&format!("{file}.new"), "left");
    let told = sandbox.surefoot(&save).arguments(&["--overwrite"]).run();
    assert_eq!((told.code(), sandbox.read(file)), (0, text), "{}", told.text());
    // Nothing was walked: there is the one run, and what it did once.
    assert_eq!(sandbox.runs().len(), 1);
}

#[test]
fn a_drill_of_a_run_tells_its_decisions_at_the_end_only() {
    let (sandbox, id) = recorded();
    sandbox.file("other.yaml", "cause: look\n");
    let drill = ["drill", "--from", &id, "--yes", "change", "--answers", "other.yaml"];
    let outcome = sandbox.surefoot(&drill).arguments(&["--speed", "100", "--auto", "read"]).run();
    let (walked, debrief) = outcome.stderr.split_once("DRILL Debrief").expect("a debrief");
    for shown in ["depth 12", "with rehearsal-token-5f0b7c", "12 wait.", "nothing more"] {
        assert!(walked.contains(shown), "{shown} in\n{}", outcome.stderr);
    }
    assert!(!walked.contains("resolved") && !outcome.stderr.contains(SECRET));
    assert!(debrief.contains("done; expected resolved"), "{debrief}");
    assert!(debrief.contains("(more)"), "{debrief}");
    let drilled = sandbox.runs().into_iter().find(|run| !run.ends_with(&id)).unwrap();
    assert!(!drilled.join("work/canary").exists());
}

#[test]
fn todays_runbook_is_walked_and_what_is_gone_is_named() {
    let (sandbox, id) = recorded();
    let changed = BOOK.replace("id: restart", "id: reload");
    sandbox.file("runbooks/queue.yaml", changed);
    let saved = sandbox.surefoot(&["drill", "--from", &id, "--save", "kept.yaml"]).run();
    assert_eq!(saved.code(), 0, "{}", saved.text());
    let gone = "Not in the runbook any more, and left out: restart.";
    assert!(saved.stderr.contains(gone), "{}", saved.stderr);
    assert!(!sandbox.read("kept.yaml").contains("restart"));
    // Without it the run's own is walked.
    std::fs::remove_file(sandbox.path("runbooks/queue.yaml")).unwrap();
    let drill = ["drill", "--from", &id, "--yes", "change", "--answers", "answers.yaml"];
    let outcome = sandbox.surefoot(&drill).arguments(&["--speed", "100", "--auto", "read"]).run();
    assert_eq!(outcome.code(), 0, "{}", outcome.text());
    assert!(outcome.stderr.contains("as it was in that run"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("resolved, as expected"), "{}", outcome.stderr);
}

#[test]
fn what_is_no_record_of_the_runbook_is_refused() {
    let (sandbox, id) = recorded();
    sandbox.file("runbooks/other.yaml", BOOK);
    let other = sandbox.surefoot(&["drill", "runbooks/other.yaml", "--from", &id]).run();
    assert_eq!(other.code(), 2, "{}", other.text());
    assert!(other.stderr.contains("is one of `queue`, not of `other`"), "{}", other.stderr);
    let none = sandbox.surefoot(&["drill", "--from", "nothing-like-it"]).run();
    assert_eq!(none.code(), 2, "{}", none.text());
    let nothing = sandbox.surefoot(&["drill", "--from", &id, "--scenario", "a.yaml"]).run();
    assert_eq!(nothing.code(), 2, "{}", nothing.text());
    let journal = sandbox.run().join("journal.jsonl");
    let text = std::fs::read_to_string(&journal).unwrap().replacen("depth", "deqth", 1);
    std::fs::write(&journal, text).unwrap();
    let damaged = sandbox.surefoot(&["drill", "--from", &id]).run();
    assert!(damaged.stderr.contains("is damaged"), "{}", damaged.text());
    assert_ne!(damaged.code(), 0);
    assert_eq!(sandbox.runs().len(), 1);
}

#[test]
fn not_one_process_is_started_by_a_drill_of_a_run() {
    let works = Command::new("strace").args(["-f", "-o", "/dev/null", "true"]).output();
    if !works.is_ok_and(|output| output.status.success()) {
        println!("skipped: strace does not work here");
        return;
    }
    let (sandbox, id) = recorded();
    let trace = sandbox.path("trace");
    let under = ["strace", "-f", "-e", "trace=execve", "-o", trace.to_str().unwrap()];
    let drill = ["drill", "--from", &id, "--yes", "change", "--answers", "answers.yaml"];
    let outcome = sandbox.surefoot(&drill).arguments(&["--speed", "100"]).under(&under).run();
    assert!(outcome.stderr.contains("DRILL Debrief"), "{}", outcome.text());
    let calls = std::fs::read_to_string(&trace).unwrap();
    // Its version is asked of git, as for every record; nothing of the runbook is started.
    let started = calls.lines().filter(|line| line.contains("execve(") && line.contains("= 0"));
    let others: Vec<&str> =
        started.filter(|line| !line.contains("surefoot") && !line.contains("git")).collect();
    assert_eq!(others, Vec::<&str>::new());
}
