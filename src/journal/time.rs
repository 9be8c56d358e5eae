//! What time it is at least, by a journal: no earlier than any record says, and as much later as the
//! monotonic clock has gone on since. A wall clock that is set back does not bring back what was.

use jiff::{SignedDuration, Timestamp};

use super::record::{Record, Stamp};
use crate::engine::Event;

/// The latest moment that a journal knows of.
#[derive(Clone, Debug, Default)]
pub(super) struct Latest {
    at: Option<Timestamp>,
    /// The monotonic clock then.
    mono: f64,
    /// The start of the machine that the clock belongs to.
    boot: String,
}

impl Latest {
    /// What records say.
    pub(super) fn of(records: &[Record]) -> Self {
        let mut latest = Self::default();
        for record in records {
            let stamp = Stamp { at: record.at, mono: record.mono, by: String::new() };
            latest.note(&record.event, &stamp);
        }
        latest
    }

    /// A record was written.
    pub(super) fn note(&mut self, event: &Event, stamp: &Stamp) {
        let boot = match event {
            Event::RunStarted(started) => Some(&started.boot),
            Event::Resumed(resumed) => Some(&resumed.boot),
            _ => None,
        };
        // Of another machine, or another start of it, only the wall clock can be compared.
        let another = boot.is_some_and(|boot| boot.is_empty() || *boot != self.boot);
        let known = if another { self.at } else { self.after(stamp.mono) };
        self.at = Some(known.map_or(stamp.at, |known| known.max(stamp.at)));
        self.mono = stamp.mono;
        if let Some(boot) = boot {
            self.boot.clone_from(boot);
        }
    }

    /// The time, by the wall clock and by what is known.
    pub(super) fn time(&self, wall: Timestamp, mono: f64) -> Timestamp {
        self.after(mono).map_or(wall, |known| known.max(wall))
    }

    fn after(&self, mono: f64) -> Option<Timestamp> {
        let passed = SignedDuration::try_from_secs_f64((mono - self.mono).max(0.0));
        let passed = passed.unwrap_or(SignedDuration::ZERO);
        Some(self.at?.checked_add(passed).unwrap_or(Timestamp::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::samples;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn stamp(time: &str, mono: f64) -> Stamp {
        Stamp { at: at(time), mono, by: String::new() }
    }

    #[test]
    fn a_clock_that_is_set_back_brings_no_time_back() {
        let mut latest = Latest::default();
        latest.note(&samples::started(), &stamp("2026-11-20T12:00:00Z", 100.0));
        assert_eq!(latest.time(at("2026-11-20T11:00:00Z"), 160.0), at("2026-11-20T12:01:00Z"));
        assert_eq!(latest.time(at("2026-11-20T13:00:00Z"), 160.0), at("2026-11-20T13:00:00Z"));
        let closed = samples::closed("a", crate::engine::StepStatus::Done);
        latest.note(&closed, &stamp("2026-11-20T09:00:00Z", 220.0));
        assert_eq!(latest.time(at("2026-11-20T09:00:00Z"), 220.0), at("2026-11-20T12:02:00Z"));
    }
}
