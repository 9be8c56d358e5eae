//! How old what was fetched is, in words, and from when on that is too old. Said wherever somebody decides
//! by what a mirror holds; aloud only when it is old.

use jiff::Timestamp;

use super::Context;
use super::governing::governing;
use super::past::ago;
use crate::console::{Meaning, Text};
use crate::effects::SystemClock;
use crate::session::Clock as _;
use crate::settings::Settings;
use crate::value::spoken;

/// When what was fetched counts as old.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ages {
    /// In milliseconds.
    limit: u64,
}

impl Ages {
    /// As these settings say it.
    pub(crate) fn of(settings: &Settings) -> Self {
        Self { limit: settings.stale_after }
    }

    /// As settings say it. Where they cannot be read, which whatever runs something tells, nothing does.
    pub(crate) fn read(context: &Context) -> Self {
        let governing = governing(context, None);
        governing.map_or(Self { limit: u64::MAX }, |governing| Self::of(&governing.settings))
    }

    /// Whether something was fetched longer ago than settings allow; so it was if that was in a time to
    /// come.
    pub(crate) fn is_old(self, at: Timestamp) -> bool {
        let age = SystemClock::start().now().duration_since(at).as_millis();
        age < -60_000 || age > i128::from(self.limit)
    }

    /// The limit, in words.
    pub(crate) fn limit(self) -> String {
        spoken(self.limit)
    }

    /// How old what was fetched of a source is; quietly, unless that is too old.
    pub(crate) fn said(self, fetched: Option<Timestamp>) -> Text {
        match fetched {
            None => Text::of(Meaning::Warning, "never synced"),
            Some(at) if self.is_old(at) => {
                Text::of(Meaning::Warning, format!("synced {}", ago(at)))
            }
            Some(at) => Text::plain(format!("synced {}", ago(at))),
        }
    }
}
