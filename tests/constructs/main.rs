//! What real runbooks are made of, walked from end to end with the real program. `README.md` beside
//! this says which test walks which construct.

#![expect(clippy::unwrap_used, reason = "clippy spares tests, not the helpers beside them")]

#[path = "../support/pty.rs"]
#[expect(dead_code, reason = "each test binary uses its own part of the harness")]
mod pty;
#[path = "../support/sandbox.rs"]
#[expect(dead_code, reason = "each test binary uses its own part of the sandbox")]
mod sandbox;

mod answered;
mod by_hand;
mod table;
