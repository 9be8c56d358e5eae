//! The responder's terminal while a command has it, as the process sees it that lent it: whatever
//! becomes of the supervisor, the terminal gets its settings back.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};

/// A terminal that is lent until this is dropped.
pub struct Lent {
    terminal: File,
    before: Termios,
}

impl Lent {
    /// The terminal of this process, opened anew: what is done to it there is not done to others.
    pub fn open() -> io::Result<Self> {
        let terminal = File::options().read(true).write(true).open("/dev/tty")?;
        let before = tcgetattr(&terminal)?;
        Ok(Self { terminal, before })
    }
}

impl AsFd for Lent {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.terminal.as_fd()
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        // A terminal that is gone has no settings to give back.
        let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.before);
    }
}
