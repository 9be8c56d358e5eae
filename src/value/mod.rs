//! Typed values: what an input, a capture or an answer may be, and how each is written.
//!
//! A value is data for ever: it prints as it was written and is never parsed again as anything
//! else. Secrets are a type of their own that can neither be printed nor serialised.

mod constraint;
mod duration;
mod hex;
mod id;
mod kind;
mod masking;
mod name;
mod number;
mod parse;
mod reference;
mod secret;

#[cfg(test)]
mod tests;

pub use constraint::{Bound, Constraints, InvalidPattern, Pattern, compile_regex};
pub use duration::{Duration, spoken};
pub use hex::hex;
pub use id::{InvalidId, RunbookId, ServiceId};
pub use kind::Type;
pub use masking::{Form, Hidden, MASK, Masker, Patterns, SHORTEST, TooWeak};
pub use name::{InvalidName, Name};
pub use number::compare_mixed;
pub use parse::InvalidValue;
pub use reference::{Datum, Facts, Reference};
pub use secret::Secret;

use std::borrow::Cow;
use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

/// A moment as its author wrote it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Moment {
    /// The instant.
    pub at: jiff::Timestamp,
    /// Its spelling.
    pub written: String,
}

/// A decimal number with the digits it came with.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Decimal {
    /// The nearest binary number.
    pub number: f64,
    /// Its spelling.
    pub written: String,
}

/// A value that may be shown.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "type", content = "value")]
pub enum Value {
    /// `true` or `false`.
    Boolean(bool),
    /// A length of time.
    Duration(Duration),
    /// A decimal number.
    Float(Decimal),
    /// A whole number.
    Integer(i64),
    /// Several texts.
    List(Vec<Value>),
    /// Any kind of text: string, text, name, host, path, url.
    Text(String),
    /// A moment.
    Timestamp(Moment),
}

impl Value {
    /// The value as it was written; a list's items are joined with commas.
    pub fn written(&self) -> String {
        self.as_written().into_owned()
    }

    /// As [`Value::written`], without a copy where there is a spelling to borrow.
    pub fn as_written(&self) -> Cow<'_, str> {
        match self {
            Self::Boolean(true) => Cow::Borrowed("true"),
            Self::Boolean(false) => Cow::Borrowed("false"),
            Self::Duration(duration) => Cow::Borrowed(&duration.written),
            Self::Float(number) => Cow::Borrowed(&number.written),
            Self::Integer(number) => Cow::Owned(number.to_string()),
            Self::List(items) => {
                let written: Vec<Cow<'_, str>> = items.iter().map(Self::as_written).collect();
                Cow::Owned(written.join(", "))
            }
            Self::Text(text) => Cow::Borrowed(text),
            Self::Timestamp(moment) => Cow::Borrowed(&moment.written),
        }
    }

    /// The items of a list; any other value is its own only item.
    pub fn items(&self) -> &[Self] {
        match self {
            Self::List(items) => items,
            single => std::slice::from_ref(single),
        }
    }

    /// What kind of value it is, in one word.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Boolean(_) => "boolean",
            Self::Duration(_) => "duration",
            Self::Float(_) => "float",
            Self::Integer(_) => "integer",
            Self::List(_) => "list",
            Self::Text(_) => "text",
            Self::Timestamp(_) => "timestamp",
        }
    }

    /// Orders numbers of all kinds, durations, moments and texts; `None` for what has no order.
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Integer(a), Self::Integer(b)) => Some(a.cmp(b)),
            (Self::Float(a), Self::Float(b)) => a.number.partial_cmp(&b.number),
            (Self::Integer(a), Self::Float(b)) => compare_mixed(*a, b.number),
            (Self::Float(a), Self::Integer(b)) => {
                compare_mixed(*b, a.number).map(Ordering::reverse)
            }
            (Self::Duration(a), Self::Duration(b)) => Some(a.millis.cmp(&b.millis)),
            (Self::Timestamp(a), Self::Timestamp(b)) => Some(a.at.cmp(&b.at)),
            (Self::Text(a), Self::Text(b)) => Some(a.cmp(b)),
            _ => None,
        }
    }

    /// Whether two values mean the same, however they are spelled: `60m` is `1h`.
    pub fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Boolean(a), Self::Boolean(b)) => a == b,
            (Self::List(a), Self::List(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.is_same(b))
            }
            _ => self.compare(other) == Some(Ordering::Equal),
        }
    }
}
