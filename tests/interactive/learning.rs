//! Somebody who learns: walks a runbook against what its commands may print, says what they expect, and
//! is told less each time.

use std::fs;

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

/// The only run is a training with one prediction, and nothing of it was run.
fn is_recorded(sandbox: &Sandbox) {
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
    is_recorded(&sandbox);
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
fn who_left_a_training_goes_on_learning() {
    let sandbox = Sandbox::new();
    sandbox.file("runbook.yaml", RUNBOOK);
    let mut left = learns(&sandbox);
    left.wait_for(ASKED);
    left.send("\r");
    left.wait_for(PROMPT);
    left.send("q\r");
    assert_eq!(left.wait().code(), Some(4));
    let id = sandbox.run().file_name().unwrap().to_str().unwrap().to_owned();
    let mut again = person(&sandbox, &["resume", &id]);
    again.wait_for(PROMPT);
    again.send("\r");
    again.wait_for("One more consumer halves the queue");
    again.wait_for(ASKED);
    again.send("a consumer more\r");
    again.wait_for("y run it");
    again.wait_for(PROMPT);
    again.send("y\r");
    again.wait_for("you expected    a consumer more");
    again.wait_for("Debrief");
    assert_eq!(again.wait().code(), Some(0));
    assert_eq!(sandbox.runs().len(), 1);
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

const REAL: &str = "schema: surefoot/v1
title: A real walk
impact: Orders are late.
service: shop
owner: { team: shop }
escalation: [ { role: secondary, how: page the rota } ]
steps:
  - id: look
    title: Look at it
    why: It is nearly always the cache.
    effect: read
    run: printf 'hit rate %s\\n' 40
    expect: size(stdout) > 0
    sample: hit rate 90
  - id: mark
    title: Warm it up
    why: A warm cache answers at once.
    effect: change
    run: touch \"$HOME/mark\"; echo warmed
    undo: rm \"$HOME/mark\"
  - end: done
";

/// The files of a run, but for those that only its walk has open.
fn files(run: &std::path::Path) -> Vec<(String, Vec<u8>)> {
    let mut found: Vec<(String, Vec<u8>)> = fs::read_dir(run)
        .unwrap()
        .filter_map(|entry| {
            let entry = entry.unwrap();
            let bytes = fs::read(entry.path()).ok()?;
            Some((entry.file_name().to_string_lossy().into_owned(), bytes))
        })
        .collect();
    found.sort();
    found
}

fn event(journal: &std::path::Path, ty: &str) -> serde_json::Value {
    let text = fs::read_to_string(journal.join("journal.jsonl")).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let mut events = lines.map(|record| record["event"].clone());
    events.find(|event| event["type"] == ty).unwrap_or_default()
}

/// Finished runs go to a folder, whole.
fn shares(sandbox: &Sandbox) {
    let shared = sandbox.root().join("shared");
    fs::create_dir_all(&shared).unwrap();
    let settings = sandbox.root().join("home/.config/surefoot/config.toml");
    fs::create_dir_all(settings.parent().unwrap()).unwrap();
    let place = format!("folder = \"{}\"\nwhat = \"bundle\"", shared.display());
    fs::write(settings, format!("schema = \"surefoot-config/v1\"\n[records]\n{place}\n")).unwrap();
}

#[test]
fn somebody_learns_beside_a_real_run_which_does_not_notice() {
    let sandbox = Sandbox::trusting(REAL);
    shares(&sandbox);
    let mut dana = person(&sandbox, &["run", "runbook.yaml"]);
    dana.wait_for(PROMPT);
    let run = sandbox.run();
    let mut erin = person(&sandbox, &["follow", "--learn"]);
    // What it is for stands below what it is.
    erin.wait_for("walked by");
    erin.wait_for("impact  Orders are late.");
    erin.wait_for("It is nearly always the cache.");
    erin.wait_for("$ printf");
    dana.send("\r");
    // What it prints is held back until she has said what she expects.
    erin.wait_for(ASKED);
    // The walk goes on meanwhile, to its end.
    dana.wait_for("hit rate 40");
    dana.wait_for("y run it");
    dana.wait_for(PROMPT);
    dana.send("y\r");
    dana.wait_for("Done");
    assert_eq!(dana.wait().code(), Some(0));
    let before = files(&run);
    assert!(!shown(&erin).contains("hit rate 40"), "{}", shown(&erin));
    erin.send("a low hit rate\r");
    // She catches up: first what came, then the next step, about which she is asked as well.
    erin.wait_for("hit rate 40");
    erin.wait_for("you expected    a low hit rate");
    erin.wait_for("what came       hit rate 40");
    erin.wait_for("good output     hit rate 90");
    erin.wait_for("A warm cache answers at once.");
    erin.wait_for(ASKED);
    erin.send("\r");
    erin.wait_for("warmed");
    erin.wait_for("Done");
    assert_eq!(erin.wait().code(), Some(0));
    assert_eq!(files(&run), before, "whoever looks wrote something");
    // What is kept of her is a record of its own, and no run that anybody goes on with.
    let runs = sandbox.runs();
    let own = runs.iter().find(|other| **other != run).unwrap();
    let started = event(own, "run_started");
    assert_eq!((&started["world"], &started["mode"]), (&"beside".into(), &"training".into()));
    assert_eq!(started["follows"], *run.file_name().unwrap().to_str().unwrap());
    assert_eq!(event(own, "answered")["answer"]["text"], "a low hit rate");
    assert_eq!(event(own, "run_finished")["outcome"], "done");
    assert_eq!(event(own, "attempt_started"), serde_json::Value::Null);
    let id = own.file_name().unwrap().to_str().unwrap();
    let verified = sandbox.surefoot(&["verify", id]).run();
    assert_eq!(verified.code(), 0, "{}", verified.text());
    let latest = sandbox.surefoot(&["report"]).run();
    assert!(latest.stdout.contains("| Mode | incident |"), "{}", latest.stdout);
    let resumed = sandbox.surefoot(&["resume", id]).run();
    assert_eq!(resumed.code(), 2, "{}", resumed.text());
    // The team has it like every other record, with its journal, and believes it.
    let synced = sandbox.surefoot(&["records", "sync"]).run();
    assert!(synced.text().contains("2 runs delivered, 2 there"), "{}", synced.text());
    let team = sandbox.surefoot(&["history", "--team"]).run();
    assert!(team.stdout.contains("A real walk (beside)"), "{}", team.stdout);
    assert!(!team.stdout.contains("not taken"), "{}", team.stdout);
    let practised = sandbox.surefoot(&["insights", "readiness"]).run();
    for told in ["  beside ", ", 1 prediction\n", "  incident "] {
        assert!(practised.stdout.contains(told), "{told} in\n{}", practised.stdout);
    }
}

#[test]
fn who_leaves_a_run_that_they_follow_gave_it_up() {
    let sandbox = Sandbox::trusting(REAL);
    let mut dana = person(&sandbox, &["run", "runbook.yaml"]);
    dana.wait_for(PROMPT);
    let run = sandbox.run();
    let mut erin = person(&sandbox, &["follow", "--learn"]);
    erin.wait_for("$ printf");
    dana.send("\r");
    erin.wait_for(ASKED);
    erin.send("\x03");
    assert_eq!(erin.wait().code(), Some(130));
    assert!(erin.echoes(), "the terminal is not as it was");
    let runs = sandbox.runs();
    let own = runs.iter().find(|other| **other != run).unwrap();
    assert_eq!(event(own, "run_finished")["outcome"], "abandoned");
    dana.wait_for("y run it");
    dana.wait_for(PROMPT);
    dana.send("q\r");
    assert_eq!(dana.wait().code(), Some(4));
    // The run that was left is the one that is gone on with.
    let mut resumed = person(&sandbox, &["resume"]);
    resumed.wait_for("y run it");
    resumed.wait_for(PROMPT);
    resumed.send("y\r");
    assert_eq!(resumed.wait().code(), Some(0));
}
