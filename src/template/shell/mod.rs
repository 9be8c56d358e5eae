//! A scanner for shell text: which words belong to which command, and in which quoting each slot
//! stands.
//!
//! [`scan`] reads one selection of a script (its choices made) and returns a [`Scan`]. It judges
//! nothing but what cannot be read: unclosed quotes, stray closers, open here-documents.

mod heredoc;
mod item;
mod list;
mod parameter;
mod quotes;
mod simple;
mod word;

use std::borrow::Cow;
use std::ops::Range;

pub(super) use heredoc::{Expansion, HereDoc, Tabs};
pub(super) use item::{Item, Symbol};

use super::reading::Failure;
use super::script::Shell;

/// The deepest nesting of substitutions, quotes and groups.
const DEEPEST: usize = 40;

/// The quoting around a slot.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Quoting {
    /// None.
    Bare,
    /// `"..."`
    Double,
    /// `'...'`
    Single,
    /// `$'...'`
    AnsiC,
    /// A here-document, by its index.
    HereDoc(usize),
    /// `$((..))`, `((..))`, an index, an offset.
    Arithmetic,
    /// A comment.
    Comment,
}

/// What the word is for in which a slot stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Spot {
    /// A word of a command, an assigned value, the body of a here-document.
    Word,
    /// A pattern or an operand of `case` and `[[`, where bare letters may have a meaning.
    Pattern,
    /// Behind `>&` or `<&`.
    Descriptor,
    /// The end mark of a here-document.
    EndMark,
    /// Where the name of a variable or a function is expected.
    Name,
}

/// Whether a shown value may stand without quotes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Showing {
    /// Where its letters are plain.
    Bare,
    /// Never: what stands around it would change its meaning.
    Quoted,
}

/// Where a slot stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Placement {
    /// The quoting around it.
    pub(super) quoting: Quoting,
    /// What its word is for.
    pub(super) purpose: Spot,
    /// How a value may be shown.
    pub(super) showing: Showing,
    /// How deep in backticks.
    pub(super) backticks: usize,
    /// Whether it stands in the operand of `${x:-...}`.
    pub(super) operand: bool,
}

/// A part of a word.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Part {
    /// Letters, without their quotes.
    Text(String),
    /// A slot, by its index.
    Slot(usize),
    /// A variable.
    Variable(String),
    /// The output of commands, by their indices.
    Commands(Range<usize>),
    /// Anything else that is not constant.
    Other,
}

/// A word.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Word {
    pub(super) parts: Vec<Part>,
    pub(super) at: Range<usize>,
}

impl Word {
    /// Its text, if it is constant.
    pub(super) fn text(&self) -> Option<Cow<'_, str>> {
        let constant = self.parts.iter().all(|part| matches!(part, Part::Text(_)));
        constant.then(|| self.prefix())
    }

    /// The constant letters it begins with.
    pub(super) fn prefix(&self) -> Cow<'_, str> {
        let mut text = Cow::Borrowed("");
        for part in &self.parts {
            match part {
                // Most words are one part.
                Part::Text(letters) if text.is_empty() => text = Cow::Borrowed(letters),
                Part::Text(letters) => text.to_mut().push_str(letters),
                _ => break,
            }
        }
        text
    }

    /// The slots that stand in it directly.
    pub(super) fn slots(&self) -> impl Iterator<Item = usize> + '_ {
        self.parts.iter().filter_map(|part| match part {
            Part::Slot(slot) => Some(*slot),
            _ => None,
        })
    }

    /// The variables that stand in it directly.
    pub(super) fn variables(&self) -> impl Iterator<Item = &str> + '_ {
        self.parts.iter().filter_map(|part| match part {
            Part::Variable(name) => Some(name.as_str()),
            _ => None,
        })
    }
}

/// `name=value`
#[derive(Clone, Debug)]
pub(super) struct Assignment {
    pub(super) name: String,
    pub(super) value: Word,
}

/// What a redirection does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Direction {
    /// Reads a file.
    In,
    /// Writes a file or copies a descriptor.
    Out,
    /// `<<<`
    HereString,
    /// `<<`, by the document's index.
    HereDoc(usize),
}

/// A redirection.
#[derive(Clone, Debug)]
pub(super) struct Redirect {
    pub(super) direction: Direction,
    pub(super) target: Word,
}

/// What kind of command it is.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) enum Kind {
    /// A program, a builtin or a function with its arguments.
    #[default]
    Simple,
    /// `[[ ... ]]`
    Test,
    /// The words of `for`, `select` and `case`.
    Words,
}

/// A command.
#[derive(Clone, Debug, Default)]
pub(super) struct Command {
    pub(super) kind: Kind,
    pub(super) words: Vec<Word>,
    pub(super) assignments: Vec<Assignment>,
    pub(super) redirects: Vec<Redirect>,
    /// The commands whose output it reads through a pipe.
    pub(super) fed_by: Option<Range<usize>>,
    /// What its failure does.
    pub(super) failure: Failure,
}

/// What a scan found.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// All commands, the inner ones before those they stand in.
    pub(super) commands: Vec<Command>,
    /// Where each slot stands.
    pub(super) placements: Vec<Option<Placement>>,
    /// The here-documents.
    pub(super) documents: Vec<HereDoc>,
    /// The functions that are defined.
    pub(super) functions: Vec<String>,
    /// Names in arithmetic.
    pub(super) arithmetic: Vec<(String, Range<usize>)>,
    /// Names that the script loops over, with the words.
    pub(super) loops: Vec<(String, usize)>,
    /// Uses of variables that are Surefoot's own.
    pub(super) own: Vec<Range<usize>>,
    /// Variables that need braces because a slot follows: the name's range.
    pub(super) unbraced: Vec<Range<usize>>,
    /// Dollar signs that stand directly before a slot.
    pub(super) dollars: Vec<Range<usize>>,
    /// Something that one shell reads so and the next one otherwise.
    pub(super) unsure: Vec<SyntaxProblem>,
}

/// Why a script cannot be read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct SyntaxProblem {
    pub(super) at: Range<usize>,
    pub(super) message: String,
}

impl SyntaxProblem {
    fn new(at: Range<usize>, message: impl Into<String>) -> Self {
        Self { at, message: message.into() }
    }
}

type Scanned<T> = Result<T, SyntaxProblem>;

/// Scans one selection of a script.
pub(super) fn scan(items: &[Item], slots: usize, shell: Shell) -> Scanned<Scan> {
    let mut scan = Scan { placements: vec![None; slots], ..Scan::default() };
    Scanner::new(items, shell, &mut scan).script()?;
    if scan.commands.is_empty() && scan.functions.is_empty() {
        let at = items.first().map_or(0, |item| item.at)..items.last().map_or(0, |item| item.end);
        return Err(SyntaxProblem::new(at, "there is no command here"));
    }
    Ok(scan)
}

/// The quoting in which a `$` or a slot stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Surround {
    Bare,
    Double,
    HereDoc(usize),
}

impl Surround {
    fn quoting(self) -> Quoting {
        match self {
            Self::Bare => Quoting::Bare,
            Self::Double => Quoting::Double,
            Self::HereDoc(document) => Quoting::HereDoc(document),
        }
    }
}

/// Reads items from left to right.
struct Scanner<'a> {
    items: &'a [Item],
    position: usize,
    depth: usize,
    backticks: usize,
    operands: usize,
    pending: Vec<usize>,
    outer_pending: bool,
    shell: Shell,
    scan: &'a mut Scan,
}

impl<'a> Scanner<'a> {
    fn new(items: &'a [Item], shell: Shell, scan: &'a mut Scan) -> Self {
        Self {
            items,
            position: 0,
            depth: 0,
            backticks: 0,
            operands: 0,
            pending: Vec::new(),
            outer_pending: false,
            shell,
            scan,
        }
    }

    /// A scanner for items that stand inside these, in a construct of their own.
    fn inner<'b>(&'b mut self, items: &'b [Item]) -> Scanner<'b> {
        Scanner {
            items,
            position: 0,
            depth: self.depth + 1,
            backticks: self.backticks,
            operands: 0,
            pending: Vec::new(),
            outer_pending: false,
            shell: self.shell,
            scan: self.scan,
        }
    }

    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Scanned<T>) -> Scanned<T> {
        if self.depth == DEEPEST {
            return Err(self.problem("this is nested too deep to be read"));
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    fn problem(&self, message: impl Into<String>) -> SyntaxProblem {
        SyntaxProblem::new(self.here(), message)
    }

    fn place(&mut self, slot: usize, quoting: Quoting, purpose: Spot, showing: Showing) {
        self.scan.placements[slot] = Some(Placement {
            quoting,
            purpose,
            showing,
            backticks: self.backticks,
            operand: self.operands > 0,
        });
    }

    /// Notes the use of a variable, for those that are Surefoot's own.
    fn note_name(&mut self, name: &str, at: Range<usize>) {
        if name.starts_with(super::variable::PREFIX) {
            self.scan.own.push(at);
        }
    }
}
