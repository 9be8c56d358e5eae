//! Programs that get the terminal, and the one who talks to them.

#![expect(clippy::unwrap_used, reason = "clippy spares tests, not the helpers beside them")]

#[path = "interactive/learning.rs"]
mod learning;
#[path = "interactive/led.rs"]
mod led;
#[path = "interactive/past.rs"]
mod past;
#[path = "interactive/picker.rs"]
mod picker;
#[path = "support/pty.rs"]
mod pty;
#[path = "support/sandbox.rs"]
#[expect(dead_code, reason = "each test binary uses its own part of the sandbox")]
mod sandbox;

use std::fs;

use pty::Session;
use rustix::process::Signal;
use sandbox::{PROGRAM, Sandbox};

const PROMPT: &str = "    > ";

const RUNBOOK: &str = "schema: surefoot/v1
title: A talk
service: shop
escalation: [ { role: secondary, how: page the rota } ]
inputs: INPUTS
steps:
  - id: talk
    title: Talk to it
    effect: read
    interactive: true
    run: COMMAND
MORE
  - end: done
";

/// Looks again and again, for a limited time.
fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let held = sandbox::eventually(|| holds().then_some(()));
    assert!(held.is_some(), "not in time: {what}");
}

/// A person at a terminal who is about to run the only command of a runbook.
struct Talk {
    sandbox: Sandbox,
    session: Session,
}

impl Talk {
    /// With a command, and more keys of its step.
    fn with(command: &str, more: &str) -> Self {
        let inputs = "{ db: { type: name, default: orders } }";
        Self::knowing(inputs, command, more, &[])
    }

    /// With inputs, too, and what they come from.
    fn knowing(inputs: &str, command: &str, more: &str, given: &[(&str, &str)]) -> Self {
        let sandbox = Sandbox::new();
        sandbox.file("talk.sh", command);
        let script = sandbox.path("talk.sh");
        let runbook = RUNBOOK
            .replace("INPUTS", inputs)
            .replace("COMMAND", &format!("sh {}", script.display()))
            .replace("MORE\n", more);
        sandbox.file("runbook.yaml", &runbook);
        sandbox.trust("runbook.yaml");
        let env = sandbox.environment();
        let mut env: Vec<(&str, &str)> =
            env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        env.retain(|(name, _)| *name != "TERM");
        env.extend([("TERM", "xterm"), ("NO_COLOR", "1")]);
        env.extend(given);
        let path = sandbox.path("runbook.yaml");
        let session = Session::start(PROGRAM, &["run", path.to_str().unwrap()], &env, 80);
        Self { sandbox, session }
    }

    /// Its command has begun.
    fn begun(command: &str, more: &str) -> Self {
        let mut talk = Self::with(command, more);
        talk.session.wait_for(PROMPT);
        talk.session.send("\r");
        talk.session.wait_for("Ctrl-] .");
        talk.session.wait_for("the program's, Ctrl-C too");
        talk
    }

    /// The command has ended and the walk is over.
    fn over(&mut self) {
        self.session.wait_for("Did it do what it should?");
        self.session.wait_for(PROMPT);
        assert!(self.session.echoes(), "the terminal is not as it was");
        self.session.send("\r");
        self.session.wait_for("What did you see?");
        self.session.send("all is well\r");
        self.session.wait_for("Done");
        assert_eq!(self.session.wait().code(), Some(0));
    }

    fn transcript(&self) -> String {
        fs::read_to_string(self.sandbox.run().join("output/0001.log")).unwrap()
    }

    fn end(&self) -> serde_json::Value {
        self.sandbox.events_of("attempt_ended")[0]["end"].clone()
    }
}

#[test]
fn a_program_is_talked_to_and_what_was_seen_is_recorded() {
    let mut talk =
        Talk::begun("printf 'name? '; read name; echo \"hello $name\"; printf bye; exit 4", "");
    talk.session.wait_for("name? ");
    talk.session.send("dana\r");
    talk.session.wait_for("hello dana");
    // What follows begins a line of its own, and the transcript is as the program wrote it.
    talk.session.wait_for("bye\r\n");
    // Its status is not judged: who talked to it says what was seen.
    talk.over();
    assert_eq!(talk.end()["code"], 4);
    assert_eq!(talk.sandbox.events_of("answered")[1]["answer"]["note"], "all is well");
    assert_eq!(talk.transcript(), "name? dana\r\nhello dana\r\nbye");
    let timing = talk.sandbox.run().join("output/0001.timing");
    assert!(fs::read_to_string(timing).unwrap().starts_with("O "));
}

#[test]
fn its_status_is_judged_where_the_author_asks() {
    let mut talk = Talk::begun("exit 4", "    expect: exit == 0\n");
    talk.session.wait_for("exit == 0");
    talk.session.wait_for(PROMPT);
    talk.session.send("q\r");
    assert_eq!(talk.session.wait().code(), Some(4));
}

#[test]
fn control_c_and_all_other_keys_are_the_programs() {
    // A raw program sees every byte; Ctrl-] twice is itself.
    let raw = "stty raw -echo; printf 'go\\r\\n'; head -c 5 | od -An -tx1; stty sane";
    let mut talk = Talk::begun(raw, "");
    talk.session.wait_for("go\r\n");
    talk.session.send("\x03\x1a\x1c\x1d\x1d\x7f");
    talk.session.wait_for("03 1a 1c 1d 7f");
    talk.over();
    // A program that leaves the keys to the terminal is interrupted, and nothing else is.
    // Some shells give up a `read` that is interrupted: it reads after that.
    let trapping = "trap 'heard=1; echo heard' INT; echo up; \
                    while [ -z \"$heard\" ]; do sleep 0.01; done; read x; echo \"then $x\"";
    let mut talk = Talk::begun(trapping, "");
    talk.session.wait_for("up\r\n");
    talk.session.send("\x03");
    talk.session.wait_for("heard");
    talk.session.send("on\r");
    talk.session.wait_for("then on");
    talk.over();
    assert_eq!(talk.end()["end"], "exited");
}

#[test]
fn the_window_has_the_size_of_the_terminal_and_follows_it() {
    let mut talk = Talk::begun(
        "stty size; trap 'stty size; exit' WINCH; echo waiting; while :; do sleep 0.01; done",
        "",
    );
    talk.session.wait_for("50 80");
    talk.session.wait_for("waiting");
    talk.session.resize(60);
    talk.session.wait_for("50 60");
    talk.over();
}

#[test]
fn prepared_lines_are_typed_when_asked_for_and_entered_by_the_person() {
    let mut talk = Talk::with(
        "while printf '> ' && read line; do echo \"<$line>\"; done",
        "    type_in: [ 'use {{db}}', second ]\n",
    );
    talk.session.wait_for(PROMPT);
    talk.session.send("\r");
    talk.session.wait_for("1  use orders");
    talk.session.wait_for("2  second");
    talk.session.wait_for("> ");
    talk.session.send("\x1dt");
    talk.session.wait_for("use orders");
    talk.session.send(" now\r");
    talk.session.wait_for("<use orders now>");
    talk.session.send("\x1dt\r");
    talk.session.wait_for("<second>");
    talk.session.send("\x1dt");
    talk.session.wait_for("[no line is left to be typed]");
    talk.session.send("\x04");
    talk.over();
}

#[test]
fn a_program_that_hears_nothing_is_stopped_and_then_killed() {
    let mut talk = Talk::begun(
        "trap '' INT TERM HUP; stty raw -echo; echo deaf; while :; do sleep 1000; done",
        "",
    );
    talk.session.wait_for("deaf");
    talk.session.send("\x03\x1d.");
    talk.session.wait_for("[stopping it; Ctrl-] . again kills it at once]");
    talk.session.send("\x1d.");
    talk.session.wait_for("stopped by you, ended by SIGKILL");
    talk.session.wait_for(PROMPT);
    assert!(talk.session.echoes());
    talk.session.send("q\r");
    assert_eq!(talk.session.wait().code(), Some(4));
    assert_eq!(talk.end()["signal"], 9);
}

#[test]
fn the_screen_that_a_killed_program_left_is_put_right() {
    let mut talk = Talk::begun("printf '\\033[?1049h\\033[?25l'; echo drawn; exec sleep 1000", "");
    talk.session.wait_for("drawn");
    talk.session.send("\x1d.");
    talk.session.wait_for("\u{1b}[?25h\u{1b}[?1049l");
    talk.session.wait_for(PROMPT);
    talk.session.send("q\r");
    assert_eq!(talk.session.wait().code(), Some(4));
}

#[test]
fn the_terminal_is_as_it_was_when_the_walk_is_killed() {
    let mut talk = Talk::begun("stty raw -echo; echo up; exec sleep 1000", "");
    talk.session.wait_for("up");
    assert!(!talk.session.echoes(), "the terminal was never lent");
    talk.session.signal(Signal::KILL);
    eventually("the supervisor gives the terminal back", || talk.session.echoes());
    // Nobody is there to talk to the program: it is stopped, and that is written down.
    let ends = talk.sandbox.run().join("ends.jsonl");
    eventually("its end is written", || {
        fs::read_to_string(&ends).is_ok_and(|text| text.contains("interrupted"))
    });
}

#[test]
fn the_terminal_is_as_it_was_when_the_supervisor_is_killed() {
    let mut talk = Talk::begun("echo \"up $PPID.\"; exec sleep 1000", "");
    talk.session.wait_for("up ");
    let log = String::from_utf8_lossy(&talk.session.log()).into_owned();
    let pid = log.rsplit("up ").next().and_then(|rest| rest.split('.').next());
    let pid = pid.and_then(|pid| pid.parse().ok()).and_then(rustix::process::Pid::from_raw);
    // The command's parent is its supervisor.
    rustix::process::kill_process(pid.unwrap(), Signal::KILL).unwrap();
    eventually("the walk takes the terminal back", || talk.session.echoes());
}

#[test]
fn a_transcript_holds_no_secret() {
    let mut talk = Talk::knowing(
        "{ token: { type: string, secret: true, from: { env: TOKEN } } }",
        "echo \"have $KEY\"; read line; echo \"read $line\"",
        "    env: { KEY: '{{token}}' }\n    type_in: [ 'login {{token}}' ]\n",
        &[("TOKEN", "horse battery staple")],
    );
    talk.session.wait_for(PROMPT);
    talk.session.send("\r");
    talk.session.wait_for("login ${SF_token}");
    talk.session.wait_for("have ***");
    talk.session.send("\x1dt");
    talk.session.wait_for("login ***");
    talk.session.send("\r");
    talk.session.wait_for("read login ***");
    talk.over();
    assert_eq!(talk.transcript(), "have ***\r\nlogin ***\r\nread login ***\r\n");
    for (path, bytes) in talk.sandbox.state_files() {
        let secret = b"horse battery staple";
        let found = bytes.windows(secret.len()).any(|window| window == secret);
        assert!(!found, "{} holds the secret", path.display());
    }
}

#[test]
fn a_secret_that_comes_slowly_is_hidden_on_the_screen_too() {
    let mut talk = Talk::knowing(
        "{ token: { type: string, secret: true, from: { env: TOKEN } } }",
        "stty -echo -icanon; printf 'have horse bat'; head -c 1 >/dev/null; printf 'tery staple\\n'",
        "    env: { KEY: '{{token}}' }\n",
        &[("TOKEN", "horse battery staple")],
    );
    talk.session.wait_for(PROMPT);
    talk.session.send("\r");
    // The program waits, and who looks on sees where it does; the rest comes when it goes on.
    talk.session.wait_for("have ho");
    talk.session.send("x");
    talk.session.wait_for("***");
    talk.over();
    assert!(talk.session.screen().contains("have ho***"), "{}", talk.session.screen());
    assert_eq!(talk.transcript(), "have ***\r\n");
}

#[test]
fn without_a_terminal_it_is_not_started_and_needs_a_person() {
    let mut talk = Talk::with("touch \"$HOME/started\"", "");
    talk.session.hang_up();
    // Until it has ended it holds the name that both walks lock.
    talk.session.wait();
    let run = talk.sandbox.surefoot(&["run", "runbook.yaml", "--auto", "read"]).run();
    assert_eq!(run.code(), 4, "{}", run.text());
    assert!(!talk.sandbox.root().join("home/started").exists());
}

#[test]
fn evidence_is_kept_and_said() {
    let mut talk = Talk::begun("echo traced > trace.txt", "    evidence: [ trace.txt ]\n");
    talk.session.wait_for("kept trace.txt, 7 bytes, as evidence/0001-trace.txt");
    talk.over();
    let kept = talk.sandbox.run().join("evidence/0001-trace.txt");
    assert_eq!(fs::read_to_string(&kept).unwrap(), "traced\n");
    let verify = |talk: &Talk| talk.sandbox.surefoot(&["verify"]).run();
    assert_eq!(verify(&talk).code(), 0, "{}", verify(&talk).text());
    fs::write(&kept, "forged\n").unwrap();
    assert_eq!(verify(&talk).code(), 10, "{}", verify(&talk).text());
}
