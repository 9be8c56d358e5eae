//! The graph of the steps as the checks look at it: with the places that make its edges, which
//! procedures come back, and what is reached.
//!
//! Nothing is expanded: the graph is as large as the runbook. Steps that are taken at once, and the
//! rounds of a `for_each`, end in nodes of their own.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::diagnostic::Span;
pub(super) use crate::runbook::flow::Jump;
use crate::runbook::flow::{self, Cause, To};
use crate::runbook::model::{Action, Order, PartId, Runbook, StepKey};
use crate::runbook::parse::Node;
use crate::runbook::resolve::Outline;
use crate::value::Name;

/// What it takes to follow an edge.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Way {
    /// Through a procedure and back.
    Call(Name),
    /// The step was done.
    Done,
    /// Into a procedure that is used.
    Enter,
    /// The step failed, and the run goes on.
    Failed,
    /// Out of one of the branches of a group that are taken at once, when all of them have ended;
    /// these are the nodes at which they do.
    Joined(Range<usize>),
    /// Out of the last round of a `for_each`.
    Listed(StepKey),
    /// The step's condition did not hold.
    Skipped,
}

/// Where the run may go next.
#[derive(Clone, Debug)]
pub(super) struct Edge {
    /// A step, the end of a branch or a round, or the end of a part.
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
    /// The edges of each step, and of the ends of branches and rounds after them.
    pub edges: Vec<Vec<Edge>>,
    /// The node that stands for the end of each part.
    exits: BTreeMap<PartId, usize>,
    /// The first step of each procedure.
    entries: BTreeMap<Name, StepKey>,
    /// The procedures that can return to who uses them.
    returns: BTreeMap<Name, bool>,
    /// The part of each step, and of the ends of branches and rounds after them.
    pub parts: Vec<PartId>,
    /// Which steps are reached from the start.
    pub reached: Vec<bool>,
    /// The nodes that stand for the ends of branches, by the step that each begins with.
    branches: BTreeMap<StepKey, usize>,
    /// The nodes that stand for the ends of rounds, by the group that is repeated.
    rounds: BTreeMap<StepKey, usize>,
}

impl Graph {
    /// Builds the graph.
    pub(super) fn of(runbook: &Runbook, outline: &Outline<'_>) -> Self {
        let mut parts: Vec<PartId> = runbook.steps.iter().map(|step| step.part.clone()).collect();
        let (mut branches, mut rounds) = (BTreeMap::new(), BTreeMap::new());
        for (index, step) in runbook.steps.iter().enumerate() {
            let Action::Group { steps, order } = &step.action else {
                continue;
            };
            if matches!(order, Order::AtOnce(_)) {
                // They follow each other, so that a range names the ends of a group.
                for child in steps {
                    branches.insert(*child, parts.len());
                    parts.push(step.part.clone());
                }
            }
            if step.for_each.is_some() {
                rounds.insert(StepKey(index), parts.len());
                parts.push(step.part.clone());
            }
        }
        let count = parts.len();
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
            reached: vec![false; parts.len()],
            parts,
            exits,
            entries,
            returns: BTreeMap::new(),
            branches,
            rounds,
        };
        let next = graph.successors(runbook);
        for (index, edges) in flow::flow(runbook).iter().enumerate() {
            let placed = |edge| Self::placed(outline, StepKey(index), next[index], edge);
            let mut placed: Vec<Edge> = edges.iter().filter_map(placed).collect();
            if let Action::Group { steps, order: Order::AtOnce(_) } = &runbook.steps[index].action {
                let others = steps.iter().skip(1).map(|child| child.0);
                placed.extend(others.map(|to| Edge {
                    to,
                    way: Way::Done,
                    span: None,
                    jump: Jump::None,
                }));
            }
            graph.edges.push(placed);
        }
        graph.add_ends(runbook, &next);
        graph.find_returning();
        graph.find_reached(runbook);
        graph
    }

    /// The node that stands for the end of a part.
    pub(super) fn exit(&self, part: &PartId) -> usize {
        self.exits[part]
    }

    /// How many nodes there are.
    pub(super) fn size(&self) -> usize {
        self.parts.len() + self.exits.len()
    }

    /// The edges out of the ends of branches and rounds.
    fn add_ends(&mut self, runbook: &Runbook, next: &[usize]) {
        let edge = |to, way| vec![Edge { to, way, span: None, jump: Jump::None }];
        let mut edges = vec![Vec::new(); self.parts.len() - self.edges.len()];
        let first = self.edges.len();
        for (child, end) in &self.branches {
            let Some(group) = runbook.step(*child).parent else {
                continue;
            };
            let Action::Group { steps, .. } = &runbook.step(group).action else {
                continue;
            };
            let after = self.rounds.get(&group).copied().unwrap_or(next[group.0]);
            let begin = self.branches[&steps[0]];
            edges[end - first] = edge(after, Way::Joined(begin..begin + steps.len()));
        }
        for (group, end) in &self.rounds {
            edges[end - first] = edge(next[group.0], Way::Listed(*group));
        }
        self.edges.extend(edges);
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
            Way::Done
            | Way::Enter
            | Way::Failed
            | Way::Joined(_)
            | Way::Listed(_)
            | Way::Skipped => true,
        }
    }

    /// Whether an edge stays in its part's frame.
    pub(super) fn stays(&self, from: usize, edge: &Edge) -> bool {
        edge.way != Way::Enter
            && (edge.to >= self.parts.len() || self.parts[edge.to] == self.parts[from])
    }

    /// The nodes reached from one, by edges that the caller admits.
    pub(super) fn reach(&self, from: usize, admit: impl Fn(usize, &Edge) -> bool) -> Vec<bool> {
        let mut seen = vec![false; self.size()];
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

    /// What comes after each step: its neighbour, or what comes after its group.
    fn successors(&self, runbook: &Runbook) -> Vec<usize> {
        let mut next = vec![0; runbook.steps.len()];
        let mut lines: Vec<(&[StepKey], usize)> = vec![
            (&runbook.main, self.exit(&PartId::Main)),
            (&runbook.finally, self.exit(&PartId::Finally)),
        ];
        for (name, procedure) in &runbook.procedures {
            lines.push((&procedure.steps, self.exit(&PartId::Procedure(name.clone()))));
        }
        while let Some((line, exit)) = lines.pop() {
            for (index, key) in line.iter().enumerate() {
                let after = line.get(index + 1).map_or(exit, |next| next.0);
                next[key.0] = after;
                if let Action::Group { steps: children, .. } = &runbook.step(*key).action {
                    let after = self.rounds.get(key).copied().unwrap_or(after);
                    for (at, child) in children.iter().enumerate() {
                        if let Some(end) = self.branches.get(child) {
                            lines.push((&children[at..=at], *end));
                        }
                    }
                    if !children.iter().any(|child| self.branches.contains_key(child)) {
                        lines.push((children, after));
                    }
                }
            }
        }
        next
    }

    /// An edge of a step with the place that says so; the end of the run is no node. What follows the
    /// order of the steps leads to `next`, which may be the end of a branch or a round.
    fn placed(outline: &Outline<'_>, key: StepKey, next: usize, edge: &flow::Edge) -> Option<Edge> {
        let in_order = edge.jump == Jump::None && edge.way != flow::Way::Enter;
        let to = match &edge.to {
            To::End(_) => return None,
            // A group leads to its steps.
            To::Step(step) if !in_order || outline.steps[step.0].parent == Some(key) => step.0,
            To::Exit(_) | To::Step(_) => next,
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
        let said_by = match (edge.jump, &edge.way) {
            (Jump::Goto, _) => Some("goto"),
            (Jump::None, flow::Way::Call(_) | flow::Way::Enter) => Some("use"),
            (Jump::None, flow::Way::Done | flow::Way::Failed | flow::Way::Skipped) => None,
        };
        let span = says.zip(said_by).and_then(|(node, key)| Some(node.get(key)?.span.clone()));
        let way = match &edge.way {
            flow::Way::Call(name) => Way::Call(name.clone()),
            flow::Way::Done => Way::Done,
            flow::Way::Enter => Way::Enter,
            flow::Way::Failed => Way::Failed,
            flow::Way::Skipped => Way::Skipped,
        };
        Some(Edge { to, way, span, jump: edge.jump })
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
