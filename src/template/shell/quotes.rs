//! Quotes of all kinds, and what may stand in double ones.

use super::{
    Item, Part, Quoting, Scanned, Scanner, Showing, Spot, Surround, Symbol, SyntaxProblem,
};
use crate::template::script::Shell;

/// Collects the parts of a word and joins neighbouring letters.
#[derive(Default)]
pub(super) struct Parts(pub(super) Vec<Part>);

impl Parts {
    pub(super) fn push_char(&mut self, c: char) {
        if let Some(Part::Text(text)) = self.0.last_mut() {
            text.push(c);
        } else {
            self.0.push(Part::Text(c.to_string()));
        }
    }

    pub(super) fn push(&mut self, part: Part) {
        self.0.push(part);
    }
}

impl Scanner<'_> {
    /// `'...'`; the opening quote is the next symbol.
    pub(super) fn single_quotes(&mut self, parts: &mut Parts, purpose: Spot) -> Scanned<()> {
        let open = self.here();
        self.position += 1;
        parts.push(Part::Text(String::new()));
        loop {
            match self.symbol(0) {
                None => return Err(SyntaxProblem::new(open, "this `'` is not closed")),
                Some(Symbol::Char('\'')) => {
                    self.position += 1;
                    return Ok(());
                }
                Some(Symbol::Char(c)) => parts.push_char(c),
                Some(Symbol::Slot(slot)) => {
                    self.place(slot, Quoting::Single, purpose, Showing::Bare);
                    parts.push(Part::Slot(slot));
                }
            }
            self.position += 1;
        }
    }

    /// `$'...'`; the dollar is the next symbol.
    pub(super) fn ansi_c_quotes(&mut self, parts: &mut Parts, purpose: Spot) -> Scanned<()> {
        let open = self.here();
        self.position += 2;
        parts.push(Part::Other);
        loop {
            match self.symbol(0) {
                None => return Err(SyntaxProblem::new(open, "this `$'` is not closed")),
                Some(Symbol::Char('\'')) => {
                    self.position += 1;
                    return Ok(());
                }
                Some(Symbol::Char('\\')) => {
                    if self.shell == Shell::Sh && self.char(1) == Some('\'') {
                        let at = self.here();
                        self.scan.unsure.push(SyntaxProblem::new(
                            at,
                            "`\\'` inside `$'..'` ends the quotes in one sh and not in the next",
                        ));
                    }
                    self.position += 1;
                }
                Some(Symbol::Char(_)) => {}
                Some(Symbol::Slot(slot)) => {
                    self.place(slot, Quoting::AnsiC, purpose, Showing::Bare);
                    parts.push(Part::Slot(slot));
                }
            }
            self.position += 1;
        }
    }

    /// `"..."`; the opening quote is the next symbol.
    pub(super) fn double_quotes(&mut self, parts: &mut Parts, purpose: Spot) -> Scanned<()> {
        let open = self.here();
        self.position += 1;
        parts.push(Part::Text(String::new()));
        self.deeper(|scanner| {
            loop {
                match scanner.symbol(0) {
                    None => return Err(SyntaxProblem::new(open, "this `\"` is not closed")),
                    Some(Symbol::Char('"')) => {
                        scanner.position += 1;
                        return Ok(());
                    }
                    Some(_) => scanner.in_double(parts, Surround::Double, purpose)?,
                }
            }
        })
    }

    /// One symbol, or one construct, where only `\`, `$` and a backtick have a meaning.
    pub(super) fn in_double(
        &mut self,
        parts: &mut Parts,
        surround: Surround,
        purpose: Spot,
    ) -> Scanned<()> {
        match self.symbol(0) {
            None => {}
            Some(Symbol::Char('\\')) => {
                self.position += 1;
                if let Some(c) = self.char(0) {
                    let special =
                        "$`\\\n".contains(c) || (c == '"' && surround == Surround::Double);
                    if !special {
                        parts.push_char('\\');
                    }
                    if c != '\n' {
                        parts.push_char(c);
                    }
                    self.position += 1;
                }
            }
            Some(Symbol::Char('$')) => self.dollar(parts, surround, purpose)?,
            Some(Symbol::Char('`')) => self.backticks(parts, surround)?,
            Some(Symbol::Char(c)) => {
                parts.push_char(c);
                self.position += 1;
            }
            Some(Symbol::Slot(slot)) => {
                self.place(slot, surround.quoting(), purpose, Showing::Bare);
                parts.push(Part::Slot(slot));
                self.position += 1;
            }
        }
        Ok(())
    }

    /// `` `...` ``; the opening one is the next symbol.
    pub(super) fn backticks(&mut self, parts: &mut Parts, surround: Surround) -> Scanned<()> {
        let open = self.here();
        self.position += 1;
        let mut inside: Vec<Item> = Vec::new();
        loop {
            match self.symbol(0) {
                None => return Err(SyntaxProblem::new(open, "this backtick is not closed")),
                Some(Symbol::Char('`')) => break,
                Some(Symbol::Char('\\'))
                    if self.char(1).is_some_and(|c| {
                        "$`\\".contains(c) || (c == '"' && surround == Surround::Double)
                    }) =>
                {
                    self.position += 1;
                }
                Some(_) => {}
            }
            inside.push(self.items[self.position]);
            self.position += 1;
        }
        self.position += 1;
        let first = self.scan.commands.len();
        self.deeper(|scanner| {
            let mut inner = scanner.inner(&inside);
            inner.backticks += 1;
            inner.script()
        })?;
        parts.push(Part::Commands(first..self.scan.commands.len()));
        Ok(())
    }
}
