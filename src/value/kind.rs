//! The types that inputs, captures and answers are declared with.
//!
//! [`Type`] knows its keyword, which values are closed, and which kinds of comparison fit it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The declared type of a value.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Type {
    /// `true` or `false`.
    Boolean,
    /// Whole numbers with units, largest first: `1h30m`.
    Duration,
    /// A decimal number.
    Float,
    /// A DNS name or an address, without port.
    Host,
    /// A whole number of 64 bits.
    Integer,
    /// Several texts.
    List,
    /// `[a-z0-9]([-a-z0-9.]*[a-z0-9])?`.
    Name,
    /// A path of a file system; no leading `-`, no control characters.
    Path,
    /// One line; no leading `-`, no control characters.
    String,
    /// Any text without NUL.
    Text,
    /// A moment with a zone, RFC 3339.
    Timestamp,
    /// An absolute URL.
    Url,
}

impl Type {
    /// Every type, in the order of the alphabet.
    pub const ALL: [Self; 12] = [
        Self::Boolean,
        Self::Duration,
        Self::Float,
        Self::Host,
        Self::Integer,
        Self::List,
        Self::Name,
        Self::Path,
        Self::String,
        Self::Text,
        Self::Timestamp,
        Self::Url,
    ];

    /// The type of a keyword as it stands in a file.
    pub fn from_keyword(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ty| ty.keyword() == word)
    }

    /// All keywords, for "did you mean".
    pub fn keywords() -> impl Iterator<Item = &'static str> {
        Self::ALL.into_iter().map(Self::keyword)
    }

    /// Its keyword.
    pub fn keyword(self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::Duration => "duration",
            Self::Float => "float",
            Self::Host => "host",
            Self::Integer => "integer",
            Self::List => "list",
            Self::Name => "name",
            Self::Path => "path",
            Self::String => "string",
            Self::Text => "text",
            Self::Timestamp => "timestamp",
            Self::Url => "url",
        }
    }

    /// The type in words, with its article, for messages.
    pub fn described(self) -> &'static str {
        match self {
            Self::Boolean => "true or false",
            Self::Duration => "a duration",
            Self::Float => "a number",
            Self::Host => "a host",
            Self::Integer => "a whole number",
            Self::List => "a list",
            Self::Name => "a name",
            Self::Path => "a path",
            Self::String => "a line of text",
            Self::Text => "a text",
            Self::Timestamp => "a timestamp",
            Self::Url => "a URL",
        }
    }

    /// Whether its values can end no string and start no command in any language.
    pub fn is_closed(self) -> bool {
        match self {
            Self::Boolean
            | Self::Duration
            | Self::Float
            | Self::Host
            | Self::Integer
            | Self::Name
            | Self::Timestamp => true,
            Self::List | Self::Path | Self::String | Self::Text | Self::Url => false,
        }
    }

    /// Whether its values are numbers, which alone may begin with `-`.
    pub fn is_number(self) -> bool {
        matches!(self, Self::Float | Self::Integer)
    }

    /// Whether its values are held as [`super::Value::Text`].
    pub fn is_textual(self) -> bool {
        matches!(self, Self::Host | Self::Name | Self::Path | Self::String | Self::Text | Self::Url)
    }

    /// Whether `min` and `max` mean something for it.
    pub fn has_bounds(self) -> bool {
        matches!(self, Self::Duration | Self::Float | Self::Integer | Self::List)
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.keyword())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_keyword_names_its_own_type() {
        for ty in Type::ALL {
            assert_eq!(Type::from_keyword(ty.keyword()), Some(ty));
            let json = serde_json::to_string(&ty).unwrap();
            assert_eq!(json, format!("\"{ty}\""));
        }
        assert_eq!(Type::keywords().count(), 12);
        assert_eq!(Type::from_keyword("Integer"), None);
        assert_eq!(Type::from_keyword("int"), None);
    }

    #[test]
    fn only_types_that_cannot_hold_syntax_are_closed() {
        let closed: Vec<&str> =
            Type::ALL.into_iter().filter(|ty| ty.is_closed()).map(Type::keyword).collect();
        assert_eq!(
            closed,
            ["boolean", "duration", "float", "host", "integer", "name", "timestamp"]
        );
    }
}
