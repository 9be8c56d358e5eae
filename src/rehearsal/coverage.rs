//! What of a runbook was reached: its steps, the options of its questions, and the branches that its
//! author wrote.
//!
//! A branch is a way that the graph of steps has, or an outcome that the author asks about: whether
//! `when` holds, each option, a result that `expect`, `until` or `on_failure` speaks of, a list that
//! is empty, an undo. That a person may skip any step, or is not sure, is no branch: nobody wrote it.

use std::collections::{BTreeMap, BTreeSet};

use super::trace::Trace;
use crate::engine::{Answer, Event, Role, StepStatus, Verdict};
use crate::runbook::{
    Action, Cause, Items, Run as RunAction, Runbook, StepId, StepKey, Undo, flow,
};
use crate::value::Name;

/// A way that a step may go.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum BranchKind {
    /// The result is what was expected.
    AsExpected,
    /// It is not, or the command failed.
    Fails,
    /// Its condition holds.
    Holds,
    /// Its condition does not hold.
    HoldsNot,
    /// There is something in its list.
    Items,
    /// There is nothing in its list.
    NoItems,
    /// An option of its question.
    Option(Name),
    /// What it changed is undone.
    Undone,
}

impl BranchKind {
    /// What it is called.
    pub fn name(&self) -> String {
        match self {
            Self::AsExpected => "as expected".to_owned(),
            Self::Fails => "not as expected".to_owned(),
            Self::Holds => "`when` holds".to_owned(),
            Self::HoldsNot => "`when` does not hold".to_owned(),
            Self::Items => "a list with items".to_owned(),
            Self::NoItems => "an empty list".to_owned(),
            Self::Option(option) => format!("option {option}"),
            Self::Undone => "undone".to_owned(),
        }
    }
}

/// A branch of a step.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Branch {
    /// The step.
    pub step: StepKey,
    /// Which way.
    pub kind: BranchKind,
}

/// Something that can be reached.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Point {
    /// The step, by its name.
    pub step: StepId,
    /// The branch; none for the step itself.
    pub branch: Option<BranchKind>,
}

/// The branches of a runbook's own steps, in their order.
pub fn branches(runbook: &Runbook) -> Vec<Branch> {
    let edges = flow(runbook);
    let mut found = Vec::new();
    for (index, step) in runbook.own_steps().iter().enumerate() {
        let key = StepKey(index);
        let mut add = |kind| found.push(Branch { step: key, kind });
        if edges[index].iter().any(|edge| edge.cause == Cause::Condition) {
            add(BranchKind::Holds);
            add(BranchKind::HoldsNot);
        }
        if step.for_each.as_ref().is_some_and(|it| matches!(it.items, Items::Expression(_))) {
            add(BranchKind::Items);
            add(BranchKind::NoItems);
        }
        match &step.action {
            Action::Ask(crate::runbook::Ask::Decision { options, .. }) => {
                for option in options {
                    add(BranchKind::Option(option.id.clone()));
                }
            }
            Action::Run(run) => {
                if is_judged(run) {
                    add(BranchKind::AsExpected);
                    add(BranchKind::Fails);
                }
                if matches!(run.undo, Some(Undo::Command(_) | Undo::Step(_))) {
                    add(BranchKind::Undone);
                }
            }
            _ => {}
        }
    }
    found
}

/// Whether the author says what is expected of a command, or what follows if it fails.
fn is_judged(run: &RunAction) -> bool {
    let asks = run.expect.iter().any(|expect| expect.text().trim() != "true");
    run.expect_given && asks || run.poll.is_some() || run.on_failure_given
}

/// What walks have reached.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Coverage {
    points: BTreeSet<Point>,
}

impl Coverage {
    /// Whether something was reached.
    pub fn holds(&self, step: &StepId, branch: Option<&BranchKind>) -> bool {
        self.points.contains(&Point { step: step.clone(), branch: branch.cloned() })
    }

    /// Takes in what another walk reached.
    pub fn join(&mut self, other: &Self) {
        self.points.extend(other.points.iter().cloned());
    }

    /// What was reached.
    pub fn points(&self) -> impl Iterator<Item = &Point> {
        self.points.iter()
    }

    fn reach(&mut self, step: &StepId, branch: Option<BranchKind>) {
        self.points.insert(Point { step: step.clone(), branch });
    }

    /// Takes an event into account.
    pub(super) fn note(&mut self, event: &Event, trace: &Trace, runbook: &Runbook) {
        match event {
            Event::StepEntered { step, .. } => {
                self.reach(step, None);
                self.reach(step, Some(BranchKind::Holds));
            }
            Event::StepSkipped { step, .. } => self.reach(step, Some(BranchKind::HoldsNot)),
            Event::Answered { step: Some(step), answer: Answer::Choose { option, .. }, .. } => {
                self.reach(step, Some(BranchKind::Option(option.clone())));
            }
            Event::ItemsListed { step, items, .. } => {
                let some = if items.is_empty() { BranchKind::NoItems } else { BranchKind::Items };
                self.reach(step, Some(some));
            }
            Event::AttemptEnded(ended) => {
                let Some((role, Some(step))) = trace.of(ended.attempt) else { return };
                match (role, &ended.verdict) {
                    (
                        Role::Main | Role::Verify,
                        Verdict::Failed { .. } | Verdict::Unexpected { .. },
                    ) => self.reach(step, Some(BranchKind::Fails)),
                    (Role::Undo, Verdict::Passed) => self.reach(step, Some(BranchKind::Undone)),
                    _ => {}
                }
            }
            Event::StepClosed { step, status, .. } => self.closed(step, *status, runbook),
            _ => {}
        }
    }

    fn closed(&mut self, step: &StepId, status: StepStatus, runbook: &Runbook) {
        match status {
            StepStatus::Done | StepStatus::MarkedDone => {
                self.reach(step, Some(BranchKind::AsExpected));
                self.undone_by(step, runbook);
            }
            StepStatus::Failed | StepStatus::FailedHandled | StepStatus::Unexpected => {
                self.reach(step, Some(BranchKind::Fails));
            }
            StepStatus::Skipped => {}
        }
    }

    /// A step may be the undo of others.
    fn undone_by(&mut self, done: &StepId, runbook: &Runbook) {
        let Some(key) = runbook.find(done) else { return };
        for step in &runbook.steps {
            if let Action::Run(run) = &step.action
                && matches!(run.undo, Some(Undo::Step(undo)) if undo == key)
                && self.holds(&step.id, None)
            {
                self.reach(&step.id, Some(BranchKind::Undone));
            }
        }
    }
}

/// How much of something was reached.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Totals {
    /// So many.
    pub reached: usize,
    /// Of so many.
    pub all: usize,
}

impl Totals {
    /// In hundredths, rounded down, so that only all is a hundred.
    pub fn percent(self) -> usize {
        (self.reached * 100).checked_div(self.all).unwrap_or(100)
    }

    /// Takes in another part.
    pub fn add(&mut self, other: Self) {
        self.reached += other.reached;
        self.all += other.all;
    }

    fn count(&mut self, reached: bool) {
        self.all += 1;
        self.reached += usize::from(reached);
    }
}

/// All that a runbook has to be reached, apart from the runbook itself.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Inventory {
    /// The file.
    pub name: String,
    /// Its steps and branches in their order, each with its line.
    pub points: Vec<(Point, usize)>,
}

impl Inventory {
    /// What a runbook's own steps have. Those of a runbook that it uses are the other's.
    pub fn of(runbook: &Runbook) -> Self {
        let mut of: BTreeMap<StepKey, Vec<BranchKind>> = BTreeMap::new();
        for branch in branches(runbook) {
            of.entry(branch.step).or_default().push(branch.kind);
        }
        let mut points = Vec::new();
        for (index, step) in runbook.own_steps().iter().enumerate() {
            let line = runbook.source.line_column(step.span.start).0;
            let kinds = of.remove(&StepKey(index)).unwrap_or_default();
            let ways = std::iter::once(None).chain(kinds.into_iter().map(Some));
            points.extend(ways.map(|branch| (Point { step: step.id.clone(), branch }, line)));
        }
        Self { name: runbook.source.name.clone(), points }
    }

    /// What of it was reached.
    pub fn covered(&self, coverage: &Coverage) -> Covered {
        let mut covered = Covered::default();
        for (point, line) in &self.points {
            let reached = coverage.points.contains(point);
            match &point.branch {
                None => covered.steps.count(reached),
                Some(kind) => {
                    covered.branches.count(reached);
                    if matches!(kind, BranchKind::Option(_)) {
                        covered.options.count(reached);
                    }
                }
            }
            if !reached {
                covered.missing.push((point.clone(), *line));
            }
        }
        covered
    }
}

/// What of one runbook was reached, and what was not.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Covered {
    /// Its steps.
    pub steps: Totals,
    /// The options of its questions.
    pub options: Totals,
    /// Its branches, options among them.
    pub branches: Totals,
    /// What was not reached, in the order of the runbook: the step and its line.
    pub missing: Vec<(Point, usize)>,
}
