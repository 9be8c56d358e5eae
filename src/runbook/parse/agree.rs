//! The second reading: another YAML parser reads the same text and must find the same values.
//!
//! What two parsers read differently, two people may read differently; it never runs.

use serde_yaml::Value;

use super::tree::{Kind, Node, Scalar, Style};
use crate::diagnostic::{Diagnostic, Span, cut};

/// Compares the tree with what the other parser finds.
pub(super) fn check(text: &str, tree: &Node, findings: &mut Vec<Diagnostic>) {
    let value: Value = match serde_yaml::from_str(text) {
        Ok(value) => value,
        Err(error) => {
            let at = error.location().map_or(0, |location| location.index());
            let at = floor(text, at);
            let message =
                format!("another YAML parser cannot read this: {}", cut(&error.to_string()));
            findings.push(Diagnostic::error("ambiguous-yaml", at..at, message));
            return;
        }
    };
    if let Some(span) = difference(tree, &value) {
        let message = "two YAML parsers read this value differently";
        findings.push(
            Diagnostic::error("ambiguous-yaml", span, message)
                .help("put the value in quotes, or write it as a block with `|`"),
        );
    }
}

/// The place of the first difference.
fn difference(node: &Node, value: &Value) -> Option<Span> {
    match (&node.kind, value) {
        (Kind::Map(map), Value::Mapping(other)) => {
            if map.entries.len() != other.len() {
                return Some(node.span.clone());
            }
            map.entries.iter().zip(other).find_map(|(entry, (key, value))| {
                let same = match key {
                    Value::String(key) => *key == entry.key,
                    Value::Bool(_) | Value::Number(_) | Value::Null => true,
                    Value::Sequence(_) | Value::Mapping(_) | Value::Tagged(_) => false,
                };
                if same { difference(&entry.value, value) } else { Some(entry.key_span.clone()) }
            })
        }
        (Kind::List(items), Value::Sequence(others)) => {
            if items.len() != others.len() {
                return Some(node.span.clone());
            }
            items.iter().zip(others).find_map(|(item, other)| difference(item, other))
        }
        (Kind::Scalar(scalar), value) => (!agrees(scalar, value)).then(|| node.span.clone()),
        _ => Some(node.span.clone()),
    }
}

fn agrees(scalar: &Scalar, value: &Value) -> bool {
    match value {
        Value::String(text) => *text == scalar.value,
        _ if scalar.style != Style::Plain => false,
        Value::Null => scalar.is_null(),
        Value::Bool(value) => {
            scalar.value.eq_ignore_ascii_case(if *value { "true" } else { "false" })
        }
        Value::Number(number) => same_number(&scalar.value, number),
        Value::Sequence(_) | Value::Mapping(_) | Value::Tagged(_) => false,
    }
}

fn same_number(text: &str, number: &serde_yaml::Number) -> bool {
    if text.starts_with("0x") || text.starts_with("0o") || text.starts_with("0b") {
        return true;
    }
    if text.trim_start_matches(['+', '-']).starts_with('.')
        && text.ends_with(|c: char| c.is_ascii_alphabetic())
    {
        return true;
    }
    match (text.parse::<f64>(), number.as_f64()) {
        (Ok(ours), Some(theirs)) => (ours - theirs).abs() <= ours.abs() * f64::EPSILON,
        _ => false,
    }
}

fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
