//! Words: what stands between blanks and operators.

use super::item::{ends_word, in_name};
use super::parameter::ArithmeticEnd;
use super::quotes::Parts;
use super::{
    Assignment, Part, Quoting, Scanned, Scanner, Showing, Spot, Surround, Symbol, SyntaxProblem,
    Word,
};
use crate::template::script::Shell;

/// Where a word ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Until {
    /// At a blank or an operator.
    Operator,
    /// At a blank: the regular expression of `[[ x =~ ... ]]`.
    Blank,
}

impl Scanner<'_> {
    /// Reads a word.
    pub(super) fn word(&mut self, purpose: Spot, until: Until) -> Scanned<Word> {
        let mut parts = Parts::default();
        let start = self.position;
        self.word_parts(&mut parts, purpose, until)?;
        Ok(Word { parts: parts.0, at: self.since(start) })
    }

    fn word_parts(&mut self, parts: &mut Parts, purpose: Spot, until: Until) -> Scanned<()> {
        // Letters before a slot after which its value must not stand bare: `~{{user}}`.
        let mut showing = if purpose == Spot::Pattern { Showing::Quoted } else { Showing::Bare };
        let mut nested = 0_usize;
        while let Some(symbol) = self.symbol(0) {
            let c = match symbol {
                Symbol::Slot(slot) => {
                    self.bare_slot(slot, purpose, showing);
                    parts.push(Part::Slot(slot));
                    continue;
                }
                Symbol::Char(c) => c,
            };
            match c {
                '\'' => self.single_quotes(parts, purpose)?,
                '"' => self.double_quotes(parts, purpose)?,
                '`' => self.backticks(parts, Surround::Bare)?,
                '$' => self.dollar(parts, Surround::Bare, purpose)?,
                '\\' => self.escaped(parts),
                '<' | '>' if self.char(1) == Some('(') => self.process_substitution(parts)?,
                '(' if self.opens_extended_pattern(parts) => {
                    self.extended_pattern(parts)?;
                }
                '(' | ')' | '|' | '<' | '>' | '&' | ';' if until == Until::Blank => {
                    match c {
                        '(' => nested += 1,
                        ')' => nested = nested.saturating_sub(1),
                        _ => {}
                    }
                    parts.push_char(c);
                    self.position += 1;
                }
                ' ' | '\t' if nested > 0 => {
                    parts.push_char(c);
                    self.position += 1;
                }
                c if ends_word(c) => break,
                c => {
                    if "~{[".contains(c) {
                        showing = Showing::Quoted;
                    }
                    parts.push_char(c);
                    self.position += 1;
                }
            }
        }
        Ok(())
    }

    fn bare_slot(&mut self, slot: usize, purpose: Spot, showing: Showing) {
        self.position += 1;
        // `{{n}}>file`: a bare number would be a descriptor.
        let followed = self.char(0).is_some_and(|c| "<>(".contains(c));
        let showing = if followed { Showing::Quoted } else { showing };
        self.place(slot, Quoting::Bare, purpose, showing);
    }

    fn escaped(&mut self, parts: &mut Parts) {
        self.position += 1;
        match self.char(0) {
            Some('\n') => self.position += 1,
            Some(c) => {
                parts.push_char(c);
                self.position += 1;
            }
            None => parts.push_char('\\'),
        }
    }

    /// `<(...)`; the `<` or `>` is the next symbol.
    pub(super) fn process_substitution(&mut self, parts: &mut Parts) -> Scanned<()> {
        let open = self.here();
        self.position += 2;
        let first = self.scan.commands.len();
        self.commands_in_parentheses(open)?;
        // The word is a file that holds the output, and not the output itself.
        parts.push(Part::Other);
        parts.push(Part::Commands(first..self.scan.commands.len()));
        Ok(())
    }

    fn opens_extended_pattern(&self, parts: &Parts) -> bool {
        self.shell == Shell::Bash
            && matches!(parts.0.last(), Some(Part::Text(text)) if text.ends_with(['?', '*', '+', '@', '!']))
    }

    /// `@(a|b)`; the parenthesis is the next symbol.
    fn extended_pattern(&mut self, parts: &mut Parts) -> Scanned<()> {
        let open = self.here();
        self.position += 1;
        self.deeper(|scanner| {
            loop {
                match scanner.char(0) {
                    Some(')') => {
                        scanner.position += 1;
                        parts.push(Part::Other);
                        return Ok(());
                    }
                    Some('|' | ' ' | '\t') => scanner.position += 1,
                    Some(c) if ends_word(c) => {
                        return Err(SyntaxProblem::new(open, "this `(` is not closed"));
                    }
                    None if scanner.at_end() => {
                        return Err(SyntaxProblem::new(open, "this `(` is not closed"));
                    }
                    _ => scanner.word_parts(parts, Spot::Pattern, Until::Operator)?,
                }
            }
        })
    }

    /// Reads `name=value`, `name+=value`, `name[index]=value` or `name=(...)`, if one stands here.
    pub(super) fn assignment(&mut self) -> Scanned<Option<Assignment>> {
        let Some(length) = self.assignment_length() else {
            return Ok(None);
        };
        let start = self.position;
        let name = self.name();
        let at = self.since(start);
        self.note_name(&name, at);
        if self.take("[") {
            self.arithmetic(ArithmeticEnd::Bracket)?;
        }
        // An index may hold anything; what follows it was looked at before.
        debug_assert!(length > 0);
        self.take("+");
        self.take("=");
        let value = if self.char(0) == Some('(') {
            self.array()?
        } else {
            self.word(Spot::Word, Until::Operator)?
        };
        Ok(Some(Assignment { name, value }))
    }

    /// The length of `name=`, `name+=` or `name[...]=`, if one stands here.
    fn assignment_length(&self) -> Option<usize> {
        let mut length = 0;
        while self.char(length).is_some_and(in_name) {
            length += 1;
        }
        if length == 0 || self.char(0).is_some_and(|c| c.is_ascii_digit()) {
            return None;
        }
        if self.char(length) == Some('[') {
            let mut nested = 0_usize;
            loop {
                match self.symbol(length)? {
                    Symbol::Char('[') => nested += 1,
                    Symbol::Char(']') => nested -= 1,
                    Symbol::Char('\n') => return None,
                    _ => {}
                }
                length += 1;
                if nested == 0 {
                    break;
                }
            }
        }
        if self.char(length) == Some('+') {
            length += 1;
        }
        (self.char(length) == Some('=')).then_some(length)
    }

    /// `(a b c)`; the parenthesis is the next symbol. All elements become one word.
    fn array(&mut self) -> Scanned<Word> {
        let open = self.here();
        let start = self.position;
        self.position += 1;
        let mut parts = vec![Part::Other];
        loop {
            self.skip_blanks();
            match self.char(0) {
                Some(')') => {
                    self.position += 1;
                    break;
                }
                Some('\n') => self.newline()?,
                Some('#') => self.comment(),
                Some('[') if self.element_length().is_some() => {
                    self.position += 1;
                    self.arithmetic(ArithmeticEnd::Bracket)?;
                    self.take("+");
                    self.take("=");
                    parts.extend(self.word(Spot::Word, Until::Operator)?.parts);
                }
                Some(c) if ends_word(c) && !(self.char(1) == Some('(') && "<>".contains(c)) => {
                    return Err(self.problem("this cannot stand in an array"));
                }
                None if self.at_end() => {
                    return Err(SyntaxProblem::new(open, "this `(` is not closed"));
                }
                _ => parts.extend(self.word(Spot::Word, Until::Operator)?.parts),
            }
        }
        Ok(Word { parts, at: self.since(start) })
    }

    /// The length of `[index]=`, if it stands here.
    fn element_length(&self) -> Option<usize> {
        let mut length = 1;
        while self.symbol(length)? != Symbol::Char(']') {
            if self.char(length) == Some('\n') {
                return None;
            }
            length += 1;
        }
        (self.char(length + 1) == Some('=')).then_some(length)
    }
}
