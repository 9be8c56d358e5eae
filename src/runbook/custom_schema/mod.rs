//! JSON Schemas of an organisation: what its runbooks must have beyond the language.
//!
//! Runbooks are checked in the tree that the language's own checks see, so that every finding has
//! its place. Keywords that this program does not know are refused when the schema is read: what a
//! schema demands is never left out silently.

mod compile;
mod instance;
mod validate;

use std::collections::BTreeMap;
use std::sync::Arc;

use regex::Regex;
use serde_json::Value;

use super::parse;
use crate::diagnostic::{Diagnostic, Source};

/// A JSON Schema of an organisation.
#[derive(Debug)]
pub struct CustomSchema {
    root: Schema,
    /// What is referred to, by its pointer.
    parts: BTreeMap<String, Schema>,
}

/// A schema that cannot be used.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("at `{pointer}`: {message}")]
pub struct SchemaProblem {
    /// Where in the schema, as a JSON pointer.
    pub pointer: String,
    /// What is wrong.
    pub message: String,
}

impl CustomSchema {
    /// Reads a schema.
    pub fn parse(json: &str) -> Result<Self, SchemaProblem> {
        let problem = |message: String| SchemaProblem { pointer: "/".to_owned(), message };
        let value: Value =
            serde_json::from_str(json).map_err(|error| problem(format!("no JSON: {error}")))?;
        compile::compile(&value)
    }

    /// Checks a text. What is no YAML is not looked at; loading it says why.
    pub fn check(&self, source: &Source) -> Vec<Diagnostic> {
        match parse::parse(source, &mut Vec::new()) {
            Some(root) => validate::validate(self, &source.text, &root),
            None => Vec::new(),
        }
    }
}

/// A schema or a part of one.
#[derive(Debug)]
enum Schema {
    /// `true`
    Anything,
    /// `false`
    Nothing,
    /// All of these.
    Rules(Vec<Rule>, Option<Arc<str>>),
}

/// One demand.
#[derive(Debug)]
enum Rule {
    AllOf(Vec<Schema>),
    AnyOf(Vec<Schema>),
    Contains {
        schema: Schema,
        min: usize,
        max: usize,
    },
    DependentRequired(Vec<(String, Vec<String>)>),
    DependentSchemas(Vec<(String, Schema)>),
    Enum(Vec<Value>),
    If {
        condition: Schema,
        then: Schema,
        otherwise: Schema,
    },
    Items {
        first: Vec<Schema>,
        rest: Schema,
    },
    /// How many items, from and to.
    ItemCount(usize, usize),
    /// How many characters, from and to.
    Length(usize, usize),
    MultipleOf(f64),
    Not(Schema),
    OneOf(Vec<Schema>),
    Pattern(Regex),
    Properties {
        named: Vec<(String, Schema)>,
        patterns: Vec<(Regex, Schema)>,
        others: Schema,
    },
    /// How many keys, from and to.
    PropertyCount(usize, usize),
    PropertyNames(Schema),
    Range {
        bound: f64,
        holds: fn(f64, f64) -> bool,
        said: &'static str,
    },
    Reference(String),
    Required(Vec<String>),
    Type(Vec<Type>),
    UniqueItems,
}

/// What JSON Schema calls the type of a value.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Type {
    Array,
    Boolean,
    Integer,
    Null,
    Number,
    Object,
    String,
}

impl Type {
    const ALL: [(&'static str, Self); 7] = [
        ("array", Self::Array),
        ("boolean", Self::Boolean),
        ("integer", Self::Integer),
        ("null", Self::Null),
        ("number", Self::Number),
        ("object", Self::Object),
        ("string", Self::String),
    ];

    /// What authors call it.
    fn said(self) -> &'static str {
        match self {
            Self::Array => "a list",
            Self::Boolean => "true or false",
            Self::Integer => "a whole number",
            Self::Null => "nothing",
            Self::Number => "a number",
            Self::Object => "a map",
            Self::String => "a text",
        }
    }
}

#[cfg(test)]
mod tests;
