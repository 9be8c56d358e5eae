//! Somebody who learns: walks a runbook against what its commands may print, says what they expect, and
//! is told less each time.

use crate::PROMPT;
use crate::pty::Session;
use crate::sandbox::{PROGRAM, Sandbox};

const ASKED: &str = "What do you expect to see? Enter for no answer > ";

const RUNBOOK: &str = "schema: surefoot/v1
title: The queue grows
summary: Messages wait longer than a minute.
impact: Orders are late.
service: shop
owner: { team: shop }
escalation: [ { role: secondary, how: page the rota } ]
steps:
  - id: depth
    title: How long is the queue?
    why: A long queue with few consumers is the usual case.
    effect: read
    run: queue depth
    expect: size(stdout) > 0
    sample: 512 messages
  - id: more
    title: Start a consumer
    why: One more consumer halves the queue in a minute.
    effect: change
    run: touch canary; consumers add 1
    sample: 3 consumers
    undo: consumers remove 1
  - end: done
";

/// Somebody at a terminal.
pub(crate) fn person(sandbox: &Sandbox, arguments: &[&str]) -> Session {
    let env = sandbox.environment();
    let mut env: Vec<(&str, &str)> =
        env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    env.retain(|(name, _)| *name != "TERM");
    env.extend([("TERM", "xterm"), ("NO_COLOR", "1")]);
    let script = format!("cd {} && exec {PROGRAM} \"$@\"", sandbox.path("").display());
    let words: Vec<&str> = ["-c", &script, "surefoot"].iter().chain(arguments).copied().collect();
    Session::start("/bin/sh", &words, &env, 80)
}

fn learns(sandbox: &Sandbox) -> Session {
    person(sandbox, &["drill", "runbook.yaml", "--learn"])
}

/// What was shown so far.
fn shown(session: &Session) -> String {
    String::from_utf8_lossy(&session.log()).replace("\r\n", "\n")
}

/// The end of a walk whose commands nobody is asked about.
fn goes_on(mut session: Session) -> String {
    session.wait_for(PROMPT);
    session.send("\r");
    session.wait_for("y run it");
    session.wait_for(PROMPT);
    session.send("y\r");
    session.wait_for("Debrief");
    assert_eq!(session.wait().code(), Some(0));
    shown(&session)
}

#[test]
fn somebody_learns_and_is_told_less_each_time() {
    let sandbox = Sandbox::new();
    sandbox.file("runbook.yaml", RUNBOOK);
    // All of it.
    let mut first = learns(&sandbox);
    first.wait_for("Orders are late.");
    first.wait_for("A long queue with few consumers is the usual case.");
    first.wait_for("$ queue depth");
    first.wait_for(ASKED);
    first.send("about a hundred\r");
    first.wait_for("expects: about a hundred");
    first.wait_for(PROMPT);
    first.send("\r");
    first.wait_for("you expected    about a hundred");
    first.wait_for("what came       512 messages");
    first.wait_for("author expects  size(stdout) > 0");
    first.wait_for("One more consumer halves the queue");
    first.wait_for("This changes something");
    first.wait_for(ASKED);
    // No answer is none, and the change is agreed to as ever.
    first.send("\r");
    first.wait_for("y run it");
    first.wait_for(PROMPT);
    first.send("y\r");
    first.wait_for("Debrief");
    assert_eq!(first.wait().code(), Some(0));
    assert!(!shown(&first).contains("checks on their own"), "{}", shown(&first));
    let answers = sandbox.events_of("answered");
    assert_eq!(answers[0]["answer"]["answer"], "predict");
    assert_eq!(answers[0]["answer"]["text"], "about a hundred");
    assert_eq!(sandbox.events_of("run_started")[0]["mode"], "training");
    assert!(!sandbox.run().join("work/canary").exists());
    let id = sandbox.run().file_name().unwrap().to_str().unwrap().to_owned();
    let verified = sandbox.surefoot(&["verify", &id]).run();
    assert_eq!(verified.code(), 0, "{}", verified.text());
    let report = sandbox.surefoot(&["report", &id]).run();
    assert!(report.stdout.contains("about a hundred | as expected"), "{}", report.stdout);
    // A line, and the question.
    let mut second = learns(&sandbox);
    second.wait_for("impact  Orders are late.");
    second.wait_for("why     A long queue");
    second.wait_for(ASKED);
    second.send("five hundred\r");
    second.wait_for(PROMPT);
    second.send("\r");
    second.wait_for("you expected    five hundred");
    second.wait_for(ASKED);
    second.send("\r");
    second.wait_for("y run it");
    second.wait_for(PROMPT);
    second.send("y\r");
    assert_eq!(second.wait().code(), Some(0));
    // Nothing, unless it is asked for.
    let mut third = learns(&sandbox);
    third.wait_for(PROMPT);
    third.send("w\r");
    third.wait_for("A long queue with few consumers is the usual case.");
    let third = goes_on(third);
    for faded in [ASKED, "you expected", "Orders are late", "halves"] {
        assert!(!third.contains(faded), "{faded} in\n{third}");
    }
    // A step that is another now is new; the other is not.
    sandbox.file("runbook.yaml", RUNBOOK.replace("queue depth", "queue depth --all"));
    let mut changed = learns(&sandbox);
    changed.wait_for("$ queue depth --all");
    changed.wait_for(ASKED);
    changed.send("\r");
    let changed = goes_on(changed);
    assert_eq!(changed.matches(ASKED).count(), 1, "{changed}");
}

#[test]
fn the_question_about_what_comes_is_left_like_any_other() {
    let sandbox = Sandbox::new();
    sandbox.file("runbook.yaml", RUNBOOK);
    let mut session = learns(&sandbox);
    session.wait_for(ASKED);
    session.send("half a thou");
    session.send("\x03");
    assert_eq!(session.wait().code(), Some(130));
    assert!(session.echoes(), "the terminal is not as it was");
    assert!(sandbox.events_of("answered").is_empty());
    let refused = sandbox.surefoot(&["drill", "runbook.yaml", "--learn", "--auto", "read"]).run();
    assert_eq!(refused.code(), 2, "{}", refused.text());
}
