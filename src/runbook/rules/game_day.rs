//! A game day makes faults on purpose: it must not leave any behind, and must see that it did not.

use super::{Findings, Rule, Subject};
use crate::diagnostic::Severity;
use crate::runbook::model::{
    Action, Effect, PartId, Run, Runbook, RunbookKind, StepKey, Undo, Used,
};

pub(super) const UNDO: Rule = Rule {
    code: "game-day-undo",
    severity: Severity::Error,
    title: "a fault of a game day without a way back",
    explanation: "What a game day changes are faults. Each needs an `undo`, a command or a step: it \
        is offered at the end, also after an abort or a crash. What a used runbook changes is the \
        response, and is not looked at here.",
    check: undo,
};

pub(super) const STEADY: Rule = Rule {
    code: "game-day-steady-state",
    severity: Severity::Error,
    title: "a game day that does not check the steady state before and after",
    explanation: "Without a check before the first fault nobody knows that the fault made the \
        difference, and without one in `finally` nobody knows that all is well again. A check is a \
        step with `effect: read`, of this file or in a procedure that is used.",
    check: steady,
};

fn undo(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let runbook = subject.runbook;
    if runbook.kind != RunbookKind::GameDay {
        return;
    }
    let undoing = |key: StepKey| {
        runbook.steps.iter().any(|step| match &step.action {
            Action::Run(run) => matches!(run.undo, Some(Undo::Step(other)) if other == key),
            _ => false,
        })
    };
    for (index, step) in runbook.steps.iter().enumerate() {
        let Action::Run(run) = &step.action else { continue };
        if run.effect == Effect::Read || step.part == PartId::Finally || undoing(StepKey(index)) {
            continue;
        }
        if !matches!(run.undo, Some(Undo::Command(_) | Undo::Step(_))) {
            findings.add(
                step.span.clone(),
                format!("step {} makes a fault and says no way back", step.number),
                "undo: <the command that takes the fault away>, or undo: { step: id }",
            );
        }
    }
}

fn steady(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let runbook = subject.runbook;
    if runbook.kind != RunbookKind::GameDay {
        return;
    }
    let title = subject.root.get("kind").map(|kind| kind.span.clone()).unwrap_or_default();
    if !any_check(runbook, &runbook.finally, 0) {
        findings.add(
            title.clone(),
            "`finally` does not check the steady state",
            "finally: [ { title: Is all well again?, effect: read, run: ..., expect: ... } ]",
        );
    }
    if first(runbook, &runbook.main, 0) == Some(Effect::Change) {
        findings.add(
            title,
            "the first fault comes before the steady state is checked",
            "begin with a step with `effect: read` that shows that all is well",
        );
    }
}

/// Whether a line holds a step that looks, itself or in what it uses of this file.
fn any_check(runbook: &Runbook, steps: &[StepKey], depth: usize) -> bool {
    steps.iter().any(|key| match inside(runbook, *key) {
        Inside::Command(run) => run.effect == Effect::Read,
        Inside::Steps(steps) => depth < DEEPEST && any_check(runbook, steps, depth + 1),
        Inside::Nothing => false,
    })
}

/// What the first command of a line is for, a fault or a check.
fn first(runbook: &Runbook, steps: &[StepKey], depth: usize) -> Option<Effect> {
    steps.iter().find_map(|key| match inside(runbook, *key) {
        Inside::Command(run) if run.effect == Effect::Read => Some(Effect::Read),
        Inside::Command(_) => Some(Effect::Change),
        Inside::Steps(steps) if depth < DEEPEST => first(runbook, steps, depth + 1),
        Inside::Nothing | Inside::Steps(_) => None,
    })
}

/// Parts that use each other for ever are the finding of another rule.
const DEEPEST: usize = 16;

/// What a step holds.
enum Inside<'a> {
    Command(&'a Run),
    Nothing,
    Steps(&'a [StepKey]),
}

fn inside(runbook: &Runbook, key: StepKey) -> Inside<'_> {
    match &runbook.step(key).action {
        Action::Run(run) => Inside::Command(run),
        Action::Group { steps, .. } => Inside::Steps(steps),
        Action::Use { used: Used::Procedure(name), .. } => {
            Inside::Steps(runbook.part(&PartId::Procedure(name.clone())))
        }
        _ => Inside::Nothing,
    }
}
