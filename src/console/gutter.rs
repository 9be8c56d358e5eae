//! The output of commands behind a gutter that no output can forge.
//!
//! [`Gutter`] filters both streams, starts every line on the screen with its mark, also where a long
//! line is broken, and gives every character at least as many columns as a terminal might.

use unicode_width::UnicodeWidthChar as _;

use super::filter::Filter;
use super::terminal::Terminal;
use super::text::{Meaning, Text};
use crate::session::Stream;

const TAB: usize = 8;

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
    pub(super) fn new(terminal: Terminal) -> Self {
        Self { terminal, stdout: Filter::default(), stderr: Filter::default(), open: None }
    }

    /// Shows what a command printed.
    pub(super) fn push(&mut self, stream: Stream, bytes: &[u8]) {
        let text = match stream {
            Stream::Stderr => self.stderr.push(bytes),
            Stream::Stdout => self.stdout.push(bytes),
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
                Stream::Stderr => self.stderr.finish(),
                Stream::Stdout => self.stdout.finish(),
            };
            self.show(stream, &rest);
        }
        if self.open.take().is_some() {
            self.terminal.blank();
        }
    }

    fn show(&mut self, stream: Stream, text: &str) {
        if text.is_empty() {
            return;
        }
        let room = self.terminal.width().map(|width| width.saturating_sub(5).max(10));
        let mut out = Text::new();
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
                out = out.join(Text::filtered(Meaning::Plain, std::mem::take(&mut piece)));
                self.open = None;
                continue;
            }
            let wide = columns(character, column);
            let breaks = room.is_some_and(|room| column > 0 && column + wide > room);
            let column = if breaks {
                piece.push('\n');
                out = out.join(Text::filtered(Meaning::Plain, std::mem::take(&mut piece)));
                out = out.join(self.mark(stream));
                0
            } else {
                column
            };
            push_character(character, wide, &mut piece);
            self.open = Some((stream, column + wide));
        }
        self.terminal.prompt(&out.join(Text::filtered(Meaning::Plain, piece)));
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

    fn check(width: usize, pieces: &[(Stream, &[u8])], expected: &str) {
        let (terminal, captured) = Terminal::buffered(Settings {
            colour: Colour::Never,
            cursor: Cursor::Still,
            glyphs: Glyphs::Unicode,
            width: Width::Columns(width),
        });
        let mut gutter = Gutter::new(terminal);
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

    /// What terminals obey, in bytes that need not be text.
    const PAYLOADS: [&[u8]; 16] = [
        b"\x1b[31mred\x1b[0m",
        b"\x1b[2J\x1b[H",
        b"\x1b[3A\x1b[2K    > y",
        b"\x1b[?1049h",
        b"\x1b]0;title\x07",
        b"\x1b]52;c;eA==\x07",
        b"\x1bPq#0~\x1b\\",
        b"\x1b]0;never ended",
        b"\x9b2J\x9d0;x\x9c",
        b"\xc2\x9b2J",
        b"rm x\recho ok  ",
        b"bad\x08\x08\x08ok",
        b"\x0e\x0f\x07\x0b\x0c\x7f\0",
        b"\xff\xfe\xe2\x80",
        b"user \xe2\x80\xaenimda\xe2\x81\xa6",
        b"\nDone\n    > ",
    ];

    #[test]
    fn no_payload_reaches_the_terminal_at_any_split_of_its_bytes() {
        for payload in PAYLOADS {
            let mut bytes = payload.to_vec();
            bytes.push(b'\n');
            for first in 0..=bytes.len() {
                for second in first..=bytes.len() {
                    let (terminal, captured) = Terminal::buffered(Settings {
                        colour: Colour::Never,
                        cursor: Cursor::Still,
                        glyphs: Glyphs::Unicode,
                        width: Width::Columns(24),
                    });
                    let mut gutter = Gutter::new(terminal);
                    gutter.push(Stream::Stdout, &bytes[..first]);
                    gutter.push(Stream::Stdout, &bytes[first..second]);
                    gutter.push(Stream::Stdout, &bytes[second..]);
                    gutter.finish();
                    let shown = captured.walk();
                    let acts = |c: char| c.is_control() && c != '\n';
                    let turns =
                        |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
                    assert!(!shown.contains(acts) && !shown.contains(turns), "{shown:?}");
                    assert!(shown.lines().all(|line| line.starts_with("  │ ")), "{shown:?}");
                }
            }
        }
    }
}
