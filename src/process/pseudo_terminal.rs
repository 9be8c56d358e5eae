//! A terminal of its own for a command: made like the responder's, and taken by the command as the
//! one that controls it. A session of its own can only be begun by the command's own process: so it
//! starts as this program, called as `surefoot __terminal PROGRAM ARGUMENTS`, which then becomes it.

use std::ffi::OsString;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode};

use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{OptionalActions, Termios, tcgetwinsize, tcsetattr, tcsetwinsize};

/// The argument that makes this program take a terminal and become another program.
pub const TERMINAL: &str = "__terminal";

/// Both ends of a new terminal.
pub(crate) struct PseudoTerminal {
    /// This program's end.
    pub(crate) own: OwnedFd,
    /// The command's end.
    pub(crate) peer: OwnedFd,
}

impl PseudoTerminal {
    /// A new one, with these settings and the size of that terminal.
    pub(crate) fn like(terminal: impl AsFd, settings: &Termios) -> io::Result<Self> {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let own = openpt(flags)?;
        grantpt(&own)?;
        unlockpt(&own)?;
        let peer = ioctl_tiocgptpeer(&own, flags)?;
        tcsetattr(&peer, OptionalActions::Now, settings)?;
        copy_size(terminal, &own)?;
        Ok(Self { own, peer })
    }
}

/// Makes a terminal as large as another; the programs in it are told.
pub(crate) fn copy_size(from: impl AsFd, to: impl AsFd) -> io::Result<()> {
    tcsetwinsize(to, tcgetwinsize(from)?)?;
    Ok(())
}

/// Takes standard input as the terminal that controls this process, and becomes the program that the
/// words name.
#[expect(clippy::disallowed_methods, reason = "this process becomes the command that is spawned")]
pub fn become_program(mut words: impl Iterator<Item = OsString>) -> ExitCode {
    let Some(program) = words.next() else {
        return ExitCode::from(2);
    };
    let taken = rustix::process::setsid()
        .and_then(|_| rustix::process::ioctl_tiocsctty(rustix::stdio::stdin()));
    let error = match taken {
        Ok(()) => Command::new(&program).args(words).exec(),
        Err(error) => error.into(),
    };
    let text = format!("{} cannot be started: {error}\n", program.display());
    // It is the command's own terminal: there is no other place to say it.
    let _ = rustix::io::write(rustix::stdio::stderr(), text.as_bytes());
    ExitCode::from(126)
}
