//! A cycle on which nobody is asked would go round for ever.

use std::collections::BTreeMap;

use super::graph::{Edge, Way};
use super::{Findings, Rule, Subject};
use crate::diagnostic::Severity;
use crate::runbook::model::{Action, PartId};
use crate::value::Name;

pub(super) const RULE: Rule = Rule {
    code: "cycle-without-person",
    severity: Severity::Error,
    title: "a cycle without a person",
    explanation: "Steps that lead back to themselves go round until somebody stops them. On every \
        way round there must be an `ask`, `do`, `open`, `escalate` or `approve` step without a \
        `when`. Use `until` to wait for something, and `retry` to try again.",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let alone = Alone::of(subject);
    for cycle in alone.cycles() {
        let inside = |node: usize| cycle.contains(&node);
        let places = cycle.iter().flat_map(|from| {
            let edges = alone.edges[*from].iter();
            edges.map(move |edge| (*from, edge)).filter(|(_, edge)| inside(edge.to))
        });
        let spans: Vec<(bool, usize, &Edge)> = places
            .filter(|(_, edge)| edge.span.is_some())
            .map(|(from, edge)| (edge.to > from, from, *edge))
            .collect();
        let Some((_, _, closing)) = spans.iter().min_by_key(|(forward, from, _)| (*forward, *from))
        else {
            continue;
        };
        let steps: Vec<String> = cycle
            .iter()
            .take(6)
            .filter_map(|node| subject.runbook.steps.get(*node))
            .map(|step| format!("`{}`", step.id))
            .collect();
        let message =
            format!("these steps go round for ever, and nobody is asked: {}", steps.join(", "));
        let span = closing.span.clone().unwrap_or_default();
        findings.add(
            span,
            message,
            "ask somebody on the way round, or use `until` or `retry` instead",
        );
    }
}

/// The graph of what can happen while no person does anything.
struct Alone<'a> {
    edges: Vec<Vec<&'a Edge>>,
}

impl<'a> Alone<'a> {
    fn of(subject: &Subject<'a>) -> Self {
        let graph = subject.graph;
        let personal: Vec<bool> =
            subject.runbook.steps.iter().map(|step| asks(&step.action)).collect();
        let mut silent: BTreeMap<Name, bool> = BTreeMap::new();
        let passes = |from: usize, edge: &Edge, silent: &BTreeMap<Name, bool>| {
            let called = match &edge.way {
                Way::Call(name) => silent.get(name).copied().unwrap_or(false),
                Way::Done
                | Way::Enter
                | Way::Failed
                | Way::Joined(_)
                | Way::Listed(_)
                | Way::Skipped => true,
            };
            let stops = personal.get(from).copied().unwrap_or(false);
            called && (!stops || edge.way == Way::Skipped)
        };
        loop {
            let mut grew = false;
            for name in subject.runbook.procedures.keys() {
                let Some(entry) = graph.entry(name) else {
                    continue;
                };
                if silent.contains_key(name) {
                    continue;
                }
                let seen = graph.reach(entry.0, |from, edge| {
                    passes(from, edge, &silent) && graph.stays(from, edge)
                });
                if seen[graph.exit(&PartId::Procedure(name.clone()))] {
                    silent.insert(name.clone(), true);
                    grew = true;
                }
            }
            if !grew {
                break;
            }
        }
        let count = graph.parts.len();
        let edges = (0..count)
            .map(|from| {
                let own = graph.edges[from].iter();
                own.filter(|edge| edge.to < count && passes(from, edge, &silent)).collect()
            })
            .collect();
        Self { edges }
    }

    /// The sets of steps that lead to each other, each in the order of the file.
    fn cycles(&self) -> Vec<Vec<usize>> {
        let order = self.finishing_order();
        let mut back: Vec<Vec<usize>> = vec![Vec::new(); self.edges.len()];
        for (from, edges) in self.edges.iter().enumerate() {
            for edge in edges {
                back[edge.to].push(from);
            }
        }
        let mut owner = vec![usize::MAX; self.edges.len()];
        let mut cycles = Vec::new();
        for root in order.into_iter().rev() {
            if owner[root] != usize::MAX {
                continue;
            }
            let mut members = Vec::new();
            let mut todo = vec![root];
            owner[root] = root;
            while let Some(node) = todo.pop() {
                members.push(node);
                for before in &back[node] {
                    if owner[*before] == usize::MAX {
                        owner[*before] = root;
                        todo.push(*before);
                    }
                }
            }
            let itself = self.edges[root].iter().any(|edge| edge.to == root);
            if members.len() > 1 || itself {
                members.sort_unstable();
                cycles.push(members);
            }
        }
        cycles
    }

    fn finishing_order(&self) -> Vec<usize> {
        let mut seen = vec![false; self.edges.len()];
        let mut order = Vec::new();
        for start in 0..self.edges.len() {
            if seen[start] {
                continue;
            }
            seen[start] = true;
            let mut stack = vec![(start, 0)];
            while let Some((node, at)) = stack.pop() {
                match self.edges[node].get(at) {
                    Some(edge) => {
                        stack.push((node, at + 1));
                        if !seen[edge.to] {
                            seen[edge.to] = true;
                            stack.push((edge.to, 0));
                        }
                    }
                    None => order.push(node),
                }
            }
        }
        order
    }
}

/// Whether a person acts in a step.
fn asks(action: &Action) -> bool {
    match action {
        Action::Approve(_)
        | Action::Ask(_)
        | Action::Do { .. }
        | Action::Escalate(_)
        | Action::Open(_) => true,
        Action::End(_)
        | Action::Goto(_)
        | Action::Group { .. }
        | Action::Use { .. }
        | Action::Wait(_) => false,
        Action::Run(run) => run.interactive.is_some() || run.approval.is_some(),
    }
}
