//! From a TOML text to the tree of nodes with places that the checker of runbooks takes: the only
//! file that knows the TOML crate.

use toml::Spanned;
use toml::de::{DeTable, DeValue, Error};

use crate::diagnostic::{Diagnostic, Span};
use crate::runbook::{Entry, Kind, Map, Node, Scalar, Style};

/// How many things that are wrong with a text are told.
const MOST_TOLD: usize = 20;
/// How many keys and values a settings file may have.
const MOST_NODES: usize = 5_000;

/// Reads a text. What is wrong goes to `findings`; the tree is there if the text could be read.
pub(super) fn parse(text: &str, findings: &mut Vec<Diagnostic>) -> Option<Node> {
    let (root, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        let count = root.get_ref().iter().map(|(_, value)| nodes(value)).sum::<usize>();
        if count <= MOST_NODES {
            return Some(table(text, root.get_ref(), 0..text.len(), false));
        }
        let message = format!("the file holds more than {MOST_NODES} values, the limit");
        findings.push(Diagnostic::error("limit", 0..0, message));
        return None;
    }
    findings.extend(errors.iter().take(MOST_TOLD).map(|error| finding(text, error)));
    None
}

fn nodes(value: &Spanned<DeValue<'_>>) -> usize {
    match value.get_ref() {
        DeValue::Array(items) => 1 + items.iter().map(nodes).sum::<usize>(),
        DeValue::Table(table) => 1 + table.iter().map(|(_, value)| nodes(value)).sum::<usize>(),
        _ => 1,
    }
}

fn finding(text: &str, error: &Error) -> Diagnostic {
    let span = error.span().unwrap_or(0..0);
    // At the end of a line there is nothing to point at.
    let span = if span.is_empty() {
        text[..span.start].trim_end().len().saturating_sub(1)..span.end
    } else {
        span
    };
    let start = text.floor_char_boundary(span.start);
    let end = text.ceil_char_boundary(span.end);
    let message = error.message();
    let code = if message.contains("duplicate") { "duplicate-key" } else { "toml" };
    let found = Diagnostic::error(code, start..end, message.to_owned());
    match help(message) {
        Some(help) => found.help(help),
        None => found,
    }
}

/// What to do about it, in the words of somebody who writes settings.
fn help(message: &str) -> Option<&'static str> {
    if message.contains("quoted") {
        Some("put the text in quotes: key = \"text\"")
    } else if message.contains("duplicate") {
        Some("keep one of them; of several tables, `[[name]]` starts another one")
    } else if message.contains("missing assignment") || message.contains("expected `=`") {
        Some("a line is `key = value`, or `[table]`")
    } else {
        None
    }
}

fn node(text: &str, value: &Spanned<DeValue<'_>>, key: &Span) -> Node {
    let span = value.span();
    let written = |style: Style, value: &str| Scalar { value: value.to_owned(), style };
    let plain = || Kind::Scalar(written(Style::Plain, text.get(span.clone()).unwrap_or("")));
    let kind = match value.get_ref() {
        DeValue::String(value) => Kind::Scalar(written(Style::Double, value)),
        DeValue::Boolean(_) | DeValue::Datetime(_) | DeValue::Float(_) | DeValue::Integer(_) => {
            plain()
        }
        DeValue::Array(items) => {
            Kind::List(items.iter().map(|item| node(text, item, key)).collect())
        }
        DeValue::Table(inner) => {
            let flow = text.get(span.clone()).is_some_and(|text| text.starts_with('{'));
            // A table of its own begins at its header; one that only dotted keys make, at a key.
            let span = if span.is_empty() { key.clone() } else { span };
            return table(text, inner, span, flow);
        }
    };
    Node { span, kind }
}

fn table(text: &str, table: &DeTable<'_>, span: Span, flow: bool) -> Node {
    let mut entries: Vec<Entry> = table
        .iter()
        .map(|(key, value)| Entry {
            key: key.get_ref().to_string(),
            key_span: key.span(),
            value: node(text, value, &key.span()),
        })
        .collect();
    entries.sort_by_key(|entry| entry.key_span.start);
    Node { span, kind: Kind::Map(Map { entries, flow }) }
}
