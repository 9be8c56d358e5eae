//! From bytes to a tree of [`Node`]s with their places: the only place that knows the YAML crates.
//!
//! Two independent readers read every text, and must agree on what it says. Nothing here knows the
//! keys of a runbook.

mod agree;
mod anchors;
mod bytes;
mod hints;
mod keys;
mod plain;
mod traps;
mod tree;

pub(super) use agree::same_values;
pub(crate) use bytes::check as check_text;
pub use bytes::decode;
pub(super) use bytes::odd_character;
pub(super) use traps::{is_value_of_line, quoted_form};
pub(super) use tree::text_node;
pub(crate) use tree::{Entry, Kind, Map, Node, Scalar, Style};

use crate::diagnostic::{Diagnostic, Severity, Source};

/// Reads a text into a tree. Without errors in `findings` there is a tree, and both readings agree.
pub(crate) fn parse(source: &Source, findings: &mut Vec<Diagnostic>) -> Option<Node> {
    bytes::check(source, findings);
    if findings.iter().any(|found| found.severity == Severity::Error) {
        return None;
    }
    // Parsers differ on a block text at the end of a file that lacks its final newline.
    let mut text = source.text.to_string();
    if !text.ends_with('\n') {
        text.push('\n');
    }
    let node = tree::build(&text, findings);
    // What is wrong at the newline that was added is wrong at the end of the text.
    let end = source.text.len();
    for found in findings.iter_mut() {
        found.span = found.span.start.min(end)..found.span.end.min(end);
    }
    if findings.iter().any(|found| found.severity == Severity::Error) {
        return node;
    }
    let node = node?;
    agree::check(&text, &node, findings);
    Some(node)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_at_the_end_is_told_inside_of_the_text() {
        // Broken: a finding at the newline that only the parser sees.
        for text in ["a: b\n- ", "a: b\n-", "a: [", "a: \"", "a:\n - b\nc", "? "] {
            let source = Source { name: "a.yaml".to_owned(), text: text.into() };
            let mut findings = Vec::new();
            parse(&source, &mut findings);
            for found in findings {
                assert!(text.get(found.span.clone()).is_some(), "{text:?}: {:?}", found.span);
            }
        }
    }
}
