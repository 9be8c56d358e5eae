//! The output of commands behind a gutter that no output can forge.
//!
//! [`Gutter`] filters both streams, starts every line on the screen with its mark, also where a long
//! line is broken, and gives every character at least as many columns as a terminal might.

use unicode_width::UnicodeWidthChar as _;

use super::filter::{Filter, Styled};
use super::terminal::Terminal;
use super::text::{Meaning, Text};
use crate::session::Stream;

const TAB: usize = 8;

/// What becomes of the colours that commands choose.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Colours {
    /// They are shown.
    Kept,
    /// They are spelled out like everything that a terminal obeys.
    Spelled,
}

/// The two streams of one command.
#[derive(Debug)]
pub(super) struct Gutter {
    terminal: Terminal,
    stdout: Filter,
    stderr: Filter,
    /// The stream whose line is not ended, and the columns it takes so far.
    open: Option<(Stream, usize)>,
}

impl Gutter {
    pub(super) fn new(terminal: Terminal, colours: Colours) -> Self {
        let filter = || match colours {
            Colours::Kept => Filter::keeping_colours(),
            Colours::Spelled => Filter::default(),
        };
        Self { terminal, stdout: filter(), stderr: filter(), open: None }
    }

    /// Shows what a command printed.
    pub(super) fn push(&mut self, stream: Stream, bytes: &[u8]) {
        let text = match stream {
            Stream::Stderr => self.stderr.push_styled(bytes),
            Stream::Stdout => self.stdout.push_styled(bytes),
        };
        self.show(stream, &text);
    }

    /// Whether a line is not ended.
    pub(super) fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// The command is over, or something else is about to be shown: ends the line.
    pub(super) fn finish(&mut self) {
        for stream in [Stream::Stdout, Stream::Stderr] {
            let rest = match stream {
                Stream::Stderr => self.stderr.finish_styled(),
                Stream::Stdout => self.stdout.finish_styled(),
            };
            self.show(stream, &rest);
        }
        if self.open.take().is_some() {
            self.terminal.blank();
        }
    }

    fn show(&mut self, stream: Stream, styled: &Styled) {
        if styled.iter().all(|(_, text)| text.is_empty()) {
            return;
        }
        let room = self.terminal.width().map(|width| width.saturating_sub(5).max(10));
        let mut out = Text::new();
        for (style, text) in styled {
            let meaning = Meaning::Printed(*style);
            let mut piece = String::new();
            for character in text.chars() {
                let column = match self.open {
                    Some((open, column)) if open == stream => column,
                    other => {
                        if other.is_some() {
                            out = out.join(Text::filtered(Meaning::Plain, "\n"));
                        }
                        out = out.join(self.mark(stream));
                        0
                    }
                };
                if character == '\n' {
                    piece.push('\n');
                    out = out.join(Text::filtered(meaning, std::mem::take(&mut piece)));
                    self.open = None;
                    continue;
                }
                let wide = columns(character, column);
                let breaks = room.is_some_and(|room| column > 0 && column + wide > room);
                let column = if breaks {
                    piece.push('\n');
                    out = out.join(Text::filtered(meaning, std::mem::take(&mut piece)));
                    out = out.join(self.mark(stream));
                    0
                } else {
                    column
                };
                push_character(character, wide, &mut piece);
                self.open = Some((stream, column + wide));
            }
            out = out.join(Text::filtered(meaning, piece));
        }
        self.terminal.part(&out);
    }

    fn mark(&self, stream: Stream) -> Text {
        match stream {
            Stream::Stderr => Text::of(Meaning::Warning, self.terminal.glyph("  ┆ ", "  : ")),
            Stream::Stdout => Text::of(Meaning::Dim, self.terminal.glyph("  │ ", "  | ")),
        }
    }
}

/// A tab becomes blanks, so that the place of the next character is known.
fn push_character(character: char, columns: usize, piece: &mut String) {
    if character == '\t' {
        piece.extend(std::iter::repeat_n(' ', columns));
    } else {
        piece.push(character);
    }
}

/// The most columns that a terminal might give a character.
fn columns(character: char, at: usize) -> usize {
    match character {
        '\t' => TAB - at % TAB,
        ' '..='~' => 1,
        other => other.width_cjk().unwrap_or(1).max(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::terminal::{Colour, Cursor, Glyphs, Settings, Width};
    use crate::diagnostic::terminal_strings::{STRINGS, assert_inert};

    fn check(width: usize, pieces: &[(Stream, &[u8])], expected: &str) {
        let (terminal, captured) = Terminal::buffered(Settings {
            colour: Colour::Never,
            cursor: Cursor::Still,
            glyphs: Glyphs::Unicode,
            width: Width::Columns(width),
        });
        let mut gutter = Gutter::new(terminal, Colours::Spelled);
        for (stream, bytes) in pieces {
            gutter.push(*stream, bytes);
        }
        gutter.finish();
        assert_eq!(captured.walk(), expected);
    }

    #[test]
    fn every_line_has_its_mark() {
        check(
            40,
            &[(Stream::Stdout, b"one\ntw"), (Stream::Stdout, b"o\n"), (Stream::Stderr, b"oh\n")],
            "  │ one\n  │ two\n  ┆ oh\n",
        );
    }

    #[test]
    fn colours_that_are_kept_end_where_the_mark_begins() {
        let (terminal, captured) = Terminal::buffered(Settings {
            colour: Colour::Ansi,
            cursor: Cursor::Still,
            glyphs: Glyphs::Unicode,
            width: Width::Columns(40),
        });
        let mut gutter = Gutter::new(terminal, Colours::Kept);
        gutter.push(Stream::Stdout, b"a\x1b[3");
        gutter.push(Stream::Stdout, b"1mb\nc\x1b[0md\n");
        gutter.finish();
        let (dim, red, end) = ("\x1b[2m", "\x1b[31m", "\x1b[0m");
        let mark = format!("{dim}  │ {end}");
        let expected = format!("{mark}a{red}b\n{end}{mark}{red}c{end}d\n");
        assert_eq!(captured.walk(), expected);
    }

    #[test]
    fn streams_that_meet_in_a_line_are_kept_apart() {
        check(40, &[(Stream::Stdout, b"half"), (Stream::Stderr, b"oh")], "  │ half\n  ┆ oh\n");
    }

    #[test]
    fn a_long_line_cannot_reach_the_first_column() {
        check(
            25,
            &[(Stream::Stdout, b"aaaaaaaaaaaaaaaaaaaaXXXXX\tb\n")],
            "  │ aaaaaaaaaaaaaaaaaaaa\n  │ XXXXX   b\n",
        );
        // Ambiguous characters may be wide, joined ones may stand apart: both count fully.
        check(
            20,
            &[(Stream::Stdout, "±±±±±±±±a\u{301}b\n".as_bytes())],
            "  │ ±±±±±±±\n  │ ±a\u{301}b\n",
        );
    }

    #[test]
    fn carriage_returns_do_not_reach_the_gutter() {
        check(
            40,
            &[(Stream::Stdout, b"10%\r20%\r\x1b[A$ forged\n")],
            "  │ 10%\\x0d20%\\x0d\\x1b[A$ forged\n",
        );
    }

    #[test]
    fn no_string_reaches_the_terminal_or_its_first_column_at_any_split() {
        let forged: (&str, &[u8]) = ("a forged question", b"\nDone\n    > ");
        for (name, bytes) in STRINGS.into_iter().chain([forged]) {
            let bytes = [bytes, b"\n"].concat();
            for cut in 0..=bytes.len() {
                let (terminal, captured) = Terminal::buffered(Settings {
                    colour: Colour::Never,
                    cursor: Cursor::Still,
                    glyphs: Glyphs::Unicode,
                    width: Width::Columns(24),
                });
                let mut gutter = Gutter::new(terminal, Colours::Spelled);
                gutter.push(Stream::Stdout, &bytes[..cut]);
                gutter.push(Stream::Stdout, &bytes[cut..]);
                gutter.finish();
                let shown = captured.walk();
                assert_inert(name, &shown);
                assert!(shown.lines().all(|line| line.starts_with("  │ ")), "{shown:?}");
            }
        }
    }
}
