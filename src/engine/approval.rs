//! What a second person is asked to agree to, and what came of it, as facts. The text of a request
//! is what is signed, byte for byte: it is made once and never written again from what was read.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::attempted::FindingRecord;
use super::demand::Corrupt;
use super::event::Recorded;
use super::lane::LaneId;
use crate::runbook::{Effect, StepId};
use crate::value::Name;

/// The form of requests that this program writes.
pub const REQUEST_FORMAT: &str = "surefoot-approval/1";

/// What only the world can give a request.
#[derive(Clone, Debug)]
pub struct Terms {
    /// Never given before.
    pub nonce: String,
    /// How many records the journal holds.
    pub record: u64,
    /// The digest of the last of them.
    pub head: String,
    /// How long an answer is taken, in seconds.
    pub lifetime: u64,
    /// The fingerprints of the keys that the responder holds.
    pub own_keys: Vec<String>,
}

/// Everything that a second person sees, and signs.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct ApprovalRequest {
    /// `surefoot-approval/1`.
    pub format: String,
    /// Makes the request unlike any other.
    pub nonce: String,
    /// The run.
    pub run: String,
    /// The records of the journal before the request: to them the signature anchors it.
    pub record: u64,
    /// The digest of the last of these.
    pub head: String,
    /// When it was made.
    pub requested: Timestamp,
    /// From when on no answer is taken.
    pub expires: Timestamp,
    /// The machine.
    pub host: String,
    /// Who asks.
    pub responder: String,
    /// The runbook, with its service.
    pub runbook: String,
    /// The digest of all its files.
    pub runbook_digest: String,
    /// The runbook's title.
    pub title: String,
    /// The environment.
    pub environment: Option<Name>,
    /// The step.
    pub step: StepId,
    /// Its title.
    pub step_title: String,
    /// Whose agreement is needed.
    pub role: String,
    /// Why.
    pub why: String,
    /// The digest of what is agreed to.
    pub digest: String,
    /// What is agreed to.
    pub what: Asked,
    /// The values that are known.
    pub values: BTreeMap<Name, Recorded>,
    /// What has been found.
    pub findings: Vec<FindingRecord>,
    /// Rules of the runbook and the step.
    pub never: Vec<String>,
}

/// What is agreed to.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Asked {
    /// That this command runs.
    Command {
        /// What it does to the world.
        effect: Effect,
        /// The command as the responder sees it.
        shown: String,
        /// The target's name.
        target: String,
        /// Where that is and as whom it runs there, if not on this machine as the responder.
        place: Option<String>,
        /// What the target proved to be.
        identity: Option<String>,
        /// How it is undone, in words.
        undo: String,
    },
    /// That the run goes on past a step.
    GoOn {
        /// The commands that follow and change something, as far as they are known.
        commands: Vec<String>,
    },
}

impl ApprovalRequest {
    /// The bytes that are signed.
    pub fn text(&self) -> String {
        serde_json::to_string(self).expect("texts, numbers and lists always serialise")
    }

    /// Reads a request. Another form is not understood.
    pub fn parse(text: &str) -> Result<Self, Corrupt> {
        let request: Self = serde_json::from_str(text)
            .map_err(|error| Corrupt(format!("the request cannot be read: {error}")))?;
        if request.format == REQUEST_FORMAT {
            Ok(request)
        } else {
            let format = &request.format;
            Err(Corrupt(format!("the request has the form `{format}`, not `{REQUEST_FORMAT}`")))
        }
    }
}

/// A second person is asked.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct ApprovalRequested {
    /// The step.
    pub step: StepId,
    /// The text that is to be signed: an [`ApprovalRequest`].
    pub request: String,
    /// The fingerprints of the keys that the responder held: none of them can agree.
    pub own_keys: Vec<String>,
    /// Where.
    #[serde(default, skip_serializing_if = "LaneId::is_main")]
    pub lane: LaneId,
}

/// A second person agreed.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct ApprovalGiven {
    /// The step.
    pub step: StepId,
    /// The request.
    pub nonce: String,
    /// The role that was asked.
    pub role: String,
    /// Who agreed.
    #[serde(flatten)]
    pub signed: Signed,
    /// Where.
    #[serde(default, skip_serializing_if = "LaneId::is_main")]
    pub lane: LaneId,
}

/// A signature that was found good.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Signed {
    /// Whose it is, by the list of those who may sign.
    pub principal: String,
    /// The fingerprint of the key.
    pub key: String,
    /// The signature, as `ssh-keygen -Y` writes it.
    pub signature: String,
    /// SHA-256 of the list of those who may sign, as it was.
    pub signers: String,
    /// Whether the responder could have changed that list.
    pub signers_writable: bool,
}

/// An agreement that a command was started with.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Spent {
    /// The request.
    pub nonce: String,
    /// The role that was asked.
    pub role: String,
    /// Who agreed; nobody, where the responder went on alone.
    pub by: Option<String>,
}

/// An answer that came in for a request, checked as far as the world can.
#[derive(Clone, Debug)]
pub enum Checked {
    /// It is a second person's, for this request.
    Good {
        /// The request.
        nonce: String,
        /// Whose it is.
        signed: Signed,
        /// The latest time that anybody knows of: clocks can be set back.
        now: Timestamp,
    },
    /// It is not taken.
    Bad {
        /// The request that waited.
        nonce: String,
        /// Why not.
        why: String,
    },
}

/// What is shown while a second person is waited for.
#[derive(Clone, Debug, PartialEq)]
pub struct Waiting {
    /// The request.
    pub request: ApprovalRequest,
    /// Its text.
    pub text: String,
    /// Whether its time is up.
    pub lapsed: Lapsed,
    /// The fingerprints of the keys that the responder held when it was made.
    pub own_keys: Vec<String>,
}

/// Whether the time of a request is up.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Lapsed {
    /// Not yet.
    No,
    /// It is.
    Yes,
}
