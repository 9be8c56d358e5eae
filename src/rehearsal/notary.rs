//! A second person who agrees to everything. Nobody signs: what a rehearsal records is no agreement.

use jiff::Timestamp;

use crate::engine::{Checked, Signed, Terms, Waiting};
use crate::session::Notary;

/// What the answer of the second person is.
pub const AGREED: &str = "yes";

/// How long an answer is taken, in seconds.
const LIFETIME: u64 = 900;

/// Agrees when it is asked.
#[derive(Debug, Default)]
pub struct AgreeingNotary {
    asked: u32,
}

impl AgreeingNotary {
    /// One who was asked so often before.
    pub(super) fn after(asked: u32) -> Self {
        Self { asked }
    }
}

impl Notary for AgreeingNotary {
    fn terms(&mut self, record: u64, head: &str) -> Terms {
        self.asked += 1;
        Terms {
            nonce: format!("rehearsal-{}", self.asked),
            record,
            head: head.to_owned(),
            lifetime: LIFETIME,
            own_keys: Vec::new(),
        }
    }

    fn hand_out(&mut self, _: &Waiting) {}

    fn has_arrived(&mut self, _: &Waiting) -> bool {
        false
    }

    fn arrived(&mut self, _: &Waiting) -> Option<String> {
        None
    }

    fn check(&mut self, waiting: &Waiting, text: &str, now: Timestamp) -> Checked {
        let nonce = waiting.request.nonce.clone();
        if text != AGREED {
            return Checked::Bad { nonce, why: "the second person does not agree".to_owned() };
        }
        let signed = Signed {
            principal: waiting.request.role.clone(),
            key: "rehearsal".to_owned(),
            signature: String::new(),
            signers: String::new(),
            signers_writable: false,
        };
        Checked::Good { nonce, signed, now }
    }
}
