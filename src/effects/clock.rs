//! The clocks of the system.

use jiff::Timestamp;

use crate::session::Clock;

/// What time it is, from the system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock that all others are given")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn monotonic(&self) -> f64 {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        let duration = std::time::Duration::new(
            u64::try_from(time.tv_sec).unwrap_or(0),
            u32::try_from(time.tv_nsec).unwrap_or(0),
        );
        duration.as_secs_f64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_monotonic_clock_never_goes_back() {
        let clock = SystemClock;
        let readings: Vec<f64> = (0..1000).map(|_| clock.monotonic()).collect();
        assert!(readings.is_sorted() && readings[0] > 0.0);
    }
}
