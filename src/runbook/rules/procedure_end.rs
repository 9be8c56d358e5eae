//! A procedure that is reached by `goto` has nowhere to return to: each of its paths must end.

use super::graph::Jump;
use super::{Findings, Rule, Subject};
use crate::diagnostic::Severity;
use crate::runbook::model::PartId;

pub(super) const RULE: Rule = Rule {
    code: "procedure-without-end",
    severity: Severity::Error,
    title: "a procedure reached by `goto` with a path that does not end",
    explanation: "`use` comes back, `goto` does not. Where a procedure is reached by `goto`, every \
        path through it ends in `end` or in another `goto`; else the run would stand after its \
        last step and not know where to go.",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let graph = subject.graph;
    let mut told = Vec::new();
    for (from, edges) in graph.edges.iter().enumerate() {
        for edge in edges.iter().filter(|edge| edge.jump == Jump::Goto) {
            let PartId::Procedure(name) = &graph.parts[edge.to] else {
                continue;
            };
            if graph.parts[from] == graph.parts[edge.to] || told.contains(&name) {
                continue;
            }
            let seen =
                graph.reach(edge.to, |from, edge| graph.open(edge) && graph.stays(from, edge));
            if !seen[graph.exit(&graph.parts[edge.to])] {
                continue;
            }
            told.push(name);
            let span = subject.runbook.procedures[name].span.clone();
            let message = format!(
                "`{name}` is reached by `goto`, and a path through it has neither `end` nor `goto`"
            );
            let found = findings.add(
                span,
                message,
                "end each path with `end` or `goto`, or come here by `use`",
            );
            if let Some(place) = &edge.span {
                found.labels.push(crate::diagnostic::Label {
                    span: place.clone(),
                    text: "it is reached from here".to_owned(),
                });
            }
        }
    }
}
