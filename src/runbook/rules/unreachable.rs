//! Steps and procedures that no way leads to.

use super::{Findings, Rule, Subject};
use crate::diagnostic::Severity;
use crate::runbook::model::{PartId, StepKey};

pub(super) const RULE: Rule = Rule {
    code: "unreachable",
    severity: Severity::Warning,
    title: "a step or procedure that nothing leads to",
    explanation: "Whoever reads the runbook takes what stands in it for something that may happen. \
        Remove the step, or lead to it.",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let reached = &subject.graph.reached;
    for (name, procedure) in &subject.runbook.procedures {
        let entered = subject
            .runbook
            .steps
            .iter()
            .zip(reached)
            .any(|(step, reached)| *reached && step.part == PartId::Procedure(name.clone()));
        if entered {
            report(subject, &procedure.steps, findings);
        } else {
            let message = format!("nothing leads to the procedure `{name}`");
            findings.add(procedure.span.clone(), message, "use it, or remove it");
        }
    }
    report(subject, &subject.runbook.main, findings);
    report(subject, &subject.runbook.finally, findings);
}

/// Reports the first step of each run of unreached neighbours, groups before what they hold.
fn report(subject: &Subject<'_>, line: &[StepKey], findings: &mut Findings<'_>) {
    let mut before = true;
    for key in line {
        let step = subject.runbook.step(*key);
        let reached = subject.graph.reached[key.0];
        if !reached && before {
            let message = format!("nothing leads to step {}", step.number);
            findings.add(step.span.clone(), message, "lead to it, or remove it");
        }
        if let crate::runbook::model::Action::Group { steps: children, .. } = &step.action {
            let inside = children.iter().any(|child| subject.graph.reached[child.0]);
            if reached || inside {
                report(subject, children, findings);
            }
        }
        before = reached;
    }
}
