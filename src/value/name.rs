//! Names of values, steps, options, procedures and environments: `[a-z][a-z0-9_]*`.
//!
//! [`Name`] is the form alone. Names of values (inputs, captures, answers, `as`) must moreover not
//! be [reserved](Name::reserved), as templates and expressions use these words themselves.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::diagnostic::cut;

/// Words that cannot name a value: the program's own, Handlebars' helpers, CEL's types and macros.
const RESERVED: [&str; 40] = [
    "alert",
    "all",
    "bool",
    "bytes",
    "double",
    "duration",
    "dyn",
    "each",
    "else",
    "environment",
    "exists",
    "exists_one",
    "exit",
    "false",
    "files",
    "filter",
    "has",
    "if",
    "in",
    "int",
    "list",
    "log",
    "lookup",
    "map",
    "now",
    "null",
    "null_type",
    "run",
    "stderr",
    "stdout",
    "steps",
    "string",
    "this",
    "timestamp",
    "took",
    "true",
    "type",
    "uint",
    "unless",
    "with",
];

/// A name as the language allows it.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Name(String);

/// A text that is no name.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("`{}` is not a name: names are [a-z][a-z0-9_]*", cut(.0))]
pub struct InvalidName(pub String);

impl Name {
    /// Checks a text.
    pub fn new(text: &str) -> Result<Self, InvalidName> {
        let mut bytes = text.bytes();
        let starts = bytes.next().is_some_and(|first| first.is_ascii_lowercase());
        let goes_on = bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if starts && goes_on {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidName(text.to_owned()))
        }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a word cannot name a value, as templates or expressions use it themselves.
    pub fn reserved(word: &str) -> bool {
        RESERVED.contains(&word)
    }

    /// A name for a value near `text`: `roll_back` for `roll-back`, `Roll Back` and `rollBack`,
    /// and `run_value` for the reserved `run`.
    pub fn propose(text: &str) -> Option<String> {
        let name = Self::propose_form(text)?;
        Some(if Self::reserved(&name) { format!("{name}_value") } else { name })
    }

    /// A name of a step, an option or a procedure near `text`; it may be reserved for values.
    pub fn propose_form(text: &str) -> Option<String> {
        let mut name = String::new();
        let mut after_small = false;
        for c in text.chars() {
            if c.is_ascii_alphanumeric() {
                if c.is_ascii_uppercase() && after_small {
                    name.push('_');
                }
                name.push(c.to_ascii_lowercase());
            } else if !name.is_empty() && !name.ends_with('_') {
                name.push('_');
            }
            after_small = c.is_ascii_lowercase() || c.is_ascii_digit();
        }
        let name = name.trim_end_matches('_');
        match name.bytes().next()? {
            first if first.is_ascii_lowercase() => Some(name.to_owned()),
            _ => Some(format!("n{name}")),
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Name {
    type Error = InvalidName;

    fn try_from(text: String) -> Result<Self, InvalidName> {
        Self::new(&text)
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_near_miss_gets_the_right_name() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(Name::propose(text).as_deref(), expected, "{text:?}");
        };
        check("roll-back", Some("roll_back"));
        check("Roll Back", Some("roll_back"));
        check("rollBack", Some("roll_back"));
        check("podIP", Some("pod_ip"));
        check("_x", Some("x"));
        check("x__y", Some("x_y"));
        check("9lives", Some("n9lives"));
        check("run", Some("run_value"));
        check("Stdout", Some("stdout_value"));
        check("größe", Some("gr_e"));
        check("--", None);
        check("", None);
    }

    #[test]
    fn words_of_templates_and_expressions_are_reserved_and_near_ones_are_not() {
        for word in [
            "environment",
            "alert",
            "run",
            "steps",
            "now",
            "exit",
            "stdout",
            "stderr",
            "took",
            "files",
            "if",
            "unless",
            "each",
            "with",
            "lookup",
            "log",
            "else",
            "this",
            "true",
            "false",
            "null",
            "in",
            "int",
            "string",
            "duration",
            "has",
            "all",
            "map",
        ] {
            assert!(Name::reserved(word), "{word}");
        }
        for word in [
            "namespace",
            "package",
            "loop",
            "as",
            "break",
            "const",
            "continue",
            "for",
            "function",
            "import",
            "let",
            "var",
            "void",
            "while",
            "return",
            "inputs",
            "target",
            "size",
            "matches",
            "secret",
            "len",
            "eq",
            "step",
            "env",
        ] {
            assert!(!Name::reserved(word), "{word}");
        }
    }

    #[test]
    fn a_message_repeats_no_control_characters() {
        let message = Name::new("a\u{1b}[2J\u{202e}b").unwrap_err().to_string();
        assert!(message.contains("\\x1b[2J\\u{202e}b"), "{message}");
        assert!(!message.chars().any(char::is_control));
    }

    proptest! {
        #[test]
        fn every_proposal_is_a_name_that_is_free(text in "\\PC*") {
            if let Some(proposal) = Name::propose(&text) {
                prop_assert!(Name::new(&proposal).is_ok());
                prop_assert!(!Name::reserved(&proposal));
            }
        }

        #[test]
        fn names_stay_as_they_are(name in "[a-z]([a-z0-9]|_[a-z0-9])*") {
            prop_assert_eq!(Name::propose_form(&name), Some(name));
        }
    }
}
