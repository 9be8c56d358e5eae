//! The clocks of the system.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rustix::time::{ClockId, clock_gettime};

use crate::session::Clock;

/// What time it is: the wall clock as it was when this one was started, moved on by a clock that
/// nobody sets. So waits, limits and the order of times are true though the wall clock jumps.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    began: Timestamp,
    awake: Duration,
}

impl SystemClock {
    /// A clock that shows the time of the machine, now.
    #[expect(clippy::disallowed_methods, reason = "this is the clock that all others are given")]
    pub fn start() -> Self {
        Self { began: Timestamp::now(), awake: read(STEADY) }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let passed = read(STEADY).saturating_sub(self.awake);
        let passed = SignedDuration::try_from(passed).unwrap_or(SignedDuration::MAX);
        self.began.checked_add(passed).unwrap_or(Timestamp::MAX)
    }

    fn monotonic(&self) -> f64 {
        read(ClockId::Monotonic).as_secs_f64()
    }
}

/// A machine that sleeps lets time pass all the same: who waits for ten minutes waits for those of
/// the world.
#[cfg(target_os = "linux")]
const STEADY: ClockId = ClockId::Boottime;
#[cfg(not(target_os = "linux"))]
const STEADY: ClockId = ClockId::Monotonic;

fn read(clock: ClockId) -> Duration {
    let time = clock_gettime(clock);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_monotonic_clock_never_goes_back() {
        let clock = SystemClock::start();
        let readings: Vec<f64> = (0..1000).map(|_| clock.monotonic()).collect();
        assert!(readings.is_sorted() && readings[0] > 0.0);
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "it is compared with the clock of the machine")]
    fn the_time_is_that_of_the_machine_when_it_was_started() {
        let before = Timestamp::now();
        let clock = SystemClock::start();
        let first = clock.now();
        assert!(before <= first && first.duration_since(before).as_secs() < 60, "{first}");
        assert!(first <= clock.now());
    }
}
