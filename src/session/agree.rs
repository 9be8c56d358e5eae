//! Asking a second person: the request becomes a fact before anybody sees it, and an answer one
//! after it was checked, whether it was good or not.

use super::{Broken, Session};
use crate::engine::{Input, Waiting};

impl Session<'_> {
    /// Makes the request that the run wants.
    pub(super) fn request(&mut self) -> Result<(), Broken> {
        let terms = self.notary.terms(self.journal.records(), self.journal.head());
        self.establish(Input::ApprovalRequested(terms))
    }

    /// Hands a request out, and takes an answer that lies there; says whether there was one.
    pub(super) fn take_arrived(&mut self, waiting: &Waiting) -> Result<bool, Broken> {
        self.notary.hand_out(waiting);
        match self.notary.arrived(waiting) {
            None => Ok(false),
            Some(text) => self.check(waiting, &text).map(|()| true),
        }
    }

    /// Checks an answer and records what it is worth.
    pub(super) fn check(&mut self, waiting: &Waiting, text: &str) -> Result<(), Broken> {
        let now = self.journal.time(self.clock.now(), self.clock.monotonic());
        let checked = self.notary.check(waiting, text, now);
        // One that is not taken is a fact, too, and is shown as such.
        if let Some(why) = self.try_establish(Input::ApprovalChecked(checked))? {
            self.responder.refused(&why);
        }
        Ok(())
    }
}
