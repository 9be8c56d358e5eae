//! One list of steps for a runbook and all it uses. Each place that uses a runbook gets its steps
//! once more, under names of its own, so that a walk knows where it is and nothing has to be looked
//! up during a run.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::model::{
    Action, Ask, Book, BookId, Destination, OnFailure, PartId, Runbook, Step, StepId, StepKey,
    Then, Undo, Used, UsedRunbook,
};

/// More steps than anybody walks: runbooks that use each other many times over.
const MOST_STEPS: usize = 10_000;

/// A runbook with all it uses has too many steps.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("with all it uses, this runbook has more than {MOST_STEPS} steps")]
pub struct TooManySteps;

/// Adds the steps of all that is used, directly or not.
pub(super) fn link(mut runbook: Runbook) -> Result<Runbook, TooManySteps> {
    let mut place = 0;
    while place < runbook.steps.len() {
        if runbook.steps.len() > MOST_STEPS {
            return Err(TooManySteps);
        }
        let books = runbook.books.len();
        let step = &mut runbook.steps[place];
        let id = step.id.clone();
        let mut uses = Vec::new();
        used(step, &mut |name, used| {
            if let Some(own) = &used.runbook {
                let book = BookId(books + uses.len() + 1);
                used.book = Some(book);
                let prefix = name.map_or_else(|| id.to_string(), |name| format!("{id}.{name}"));
                uses.push((book, prefix, Arc::clone(own)));
            }
        });
        for (book, prefix, own) in uses {
            add(&mut runbook, book, &prefix, own, StepKey(place));
        }
        place += 1;
    }
    Ok(runbook)
}

/// Every runbook that a step uses, with a name that tells it from the step's others.
fn used(step: &mut Step, found: &mut dyn FnMut(Option<&str>, &mut UsedRunbook)) {
    let on_failure = |on_failure: &mut OnFailure, found: &mut dyn FnMut(_, &mut UsedRunbook)| {
        if let OnFailure::Use(Used::Runbook(used)) = on_failure {
            found(Some("on_failure"), used);
        }
    };
    match &mut step.action {
        Action::Ask(Ask::Decision { options, .. }) => {
            for option in options {
                if let Then::Use(Used::Runbook(used)) = &mut option.then {
                    found(Some(option.id.as_str()), used);
                }
            }
        }
        Action::Run(run) => on_failure(&mut run.on_failure, found),
        Action::Use { used, on_failure: rule } => {
            if let Used::Runbook(used) = used {
                found(None, used);
            }
            on_failure(rule, found);
        }
        _ => {}
    }
}

fn add(runbook: &mut Runbook, id: BookId, prefix: &str, own: Arc<Runbook>, by: StepKey) {
    let first = runbook.steps.len();
    let moved = |key: &StepKey| StepKey(key.0 + first);
    let line = |keys: &[StepKey]| keys.iter().map(moved).collect::<Vec<_>>();
    for step in &own.steps {
        let mut step = step.clone();
        step.id = StepId(format!("{prefix}.{}", step.id));
        step.part = PartId::Of(id, Box::new(step.part));
        step.parent = step.parent.as_ref().map(moved);
        step.loops = step.loops.iter().map(moved).collect();
        move_keys(&mut step.action, first);
        runbook.steps.push(step);
    }
    let procedures: BTreeMap<_, _> = own
        .procedures
        .iter()
        .map(|(name, procedure)| (name.clone(), line(&procedure.steps)))
        .collect();
    let (main, finally) = (line(&own.main), line(&own.finally));
    runbook.books.push(Book { runbook: own, by, first, main, procedures, finally });
}

fn move_keys(action: &mut Action, first: usize) {
    let key = |key: &mut StepKey| key.0 += first;
    let destination = |destination: &mut Destination| {
        if let Destination::Step(step) = destination {
            key(step);
        }
    };
    let failure = |rule: &mut OnFailure| {
        if let OnFailure::Goto(to) = rule {
            destination(to);
        }
    };
    match action {
        Action::Ask(Ask::Decision { options, .. }) => {
            for option in options {
                if let Then::Goto(to) = &mut option.then {
                    destination(to);
                }
            }
        }
        Action::Goto(to) => destination(to),
        Action::Group { steps, .. } => steps.iter_mut().for_each(key),
        Action::Run(run) => {
            failure(&mut run.on_failure);
            if let Some(Undo::Step(step)) = &mut run.undo {
                key(step);
            }
        }
        Action::Use { on_failure, .. } => failure(on_failure),
        Action::Approve(_)
        | Action::Ask(Ask::Value { .. })
        | Action::Do { .. }
        | Action::End(_)
        | Action::Escalate(_)
        | Action::Open(_)
        | Action::Wait(_) => {}
    }
}
