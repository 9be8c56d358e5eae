//! The time of a rehearsal. In a test it jumps to the next moment at which something happens; a
//! drill may let it pass as it does outside, or faster.

use std::cell::Cell;

use jiff::{SignedDuration, Timestamp};

use crate::session::Clock;

/// A clock that whoever waits can let run on.
pub trait Time: Clock {
    /// Lets time pass until a moment. It may return earlier, so that somebody can look at a
    /// terminal: what time it is then says the clock.
    fn pass(&self, until: Timestamp);
}

/// Time that passes at once, and only when somebody waits. Equal walks have equal times.
#[derive(Debug)]
pub struct SimulatedClock {
    began: Timestamp,
    now: Cell<Timestamp>,
}

impl SimulatedClock {
    /// A clock that shows this moment.
    pub fn at(began: Timestamp) -> Self {
        Self { began, now: Cell::new(began) }
    }
}

impl Clock for SimulatedClock {
    fn now(&self) -> Timestamp {
        self.now.get()
    }

    fn monotonic(&self) -> f64 {
        self.now.get().duration_since(self.began).as_secs_f64()
    }
}

impl Time for SimulatedClock {
    fn pass(&self, until: Timestamp) {
        self.now.set(self.now.get().max(until));
    }
}

/// A moment so many milliseconds after another.
pub(super) fn later(at: Timestamp, millis: u64) -> Timestamp {
    let span = SignedDuration::from_millis(i64::try_from(millis).unwrap_or(i64::MAX));
    at.checked_add(span).unwrap_or(Timestamp::MAX)
}

/// The milliseconds between two moments.
pub(super) fn millis_between(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.duration_since(from).as_millis()).unwrap_or(0)
}
