//! The program as a script or a person without a terminal meets it: statuses, streams, files.

#![expect(clippy::unwrap_used, reason = "clippy spares tests, not the helpers beside them")]

#[path = "../support/payloads.rs"]
mod payloads;
#[path = "../support/pty.rs"]
#[expect(dead_code, reason = "each test binary uses its own part of the harness")]
mod pty;
#[path = "../support/sandbox.rs"]
mod sandbox;
#[path = "../support/terminal_strings.rs"]
mod terminal_strings;

mod across;
mod alertmanager;
mod alerts;
mod alerts_check;
mod author;
mod background;
mod bad_runbooks;
mod catalogue;
mod check;
mod check_fix;
mod check_forms;
mod check_watch;
mod core_dumps;
mod display;
mod doctor;
mod drill;
mod ends;
mod game_day;
mod held;
mod hostile;
mod inputs;
mod insights;
mod listen;
mod looks;
mod offline;
mod past;
mod policy;
mod repositories;
mod run;
mod scenario_tests;
mod secrets;
mod signals;
mod sources;
mod storage;
mod streams;
mod team_records;
mod team_sync;
mod together;
mod trust;
mod trust_bypass;
mod usage;
mod used;
mod values;
mod versions;

/// A runbook that looks twice and is done.
const READS: &str = "\
schema: surefoot/v1
title: Two looks
service: shop
owner: { team: payments }
escalation: [ { role: secondary, how: page the rota } ]
steps:
  - id: first
    title: Look once
    effect: read
    run: echo one
  - id: second
    title: Look twice
    effect: read
    run: echo two
  - end: done
";

/// A runbook that changes something, outside the run's folder.
const CHANGES: &str = "\
schema: surefoot/v1
title: One change
service: shop
owner: { team: payments }
escalation: [ { role: secondary, how: page the rota } ]
steps:
  - id: alter
    title: Alter something
    effect: change
    run: echo altered >> \"$HOME/ledger\"
    verify: grep -q altered \"$HOME/ledger\"
    undo: echo undone >> \"$HOME/ledger\"
  - end: resolved
";

/// What the steps of [`CHANGES`] wrote.
fn ledger(sandbox: &sandbox::Sandbox) -> String {
    std::fs::read_to_string(sandbox.root().join("home/ledger")).unwrap_or_default()
}
