//! The picker: a list to choose from by typing parts of what is wanted.
//!
//! It draws below the line in which it was started, and takes what it drew away when it ends: there is
//! no other screen that a killed program would leave behind, and the cursor is never hidden. While it
//! is there, keys come one by one and are not shown; that is undone on every way out but SIGKILL,
//! after which shells undo it, or `stty sane` does.

mod choice;
mod frame;
mod keys;
mod modes;

use std::fmt::Write as _;
use std::fs::File;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::Errno;

use super::input::{Signal, Signals};
use super::terminal::Terminal;
use super::text::Text;
use choice::{Choice, Done};
use frame::Size;
use keys::{Decoder, Press};
use modes::Keys;

/// How long the rest of a key's sequence may take, after which Escape was pressed.
const REST: Duration = Duration::from_millis(50);

/// What is offered.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Key {
    /// An alert that fires, by its fingerprint.
    Alert(String),
    /// A run to go on with.
    Resume(String),
    /// A runbook, by its number in the index.
    Runbook(i64),
}

/// A line to choose.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Offer {
    /// What is chosen by it.
    pub key: Key,
    /// What it is called.
    pub name: String,
    /// What it is about.
    pub title: String,
}

/// What is known of the line that is looked at.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Preview {
    /// Lines, the most important first; those that do not fit are left out.
    pub lines: Vec<Text>,
}

/// Where the picker takes its lines from. Each is asked for when it is shown, and no earlier.
pub trait Stock {
    /// What is offered before anything is typed: what is open, then the rest, as far as it may be seen.
    fn first(&mut self, most: usize) -> Vec<Offer>;

    /// How many there are.
    fn count(&mut self) -> usize;

    /// All there is, with the text that is compared with what is typed.
    fn all(&mut self) -> Vec<(Key, String)>;

    /// Lines as they are shown.
    fn offers(&mut self, keys: &[Key]) -> Vec<Offer>;

    /// What is known of one.
    fn preview(&mut self, key: &Key) -> Preview;
}

/// What became of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Chosen {
    /// This is to be walked.
    Walk(Key),
    /// This is to be shown.
    Show(Key),
    /// Nothing.
    Nothing,
    /// Nothing: Ctrl-C, or the terminal is gone.
    Interrupted,
    /// The terminal is too small, or does not do what is needed.
    Unable,
}

/// Lets a person choose.
pub fn choose(
    terminal: &Terminal,
    device: &File,
    signals: &mut dyn Signals,
    stock: &mut dyn Stock,
) -> Chosen {
    let Some(size) = Size::of(device).filter(Size::is_enough) else {
        return Chosen::Unable;
    };
    let Ok(keys) = Keys::one_by_one(device) else {
        return Chosen::Unable;
    };
    let mut picker = Picker { terminal, device, keys, drawn: 0, decoder: Decoder::default() };
    let mut choice = Choice::new(stock, size.rows_of_list());
    let chosen = picker.run(&mut choice, signals);
    picker.wipe();
    chosen
}

struct Picker<'a> {
    terminal: &'a Terminal,
    device: &'a File,
    keys: Keys<'a>,
    /// How many lines are drawn; the cursor is in the first.
    drawn: usize,
    decoder: Decoder,
}

/// Why a wait is over.
enum Woken {
    Key(Press),
    Signal(Signal),
    Resized,
    Gone,
}

impl Picker<'_> {
    fn run(&mut self, choice: &mut Choice<'_>, signals: &mut dyn Signals) -> Chosen {
        loop {
            let Some(size) = Size::of(self.device) else { return Chosen::Interrupted };
            choice.fit(size.rows_of_list());
            self.draw(choice, size);
            match self.wait(signals) {
                Woken::Key(press) => match choice.press(press) {
                    Done::No => {}
                    Done::Chosen(chosen) => return chosen,
                },
                Woken::Signal(Signal::Suspend) => {
                    self.wipe();
                    self.keys.give_back();
                    signals.suspend();
                    self.keys.take_again();
                }
                // Nobody walks anything yet that somebody could ask for.
                Woken::Resized | Woken::Signal(Signal::Called) => {}
                Woken::Signal(Signal::HangUp | Signal::Interrupt) | Woken::Gone => {
                    return Chosen::Interrupted;
                }
            }
        }
    }

    fn draw(&mut self, choice: &Choice<'_>, size: Size) {
        let frame = frame::lines(choice, size, self.terminal);
        let mut out = String::from("\r");
        for (index, line) in frame.lines.iter().enumerate() {
            if index > 0 {
                out.push_str("\r\n");
            }
            out.push_str(&self.terminal.paint(line));
            out.push_str("\x1b[K");
        }
        out.push_str("\x1b[J");
        // Back to the line that is typed into, and behind what is typed.
        let up = frame.lines.len() - 1;
        if up > 0 {
            let _infallible = write!(out, "\x1b[{up}A");
        }
        let _infallible = write!(out, "\r\x1b[{}C", frame.cursor.max(1));
        self.terminal.write(&out);
        self.drawn = frame.lines.len();
    }

    /// Takes away what was drawn.
    fn wipe(&mut self) {
        if self.drawn > 0 {
            self.terminal.write("\r\x1b[J");
            self.drawn = 0;
        }
    }

    fn wait(&mut self, signals: &mut dyn Signals) -> Woken {
        loop {
            if let Some(press) = self.decoder.next() {
                return Woken::Key(press);
            }
            let rest = self.decoder.is_begun().then_some(REST);
            let timeout =
                rest.map(|rest| Timespec { tv_sec: 0, tv_nsec: rest.subsec_nanos().into() });
            let mut ready = [
                PollFd::new(self.device, PollFlags::IN),
                PollFd::from_borrowed_fd(signals.ready(), PollFlags::IN),
            ];
            let polled = rustix::event::poll(&mut ready, timeout.as_ref());
            let [keys, signal] = [ready[0].revents(), ready[1].revents()];
            match polled {
                Ok(0) => {
                    self.decoder.give_up();
                    continue;
                }
                Ok(_) | Err(Errno::INTR) => {}
                Err(_) => return Woken::Gone,
            }
            if !signal.is_empty() || polled == Err(Errno::INTR) {
                // Any other signal was a change of the terminal's size.
                return signals.take().map_or(Woken::Resized, Woken::Signal);
            }
            if keys.intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL) {
                return Woken::Gone;
            }
            let mut bytes = [0; 256];
            match rustix::io::read(self.device, &mut bytes) {
                Ok(0) => return Woken::Gone,
                Ok(count) => self.decoder.push(&bytes[..count]),
                Err(Errno::INTR | Errno::AGAIN) => {}
                Err(_) => return Woken::Gone,
            }
        }
    }
}
