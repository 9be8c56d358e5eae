//! The pipes of a command, as far as they are the same for all: its input is written as it takes it,
//! and the first bytes of its output are held for expectations and captures.

use std::os::fd::{BorrowedFd, OwnedFd};

use rustix::io::Errno;

use super::message::Head;

/// How much of a stream expectations and captures may look at.
const HEAD: usize = 1 << 20;
/// After so many reads others have their turn.
const READS_AT_ONCE: u32 = 8;

/// Input on its way to a command.
pub(crate) struct Feed {
    pub(crate) pipe: OwnedFd,
    bytes: Vec<u8>,
    written: usize,
    after: After,
}

/// What becomes of an input when all of it is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum After {
    /// It is closed.
    Close,
    /// It stays open for more.
    Keep,
}

/// Whether a command has got all its input.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fed {
    /// All of it, or all it wanted.
    Done,
    /// Not yet.
    Waiting,
}

impl Feed {
    pub(crate) fn new(pipe: OwnedFd, bytes: Vec<u8>, after: After) -> Self {
        Self { pipe, bytes, written: 0, after }
    }

    /// Adds to it.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.bytes.drain(..self.written);
        self.written = 0;
        self.bytes.extend_from_slice(bytes);
    }

    /// Whether there is something to write.
    pub(crate) fn is_pending(&self) -> bool {
        self.after == After::Close || self.written < self.bytes.len()
    }

    /// Writes as much as the pipe takes now.
    pub(crate) fn write(&mut self) -> Fed {
        loop {
            let rest = &self.bytes[self.written..];
            if rest.is_empty() {
                return match self.after {
                    After::Close => Fed::Done,
                    After::Keep => Fed::Waiting,
                };
            }
            match rustix::io::write(&self.pipe, rest) {
                Ok(count) => self.written += count,
                Err(Errno::AGAIN) => return Fed::Waiting,
                Err(Errno::INTR) => {}
                // It closed its input: that is its right.
                Err(_) => return Fed::Done,
            }
        }
    }
}

/// An output of a command.
pub(crate) struct Source {
    /// None once it is at its end.
    pub(crate) pipe: Option<OwnedFd>,
    pub(crate) head: Head,
}

impl Source {
    pub(crate) fn new(pipe: Option<OwnedFd>) -> Self {
        Self { pipe, head: Head::default() }
    }
}

impl Head {
    /// Takes the next bytes: the first are held, the others counted.
    pub(crate) fn take(&mut self, bytes: &[u8]) {
        let room = HEAD - self.bytes.len();
        let (kept, rest) = bytes.split_at(room.min(bytes.len()));
        self.bytes.extend_from_slice(kept);
        self.more += rest.len() as u64;
    }
}

/// Reads from pipes that a command left to its children, so that these are not ended by a full or
/// closed pipe; returns whether it is still open. However much they print, it comes to an end.
pub(crate) fn drain(pipe: BorrowedFd<'_>, buffer: &mut [u8]) -> bool {
    for _ in 0..READS_AT_ONCE {
        match rustix::io::read(pipe, &mut *buffer) {
            Ok(0) => return false,
            Ok(_) | Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => return true,
            Err(_) => return false,
        }
    }
    true
}
