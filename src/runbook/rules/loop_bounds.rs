//! Steps that are repeated or run at once are entered from above and left at their end.

use std::collections::BTreeMap;

use super::graph::Jump;
use super::{Findings, Rule, Subject};
use crate::diagnostic::Severity;
use crate::runbook::model::{Action, Ask, Order, PartId, StepKey, Then};
use crate::runbook::parse::Node;
use crate::value::Name;

pub(super) const RULE: Rule = Rule {
    code: "loop-bounds",
    severity: Severity::Error,
    title: "a jump into or out of a `for_each` or a parallel group, or an `end` in one",
    explanation: "Inside a `for_each` the item has a value, and in a parallel group several steps \
        are under way. `goto` neither enters nor leaves them, also by way of a procedure that is \
        used there, and `end` does not stand in what is done at once: decide in a step behind it.",
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
    let ways = ways_out(subject);
    for (index, step) in subject.runbook.steps.iter().enumerate() {
        let key = StepKey(index);
        let node = subject.outline.steps[index].node;
        let at_once = subject.outline.ancestors(key).any(|key| is_at_once(subject, key));
        if at_once && matches!(step.action, Action::End(_)) {
            let span = node.get("end").map_or(step.span.clone(), |end| end.span.clone());
            let message = "`end` does not stand in a parallel group: other steps are under way";
            findings.add(span, message, "end the runbook behind the group");
        }
        let Some((_, what)) = bounded(subject, key).next() else {
            continue;
        };
        for name in subject.outline.procedures_used(key) {
            let Some(ways) = ways.get(&name) else {
                continue;
            };
            let place = || node.get("use").map_or(step.span.clone(), |used| used.span.clone());
            if ways.goto {
                let message = format!("`{name}` leaves {what} by a `goto`");
                findings.add(place(), message, "decide in a step behind it");
            }
            if ways.end && at_once {
                let message =
                    format!("`{name}` holds an `end`, and other steps are under way here");
                findings.add(place(), message, "end the runbook behind the group");
            }
        }
    }
}

/// How a procedure is left other than by its end, itself or by way of those it uses.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct WaysOut {
    /// A `goto` leads out of it.
    pub goto: bool,
    /// It ends the run.
    pub end: bool,
}

/// How each procedure is left other than by its end. Grows to a fixed point.
pub(super) fn ways_out(subject: &Subject<'_>) -> BTreeMap<Name, WaysOut> {
    let runbook = subject.runbook;
    let mut ways: BTreeMap<Name, WaysOut> =
        runbook.procedures.keys().map(|name| (name.clone(), WaysOut::default())).collect();
    loop {
        let before = ways.clone();
        for (index, step) in runbook.steps.iter().enumerate() {
            let PartId::Procedure(own) = &step.part else {
                continue;
            };
            let mut found = WaysOut { goto: false, end: ends(&step.action) };
            for edge in subject.graph.edges[index].iter().filter(|edge| edge.jump == Jump::Goto) {
                found.goto |= subject.graph.parts.get(edge.to) != Some(&step.part);
            }
            for used in subject.outline.procedures_used(StepKey(index)) {
                let used = ways.get(&used).copied().unwrap_or_default();
                found = WaysOut { goto: found.goto | used.goto, end: found.end | used.end };
            }
            if let Some(own) = ways.get_mut(own) {
                own.goto |= found.goto;
                own.end |= found.end;
            }
        }
        if ways == before {
            return ways;
        }
    }
}

/// Whether a step, or one of its options, ends the run.
fn ends(action: &Action) -> bool {
    match action {
        Action::End(_) => true,
        Action::Ask(Ask::Decision { options, .. }) => {
            options.iter().any(|option| matches!(option.then, Then::End(_)))
        }
        _ => false,
    }
}

/// Whether what stands in a step is done at once.
fn is_at_once(subject: &Subject<'_>, key: StepKey) -> bool {
    let step = subject.runbook.step(key);
    matches!(step.action, Action::Group { order: Order::AtOnce(_), .. })
        || step.for_each.as_ref().is_some_and(|each| each.at_once > 1)
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
