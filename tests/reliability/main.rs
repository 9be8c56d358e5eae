//! The record under fire: deaths at any instant, system calls that fail, power cuts, changed bytes,
//! full disks, clocks that jump. `docs/reliability.md` says which guarantee each attack is about.
//!
//! Every attack has a short version, which is part of every `cargo test`, and a long one, which is
//! ignored there and run by `just reliability`. What needs root or a program that is missing says so
//! and is passed over.

#![expect(clippy::unwrap_used, reason = "clippy spares tests, not the helpers beside them")]
#![expect(clippy::disallowed_methods, reason = "processes are started, timed and killed here")]

#[path = "../support/sandbox.rs"]
#[expect(dead_code, reason = "each test binary uses its own part of the sandbox")]
mod sandbox;

mod bench;
mod families;
mod judge;
mod mounted;
mod trace;

mod bytes;
mod clocks;
mod faults;
mod full_disk;
mod kills;
mod output;
mod power_cuts;
mod read_only;
mod rivals;
mod table;
mod versions;
