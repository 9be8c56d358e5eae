//! What executor and supervisor say to each other: [`Order`]s go down the pipe, [`News`] come back.
//! Bytes travel as they are; secrets travel only here, never by argument or environment. What may hold
//! a secret has no `Debug`, so that no message can show it by mistake.

mod packed;

use std::ffi::OsString;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub(crate) use packed::output_frame;

use super::handshake::Handshake;
use crate::engine::{Conduct, Containment, End, Keep, Kept, KeptFile, Survivor};
use crate::runbook::OnDisconnect;
use crate::session::Stream;
use crate::value::{Form, Secret};

/// What the supervisor shall do.
pub(crate) enum Order {
    /// Which run this is, and its folder. The first order.
    Hello { run: String, folder: PathBuf },
    /// Patterns to hide in all output from now on.
    Hide(Vec<Form>),
    /// A command to start.
    Start(Box<Launch>),
    /// Ask a command to end.
    Interrupt(u32),
    /// End a command at once.
    Kill(u32),
    /// Stop all commands, and their time, until told to go on.
    Pause,
    /// Let paused commands go on.
    GoOn,
    /// The answer to a program that asked for a password.
    Password(u32, Option<Secret>),
    /// The responder's terminal has another size.
    Resize,
    /// Tell what becomes of a command that was started for an executor before this one.
    Follow(u32),
}

/// A command, ready to start.
#[derive(Clone, PartialEq)]
pub struct Launch {
    /// The attempt's number.
    pub attempt: u32,
    /// The program, an absolute path.
    pub program: PathBuf,
    /// Its arguments, without its own name.
    pub args: Vec<OsString>,
    /// Its whole environment, but for the two marks that the supervisor adds.
    pub env: Vec<(OsString, OsString)>,
    /// Its working directory.
    pub cwd: PathBuf,
    /// Its input; `/dev/null` if none.
    pub stdin: Option<Vec<u8>>,
    /// Files to make before it starts.
    pub files: Vec<MadeFile>,
    /// The words that the shell at its target and this machine exchange; none if it runs here.
    pub handshake: Option<Handshake>,
    /// Where its program keeps connections that later commands share.
    pub connections: Option<PathBuf>,
    /// Milliseconds it may take.
    pub timeout: u64,
    /// Milliseconds it is given to end by itself.
    pub grace: u64,
    /// What happens to it when the executor is gone.
    pub on_disconnect: OnDisconnect,
    /// Whether its output is shown and kept.
    pub keep: Keep,
    /// How surely its end is written down.
    pub durability: Durability,
    /// How many bytes of output are kept.
    pub cap: u64,
    /// How it is attended.
    pub conduct: Conduct,
    /// Paths of files to keep when it has ended, from its working directory.
    pub evidence: Vec<String>,
}

/// A file made for a command.
#[derive(Clone, Eq, PartialEq)]
pub struct MadeFile {
    /// Where.
    pub path: PathBuf,
    /// Its content.
    pub bytes: Vec<u8>,
    /// Whether its owner may execute it.
    pub executable: bool,
    /// Whether it is removed when the command ends.
    pub lifetime: Lifetime,
}

/// How long a file made for a command stays.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Lifetime {
    /// It holds a secret: until the command ends.
    Attempt,
    /// As long as the run's folder.
    Run,
}

/// How surely the end of a command is written down before it is told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Durability {
    /// The system may lose it with the power.
    Plain,
    /// It is on the disk.
    Synced,
}

/// What the supervisor tells.
pub(crate) enum News {
    /// A command printed something; masked.
    Output { attempt: u32, stream: Stream, bytes: Vec<u8> },
    /// A command ended.
    Ended(Box<Finished>),
    /// A program of a command asks for a password.
    PasswordWanted { attempt: u32, request: u32, prompt: String },
    /// The output of a background command tells that it is ready.
    Ready(u32),
    /// It serves no longer, and why.
    Refused(String),
    /// It serves this executor, too, which has called; the version of its program.
    Welcome(String),
    /// A command that was to be followed is over.
    Over(u32),
}

/// How a command ended, with the first bytes it printed.
pub(crate) struct Finished {
    pub(crate) attempt: u32,
    pub(crate) status: Status,
    /// What it printed, not masked: in memory only.
    pub(crate) stdout: Head,
    pub(crate) stderr: Head,
}

/// The first bytes of a stream, and how many more there were.
#[derive(Default)]
pub(crate) struct Head {
    pub(crate) bytes: Vec<u8>,
    pub(crate) more: u64,
}

/// How a command ended, as its supervisor writes it down.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Status {
    /// How it ended.
    pub end: End,
    /// How long it took, in milliseconds.
    pub took: u64,
    /// What was kept of its output.
    pub kept: Kept,
    /// Files that were asked for as evidence.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<KeptFile>,
    /// What it left running.
    pub left_running: Vec<Survivor>,
    /// How that was found, if it was stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub containment: Option<Containment>,
}
