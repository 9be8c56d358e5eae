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
