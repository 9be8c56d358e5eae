//! Silences: `allow` takes warnings away where it stands, and says when there is nothing to take.

use std::collections::BTreeSet;

use super::RULES;
use crate::diagnostic::{Diagnostic, Severity, Span, cut, did_you_mean};
use crate::runbook::parse::Node;

/// Warnings that come from somewhere else than a rule of the table.
const OTHERS: &[&str] = &[
    "look-alike",
    "list-blanks",
    "odd-blank",
    "handed-on",
    "input-as-program",
    "secret-argument",
    "unsafe-position",
    "value-as-program",
];
/// Warnings that only a comparison with something beside the runbook brings: whether a silence of one
/// is needed is not known here.
const ELSEWHERE: &[&str] = &["label-not-in-alert", "runbook-without-alert"];
/// What cannot be silenced: changes that call themselves reads.
const LOUD: &[&str] = &["read-mutates"];

struct Silence<'a> {
    check: &'a str,
    key: Span,
    scope: Span,
    used: bool,
}

/// Applies all silences. Without a whole runbook not every rule ran, and none is called needless.
pub(super) fn apply(root: &Node, complete: bool, findings: &mut Vec<Diagnostic>) {
    let mut silences = Vec::new();
    collect(root, 0..usize::MAX, &mut silences);
    for part in [Some(root), root.get("procedures")].into_iter().flatten() {
        let lines = part.map().map_or(&[][..], |map| &map.entries);
        for entry in lines {
            let steps = match entry.key.as_str() {
                "steps" | "finally" => Some(&entry.value),
                _ => entry.value.get("steps"),
            };
            walk(steps, &mut silences);
        }
    }
    let known = RULES.iter().map(|rule| rule.code).chain(OTHERS.iter().copied());
    let known: Vec<&str> = known.chain(ELSEWHERE.iter().copied()).collect();
    for silence in &mut silences {
        silence.used = ELSEWHERE.contains(&silence.check);
        if !known.contains(&silence.check) {
            findings.push(unknown(silence, &known));
            silence.used = true;
        }
    }
    findings.retain(|found| {
        if found.severity == Severity::Error || LOUD.contains(&found.code) {
            return true;
        }
        let fitting = silences.iter_mut().filter(|silence| {
            silence.check == found.code
                && silence.scope.start <= found.span.start
                && found.span.start <= silence.scope.end
        });
        let mut any = false;
        for silence in fitting {
            silence.used = true;
            any = true;
        }
        !any
    });
    if !complete {
        return;
    }
    for silence in silences.iter().filter(|silence| !silence.used) {
        let message =
            format!("nothing has to be silenced here: there is no finding `{}`", silence.check);
        findings.push(
            Diagnostic::warning("needless-allow", silence.key.clone(), message).help("remove it"),
        );
    }
}

/// The checks that are silenced for a whole runbook.
pub(in crate::runbook) fn at_top(root: &Node) -> BTreeSet<String> {
    let mut silences = Vec::new();
    collect(root, 0..usize::MAX, &mut silences);
    silences.into_iter().map(|silence| silence.check.to_owned()).collect()
}

fn unknown(silence: &Silence<'_>, known: &[&str]) -> Diagnostic {
    let message = format!("there is no check `{}`", cut(silence.check));
    let help = match did_you_mean(silence.check, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "write the code that stands in brackets in the finding".to_owned(),
    };
    Diagnostic::error("unknown-check", silence.key.clone(), message).help(help)
}

fn walk<'a>(steps: Option<&'a Node>, silences: &mut Vec<Silence<'a>>) {
    for step in steps.and_then(Node::list).unwrap_or(&[]) {
        collect(step, step.span.clone(), silences);
        walk(step.get("steps"), silences);
    }
}

fn collect<'a>(node: &'a Node, scope: Span, silences: &mut Vec<Silence<'a>>) {
    let entries = node.get("allow").and_then(Node::map).map_or(&[][..], |map| &map.entries);
    silences.extend(entries.iter().map(|entry| Silence {
        check: &entry.key,
        key: entry.key_span.clone(),
        scope: scope.clone(),
        used: false,
    }));
}
