//! The demo is walked, and then once more as a drill of that run, with other decisions.

use super::*;

/// The demo of the repository, and a person at a terminal in front of it.
fn demo(sandbox: Sandbox, arguments: &[&str]) -> Talk {
    let env = sandbox.environment();
    let mut env: Vec<(&str, &str)> =
        env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    env.retain(|(name, _)| *name != "TERM");
    env.extend([("TERM", "xterm"), ("NO_COLOR", "1")]);
    let session = Session::start(PROGRAM, arguments, &env, 100);
    Talk { sandbox, session }
}

fn runbook() -> String {
    format!("{}/runbooks/demo.yaml", env!("CARGO_MANIFEST_DIR"))
}

/// Answers each question up to an end: what is asked, and what is said.
fn answers(talk: &mut Talk, said: &[(&str, &str)]) {
    for (asked, line) in said {
        talk.session.wait_for(asked);
        talk.session.wait_for(PROMPT);
        talk.session.send(&format!("{line}\r"));
    }
}

#[test]
fn a_recorded_walk_of_the_demo_is_a_drill_with_other_decisions() {
    let (sandbox, book) = (Sandbox::new(), runbook());
    sandbox.trust(&book);
    let mut walk = demo(sandbox, &["run", &book, "--auto", "read"]);
    answers(
        &mut walk,
        &[
            ("Start the incident", "y"),
            ("What shall be done?", "1"),
            ("Pause the writer", "y"),
            ("Compress the old logs", "y"),
            ("How shall it be left?", "1"),
            ("End the incident", "y"),
        ],
    );
    assert_eq!(walk.session.wait().code(), Some(0), "{}", walk.session.screen());
    let Talk { sandbox, session } = walk;
    drop(session);
    let run = sandbox.run();
    let id = run.file_name().unwrap().to_str().unwrap().to_owned();
    let drill = ["drill", &book, "--from", &id, "--auto", "read", "--speed", "200"];
    let mut drill = demo(sandbox, &drill);
    answers(
        &mut drill,
        &[
            ("DRILL", "y"),
            ("What shall be done?", "3"),
            ("the person next to you", ""),
            ("End the incident", "y"),
        ],
    );
    drill.session.wait_for("Debrief");
    drill.session.wait_for("expected resolved");
    drill.session.wait_for("expected | walked");
    drill.session.wait();
    let log = String::from_utf8_lossy(&drill.session.log()).into_owned();
    let (walked, _) = log.split_once("Debrief").unwrap();
    assert!(!walked.contains("resolved"), "{walked}");
    let drilled = drill.sandbox.runs().into_iter().find(|other| *other != run).unwrap();
    assert!(std::fs::read_dir(drilled.join("work")).unwrap().count() <= 1);
    assert!(!drilled.join("supervisor.json").exists());
}
