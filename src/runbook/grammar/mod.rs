//! The language as a table: for every mapping its keys, with shape, need and description.
//!
//! The structural check and the JSON Schema are both made from it, so that they cannot drift.
//! What the keys mean together is not written here but checked in `resolve`.

/// A key that may be left out. A macro, as arguments of functions are not kept for ever.
macro_rules! key {
    ($name:expr, $shape:expr, $about:expr $(,)?) => {
        Key { name: $name, shape: $shape, need: Need::Optional, about: $about, with: &[] }
    };
}

/// A key that must be there.
macro_rules! required {
    ($name:expr, $shape:expr, $about:expr $(,)?) => {
        Key { name: $name, shape: $shape, need: Need::Required, about: $about, with: &[] }
    };
}

/// A key that goes only with some of the mapping's `one_of` keys.
macro_rules! only {
    ($with:expr, key($name:expr, $shape:expr, $about:expr $(,)?) $(,)?) => {
        Key { name: $name, shape: $shape, need: Need::Optional, about: $about, with: $with }
    };
}

mod command;
mod notes;
mod run;
mod scenario;
mod settings;
mod step;
mod top;

pub(super) use notes::{example, meaning, note};
pub(super) use scenario::{ENDS, SCENARIO};
pub(crate) use settings::{ORGANISATION_SETTINGS, REPOSITORY_SETTINGS, USER_SETTINGS};
pub(super) use step::OPTION_WAYS;
pub(super) use top::TOP;

/// A mapping with fixed keys.
#[derive(Debug)]
pub(crate) struct Mapping {
    /// What it is, with its article: `an input`.
    pub what: &'static str,
    /// How it is written, for messages.
    pub form: &'static str,
    /// Its keys.
    pub keys: &'static [&'static [Key]],
    /// If any: exactly one of these keys must be there.
    pub one_of: &'static [&'static str],
}

/// A key of a mapping.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key {
    /// Its name.
    pub name: &'static str,
    /// What may stand there.
    pub shape: Shape,
    /// Whether it must be there.
    pub need: Need,
    /// What it means, one line.
    pub about: &'static str,
    /// Which of the mapping's `one_of` keys it goes with; all of them if empty.
    pub with: &'static [&'static str],
}

/// Whether a key must be there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Need {
    /// May be left out.
    Optional,
    /// Must be there.
    Required,
}

/// What may stand at a place.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    /// `true` or `false`.
    Boolean,
    /// A command as a text, with the traps of commands.
    CommandText,
    /// Whole numbers with units.
    Duration,
    /// CEL.
    Expression,
    /// `[a-z0-9][a-z0-9._-]*`
    Id,
    /// One of some words.
    Keyword(&'static [&'static str]),
    /// One line of shown text, at most 200 characters.
    Line(Slots),
    /// A list of one shape.
    List(&'static Shape),
    /// A mapping with fixed keys.
    Map(&'static Mapping),
    /// `[a-z][a-z0-9_]*`
    Name,
    /// A decimal number.
    Number,
    /// What a program prints: any characters.
    Output,
    /// One of several shapes, told apart by being a scalar, a list or a map.
    OneOf(&'static [Shape]),
    /// A text, of any number of lines.
    Prose(Slots),
    /// Any scalar that is not null; its type is decided elsewhere.
    Scalar,
    /// A list of steps.
    Steps,
    /// A mapping with free keys.
    Table(Keys, &'static Shape),
    /// A moment with its zone.
    Timestamp,
    /// A name that a value may have.
    ValueName,
    /// A text that nobody looks into.
    Verbatim,
    /// A whole number between two bounds.
    Whole(i64, i64),
    /// A name of something that is declared elsewhere.
    Word,
}

/// Whether a text may name values.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Slots {
    /// No: two braces are an error.
    Plain,
    /// Yes, it is a template.
    Template,
}

/// What the keys of a table are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Keys {
    /// Names of checks.
    Check,
    /// Names of environment variables.
    Env,
    /// Names in the language's sense.
    Name,
    /// Ids of steps, those of a used runbook behind the id of its `use`.
    Step,
    /// Names that values may have.
    Value,
}

pub(super) const LINE: Shape = Shape::Line(Slots::Template);
pub(super) const PLAIN_LINE: Shape = Shape::Line(Slots::Plain);
pub(super) const TEMPLATE: Shape = Shape::Prose(Slots::Template);
pub(super) const PLAIN: Shape = Shape::Prose(Slots::Plain);

impl Shape {
    /// The shape itself; steps hold steps, which the table says by a name.
    pub(super) fn resolved(&'static self) -> &'static Self {
        match self {
            Self::Steps => &step::STEPS,
            other => other,
        }
    }
}

impl Mapping {
    /// All keys, in the order of the table.
    pub(crate) fn all(&self) -> impl Iterator<Item = &'static Key> {
        self.keys.iter().flat_map(|group| group.iter())
    }

    /// Of these keys at most one may be there.
    pub(super) fn at_most_one(&self) -> &'static [&'static str] {
        match self.what {
            "a fault" | "a result" | "a result of a part" => ENDS,
            "an option" => OPTION_WAYS,
            _ => &[],
        }
    }

    /// A key by its name.
    pub(crate) fn key(&self, name: &str) -> Option<&'static Key> {
        self.all().find(|key| key.name == name)
    }
}
