//! The scanner's alphabet: letters and slots, each with its place in the source.

use std::ops::Range;

use super::Scanner;

/// A letter or a slot.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::template) enum Symbol {
    /// A letter.
    Char(char),
    /// A slot, by its index.
    Slot(usize),
}

/// A symbol with its place in the source.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::template) struct Item {
    pub(in crate::template) symbol: Symbol,
    pub(in crate::template) at: usize,
    pub(in crate::template) end: usize,
}

/// Whether a letter ends a bare word.
pub(super) fn ends_word(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | ';' | '&' | '|' | '(' | ')' | '<' | '>')
}

/// Whether a letter may stand in a name; the first one is no digit.
pub(super) fn in_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

impl Scanner<'_> {
    pub(super) fn symbol(&self, ahead: usize) -> Option<Symbol> {
        self.items.get(self.position + ahead).map(|item| item.symbol)
    }

    /// The letter `ahead` symbols from here, if it is one.
    pub(super) fn char(&self, ahead: usize) -> Option<char> {
        match self.symbol(ahead) {
            Some(Symbol::Char(c)) => Some(c),
            _ => None,
        }
    }

    pub(super) fn at_end(&self) -> bool {
        self.position >= self.items.len()
    }

    /// The place of the next symbol, or the end.
    pub(super) fn here(&self) -> Range<usize> {
        match self.items.get(self.position) {
            Some(item) => item.at..item.end,
            None => self.items.last().map_or(0..0, |item| item.end..item.end),
        }
    }

    /// The range from an earlier position up to here.
    pub(super) fn since(&self, start: usize) -> Range<usize> {
        match (
            self.items.get(start),
            self.position.checked_sub(1).and_then(|last| self.items.get(last)),
        ) {
            (Some(first), Some(last)) if last.end >= first.at => first.at..last.end,
            _ => self.here(),
        }
    }

    /// Whether the letters from here on are `text`.
    pub(super) fn looking_at(&self, text: &str) -> bool {
        text.chars().enumerate().all(|(ahead, c)| self.char(ahead) == Some(c))
    }

    /// Takes `text` if it stands here.
    pub(super) fn take(&mut self, text: &str) -> bool {
        let found = self.looking_at(text);
        if found {
            self.position += text.chars().count();
        }
        found
    }

    /// Skips blanks and continued lines.
    pub(super) fn skip_blanks(&mut self) {
        loop {
            match self.char(0) {
                Some(' ' | '\t') => self.position += 1,
                Some('\\') if self.char(1) == Some('\n') => self.position += 2,
                _ => return,
            }
        }
    }
}
