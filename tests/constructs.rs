//! What real runbooks are made of, walked from end to end with the real program.

#[path = "support/sandbox.rs"]
#[expect(dead_code, reason = "each test binary uses its own part of the sandbox")]
mod sandbox;

use sandbox::Sandbox;

/// What an alert runbook is made of: typed values, a secret, captures, findings, a page, a value
/// typed back, a decision with a way back, several hosts, verification, a poll, final steps.
const ALERT: &str = include_str!("constructs/alert.yaml");

fn walked(answers: &str) -> (Sandbox, i32, String) {
    let sandbox = Sandbox::trusting(ALERT);
    sandbox.file("answers.yaml", answers);
    let call = ["run", "runbook.yaml", "--set", "region=east", "--auto", "read"];
    let more = ["--yes", "change", "--answers", "answers.yaml"];
    let outcome = sandbox.surefoot(&call).arguments(&more).run();
    let (code, text) = (outcome.code(), outcome.text());
    (sandbox, code, text)
}

fn shown(sandbox: &Sandbox) -> Vec<String> {
    let started = sandbox.events_of("attempt_started");
    started.iter().filter_map(|it| it["shown"].as_str().map(str::to_owned)).collect()
}

#[test]
fn an_alert_is_walked_to_its_end() {
    let (sandbox, code, text) = walked("page: done\nnoted: red\ncause: scale\ntell: done\n");
    assert_eq!(code, 0, "{text}");
    let shown = shown(&sandbox);
    for host in ["h1", "h2", "h3"] {
        assert!(shown.contains(&format!("echo {host} is up")), "{shown:?}");
    }
    assert!(shown.contains(&"echo h1 h2 h3".to_owned()), "{shown:?}");
    assert!(!sandbox.journal().contains("made-up-word-for-tests"));
    let finished = &sandbox.events_of("run_finished")[0];
    assert_eq!(finished["outcome"], "resolved");
    assert_eq!(finished["still_changed"][0], "config");
}

#[test]
fn an_alert_is_handed_over() {
    let (sandbox, _, text) = walked("page: done\nnoted: green\ncause: help\nhelp.1: done\n");
    let finished = sandbox.events_of("run_finished");
    assert_eq!(finished.len(), 1, "{text}");
    assert_eq!(finished[0]["outcome"], "escalated");
    assert!(!shown(&sandbox).iter().any(|it| it.contains("workers=")), "{text}");
}

/// What a restore is made of: a value from the alert, a choice from a produced list, two ways to one
/// goal, an optional step, a guard, a place that proves what it is, a value noted and restored, a
/// file made and used, a command beside others, a point of no return.
const RESTORE: &str = include_str!("constructs/restore.yaml");

const ALERT_OF: &str =
    r#"{"alerts":[{"labels":{"alertname":"OrdersLost","shop":"east"},"annotations":{}}]}"#;

fn restored(answers: &str, writers: &str) -> (Sandbox, i32, String) {
    let sandbox = Sandbox::trusting(RESTORE);
    sandbox.file("answers.yaml", answers);
    sandbox.file("alert.json", ALERT_OF);
    let writers = format!("writers={writers}");
    let call = ["run", "runbook.yaml", "--alert", "alert.json", "--set", &writers];
    let more =
        ["--change", "CHG-7", "--auto", "read", "--yes", "change", "--answers", "answers.yaml"];
    let outcome = sandbox.surefoot(&call).arguments(&more).run();
    let (code, text) = (outcome.code(), outcome.text());
    (sandbox, code, text)
}

#[test]
fn a_restore_is_walked_to_its_end() {
    let (sandbox, code, text) = restored("which: tue\nhow: copy\noptional: skip\n", "0");
    assert_eq!(code, 0, "{text}");
    let started = &sandbox.events_of("run_started")[0];
    assert_eq!(started["change"], "CHG-7");
    assert_eq!(started["inputs"][0]["origin"], "alert");
    let work = |name: &str| std::fs::read_to_string(sandbox.run().join("work").join(name)).unwrap();
    assert_eq!(work("restored"), "tue\n");
    assert_eq!(work("replicas"), "1\n");
    let shown = shown(&sandbox);
    assert!(shown.contains(&"echo in the store of east".to_owned()), "{shown:?}");
    // The recording ran beside the start, and was stopped with its group.
    let ends = sandbox.events_of("attempt_ended");
    let stopped: Vec<_> = ends.iter().filter(|it| it["end"]["end"] == "interrupted").collect();
    assert_eq!(stopped.len(), 1, "{text}");
    assert_eq!(stopped[0]["verdict"]["verdict"], "passed");
    assert_eq!(sandbox.events_of("readied").len(), 1);
    assert_eq!(sandbox.events_of("run_finished")[0]["outcome"], "resolved");
}

#[test]
fn a_guard_stops_a_restore_before_it_changes_anything() {
    let (sandbox, code, text) = restored("which: mon\nhow: copy\n", "2");
    assert_ne!(code, 0, "{text}");
    assert!(!sandbox.run().join("work/restored").exists(), "{text}");
    let shown = shown(&sandbox);
    assert!(
        !shown.iter().any(|it| it.contains("> replicas") && it.contains("echo 1")),
        "{shown:?}"
    );
}
