//! A template as pieces: text, slots and choices, each with its place in the source.
//!
//! [`parse`] is the only way in; it never recurses deeper than [`DEEPEST`].

use std::ops::Range;

use super::path;
use super::problem::TemplateProblem;
use super::tags::{self, ESCAPE_HELP, Token};
use crate::value::Reference;

/// The largest template.
const LARGEST: usize = 64 * 1024;

/// The deepest nesting of blocks.
const DEEPEST: usize = 16;

/// A place where a value is named.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Slot {
    /// What is named.
    pub(super) reference: Reference,
    /// The tag.
    pub(super) at: Range<usize>,
}

/// A part of a template.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Piece {
    /// A range of the source, as it stands.
    Text(Range<usize>),
    /// A value.
    Slot(Slot),
    /// One of two lists of pieces, by whether a value is set and true.
    Choice { condition: Slot, set: Vec<Piece>, unset: Vec<Piece> },
}

/// Parses a template.
pub(super) fn parse(source: &str) -> Result<Vec<Piece>, Vec<TemplateProblem>> {
    if source.len() > LARGEST {
        return Err(vec![
            TemplateProblem::new(0..source.len(), "the text is longer than 64 KiB")
                .help("put it in a file and bring that with `files`"),
        ]);
    }
    let mut problems = Vec::new();
    let tokens = tags::split(source, &mut problems);
    let mut builder = Builder { problems, done: Vec::new(), open: Vec::new() };
    for token in tokens {
        match token {
            Token::Text(range) => builder.push(Piece::Text(range)),
            Token::Tag { inner, at } => builder.tag(inner, at),
        }
    }
    let pieces = builder.finish()?;
    judge(source, &pieces)?;
    Ok(pieces)
}

/// Asks the library for its opinion, so that nothing passes here that Handlebars would refuse.
fn judge(source: &str, pieces: &[Piece]) -> Result<(), Vec<TemplateProblem>> {
    // Handlebars reads `{{elsewhere}}` as `{{else where}}`.
    if is_plain(source) || pieces.iter().any(names_else) {
        return Ok(());
    }
    handlebars::Template::compile(source).map(|_| ()).map_err(|error| {
        let message = format!("this is not a Handlebars template: {}", error.reason());
        vec![TemplateProblem::new(0..source.len(), message).help(ESCAPE_HELP)]
    })
}

/// Whether a template is nothing but text and `{{name}}`: then there is but one opinion of it, as a
/// property test shows, and the library's takes longer than all the rest.
pub(super) fn is_plain(source: &str) -> bool {
    let mut rest = source;
    while let Some(open) = tags::opening(rest) {
        let inner = &rest[open + 2..];
        let Some(close) = inner.find("}}") else {
            return false;
        };
        let name = &inner[..close];
        let named = name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.'))
            && !name.ends_with('.')
            && !name.contains("..");
        if !named || rest[..open].ends_with('\\') || inner[close + 2..].starts_with('}') {
            return false;
        }
        rest = &inner[close + 2..];
    }
    true
}

fn names_else(piece: &Piece) -> bool {
    let named = |slot: &Slot| slot.reference.to_string().starts_with("else");
    match piece {
        Piece::Text(_) => false,
        Piece::Slot(slot) => named(slot),
        Piece::Choice { condition, set, unset } => {
            named(condition) || set.iter().chain(unset).any(names_else)
        }
    }
}

/// Which word opened a block.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Opener {
    If,
    Unless,
}

impl Opener {
    fn word(self) -> &'static str {
        match self {
            Self::If => "if",
            Self::Unless => "unless",
        }
    }
}

/// A block that is not closed yet.
struct Open {
    opener: Opener,
    condition: Slot,
    first: Option<Vec<Piece>>,
    current: Vec<Piece>,
}

struct Builder {
    problems: Vec<TemplateProblem>,
    done: Vec<Piece>,
    open: Vec<Open>,
}

impl Builder {
    fn push(&mut self, piece: Piece) {
        match self.open.last_mut() {
            Some(block) => block.current.push(piece),
            None => self.done.push(piece),
        }
    }

    fn problem(&mut self, at: Range<usize>, message: impl Into<String>, help: impl Into<String>) {
        self.problems.push(TemplateProblem::new(at, message).help(help));
    }

    fn tag(&mut self, inner: &str, at: Range<usize>) {
        if let Some(block) = inner.strip_prefix('#') {
            self.block(block, at);
        } else if let Some(word) = inner.strip_prefix('/') {
            self.close(word.trim(), at);
        } else if inner == "else" {
            self.otherwise(at);
        } else if inner.starts_with("else ") {
            self.problem(
                at,
                "`{{else}}` stands alone",
                "nest a block: `{{else}}{{#if name}}..{{/if}}{{/if}}`",
            );
        } else if let Some(slot) = self.slot(inner, at) {
            self.push(Piece::Slot(slot));
        }
    }

    fn slot(&mut self, path: &str, at: Range<usize>) -> Option<Slot> {
        match path::reference(path) {
            Ok(reference) => Some(Slot { reference, at }),
            Err(refused) => {
                self.problem(at, refused.message, refused.help);
                None
            }
        }
    }

    fn block(&mut self, text: &str, at: Range<usize>) {
        let (word, path) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let opener = match word {
            "if" => Opener::If,
            "unless" => Opener::Unless,
            _ => {
                let help = if word == "each" {
                    "a step is repeated with `for_each`; only `{{#if name}}` and `{{#unless name}}` are known".to_owned()
                } else {
                    format!(
                        "only `{{{{#if name}}}}` and `{{{{#unless name}}}}` are known; {ESCAPE_HELP}"
                    )
                };
                self.problem(at, format!("`{{{{#{word}}}}}` is not known"), help);
                return;
            }
        };
        if self.open.len() == DEEPEST {
            self.problem(
                at.clone(),
                format!("blocks are nested deeper than {DEEPEST}"),
                "split the step",
            );
        }
        if path.trim().is_empty() {
            self.problem(
                at,
                format!("`{{{{#{word}}}}}` needs the name of a value"),
                format!("write `{{{{#{word} name}}}}`"),
            );
            return;
        }
        if let Some(condition) = self.slot(path.trim(), at) {
            self.open.push(Open { opener, condition, first: None, current: Vec::new() });
        }
    }

    fn otherwise(&mut self, at: Range<usize>) {
        match self.open.last_mut() {
            Some(block) if block.first.is_none() => {
                block.first = Some(std::mem::take(&mut block.current));
            }
            Some(_) => self.problem(at, "this block has an `{{else}}` already", "take one away"),
            None => self.problem(
                at,
                "`{{else}}` stands outside a block",
                "it belongs between `{{#if name}}` and `{{/if}}`",
            ),
        }
    }

    fn close(&mut self, word: &str, at: Range<usize>) {
        let Some(block) = self.open.pop() else {
            let help = format!("it closes no block: take it away; {ESCAPE_HELP}");
            self.problem(at, format!("`{{{{/{word}}}}}` without its beginning"), help);
            return;
        };
        let expected = block.opener.word();
        if word != expected {
            self.problem(
                at,
                format!("`{{{{/{word}}}}}` cannot close `{{{{#{expected}}}}}`"),
                format!("write `{{{{/{expected}}}}}`"),
            );
        }
        self.push(block.into_choice());
    }

    fn finish(mut self) -> Result<Vec<Piece>, Vec<TemplateProblem>> {
        for block in std::mem::take(&mut self.open) {
            let word = block.opener.word();
            self.problem(
                block.condition.at,
                format!("`{{{{#{word}}}}}` is not closed"),
                format!("close it with `{{{{/{word}}}}}`"),
            );
        }
        if self.problems.is_empty() {
            Ok(self.done)
        } else {
            self.problems.sort_by_key(|problem| problem.at.start);
            Err(self.problems)
        }
    }
}

impl Open {
    fn into_choice(self) -> Piece {
        let (first, second) = match self.first {
            Some(first) => (first, self.current),
            None => (self.current, Vec::new()),
        };
        let (set, unset) = match self.opener {
            Opener::If => (first, second),
            Opener::Unless => (second, first),
        };
        Piece::Choice { condition: self.condition, set, unset }
    }
}
