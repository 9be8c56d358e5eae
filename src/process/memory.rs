//! A limit on what this process holds in its memory.

use std::io;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// From now on this process holds at most so many bytes of data. Without memory a program of Rust
/// aborts: so ends this one, and not what else runs on the machine.
pub fn bound_memory(most: u64) -> io::Result<()> {
    let given = getrlimit(Resource::Data);
    let current = [given.current, given.maximum].into_iter().flatten().fold(most, u64::min);
    Ok(setrlimit(Resource::Data, Rlimit { current: Some(current), ..given })?)
}
