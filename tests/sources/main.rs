//! Sources and their mirrors, with real repositories: what is fetched, what stays when something goes
//! wrong, and what a hostile remote cannot do.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests start programs, measure time, and fail by panicking"
)]

#[path = "../support/pty.rs"]
#[expect(dead_code, reason = "other tests use the rest of it")]
mod pty;
#[path = "../support/sandbox.rs"]
#[expect(dead_code, reason = "other tests use the rest of it")]
mod sandbox;
#[path = "../support/sshd.rs"]
#[expect(dead_code, reason = "other tests use the rest of it")]
mod sshd;

mod contents;
mod editing;
mod faults;
mod following;
mod found;
mod lists;
mod on_terminal;
mod over_ssh;
mod place;
mod trust;

/// A runbook that looks and is done.
const READS: &str = "\
schema: surefoot/v1
title: Look
service: shop
owner: { team: payments }
escalation: [ { role: secondary, how: page the rota } ]
steps:
  - id: first
    title: Look once
    effect: read
    run: echo one
  - end: done
";
