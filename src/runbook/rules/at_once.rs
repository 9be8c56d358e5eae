//! What is done at once must need no person in between.

use std::collections::BTreeSet;

use super::{Findings, Rule, Subject};
use crate::diagnostic::{Label, Severity, Span};
use crate::runbook::model::{Action, Effect, ItemConfirm, Order, Runbook, StepKey, Used};
use crate::value::Name;

pub(super) const RULE: Rule = Rule {
    code: "parallel",
    severity: Severity::Error,
    title: "something at once that changes things or needs a person",
    explanation: "Steps of a parallel group run at once and only read: nobody could confirm a \
        change among them, answer a question or sit at two terminals. The items of a `for_each` \
        may be changed at once where all are confirmed at once, with `confirm: once`; nothing is \
        destroyed at once.",
    check,
};

/// What may be done at once.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Admits {
    /// Only reads.
    Reads,
    /// Changes too, which are confirmed once for all.
    Changes,
}

fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for (index, step) in subject.runbook.steps.iter().enumerate() {
        let key = StepKey(index);
        let node = subject.outline.steps[index].node;
        if let Action::Group { steps, order: Order::AtOnce(_) } = &step.action {
            let span = node.get("parallel").map_or(step.span.clone(), |it| it.span.clone());
            let mut search = Search::new(subject.runbook, Admits::Reads);
            search.look_all(steps);
            search.report(&span, findings);
        }
        if let Some(each) = step.for_each.as_ref().filter(|each| each.at_once > 1) {
            let parallel = node.get("for_each").and_then(|each| each.get("parallel"));
            let span = parallel.map_or(each.span.clone(), |it| it.span.clone());
            let admits = match each.confirm {
                ItemConfirm::Each => Admits::Reads,
                ItemConfirm::Once => Admits::Changes,
            };
            let mut search = Search::new(subject.runbook, admits);
            search.look(key);
            search.report(&span, findings);
        }
    }
}

/// The steps among some that cannot be done at once, with what is wrong and what to do.
struct Search<'a> {
    runbook: &'a Runbook,
    admits: Admits,
    seen: BTreeSet<&'a Name>,
    wrong: Vec<(Span, String, &'static str)>,
}

impl<'a> Search<'a> {
    fn new(runbook: &'a Runbook, admits: Admits) -> Self {
        Self { runbook, admits, seen: BTreeSet::new(), wrong: Vec::new() }
    }

    fn look_all(&mut self, steps: &[StepKey]) {
        for step in steps {
            self.look(*step);
        }
    }

    fn look(&mut self, key: StepKey) {
        let step = self.runbook.step(key);
        let found = match &step.action {
            Action::Approve(_)
            | Action::Ask(_)
            | Action::Do { .. }
            | Action::Escalate(_)
            | Action::Open(_) => Some(("waits for a person", "do it before or after the others")),
            Action::Group { steps, .. } => {
                self.look_all(steps);
                None
            }
            Action::End(_) | Action::Goto(_) | Action::Wait(_) => None,
            Action::Run(run) if run.interactive.is_some() => {
                Some(("needs the terminal", "do it before or after the others"))
            }
            Action::Run(run) if run.background.is_some() => {
                Some(("goes on in the background", "start it before the others"))
            }
            Action::Run(run) => wrong_effect(run.effect, self.admits),
            Action::Use { used: Used::Procedure(name), .. } => {
                if let Some((name, procedure)) = self.runbook.procedures.get_key_value(name)
                    && self.seen.insert(name)
                {
                    self.look_all(&procedure.steps);
                }
                None
            }
            Action::Use { used: Used::Runbook(used), .. } => match &used.runbook {
                Some(runbook) if only_reads(runbook) => None,
                _ => Some(("does more than read", "use it before or after the others")),
            },
        };
        if let Some((what, help)) = found {
            let message = format!("`{}` {what}, and this is done at once", step.id);
            self.wrong.push((step.span.clone(), message, help));
        }
    }

    /// Each is a finding at the key that says it.
    fn report(self, at: &Span, findings: &mut Findings<'_>) {
        for (span, message, help) in self.wrong {
            let found = findings.add(at.clone(), message, help);
            found.labels.push(Label { span, text: "here".to_owned() });
        }
    }
}

fn wrong_effect(effect: Effect, admits: Admits) -> Option<(&'static str, &'static str)> {
    match (effect, admits) {
        (Effect::Read, _) | (Effect::Change, Admits::Changes) => None,
        (Effect::Change, Admits::Reads) => Some((
            "changes something",
            "steps at once only read; items are changed at once with `confirm: once`",
        )),
        (Effect::Destroy, _) => {
            Some(("destroys something", "what is destroyed is confirmed one by one"))
        }
    }
}

/// Whether nothing in a runbook changes anything or asks anybody.
fn only_reads(runbook: &Runbook) -> bool {
    let mut search = Search::new(runbook, Admits::Reads);
    search.look_all(&runbook.main);
    search.wrong.is_empty()
}
