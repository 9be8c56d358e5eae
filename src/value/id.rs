//! Identifiers of runbooks and services: `[a-z0-9][a-z0-9._-]*`.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::diagnostic::cut;

/// A text that is no identifier.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("`{}` is not an id: ids are [a-z0-9][a-z0-9._-]*", cut(.0))]
pub struct InvalidId(pub String);

fn is_id(text: &str) -> bool {
    let letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let mut bytes = text.bytes();
    bytes.next().is_some_and(letter) && bytes.all(|b| letter(b) || b"._-".contains(&b))
}

/// The nearest id to a text, if anything of the text can stay.
fn propose(text: &str) -> Option<String> {
    let mut proposal = String::new();
    for c in text.trim().chars() {
        match c.to_ascii_lowercase() {
            c if c.is_ascii_lowercase() || c.is_ascii_digit() => proposal.push(c),
            '.' | '_' | '-' if !proposal.is_empty() => proposal.push(c),
            _ if !proposal.is_empty() && !proposal.ends_with('-') => proposal.push('-'),
            _ => {}
        }
    }
    let proposal = proposal.trim_end_matches(['-', '.', '_']).to_owned();
    is_id(&proposal).then_some(proposal)
}

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Checks a text.
            pub fn new(text: &str) -> Result<Self, InvalidId> {
                if is_id(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(InvalidId(text.to_owned()))
                }
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The nearest id to a text that is none.
            pub fn propose(text: &str) -> Option<String> {
                propose(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                Self::new(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    };
}

identifier! {
    /// The id of a runbook; it defaults to its file's stem.
    RunbookId
}

identifier! {
    /// The id of a service.
    ServiceId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_small_letters_digits_and_three_marks() {
        for id in ["a", "9", "checkout-error-rate", "db.v2_slow", "a--b", "a."] {
            assert!(RunbookId::new(id).is_ok(), "{id}");
        }
        for id in ["", "-a", ".a", "_a", "A", "a b", "a/b", "ä", "a\n", "../x"] {
            assert!(ServiceId::new(id).is_err(), "{id:?}");
        }
    }

    #[test]
    fn a_near_miss_gets_an_id_proposed() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(RunbookId::propose(text).as_deref(), expected, "{text:?}");
        };
        check("Checkout Error Rate", Some("checkout-error-rate"));
        check("-db", Some("db"));
        check("a/b", Some("a-b"));
        check("Größe", Some("gr-e"));
        check("!!", None);
    }

    #[test]
    fn serde_refuses_what_new_refuses() {
        assert!(serde_json::from_str::<RunbookId>("\"a b\"").is_err());
        let id: RunbookId = serde_json::from_str("\"a-b\"").unwrap();
        assert_eq!(serde_json::to_string(&id).unwrap(), "\"a-b\"");
    }
}
