//! The last sync of all sources: when it began, how it ended, who wanted it; and so whether it is time
//! for another one. One small file, so that nobody has to look at a thousand mirrors for it. It decides
//! nothing else, and may get lost.

use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::mirror::{Last, read, replace};

/// A longer file of it is not ours.
const MOST_BYTES: u64 = 1 << 20;

const FILE: &str = "sync.json";

/// After one that failed, the next is tried so many milliseconds later, if not sooner.
const RETRY: i128 = 15 * 60 * 1000;

/// The last sync of all sources.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct LastSync {
    /// When it began.
    pub began: Timestamp,
    /// Who wanted it.
    pub wanted: Wanted,
    /// How it ended; nothing while it goes on, and if it was killed.
    pub ended: Option<Ended>,
}

/// Who wants a sync.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Wanted {
    /// Somebody asked for it.
    Asked,
    /// It was time for it: settings say how often.
    Background,
}

/// How a sync ended.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Ended {
    /// When.
    pub at: Timestamp,
    /// How much of it failed.
    pub failed: usize,
    /// What failed first, and why.
    pub why: Option<String>,
}

impl LastSync {
    /// One that begins.
    pub fn beginning(wanted: Wanted, now: Timestamp) -> Self {
        Self { began: now, wanted, ended: None }
    }

    /// What is known of the last one.
    pub fn read(state: &Path) -> Option<Self> {
        read(&state.join(FILE), MOST_BYTES)
    }

    /// Remembers it. Whoever does so holds the lock of [`LOCK`](Self::LOCK).
    pub fn save(&self, state: &Path) -> io::Result<()> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(state)?;
        replace(&state.join(FILE), self, Last::Unless)
    }

    /// The name of the lock that whoever syncs all sources holds.
    pub const LOCK: &str = "sync";

    /// Whether nothing failed.
    pub fn went_well(&self) -> bool {
        self.ended.as_ref().is_some_and(|ended| ended.failed == 0)
    }

    /// Whether it is time for another one, where there is to be one so often, in milliseconds; never
    /// again at once after one that failed.
    pub fn is_due(last: Option<&Self>, every: u64, now: Timestamp) -> bool {
        let Some(last) = last else { return true };
        let since = now.duration_since(last.began).as_millis();
        let every = i128::from(every);
        let wait = if last.went_well() { every } else { every.min(RETRY) };
        // One of a time to come was begun under a wrong clock.
        since >= wait || since < -60_000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 60 * 60 * 1000;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(1_000_000_000 + minutes * 60).unwrap()
    }

    fn ended(failed: usize) -> LastSync {
        let ended = Some(Ended { at: at(1), failed, why: None });
        LastSync { ended, ..LastSync::beginning(Wanted::Background, at(0)) }
    }

    #[test]
    fn another_one_is_due_once_the_last_is_older_than_settings_say() {
        assert!(LastSync::is_due(None, HOUR, at(0)));
        assert!(!LastSync::is_due(Some(&ended(0)), HOUR, at(59)));
        assert!(LastSync::is_due(Some(&ended(0)), HOUR, at(60)));
        assert!(LastSync::is_due(Some(&ended(0)), HOUR, at(-2)), "the clock was wrong");
    }

    #[test]
    fn one_that_failed_or_was_killed_is_tried_again_sooner_and_never_at_once() {
        let killed = LastSync::beginning(Wanted::Background, at(0));
        for last in [ended(1), killed] {
            assert!(!LastSync::is_due(Some(&last), HOUR, at(14)));
            assert!(LastSync::is_due(Some(&last), HOUR, at(15)));
            assert!(LastSync::is_due(Some(&last), HOUR / 10, at(6)));
        }
    }

    #[test]
    fn what_is_remembered_is_read_again_and_what_is_no_such_file_is_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        assert_eq!(LastSync::read(&state), None);
        ended(2).save(&state).unwrap();
        assert_eq!(LastSync::read(&state), Some(ended(2)));
        fs::write(state.join(FILE), "{").unwrap();
        assert_eq!(LastSync::read(&state), None);
    }
}
