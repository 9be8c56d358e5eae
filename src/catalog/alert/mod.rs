//! Alerts: what Alertmanager sends, which runbooks answer it and why, what inputs it brings, and
//! what fires now.
//!
//! Matching is in one place, `matching`: whoever keeps matchers elsewhere, such as an index, asks it.
//! What an alert says is data of strangers. It chooses among runbooks and becomes the text of typed
//! inputs, and nothing else.

mod filling;
mod fired;
mod matching;
mod payload;
mod ranking;

pub use filling::{Brought, brought};
pub use fired::{Fired, FiredFailed, FiredStore};
pub use matching::{Closeness, closeness, holds, matches};
pub use payload::{AlertFailed, MOST_BYTES, Notification, Received, State, read_notification};
pub use ranking::{Answering, Fitting, fitting};
