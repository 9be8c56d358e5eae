//! A drill that somebody leads from a second terminal: what they see, what they say, and what the
//! responder sees of it. Nothing of it can be done to a real run.

use std::io::Write as _;
use std::os::fd::AsRawFd as _;
use std::os::unix::net::UnixStream;

use crate::eventually;
use crate::pty::Session;
use crate::sandbox::{PROGRAM, Sandbox, login};

const PROMPT: &str = "    > ";

const BOOK: &str = "\
schema: surefoot/v1
title: Orders hang
service: shop
owner: { team: shop }
escalation: [ { role: database team, how: page the rota } ]
steps:
  - { id: look, title: Look at the queue, effect: read, run: touch canary, why: A queue tells most. }
  - { id: again, title: Look again, effect: read, run: touch canary }
  - id: agreed
    title: May it be restarted?
    approve: { role: database owner, why: The restart drops sessions. }
  - end: done
";

const SCENARIO: &str = "\
schema: surefoot-scenario/v1
runbook: runbook
title: A node was lost at night
brief: It is 02:40.
facts: { queue: 12 }
results:
  look: { stdout: \"queue 12\\n\", sets: { queue: 13 } }
  again: { exit: 3, stderr: \"no answer\\n\" }
injects:
  - { after: 3h, say: \"boss: is it over?\" }
  - { after: 4h, sets: { queue: 99 } }
expect: { outcome: done, visited: [look, again, agreed] }
";

/// A drill, and where it happens.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.file("runbook.yaml", BOOK);
    sandbox.file("night.yaml", SCENARIO);
    sandbox.trust("runbook.yaml");
    sandbox
}

fn person(sandbox: &Sandbox, arguments: &[&str]) -> Session {
    let env = sandbox.environment();
    let mut env: Vec<(&str, &str)> =
        env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    env.retain(|(name, _)| *name != "TERM");
    env.extend([("TERM", "xterm"), ("NO_COLOR", "1")]);
    let book = sandbox.path("runbook.yaml").display().to_string();
    let scenario = sandbox.path("night.yaml").display().to_string();
    let named = |word: &str| match word {
        "BOOK" => book.clone(),
        "SCENARIO" => scenario.clone(),
        word => word.to_owned(),
    };
    let words: Vec<String> = arguments.iter().map(|word| named(word)).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    Session::start(PROGRAM, &words, &env, 100)
}

/// Somebody at the first question of the drill.
fn responder(sandbox: &Sandbox) -> Session {
    let mut session = person(sandbox, &["drill", "BOOK", "--scenario", "SCENARIO"]);
    session.wait_for("H gives a hint");
    session.wait_for("Look at the queue");
    session.wait_for(PROMPT);
    session
}

/// Somebody who leads it.
fn leader(sandbox: &Sandbox) -> Session {
    let mut session = person(sandbox, &["drill", "--facilitate"]);
    session.wait_for("A node was lost at night");
    session
}

/// Both, once they know of each other and each may type.
fn together(sandbox: &Sandbox) -> (Session, Session) {
    let (mut walk, mut lead) = (responder(sandbox), leader(sandbox));
    walk.wait_for("leads this drill");
    walk.wait_for(PROMPT);
    lead.wait_for(PROMPT);
    (walk, lead)
}

/// Whoever leads has left, and the responder leaves the drill for another time.
fn ends(mut walk: Session, mut lead: Session) {
    assert_eq!(lead.wait().code(), Some(0));
    walk.wait_for("leads it no more");
    walk.wait_for(PROMPT);
    walk.send("q\r");
    assert_eq!(walk.wait().code(), Some(4));
}

fn told(sandbox: &Sandbox) -> Vec<(String, String)> {
    let told = sandbox.events_of("told");
    let word = |event: &serde_json::Value, key: &str| event[key].as_str().unwrap().to_owned();
    told.iter().map(|event| (word(event, "kind"), word(event, "text"))).collect()
}

#[test]
fn a_drill_is_led_from_a_second_terminal_to_its_end() {
    let sandbox = sandbox();
    let mut lead = person(&sandbox, &["drill", "--facilitate"]);
    lead.wait_for("Waiting for one to begin");
    let mut walk = responder(&sandbox);
    // The truth: where they are, what comes, what holds, what is still to come.
    for shown in
        ["A node was lost at night", "It is 02:40.", "done is expected", "look", "queue = 12"]
    {
        lead.wait_for(shown);
    }
    lead.wait_for("boss: is it over?");
    lead.wait_for("exit 0, prints `queue 12`, makes true queue = 13");
    walk.wait_for(&format!("{} leads this drill", led_by()));
    walk.wait_for(PROMPT);
    lead.wait_for(PROMPT);
    // An inject of the scenario, and one of their own.
    lead.send("1\r");
    walk.wait_for("» boss: is it over?");
    walk.wait_for(PROMPT);
    lead.wait_for(PROMPT);
    lead.send("i storage: a disk was changed\r");
    walk.wait_for("» storage: a disk was changed");
    walk.wait_for(PROMPT);
    // A question to others, and its answer.
    walk.send("x\r");
    walk.wait_for("page the rota");
    walk.wait_for("Ask whom what?");
    walk.send("database team: is it you?\r");
    lead.wait_for("asked: database team: is it you?");
    lead.wait_for("They ask: a answers.");
    lead.wait_for(PROMPT);
    lead.send("a\r");
    lead.wait_for("Their answer");
    lead.send("database team: no\r");
    walk.wait_for("» database team: no");
    walk.wait_for(PROMPT);
    // What is done is seen.
    walk.send("\r");
    lead.wait_for("queue = 13");
    lead.wait_for("exit 3, complains `no answer`");
    walk.wait_for("Look again");
    lead.wait_for(PROMPT);
    lead.send("k\r");
    lead.wait_for("y or n");
    lead.send("y\r");
    for session in [&mut walk, &mut lead] {
        for shown in ["Debrief", "abandoned; expected done", "ended", "storage: a disk was changed"]
        {
            session.wait_for(shown);
        }
        session.wait_for("asked: database team: is it you?");
    }
    assert_eq!(lead.wait().code(), Some(0));
    assert_eq!(walk.wait().code(), Some(5));
    let kinds: Vec<String> = told(&sandbox).into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["joined", "inject", "inject", "asked", "answer"]);
    let end = &sandbox.events_of("run_finished")[0];
    assert_eq!((&end["outcome"], &end["ended_by"]), (&"abandoned".into(), &led_by().into()));
    let run = sandbox.run();
    assert!(!run.join("work/canary").exists() && !run.join("facilitator.socket").exists());
    let verified = sandbox.surefoot(&["verify"]).run();
    assert_eq!(verified.code(), 0, "{}", verified.text());
}

/// Who leads, as the record names them.
fn led_by() -> String {
    let login = login();
    let host = rustix::system::uname();
    format!("{login}@{}", host.nodename().to_string_lossy())
}

#[test]
fn while_the_clock_is_held_nothing_is_taken() {
    let sandbox = sandbox();
    let (mut walk, mut lead) = together(&sandbox);
    lead.send("p look at me\r");
    walk.wait_for("the clock stands still");
    walk.wait_for("look at me");
    // What is typed now answers nothing, neither now nor when it goes on.
    walk.send("\r");
    walk.send("\r");
    lead.wait_for("the exercise is held");
    lead.wait_for(PROMPT);
    lead.send("p\r");
    walk.wait_for("lets it go on");
    walk.wait_for(PROMPT);
    lead.wait_for("the exercise goes on");
    assert!(sandbox.events_of("attempt_started").is_empty(), "{}", sandbox.journal());
    // Whoever leads goes away, and takes the hold along; the drill goes on.
    lead.wait_for(PROMPT);
    lead.send("p\r");
    walk.wait_for("the clock stands still");
    lead.hang_up();
    walk.wait_for("leads it no more");
    walk.wait_for("lets it go on");
    walk.wait_for(PROMPT);
    walk.send("\r");
    walk.wait_for("queue 12");
    walk.wait_for(PROMPT);
    walk.send("q\r");
    walk.wait_for("Debrief");
    assert_eq!(walk.wait().code(), Some(4));
}

#[test]
fn a_drill_that_died_while_it_was_led_goes_on_alone_and_says_nothing_twice() {
    let sandbox = sandbox();
    let (mut walk, mut lead) = together(&sandbox);
    walk.send("H\r");
    walk.wait_for("A queue tells most.");
    walk.wait_for(PROMPT);
    lead.wait_for(PROMPT);
    lead.send("1\r");
    walk.wait_for("» boss: is it over?");
    lead.wait_for(PROMPT);
    // This one only changes what holds, and is recorded all the same.
    lead.send("2\r");
    lead.wait_for("queue = 99");
    lead.wait_for(PROMPT);
    lead.send("p\r");
    walk.wait_for("the clock stands still");
    // It is killed, and whoever led it has nothing left to lead.
    drop(walk);
    drop(lead);
    let id = sandbox.run().file_name().unwrap().to_str().unwrap().to_owned();
    let mut walk = person(&sandbox, &["resume", &id]);
    walk.wait_for("leads it no more");
    walk.wait_for("lets it go on");
    walk.wait_for(PROMPT);
    // Hints go on where they were.
    walk.send("H\r");
    walk.wait_for("After this the expected path has `again`");
    walk.wait_for(PROMPT);
    walk.send("\r");
    walk.wait_for("Look again");
    walk.wait_for(PROMPT);
    // Somebody can lead it again, and what was brought forward does not come again.
    let mut lead = leader(&sandbox);
    lead.wait_for("queue = 13");
    lead.wait_for(PROMPT);
    for number in ["1\r", "2\r"] {
        lead.send(number);
        lead.wait_for("No inject with that number is still to come");
        lead.wait_for(PROMPT);
    }
    lead.send("q\r");
    ends(walk, lead);
    let kinds: Vec<String> = told(&sandbox).into_iter().map(|(kind, _)| kind).collect();
    let before = ["joined", "hint", "inject", "inject", "held"];
    let after = ["left", "gone_on", "hint", "joined", "left"];
    assert_eq!(kinds, [before, after].concat());
    // As an exercise it has the inject once, when it was said.
    let saved = sandbox.surefoot(&["drill", "--from", &id, "--save", "kept.yaml"]).run();
    assert_eq!(saved.code(), 0, "{}", saved.text());
    let text = sandbox.read("kept.yaml");
    assert_eq!(text.matches("boss: is it over?").count(), 1, "{text}");
    assert!(!text.contains("after: 3h") && !text.contains("say: \"\""), "{text}");
}

#[test]
fn one_leads_and_nobody_takes_a_drill_over() {
    let sandbox = sandbox();
    let mut walk = responder(&sandbox);
    let mut lead = leader(&sandbox);
    lead.wait_for(PROMPT);
    let mut second = person(&sandbox, &["drill", "--facilitate"]);
    second.wait_for("leads it already");
    assert_eq!(second.wait().code(), Some(9));
    let id = sandbox.run().file_name().unwrap().to_str().unwrap().to_owned();
    let taken = sandbox.surefoot(&["resume", &id, "--take-over"]).run();
    assert_eq!(taken.code(), 9, "{}", taken.text());
    assert!(taken.stderr.contains("a drill is not handed over"), "{}", taken.stderr);
    walk.wait_for("asked for this walk and does not get it");
    // Junk at the door disturbs neither.
    let folder = std::fs::File::open(sandbox.run()).unwrap();
    let door = format!("/proc/self/fd/{}/facilitator.socket", folder.as_raw_fd());
    for junk in [&b"GET / HTTP/1.1\r\n\r\n"[..], &[0xff; 4096], b""] {
        // The folder's own path may be too long for a socket's address.
        let mut stranger = UnixStream::connect(&door).unwrap();
        stranger.write_all(junk).unwrap();
    }
    lead.send("i still here\r");
    walk.wait_for("» still here");
    walk.wait_for(PROMPT);
    lead.wait_for("still here");
    lead.send("q\r");
    lead.wait_for("goes on without you");
    ends(walk, lead);
}

#[test]
fn hints_are_facts_and_an_agreement_is_played() {
    let sandbox = sandbox();
    let mut walk = responder(&sandbox);
    walk.send("?\r");
    walk.wait_for("a hint; it stands in the record");
    walk.wait_for(PROMPT);
    for hint in ["A queue tells most.", "`again`: Look again", "The expected path runs this."] {
        walk.send("H\r");
        walk.wait_for(hint);
        walk.wait_for(PROMPT);
    }
    walk.send("H\r");
    walk.wait_for("There are no more hints");
    walk.wait_for(PROMPT);
    let mut lead = leader(&sandbox);
    walk.wait_for("leads this drill");
    walk.wait_for(PROMPT);
    walk.send("\r");
    walk.wait_for("Look again");
    walk.wait_for(PROMPT);
    walk.send("s\r");
    walk.wait_for("Why skip it?");
    walk.send("\r");
    // Nobody signs in a drill, and nothing is said of how that is done.
    walk.wait_for("whoever leads it agrees, or yes is enough");
    walk.wait_for(PROMPT);
    lead.wait_for("for the agreement of database owner");
    lead.wait_for(PROMPT);
    lead.send("y\r");
    walk.wait_for("agreed as database owner");
    walk.wait_for("3 asked for");
    assert_eq!(walk.wait().code(), Some(0));
    lead.wait_for("3 asked for");
    assert_eq!(lead.wait().code(), Some(0));
    assert!(!String::from_utf8_lossy(&walk.log()).contains("surefoot approve"));
    let hints = told(&sandbox).into_iter().filter(|(kind, _)| kind == "hint").count();
    assert_eq!(hints, 3);
}

#[test]
fn a_real_run_is_led_by_nobody() {
    let sandbox = sandbox();
    let mut walk = person(&sandbox, &["run", "BOOK"]);
    walk.wait_for("Look at the queue");
    walk.wait_for(PROMPT);
    // It has neither a door nor hints.
    assert!(!sandbox.run().join("facilitator.socket").exists());
    walk.send("H\r");
    walk.wait_for("? ");
    walk.wait_for(PROMPT);
    let id = sandbox.run().file_name().unwrap().to_str().unwrap().to_owned();
    let mut lead = person(&sandbox, &["drill", "--facilitate", &id]);
    lead.wait_for("is no drill");
    assert_eq!(lead.wait().code(), Some(2));
    let mut lead = person(&sandbox, &["drill", "--facilitate"]);
    lead.wait_for("Waiting for one to begin");
    lead.send("\x03");
    assert_eq!(lead.wait().code(), Some(130));
    walk.send("q\r");
    assert_eq!(walk.wait().code(), Some(4));
    eventually("the record says nothing of others", || told(&sandbox).is_empty());
}

#[test]
fn an_untrusted_drill_asks_at_each_step() {
    let sandbox = Sandbox::new();
    sandbox.file("runbook.yaml", BOOK);
    sandbox.file("night.yaml", SCENARIO);
    // Trusted, reads would run by themselves.
    let drill = ["drill", "BOOK", "--scenario", "SCENARIO", "--auto", "read"];
    let mut walk = person(&sandbox, &drill);
    walk.wait_for("every step asks first");
    walk.wait_for("Look at the queue");
    walk.wait_for(PROMPT);
    assert!(sandbox.events_of("attempt_started").is_empty());
    walk.send("q\r");
    walk.wait();
    sandbox.trust("runbook.yaml");
    let mut walk = person(&sandbox, &drill);
    walk.wait_for("queue 12");
    walk.wait_for("Look again");
    walk.wait_for(PROMPT);
    walk.send("q\r");
    walk.wait();
}

/// Nobody wrote a reason, an expected path, or a result.
const BARE: &str = "schema: surefoot/v1
title: A bare runbook
service: shop
owner: { team: shop }
escalation: [ { role: secondary, how: page the rota } ]
steps:
  - id: restart
    title: Restart it
    effect: change
    run: touch canary
    undo: { none: It runs as before. }
  - end: done
";

#[test]
fn what_a_drill_knows_nothing_of_is_said_so() {
    let sandbox = Sandbox::trusting(BARE);
    let book = sandbox.path("runbook.yaml").display().to_string();
    let mut walk = person(&sandbox, &["drill", &book]);
    walk.wait_for(PROMPT);
    walk.send("H\r");
    walk.wait_for("There is no hint for this question");
    walk.wait_for(PROMPT);
    walk.send("y\r");
    walk.wait_for("there is neither a result nor");
    walk.wait_for(PROMPT);
    assert!(!sandbox.path("canary").exists());
    walk.send("q\r");
    walk.wait();
}
