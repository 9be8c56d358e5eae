//! `surefoot test`: what passes, what a failure says, what was reached, and that nothing is started.

#![expect(clippy::disallowed_methods, reason = "whether strace is there is asked of it")]

use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use rustix::process::{Pid, Signal, kill_process};

use crate::sandbox::{Sandbox, eventually};

const RUNBOOK: &str = "\
schema: surefoot/v1
title: The queue is stuck
service: shop
owner: { team: shop }
escalation: [ { role: second, how: page the rota } ]
steps:
  - id: depth
    effect: read
    run: queue-depth --json orders
    capture: { depth: { json: .depth, type: integer } }
  - id: restart
    when: depth > 10
    effect: change
    run: touch restarted-{{depth}}
    verify: queue-state
    undo: rm restarted-{{depth}}
  - id: cause
    ask: What now?
    options:
      - { id: good, label: It is good, end: resolved }
      - { id: back, label: Undo it, end: rolled_back }
";

const DEEP: &str = "\
schema: surefoot-scenario/v1
runbook: queue
title: A restart helps
results:
  depth: { stdout: '{\"depth\": 12}' }
  restart: [ { exit: 1 }, { exit: 0, takes: 20m } ]
answers: { cause: good }
expect:
  outcome: resolved
  visited: [ depth, restart, cause ]
  commands: { restart: touch restarted-12 }
";

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.file("runbooks/queue.yaml", RUNBOOK);
    sandbox.file("runbooks/scenarios/deep.yaml", DEEP);
    sandbox
}

#[test]
fn a_scenario_that_goes_as_it_should_passes_and_touches_nothing() {
    let sandbox = sandbox();
    sandbox.surefoot(&["test"]).check(
        r"
        exit 0
        --- stdout
        1 scenario passed; steps 100 %, options 50 %, branches 40 %
    ",
    );
    assert!(!sandbox.path("restarted-12").exists());
    assert_eq!(sandbox.runs(), Vec::<std::path::PathBuf>::new());
    for path in ["runbooks/queue.yaml", "runbooks/scenarios/deep.yaml", "runbooks/scenarios"] {
        assert_eq!(sandbox.surefoot(&["test", path]).run().code(), 0, "{path}");
    }
}

#[test]
fn a_failure_shows_both_paths_with_their_places_and_the_words_that_differ() {
    let sandbox = sandbox();
    let other = DEEP
        .replace("[ depth, restart, cause ]", "[ depth, cause, restart ]")
        .replace("touch restarted-12", "touch restarted-13")
        .replace("outcome: resolved", "outcome: rolled_back");
    sandbox.file("runbooks/scenarios/deep.yaml", other);
    let failed = sandbox.surefoot(&["test"]).run();
    assert_eq!(failed.code(), 1);
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let lines: Vec<String> = failed.stdout.lines().map(words).collect();
    for line in [
        "FAIL runbooks/scenarios/deep.yaml A restart helps",
        "the run ends resolved, not rolled_back",
        "expected at runbooks/scenarios/deep.yaml:9",
        "the path is another",
        "expected walked",
        "10 depth 7 depth",
        "`restart` would run another command",
        "expected at runbooks/scenarios/deep.yaml:11, the step is at runbooks/queue.yaml:11",
        "again: surefoot test runbooks/scenarios/deep.yaml",
        "1 scenario, 1 failed; steps 100 %, options 50 %, branches 40 %",
    ] {
        assert!(lines.iter().any(|it| it == line), "{line}:\n{}", failed.stdout);
    }
    let starts = |mark: &str| lines.iter().any(|line| line.starts_with(mark));
    assert!(starts("+ ") && starts("- "), "{}", failed.stdout);
    assert!(failed.stdout.contains("-]{+"), "{}", failed.stdout);
}

#[test]
fn what_a_scenario_does_not_say_is_an_error_that_says_what_would_do() {
    let sandbox = sandbox();
    sandbox.file("runbooks/scenarios/deep.yaml", DEEP.replace("answers: { cause: good }\n", ""));
    let unanswered = sandbox.surefoot(&["test"]).run();
    assert_eq!(unanswered.code(), 1);
    for part in [
        "`cause` asks, and the scenario does not answer (decide): What now?",
        "at runbooks/queue.yaml:17",
        "answers: { cause: ... } takes good, back, not_sure, skip, stop",
        "the run does not end, and should end resolved",
    ] {
        assert!(unanswered.stdout.contains(part), "{part}:\n{}", unanswered.stdout);
    }
    sandbox.file("runbooks/scenarios/deep.yaml", DEEP.replace(", { exit: 0, takes: 20m }", ""));
    let no_result = sandbox.surefoot(&["test"]).run();
    assert_eq!(no_result.code(), 1);
    assert!(no_result.stdout.contains("`restart` asks"), "{}", no_result.stdout);
    sandbox.file(
        "runbooks/scenarios/deep.yaml",
        DEEP.replace("  restart: [ { exit: 1 }, { exit: 0, takes: 20m } ]\n", ""),
    );
    let no_result = sandbox.surefoot(&["test"]).run();
    let told =
        "`restart` runs a command, and the scenario has no result for it: touch restarted-12";
    assert!(no_result.stdout.contains(told), "{}", no_result.stdout);
}

#[test]
fn coverage_names_what_was_not_reached_and_has_thresholds() {
    let sandbox = sandbox();
    let text = sandbox.surefoot(&["test", "--coverage", "text"]).run();
    for part in [
        "runbooks/queue.yaml:11  restart: `when` does not hold",
        "runbooks/queue.yaml:11  restart: undone",
        "runbooks/queue.yaml:17  cause: option back",
    ] {
        assert!(text.stdout.contains(part), "{part}:\n{}", text.stdout);
    }
    let enough = ["test", "--min-steps", "100", "--min-branches", "40"];
    assert_eq!(sandbox.surefoot(&enough).run().code(), 0);
    let more = sandbox.surefoot(&["test", "--min-branches", "41"]).run();
    assert_eq!(more.code(), 1);
    assert!(more.stdout.contains("40 % of all branches were reached, wanted 41 %"));
    let json = sandbox.surefoot(&["test", "--format", "json"]).run();
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(json["tests"][0]["verdict"], "passed");
    assert_eq!(json["coverage"]["totals"]["branches"]["reached"], 2);
    let page = sandbox.surefoot(&["test", "--coverage", "html"]).run();
    assert!(page.stdout.starts_with("<!doctype html>") && !page.stdout.contains("<script"));
    assert!(page.stderr.contains("1 scenario passed"), "{}", page.stderr);
}

#[test]
fn scenarios_that_are_invalid_end_with_3() {
    let sandbox = sandbox();
    sandbox.file("runbooks/scenarios/bad.yaml", DEEP.replace("restart: [", "restrat: ["));
    let bad = sandbox.surefoot(&["test"]).run();
    assert_eq!(bad.code(), 3);
    assert!(bad.stdout.contains("INVALID  runbooks/scenarios/bad.yaml"), "{}", bad.stdout);
    assert!(bad.stdout.contains("did you mean `restart`?"), "{}", bad.stdout);
    assert_eq!(sandbox.surefoot(&["test", "elsewhere"]).run().code(), 3);
    assert_eq!(Sandbox::new().surefoot(&["test"]).run().code(), 2);
}

#[test]
fn where_there_is_no_scenario_nothing_passes() {
    // Broken: CI is green though nothing was walked.
    let sandbox = Sandbox::new();
    sandbox.file("runbooks/queue.yaml", RUNBOOK);
    let none = sandbox.surefoot(&["test"]).run();
    assert_eq!(none.code(), 1, "{}", none.text());
    assert!(none.stdout.starts_with("nothing was tested: there is no scenario"), "{}", none.stdout);
    assert!(none.stdout.contains("surefoot test --new RUNBOOK"), "{}", none.stdout);
    let named = ["test", "runbooks/queue.yaml"];
    let alone = sandbox.surefoot(&named).run();
    assert_eq!(alone.code(), 1, "{}", alone.text());
    for part in ["NONE  runbooks/queue.yaml", "surefoot test --new runbooks/queue.yaml"] {
        assert!(alone.stdout.contains(part), "{}", alone.stdout);
    }
    // One that has some does not hide one that was named and has none.
    sandbox.file("runbooks/other.yaml", RUNBOOK.replace("is stuck", "is full"));
    sandbox.file("runbooks/scenarios/deep.yaml", DEEP);
    let both = ["test", "runbooks/queue.yaml", "runbooks/other.yaml", "--format", "json"];
    let both = sandbox.surefoot(&both).run();
    assert_eq!(both.code(), 1, "{}", both.text());
    let json: serde_json::Value = serde_json::from_str(&both.stdout).unwrap();
    assert_eq!(json["untested"], serde_json::json!(["runbooks/other.yaml"]));
    assert_eq!(json["tests"][0]["verdict"], "passed");
    // A folder need not have some for each.
    assert_eq!(sandbox.surefoot(&["test"]).run().code(), 0);
    assert_eq!(sandbox.surefoot(&named).run().code(), 0);
}

#[test]
fn what_cannot_be_read_is_not_passed_over() {
    let sandbox = sandbox();
    let latin = [DEEP.as_bytes(), b"# caf\xe9\n"].concat();
    let large = [DEEP.as_bytes(), &b"# ".repeat(1 << 20)].concat();
    for bytes in [latin, large] {
        sandbox.file("runbooks/scenarios/odd.yaml", bytes);
        for path in ["runbooks", "runbooks/scenarios/odd.yaml"] {
            let odd = sandbox.surefoot(&["test", path]).run();
            assert_eq!(odd.code(), 3, "{path}: {}", odd.stdout);
            let told = "INVALID  runbooks/scenarios/odd.yaml";
            assert!(odd.stdout.contains(told), "{path}: {}", odd.stdout);
        }
        // Nothing was walked, so nothing is said of what was reached.
        let alone = sandbox.surefoot(&["test", "runbooks/scenarios/odd.yaml"]).run();
        assert!(alone.stdout.ends_with("\n1 scenario, 1 failed\n"), "{}", alone.stdout);
    }
}

#[test]
fn the_page_begins_with_what_was_not_reached() {
    let sandbox = sandbox();
    let page = sandbox.surefoot(&["test", "--coverage", "html"]).run().stdout;
    assert!(page.contains("<p>1 scenario, 0 failed.</p>"), "{page}");
    let told = "<li><a href=\"#r0-2\">runbooks/queue.yaml:17</a> cause: option back</li>";
    let (told, place) = (page.find(told), page.find("<tr id=\"r0-2\">"));
    assert!(told.is_some() && told < place, "{page}");
}

#[test]
fn what_a_rehearsal_holds_in_memory_is_bounded() {
    let sandbox = sandbox();
    let started = sandbox.surefoot(&["test", "--watch"]).start();
    let watches = || started.stream("stderr").contains("watching").then_some(());
    eventually(watches).expect("it is watching");
    let limits = format!("/proc/{}/limits", started.child.id());
    let limits = std::fs::read_to_string(limits).unwrap();
    kill_process(Pid::from_child(&started.child), Signal::INT).unwrap();
    assert_eq!(started.wait(&sandbox).code(), 0);
    let data = limits.lines().find(|line| line.starts_with("Max data size")).unwrap();
    assert_eq!(data.split_whitespace().nth(3), Some("4294967296"), "{limits}");
}

#[test]
fn junit_is_the_same_every_time() {
    let sandbox = sandbox();
    sandbox
        .file("runbooks/scenarios/fails.yaml", DEEP.replace("outcome: resolved", "outcome: done"));
    let mut documents = Vec::new();
    for _ in 0..2 {
        assert_eq!(sandbox.surefoot(&["test", "--junit", "out.xml"]).run().code(), 1);
        documents.push(sandbox.read("out.xml"));
    }
    assert_eq!(documents[0], documents[1]);
    assert!(documents[0].contains("tests=\"2\" failures=\"1\" errors=\"0\""), "{}", documents[0]);
}

#[test]
fn new_scenarios_pass_and_reach_the_rest() {
    let sandbox = sandbox();
    let written = sandbox.surefoot(&["test", "--new", "queue"]).run();
    assert_eq!(written.code(), 0, "{}{}", written.stdout, written.stderr);
    assert!(written.stdout.contains("wrote runbooks/scenarios/queue-1.yaml"), "{}", written.stdout);
    let all = ["test", "--min-steps", "100", "--min-branches", "100"];
    let tested = sandbox.surefoot(&all).run();
    assert_eq!(tested.code(), 0, "{}", tested.stdout);
    assert_eq!(sandbox.surefoot(&["check"]).run().code(), 0);
    let again = sandbox.surefoot(&["test", "--new", "queue"]).run();
    assert!(again.stdout.contains("reach everything"), "{}", again.stdout);
}

#[test]
fn nothing_is_written_through_a_link() {
    let sandbox = Sandbox::new();
    sandbox.file("runbooks/queue.yaml", RUNBOOK);
    sandbox.file("elsewhere/kept", "");
    let scenarios = sandbox.path("runbooks/scenarios");
    symlink(sandbox.path("elsewhere"), &scenarios).unwrap();
    let refused = sandbox.surefoot(&["test", "--new", "queue"]).run();
    assert_eq!(refused.code(), 2, "{}", refused.stderr);
    assert!(refused.stderr.contains("runbooks/scenarios is a link"), "{}", refused.stderr);
    let there = std::fs::read_dir(sandbox.path("elsewhere")).unwrap().count();
    assert_eq!(there, 1);
    // Where a scenario is a link to nothing, the name is taken.
    std::fs::remove_file(&scenarios).unwrap();
    std::fs::create_dir(&scenarios).unwrap();
    symlink(sandbox.path("nowhere"), scenarios.join("queue-1.yaml")).unwrap();
    let written = sandbox.surefoot(&["test", "--new", "queue"]).run();
    assert!(written.stdout.contains("queue-2.yaml"), "{}{}", written.stdout, written.stderr);
    assert!(!sandbox.path("nowhere").exists());
}

#[test]
fn every_branch_of_our_own_runbooks_has_a_scenario() {
    let sandbox = Sandbox::new();
    let runbooks = Path::new(env!("CARGO_MANIFEST_DIR")).join("runbooks");
    let tested = sandbox
        .surefoot(&["test", "--coverage", "text", "--min-steps", "100", "--min-branches", "100"])
        .arguments(&[runbooks.to_str().unwrap()])
        .run();
    assert_eq!(tested.code(), 0, "{}", tested.stdout);
}

#[test]
fn not_one_process_is_started() {
    let works = Command::new("strace").args(["-f", "-o", "/dev/null", "true"]).output();
    if !works.is_ok_and(|output| output.status.success()) {
        println!("skipped: strace does not work here");
        return;
    }
    let sandbox = sandbox();
    sandbox
        .file("runbooks/scenarios/shallow.yaml", DEEP.replace("12", "1").replace("touch", "true"));
    let trace = sandbox.path("trace");
    let under =
        ["strace", "-f", "-e", "trace=process,socket,connect", "-o", trace.to_str().unwrap()];
    sandbox.surefoot(&["test", "--coverage", "text"]).under(&under).run();
    let calls = std::fs::read_to_string(&trace).unwrap();
    let started = calls.lines().filter(|line| line.contains("execve(")).count();
    assert_eq!(started, 1, "only the program itself:\n{calls}");
    let forks = calls.lines().filter(|line| {
        line.contains("fork(")
            || (line.contains("clone(") || line.contains("clone3("))
                && !line.contains("CLONE_THREAD")
    });
    assert_eq!(forks.collect::<Vec<_>>(), Vec::<&str>::new());
    let reaches = calls.lines().filter(|line| line.contains("connect("));
    assert_eq!(reaches.collect::<Vec<_>>(), Vec::<&str>::new());
}
