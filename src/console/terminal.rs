//! The shell around standard output and standard error: the only writer.
//!
//! [`Terminal`] is built once from resolved [`Settings`] and handed to whoever shows something. The
//! walk goes to standard error, data to standard output. A write that fails is remembered and never
//! ends anything.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::spinner::Spinner;
use super::text::{Meaning, Text};

/// How text looks; decided by whoever reads the environment.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Whether text is coloured.
    pub colour: Colour,
    /// Whether the cursor may be moved.
    pub cursor: Cursor,
    /// Which characters the frame is made of.
    pub glyphs: Glyphs,
    /// How wide lines are.
    pub width: Width,
}

/// Whether text is coloured.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Colour {
    /// With ANSI sequences.
    Ansi,
    /// Not at all.
    Never,
}

/// Whether the cursor may be moved.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Cursor {
    /// It may: there is a spinner.
    Movable,
    /// Lines are only ever added: dumb terminals, screen readers, files.
    Still,
}

/// Which characters the frame is made of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Glyphs {
    /// ASCII alone.
    Ascii,
    /// Unicode.
    Unicode,
}

/// How wide lines are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Width {
    /// As wide as the terminal is at the moment; 80 if there is none.
    OfTerminal,
    /// So many columns.
    Columns(usize),
    /// As long as they are.
    Unlimited,
}

/// Both streams, with what is needed to write to them well. Clones write to the same streams.
#[derive(Clone, Debug)]
pub struct Terminal {
    settings: Settings,
    streams: Arc<Mutex<Streams>>,
    spinner: Spinner,
}

struct Streams {
    walk: Box<dyn Write + Send>,
    data: Box<dyn Write + Send>,
    broken: bool,
    /// What was said about the present step, so that it is not said twice.
    mentioned: BTreeSet<String>,
}

impl std::fmt::Debug for Streams {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Streams").field("broken", &self.broken).finish_non_exhaustive()
    }
}

impl Terminal {
    /// The program's own streams.
    #[expect(clippy::disallowed_methods, reason = "the console is the only writer")]
    pub fn new(settings: Settings) -> Self {
        Self::writing(settings, Box::new(io::stderr()), Box::new(io::stdout()))
    }

    /// Writes data to standard output where there is no terminal yet.
    #[expect(clippy::disallowed_methods, reason = "the console is the only writer")]
    pub fn say(text: &str) -> io::Result<()> {
        let mut data = io::stdout().lock();
        data.write_all(text.as_bytes())?;
        data.flush()
    }

    /// Streams in memory, for tests.
    pub fn buffered(settings: Settings) -> (Self, Captured) {
        let captured = Captured::default();
        let walk = Box::new(captured.walk.clone());
        let data = Box::new(captured.data.clone());
        (Self::writing(settings, walk, data), captured)
    }

    /// Any streams: the walk, then the data.
    pub fn writing(
        settings: Settings,
        walk: Box<dyn Write + Send>,
        data: Box<dyn Write + Send>,
    ) -> Self {
        let streams =
            Arc::new(Mutex::new(Streams { walk, data, broken: false, mentioned: BTreeSet::new() }));
        let spinner = Spinner::new(&streams, settings);
        Self { settings, streams, spinner }
    }

    /// How text looks.
    pub fn settings(&self) -> Settings {
        self.settings
    }

    /// How many columns there are, if there is a limit. Never less than 20.
    pub fn width(&self) -> Option<usize> {
        columns(self.settings.width)
    }

    /// How many columns there are for things that are aligned to the right.
    pub fn page(&self) -> usize {
        self.width().unwrap_or(80).min(100)
    }

    /// The first where Unicode can be shown, else the second.
    pub fn glyph(&self, unicode: &'static str, ascii: &'static str) -> &'static str {
        match self.settings.glyphs {
            Glyphs::Ascii => ascii,
            Glyphs::Unicode => unicode,
        }
    }

    /// What stands between two things on a line.
    pub fn dot(&self) -> &'static str {
        self.glyph(" · ", " - ")
    }

    /// Shows a line, broken where it does not fit.
    pub fn line(&self, text: &Text) {
        self.indented(text, 0);
    }

    /// Shows a line; where it is broken, it goes on so many columns further in.
    pub fn indented(&self, text: &Text, hang: usize) {
        let mut out = String::new();
        match self.width() {
            None => out = self.paint(text) + "\n",
            Some(width) => {
                for line in text.wrapped(width, hang) {
                    out.push_str(self.paint(&line).trim_end_matches(' '));
                    out.push('\n');
                }
            }
        }
        self.write(&out);
    }

    /// Shows a line without breaking it.
    pub fn unbroken(&self, text: &Text) {
        self.write(&(self.paint(text) + "\n"));
    }

    /// Shows an empty line.
    pub fn blank(&self) {
        self.write("\n");
    }

    /// Shows a left part and, as far right as there is room, a right one.
    pub fn line_with_right(&self, left: &Text, right: &Text) {
        if right.is_empty() {
            return self.indented(left, 4);
        }
        let room = self.page().saturating_sub(right.width());
        if left.width() + 2 > room {
            self.indented(&left.clone().add(Meaning::Plain, "  ").join(right.clone()), 4);
            return;
        }
        let gap = " ".repeat(room - left.width());
        self.unbroken(&left.clone().join(Text::filtered(Meaning::Plain, gap)).join(right.clone()));
    }

    /// Shows a command: never cut, its lines behind `$`, as long as they are.
    pub fn command(&self, command: &str) {
        self.command_lines("    ", command);
        self.mention(command);
    }

    /// Shows a command that is not the one in question, such as an undo.
    pub fn command_lines(&self, indent: &str, command: &str) {
        let lines = Text::new().add_lines(Meaning::Command, command.trim_end_matches('\n'));
        let room = self.width().map(|width| width.saturating_sub(indent.len() + 2));
        let mut out = String::new();
        let mut mark = "$ ";
        for line in lines.lines() {
            for (index, piece) in chunks(&line.bare(), room).into_iter().enumerate() {
                let mark = match index {
                    0 => mark,
                    _ => self.glyph("↪ ", "\\ "),
                };
                out.push_str(indent);
                out.push_str(&self.paint(&Text::of(Meaning::Dim, mark)));
                out.push_str(&self.paint(&Text::filtered(Meaning::Command, piece)));
                out.push('\n');
            }
            mark = "  ";
        }
        self.write(&out);
    }

    /// Whether this was said, or this command shown, since the present step began.
    pub fn has_mentioned(&self, text: &str) -> bool {
        self.lock().mentioned.contains(text)
    }

    /// Takes down that something was said.
    pub fn mention(&self, text: &str) {
        self.lock().mentioned.insert(text.to_owned());
    }

    /// Another step begins: nothing has been said about it.
    pub fn forget(&self) {
        self.lock().mentioned.clear();
    }

    /// Shows findings as their renderer made them: whole lines, in which everything is visible.
    pub fn rendered(&self, findings: &str) {
        self.write(findings);
    }

    /// Shows text without ending the line, such as a prompt.
    pub fn prompt(&self, text: &Text) {
        self.write(&self.paint(text));
    }

    /// Rings the bell, where there is somebody to hear it.
    pub fn bell(&self) {
        if self.settings.cursor == Cursor::Movable {
            self.write("\x07");
        }
    }

    /// Takes back what the terminal itself wrote into the line, such as `^C`.
    pub fn clear_line(&self) {
        if self.settings.cursor == Cursor::Movable {
            self.write("\r\x1b[2K");
        }
    }

    /// Empties the screen, where the cursor may be moved; what scrolled off it stays.
    pub fn clear_screen(&self) {
        if self.settings.cursor == Cursor::Movable {
            self.write("\x1b[H\x1b[2J");
        }
    }

    /// Replaces the line above the one the cursor is in, which stays as it is. Does nothing where
    /// the cursor may not be moved.
    pub fn replace_line_above(&self, text: &Text) {
        if self.settings.cursor == Cursor::Movable {
            self.write(&format!("\x1b7\x1b[1A\r\x1b[2K{}\x1b8", self.paint(text)));
        }
    }

    /// Writes data to standard output.
    pub fn data(&self, text: &str) -> io::Result<()> {
        self.spinner.clear();
        let mut streams = self.lock();
        let written = streams.data.write_all(text.as_bytes());
        let written = written.and_then(|()| streams.data.flush());
        streams.broken |= written.is_err();
        written
    }

    /// Whether a write failed, to either stream.
    pub fn broken(&self) -> bool {
        self.lock().broken
    }

    /// What turns while a command runs.
    pub fn spinner(&self) -> &Spinner {
        &self.spinner
    }

    pub(super) fn paint(&self, text: &Text) -> String {
        match self.settings.colour {
            Colour::Ansi => text.painted(),
            Colour::Never => text.bare(),
        }
    }

    /// Writes what this module's neighbours made of texts.
    pub(super) fn write(&self, text: &str) {
        self.spinner.clear();
        self.lock().write_walk(text);
    }

    fn lock(&self) -> MutexGuard<'_, Streams> {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Streams {
    fn write_walk(&mut self, text: &str) {
        let written = self.walk.write_all(text.as_bytes());
        let written = written.and_then(|()| self.walk.flush());
        self.broken |= written.is_err();
    }
}

/// Where the spinner writes.
#[derive(Clone, Debug)]
pub(super) struct Walk(Arc<Mutex<Streams>>);

impl Walk {
    /// Writes what the spinner draws.
    pub(super) fn write(&self, text: &str) {
        let mut streams = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        streams.write_walk(text);
    }
}

impl Spinner {
    fn new(streams: &Arc<Mutex<Streams>>, settings: Settings) -> Self {
        Self::drawing(Walk(Arc::clone(streams)), settings)
    }
}

/// How many columns there are, if there is a limit.
pub(super) fn columns(width: Width) -> Option<usize> {
    match width {
        Width::Columns(columns) => Some(columns.max(20)),
        Width::OfTerminal => {
            let columns = rustix::termios::tcgetwinsize(rustix::stdio::stderr())
                .map_or(0, |size| usize::from(size.ws_col));
            Some(if columns == 0 { 80 } else { columns.max(20) })
        }
        Width::Unlimited => None,
    }
}

/// A line in pieces that fit, cut at blanks where there are some, else in paths behind a `/`; joined,
/// they are the line.
fn chunks(line: &str, room: Option<usize>) -> Vec<&str> {
    use unicode_width::UnicodeWidthChar as _;
    let Some(room) = room.map(|room| room.max(10)) else {
        return vec![line];
    };
    let mut pieces = Vec::new();
    let mut rest = line;
    loop {
        let mut taken = 0;
        let mut columns = 0;
        let mut blank = None;
        let mut slash = None;
        for (at, character) in rest.char_indices() {
            columns += match character {
                '\t' => 8,
                other => other.width().unwrap_or(0),
            };
            if columns > room {
                break;
            }
            taken = at + character.len_utf8();
            match character {
                ' ' => blank = Some(taken),
                '/' => slash = Some(taken),
                _ => {}
            }
        }
        if taken == rest.len() || taken == 0 {
            pieces.push(rest);
            return pieces;
        }
        let far = |cut: &usize| *cut > taken / 2;
        let cut = blank.filter(far).or(slash.filter(far)).unwrap_or(taken);
        pieces.push(&rest[..cut]);
        rest = &rest[cut..];
    }
}

/// What was written to the streams of a terminal in memory.
#[derive(Clone, Debug, Default)]
pub struct Captured {
    walk: Buffer,
    data: Buffer,
}

impl Captured {
    /// What was shown so far, and forgets it.
    pub fn walk(&self) -> String {
        self.walk.take()
    }

    /// The data so far, and forgets it.
    pub fn data(&self) -> String {
        self.data.take()
    }
}

#[derive(Clone, Debug, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Buffer {
    fn take(&self) -> String {
        let mut bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&std::mem::take(&mut *bytes)).into_owned()
    }
}

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
