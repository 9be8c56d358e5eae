//! Lists of commands and the reserved words that hold them together.
//!
//! This is no grammar: it checks that what is opened is closed by its own closer, and finds where
//! commands begin.

use std::ops::Range;

use super::item::ends_word;
use super::parameter::ArithmeticEnd;
use super::word::Until;
use super::{
    Command, Kind, Part, Quoting, Scanned, Scanner, Showing, Spot, Symbol, SyntaxProblem, Word,
};
use crate::template::reading::Failure;
use crate::template::script::Shell;

/// What ends a list.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum End {
    Script,
    Parenthesis,
}

/// A reserved word that waits for its closer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Opener {
    If,
    Loop,
    Case,
    Brace,
}

impl Opener {
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::If => ("if", "fi"),
            Self::Loop => ("do", "done"),
            Self::Case => ("case", "esac"),
            Self::Brace => ("{", "}"),
        }
    }
}

struct Open {
    opener: Opener,
    at: Range<usize>,
    pipeline: usize,
}

/// The state of one list.
struct List {
    end: End,
    open: Vec<Open>,
    /// The first command of the pipeline that is being read.
    pipeline: usize,
    /// Whether a pipe stands before the next command.
    piped: bool,
    /// Whether an operator waits for its right side.
    dangling: Option<Range<usize>>,
}

impl Scanner<'_> {
    /// Reads everything there is as a list of commands.
    pub(super) fn script(&mut self) -> Scanned<()> {
        let at = self.here();
        self.list(End::Script, at)
    }

    /// Reads commands up to the closing parenthesis, which is taken.
    pub(super) fn commands_in_parentheses(&mut self, open: Range<usize>) -> Scanned<()> {
        let pending = std::mem::take(&mut self.pending);
        let outer = self.outer_pending;
        let operands = std::mem::take(&mut self.operands);
        self.outer_pending = outer || !pending.is_empty();
        self.deeper(|scanner| scanner.list(End::Parenthesis, open))?;
        if let Some(index) = self.pending.first() {
            let document = &self.scan.documents[*index];
            return Err(SyntaxProblem::new(
                document.mark_at.clone(),
                "this here-document has no text before the parenthesis closes",
            ));
        }
        self.operands = operands;
        self.outer_pending = outer;
        self.pending = pending;
        Ok(())
    }

    fn list(&mut self, end: End, opened: Range<usize>) -> Scanned<()> {
        let mut list = List {
            end,
            open: Vec::new(),
            pipeline: self.scan.commands.len(),
            piped: false,
            dangling: None,
        };
        loop {
            self.skip_blanks();
            match self.symbol(0) {
                None => return self.end_of_input(&list, opened),
                Some(Symbol::Char(')')) => {
                    Self::check_closed(&list)?;
                    if list.end == End::Script {
                        return Err(self.problem("this `)` closes nothing"));
                    }
                    self.position += 1;
                    return Ok(());
                }
                Some(Symbol::Char('\n')) => {
                    self.newline()?;
                    if list.dangling.is_none() {
                        list.pipeline = self.scan.commands.len();
                    }
                }
                Some(Symbol::Char('#')) => self.comment(),
                Some(Symbol::Char(';')) => self.semicolon(&mut list)?,
                Some(Symbol::Char('&' | '|')) if !self.redirects_both() => {
                    self.operator_between(&mut list);
                }
                Some(_) => {
                    list.dangling = None;
                    self.command(&mut list)?;
                }
            }
        }
    }

    fn end_of_input(&self, list: &List, opened: Range<usize>) -> Scanned<()> {
        Self::check_closed(list)?;
        if list.end == End::Parenthesis {
            return Err(SyntaxProblem::new(opened, "this `(` is not closed"));
        }
        if let Some(index) = self.pending.first() {
            let document = &self.scan.documents[*index];
            let message = format!("the here-document `{}` has no text", document.mark);
            return Err(SyntaxProblem::new(document.mark_at.clone(), message));
        }
        Ok(())
    }

    fn check_closed(list: &List) -> Scanned<()> {
        if let Some(open) = list.open.last() {
            let (opener, closer) = open.opener.words();
            let message = format!("this `{opener}` is not closed by `{closer}`");
            return Err(SyntaxProblem::new(open.at.clone(), message));
        }
        match &list.dangling {
            Some(at) => Err(SyntaxProblem::new(at.clone(), "nothing follows this operator")),
            None => Ok(()),
        }
    }

    /// Skips a comment up to the end of its line.
    pub(super) fn comment(&mut self) {
        while let Some(symbol) = self.symbol(0) {
            match symbol {
                Symbol::Char('\n') => return,
                Symbol::Char(_) => {}
                Symbol::Slot(slot) => {
                    self.place(slot, Quoting::Comment, Spot::Word, Showing::Bare);
                }
            }
            self.position += 1;
        }
    }

    fn semicolon(&mut self, list: &mut List) -> Scanned<()> {
        let at = self.here();
        let in_case = matches!(list.open.last(), Some(open) if open.opener == Opener::Case);
        for ends_branch in [";;&", ";;", ";&"] {
            if self.looking_at(ends_branch) {
                if !in_case {
                    return Err(SyntaxProblem::new(at, "this stands outside `case`"));
                }
                self.take(ends_branch);
                list.pipeline = self.scan.commands.len();
                return self.case_patterns(list);
            }
        }
        self.position += 1;
        list.pipeline = self.scan.commands.len();
        Ok(())
    }

    fn operator_between(&mut self, list: &mut List) {
        let at = self.here();
        if self.looking_at("||") {
            for command in &mut self.scan.commands[list.pipeline..] {
                command.failure = Failure::Handled;
            }
        }
        if self.take("&&") || self.take("||") {
            list.pipeline = self.scan.commands.len();
            list.dangling = Some(at);
        } else if self.take("|&") || self.take("|") {
            list.piped = true;
            list.dangling = Some(at);
        } else {
            self.position += 1;
            list.pipeline = self.scan.commands.len();
        }
    }

    fn command(&mut self, list: &mut List) -> Scanned<()> {
        if self.char(0) == Some('(') {
            return self.parentheses();
        }
        let at = self.here();
        match self.plain_word().as_deref() {
            Some("if") => self.open(list, Opener::If, "if"),
            Some("while") => self.take_word("while"),
            Some("until") => self.take_word("until"),
            Some("do") => self.open(list, Opener::Loop, "do"),
            Some("{") => self.open(list, Opener::Brace, "{"),
            Some("fi") => self.close(list, Opener::If, "fi")?,
            Some("done") => self.close(list, Opener::Loop, "done")?,
            Some("}") => self.close(list, Opener::Brace, "}")?,
            Some("esac") => self.close(list, Opener::Case, "esac")?,
            Some(word @ ("then" | "else" | "elif")) => {
                if !matches!(list.open.last(), Some(open) if open.opener == Opener::If) {
                    let message = format!("this `{word}` stands outside `if`");
                    return Err(SyntaxProblem::new(at, message));
                }
                self.take_word(word);
            }
            Some("!") => self.take_word("!"),
            Some("time") if self.shell == Shell::Bash => {
                self.take_word("time");
                self.skip_blanks();
                if self.plain_word().as_deref() == Some("-p") {
                    self.take_word("-p");
                }
            }
            Some("coproc") if self.shell == Shell::Bash => self.take_word("coproc"),
            Some(word @ ("for" | "select")) => self.for_header(word)?,
            Some("case") => self.case_header(list, at)?,
            Some("function") if self.shell == Shell::Bash => self.function_header()?,
            Some("[[") if self.shell == Shell::Bash => self.double_brackets(at)?,
            _ => {
                let fed_by = list.piped.then_some(list.pipeline..self.scan.commands.len());
                list.piped = false;
                return self.simple_command(fed_by);
            }
        }
        Ok(())
    }

    /// The bare letters that stand here as a word of their own.
    fn plain_word(&self) -> Option<String> {
        let mut word = String::new();
        for ahead in 0.. {
            match self.symbol(ahead) {
                None => break,
                Some(Symbol::Char(c)) if ends_word(c) => break,
                Some(Symbol::Char(c)) if !"'\"\\$`".contains(c) && ahead < 16 => word.push(c),
                Some(_) => return None,
            }
        }
        Some(word)
    }

    fn take_word(&mut self, word: &str) {
        self.position += word.chars().count();
    }

    fn open(&mut self, list: &mut List, opener: Opener, word: &str) {
        list.open.push(Open { opener, at: self.here(), pipeline: list.pipeline });
        list.piped = false;
        self.take_word(word);
    }

    fn close(&mut self, list: &mut List, opener: Opener, word: &str) -> Scanned<()> {
        match list.open.pop() {
            Some(open) if open.opener == opener => {
                list.pipeline = open.pipeline;
                self.take_word(word);
                Ok(())
            }
            Some(open) => {
                let (first, closer) = open.opener.words();
                Err(self
                    .problem(format!("this `{word}` stands where `{first}` waits for `{closer}`")))
            }
            None => Err(self.problem(format!("this `{word}` closes nothing"))),
        }
    }

    /// `((..))` or `(..)`; the parenthesis is the next symbol.
    fn parentheses(&mut self) -> Scanned<()> {
        let open = self.here();
        if self.char(1) == Some('(') && self.closes_as_arithmetic(self.position + 2) {
            self.position += 2;
            self.arithmetic(ArithmeticEnd::Parentheses)?;
            self.scan.commands.push(Command { kind: Kind::Words, ..Command::default() });
            return Ok(());
        }
        self.position += 1;
        self.commands_in_parentheses(open)
    }

    fn for_header(&mut self, word: &str) -> Scanned<()> {
        let start = self.position;
        self.take_word(word);
        if word == "select" {
            // It asks at the terminal, as a program would.
            let parts = vec![Part::Text(word.to_owned())];
            let at = self.since(start);
            self.scan
                .commands
                .push(Command { words: vec![Word { parts, at }], ..Command::default() });
        }
        self.skip_blanks();
        if self.looking_at("((") {
            self.position += 2;
            return self.arithmetic(ArithmeticEnd::Parentheses);
        }
        let name = self.word(Spot::Name, Until::Operator)?;
        let text = name.text().unwrap_or_default();
        self.note_name(&text, name.at.clone());
        self.skip_newlines()?;
        let mut command = Command { kind: Kind::Words, ..Command::default() };
        if self.plain_word().as_deref() == Some("in") {
            self.take_word("in");
            command.words = self.words_until_separator()?;
        }
        self.scan.loops.push((text.into_owned(), self.scan.commands.len()));
        self.scan.commands.push(command);
        Ok(())
    }

    fn skip_newlines(&mut self) -> Scanned<()> {
        loop {
            self.skip_blanks();
            match self.char(0) {
                Some('\n') => self.newline()?,
                Some('#') => self.comment(),
                _ => return Ok(()),
            }
        }
    }

    fn words_until_separator(&mut self) -> Scanned<Vec<Word>> {
        let mut words = Vec::new();
        loop {
            self.skip_blanks();
            match self.symbol(0) {
                None | Some(Symbol::Char(';' | '\n' | '#' | ')' | '&' | '|' | '(')) => {
                    return Ok(words);
                }
                Some(Symbol::Char('<' | '>')) if self.char(1) != Some('(') => {
                    return Err(self.problem("a redirection cannot stand here"));
                }
                Some(_) => words.push(self.word(Spot::Word, Until::Operator)?),
            }
        }
    }

    fn case_header(&mut self, list: &mut List, at: Range<usize>) -> Scanned<()> {
        self.take_word("case");
        self.skip_blanks();
        let word = self.word(Spot::Pattern, Until::Operator)?;
        self.scan.commands.push(Command {
            kind: Kind::Words,
            words: vec![word],
            ..Command::default()
        });
        self.skip_newlines()?;
        if self.plain_word().as_deref() != Some("in") {
            return Err(SyntaxProblem::new(at, "this `case` has no `in`"));
        }
        self.take_word("in");
        list.open.push(Open { opener: Opener::Case, at, pipeline: list.pipeline });
        self.case_patterns(list)
    }

    /// Reads the patterns of the next branch, or `esac`.
    fn case_patterns(&mut self, list: &mut List) -> Scanned<()> {
        self.skip_newlines()?;
        if self.plain_word().as_deref() == Some("esac") {
            return self.close(list, Opener::Case, "esac");
        }
        self.take("(");
        loop {
            self.skip_blanks();
            match self.symbol(0) {
                Some(Symbol::Char(')')) => {
                    self.position += 1;
                    list.pipeline = self.scan.commands.len();
                    return Ok(());
                }
                Some(Symbol::Char('|')) => self.position += 1,
                Some(Symbol::Char(c)) if ends_word(c) => {
                    return Err(self.problem("a pattern and `)` are expected here"));
                }
                None => return Self::check_closed(list),
                Some(_) => {
                    self.word(Spot::Pattern, Until::Operator)?;
                }
            }
        }
    }

    fn function_header(&mut self) -> Scanned<()> {
        self.take_word("function");
        self.skip_blanks();
        let name = self.word(Spot::Name, Until::Operator)?;
        self.define_function(&name);
        self.skip_blanks();
        if self.take("(") {
            self.skip_blanks();
            if !self.take(")") {
                return Err(self.problem("`)` is expected here"));
            }
        }
        Ok(())
    }

    /// `[[ ... ]]`
    fn double_brackets(&mut self, open: Range<usize>) -> Scanned<()> {
        self.take_word("[[");
        let mut words: Vec<Word> = Vec::new();
        loop {
            self.skip_newlines()?;
            let start = self.position;
            match self.symbol(0) {
                None => return Err(SyntaxProblem::new(open, "this `[[` is not closed")),
                Some(Symbol::Char(c))
                    if ends_word(c) && !("<>".contains(c) && self.char(1) == Some('(')) =>
                {
                    self.position += 1;
                    words.push(Word {
                        parts: vec![Part::Text(c.to_string())],
                        at: self.since(start),
                    });
                }
                Some(_) if self.plain_word().as_deref() == Some("]]") => {
                    self.take_word("]]");
                    break;
                }
                Some(_) => {
                    let regex = words.last().and_then(Word::text).as_deref() == Some("=~");
                    let until = if regex { Until::Blank } else { Until::Operator };
                    words.push(self.word(Spot::Pattern, until)?);
                }
            }
        }
        self.scan.commands.push(Command { kind: Kind::Test, words, ..Command::default() });
        Ok(())
    }
}
