//! Two people and one run: one follows what the other walks, and takes it over.

use std::fs;

use crate::pty::Session;
use crate::sandbox::{PROGRAM, Sandbox, eventually, login};

const PROMPT: &str = "    > ";

const RUNBOOK: &str = "schema: surefoot/v1
title: A walk for two
service: shop
owner: { team: shop }
escalation: [ { role: secondary, how: page the rota } ]
steps:
  - id: look
    title: Look at it
    effect: read
    run: printf 'first look\\n'
  - id: mark
    title: Put up a mark
    effect: change
    run: echo marking; COMMAND
    verify: test -e \"$HOME/mark\"
    undo: rm \"$HOME/mark\"
  - id: way
    ask: Where to?
    options: [ { id: on, label: On it goes }, { id: stop, label: No further, end: abandoned } ]
  - end: done
";

fn sandbox(command: &str) -> Sandbox {
    Sandbox::trusting(&RUNBOOK.replace("COMMAND", command))
}

/// Words, and the login that all of them share: one machine, several people.
fn by(words: &str) -> String {
    format!("{words}{}@", login())
}

/// Somebody at a terminal of their own.
fn person(sandbox: &Sandbox, user: &str, arguments: &[&str]) -> Session {
    let path = sandbox.path("runbook.yaml");
    let path = path.to_str().unwrap();
    let arguments: Vec<&str> =
        arguments.iter().map(|word| if *word == "RUNBOOK" { path } else { word }).collect();
    let env = sandbox.environment();
    let mut env: Vec<(&str, &str)> =
        env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    env.retain(|(name, _)| !["TERM", "USER"].contains(name));
    env.extend([("TERM", "xterm"), ("NO_COLOR", "1"), ("USER", user)]);
    Session::start(PROGRAM, &arguments, &env, 100)
}

#[test]
fn a_walk_is_followed_from_a_second_terminal() {
    let sandbox = sandbox("touch \"$HOME/mark\"");
    let mut dana = person(&sandbox, "dana", &["run", "RUNBOOK"]);
    dana.wait_for(PROMPT);
    let mut erin = person(&sandbox, "erin", &["follow"]);
    erin.wait_for("A walk for two");
    erin.wait_for(&by("walked by "));
    // What she is asked stands here, too, and what was printed, when it is.
    erin.wait_for("$ printf");
    erin.wait_for(&by(""));
    dana.send("\r");
    erin.wait_for("first look");
    erin.wait_for("Put up a mark");
    erin.wait_for("$ echo marking");
    dana.wait_for("y run");
    dana.send("y\r");
    erin.wait_for("marking");
    erin.wait_for("1 undo step");
    erin.wait_for("Where to?");
    erin.wait_for("On it goes");
    // Who only looks leaves, and the walk does not notice.
    let journal = sandbox.journal();
    erin.send("\x03");
    assert_eq!(erin.wait().code(), Some(130));
    assert!(erin.echoes());
    assert_eq!(sandbox.journal(), journal);
    let mut fred = person(&sandbox, "fred", &["follow", "--from-start"]);
    fred.wait_for("first look");
    fred.wait_for("Where to?");
    dana.wait_for(PROMPT);
    dana.send("1\r");
    dana.wait_for("Done");
    assert_eq!(dana.wait().code(), Some(0));
    fred.wait_for("Done");
    assert_eq!(fred.wait().code(), Some(0), "it ends with the run");
}

#[test]
fn following_writes_nothing_and_ends_with_what_is_over() {
    let sandbox = sandbox("touch \"$HOME/mark\"");
    let mut dana = person(&sandbox, "dana", &["run", "RUNBOOK"]);
    dana.wait_for(PROMPT);
    dana.send("q\r");
    assert_eq!(dana.wait().code(), Some(4));
    let before = sandbox.state_files();
    let rests = sandbox.surefoot(&["follow", "--once"]).run();
    assert_eq!(rests.code(), 4, "{}", rests.text());
    assert!(rests.stderr.contains("Paused"), "{}", rests.stderr);
    let lines = sandbox.surefoot(&["follow", "--once", "--format", "jsonl"]).run();
    assert_eq!((lines.code(), lines.stdout), (4, sandbox.journal()));
    assert_eq!(sandbox.state_files(), before, "whoever looks wrote something");
    // Somebody goes on, and is followed again.
    let mut erin = person(&sandbox, "erin", &["follow"]);
    erin.wait_for("Following on");
    let mut dana = person(&sandbox, "dana", &["resume"]);
    dana.wait_for(PROMPT);
    erin.wait_for(&by("resumed by "));
    // Who dies says nothing; that is said by whoever looks.
    dana.signal(rustix::process::Signal::KILL);
    dana.wait();
    erin.wait_for("Nobody walks this run");
    erin.send("\x03");
    assert_eq!(erin.wait().code(), Some(130));
    let run = sandbox.run().join("journal.jsonl");
    let mut bytes = fs::read(&run).unwrap();
    let at = bytes.len() / 2;
    bytes[at] ^= 1;
    fs::write(&run, bytes).unwrap();
    let damaged = sandbox.surefoot(&["follow", "--once"]).run();
    assert_eq!(damaged.code(), 10, "{}", damaged.text());
    assert!(damaged.stderr.contains("is damaged"), "{}", damaged.stderr);
}

#[test]
fn a_walk_is_taken_over_at_a_question() {
    let sandbox = sandbox("touch \"$HOME/mark\"");
    let mut dana = person(&sandbox, "dana", &["run", "RUNBOOK"]);
    dana.wait_for(PROMPT);
    let mut erin = person(&sandbox, "erin", &["resume", "--take-over"]);
    dana.wait_for(&by("Taken over by "));
    dana.wait_for("this walk is now read-only");
    assert_eq!(dana.wait().code(), Some(4));
    assert!(dana.echoes(), "the terminal is not as it was");
    erin.wait_for(&by("taken over by "));
    erin.wait_for(PROMPT);
    erin.send("\r");
    erin.wait_for("first look");
    erin.wait_for("y run");
    erin.send("y\r");
    erin.wait_for("Where to?");
    erin.wait_for(PROMPT);
    erin.send("1\r");
    assert_eq!(erin.wait().code(), Some(0));
    let paused = &sandbox.events_of("paused")[0]["why"];
    assert_eq!(paused["why"], "taken_over");
    assert!(paused["by"].as_str().unwrap().starts_with(&by("")), "{paused}");
    let resumed = &sandbox.events_of("resumed")[0];
    assert!(resumed["from"].as_str().unwrap().starts_with(&by("")), "{resumed}");
    assert!(resumed["responder"]["name"].as_str().unwrap().starts_with(&by("")), "{resumed}");
    let log = sandbox.surefoot(&["log"]).run();
    assert!(log.stdout.contains(&by("taken over by ")), "{}", log.stdout);
}

#[test]
fn a_change_under_way_is_not_taken_over() {
    let sandbox = sandbox("cat \"$HOME/pipe\"; touch \"$HOME/mark\"");
    sandbox.pipe();
    let mut dana = person(&sandbox, "dana", &["run", "RUNBOOK"]);
    dana.wait_for(PROMPT);
    dana.send("\r");
    dana.wait_for("y run");
    dana.send("y\r");
    dana.wait_for("marking\r\n");
    let mut erin = person(&sandbox, "erin", &["resume", "--take-over"]);
    erin.wait_for("goes on with it: a change is under way");
    assert_eq!(erin.wait().code(), Some(9));
    dana.wait_for("asked for this walk");
    fs::write(sandbox.root().join("home/pipe"), "on\n").unwrap();
    dana.wait_for("Where to?");
    // Of two who ask at once, one has the walk in the end.
    let mut erin = person(&sandbox, "erin", &["resume", "--take-over"]);
    let mut fred = person(&sandbox, "fred", &["resume", "--take-over"]);
    assert_eq!(dana.wait().code(), Some(4));
    let asked = |session: &Session| session.screen().contains("Where to?");
    eventually(|| (asked(&erin) || asked(&fred)).then_some(())).expect("one of them has it");
    let ended = eventually(|| {
        let over = |session: &Session| {
            let screen = session.screen();
            screen.contains("error: ") || screen.contains("Taken over by")
        };
        match (over(&erin), over(&fred)) {
            (true, false) => Some("erin"),
            (false, true) => Some("fred"),
            _ => None,
        }
    });
    let (winner, loser) = match ended.expect("only one goes on") {
        "erin" => (&mut fred, &mut erin),
        _ => (&mut erin, &mut fred),
    };
    let code = loser.wait().code();
    assert!(matches!(code, Some(4 | 9)), "{code:?}");
    winner.wait_for(PROMPT);
    winner.send("2\r");
    winner.wait_for("can be undone");
}

#[test]
fn where_nobody_is_left_taking_over_is_going_on() {
    let sandbox = sandbox("touch \"$HOME/mark\"");
    let mut dana = person(&sandbox, "dana", &["run", "RUNBOOK"]);
    dana.wait_for(PROMPT);
    dana.signal(rustix::process::Signal::KILL);
    dana.wait();
    let mut erin = person(&sandbox, "erin", &["resume", "--take-over"]);
    erin.wait_for(&by("resumed by "));
    erin.wait_for(PROMPT);
    erin.send("q\r");
    assert_eq!(erin.wait().code(), Some(4));
    assert!(sandbox.events_of("resumed")[0].get("from").is_none());
}
