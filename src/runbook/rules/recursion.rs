//! A part that uses itself would never return.

use std::collections::BTreeMap;

use super::graph::Way;
use super::{Findings, Rule, Subject};
use crate::diagnostic::{Severity, Span};
use crate::runbook::model::PartId;
use crate::value::Name;

pub(super) const RULE: Rule = Rule {
    code: "recursion",
    severity: Severity::Error,
    title: "a procedure that uses itself",
    explanation: "A procedure that uses itself, directly or by way of others, never returns. Use \
        `goto` to go back, with a question on the way.",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let mut calls: BTreeMap<&Name, Vec<(&Name, Span)>> = BTreeMap::new();
    for (from, edges) in subject.graph.edges.iter().enumerate() {
        let PartId::Procedure(own) = &subject.graph.parts[from] else {
            continue;
        };
        for edge in edges {
            if let (Way::Call(name), Some(span)) = (&edge.way, &edge.span) {
                calls.entry(own).or_default().push((name, span.clone()));
            }
        }
    }
    for (own, callees) in &calls {
        for (callee, span) in callees {
            if let Some(chain) = chain(&calls, callee, own) {
                let names: Vec<String> =
                    std::iter::once(*own).chain(chain).map(|name| format!("`{name}`")).collect();
                let message =
                    format!("a part that uses itself never returns: {}", names.join(" uses "));
                findings.add(span.clone(), message, "go back with `goto`, or leave it out");
            }
        }
    }
}

/// How one procedure comes to use another, from the one to the other.
fn chain<'a>(
    calls: &BTreeMap<&'a Name, Vec<(&'a Name, Span)>>,
    from: &'a Name,
    to: &Name,
) -> Option<Vec<&'a Name>> {
    let mut before: BTreeMap<&Name, Option<&'a Name>> = BTreeMap::from([(from, None)]);
    let mut todo = vec![from];
    while let Some(name) = todo.pop() {
        if name == to {
            let mut chain = vec![name];
            let mut at = name;
            while let Some(Some(previous)) = before.get(at) {
                chain.push(previous);
                at = previous;
            }
            chain.reverse();
            return Some(chain);
        }
        for (callee, _) in calls.get(name).map_or(&[][..], Vec::as_slice) {
            if !before.contains_key(callee) {
                before.insert(callee, Some(name));
                todo.push(callee);
            }
        }
    }
    None
}
