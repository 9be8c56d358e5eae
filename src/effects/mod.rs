//! The ports of a session over the real world: [`Supervised`] runs commands through a supervisor,
//! [`SystemClock`] tells the time, [`Tail`] reads what others' commands print, [`Webhook`] takes what an
//! Alertmanager sends. It decides nothing about a run and never writes to the terminal.

mod at_terminal;
mod clock;
mod cluster;
mod executor;
mod kept;
mod launch;
mod remote;
mod sharing;
mod tail;
mod webhook;

pub use clock::SystemClock;
pub use executor::{Setting, Supervised};
pub use kept::printed;
pub use tail::{Printed, Tail};
pub use webhook::{Arrival, Delivery, Verdict, Webhook};
