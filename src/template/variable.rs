//! The names of the variables that carry values, and how a script refers to them.

use std::fmt::Write as _;

use crate::value::Reference;

/// The prefix of every variable that is Surefoot's own.
pub(super) const PREFIX: &str = "SF_";

/// The variable of a reference: `SF_[a-z0-9_]+`, and never the same for two references.
///
/// A single value keeps its name, which begins with a letter. Everything else begins with an
/// underscore behind the prefix, and capitals of an alert's labels are written in hexadecimal, with
/// underscores doubled so that nothing can be taken for an escape.
pub(super) fn name(reference: &Reference) -> String {
    match reference {
        Reference::Value(name) => format!("{PREFIX}{name}"),
        Reference::Environment(name) => format!("{PREFIX}_environment_{name}"),
        Reference::File(name) => format!("{PREFIX}_file_{name}"),
        Reference::AlertLabel(key) => format!("{PREFIX}_label_{}", escaped(key)),
        Reference::AlertAnnotation(key) => format!("{PREFIX}_annotation_{}", escaped(key)),
        Reference::StepExit(step) => format!("{PREFIX}_exit_{step}"),
        Reference::StepOutcome(step) => format!("{PREFIX}_outcome_{step}"),
        Reference::RunId => format!("{PREFIX}_run_id"),
        Reference::RunMode => format!("{PREFIX}_run_mode"),
        Reference::Exit => format!("{PREFIX}_own_exit"),
        Reference::Stderr => format!("{PREFIX}_own_stderr"),
        Reference::Stdout => format!("{PREFIX}_own_stdout"),
        Reference::Took => format!("{PREFIX}_own_took"),
        Reference::Now => format!("{PREFIX}_now"),
    }
}

/// The reference for a place in double quotes.
pub(super) fn in_braces(reference: &Reference) -> String {
    format!("${{{}}}", name(reference))
}

fn escaped(key: &str) -> String {
    let mut escaped = String::new();
    for c in key.chars() {
        match c {
            'a'..='z' | '0'..='9' => escaped.push(c),
            '_' => escaped.push_str("__"),
            other => {
                write!(escaped, "_x{:x}_", u32::from(other)).expect("a string takes any text");
            }
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::value::Name;

    #[test]
    fn no_two_references_share_a_variable() {
        let named = |text: &str| Name::new(text).unwrap();
        let mut references = vec![Reference::RunId, Reference::RunMode, Reference::Now];
        for text in ["a", "environment_a", "file_a", "label_a", "run_id", "x41_", "now"] {
            references.push(Reference::Value(named(text)));
            references.push(Reference::Environment(named(text)));
            references.push(Reference::File(named(text)));
            references.push(Reference::StepExit(named(text)));
            references.push(Reference::StepOutcome(named(text)));
        }
        for key in ["a", "A", "_a", "a_", "x41_", "_x41_", "aA", "Aa", "__", "_"] {
            references.push(Reference::AlertLabel(key.to_owned()));
            references.push(Reference::AlertAnnotation(key.to_owned()));
        }
        let all: BTreeSet<String> = references.iter().map(name).collect();
        assert_eq!(all.len(), references.len());
        for name in all {
            let rest = name.strip_prefix(PREFIX).unwrap();
            assert!(
                rest.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'),
                "{name}"
            );
        }
    }
}
