//! Simple commands: assignments, words and redirections.

use std::ops::Range;

use super::heredoc::Tabs;
use super::item::ends_word;
use super::word::Until;
use super::{Command, Direction, Part, Redirect, Scanned, Scanner, Spot, Symbol, Word};
use crate::template::script::Shell;

/// Builtins whose arguments are assignments.
const DECLARING: [&str; 5] = ["declare", "export", "local", "readonly", "typeset"];

impl Scanner<'_> {
    /// Reads a simple command, or the head of a function.
    pub(super) fn simple_command(&mut self, fed_by: Option<Range<usize>>) -> Scanned<()> {
        let mut command = Command { fed_by, ..Command::default() };
        loop {
            self.skip_blanks();
            match self.symbol(0) {
                None | Some(Symbol::Char('\n' | ';' | ')' | '|' | '#')) => break,
                Some(Symbol::Char('&')) if !self.redirects_both() => break,
                Some(Symbol::Char('(')) => {
                    if self.function_head(&command) {
                        return Ok(());
                    }
                    return Err(self.problem("this `(` cannot stand here"));
                }
                Some(Symbol::Char('<' | '>')) if self.char(1) == Some('(') => {
                    let word = self.word(Spot::Word, Until::Operator)?;
                    command.words.push(word);
                }
                Some(Symbol::Char('<' | '>' | '&')) => {
                    let redirect = self.redirect()?;
                    command.redirects.push(redirect);
                }
                Some(Symbol::Char(c)) if c.is_ascii_digit() && self.is_descriptor() => {
                    self.name();
                    let redirect = self.redirect()?;
                    command.redirects.push(redirect);
                }
                Some(_) => self.word_of(&mut command)?,
            }
        }
        self.scan.commands.push(command);
        Ok(())
    }

    fn word_of(&mut self, command: &mut Command) -> Scanned<()> {
        let declares = command
            .words
            .first()
            .and_then(Word::text)
            .is_some_and(|name| DECLARING.contains(&&*name));
        if command.words.is_empty() || declares {
            let start = self.position;
            if let Some(assignment) = self.assignment()? {
                if declares {
                    let mut parts = vec![Part::Text(format!("{}=", assignment.name))];
                    parts.extend(assignment.value.parts.clone());
                    let at = self.since(start);
                    command.words.push(Word { parts, at });
                }
                command.assignments.push(assignment);
                return Ok(());
            }
        }
        let word = self.word(Spot::Word, Until::Operator)?;
        command.words.push(word);
        Ok(())
    }

    /// `name()`: a function, whose body follows as a command.
    fn function_head(&mut self, command: &Command) -> bool {
        let [name] = command.words.as_slice() else {
            return false;
        };
        let start = self.position;
        self.position += 1;
        self.skip_blanks();
        if !self.take(")") {
            self.position = start;
            return false;
        }
        self.define_function(name);
        true
    }

    /// Notes a function; a slot in its name stands where a name is expected.
    pub(super) fn define_function(&mut self, name: &Word) {
        for slot in name.slots() {
            if let Some(placement) = &mut self.scan.placements[slot] {
                placement.purpose = Spot::Name;
            }
        }
        self.scan.functions.push(name.text().unwrap_or_default().into_owned());
    }

    /// `&>`, which only bash knows.
    pub(super) fn redirects_both(&self) -> bool {
        self.shell == Shell::Bash && self.looking_at("&>")
    }

    /// Whether digits stand here that are the descriptor of a redirection.
    fn is_descriptor(&self) -> bool {
        let mut length = 0;
        while self.char(length).is_some_and(|c| c.is_ascii_digit()) {
            length += 1;
        }
        matches!(self.char(length), Some('<' | '>')) && self.char(length + 1) != Some('(')
    }

    fn redirect(&mut self) -> Scanned<Redirect> {
        if self.take("<<<") {
            return self.redirect_to(Direction::HereString, Spot::Word);
        }
        if self.take("<<") {
            let tabs = if self.take("-") { Tabs::Stripped } else { Tabs::Kept };
            let document = self.heredoc_mark(tabs)?;
            return Ok(Redirect {
                direction: Direction::HereDoc(document),
                target: Word::default(),
            });
        }
        for both in [">&", "<&"] {
            if self.take(both) {
                return self.redirect_to(Direction::Out, Spot::Descriptor);
            }
        }
        for (operator, direction) in [
            ("&>>", Direction::Out),
            ("&>", Direction::Out),
            (">>", Direction::Out),
            (">|", Direction::Out),
            ("<>", Direction::Out),
            (">", Direction::Out),
            ("<", Direction::In),
        ] {
            if self.take(operator) {
                return self.redirect_to(direction, Spot::Word);
            }
        }
        Err(self.problem("this cannot stand here"))
    }

    fn redirect_to(&mut self, direction: Direction, purpose: Spot) -> Scanned<Redirect> {
        self.skip_blanks();
        let ends = self.char(0).is_some_and(ends_word) && self.char(1) != Some('(');
        if ends || self.at_end() {
            return Err(self.problem("a redirection needs a file"));
        }
        let target = self.word(purpose, Until::Operator)?;
        Ok(Redirect { direction, target })
    }
}
