//! Looking at runbooks and at past runs.

use crate::sandbox::{Sandbox, login, same};
use crate::{CHANGES, READS};

/// A place in which one run with a change went well.
fn after_a_run() -> Sandbox {
    let sandbox = Sandbox::trusting(CHANGES);
    let outcome = sandbox.surefoot(&["run", "runbook.yaml", "--yes", "change"]).run();
    assert_eq!(outcome.code(), 0, "{}", outcome.text());
    sandbox
}

#[test]
fn no_runs_is_no_error_but_nothing_to_look_at_is() {
    let sandbox = Sandbox::new();
    sandbox.surefoot(&["history"]).check(
        r"
        exit 0
        --- stdout
        No runs on this machine yet.
    ",
    );
    let json = sandbox.surefoot(&["history", "--format", "json"]).run();
    assert_eq!((json.code(), json.stdout.trim()), (0, "[]"));
    for command in ["log", "report", "verify", "resume"] {
        let outcome = sandbox.surefoot(&[command]).run();
        assert_eq!(outcome.code(), 2, "{}", outcome.text());
        assert_eq!(outcome.stdout, "");
    }
    assert!(!sandbox.state().exists(), "looking made folders");
}

#[test]
fn history_is_one_line_a_run_the_newest_first() {
    let sandbox = Sandbox::new();
    for number in 1..=6 {
        let name = format!("book{number}.yaml");
        sandbox.file(&name, READS.replace("Two looks", &format!("Look number {number}")));
        sandbox.trust(&name);
        assert_eq!(sandbox.surefoot(&["run", &name]).run().code(), 0);
    }
    let history = sandbox.surefoot(&["history"]).run();
    assert_eq!((history.code(), history.stderr.as_str()), (0, ""));
    let numbers: Vec<&str> = history
        .stdout
        .lines()
        .skip(1)
        .map(|line| line.split("Look number ").nth(1).unwrap().split(' ').next().unwrap())
        .collect();
    assert_eq!(numbers, ["6", "5", "4", "3", "2", "1"], "{}", history.stdout);
    let latest = sandbox.surefoot(&["log"]).run();
    assert!(latest.stdout.contains("Look number 6"), "{}", latest.stdout);
    let json = sandbox.surefoot(&["history", "--format", "json"]).run();
    let runs: Vec<serde_json::Value> = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(runs.len(), 6);
    assert_eq!(runs[0]["past"]["title"], "Look number 6");
}

#[test]
fn history_stands_in_columns() {
    let history = after_a_run().surefoot(&["history"]).run();
    let lines: Vec<&str> = history.stdout.lines().collect();
    let [names, run] = lines[..] else { panic!("{}", history.stdout) };
    let by = format!("{}@", login());
    for (name, value) in [("state", "resolved"), ("runbook", "One change"), ("by", &*by)] {
        assert_eq!(names.find(name), run.find(value), "{}", history.stdout);
    }
}

#[test]
fn a_log_is_a_timeline() {
    after_a_run().surefoot(&["log"]).check(
        r#"
        exit 0
        --- stdout
        TIME
        CLOCK     1  LOGIN@HOST  began shop/runbook, as incident: One change
        CLOCK     2  LOGIN@HOST  alter: Alter something
        CLOCK     3  LOGIN@HOST  #1 change, agreed by --yes change: echo altered >> "$HOME/ledger"
        CLOCK     4  LOGIN@HOST  #1 as expected, exit status 0, took TOOK
        CLOCK     5  LOGIN@HOST  #2 verification, read: grep -q altered "$HOME/ledger"
        CLOCK     6  LOGIN@HOST  #2 as expected, exit status 0, took TOOK
        CLOCK     7  LOGIN@HOST  alter: done
        CLOCK     8  LOGIN@HOST  main.2: End: resolved
        CLOCK     9  LOGIN@HOST  main.2: done
        CLOCK    10  LOGIN@HOST  finished: resolved
    "#,
    );
}

#[test]
fn a_log_as_json_is_the_journal() {
    let sandbox = after_a_run();
    let log = sandbox.surefoot(&["log", "--format", "json"]).run();
    assert_eq!((log.code(), log.stderr.as_str()), (0, ""));
    assert_eq!(log.stdout, sandbox.journal());
}

#[test]
fn a_report_is_a_document() {
    after_a_run().surefoot(&["report"]).check(r#"
        exit 0
        --- stdout
        # Run report: One change

        |  |  |
        | --- | --- |
        | Run | RUN |
        | Outcome | resolved |
        | Runbook | shop/runbook |
        | Version | not under version control |
        | Digest | DIGEST |
        | Mode | incident |
        | Responders | LOGIN@HOST (KNOWN) |
        | Started | TIME |
        | Last record | TIME |
        | Duration | TOOK |
        | To the first step | TOOK |
        | To the first decision | – |
        | To the first change | TOOK |
        | To the end | TOOK |
        | Commands | 1 read, 1 change, 0 destroy |

        There are none of: findings, decisions, gaps, notes, inputs and values.

        ## Open obligations

        - Undo Alter something, or decide to keep it.

        ## Changes

        | Command | Step | Effect | Where | Agreed | Result | Undo |
        | --- | --- | --- | --- | --- | --- | --- |
        | \#1 | Alter something | change | this machine | LOGIN@HOST: --yes change | as expected, exit status 0 | not undone |

        ## Steps

        | Step | Title | Status | Commands |
        | --- | --- | --- | --- |
        | alter | Alter something | done | \#1, \#2 |
        | main.2 | End: resolved | done |  |

        ## Timeline

        | When | Who | What | Evidence |
        | --- | --- | --- | --- |
        | TIME | LOGIN@HOST | began shop/runbook, as incident: One change |  |
        | CLOCK | LOGIN@HOST | alter: Alter something |  |
        | CLOCK | LOGIN@HOST | \#1 change, agreed by --yes change: echo altered &gt;&gt; "\$HOME/ledger" |  |
        | CLOCK | LOGIN@HOST | \#1 as expected, exit status 0, took TOOK |  |
        | CLOCK | LOGIN@HOST | \#2 verification, read: grep -q altered "\$HOME/ledger" |  |
        | CLOCK | LOGIN@HOST | \#2 as expected, exit status 0, took TOOK |  |
        | CLOCK | LOGIN@HOST | alter: done |  |
        | CLOCK | LOGIN@HOST | main.2: End: resolved |  |
        | CLOCK | LOGIN@HOST | main.2: done |  |
        | CLOCK | LOGIN@HOST | finished: resolved |  |

        ## Commands

        ### \#1 Alter something

        change, LOGIN@HOST: --yes change, started TIME; as expected, exit status 0. Took TOOK.

        ```sh
        echo altered >> "$HOME/ledger"
        ```

        Digest: DIGEST

        ### \#2 Alter something

        verification, read, LOGIN@HOST, not asked, started TIME; as expected, exit status 0. Took TOOK.

        ```sh
        grep -q altered "$HOME/ledger"
        ```

        Digest: DIGEST
    "#);
}

#[test]
fn a_report_as_json_holds_the_same() {
    let sandbox = after_a_run();
    let report = sandbox.surefoot(&["report", "--format", "json"]).run();
    assert_eq!((report.code(), report.stderr.as_str()), (0, ""));
    let report: serde_json::Value = serde_json::from_str(&report.stdout).unwrap();
    assert!(report.to_string().contains("Alter something"), "{report}");
}

#[test]
fn an_unchanged_record_is_verified() {
    after_a_run().surefoot(&["verify"]).check(
        r"
        exit 0
        --- stdout
        RUN: 10 records, unchanged as far as the chain can tell
        head DIGEST
        the run is over; not anchored
        0 of 0 outputs as recorded
    ",
    );
    let json = after_a_run().surefoot(&["verify", "--format", "json"]).run();
    assert_eq!((json.code(), json.stderr.as_str()), (0, ""));
    let verified: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(verified["finished"], true, "{verified}");
}

#[test]
fn any_unique_part_names_a_run() {
    let sandbox = after_a_run();
    let id = sandbox.run().file_name().unwrap().to_str().unwrap().to_owned();
    for part in [id.as_str(), &id[id.len() - 4..], "shop"] {
        let outcome = sandbox.surefoot(&["verify", part]).run();
        assert_eq!(outcome.code(), 0, "{part}: {}", outcome.text());
    }
    assert_eq!(sandbox.surefoot(&["run", "runbook.yaml", "--yes", "change"]).run().code(), 0);
    let several = sandbox.surefoot(&["verify", "shop"]).run();
    assert_eq!(several.code(), 2, "{}", several.text());
    assert!(several.stderr.contains(&id), "{}", several.stderr);
    for none in ["nothing-like-it", "../..", "", "/"] {
        let outcome = sandbox.surefoot(&["verify", none]).run();
        assert_eq!(outcome.code(), 2, "{none:?}: {}", outcome.text());
    }
}

/// The runbook of changes for reading.
const OUTLINE: &str = r#"
    exit 0
    --- stdout
    One change
      shop/runbook: 0 read, 1 change, 0 destroy
      owner   payments
      help    secondary: page the rota

     1  Alter something  [change]
        $ echo altered >> "$HOME/ledger"
        verify
        $ grep -q altered "$HOME/ledger"
        undo
        $ echo undone >> "$HOME/ledger"

     2  End: resolved
"#;

#[test]
fn a_plan_runs_nothing_and_asks_nothing() {
    let sandbox = Sandbox::new();
    sandbox.file("runbook.yaml", CHANGES);
    let plan = sandbox.surefoot(&["plan", "runbook.yaml"]).check(OUTLINE);
    assert_eq!(plan.stderr, "");
    assert_eq!(crate::ledger(&sandbox), "");
    assert!(!sandbox.state().exists());
}

#[test]
fn a_runbook_is_shown_for_reading() {
    let sandbox = Sandbox::new();
    sandbox.file(
        "runbook.yaml",
        CHANGES.replace("    verify:", "    why: Because it helps.\n    verify:"),
    );
    sandbox.surefoot(&["show", "runbook.yaml"]).check(OUTLINE);
    let why = sandbox.surefoot(&["show", "runbook.yaml", "--why"]).run();
    assert!(why.stdout.contains("Because it helps."), "{}", why.text());
    let markdown = sandbox.surefoot(&["show", "runbook.yaml", "--markdown"]).run();
    assert_eq!((markdown.code(), markdown.stderr.as_str()), (0, ""));
    same(
        markdown.stdout.lines().next().unwrap(),
        r"
        # One change
    ",
    );
    assert!(!sandbox.state().exists());
}

#[test]
fn a_plan_or_a_page_of_what_is_no_runbook_is_status_3() {
    let sandbox = Sandbox::new();
    sandbox.file("bad.yaml", READS.replace("effect: read", "effect: reed"));
    for command in ["plan", "show"] {
        for file in ["bad.yaml", "missing.yaml"] {
            let outcome = sandbox.surefoot(&[command, file]).run();
            assert_eq!(outcome.code(), 3, "{}", outcome.text());
        }
    }
}

#[test]
fn whoever_reads_a_runbook_sees_how_often_beside_what_and_for_how_long() {
    let sandbox = Sandbox::new();
    let steps = "  - id: each
    title: Restart it
    for_each: { in: [ db-1, db-2 ], as: host, parallel: 2, confirm: once, on_failure: continue }
    timebox: { after: 5m, say: It hangs, escalate: secondary }
    run: restart {{host}}
    verify: up {{host}}
    undo: { none: It is up again. }
    evidence: [ restart.log ]
  - title: At once
    effect: read
    parallel: 3
    steps:
      - { title: Look, run: ls, findings: [ { when: exit == 0, say: It is there., suggest: talk } ] }
      - { title: Look again, run: ls }
  - title: Talk
    steps:
      - { title: The tunnel, effect: read, run: tunnel, background: { ready: { output: 'listening on \\d+' }, timeout: 20s } }
      - id: talk
        title: Talk to it
        effect: read
        interactive: true
        run: console
        type_in: [ first, second ]
        approval: { role: secondary, why: It sees everything. }
  - end: done
";
    let head = crate::READS.split("  - id: first").next().unwrap();
    sandbox.file("runbook.yaml", format!("{head}{steps}"));
    let shown = sandbox.surefoot(&["show", "runbook.yaml"]).run().stdout;
    for line in [
        "each    host of db-1, db-2; 2 at once; agreed to at once; goes on after a failure",
        "limit   5m: It hangs (ask secondary)",
        "keeps   restart.log",
        "at once up to 3 of these",
        "finds   It is there. (when exit == 0), speaks for talk",
        r"stays   in the background until its group is left; ready when it says listening on \d+,",
        "agrees  secondary: It sees everything.",
        "typing  is yours: the command gets the terminal",
        "- second",
    ] {
        assert!(shown.contains(line), "no {line}:\n{shown}");
    }
}

#[test]
fn without_a_run_there_is_none_to_look_at() {
    let sandbox = Sandbox::new();
    for command in ["log", "report", "verify"] {
        let outcome = sandbox.surefoot(&[command]).run();
        assert_eq!(outcome.code(), 2, "{command}");
        assert_eq!(outcome.stderr, "error: there are no runs on this machine yet\n", "{command}");
    }
}
