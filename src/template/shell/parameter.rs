//! What begins with a dollar, and arithmetic.

use super::item::in_name;
use super::quotes::Parts;
use super::{Part, Quoting, Scanned, Scanner, Showing, Spot, Surround, Symbol, SyntaxProblem};
use crate::template::script::Shell;

/// What ends a piece of arithmetic.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum ArithmeticEnd {
    /// `))`
    Parentheses,
    /// `]`
    Bracket,
    /// `:` or `}`, which are not taken
    Offset,
}

impl Scanner<'_> {
    /// `$...`; the dollar is the next symbol.
    pub(super) fn dollar(
        &mut self,
        parts: &mut Parts,
        surround: Surround,
        purpose: Spot,
    ) -> Scanned<()> {
        let start = self.position;
        match self.symbol(1) {
            Some(Symbol::Slot(_)) => {
                let at = self.here();
                self.scan.dollars.push(at);
                self.position += 1;
                parts.push(Part::Other);
                Ok(())
            }
            Some(Symbol::Char('(')) => self.dollar_parenthesis(parts),
            Some(Symbol::Char('{')) => self.braces(parts, surround, purpose),
            Some(Symbol::Char('[')) => {
                self.position += 2;
                parts.push(Part::Other);
                self.arithmetic(ArithmeticEnd::Bracket)
            }
            Some(Symbol::Char('\'')) if surround == Surround::Bare => {
                self.ansi_c_quotes(parts, purpose)
            }
            Some(Symbol::Char('"')) if surround == Surround::Bare => {
                self.position += 1;
                parts.push(Part::Other);
                self.double_quotes(parts, purpose)
            }
            Some(Symbol::Char(c)) if in_name(c) && !c.is_ascii_digit() => {
                self.position += 1;
                let name = self.name();
                let at = self.since(start + 1);
                self.note_name(&name, at.clone());
                if matches!(self.symbol(0), Some(Symbol::Slot(_))) {
                    self.scan.unbraced.push(at);
                }
                parts.push(Part::Variable(name));
                Ok(())
            }
            Some(Symbol::Char(c)) if c.is_ascii_digit() || "@*#?-$!".contains(c) => {
                self.position += 2;
                parts.push(Part::Variable(c.to_string()));
                Ok(())
            }
            _ => {
                self.position += 1;
                parts.push_char('$');
                Ok(())
            }
        }
    }

    fn dollar_parenthesis(&mut self, parts: &mut Parts) -> Scanned<()> {
        let open = self.here();
        if self.char(2) == Some('(') && self.closes_as_arithmetic(self.position + 3) {
            self.position += 3;
            parts.push(Part::Other);
            return self.arithmetic(ArithmeticEnd::Parentheses);
        }
        self.position += 2;
        let first = self.scan.commands.len();
        self.commands_in_parentheses(open)?;
        parts.push(Part::Commands(first..self.scan.commands.len()));
        Ok(())
    }

    /// The letters of a name, or none.
    pub(super) fn name(&mut self) -> String {
        let mut name = String::new();
        while let Some(c) = self.char(0).filter(|c| in_name(*c)) {
            name.push(c);
            self.position += 1;
        }
        name
    }

    /// `${...}`; the dollar is the next symbol.
    fn braces(&mut self, parts: &mut Parts, surround: Surround, purpose: Spot) -> Scanned<()> {
        let open = self.here();
        self.position += 2;
        let is_name = |c: char| in_name(c) || "@*".contains(c);
        if self.char(0) == Some('!')
            || (self.char(0) == Some('#') && self.char(1).is_some_and(is_name))
        {
            self.position += 1;
        }
        let start = self.position;
        let mut name = self.name();
        if name.is_empty() {
            match self.symbol(0) {
                Some(Symbol::Slot(slot)) => {
                    self.place(slot, surround.quoting(), Spot::Name, Showing::Bare);
                    parts.push(Part::Slot(slot));
                    self.position += 1;
                }
                Some(Symbol::Char(c)) if "@*#?-$!".contains(c) => {
                    name.push(c);
                    self.position += 1;
                }
                _ => {}
            }
        }
        let at = self.since(start);
        self.note_name(&name, at);
        parts.push(Part::Variable(name));
        if self.take("[") {
            self.arithmetic(ArithmeticEnd::Bracket)?;
        }
        self.operator(parts, surround, purpose)?;
        if self.take("}") {
            Ok(())
        } else {
            Err(SyntaxProblem::new(open, "this `${` is not closed"))
        }
    }

    fn operator(&mut self, parts: &mut Parts, surround: Surround, purpose: Spot) -> Scanned<()> {
        let second = self.char(1);
        match self.char(0) {
            Some(':') if second.is_some_and(|c| "-=?+".contains(c)) => {
                self.position += 2;
                self.operand(parts, surround, purpose)
            }
            Some('-' | '=' | '?' | '+') => {
                self.position += 1;
                self.operand(parts, surround, purpose)
            }
            Some(':') => {
                while self.take(":") {
                    self.arithmetic(ArithmeticEnd::Offset)?;
                }
                Ok(())
            }
            // In patterns, quotes count even when the whole stands in double ones.
            Some('#' | '%' | '/' | '^' | ',' | '@' | '*') => {
                self.position += 1;
                self.operand(parts, Surround::Bare, Spot::Pattern)
            }
            _ => Ok(()),
        }
    }

    /// The word of `${x:-word}`, up to the closing brace, which is not taken.
    fn operand(&mut self, parts: &mut Parts, surround: Surround, purpose: Spot) -> Scanned<()> {
        let operands = self.operands;
        self.operands += 1;
        let result = self.deeper(|scanner| {
            loop {
                match scanner.symbol(0) {
                    None | Some(Symbol::Char('}')) => return Ok(()),
                    Some(Symbol::Char('"')) => scanner.double_quotes(parts, purpose)?,
                    Some(Symbol::Char('\'')) if surround == Surround::Bare => {
                        scanner.single_quotes(parts, purpose)?;
                    }
                    Some(Symbol::Char('\\')) if surround == Surround::Bare => {
                        scanner.position += 1;
                        if let Some(c) = scanner.char(0) {
                            parts.push_char(c);
                            scanner.position += 1;
                        }
                    }
                    Some(Symbol::Slot(slot)) => {
                        scanner.place(slot, surround.quoting(), purpose, Showing::Quoted);
                        parts.push(Part::Slot(slot));
                        scanner.position += 1;
                    }
                    Some(Symbol::Char('<' | '>'))
                        if surround == Surround::Bare && scanner.char(1) == Some('(') =>
                    {
                        scanner.process_substitution(parts)?;
                    }
                    Some(_) => scanner.in_double(parts, surround, purpose)?,
                }
            }
        });
        // Not counted down: a problem below leaves the count of where it was.
        self.operands = operands;
        result
    }

    /// Reads arithmetic up to its end. Quotes have no meaning of their own in it.
    pub(super) fn arithmetic(&mut self, end: ArithmeticEnd) -> Scanned<()> {
        let open = self.here();
        self.deeper(|scanner| {
            let mut nested = 0_usize;
            let mut parts = Parts::default();
            loop {
                match scanner.symbol(0) {
                    None => return Err(SyntaxProblem::new(open, "this arithmetic is not closed")),
                    Some(Symbol::Slot(slot)) => {
                        scanner.place(slot, Quoting::Arithmetic, Spot::Word, Showing::Bare);
                        scanner.position += 1;
                    }
                    Some(Symbol::Char(c)) if nested == 0 && scanner.ends_arithmetic(c, end) => {
                        return Ok(());
                    }
                    Some(Symbol::Char('$')) => scanner.arithmetic_dollar(&mut parts)?,
                    Some(Symbol::Char('`')) => scanner.backticks(&mut parts, Surround::Double)?,
                    Some(Symbol::Char(c)) if c.is_ascii_digit() => {
                        scanner.name();
                        if scanner.take("#") {
                            scanner.name();
                        }
                    }
                    Some(Symbol::Char(c)) if in_name(c) => scanner.arithmetic_name(),
                    Some(Symbol::Char(c)) => {
                        match c {
                            '(' | '[' | '{' => nested += 1,
                            ')' | ']' | '}' => nested = nested.saturating_sub(1),
                            '\\' => scanner.position += 1,
                            _ => {}
                        }
                        scanner.position += 1;
                    }
                }
            }
        })
    }

    /// Takes the end of a piece of arithmetic, if it stands here.
    fn ends_arithmetic(&mut self, c: char, end: ArithmeticEnd) -> bool {
        match end {
            ArithmeticEnd::Parentheses => self.take("))"),
            ArithmeticEnd::Bracket => self.take("]"),
            ArithmeticEnd::Offset => c == ':' || c == '}',
        }
    }

    fn arithmetic_name(&mut self) {
        let start = self.position;
        let name = self.name();
        let at = self.since(start);
        self.note_name(&name, at.clone());
        self.scan.arithmetic.push((name, at));
    }

    fn arithmetic_dollar(&mut self, parts: &mut Parts) -> Scanned<()> {
        let start = self.position;
        let known = parts.0.len();
        self.dollar(parts, Surround::Double, Spot::Word)?;
        let at = self.since(start);
        for part in &parts.0[known..] {
            match part {
                Part::Variable(name) => self.scan.arithmetic.push((name.clone(), at.clone())),
                Part::Slot(slot) => {
                    if let Some(placement) = &mut self.scan.placements[*slot] {
                        placement.quoting = Quoting::Arithmetic;
                    }
                }
                Part::Text(_) | Part::Commands(_) | Part::Other => {}
            }
        }
        Ok(())
    }

    /// Whether the parentheses that were opened before `from` close as `))`, so that they are
    /// arithmetic and not two subshells.
    pub(super) fn closes_as_arithmetic(&self, from: usize) -> bool {
        let mut nested = 0_usize;
        let mut quote = None;
        let mut position = from;
        let char_at = |position: usize| match self.items.get(position).map(|item| item.symbol) {
            Some(Symbol::Char(c)) => Some(c),
            _ => None,
        };
        while position < self.items.len() {
            match (quote, char_at(position)) {
                (_, Some('\\')) => position += 1,
                (None, Some(c @ ('\'' | '"'))) => quote = Some(c),
                (Some(open), Some(c)) if open == c => quote = None,
                (None, Some('(')) => nested += 1,
                (None, Some(')')) if nested > 0 => nested -= 1,
                (None, Some(')')) => return char_at(position + 1) == Some(')'),
                _ => {}
            }
            position += 1;
        }
        // Nothing closes: in bash it can only have been arithmetic.
        self.shell == Shell::Bash
    }
}
