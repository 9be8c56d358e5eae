//! How the tests of processes wait: for a condition, again and again, with a limit.

use std::time::Duration;

use super::moment::Moment;

/// How long anything may take, in milliseconds. Reached only by a test that fails.
const LIMIT: u64 = 30_000;

/// Whether something holds, by now or soon. Processes that other tests start at this moment hold all
/// descriptors of this one until they are what they are to be.
pub(super) fn eventually(mut holds: impl FnMut() -> bool) -> bool {
    let until = Moment::now().after_millis(LIMIT);
    while !holds() {
        if Moment::now() >= until {
            return false;
        }
        std::thread::park_timeout(Duration::from_millis(1));
    }
    true
}
