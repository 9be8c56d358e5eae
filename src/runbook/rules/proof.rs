//! A change should be proved and should have a way back.

use super::{Findings, Rule, Subject};
use crate::diagnostic::Severity;
use crate::runbook::model::{Action, Effect, Run, Step, StepKey, Undo};

pub(super) const VERIFY: Rule = Rule {
    code: "no-verify",
    severity: Severity::Warning,
    title: "a change without `verify`",
    explanation: "That a command succeeded does not mean that it did what it should. Add a read \
        command that fails when it did not, or a condition, or repeat the command `until` it holds.",
    check: verify,
};

pub(super) const UNDO: Rule = Rule {
    code: "no-undo",
    severity: Severity::Warning,
    title: "a change without `undo` or `irreversible`",
    explanation: "When a change makes things worse, nobody has time to find out how to take it \
        back. Say how, or that it cannot be done and why, or that there is nothing to undo.",
    check: undo,
};

fn verify(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for (_, step, run) in changes(subject) {
        // Somebody watches it, or it is asked whether it is ready.
        let watched = run.interactive.is_some()
            || run.background.as_ref().is_some_and(|background| background.ready.is_some());
        if run.verify.is_none() && run.poll.is_none() && !watched {
            let message = format!("step {} changes something and nothing proves it", step.number);
            findings.add(
                step.span.clone(),
                message,
                "verify: <a read command that fails if it did not work>",
            );
        }
    }
}

fn undo(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let undoing: Vec<StepKey> = subject
        .runbook
        .steps
        .iter()
        .filter_map(|step| match &step.action {
            Action::Run(run) => match run.undo {
                Some(Undo::Step(key)) => Some(key),
                _ => None,
            },
            _ => None,
        })
        .collect();
    for (key, step, run) in changes(subject) {
        if run.undo.is_none() && !undoing.contains(&key) && run.effect != Effect::Destroy {
            let message = format!("step {} changes something and says no way back", step.number);
            let help = "undo: <a command>, or undo: { none: <why> }, or irreversible: <why>";
            findings.add(step.span.clone(), message, help);
        }
    }
}

fn changes<'a>(subject: &'a Subject<'_>) -> impl Iterator<Item = (StepKey, &'a Step, &'a Run)> {
    subject
        .runbook
        .steps
        .iter()
        .enumerate()
        .filter(|(index, _)| effect_is_known(subject, StepKey(*index)))
        .filter_map(|(index, step)| match &step.action {
            Action::Run(run) if run.effect != Effect::Read => Some((StepKey(index), step, &**run)),
            _ => None,
        })
}

/// Whether the effect is a word of the language; what is misspelt may be a read.
fn effect_is_known(subject: &Subject<'_>, key: StepKey) -> bool {
    subject
        .outline
        .inherited(key, "effect")
        .is_none_or(|node| matches!(node.text(), Some("read" | "change" | "destroy")))
}
