//! The steps as a graph: from each, where the run may go next, and why.
//!
//! A `use` is one edge past the procedure and one into it; so no path enters a procedure here and
//! leaves it there. Nothing is expanded: the graph is as large as the runbook.

use super::model::{
    Action, Ask, Destination, OnFailure, Outcome, PartId, Runbook, Step, StepKey, Then, Used,
};
use crate::value::Name;

/// Where the run may go next.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Edge {
    /// Where.
    pub to: To,
    /// What it takes to follow it.
    pub way: Way,
    /// What of the step says so.
    pub cause: Cause,
    /// Whether it is a `goto`, which clears the frames above.
    pub jump: Jump,
}

/// Where an edge leads.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum To {
    /// The end of the run.
    End(Outcome),
    /// The end of a part.
    Exit(PartId),
    /// A step.
    Step(StepKey),
}

/// What it takes to follow an edge.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Way {
    /// Through a procedure and back.
    Call(Name),
    /// The step was done.
    Done,
    /// Into a procedure that is used.
    Enter,
    /// The step failed, and the run goes on.
    Failed,
    /// The step's condition did not hold.
    Skipped,
}

/// What of a step says that the run may go somewhere.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Cause {
    /// What the step does.
    Action,
    /// Its `when`.
    Condition,
    /// Its `on_failure`, or that of a group around it.
    Failure,
    /// One of its options, by its place.
    Option(usize),
}

/// Whether an edge is a `goto`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Jump {
    /// It is.
    Goto,
    /// It follows the order of the steps.
    None,
}

/// The edges of every step, in the order of [`Runbook::steps`].
pub fn flow(runbook: &Runbook) -> Vec<Vec<Edge>> {
    let next = successors(runbook);
    runbook
        .own_steps()
        .iter()
        .zip(next)
        .map(|(step, next)| Flow { runbook, next }.of(step))
        .collect()
}

/// What comes after each step: its neighbour, or what comes after its group.
fn successors(runbook: &Runbook) -> Vec<To> {
    let mut next = vec![To::Exit(PartId::Main); runbook.own_steps().len()];
    let mut lines: Vec<(&[StepKey], To)> = vec![
        (&runbook.main, To::Exit(PartId::Main)),
        (&runbook.finally, To::Exit(PartId::Finally)),
    ];
    for (name, procedure) in &runbook.procedures {
        lines.push((&procedure.steps, To::Exit(PartId::Procedure(name.clone()))));
    }
    while let Some((line, exit)) = lines.pop() {
        for (index, key) in line.iter().enumerate() {
            let after = line.get(index + 1).map_or_else(|| exit.clone(), |next| To::Step(*next));
            next[key.0] = after.clone();
            if let Action::Group { steps: children, .. } = &runbook.step(*key).action {
                lines.push((children, after));
            }
        }
    }
    next
}

/// The edges of one step.
struct Flow<'a> {
    runbook: &'a Runbook,
    next: To,
}

impl Flow<'_> {
    fn of(&self, step: &Step) -> Vec<Edge> {
        let mut edges = Vec::new();
        if step.when.is_some() {
            edges.push(self.on(Way::Skipped, Cause::Condition));
        }
        match &step.action {
            Action::Approve(_)
            | Action::Do { .. }
            | Action::Escalate(_)
            | Action::Open(_)
            | Action::Wait(_)
            | Action::Ask(Ask::Value { .. }) => edges.push(self.on(Way::Done, Cause::Action)),
            Action::Ask(Ask::Decision { options, .. }) => {
                for (index, option) in options.iter().enumerate() {
                    let cause = Cause::Option(index);
                    match &option.then {
                        Then::End(outcome) => edges.push(end(*outcome, cause)),
                        Then::Goto(destination) => {
                            edges.extend(self.jump(destination, Way::Done, cause));
                        }
                        Then::Next => edges.push(self.on(Way::Done, cause)),
                        Then::Use(used) => edges.extend(self.call(used, cause)),
                    }
                }
            }
            Action::End(outcome) => edges.push(end(*outcome, Cause::Action)),
            Action::Goto(destination) => {
                edges.extend(self.jump(destination, Way::Done, Cause::Action));
            }
            Action::Group { steps: children, .. } => {
                let first = children.first().map(|first| To::Step(*first));
                edges.extend(first.map(|to| plain(to, Way::Done, Cause::Action)));
            }
            Action::Run(run) => {
                edges.push(self.on(Way::Done, Cause::Action));
                edges.extend(self.failure(&run.on_failure));
            }
            Action::Use { used, on_failure } => {
                edges.extend(self.call(used, Cause::Action));
                edges.extend(self.failure(on_failure));
            }
        }
        edges
    }

    /// To what comes after the step.
    fn on(&self, way: Way, cause: Cause) -> Edge {
        plain(self.next.clone(), way, cause)
    }

    fn failure(&self, on_failure: &OnFailure) -> Vec<Edge> {
        match on_failure {
            OnFailure::Ask | OnFailure::Stop | OnFailure::Undo => Vec::new(),
            OnFailure::Continue => vec![self.on(Way::Failed, Cause::Failure)],
            OnFailure::Goto(destination) => {
                self.jump(destination, Way::Failed, Cause::Failure).into_iter().collect()
            }
            OnFailure::Use(used) => self.call(used, Cause::Failure),
        }
    }

    fn entry(&self, name: &Name) -> Option<To> {
        self.runbook.procedures.get(name)?.steps.first().map(|first| To::Step(*first))
    }

    fn jump(&self, destination: &Destination, way: Way, cause: Cause) -> Option<Edge> {
        let to = match destination {
            Destination::Procedure(name) => self.entry(name)?,
            Destination::Step(key) => To::Step(*key),
        };
        Some(Edge { to, way, cause, jump: Jump::Goto })
    }

    /// Another runbook shares no value and no step with this one: it is a step like any other.
    fn call(&self, used: &Used, cause: Cause) -> Vec<Edge> {
        let Used::Procedure(name) = used else {
            return vec![self.on(Way::Done, cause)];
        };
        let past = self.on(Way::Call(name.clone()), cause);
        let into = self.entry(name).map(|entry| plain(entry, Way::Enter, cause));
        std::iter::once(past).chain(into).collect()
    }
}

fn plain(to: To, way: Way, cause: Cause) -> Edge {
    Edge { to, way, cause, jump: Jump::None }
}

fn end(outcome: Outcome, cause: Cause) -> Edge {
    plain(To::End(outcome), Way::Done, cause)
}
