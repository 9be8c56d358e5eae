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

impl Source {
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
