//! Exit codes: what the program's end means to a script.

/// How the program ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Exit {
    /// Done: resolved, mitigated, done, no action; checks clean.
    Done = 0,
    /// A step failed and the run stopped; something could not be read or written.
    Failed = 1,
    /// The command line makes no sense.
    Usage = 2,
    /// A runbook is invalid, or cannot be found. Warnings alone are no error.
    Invalid = 3,
    /// A person is needed, or the run was paused: resumable.
    PersonNeeded = 4,
    /// Ended escalated, rolled back or abandoned.
    Unsolved = 5,
    /// In doubt.
    InDoubt = 6,
    /// The record could not be written.
    Unrecorded = 7,
    /// Refused: trust, policy.
    Refused = 8,
    /// The run is held by another process.
    Held = 9,
    /// A journal is damaged.
    Damaged = 10,
    /// Interrupted.
    Interrupted = 130,
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
