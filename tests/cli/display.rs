//! Texts that would steer a terminal, in everything that is shown: none of them reaches it.

use crate::sandbox::{Outcome, Sandbox};
use crate::terminal_strings::{STRINGS, assert_inert, texts};

#[track_caller]
fn assert_both_harmless(what: &str, outcome: &Outcome) {
    assert_inert(what, &outcome.stdout);
    assert_inert(what, &outcome.stderr);
}

/// Those that can be a value: no value holds a NUL.
fn values() -> impl Iterator<Item = (&'static str, &'static str)> {
    texts().filter(|(_, text)| !text.contains('\0'))
}

/// All of them, a line each.
fn together() -> String {
    values().map(|(_, text)| text).collect::<Vec<_>>().join("\n") + "\n"
}

/// Steps that print all of it, hand it on, ask about it, and fail over it.
const HOSTILE: &str = "schema: surefoot/v1
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
    run: cat {{folder}}/all; cat {{folder}}/all >&2; exit 3
    expect: 'stdout.contains(\"never\") && said == \"\"'
  - end: done";

#[test]
fn what_a_command_prints_steers_no_terminal_wherever_it_is_shown() {
    let sandbox = Sandbox::new();
    let all = STRINGS.map(|(_, bytes)| [bytes, b"\n"].concat()).concat();
    sandbox
        .file("payloads", together())
        .file("all", all)
        .file("answers.yaml", "tell: done\n")
        .file("runbook.yaml", HOSTILE);
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
    for (name, payload) in texts() {
        sandbox.file("runbook.yaml", format!("{head}summary: {payload}\nsteps:\n  - end: done\n"));
        assert_both_harmless(name, &sandbox.surefoot(&["check", "runbook.yaml"]).run());
    }
    let all = serde_json::to_string(&together()).unwrap();
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
            &["check", "--format", "sarif", "runbook.yaml"],
            &["check", "--format", "github", "runbook.yaml"],
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
    for (name, payload) in values() {
        let outcome = sandbox.surefoot(&["run", payload]).run();
        assert_ne!(outcome.code(), 0, "{name}");
        assert_both_harmless(name, &outcome);
    }
    let all = together();
    let set = format!("{all}=1");
    for arguments in [
        &["run", "runbook.yaml", "--set", &set][..],
        &["run", "runbook.yaml", "--env", &all],
        &["run", "runbook.yaml", "--alert", &all],
        &["log", &all],
        &["check", &all],
        &["check", "--format", "json", &all],
        &["show", &all],
        &["trust", &all],
        &[&all],
    ] {
        let outcome = sandbox.surefoot(arguments).run();
        assert_ne!(outcome.code(), 0, "{arguments:?}");
        assert_both_harmless(&format!("{arguments:?}"), &outcome);
    }
}

#[test]
fn a_record_that_somebody_else_wrote_steers_no_terminal() {
    let sandbox = Sandbox::trusting(crate::READS);
    assert_eq!(sandbox.surefoot(&["run", "runbook.yaml"]).run().code(), 0);
    let journal = sandbox.run().join("journal.jsonl");
    let text = std::fs::read_to_string(&journal).unwrap();
    let all = serde_json::to_string(&together()).unwrap();
    for (from, to) in
        [("\"Look once\"", all.as_str()), ("\"output/0001.log\"", &all), ("\"test\"", &all)]
    {
        std::fs::write(&journal, text.replace(from, to)).unwrap();
        for arguments in
            [&["log"][..], &["report"], &["verify"], &["verify", "--format", "json"], &["history"]]
        {
            let outcome = sandbox.surefoot(arguments).run();
            assert_both_harmless(&arguments.join(" "), &outcome);
        }
    }
}

#[test]
fn the_name_of_a_folder_turns_no_json_around() {
    let sandbox = Sandbox::new();
    let path = "a\u{202e}b/runbook.yaml";
    sandbox
        .file(path, crate::READS)
        .file("a\u{202e}b/surefoot.toml", "schema = \"surefoot-config/v1\"\n");
    std::fs::create_dir(sandbox.path("a\u{202e}b/.git")).unwrap();
    sandbox.trust(path);
    for arguments in [
        &["trust", "--list", "--format", "json"][..],
        &["policy", "explain", "--format", "json", path],
    ] {
        let outcome = sandbox.surefoot(arguments).run();
        assert_eq!(outcome.code(), 0, "{}", outcome.text());
        assert!(outcome.stdout.contains("\\u202e"), "{}", outcome.stdout);
        assert_both_harmless(&arguments.join(" "), &outcome);
    }
}
