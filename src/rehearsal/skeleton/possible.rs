//! What may happen at a fork: the results that a command may give, and the answers that a question
//! takes.

use std::collections::BTreeMap;

use super::output;
use super::way::{Alternative, Saying, Takes, Way};
use crate::engine::{Asking, Attempt, Event, Input, Question, Recorded, Verdict};
use crate::rehearsal::answers::{meant, unsaid};
use crate::runbook::{Action, Answer, StepId};
use crate::value::{Name, Value};

/// How many results of one command are told apart.
const MOST_RESULTS: usize = 8;

impl Way {
    /// What a command may give, each with another meaning for the run; a good result first.
    pub(super) fn possible(&self, attempt: &Attempt, step: &StepId) -> Vec<Alternative> {
        let runbook = &self.run.plan().runbook;
        let key = runbook.find(step);
        let Some(Action::Run(run)) = key.map(|key| &runbook.step(key).action) else {
            return Vec::new();
        };
        let known: BTreeMap<Name, Value> = self
            .run
            .values()
            .into_iter()
            .filter_map(|(name, value)| match value {
                Recorded::Open(value) => Some((name, value)),
                Recorded::Secret(_) => None,
            })
            .collect();
        let own = key.map_or(&**runbook, |key| runbook.own(key).0);
        let mut found: Vec<(u8, Alternative)> = Vec::new();
        for part in output::results(own, run, &known) {
            let ended = self.ended(attempt.id, &part);
            let event = self.run.decide(Input::Ended(Box::new(ended)), self.now).ok();
            let Some(Event::AttemptEnded(ended)) = event else { continue };
            let (rank, what) = match &ended.verdict {
                Verdict::Passed => (0, "passes"),
                Verdict::Unexpected { .. } => (1, "unexpected"),
                Verdict::Failed { .. } => (2, "fails"),
                Verdict::Pending { .. } => (3, "not yet"),
                Verdict::InDoubt => continue,
            };
            let said: Vec<&str> = ended.findings.iter().map(|it| it.say.as_str()).collect();
            let label = format!("{what} {:?} {said:?}", ended.captured);
            if found.len() < MOST_RESULTS && !found.iter().any(|(_, it)| it.label == label) {
                let stays = rank == 3;
                let takes = Takes::Result { attempt: attempt.id, part, stays };
                found.push((rank, Alternative { step: Some(step.clone()), label, takes }));
            }
        }
        found.sort_by_key(|(rank, _)| *rank);
        found.into_iter().map(|(_, alternative)| alternative).collect()
    }

    /// What may be answered, what goes well first.
    pub(super) fn answers_to(&self, question: &Question) -> Vec<Alternative> {
        let mut words: Vec<String> = Vec::new();
        match &question.ask {
            Asking::Decide { options, .. } => {
                words.extend(options.iter().map(|option| option.id.to_string()));
                // Whoever stops is offered to undo what was changed.
                if !self.run.open_undo().is_empty() {
                    words.push("stop".to_owned());
                }
            }
            Asking::Value { choices: Some(choices), .. } => words.extend(choices.iter().cloned()),
            Asking::Value { ty, name, .. } => {
                words.extend(output::typed(*ty, &self.run.plan().runbook, name));
            }
            Asking::Failed { .. } => {
                words.extend(["go_on", "stop", "skip", "again"].map(str::to_owned));
            }
            Asking::Unexpected { .. } => words.extend(["go_on", "stop"].map(str::to_owned)),
            Asking::Confirm(_) => words.extend(["yes", "skip"].map(str::to_owned)),
            Asking::Attest { .. }
            | Asking::HandOver { .. }
            | Asking::Look { .. }
            | Asking::Seen => {
                words.push("done".to_owned());
            }
            _ => words.extend(["yes", "go_on", "skip", "stop"].map(str::to_owned)),
        }
        let default = unsaid(question, None);
        let mut alternatives: Vec<Alternative> = Vec::new();
        for word in words {
            let Some(given) = meant(question, &Answer::One(word.clone())) else { continue };
            let default = default.as_ref() == Some(&given);
            let saying = if default { Saying::Unneeded } else { Saying::Needed };
            alternatives.push(Alternative {
                step: question.step.clone(),
                label: format!("{} {word}", question.ask.name()),
                takes: Takes::Answer { given: Box::new(given), word, saying },
            });
        }
        // Without a step there is no place for an answer in a scenario.
        if question.step.is_none() {
            let unneeded = |it: &Alternative| {
                matches!(it.takes, Takes::Answer { saying: Saying::Unneeded, .. })
            };
            alternatives.retain(unneeded);
        }
        alternatives
    }
}
