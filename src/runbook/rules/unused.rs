//! Inputs that are asked for, and values that are taken, and nobody uses.

use std::collections::BTreeSet;

use super::{Findings, Rule, Subject};
use crate::diagnostic::Severity;
use crate::runbook::model::Action;
use crate::runbook::parse::Node;
use crate::value::{Name, Reference};

pub(super) const RULE: Rule = Rule {
    code: "unused",
    severity: Severity::Warning,
    title: "an input or a capture that nothing uses",
    explanation: "Asking for a value that nothing uses costs time in an incident, and often means \
        that a name is misspelt somewhere.",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let used: BTreeSet<&Name> = subject
        .mentions
        .iter()
        .filter_map(|mention| match &mention.reference {
            Reference::Value(name) => Some(name),
            _ => None,
        })
        .collect();
    for input in subject.runbook.inputs.iter().filter(|input| !used.contains(&input.name)) {
        let message = format!("nothing uses the input `{}`", input.name);
        findings.add(input.span.clone(), message, "use it, or remove it");
    }
    for (step, sketch) in subject.runbook.steps.iter().zip(&subject.outline.steps) {
        let Action::Run(run) = &step.action else {
            continue;
        };
        for capture in run.captures.iter().filter(|capture| !used.contains(&capture.name)) {
            let node = sketch.node.get("capture");
            let span = node
                .and_then(Node::map)
                .and_then(|map| map.entry(capture.name.as_str()))
                .map(|entry| entry.key_span.clone())
                .or(node.map(|node| node.span.clone()))
                .unwrap_or(step.span.clone());
            let message = format!("nothing uses the capture `{}`", capture.name);
            findings.add(span, message, "use it, or remove it");
        }
    }
}
