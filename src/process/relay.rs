//! Between the responder's terminal and that of a command: keys go one way, output the other, byte by
//! byte. The responder's terminal is raw meanwhile, so that Ctrl-C and all other keys are the
//! program's; it gets its settings back when this ends, however it ends.

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};

use rustix::event::{PollFd, PollFlags};
use rustix::io::Errno;
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};

use super::hotkey::{Keyboard, Wish};
use super::left_modes::LeftModes;
use super::moment::Moment;
use super::pseudo_terminal::{PseudoTerminal, copy_size};
use crate::value::{Masker, Patterns};

/// So much may wait for either side; then the other is not read.
const MOST_WAITING: usize = 64 * 1024;
/// A program that prints nothing for so long, in milliseconds, waits for what it printed to be seen.
const HOLD: u64 = 30;

/// The responder's terminal, lent to a command.
pub(crate) struct Relay {
    terminal: OwnedFd,
    before: Termios,
    program: OwnedFd,
    keyboard: Keyboard,
    /// Lines that can be typed.
    lines: VecDeque<Vec<u8>>,
    /// On its way to the program.
    keys: Vec<u8>,
    /// On its way to the terminal.
    screen: Vec<u8>,
    masker: Masker,
    /// When a first part of what is held back is shown after all.
    held_until: Option<Moment>,
    modes: LeftModes,
    /// Whether the last line that the program printed is ended.
    line: Line,
    state: State,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Line {
    Ended,
    Open,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    /// Both sides are served.
    Open,
    /// The terminal is gone, or has been given back.
    Closed,
}

impl Relay {
    /// Lends a terminal to a command that is about to start; returns the command's end, too.
    pub(crate) fn open(
        terminal: OwnedFd,
        lines: impl IntoIterator<Item = Vec<u8>>,
    ) -> io::Result<(Self, OwnedFd)> {
        let before = tcgetattr(&terminal)?;
        let pair = PseudoTerminal::like(&terminal, &before)?;
        let mut raw = before.clone();
        raw.make_raw();
        rustix::io::ioctl_fionbio(&terminal, true)?;
        rustix::io::ioctl_fionbio(&pair.own, true)?;
        let relay = Self {
            terminal,
            before,
            program: pair.own,
            keyboard: Keyboard::default(),
            lines: lines.into_iter().collect(),
            keys: Vec::new(),
            screen: Vec::new(),
            masker: Masker::default(),
            held_until: None,
            modes: LeftModes::default(),
            line: Line::Ended,
            state: State::Open,
        };
        tcsetattr(&relay.terminal, OptionalActions::Now, &raw)?;
        Ok((relay, pair.peer))
    }

    /// The end from which the command's output is read.
    pub(crate) fn output(&self) -> io::Result<OwnedFd> {
        self.program.try_clone()
    }

    /// What to wake up for.
    pub(crate) fn watch<'a>(&'a self, fds: &mut Vec<PollFd<'a>>) {
        if self.state == State::Closed {
            return;
        }
        let mut events = PollFlags::empty();
        events.set(PollFlags::IN, self.keys.len() < MOST_WAITING);
        events.set(PollFlags::OUT, !self.screen.is_empty());
        fds.push(PollFd::from_borrowed_fd(self.terminal.as_fd(), events));
        if !self.keys.is_empty() {
            fds.push(PollFd::from_borrowed_fd(self.program.as_fd(), PollFlags::OUT));
        }
    }

    /// When to step it though nothing happened.
    pub(crate) fn wake(&self) -> Option<Moment> {
        self.held_until.filter(|_| self.state == State::Open)
    }

    /// Whether the terminal is so far behind that the program must wait.
    pub(crate) fn is_full(&self) -> bool {
        self.state == State::Open && self.screen.len() >= MOST_WAITING
    }

    /// Does what can be done now; returns how often the program was to be stopped.
    pub(crate) fn step(&mut self, now: Moment) -> usize {
        if self.state == State::Closed {
            return 0;
        }
        let stops = self.read();
        write(&self.program, &mut self.keys);
        if self.held_until.is_some_and(|until| now >= until) {
            self.held_until = None;
            self.masker.glimpse(&mut self.screen);
        }
        write(&self.terminal, &mut self.screen);
        stops
    }

    fn read(&mut self) -> usize {
        let mut stops = 0;
        let mut buffer = [0; 4096];
        while self.keys.len() < MOST_WAITING {
            match rustix::io::read(&self.terminal, &mut buffer) {
                Ok(0) => self.state = State::Closed,
                Ok(count) => {
                    for wish in self.keyboard.take(&buffer[..count]) {
                        stops += usize::from(wish == Wish::Stop);
                        self.grant(wish);
                    }
                    continue;
                }
                Err(Errno::INTR) => continue,
                Err(Errno::AGAIN) => {}
                Err(_) => self.state = State::Closed,
            }
            break;
        }
        stops
    }

    fn grant(&mut self, wish: Wish) {
        match wish {
            Wish::Help => {
                let lines = match self.lines.len() {
                    0 => "no line is left to be typed".to_owned(),
                    left => format!("t types the next line ({left} left)"),
                };
                self.say(&format!(
                    "Ctrl-] and then: . stops the program, {lines}, Ctrl-] is itself"
                ));
            }
            Wish::Keys(keys) => self.keys.extend(keys),
            Wish::Stop => self.say("stopping it; Ctrl-] . again kills it at once"),
            Wish::Type => match self.lines.pop_front() {
                Some(line) => self.keys.extend(line),
                None => self.say("no line is left to be typed"),
            },
        }
    }

    fn say(&mut self, text: &str) {
        self.screen.extend_from_slice(format!("\r\n[{text}]\r\n").as_bytes());
    }

    /// Shows what the program printed.
    pub(crate) fn show(&mut self, patterns: &Patterns, bytes: &[u8], now: Moment) {
        if self.state == State::Closed {
            return;
        }
        self.modes.take(bytes);
        self.line = if bytes.ends_with(b"\n") { Line::Ended } else { Line::Open };
        self.masker.mask(patterns, bytes, &mut self.screen);
        self.held_until = (!patterns.is_empty()).then(|| now.after_millis(HOLD));
        write(&self.terminal, &mut self.screen);
    }

    /// The responder's terminal has another size.
    pub(crate) fn resize(&self) {
        // A terminal that is gone has none.
        let _ = copy_size(&self.terminal, &self.program);
    }

    /// Gives the terminal back as it was.
    pub(crate) fn close(&mut self, patterns: &Patterns) {
        if self.state == State::Closed {
            return;
        }
        self.masker.flush(patterns, &mut self.screen);
        self.screen.extend(self.modes.restored());
        if self.line == Line::Open {
            // What follows begins a line of its own.
            self.screen.extend_from_slice(b"\r\n");
        }
        write(&self.terminal, &mut self.screen);
        self.state = State::Closed;
        self.give_back();
    }

    /// Nothing here waits for output that a terminal may have stopped.
    fn give_back(&self) {
        // A terminal that is gone has no settings to give back.
        let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.before);
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.give_back();
    }
}

/// Writes as much as is taken now.
fn write(to: &OwnedFd, bytes: &mut Vec<u8>) {
    while !bytes.is_empty() {
        match rustix::io::write(to, bytes) {
            Ok(count) => {
                bytes.drain(..count);
            }
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => return,
            // Nobody is there to take it.
            Err(_) => bytes.clear(),
        }
    }
}
