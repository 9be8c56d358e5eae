//! The picker: what is seen, what keys do, and that the terminal is as it was afterwards.

use rustix::process::Signal;

use crate::eventually;
use crate::pty::Session;
use crate::sandbox::{PROGRAM, Sandbox};

const RUNBOOK: &str = "schema: surefoot/v1
title: TITLE
summary: SUMMARY
service: shop
owner: { team: payments }
escalation: [ { role: secondary, how: page the rota } ]
steps:
  - { id: look, effect: read, run: echo looked }
  - { end: done }
";

/// The program alone, on a terminal, where runbooks are known.
fn started(columns: u16, given: &[(&str, &str)]) -> (Sandbox, Session) {
    let sandbox = Sandbox::new();
    for (name, title) in [
        ("disk-full", "The disk is full"),
        ("evil", "Evil \x1b[2J\x1b]0;title\x07"),
        ("redis-slow", "Redis is slow"),
    ] {
        let text = RUNBOOK.replace("TITLE", title).replace("SUMMARY", "What it means");
        sandbox.file(&format!("runbooks/{name}.yaml"), text);
    }
    let session = start(&sandbox, columns, given);
    (sandbox, session)
}

fn start(sandbox: &Sandbox, columns: u16, given: &[(&str, &str)]) -> Session {
    let script = format!("cd {} && exec {PROGRAM}", sandbox.path("").display());
    start_script(sandbox, &script, columns, given)
}

fn start_script(sandbox: &Sandbox, script: &str, columns: u16, given: &[(&str, &str)]) -> Session {
    let env = sandbox.environment();
    let mut env: Vec<(&str, &str)> =
        env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    env.retain(|(name, _)| *name != "TERM");
    env.extend([("TERM", "xterm"), ("NO_COLOR", "1")]);
    env.retain(|(name, _)| given.iter().all(|(other, _)| name != other));
    env.extend(given);
    Session::start("/bin/sh", &["-c", script], &env, columns)
}

/// Waits until the screen is so.
fn until(session: &Session, what: &str, holds: impl Fn(&str) -> bool) {
    eventually(&format!("{what}, on\n{}", session.screen()), || holds(&session.screen()));
}

#[test]
fn typing_narrows_the_list_and_enter_walks() {
    let (sandbox, mut session) = started(80, &[]);
    session.wait_for("shop/disk-full");
    session.wait_for("leave");
    session.send("\x1b[B");
    until(&session, "a preview", |screen| {
        screen.contains("1 read, 0 change, 0 destroy")
            && screen.contains("owner payments")
            && screen.contains("What it means")
    });
    session.send("rdsl");
    until(&session, "one line", |screen| {
        screen.contains("1 of ") && !screen.contains("shop/disk-full")
    });
    session.send("\r");
    session.wait_for("surefoot run shop/redis-slow");
    session.wait_for("    > ");
    assert!(session.echoes(), "the terminal is not as it was");
    session.send("q\r");
    assert_eq!(session.wait().code(), Some(4));
    // A run that waits to be gone on with is offered first.
    let mut session = start(&sandbox, 80, &[]);
    session.wait_for("resume Redis is slow");
    session.send("\x1b");
    assert_eq!(session.wait().code(), Some(0));
}

#[test]
fn a_drill_that_was_left_is_nothing_to_go_on_with() {
    let (sandbox, mut picker) = started(80, &[]);
    picker.wait_for("leave");
    picker.send("\x1b");
    picker.wait();
    let script = format!("cd {} && exec {PROGRAM} drill redis-slow", sandbox.path("").display());
    let mut drill = start_script(&sandbox, &script, 80, &[]);
    drill.wait_for("    > ");
    drill.send("q\r");
    drill.wait();
    assert_eq!(sandbox.runs().len(), 1, "{}", drill.screen());
    let mut picker = start(&sandbox, 80, &[]);
    picker.wait_for("3 of 3");
    // It is not offered, and the runbook is not what was walked lately.
    until(&picker, "runbooks in their order", |screen| {
        screen.contains("▸ evil") && !screen.contains("resume")
    });
    picker.send("redis");
    until(&picker, "the runbook alone", |screen| {
        screen.contains("1 of 3") && screen.contains("▸ shop/redis-slow")
    });
    picker.send("\x1b");
    assert_eq!(picker.wait().code(), Some(0));
}

/// Keeps an alert as `listen` does, `seconds` after the first.
fn fires(sandbox: &Sandbox, labels: &str, seconds: u32) -> String {
    let alerts = sandbox.state().join("alerts");
    std::fs::create_dir_all(&alerts).unwrap();
    let text = format!(
        r#"{{ "format": "surefoot-alert/1", "labels": {{ {labels} }}, "annotations": {{}},
            "suppressed": false, "since": null, "generator": null,
            "heard": "2126-03-01T02:34:{seconds:02}Z" }}"#
    );
    // Names and values in the order of the names, each with a byte behind it that no text has.
    let bytes = labels.split('"').skip(1).step_by(2).flat_map(|it| it.bytes().chain([0xff]));
    let digest = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| {
        (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let fingerprint = format!("{digest:016x}");
    std::fs::write(alerts.join(format!("{fingerprint}.json")), text).unwrap();
    fingerprint
}

/// A runbook that answers an alert and takes the host from it.
fn answers_disk_full(sandbox: &Sandbox) {
    let answers =
        "alerts: [ { match: [ 'alertname=\"DiskFull\"' ], inputs: { host: labels.host } } ]
inputs: { host: { type: host } }
steps:";
    let runbook = RUNBOOK.replace("TITLE", "The disk is full").replace("SUMMARY", "What it means");
    sandbox.file("runbooks/disk-full.yaml", runbook.replace("steps:", answers));
}

#[test]
fn an_alert_that_fires_is_offered_with_its_runbook_and_inputs() {
    let sandbox = Sandbox::new();
    answers_disk_full(&sandbox);
    let fingerprint = fires(&sandbox, r#""alertname": "DiskFull", "host": "web1""#, 0);
    assert_eq!(fingerprint, "295aba69848db417");
    let mut session = start(&sandbox, 100, &[]);
    until(&session, "the alert first, and what it fills", |screen| {
        screen.contains("DiskFull") && screen.contains("host = web1") && screen.contains("because")
    });
    session.send("\r");
    session.wait_for(&format!("--alert {fingerprint}"));
    session.wait_for("web1 (from the alert)");
    session.wait_for("    > ");
    session.send("q\r");
    assert_eq!(session.wait().code(), Some(4));
}

#[test]
fn in_a_storm_of_alerts_those_with_a_runbook_come_first_and_all_are_found() {
    let sandbox = Sandbox::new();
    answers_disk_full(&sandbox);
    for host in ["web1", "web2"] {
        fires(&sandbox, &format!(r#""alertname": "DiskFull", "host": "{host}""#), 0);
    }
    for number in 10..20 {
        fires(&sandbox, &format!(r#""alertname": "Noise", "number": "{number}""#), number);
    }
    let mut session = start(&sandbox, 100, &[]);
    until(&session, "two that are answered, told apart", |screen| {
        let lines: Vec<&str> = screen.lines().skip(1).take(3).collect();
        lines.len() == 3
            && lines[..2].iter().all(|line| line.contains("(firing) shop/disk-full"))
            && lines[..2].iter().any(|line| line.contains("host=web1"))
            && lines[..2].iter().any(|line| line.contains("host=web2"))
            && lines[2].contains("number=19")
    });
    session.send("noise12");
    until(&session, "one that is not among the first", |screen| {
        screen.contains("▸ Noise  (firing) no runbook answers it  number=12")
    });
    session.send("\x1b");
    assert_eq!(session.wait().code(), Some(0));
}

#[test]
fn every_way_out_leaves_the_terminal_as_it_was() {
    for (keys, code) in [("\x1b", 0), ("\x04", 0), ("\x03", 130), ("zz\x1b", 0)] {
        let (_sandbox, mut session) = started(80, &[]);
        let before = session.modes();
        session.wait_for("leave");
        session.send(keys);
        assert_eq!(session.wait().code(), Some(code), "{keys:?}");
        assert_eq!(session.modes(), before, "{keys:?}");
        assert_eq!(session.screen().trim(), "", "{keys:?}");
    }
}

#[test]
fn there_is_no_other_screen_and_no_hidden_cursor_to_be_left_by_a_kill() {
    let (_sandbox, mut session) = started(80, &[]);
    session.wait_for("leave");
    session.signal(Signal::KILL);
    session.wait();
    let log = String::from_utf8_lossy(&session.log()).into_owned();
    assert!(!log.contains("\x1b[?"), "{log:?}");
}

#[test]
fn a_hostile_title_does_nothing_to_the_terminal() {
    let (_sandbox, mut session) = started(80, &[]);
    session.wait_for("leave");
    session.send("evil");
    until(&session, "the title", |screen| screen.contains("Evil \\x1b[2J\\x1b]0;title\\x07"));
    let log = session.log();
    assert!(!log.contains(&7) && !log.windows(4).any(|it| it == b"\x1b[2J"));
    session.send("\x1b");
    session.wait();
}

#[test]
fn tab_shows() {
    let (_sandbox, mut session) = started(80, &[]);
    session.wait_for("leave");
    session.send("\x1b[B\x1b[B\t");
    session.wait_for("surefoot show shop/redis-slow");
    session.wait_for("echo looked");
    assert_eq!(session.wait().code(), Some(0));
}

#[test]
fn a_smaller_terminal_is_drawn_anew() {
    let (_sandbox, mut session) = started(100, &[]);
    session.wait_for("leave");
    session.resize(40);
    session.wait_for("leave");
    session.send("full");
    until(&session, "a narrow frame", |screen| {
        screen.contains("shop/disk-full") && screen.lines().all(|line| line.chars().count() < 40)
    });
    session.send("\x1b");
    assert_eq!(session.wait().code(), Some(0));
}

#[test]
fn where_nobody_can_choose_there_is_a_list() {
    let (_sandbox, mut session) = started(100, &[("TERM", "dumb")]);
    session.wait_for("shop/disk-full");
    session.wait_for("hint:");
    assert_eq!(session.wait().code(), Some(0));
    let (_sandbox, mut session) = started(15, &[]);
    session.wait_for("hint:");
    assert_eq!(session.wait().code(), Some(0));
}
