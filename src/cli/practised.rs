//! What somebody has walked of a runbook before in order to learn, on this machine: what is explained
//! fades with it.

use crate::console::Practised;
use crate::engine::StepStatus;
use crate::journal::Store;
use crate::runbook::{Action, Ask, Form, Runbook, Step};

use super::frozen::frozen_before;
use super::past::practice;

/// How often somebody has walked a runbook and its steps in drills and trainings. A step counts once
/// for each of them that went through it, as long as it was then what it is now. The walk that goes on
/// is none of them.
pub(crate) fn practised(
    (runbook, digest): (&Runbook, &str),
    who: &str,
    store: &Store,
    goes_on: Option<&str>,
) -> Practised {
    let mut practised = Practised::default();
    let earlier = practice(store, runbook);
    let own = earlier.iter().filter(|summary| {
        goes_on != Some(summary.started_with.run.as_str())
            && summary.responders.iter().any(|responder| responder.name == who)
    });
    for summary in own {
        practised.runbook += 1;
        let started = &summary.started_with;
        let before = (started.runbook.digest != digest)
            .then(|| frozen_before(started, &store.find(&started.run).ok()?))
            .flatten();
        let same = |step: &Step| match &before {
            None => started.runbook.digest == digest,
            Some(before) => {
                let found = before.find(&step.id).map(|key| before.step(key));
                found.is_some_and(|found| content(found) == content(step))
            }
        };
        let walked = |step: &&Step| {
            summary.steps.iter().any(|walked| {
                walked.id == step.id
                    && walked.status.is_some_and(|status| status != StepStatus::Skipped)
            })
        };
        for step in runbook.steps.iter().filter(walked).filter(|step| same(step)) {
            *practised.steps.entry(step.id.clone()).or_default() += 1;
        }
    }
    practised
}

/// What a person reads of a step: its words, its command, what its author expects.
fn content(step: &Step) -> Vec<String> {
    let mut content = vec![step.title.source().to_owned(), step.why.clone().unwrap_or_default()];
    content.extend(step.never.iter().cloned());
    match &step.action {
        Action::Do { text, .. } => content.push(text.source().to_owned()),
        Action::Ask(Ask::Decision { question, .. } | Ask::Value { question, .. }) => {
            content.push(question.source().to_owned());
        }
        Action::Run(run) => {
            content.push(match &run.command.form {
                Form::Shell(script) => script.source().to_owned(),
                Form::List(words) => format!("{words:?}"),
            });
            content.extend(run.expect.iter().map(|expected| expected.text().to_owned()));
            content.extend(run.sample.clone());
        }
        _ => {}
    }
    content
}
