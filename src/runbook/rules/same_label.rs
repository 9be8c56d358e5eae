//! Two options with one label cannot be told apart.

use super::{Findings, Rule, Subject};
use crate::diagnostic::Severity;
use crate::runbook::model::{Action, Ask};
use crate::runbook::parse::Node;

pub(super) const RULE: Rule = Rule {
    code: "same-label",
    severity: Severity::Warning,
    title: "two options with one label",
    explanation: "Whoever answers sees the labels only; two that read the same cannot be told apart.",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for (step, sketch) in subject.runbook.steps.iter().zip(&subject.outline.steps) {
        let Action::Ask(Ask::Decision { options, .. }) = &step.action else {
            continue;
        };
        let nodes = sketch.node.get("options").and_then(Node::list).unwrap_or(&[]);
        for (index, option) in options.iter().enumerate() {
            let label = option.label.source().trim();
            let twice = options[..index].iter().any(|other| other.label.source().trim() == label);
            if let (true, Some(node)) = (twice, nodes.get(index).and_then(|node| node.get("label")))
            {
                findings.add(
                    node.span.clone(),
                    "another option has the same label",
                    "say how they differ",
                );
            }
        }
    }
}
