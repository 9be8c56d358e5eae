//! `finally` is offered when the run has ended: nothing jumps into it or out of it, or ends it.

use super::graph::Jump;
use super::loop_bounds::{WaysOut, ways_out};
use super::{Findings, Rule, Subject};
use crate::diagnostic::Severity;
use crate::runbook::model::{Action, Ask, PartId, StepKey, Then};
use crate::runbook::parse::Node;

pub(super) const RULE: Rule = Rule {
    code: "finally-bounds",
    severity: Severity::Error,
    title: "a jump into or out of `finally`, or an `end` in it",
    explanation: "The steps of `finally` are offered when the run has ended, however it ended. \
        `goto` neither enters nor leaves them, and `end` has nothing to end there.",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let graph = subject.graph;
    for (from, edges) in graph.edges.iter().enumerate() {
        for edge in edges.iter().filter(|edge| edge.jump == Jump::Goto) {
            let (own, other) = (&graph.parts[from], &graph.parts[edge.to]);
            let message = match (own == &PartId::Finally, other == &PartId::Finally) {
                (false, true) => "`goto` does not enter `finally`",
                (true, false) => "`goto` does not leave `finally`",
                _ => continue,
            };
            let span = edge.span.clone().unwrap_or_default();
            findings.add(span, message, "steps that both need go into a procedure that both use");
        }
    }
    let ways = ways_out(subject);
    for (index, step) in subject.runbook.steps.iter().enumerate() {
        if step.part != PartId::Finally {
            continue;
        }
        let node = subject.outline.steps[index].node;
        for name in subject.outline.procedures_used(StepKey(index)) {
            let message = match ways.get(&name) {
                Some(WaysOut { goto: true, .. }) => {
                    format!("`{name}` leaves `finally` by a `goto`")
                }
                Some(WaysOut { end: true, .. }) => {
                    format!("`{name}` holds an `end`, and the run has ended by then")
                }
                _ => continue,
            };
            let span = node.get("use").map_or(step.span.clone(), |used| used.span.clone());
            findings.add(span, message, "use a procedure that comes back");
        }
        let ends: Vec<&Node> = match &step.action {
            Action::End(_) => node.get("end").into_iter().collect(),
            Action::Ask(Ask::Decision { options, .. }) => {
                let nodes = node.get("options").and_then(Node::list).unwrap_or(&[]);
                options
                    .iter()
                    .zip(nodes)
                    .filter(|(option, _)| matches!(option.then, Then::End(_)))
                    .filter_map(|(_, node)| node.get("end"))
                    .collect()
            }
            _ => Vec::new(),
        };
        for end in ends {
            findings.add(
                end.span.clone(),
                "`end` does not stand in `finally`: the run has ended by then",
                "remove it",
            );
        }
    }
}
