//! Values, files and folders of somebody who wants his own program to run, or a secret to be seen.

use std::fs;

use crate::sandbox::{Outcome, Sandbox};

const HEAD: &str = "schema: surefoot/v1\ntitle: Hostile\nservice: shop\n";

/// Runs steps with an input `value` that would make the file `fired` if anything ran it.
fn run(sandbox: &Sandbox, targets: &str, steps: &str) -> Outcome {
    let inputs = "inputs: { value: { type: string } }\n";
    sandbox.file("runbook.yaml", format!("{HEAD}{inputs}{targets}steps:\n{steps}  - end: done\n"));
    sandbox.surefoot(&["run", "runbook.yaml", "--set", "value=$(touch \"$HOME/fired\")"]).run()
}

#[test]
fn no_value_is_part_of_a_program_among_the_words_of_a_list_or_a_prefix() {
    for (targets, run_) in [
        ("", "[sh, -c, 'echo {{value}}']"),
        ("", "[ssh, db, 'echo {{value}}']"),
        ("", "['{{value}}']"),
        (
            "targets: { box: { prefix: [sh, -c, 'echo {{value}}; exec sh -s'] } }\ntarget: box\n",
            "[id]",
        ),
        ("targets: { box: { prefix: ['{{value}}'] } }\ntarget: box\n", "[id]"),
        // What is shown would not be what runs: `sh -c id -u` runs `id`.
        ("targets: { box: { prefix: [sh, -c] } }\ntarget: box\n", "[id, -u]"),
    ] {
        let sandbox = Sandbox::new();
        let step = format!("  - title: Look\n    effect: read\n    run: {run_}\n");
        let outcome = run(&sandbox, targets, &step);
        assert_eq!(outcome.code(), 3, "{run_} {targets}: {}", outcome.text());
        assert!(outcome.stderr.contains("[unsafe-position]"), "{}", outcome.stderr);
        assert!(!sandbox.root().join("home/fired").exists(), "{run_} {targets}");
    }
}

#[test]
fn no_secret_is_a_word_of_a_prefix() {
    let sandbox = Sandbox::new();
    sandbox.file(
        "runbook.yaml",
        format!(
            "{HEAD}inputs: {{ token: {{ type: string, secret: true, from: {{ env: T }} }} }}
targets: {{ box: {{ prefix: [env, 'TOKEN={{{{token}}}}'] }} }}
target: box
steps:
  - title: Look
    effect: read
    run: [id]
  - end: done
"
        ),
    );
    let outcome = sandbox.surefoot(&["check", "runbook.yaml"]).run();
    assert_eq!(outcome.code(), 3, "{}", outcome.text());
    assert!(outcome.text().contains("[secret-argument]"), "{}", outcome.text());
}

#[test]
fn no_value_is_an_option_of_a_prefix_or_a_list() {
    for (targets, run_) in [
        ("targets: { box: { prefix: [env, '{{option}}'] } }\ntarget: box\n", "[id]"),
        ("", "[id, '{{option}}']"),
        // The braces of a choice do not hide where the word begins.
        ("", "[id, '{{#if option}}{{option}}{{/if}}']"),
    ] {
        let sandbox = Sandbox::new();
        let captures = "  - title: Capture\n    effect: read\n    target: here\n    run: echo --help\n    capture: option\n";
        let step = format!("{captures}  - title: Look\n    effect: read\n    run: {run_}\n");
        let steps = format!("{HEAD}{targets}steps:\n{step}  - end: done\n");
        sandbox.file("runbook.yaml", steps);
        sandbox.trust("runbook.yaml");
        let outcome = sandbox.surefoot(&["run", "runbook.yaml"]).run();
        assert_ne!(outcome.code(), 0, "{}", outcome.text());
        let started = sandbox.events_of("attempt_started");
        assert_eq!(started.len(), 1, "{run_} {targets}: {started:?}");
    }
}

#[test]
fn a_secret_that_turns_up_in_an_open_capture_is_no_argument() {
    for use_ in ["/bin/echo {{said}}", "[echo, '{{said}}']"] {
        let sandbox = Sandbox::trusting(&format!(
            "{HEAD}inputs: {{ token: {{ type: string, secret: true, from: {{ env: T }} }} }}
steps:
  - title: Print it
    effect: read
    env: {{ TOKEN: '{{{{token}}}}' }}
    run: echo \"$TOKEN\"
    capture: said
  - title: Hand it on
    effect: read
    run: {use_}
  - end: done
"
        ));
        let outcome = sandbox.surefoot(&["run", "runbook.yaml"]).env("T", "hunter2-Zq9").run();
        assert_ne!(outcome.code(), 0, "{}", outcome.text());
        assert_eq!(sandbox.events_of("attempt_started").len(), 1, "{use_}");
    }
}

#[test]
fn resume_runs_and_reads_nothing_that_an_untrusted_runbook_names() {
    let fired = "touch \"$HOME/fired\"; echo hunter2-Zq9";
    let sandbox = Sandbox::trusting(&format!(
        "{HEAD}inputs: {{ token: {{ type: string, secret: true, from: {{ run: '{fired}' }} }} }}
steps:
  - id: question
    ask: Which?
    options: [ {{ id: one, label: One, end: done }} ]
  - title: Use it
    effect: read
    env: {{ TOKEN: '{{{{token}}}}' }}
    run: 'true'
  - end: done
"
    ));
    let outcome = sandbox.surefoot(&["run", "runbook.yaml"]).run();
    assert_eq!(outcome.code(), 4, "{}", outcome.text());
    let mark = sandbox.root().join("home/fired");
    fs::remove_file(&mark).expect("the trusted run took the secret");
    fs::remove_dir_all(sandbox.state().join("trust")).unwrap();
    let outcome = sandbox.surefoot(&["resume"]).run();
    assert!(!mark.exists(), "{}", outcome.text());
}

#[test]
fn a_program_that_the_runbook_brings_is_one_after_a_resume_too() {
    use std::os::unix::fs::PermissionsExt as _;
    let sandbox = Sandbox::new();
    sandbox.file("fix.sh", "#!/bin/sh\necho fixed\n");
    fs::set_permissions(sandbox.path("fix.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    sandbox.file("answers.yaml", "question: one\n").file(
        "runbook.yaml",
        format!(
            "{HEAD}steps:
  - id: question
    ask: Which?
    options: [ {{ id: one, label: One, goto: use_it }} ]
  - id: use_it
    title: Use it
    effect: read
    files: {{ fix: {{ from: fix.sh }} }}
    run: '{{{{files.fix}}}}'
  - end: done
"
        ),
    );
    sandbox.trust("runbook.yaml");
    let outcome = sandbox.surefoot(&["run", "runbook.yaml"]).run();
    assert_eq!(outcome.code(), 4, "{}", outcome.text());
    let outcome = sandbox.surefoot(&["resume", "--answers", "answers.yaml"]).run();
    assert_eq!(outcome.code(), 0, "{}", outcome.text());
    assert!(outcome.stderr.contains("fixed"), "{}", outcome.text());
}

#[test]
fn an_expectation_never_takes_a_part_of_an_output_for_the_whole() {
    for (bytes, code) in [(1000, 0), (2_000_000, 4)] {
        let sandbox = Sandbox::trusting(&format!(
            "{HEAD}steps:
  - title: Print much
    effect: change
    run: head -c {bytes} /dev/zero | tr '\\0' a
    expect: '!stdout.contains(\"b\")'
    undo: {{ none: It prints }}
  - end: done
"
        ));
        let outcome = sandbox.surefoot(&["run", "runbook.yaml", "--yes", "change"]).run();
        assert_eq!(outcome.code(), code, "{bytes}: {}", outcome.stderr.len());
    }
}

#[test]
fn nothing_changes_once_the_journal_is_gone() {
    let gone =
        ["rm ../journal.jsonl", "rm ../journal.jsonl; mkfifo ../journal.jsonl", "rm -r ../../*"];
    for damage in gone {
        let sandbox = Sandbox::trusting(&format!(
            "{HEAD}steps:
  - title: Harm
    effect: change
    run: {damage}
    undo: {{ none: It is gone }}
  - title: Change
    effect: change
    run: echo changed >> \"$HOME/ledger\"
    undo: {{ none: It is a ledger }}
  - end: done
"
        ));
        let outcome = sandbox.surefoot(&["run", "runbook.yaml", "--yes", "change"]).run();
        assert_eq!(outcome.code(), 7, "{damage}: {}", outcome.text());
        assert!(!sandbox.root().join("home/ledger").exists(), "{damage}");
    }
}
