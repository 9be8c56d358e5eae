//! Those who take part in a drill and heed its lead: the responder, who is not asked while the clock
//! stands still, and the second person, whom whoever leads may play.

use std::rc::Rc;

use jiff::Timestamp;
use rustix::event::{PollFd, PollFlags, poll};

use crate::cli::leading::SharedLead;
use crate::cli::paced::PacedClock;
use crate::engine::{Checked, Question, Run, Terms, Waiting};
use crate::process::{Arrived, Signals};
use crate::rehearsal::{AGREED, AgreeingNotary};
use crate::session::{Beside, Heard, Notary, PasswordWanted, Reply, Responder};
use crate::value::Secret;

/// Asks while the clock goes on.
pub(super) struct Led {
    pub(super) other: Box<dyn Responder>,
    pub(super) clock: Rc<PacedClock>,
    pub(super) signals: &'static Signals,
}

impl Led {
    /// Waits until the clock goes on, or something else is to be heard first.
    fn held(&self, beside: &mut dyn Beside) -> Option<Reply> {
        while self.clock.is_held() {
            if beside.look() == Heard::Something {
                return Some(Reply::Woken);
            }
            match self.signals.take() {
                Some(Arrived::HangUp) => return Some(Reply::HungUp),
                Some(Arrived::Interrupt) => return Some(Reply::Interrupted),
                Some(Arrived::Suspend) => beside.suspend(),
                // What it was is looked at first thing.
                Some(Arrived::Called) => continue,
                None => {}
            }
            let mut ready = vec![PollFd::new(self.signals, PollFlags::IN)];
            let wakes = beside.wakes();
            ready.extend(wakes.map(|wakes| PollFd::from_borrowed_fd(wakes, PollFlags::IN)));
            // Whatever ends the wait, all is looked at anew.
            let _woken = poll(&mut ready, None);
        }
        None
    }
}

impl Responder for Led {
    fn ask(
        &mut self,
        question: &Question,
        run: &Run,
        until: Option<Timestamp>,
        beside: &mut dyn Beside,
    ) -> Reply {
        if self.clock.is_held() {
            // What is typed while nobody asks confirms nothing.
            self.other.forget();
            if let Some(reply) = self.held(beside) {
                return reply;
            }
        }
        self.other.ask(question, run, until, beside)
    }

    fn password(&mut self, wanted: &PasswordWanted<'_>, beside: &mut dyn Beside) -> Option<Secret> {
        self.other.password(wanted, beside)
    }

    fn refused(&mut self, why: &str) {
        self.other.refused(why);
    }

    fn forget(&mut self) {
        self.other.forget();
    }
}

/// The second person of a drill.
pub(super) struct Second {
    pub(super) agreeing: AgreeingNotary,
    pub(super) lead: SharedLead,
}

impl Notary for Second {
    fn terms(&mut self, record: u64, head: &str) -> Terms {
        self.agreeing.terms(record, head)
    }

    fn hand_out(&mut self, waiting: &Waiting) {
        self.agreeing.hand_out(waiting);
    }

    fn has_arrived(&mut self, _: &Waiting) -> bool {
        self.lead.has_agreed()
    }

    fn arrived(&mut self, _: &Waiting) -> Option<String> {
        self.lead.take_agreement().then(|| AGREED.to_owned())
    }

    fn check(&mut self, waiting: &Waiting, text: &str, now: Timestamp) -> Checked {
        self.agreeing.check(waiting, text, now)
    }
}
