//! Values that no path, or not every path, has set when they are used.
//!
//! A data-flow over the graph: for each step what every path to it has set, and what some path has.
//! A procedure counts by what it sets in itself, so its users do not mix. Branches that are taken at
//! once know nothing of each other, and behind them is set what any of them sets. A round of a
//! `for_each` begins with its item and with nothing that is captured in it; behind the last one
//! there are the lists of all.

use std::collections::BTreeMap;

use super::graph::Way;
use super::{Findings, Graph, Rule, Subject};
use crate::diagnostic::Severity;
use crate::runbook::model::{Action, Ask, PartId, Runbook, StepKey, TargetRef, ValueOrigin};
use crate::runbook::resolve::{Mentioned, Moment};
use crate::value::{Name, Reference};

pub(super) const NEVER: Rule = Rule {
    code: "never-set",
    severity: Severity::Error,
    title: "a value that no path has set",
    explanation: "The value is captured or answered, but on no way that leads here: only later, or \
        on a branch that does not come back. A step cannot name what its own command has still to \
        find out, except in `expect`, `until`, `verify` and `findings`; branches of a parallel \
        group know nothing of each other; the item of a `for_each` has a value only inside it.",
    check: never,
};

pub(super) const MAYBE: Rule = Rule {
    code: "maybe-missing",
    severity: Severity::Warning,
    title: "a value that some path has not set",
    explanation: "On some way to this step the value is not set: a step may be skipped, fail and go \
        on, or lie on another branch. The responder would be asked for it in the middle of the \
        run. Capture it on every way, or use it under `when: has(name)` or inside `{{#if name}}`.",
    check: maybe,
};

fn never(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for Use { mention, name, known } in subject.uses() {
        if !known.some {
            let message = format!("no path has `{name}` here");
            let origin = subject.runbook.values.get(name).map(|value| &value.origin);
            let help = match origin {
                Some(ValueOrigin::Items(_)) => {
                    "an item has a value inside its `for_each` only; what is said of the step as \
                     a whole, its title too, is said once for all items"
                }
                _ => "capture it in a step before this one",
            };
            findings.add(mention.span.clone(), message, help);
        }
    }
}

fn maybe(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for Use { mention, name, known } in subject.uses() {
        if known.some && !known.every && !mention.guarded {
            let message = format!("`{name}` is missing on some path to here");
            let help = format!("set it on every way, or use it under `when: has({name})`");
            findings.add(mention.span.clone(), message, help);
        }
    }
}

/// Whether every path, or some path, has a value.
struct Known {
    every: bool,
    some: bool,
}

/// A place that names a value which some step sets, with what is known of it there.
pub(super) struct Use<'a> {
    mention: &'a Mentioned,
    name: &'a Name,
    known: Known,
}

/// All places that name values which steps set.
pub(super) fn uses<'a>(subject: &Subject<'a>) -> Vec<Use<'a>> {
    let mut uses = Vec::new();
    let runbook = subject.runbook;
    let numbers: BTreeMap<&Name, usize> = runbook
        .values
        .iter()
        .filter(|(_, value)| !matches!(value.origin, ValueOrigin::Input))
        .enumerate()
        .map(|(number, (name, _))| (name, number))
        .collect();
    if numbers.is_empty() {
        return uses;
    }
    let flow = Flow::of(subject, &numbers);
    for mention in subject.mentions {
        let Reference::Value(name) = &mention.reference else {
            continue;
        };
        let Some(number) = numbers.get(name) else {
            continue;
        };
        let known = match (mention.step, mention.moment) {
            (_, Moment::Target) => match flow.at_target(subject, mention, *number) {
                Some(known) => known,
                None => continue,
            },
            (None, _) => Known { every: false, some: false },
            (Some(step), _) if !subject.graph.reached[step.0] => continue,
            (Some(step), moment) => {
                let own = moment == Moment::After && flow.sets[step.0].has(*number);
                let before = match moment {
                    Moment::Outside => flow.known_before(step, *number),
                    _ => flow.known_inside(step, *number),
                };
                Known { every: own || before.every, some: own || before.some }
            }
        };
        uses.push(Use { mention, name, known });
    }
    uses
}

/// A set of values by number.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Values(Vec<u64>);

impl Values {
    fn none(count: usize) -> Self {
        Self(vec![0; count.div_ceil(64)])
    }

    fn has(&self, number: usize) -> bool {
        self.0[number / 64] & (1 << (number % 64)) != 0
    }

    fn add(&mut self, number: usize) {
        self.0[number / 64] |= 1 << (number % 64);
    }

    fn remove(&mut self, number: usize) {
        self.0[number / 64] &= !(1 << (number % 64));
    }

    fn leave(&mut self, other: &Self) {
        for (own, other) in self.0.iter_mut().zip(&other.0) {
            *own &= !other;
        }
    }

    /// Adds what another one has; whether that changed anything.
    fn join(&mut self, other: &Self) -> bool {
        let mut changed = false;
        for (own, other) in self.0.iter_mut().zip(&other.0) {
            changed |= other & !*own != 0;
            *own |= other;
        }
        changed
    }

    /// Leaves only what another one has too; whether that changed anything.
    fn meet(&mut self, other: &Self) -> bool {
        let mut changed = false;
        for (own, other) in self.0.iter_mut().zip(&other.0) {
            changed |= *own & !other != 0;
            *own &= other;
        }
        changed
    }
}

/// What every path to a place has set, and what some path has.
#[derive(Clone, Debug, Eq, PartialEq)]
struct State {
    every: Values,
    some: Values,
}

impl State {
    fn empty(count: usize) -> Self {
        Self { every: Values::none(count), some: Values::none(count) }
    }

    fn set(&mut self, values: &Values) {
        self.every.join(values);
        self.some.join(values);
    }

    /// Takes another path into account; whether that changed anything.
    fn merge(&mut self, other: &Self) -> bool {
        let less = self.every.meet(&other.every);
        self.some.join(&other.some) || less
    }
}

struct Flow<'a> {
    runbook: &'a Runbook,
    /// What each step sets.
    sets: Vec<Values>,
    /// The item of each step that is repeated.
    items: Vec<Option<usize>>,
    /// What is set inside of each step that is repeated.
    inside: BTreeMap<StepKey, Values>,
    /// What is known when a step is entered; `None` where no path was found.
    before: Vec<Option<State>>,
}

impl<'a> Flow<'a> {
    /// What the paths to a step have of a value.
    fn known_before(&self, step: StepKey, number: usize) -> Known {
        let before = self.before[step.0].as_ref();
        Known {
            every: before.is_some_and(|state| state.every.has(number)),
            some: before.is_some_and(|state| state.some.has(number)),
        }
    }

    /// What a step has of a value when it is done for an item.
    fn known_inside(&self, step: StepKey, number: usize) -> Known {
        let before = self.known_before(step, number);
        let item = self.items[step.0] == Some(number);
        Known { every: item || before.every, some: item || before.some }
    }

    /// What the paths to all steps that use a target have of a value that the target names; `None`
    /// if no step that is reached uses it.
    fn at_target(
        &self,
        subject: &Subject<'_>,
        mention: &Mentioned,
        number: usize,
    ) -> Option<Known> {
        let (name, _) = subject.runbook.targets.iter().find(|(name, _)| {
            let targets = subject.root.get("targets");
            targets
                .and_then(|targets| targets.get(name.as_str()))
                .is_some_and(|node| node.span.contains(&mention.span.start))
        })?;
        let runs_there = |action: &Action| match action {
            Action::Run(run) => run.command.target == TargetRef::Named(name.clone()),
            _ => false,
        };
        let users = subject.runbook.steps.iter().enumerate();
        users
            .filter(|(index, step)| subject.graph.reached[*index] && runs_there(&step.action))
            .map(|(index, _)| self.known_inside(StepKey(index), number))
            .reduce(|one, other| Known {
                every: one.every && other.every,
                some: one.some && other.some,
            })
    }

    fn of(subject: &Subject<'a>, numbers: &BTreeMap<&Name, usize>) -> Self {
        let runbook = subject.runbook;
        let graph = subject.graph;
        let count = numbers.len();
        let sets: Vec<Values> = runbook
            .steps
            .iter()
            .map(|step| {
                let mut values = Values::none(count);
                for name in names_set(&step.action) {
                    if let Some(number) = numbers.get(name) {
                        values.add(*number);
                    }
                }
                values
            })
            .collect();
        let items = runbook
            .steps
            .iter()
            .map(|step| step.for_each.as_ref().and_then(|each| numbers.get(&each.name).copied()));
        let mut inside: BTreeMap<StepKey, Values> = BTreeMap::new();
        for (step, sets) in runbook.steps.iter().zip(&sets) {
            for around in &step.loops {
                inside.entry(*around).or_insert_with(|| Values::none(count)).join(sets);
            }
        }
        let mut flow = Self { runbook, items: items.collect(), sets, inside, before: Vec::new() };
        let made = flow.procedures(runbook, graph, count);
        let mut starts = Vec::new();
        if let Some(main) = runbook.main.first() {
            starts.push((*main, State::empty(count)));
        }
        if let Some(finally) = runbook.finally.first() {
            let mut state = State::empty(count);
            for (values, step) in flow.sets.iter().zip(&runbook.steps) {
                if step.part != PartId::Finally {
                    state.some.join(values);
                }
            }
            starts.push((*finally, state));
        }
        flow.before = flow.spread(graph, starts, &made, |_, _| true);
        flow
    }

    /// What each procedure sets before it returns. Those that use others come after them; in a
    /// circle, which is an error of its own, nothing is known.
    fn procedures(&self, runbook: &Runbook, graph: &Graph, count: usize) -> BTreeMap<Name, State> {
        let mut made: BTreeMap<Name, State> = BTreeMap::new();
        let needs: BTreeMap<&Name, Vec<&Name>> = runbook
            .procedures
            .keys()
            .map(|name| {
                let part = PartId::Procedure(name.clone());
                let used = graph.edges.iter().zip(&graph.parts).filter(|(_, own)| **own == part);
                let used = used.flat_map(|(edges, _)| edges).filter_map(|edge| match &edge.way {
                    Way::Call(used) => Some(used),
                    _ => None,
                });
                (name, used.collect())
            })
            .collect();
        loop {
            let ready: Vec<&Name> = needs
                .iter()
                .filter(|(name, needs)| {
                    !made.contains_key(**name) && needs.iter().all(|need| made.contains_key(*need))
                })
                .map(|(name, _)| *name)
                .collect();
            if ready.is_empty() {
                return made;
            }
            for name in ready {
                let exit = graph.exit(&PartId::Procedure(name.clone()));
                let state = graph.entry(name).and_then(|entry| {
                    let start = vec![(entry, State::empty(count))];
                    let states =
                        self.spread(graph, start, &made, |from, edge| graph.stays(from, edge));
                    states[exit].clone()
                });
                made.insert(name.clone(), state.unwrap_or_else(|| State::empty(count)));
            }
        }
    }

    /// Carries states along the edges until nothing changes.
    fn spread(
        &self,
        graph: &Graph,
        starts: Vec<(StepKey, State)>,
        made: &BTreeMap<Name, State>,
        admit: impl Fn(usize, &super::graph::Edge) -> bool,
    ) -> Vec<Option<State>> {
        let mut states: Vec<Option<State>> = vec![None; graph.size()];
        let mut todo = Vec::new();
        for (step, state) in starts {
            states[step.0] = Some(state);
            todo.push(step.0);
        }
        while let Some(node) = todo.pop() {
            let Some(state) = states[node].clone() else {
                continue;
            };
            for edge in graph.edges.get(node).map_or(&[][..], Vec::as_slice) {
                if !graph.open(edge) || !admit(node, edge) {
                    continue;
                }
                let mut after = state.clone();
                match &edge.way {
                    Way::Joined(ends) => {
                        // Nothing is known behind the branches until all of them have ended.
                        if states[ends.clone()].iter().any(Option::is_none) {
                            continue;
                        }
                        for other in states[ends.clone()].iter().flatten() {
                            after.every.join(&other.every);
                            after.some.join(&other.some);
                        }
                    }
                    Way::Listed(group) => self.end_rounds(&mut after, *group),
                    Way::Call(name) => {
                        if let Some(made) = made.get(name) {
                            after.every.join(&made.every);
                            after.some.join(&made.some);
                        }
                    }
                    Way::Done if enters(self.runbook, node, edge.to) => {
                        self.begin_round(&mut after, StepKey(node));
                    }
                    Way::Enter => self.begin_round(&mut after, StepKey(node)),
                    Way::Done => after.set(&self.sets[node]),
                    Way::Failed | Way::Skipped => {}
                }
                let changed = match &mut states[edge.to] {
                    Some(known) => known.merge(&after),
                    none => {
                        *none = Some(after);
                        true
                    }
                };
                if changed {
                    todo.push(edge.to);
                }
            }
        }
        states
    }
}

impl Flow<'_> {
    /// What is known at the start of a round of a step, if it has rounds.
    fn begin_round(&self, state: &mut State, step: StepKey) {
        let Some(item) = self.items[step.0] else {
            return;
        };
        if let Some(inside) = self.inside.get(&step) {
            state.every.leave(inside);
            state.some.leave(inside);
        }
        state.every.add(item);
        state.some.add(item);
    }

    /// What is known behind the last round.
    fn end_rounds(&self, state: &mut State, step: StepKey) {
        if let Some(inside) = self.inside.get(&step) {
            state.set(inside);
        }
        if let Some(item) = self.items[step.0] {
            state.every.remove(item);
            state.some.remove(item);
        }
    }
}

/// Whether an edge leads from a group to one of its own steps.
fn enters(runbook: &Runbook, from: usize, to: usize) -> bool {
    runbook.steps.get(to).is_some_and(|step| step.parent == Some(StepKey(from)))
}

fn names_set(action: &Action) -> Vec<&Name> {
    match action {
        Action::Ask(Ask::Value { into, .. }) => vec![into],
        Action::Run(run) => run.captures.iter().map(|capture| &capture.name).collect(),
        _ => Vec::new(),
    }
}
