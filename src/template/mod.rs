//! Handlebars behind one door: text with named slots, and commands whose slots are placed by shell
//! position.
//!
//! [`Template`] is for shown text, environment values, input and files: one pass, values are data.
//! [`Script`] is for commands: the shell sees a constant text, values travel in `SF_*` variables.

mod arguments;
mod command_rules;
mod emit;
mod interpreters;
mod path;
mod pieces;
mod position;
mod problem;
mod programs;
mod reading;
mod script;
#[cfg(test)]
mod script_tests;
mod shell;
mod show;
mod tags;
#[cfg(test)]
mod tests;
mod variable;
mod written;

pub use arguments::{ArgumentProblem, check_arguments, check_arguments_within};
pub use problem::{TemplateProblem, Unset};
pub use reading::{CommandWord, Failure, SimpleCommand, arguments_as_command};
pub use script::{
    BindError, BoundScript, Declared, Held, Input, Script, ScriptProblem, Shell, Surroundings,
};
pub use show::quoted;

use std::ops::Range;

use pieces::{Piece, Slot};

use crate::value::{Datum, Facts, Reference, Secret, Value};

/// A text with slots.
#[derive(Clone, Debug)]
pub struct Template {
    source: String,
    pieces: Vec<Piece>,
}

/// A place where a template names something.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Mention {
    /// What it names.
    pub reference: Reference,
    /// Where, in bytes from the start of the template.
    pub at: Range<usize>,
    /// Whether it may be unset here: the condition of a block, or inside a block on itself.
    pub guarded: bool,
}

/// A piece of a filled template.
#[derive(Clone, Debug, PartialEq)]
pub enum Fragment {
    /// Text that may be shown.
    Text(String),
    /// A secret, with the name it is shown by.
    Secret(Reference, Secret),
}

impl Template {
    /// Parses a template. Only `{{name}}`, `{{#if}}`, `{{#unless}}` and `{{else}}` are known.
    pub fn parse(text: &str) -> Result<Self, Vec<TemplateProblem>> {
        Ok(Self { source: text.to_owned(), pieces: pieces::parse(text)? })
    }

    /// A template without slots.
    pub fn constant(text: &str) -> Self {
        Self { source: text.to_owned(), pieces: vec![Piece::Text(0..text.len())] }
    }

    /// The template as its author wrote it.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// What it names.
    pub fn mentions(&self) -> Vec<Mention> {
        mentions(&self.pieces)
    }

    /// What it names if it is one slot and nothing else; a list may stand so in a list of arguments.
    pub fn sole_slot(&self) -> Option<&Reference> {
        match self.pieces.as_slice() {
            [Piece::Slot(slot)] => Some(&slot.reference),
            _ => None,
        }
    }

    /// The value that the filled text begins with, if it begins with one.
    pub fn first_value(&self, facts: &dyn Facts) -> Option<&Reference> {
        for part in select(&self.pieces, &|slot| holds(facts, slot)) {
            match part {
                Selected::Text(range) if range.is_empty() => {}
                Selected::Text(_) => return None,
                Selected::Slot(slot) => match facts.get(&slot.reference) {
                    Some(Datum::Open(value)) if written::shown(&value).is_empty() => {}
                    _ => return Some(&slot.reference),
                },
            }
        }
        None
    }

    /// The text, if the template has neither slots nor choices.
    pub fn as_constant(&self) -> Option<String> {
        let mut text = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(range) => text.push_str(&self.source[range.clone()]),
                Piece::Slot(_) | Piece::Choice { .. } => return None,
            }
        }
        Some(text)
    }

    /// The constant texts in it, in order, with their places.
    pub fn texts(&self) -> Vec<(&str, Range<usize>)> {
        fn collect<'a>(source: &'a str, pieces: &[Piece], into: &mut Vec<(&'a str, Range<usize>)>) {
            for piece in pieces {
                match piece {
                    Piece::Text(range) => into.push((&source[range.clone()], range.clone())),
                    Piece::Slot(_) => {}
                    Piece::Choice { set, unset, .. } => {
                        collect(source, set, into);
                        collect(source, unset, into);
                    }
                }
            }
        }
        let mut found = Vec::new();
        collect(&self.source, &self.pieces, &mut found);
        found.sort_by_key(|(_, range)| range.start);
        found
    }

    /// Fills the slots; secrets appear as `${SF_name}`, lists joined with commas.
    pub fn render(&self, facts: &dyn Facts) -> Result<String, Unset> {
        self.text(facts, written::shown)
    }

    /// Fills the slots of a URL: each value is percent-encoded, so that it cannot leave its place.
    pub fn render_url(&self, facts: &dyn Facts) -> Result<String, Unset> {
        self.text(facts, |value| written::percent_encoded(&written::shown(value)))
    }

    /// Fills the slots and keeps secrets apart, for environment, input and files of a command. A
    /// list has a line for each item.
    pub fn fill(&self, facts: &dyn Facts) -> Result<Vec<Fragment>, Unset> {
        let mut filled = Vec::new();
        for part in select(&self.pieces, &|slot| holds(facts, slot)) {
            match part {
                Selected::Text(range) => push_text(&mut filled, &self.source[range]),
                Selected::Slot(slot) => match get(facts, slot)? {
                    Datum::Open(value) => push_text(&mut filled, &written::lines(&value)),
                    Datum::Secret(secret) => {
                        filled.push(Fragment::Secret(slot.reference.clone(), secret));
                    }
                },
            }
        }
        Ok(filled)
    }

    /// Fills what is known and shows the rest as `unknown` says, for a plan.
    pub fn preview(&self, facts: &dyn Facts, unknown: &dyn Fn(&Reference) -> String) -> String {
        let mut text = String::new();
        for part in select(&self.pieces, &|slot| holds(facts, slot)) {
            match part {
                Selected::Text(range) => text.push_str(&self.source[range]),
                Selected::Slot(slot) => match facts.get(&slot.reference) {
                    Some(Datum::Open(value)) => text.push_str(&written::shown(&value)),
                    Some(Datum::Secret(_)) => text.push_str(&variable::in_braces(&slot.reference)),
                    None => text.push_str(&unknown(&slot.reference)),
                },
            }
        }
        text
    }

    /// Fills nothing: the name of each value stands for it, as in lists of what nobody has begun.
    pub fn unfilled(&self) -> String {
        struct Nothing;
        impl Facts for Nothing {
            fn get(&self, _: &Reference) -> Option<Datum> {
                None
            }
        }
        self.preview(&Nothing, &|reference| format!("‹{reference}›"))
    }

    fn text(&self, facts: &dyn Facts, write: impl Fn(&Value) -> String) -> Result<String, Unset> {
        let mut text = String::new();
        for part in select(&self.pieces, &|slot| holds(facts, slot)) {
            match part {
                Selected::Text(range) => text.push_str(&self.source[range]),
                Selected::Slot(slot) => match get(facts, slot)? {
                    Datum::Open(value) => text.push_str(&write(&value)),
                    Datum::Secret(_) => text.push_str(&variable::in_braces(&slot.reference)),
                },
            }
        }
        Ok(text)
    }
}

/// A part of a template after its choices are made.
enum Selected<'a> {
    Text(Range<usize>),
    Slot(&'a Slot),
}

/// Makes the choices.
fn select<'a>(pieces: &'a [Piece], chosen: &dyn Fn(&Slot) -> bool) -> Vec<Selected<'a>> {
    fn collect<'a>(
        pieces: &'a [Piece],
        chosen: &dyn Fn(&Slot) -> bool,
        into: &mut Vec<Selected<'a>>,
    ) {
        for piece in pieces {
            match piece {
                Piece::Text(range) => into.push(Selected::Text(range.clone())),
                Piece::Slot(slot) => into.push(Selected::Slot(slot)),
                Piece::Choice { condition, set, unset } => {
                    collect(if chosen(condition) { set } else { unset }, chosen, into);
                }
            }
        }
    }
    let mut selected = Vec::new();
    collect(pieces, chosen, &mut selected);
    selected
}

/// Whether the condition of a block is true: a true boolean, or a value that is set and not empty.
fn holds(facts: &dyn Facts, slot: &Slot) -> bool {
    match facts.get(&slot.reference) {
        None => false,
        Some(Datum::Open(Value::Boolean(truth))) => truth,
        Some(Datum::Open(Value::Text(text))) => !text.is_empty(),
        Some(Datum::Open(Value::List(items))) => !items.is_empty(),
        Some(Datum::Open(_)) => true,
        Some(Datum::Secret(secret)) => !secret.expose().is_empty(),
    }
}

fn get(facts: &dyn Facts, slot: &Slot) -> Result<Datum, Unset> {
    facts.get(&slot.reference).ok_or_else(|| Unset(slot.reference.clone()))
}

fn push_text(filled: &mut Vec<Fragment>, text: &str) {
    if text.is_empty() {
        return;
    }
    if let Some(Fragment::Text(last)) = filled.last_mut() {
        last.push_str(text);
    } else {
        filled.push(Fragment::Text(text.to_owned()));
    }
}

fn mentions(pieces: &[Piece]) -> Vec<Mention> {
    fn collect(pieces: &[Piece], guards: &mut Vec<Reference>, into: &mut Vec<Mention>) {
        for piece in pieces {
            match piece {
                Piece::Text(_) => {}
                Piece::Slot(slot) => into.push(Mention {
                    reference: slot.reference.clone(),
                    at: slot.at.clone(),
                    guarded: guards.contains(&slot.reference),
                }),
                Piece::Choice { condition, set, unset } => {
                    into.push(Mention {
                        reference: condition.reference.clone(),
                        at: condition.at.clone(),
                        guarded: true,
                    });
                    guards.push(condition.reference.clone());
                    collect(set, guards, into);
                    guards.pop();
                    collect(unset, guards, into);
                }
            }
        }
    }
    let mut found = Vec::new();
    collect(pieces, &mut Vec::new(), &mut found);
    found.sort_by_key(|mention| mention.at.start);
    found
}
