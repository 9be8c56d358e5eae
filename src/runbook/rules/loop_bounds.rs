//! Steps that are repeated or run at once are entered from above and left at their end.

use super::graph::Jump;
use super::{Findings, Rule, Subject};
use crate::diagnostic::Severity;
use crate::runbook::model::{Action, StepKey};
use crate::runbook::parse::Node;

pub(super) const RULE: Rule = Rule {
    code: "loop-bounds",
    severity: Severity::Error,
    title: "a jump into or out of a `for_each` or a parallel group, or an `end` in one",
    explanation: "Inside a `for_each` the item has a value, and in a parallel group several steps \
        are under way. `goto` neither enters nor leaves them, and `end` does not stand in a \
        parallel group: decide in a step behind it.",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let steps = subject.outline.steps.len();
    for (from, edges) in subject.graph.edges.iter().enumerate() {
        let gotos = edges.iter().filter(|edge| edge.jump == Jump::Goto && edge.to < steps);
        for edge in gotos {
            let own: Vec<_> = bounded(subject, StepKey(from)).collect();
            // A jump to the loop itself starts it.
            let other: Vec<_> =
                bounded(subject, StepKey(edge.to)).filter(|(key, _)| key.0 != edge.to).collect();
            let message = if let Some((_, what)) = other.iter().find(|found| !own.contains(found)) {
                format!("`goto` does not enter {what}")
            } else if let Some((_, what)) = own.iter().find(|found| !other.contains(found)) {
                format!("`goto` does not leave {what}")
            } else {
                continue;
            };
            let help = "go to the whole of it, or decide in a step behind it";
            findings.add(edge.span.clone().unwrap_or_default(), message, help);
        }
    }
    for (index, step) in subject.runbook.steps.iter().enumerate() {
        let parallel = subject
            .outline
            .ancestors(StepKey(index))
            .any(|key| subject.outline.steps[key.0].node.get("parallel").is_some());
        if parallel && matches!(step.action, Action::End(_)) {
            let node = subject.outline.steps[index].node;
            let span = node.get("end").map_or(step.span.clone(), |end| end.span.clone());
            let message = "`end` does not stand in a parallel group: other steps are under way";
            findings.add(span, message, "end the runbook behind the group");
        }
    }
}

/// What a step stands in that is entered and left as a whole, from the inside.
fn bounded(subject: &Subject<'_>, step: StepKey) -> impl Iterator<Item = (StepKey, &'static str)> {
    subject.outline.ancestors(step).filter_map(|key| {
        let node: &Node = subject.outline.steps[key.0].node;
        let what = if node.get("for_each").is_some() {
            "a `for_each`"
        } else if node.get("parallel").is_some() {
            "a parallel group"
        } else {
            return None;
        };
        Some((key, what))
    })
}
