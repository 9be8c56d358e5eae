//! The graph of the steps as the checks look at it: with the places that make its edges, which
//! procedures come back, and what is reached.

use std::collections::BTreeMap;

use crate::diagnostic::Span;
use crate::runbook::flow::{self, Cause, To};
pub(super) use crate::runbook::flow::{Jump, Way};
use crate::runbook::model::{PartId, Runbook, StepKey};
use crate::runbook::parse::Node;
use crate::runbook::resolve::Outline;
use crate::value::Name;

/// Where the run may go next.
#[derive(Clone, Debug)]
pub(super) struct Edge {
    /// A step, or the end of a part.
    pub to: usize,
    /// How.
    pub way: Way,
    /// The `goto` or `use` that says so.
    pub span: Option<Span>,
    /// Whether it is a `goto`, which clears the frames above.
    pub jump: Jump,
}

/// The graph of a runbook.
pub(super) struct Graph {
    /// The edges of each step.
    pub edges: Vec<Vec<Edge>>,
    /// The node that stands for the end of each part.
    exits: BTreeMap<PartId, usize>,
    /// The first step of each procedure.
    entries: BTreeMap<Name, StepKey>,
    /// The procedures that can return to who uses them.
    returns: BTreeMap<Name, bool>,
    /// The part of each step.
    pub parts: Vec<PartId>,
    /// Which steps are reached from the start.
    pub reached: Vec<bool>,
}

impl Graph {
    /// Builds the graph.
    pub(super) fn of(runbook: &Runbook, outline: &Outline<'_>) -> Self {
        let count = runbook.steps.len();
        let mut exits = BTreeMap::from([(PartId::Main, count), (PartId::Finally, count + 1)]);
        for (index, name) in runbook.procedures.keys().enumerate() {
            exits.insert(PartId::Procedure(name.clone()), count + 2 + index);
        }
        let entries = runbook
            .procedures
            .iter()
            .filter_map(|(name, procedure)| Some((name.clone(), *procedure.steps.first()?)))
            .collect();
        let mut graph = Self {
            edges: Vec::new(),
            parts: runbook.steps.iter().map(|step| step.part.clone()).collect(),
            exits,
            entries,
            returns: BTreeMap::new(),
            reached: vec![false; count],
        };
        for (index, edges) in flow::flow(runbook).into_iter().enumerate() {
            let placed = edges.into_iter();
            let placed = placed.filter_map(|edge| graph.placed(outline, StepKey(index), edge));
            let placed = placed.collect();
            graph.edges.push(placed);
        }
        graph.find_returning();
        graph.find_reached(runbook);
        graph
    }

    /// The node that stands for the end of a part.
    pub(super) fn exit(&self, part: &PartId) -> usize {
        self.exits[part]
    }

    /// The first step of a procedure.
    pub(super) fn entry(&self, name: &Name) -> Option<StepKey> {
        self.entries.get(name).copied()
    }

    /// Whether a procedure can return.
    pub(super) fn returns(&self, name: &Name) -> bool {
        self.returns.get(name).copied().unwrap_or(false)
    }

    /// Whether an edge can be followed.
    pub(super) fn open(&self, edge: &Edge) -> bool {
        match &edge.way {
            Way::Call(name) => self.returns(name),
            Way::Done | Way::Enter | Way::Failed | Way::Skipped => true,
        }
    }

    /// Whether an edge stays in its part's frame.
    pub(super) fn stays(&self, from: usize, edge: &Edge) -> bool {
        edge.way != Way::Enter
            && (edge.to >= self.parts.len() || self.parts[edge.to] == self.parts[from])
    }

    /// The nodes reached from one, by edges that the caller admits.
    pub(super) fn reach(&self, from: usize, admit: impl Fn(usize, &Edge) -> bool) -> Vec<bool> {
        let mut seen = vec![false; self.parts.len() + self.exits.len()];
        let mut todo = vec![from];
        seen[from] = true;
        while let Some(node) = todo.pop() {
            for edge in self.edges.get(node).map_or(&[][..], Vec::as_slice) {
                if !seen[edge.to] && admit(node, edge) {
                    seen[edge.to] = true;
                    todo.push(edge.to);
                }
            }
        }
        seen
    }

    /// An edge of a step with the place that says so; the end of the run is no node.
    fn placed(&self, outline: &Outline<'_>, key: StepKey, edge: flow::Edge) -> Option<Edge> {
        let to = match &edge.to {
            To::End(_) => return None,
            To::Exit(part) => self.exit(part),
            To::Step(step) => step.0,
        };
        let node = outline.steps[key.0].node;
        let says = match edge.cause {
            Cause::Action => Some(node),
            Cause::Condition => None,
            Cause::Failure => outline.inherited(key, "on_failure"),
            Cause::Option(index) => {
                node.get("options").and_then(Node::list).and_then(|options| options.get(index))
            }
        };
        let key = match (edge.jump, &edge.way) {
            (Jump::Goto, _) => Some("goto"),
            (Jump::None, Way::Call(_) | Way::Enter) => Some("use"),
            (Jump::None, Way::Done | Way::Failed | Way::Skipped) => None,
        };
        let span = says.zip(key).and_then(|(node, key)| Some(node.get(key)?.span.clone()));
        Some(Edge { to, way: edge.way, span, jump: edge.jump })
    }

    /// A procedure returns if its end is reached; those it uses must return too. Grows to a fixed
    /// point, so that parts that use each other do no harm here.
    fn find_returning(&mut self) {
        loop {
            let mut grew = false;
            let names: Vec<(Name, StepKey)> = self
                .entries
                .iter()
                .filter(|(name, _)| !self.returns(name))
                .map(|(name, entry)| (name.clone(), *entry))
                .collect();
            for (name, entry) in names {
                let seen =
                    self.reach(entry.0, |from, edge| self.open(edge) && self.stays(from, edge));
                if seen[self.exit(&PartId::Procedure(name.clone()))] {
                    self.returns.insert(name, true);
                    grew = true;
                }
            }
            if !grew {
                return;
            }
        }
    }

    fn find_reached(&mut self, runbook: &Runbook) {
        for start in [runbook.main.first(), runbook.finally.first()].into_iter().flatten() {
            let seen = self.reach(start.0, |_, edge| self.open(edge));
            for (reached, seen) in self.reached.iter_mut().zip(seen) {
                *reached |= seen;
            }
        }
    }
}
