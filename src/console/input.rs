//! Where typed lines come from.
//!
//! [`Input`] is the source as prompts see it; [`Tty`] reads `/dev/tty` in canonical mode, so that
//! after any death of the program the terminal is as it was. The one exception is a secret: its echo
//! is off while it is typed and comes back on every way out but SIGKILL, after which `stty echo`
//! brings it back.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::Errno;
use rustix::termios::{LocalModes, OptionalActions, QueueSelector, Termios};
use zeroize::Zeroizing;

/// What a terminal takes as one line at most, without its end. A longer one is cut by the kernel.
const LONGEST_LINE: usize = 4095;

/// A source of lines.
pub trait Input {
    /// Forgets what was typed before anybody was asked.
    fn discard(&mut self);

    /// Waits for a line, at most as long as said. What was typed of a line that is not ended is
    /// kept for the next call. Nothing runs beside it: Ctrl-Z stops the program here.
    fn line(&mut self, echo: Echo, wait: Option<Duration>) -> Line {
        self.line_beside(echo, wait, None)
    }

    /// The same, but also until this descriptor can be read. What was typed hidden is then lost:
    /// the terminal shows again what is typed. After Ctrl-Z whoever asks sees to it that what runs
    /// beside is stopped with the program.
    fn line_beside(
        &mut self,
        echo: Echo,
        wait: Option<Duration>,
        wakes: Option<BorrowedFd<'_>>,
    ) -> Line;
}

/// Whether typed characters can be seen.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Echo {
    /// They cannot.
    Hidden,
    /// They can.
    Shown,
}

/// What came instead of, or as, a line.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Line {
    /// Nothing; the program was stopped by Ctrl-Z and goes on: what was shown may be gone.
    Continued,
    /// Ctrl-Z: the program is to be stopped. The terminal is as the shell knows it.
    Suspended,
    /// Ctrl-D.
    End,
    /// The terminal is gone, or the system asks the program to end.
    HungUp,
    /// Ctrl-C.
    Interrupted,
    /// It is not UTF-8.
    NotText,
    /// Nothing, in the time there was.
    Nothing,
    /// A line, without its end.
    Text(Zeroizing<String>),
    /// Too long for a terminal, which cut it: refused.
    TooLong,
    /// The other descriptor can be read.
    Woken,
}

impl Line {
    /// A line.
    pub fn text(text: &str) -> Self {
        Self::Text(Zeroizing::new(text.to_owned()))
    }
}

/// Where signals can be waited for and taken.
pub trait Signals {
    /// Becomes readable when there is a signal.
    fn ready(&self) -> BorrowedFd<'_>;

    /// The next signal that ends a prompt.
    fn take(&mut self) -> Option<Signal>;

    /// Stops the program, as Ctrl-Z does, until it is continued.
    fn suspend(&mut self);
}

/// A signal that ends a prompt.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Signal {
    /// SIGUSR1: something happened beside the prompt.
    Called,
    /// SIGHUP, SIGTERM.
    HangUp,
    /// SIGINT.
    Interrupt,
    /// SIGTSTP.
    Suspend,
}

/// The terminal of the person at the keyboard.
#[derive(Debug)]
pub struct Tty<S> {
    device: File,
    signals: S,
    begun: Zeroizing<Vec<u8>>,
}

/// Opens the terminal, if a person is there: standard error is a terminal and `/dev/tty` can be read
/// and written.
pub fn attended() -> Option<File> {
    if !rustix::termios::isatty(rustix::stdio::stderr()) {
        return None;
    }
    File::options().read(true).write(true).open("/dev/tty").ok()
}

impl<S: Signals> Tty<S> {
    /// Reads from this terminal until a signal comes.
    pub fn new(tty: File, signals: S) -> Self {
        Self { device: tty, signals, begun: Zeroizing::default() }
    }

    /// Waits until there is something to read; anything else is the answer.
    fn wait(&mut self, wait: Option<Duration>, wakes: Option<BorrowedFd<'_>>) -> Option<Line> {
        let timeout = wait.map(|wait| Timespec {
            tv_sec: i64::try_from(wait.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: wait.subsec_nanos().into(),
        });
        loop {
            let mut ready = vec![
                PollFd::new(&self.device, PollFlags::IN),
                PollFd::from_borrowed_fd(self.signals.ready(), PollFlags::IN),
            ];
            ready.extend(wakes.map(|wakes| PollFd::from_borrowed_fd(wakes, PollFlags::IN)));
            let polled = rustix::event::poll(&mut ready, timeout.as_ref());
            let [tty, signal] = [ready[0].revents(), ready[1].revents()];
            let woken = ready.get(2).is_some_and(|other| !other.revents().is_empty());
            match polled {
                Ok(0) => return Some(Line::Nothing),
                Ok(_) | Err(Errno::INTR) => {}
                Err(_) => return Some(Line::HungUp),
            }
            if signal.contains(PollFlags::IN) || polled == Err(Errno::INTR) {
                match self.signals.take() {
                    Some(Signal::Called) => return Some(Line::Woken),
                    Some(Signal::HangUp) => return Some(Line::HungUp),
                    Some(Signal::Interrupt) => return Some(Line::Interrupted),
                    Some(Signal::Suspend) => return Some(Line::Suspended),
                    None => {}
                }
            }
            // A terminal that is gone reads as an end, which would be taken for Ctrl-D.
            if tty.intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL) {
                return Some(Line::HungUp);
            }
            if tty.contains(PollFlags::IN) {
                return None;
            }
            if woken {
                return Some(Line::Woken);
            }
        }
    }

    /// Reads what is there; a line if it is whole.
    fn read(&mut self) -> Option<Line> {
        let mut bytes = Zeroizing::new([0_u8; LONGEST_LINE + 1]);
        let count = match rustix::io::read(&self.device, bytes.as_mut_slice()) {
            Ok(count) => count,
            Err(Errno::INTR | Errno::AGAIN) => return None,
            Err(_) => return Some(Line::HungUp),
        };
        if count == 0 {
            self.begun.clear();
            return Some(Line::End);
        }
        self.begun.extend_from_slice(&bytes[..count]);
        self.whole()
    }

    fn whole(&mut self) -> Option<Line> {
        let end = self.begun.iter().position(|byte| *byte == b'\n')?;
        let rest = Zeroizing::new(self.begun.split_off(end + 1));
        let mut line = std::mem::replace(&mut self.begun, rest);
        line.pop();
        if line.len() >= LONGEST_LINE {
            return Some(Line::TooLong);
        }
        Some(match std::str::from_utf8(&line) {
            Ok(text) => Line::text(text),
            Err(_) => Line::NotText,
        })
    }
}

impl<S: Signals> Input for Tty<S> {
    fn discard(&mut self) {
        self.begun.clear();
        // A terminal that cannot be flushed is gone; the next read says so.
        let _gone = rustix::termios::tcflush(&self.device, QueueSelector::IFlush);
    }

    fn line(&mut self, echo: Echo, wait: Option<Duration>) -> Line {
        match self.line_beside(echo, wait, None) {
            Line::Suspended => {
                self.signals.suspend();
                Line::Continued
            }
            line => line,
        }
    }

    fn line_beside(
        &mut self,
        echo: Echo,
        wait: Option<Duration>,
        wakes: Option<BorrowedFd<'_>>,
    ) -> Line {
        self.whole().unwrap_or_else(|| self.awaited(echo, wait, wakes))
    }
}

impl<S: Signals> Tty<S> {
    /// A line, with the echo as it should be while it is typed.
    fn awaited(
        &mut self,
        echo: Echo,
        wait: Option<Duration>,
        wakes: Option<BorrowedFd<'_>>,
    ) -> Line {
        let tty = self.device.try_clone();
        let _hidden = match (echo, &tty) {
            (Echo::Shown, _) => None,
            // Without a way to hide it, a secret is not asked for.
            (Echo::Hidden, Err(_)) => return Line::HungUp,
            (Echo::Hidden, Ok(tty)) => match Hidden::new(tty.as_fd()) {
                Ok(hidden) => Some(hidden),
                Err(_) => return Line::HungUp,
            },
        };
        loop {
            if let Some(instead) = self.wait(wait, wakes) {
                return instead;
            }
            if let Some(line) = self.read() {
                return line;
            }
        }
    }
}

/// The terminal without echo, for as long as this lives.
struct Hidden<'a> {
    tty: BorrowedFd<'a>,
    before: Termios,
}

impl<'a> Hidden<'a> {
    fn new(tty: BorrowedFd<'a>) -> io::Result<Self> {
        let before = rustix::termios::tcgetattr(tty)?;
        let mut during = before.clone();
        during.local_modes.remove(LocalModes::ECHO);
        during.local_modes.insert(LocalModes::ECHONL);
        // What was typed while it could be seen is no secret. Nothing here waits for output that a
        // terminal may have stopped.
        rustix::termios::tcflush(tty, QueueSelector::IFlush)?;
        rustix::termios::tcsetattr(tty, OptionalActions::Now, &during)?;
        Ok(Self { tty, before })
    }
}

impl Drop for Hidden<'_> {
    fn drop(&mut self) {
        // A terminal that is gone has no echo to bring back.
        let _gone = rustix::termios::tcsetattr(self.tty, OptionalActions::Now, &self.before);
    }
}
