//! Whose turn it is: of one machine, one process at a time delivers to a place and reads from it. The
//! next one waits a while.

use std::time::Duration;

use super::TeamRecords;
use crate::journal::{Holder, Lock, LockFailed, Store};
use crate::process::{Watch, timespec};

/// How often it is looked at whether the other one has ended.
const LOOK: Duration = Duration::from_millis(50);

impl TeamRecords {
    /// Waits for the turn, for so long at most or until nobody wants it any more.
    pub fn turn(
        &self,
        store: &Store,
        holder: &Holder,
        patience: Duration,
        watch: &dyn Watch,
    ) -> Result<Lock, LockFailed> {
        let name = format!("records {}", self.name);
        let mut waited = Duration::ZERO;
        loop {
            match Lock::named(store.state(), &name, holder) {
                Err(LockFailed::Held { .. }) if waited < patience && !watch.stopped() => {
                    // An interrupted wait is a short wait.
                    let _ = rustix::event::poll(&mut [], Some(&timespec(LOOK)));
                    waited += LOOK;
                }
                other => return other,
            }
        }
    }
}
