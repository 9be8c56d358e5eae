//! A text that findings point into, and what people and programs call a place in it.

use std::sync::Arc;

/// A text with the name under which people know it.
#[derive(Clone, Debug)]
pub struct Source {
    /// The path as the user wrote it.
    pub name: String,
    /// The whole text.
    pub text: Arc<str>,
}

/// A place as it is told: line and columns, from 1.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
    /// The column, in UTF-16 code units.
    pub utf16_column: usize,
}

/// Where the lines of a text begin: for whoever asks for the lines of many offsets.
#[derive(Debug)]
pub struct Lines(Vec<usize>);

impl Lines {
    /// The line of an offset, from 1.
    pub fn line(&self, offset: usize) -> usize {
        self.0.partition_point(|start| *start <= offset)
    }
}

impl Source {
    /// Where its lines begin.
    pub fn lines(&self) -> Lines {
        let ends = self.text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        Lines(std::iter::once(0).chain(ends.map(|(at, _)| at + 1)).collect())
    }

    /// The line and the column of an offset, both from 1; columns count characters.
    pub fn line_column(&self, offset: usize) -> (usize, usize) {
        let position = self.position(offset);
        (position.line, position.column)
    }

    /// What an offset is called.
    pub fn position(&self, offset: usize) -> Position {
        let end = self.text.floor_char_boundary(offset);
        let before = &self.text[..end];
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        let on_line = &before[start..];
        Position {
            line: before.matches('\n').count() + 1,
            column: on_line.chars().count() + 1,
            utf16_column: on_line.encode_utf16().count() + 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source { name: "a.yaml".to_owned(), text: text.into() }
    }

    #[test]
    fn lines_are_the_same_whether_one_or_many_are_asked_for() {
        for text in ["", "a", "a\n", "\n\na\u{e9}b\n\nc", "\n"] {
            let source = source(text);
            let lines = source.lines();
            for offset in 0..=text.len() {
                assert_eq!(lines.line(offset), source.line_column(offset).0, "{text:?} {offset}");
            }
        }
    }

    #[test]
    fn columns_count_characters_from_one() {
        let source = source("ä: ö\nb: c\n");
        assert_eq!(source.line_column(0), (1, 1));
        assert_eq!(source.line_column(4), (1, 4));
        assert_eq!(source.line_column(7), (2, 1));
        assert_eq!(source.line_column(99), (3, 1));
    }

    #[test]
    fn what_utf16_needs_two_units_for_counts_twice() {
        let source = source("a\n\u{1f600}ä: b\n");
        let position = source.position("a\n\u{1f600}ä".len());
        assert_eq!(position, Position { line: 2, column: 3, utf16_column: 4 });
    }
}
