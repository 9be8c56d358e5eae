//! Keeps what a process holds in its memory out of core dumps, and out of the sight of the user's other
//! processes, from the moment it holds a secret. What it starts is not concerned: commands have the
//! limits that the responder has.

use std::io;
use std::sync::OnceLock;

use rustix::process::{
    DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit,
};

/// The limit of core dumps that this process was given.
static GIVEN: OnceLock<Rlimit> = OnceLock::new();

/// From now on no core dump of this process is written, and only the superuser looks into its memory
/// and its environment.
pub fn keep_from_dumps() -> io::Result<()> {
    // The limit alone does not hold where the system hands dumps to a program; the flag does.
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    let given = *GIVEN.get_or_init(|| getrlimit(Resource::Core));
    set(&Rlimit { current: Some(0), ..given })
}

/// Starts something with the limit that this process was given: limits are inherited, the flag is not.
pub(super) fn with_given_limit<T>(start: impl FnOnce() -> T) -> T {
    let Some(given) = GIVEN.get() else {
        return start();
    };
    // It never was above the hard limit, so it can always be had again.
    let _ = set(given);
    let started = start();
    let _ = set(&Rlimit { current: Some(0), ..*given });
    started
}

fn set(limit: &Rlimit) -> io::Result<()> {
    Ok(setrlimit(Resource::Core, *limit)?)
}
