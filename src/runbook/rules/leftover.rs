//! Notes of the author that were never settled: `TODO`, `<placeholder>`.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use super::{Findings, Rule, Subject};
use crate::diagnostic::Severity;
use crate::runbook::parse::{Kind, Node};
use crate::runbook::span_map::SpanMap;

pub(super) const RULE: Rule = Rule {
    code: "todo",
    severity: Severity::Warning,
    title: "`TODO`, `FIXME`, `TBD`, `xxx` or a `<placeholder>`",
    explanation: "In an incident nobody knows what was meant to stand there.",
    check,
};

/// Keys whose text is neither a command nor shown as it stands.
const QUIET: &[&str] = &[
    "sample", "allow", "pattern", "regex", "json", "id", "service", "match", "example", "default",
    "choices", "when", "expect", "until", "goto", "schema", "tags",
];

fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    visit(subject, subject.root, findings);
}

fn visit(subject: &Subject<'_>, node: &Node, findings: &mut Findings<'_>) {
    match &node.kind {
        Kind::Map(map) => {
            for entry in map.entries.iter().filter(|entry| !QUIET.contains(&entry.key.as_str())) {
                visit(subject, &entry.value, findings);
            }
        }
        Kind::List(items) => {
            for item in items {
                visit(subject, item, findings);
            }
        }
        Kind::Scalar(scalar) => {
            if let Some(at) = leftover(&scalar.value) {
                let word = scalar.value[at.clone()].to_owned();
                let span = SpanMap::of(subject.text, node).place(&at);
                findings.add(
                    span,
                    format!("`{word}` is left over from writing"),
                    "write what belongs there, or make it an input",
                );
            }
        }
    }
}

const WORDS: [&str; 5] = ["TODO", "FIXME", "TBD", "xxx", "XXX"];

/// Finds whether any of the words is there at all: in most texts none is.
static ANY_WORD: LazyLock<AhoCorasick> =
    LazyLock::new(|| AhoCorasick::new(WORDS).expect("the words are constant and few"));

fn leftover(text: &str) -> Option<std::ops::Range<usize>> {
    let letter = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    let words = if ANY_WORD.is_match(text) { &WORDS[..] } else { &[] };
    for word in words {
        for (at, found) in text.match_indices(word) {
            let before = text[..at].chars().next_back();
            let after = text[at + found.len()..].chars().next();
            if !before.is_some_and(letter) && !after.is_some_and(letter) {
                return Some(at..at + found.len());
            }
        }
    }
    placeholder(text)
}

/// `<like-this>`, which is no tag, no redirection and no address.
fn placeholder(text: &str) -> Option<std::ops::Range<usize>> {
    const TAGS: &[&str] = &[
        "a", "b", "i", "p", "br", "hr", "em", "li", "ul", "ol", "td", "tr", "th", "pre", "div",
        "kbd", "sub", "sup", "img", "span", "code", "table", "strong", "details", "summary", "h1",
        "h2", "h3", "u", "s", "html", "body", "head", "xml",
    ];
    for (at, _) in text.match_indices('<') {
        let before = text[..at].chars().next_back();
        if before.is_some_and(|c| {
            !c.is_whitespace()
                && !matches!(c, '"' | '\'' | '=' | '/' | '(' | ':' | ',' | '-' | '.' | '`')
        }) {
            continue;
        }
        let inside: &str = text[at + 1..].split('>').next().unwrap_or("");
        let end = at + 1 + inside.len();
        let named = inside.len() >= 2
            && text[end..].starts_with('>')
            && inside.starts_with(|c: char| c.is_ascii_alphabetic())
            && inside.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b' '))
            && !inside.ends_with(' ');
        let touching =
            text.get(end + 1..).unwrap_or("").chars().next().is_none_or(|c| !c.is_alphanumeric());
        let closes = text.contains(&format!("</{inside}>"));
        if named && touching && !closes && !TAGS.contains(&inside.to_ascii_lowercase().as_str()) {
            return Some(at..end + 1);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::leftover;

    #[test]
    fn notes_and_placeholders_are_told_from_words_and_redirections() {
        for text in ["TODO ask dana", "x TBD.", "kubectl get pod <pod-name>", "--n=<NAME>", "xxx"] {
            assert!(leftover(text).is_some(), "{text}");
        }
        for text in [
            "todo-service",
            "FIXME_URL",
            "sort <in >out",
            "a <b >c",
            "<https://x.example>",
            "<b>bold</b>",
            "(?P<name>x)",
            "a -> b",
            "<dana@example.com>",
        ] {
            assert!(leftover(text).is_none(), "{text}");
        }
    }
}
