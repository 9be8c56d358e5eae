//! Texts that would steer a terminal, in everything that is shown: none of them reaches it.

use crate::sandbox::{Outcome, Sandbox};

/// What terminals obey, and what misleads the eye.
const PAYLOADS: [&str; 30] = [
    "\x1b[32mgood\x1b[0m",
    "\x1b[8mhidden\x1b[28m",
    "\x1b[2J\x1b[3J\x1b[H",
    "\x1b[4A\x1b[2K",
    "\x1b[2;2H",
    "\x1b[?1049h\x1b[?25l",
    "\x1b[?1000;1006h",
    "\x1b[200~y\x1b[201~",
    "\x1b[!p\x1bc",
    "\x1b(0lqqk\x0e\x0f",
    "\x1b[6n\x1b[c\x1b[>q\x1b[21t",
    "\x1b]2;production\x07",
    "\x1b]10;?\x1b\\",
    "\x1b]52;c;eWVz\x07",
    "\x1b]8;;javascript:void\x07here\x1b]8;;\x07",
    "\x1b]9;done\x07\x1b]777;notify;a;b\x07",
    "\x1bPq#0;2;0;0;0~\x1b\\",
    "\x1b_Ga=T;AAAA\x1b\\\x1b^x\x1b\\",
    "\x1b]0;never ended",
    "\x1b[1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1m",
    "\u{9b}31m\u{9d}0;x\u{9c}",
    "rm -rf x\recho ok  ",
    "bad\x08\x08\x08ok ",
    "\x07\x0b\x0c\x7f\x05",
    "user \u{202e}nimda",
    "\u{2066}turned\u{2069}\u{200f}",
    "ro\u{200b}ot\u{feff}\u{ad}\u{2060}",
    "a\u{e0062}\u{e006d}b",
    "\u{2028}\u{2029}\u{85}",
    "r\u{200d}m\u{3164}\u{ffa0}",
];

/// Everything in it is to be read, and nothing to be obeyed.
#[track_caller]
fn assert_harmless(what: &str, text: &str) {
    let mut before = ' ';
    for c in text.chars() {
        let acts = c.is_control() && c != '\n';
        let hides = matches!(c,
            '\u{ad}' | '\u{3164}' | '\u{ffa0}' | '\u{feff}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{e0000}'..='\u{e0fff}');
        let joins = matches!(c, '\u{200c}' | '\u{200d}') && before.is_ascii();
        assert!(!acts && !hides && !joins, "{what} shows {c:?}: {text:?}");
        before = c;
    }
}

#[track_caller]
fn assert_both_harmless(what: &str, outcome: &Outcome) {
    assert_harmless(what, &outcome.stdout);
    assert_harmless(what, &outcome.stderr);
}

/// Each payload a line, as a program might print it.
fn printed() -> String {
    PAYLOADS.map(|payload| format!("{payload}\n")).concat()
}

#[test]
fn what_a_command_prints_steers_no_terminal_wherever_it_is_shown() {
    let sandbox = Sandbox::new();
    sandbox.file("payloads", printed()).file("answers.yaml", "tell: done\n").file(
        "runbook.yaml",
        "schema: surefoot/v1
title: Hostile output
service: shop
inputs: { folder: { type: path } }
steps:
  - id: look
    title: Look
    effect: read
    run: cat {{folder}}/payloads; cat {{folder}}/payloads >&2
    capture: said
    findings: [ { when: 'true', say: 'It says {{said}}', severity: warning } ]
  - id: hand_on
    title: 'Hand it on'
    effect: change
    run: [printf, '%s', '{{said}}']
    undo: echo {{said}}
  - id: tell
    title: 'It is {{said}}'
    do: 'Tell them {{said}}'
  - id: fail
    title: Fail
    effect: read
    run: cat {{folder}}/payloads; exit 3
    expect: 'stdout.contains(\"never\") && said == \"\"'
  - end: done
",
    );
    sandbox.trust("runbook.yaml");
    let folder = format!("folder={}", sandbox.path("").display());
    let walk = sandbox
        .surefoot(&["run", "runbook.yaml", "--yes", "change", "--answers", "answers.yaml"])
        .arguments(&["--set", &folder, "--format", "jsonl"])
        .run();
    assert_eq!(walk.code(), 4, "{}", walk.text());
    assert!(walk.stderr.contains("It says") && walk.stderr.contains("It is"), "{}", walk.stderr);
    assert_both_harmless("run", &walk);
    // The values are those of the journal, however they are written.
    let told: Vec<serde_json::Value> =
        walk.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let kept: Vec<serde_json::Value> =
        sandbox.journal().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(told, kept);
    for arguments in [
        &["log"][..],
        &["report"],
        &["report", "--format", "json"],
        &["history"],
        &["history", "--format", "json"],
        &["verify"],
        &["resume"],
    ] {
        let outcome = sandbox.surefoot(arguments).run();
        assert!(!outcome.stdout.is_empty() || !outcome.stderr.is_empty(), "{arguments:?}");
        assert_both_harmless(&arguments.join(" "), &outcome);
    }
}

#[test]
fn what_a_runbook_holds_steers_no_terminal_though_it_is_refused() {
    let sandbox = Sandbox::new();
    let head = "schema: surefoot/v1\ntitle: T\n";
    for payload in PAYLOADS {
        sandbox.file("runbook.yaml", format!("{head}summary: {payload}\nsteps:\n  - end: done\n"));
        assert_both_harmless("check", &sandbox.surefoot(&["check", "runbook.yaml"]).run());
    }
    let all = serde_json::to_string(&PAYLOADS.concat()).unwrap();
    for text in [
        format!("{head}service: {all}\nsteps:\n  - {{ do: {all} }}\n  - end: done\n"),
        format!("{head}{all}: 1\nsteps:\n  - {{ id: {all}, run: {all}, {all}: 2 }}\n"),
        format!(
            "{head}steps:\n  - {{ effect: read, run: {all}, capture: {all}, expect: {all} }}\n"
        ),
    ] {
        sandbox.file("runbook.yaml", text);
        for arguments in [
            &["check", "runbook.yaml"][..],
            &["check", "--format", "json", "runbook.yaml"],
            &["show", "runbook.yaml"],
            &["show", "--markdown", "runbook.yaml"],
            &["plan", "runbook.yaml"],
            &["trust", "--print", "runbook.yaml"],
        ] {
            let outcome = sandbox.surefoot(arguments).run();
            assert_ne!(outcome.code(), 0, "{arguments:?}");
            assert_both_harmless(&arguments.join(" "), &outcome);
        }
    }
}

#[test]
fn what_is_typed_on_the_command_line_steers_no_terminal() {
    let sandbox = Sandbox::trusting(crate::READS);
    for payload in PAYLOADS {
        let set = format!("{payload}=1");
        for arguments in [
            &["run", payload][..],
            &["run", "runbook.yaml", "--set", &set],
            &["run", "runbook.yaml", "--env", payload],
            &["log", payload],
            &["check", payload],
            &[payload],
        ] {
            let outcome = sandbox.surefoot(arguments).run();
            assert_ne!(outcome.code(), 0, "{arguments:?}");
            assert_both_harmless(&format!("{arguments:?}"), &outcome);
        }
    }
}
