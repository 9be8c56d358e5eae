//! A piece of text with meaning, made harmless when it is made: the only thing a terminal prints.
//!
//! [`Text`] is a sequence of spans with a [`Meaning`] each. Colours are chosen here and nowhere else;
//! every text can be understood without them.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use super::filter::{shown, shown_line};
use crate::runbook::Effect;

/// What a piece of text is, which decides how it looks.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Meaning {
    /// Something failed.
    Bad,
    /// A command.
    Command,
    /// Beside the point.
    Dim,
    /// The effect of a command.
    Effect(Effect),
    /// Something is as it should be.
    Good,
    /// The name of a group, a question, a document.
    Heading,
    /// What can be done now.
    Hint,
    /// What a whole screen is, before each of its headings and prompts.
    Marked,
    /// A rule that must not be broken.
    Never,
    /// Nothing special.
    #[default]
    Plain,
    /// What a command printed, in the colour it chose.
    Printed(Style),
    /// A value.
    Value,
    /// Not as expected, and not a failure.
    Warning,
}

impl Meaning {
    fn style(self) -> Style {
        let colour = |colour: AnsiColor| Style::new().fg_color(Some(colour.into()));
        match self {
            Self::Bad | Self::Effect(Effect::Destroy) => colour(AnsiColor::Red).bold(),
            Self::Dim => Style::new().dimmed(),
            Self::Effect(Effect::Read) | Self::Good => colour(AnsiColor::Green),
            Self::Effect(Effect::Change) | Self::Warning => colour(AnsiColor::Yellow),
            Self::Command | Self::Heading => Style::new().bold(),
            Self::Hint | Self::Value => colour(AnsiColor::Cyan),
            Self::Marked => colour(AnsiColor::Yellow).bold().invert(),
            Self::Never => colour(AnsiColor::Magenta).bold(),
            Self::Plain => Style::new(),
            Self::Printed(style) => style,
        }
    }
}

/// A piece of text with one meaning.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Span {
    meaning: Meaning,
    text: String,
}

/// Text for the terminal. Whatever it is made from, it holds nothing that a terminal obeys.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Text {
    spans: Vec<Span>,
}

impl Text {
    /// No text yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Text without a meaning of its own.
    pub fn plain(text: impl AsRef<str>) -> Self {
        Self::new().add(Meaning::Plain, text)
    }

    /// Text with a meaning.
    pub fn of(meaning: Meaning, text: impl AsRef<str>) -> Self {
        Self::new().add(meaning, text)
    }

    /// Adds one line of text; newlines and tabs in it are spelled out.
    #[must_use]
    pub fn add(mut self, meaning: Meaning, text: impl AsRef<str>) -> Self {
        self.push(meaning, shown_line(text.as_ref()));
        self
    }

    /// Adds text that may have several lines.
    #[must_use]
    pub fn add_lines(mut self, meaning: Meaning, text: impl AsRef<str>) -> Self {
        self.push(meaning, shown(text.as_ref()));
        self
    }

    /// Adds more text.
    #[must_use]
    pub fn join(mut self, other: Self) -> Self {
        self.spans.extend(other.spans);
        self
    }

    /// The same beside the point: what has no meaning of its own is dim.
    #[must_use]
    pub fn dimmed(&self) -> Self {
        let mut dimmed = self.clone();
        for span in dimmed.spans.iter_mut().filter(|span| span.meaning == Meaning::Plain) {
            span.meaning = Meaning::Dim;
        }
        dimmed
    }

    /// Adds text that has been through the filter of its stream.
    pub(super) fn filtered(meaning: Meaning, text: impl Into<String>) -> Self {
        let mut made = Self::new();
        made.push(meaning, text.into());
        made
    }

    fn push(&mut self, meaning: Meaning, text: String) {
        if !text.is_empty() {
            self.spans.push(Span { meaning, text });
        }
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// How many columns it takes.
    pub fn width(&self) -> usize {
        self.spans
            .iter()
            .map(|span| unicode_width::UnicodeWidthStr::width(span.text.as_str()))
            .sum()
    }

    /// The text without styles.
    pub fn bare(&self) -> String {
        self.spans.iter().map(|span| span.text.as_str()).collect()
    }

    /// The text with styles.
    pub(super) fn painted(&self) -> String {
        let mut out = String::new();
        for span in &self.spans {
            let style = span.meaning.style();
            if style == Style::new() {
                out.push_str(&span.text);
            } else {
                let _infallible = write!(out, "{style}{}{style:#}", span.text);
            }
        }
        out
    }

    /// As much of its beginning as fits into so many columns.
    #[must_use]
    pub(super) fn cut(&self, columns: usize) -> Self {
        use unicode_width::UnicodeWidthChar as _;
        let bare = self.bare();
        let mut taken = 0;
        for (at, character) in bare.char_indices() {
            taken += character.width().unwrap_or(0);
            if taken > columns {
                return self.slice(0, at);
            }
        }
        self.clone()
    }

    /// Its lines, broken at blanks so that each fits, continued under the same indentation.
    pub(super) fn wrapped(&self, width: usize, indent: usize) -> Vec<Self> {
        let mut lines = Vec::new();
        for line in self.lines() {
            line.wrap_line(width, indent, &mut lines);
        }
        lines
    }

    /// Its lines, exactly.
    pub(super) fn lines(&self) -> Vec<Self> {
        let mut lines = vec![Self::new()];
        for span in &self.spans {
            for (index, part) in span.text.split('\n').enumerate() {
                if index > 0 {
                    lines.push(Self::new());
                }
                if let Some(last) = lines.last_mut() {
                    last.push(span.meaning, part.to_owned());
                }
            }
        }
        lines
    }

    fn wrap_line(&self, width: usize, indent: usize, lines: &mut Vec<Self>) {
        let bare = self.bare();
        let own = bare.len() - bare.trim_start_matches(' ').len();
        let hang = " ".repeat((own + indent).min(width / 2));
        let options = textwrap::Options::new(width.max(10))
            .subsequent_indent(&hang)
            .word_splitter(textwrap::WordSplitter::NoHyphenation)
            .break_words(false);
        let mut taken = 0;
        for (index, piece) in textwrap::wrap(&bare, options).iter().enumerate() {
            let content = if index == 0 { piece } else { &piece[hang.len().min(piece.len())..] };
            // Pieces are slices of the line in order; what stands between them is the blank of the break.
            let start = taken + bare[taken..].find(content).unwrap_or(0);
            let mut line = Self::new();
            if index > 0 {
                line.push(Meaning::Plain, hang.clone());
            }
            lines.push(line.join(self.slice(start, start + content.len())));
            taken = start + content.len();
        }
    }

    /// The spans between two places in the bare text.
    fn slice(&self, from: usize, to: usize) -> Self {
        let mut part = Self::new();
        let mut at = 0;
        for span in &self.spans {
            let start = from.clamp(at, at + span.text.len()) - at;
            let end = to.clamp(at, at + span.text.len()) - at;
            if start < end {
                part.push(span.meaning, span.text[start..end].to_owned());
            }
            at += span.text.len();
        }
        part
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_added_is_made_harmless() {
        let text = Text::plain("a\x1b[2Jb\nc").add_lines(Meaning::Command, "d\ne\rf");
        assert_eq!(text.bare(), "a\\x1b[2Jb\\x0acd\ne\\x0df");
    }

    #[test]
    fn long_lines_break_at_blanks_and_keep_their_meaning() {
        let text = Text::plain("  one two ").add(Meaning::Bad, "three four five");
        let lines: Vec<String> = text.wrapped(14, 0).iter().map(Text::bare).collect();
        assert_eq!(lines, ["  one two", "  three four", "  five"]);
        assert_eq!(text.wrapped(14, 0)[2], Text::plain("  ").join(Text::of(Meaning::Bad, "five")));
    }

    #[test]
    fn a_word_longer_than_the_line_is_not_cut() {
        let word = "x".repeat(60);
        let lines: Vec<String> = Text::plain(&word).wrapped(40, 0).iter().map(Text::bare).collect();
        assert_eq!(lines, [word]);
    }

    #[test]
    fn styles_end_where_their_text_ends() {
        assert_eq!(Text::of(Meaning::Good, "ok").painted(), "\x1b[32mok\x1b[0m");
        assert_eq!(Text::plain("ok").painted(), "ok");
    }
}
