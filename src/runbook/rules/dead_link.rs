//! Relative links to files that are not there.

use std::sync::LazyLock;

use regex::Regex;

use super::{Findings, Rule, Subject};
use crate::diagnostic::Severity;
use crate::runbook::parse::{Kind, Node};
use crate::runbook::span_map::SpanMap;

pub(super) const RULE: Rule = Rule {
    code: "dead-link",
    severity: Severity::Warning,
    title: "a relative link to a file that is not there",
    explanation: "Links count from the runbook's folder and stay inside its repository. Addresses \
        on the net are not visited.",
    check,
};

/// Keys whose text is Markdown.
const MARKDOWN: &[&str] =
    &["summary", "impact", "why", "do", "how", "description", "say", "url", "title"];

/// `[text](path "title")`, and `[name]: path` at the start of a line; code comes first.
static LINK: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?m)`[^`]*`|\]\(\s*<?(?P<inline>[^\s)>]+)[^)]*\)|^ {0,3}\[[^\]]+\]:\s*<?(?P<named>[^\s>]+)")
        .expect("the pattern is constant and valid")
});

fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    visit(subject, subject.root, "", findings);
}

fn visit(subject: &Subject<'_>, node: &Node, key: &str, findings: &mut Findings<'_>) {
    match &node.kind {
        Kind::Map(map) => {
            for entry in &map.entries {
                visit(subject, &entry.value, &entry.key, findings);
            }
        }
        Kind::List(items) => {
            for item in items {
                visit(subject, item, "", findings);
            }
        }
        // Without a bracket there is no link, and the pattern need not be compiled.
        Kind::Scalar(scalar) if MARKDOWN.contains(&key) && scalar.value.contains(']') => {
            for found in LINK.captures_iter(&scalar.value) {
                let Some(path) = found.name("inline").or_else(|| found.name("named")) else {
                    continue;
                };
                if is_dead(subject, path.as_str()) {
                    let span = SpanMap::of(subject.text, node).place(&path.range());
                    let message = format!(
                        "the link `{}` leads nowhere",
                        crate::diagnostic::cut(path.as_str())
                    );
                    findings.add(
                        span,
                        message,
                        "links count from the runbook's folder and stay inside its repository",
                    );
                }
            }
        }
        Kind::Scalar(_) => {}
    }
}

fn is_dead(subject: &Subject<'_>, link: &str) -> bool {
    let path = link.split(['#', '?']).next().unwrap_or("");
    let elsewhere =
        path.is_empty() || path.starts_with('/') || path.contains(':') || path.contains("{{");
    !elsewhere && !subject.repository.holds(path.strip_prefix("./").unwrap_or(path))
}
