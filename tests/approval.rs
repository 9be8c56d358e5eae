//! Agreement by SSH signatures: what is taken, what is not, and what a record is worth afterwards.
//! Keys, agents and lists are made in a temporary folder.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::print_stdout, reason = "a test that cannot be run says why")]
#![expect(clippy::disallowed_methods, reason = "keys are made and used by OpenSSH's programs")]

#[path = "support/pty.rs"]
#[expect(dead_code, reason = "each test binary uses its own part of the harness")]
mod pty;
#[path = "support/sandbox.rs"]
#[expect(dead_code, reason = "each test binary uses its own part of the harness")]
mod sandbox;

#[path = "approval/answers.rs"]
mod answers;
#[path = "approval/branches.rs"]
mod branches;
#[path = "approval/keys.rs"]
mod keys;
#[path = "approval/people.rs"]
mod people;
#[path = "approval/records.rs"]
mod records;
#[path = "approval/settings.rs"]
mod settings;
