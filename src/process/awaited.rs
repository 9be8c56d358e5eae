//! How the tests of processes wait: for a condition, again and again, with a limit.

use std::time::{Duration, Instant};

/// Reached only by a test that fails.
const LIMIT: Duration = Duration::from_secs(30);

/// Whether something holds, by now or soon. Processes that other tests start at this moment hold all
/// descriptors of this one until they are what they are to be.
pub(super) fn eventually(mut holds: impl FnMut() -> bool) -> bool {
    let began = Instant::now();
    while !holds() {
        if began.elapsed() > LIMIT {
            return false;
        }
        std::thread::park_timeout(Duration::from_millis(1));
    }
    true
}
