//! Hints for whoever walks a drill, one more at each request: why the step exists, how the expected
//! path goes on, what is decided there. Each stands in the record.

use std::collections::BTreeMap;

use super::trace::Trace;
use super::verdict::so_far;
use crate::engine::{Asking, Question, Run};
use crate::expression::Expression;
use crate::runbook::{Action, Answer, Answers, Runbook, Scenario, StepId};

/// The hints of one drill.
#[derive(Clone, Debug, Default)]
pub struct Hints {
    /// How many were given at each step.
    given: BTreeMap<Option<StepId>, usize>,
}

impl Hints {
    /// Those that are left in a drill in which some were given.
    pub fn after(trace: &Trace) -> Self {
        Self { given: trace.hinted.clone() }
    }

    /// The next hint for a question, or why there is none.
    pub fn next(
        &mut self,
        question: &Question,
        run: &Run,
        scenario: &Scenario,
        trace: &Trace,
    ) -> Result<String, &'static str> {
        let runbook = &run.plan().runbook;
        let step = question.step.as_ref();
        let hints = [
            step.and_then(|step| reason(runbook, step)),
            onward(run, step, scenario, trace),
            decision(question, scenario, trace),
        ];
        let given = self.given.entry(step.cloned()).or_default();
        let hint = hints.into_iter().flatten().nth(*given);
        let hint = hint.ok_or(match *given {
            0 => "there is no hint for this question: the runbook and the scenario say nothing",
            _ => "there are no more hints for this question",
        })?;
        *given += 1;
        Ok(hint)
    }
}

/// Why a step exists, and what it should show.
fn reason(runbook: &Runbook, step: &StepId) -> Option<String> {
    let step = runbook.step(runbook.find(step)?);
    let mut said: Vec<String> = step.why.iter().map(|why| why.trim().to_owned()).collect();
    if let Action::Run(run) = &step.action
        && run.expect_given
    {
        let expected: Vec<&str> = run.expect.iter().map(Expression::text).collect();
        said.push(format!("It should come to `{}`.", expected.join("` and `")));
    }
    (!said.is_empty()).then(|| said.join(" "))
}

/// How the expected path goes on.
fn onward(run: &Run, step: Option<&StepId>, scenario: &Scenario, trace: &Trace) -> Option<String> {
    let expected = scenario.expect.visited.as_ref()?;
    let steps = so_far(&expected.value, trace);
    let last = steps.iter().rposition(|step| step.walked.is_some());
    let on_it = last.is_none_or(|last| steps[last].expected.is_some());
    let next = steps[last.map_or(0, |last| last + 1)..]
        .iter()
        .find_map(|step| Some(&step.expected.as_ref()?.value));
    let runbook = &run.plan().runbook;
    let titled = |id: &StepId| {
        let title = runbook.find(id).map(|key| &runbook.step(key).title);
        let title = title.map(|it| it.preview(&*run.facts(), &|name| format!("‹{name}›")));
        title.map_or_else(|| format!("`{id}`"), |title| format!("`{id}`: {title}"))
    };
    Some(match (next, step) {
        (Some(next), Some(_)) if !on_it => {
            format!("The expected path does not have this step; it goes on with {}", titled(next))
        }
        (Some(next), _) => format!("After this the expected path has {}", titled(next)),
        (None, _) => "This is the last step of the expected path.".to_owned(),
    })
}

/// What is decided at the question on the expected path.
fn decision(question: &Question, scenario: &Scenario, trace: &Trace) -> Option<String> {
    let step = question.step.as_ref()?;
    let times = trace.visited.iter().filter(|visit| visit.step == *step).count();
    let words = |answer: &Answer| match answer {
        Answer::Many(words) => words.join(", "),
        Answer::One(word) => word.clone(),
    };
    let answer = match scenario.answers.get(step) {
        Some(Answers::EveryTime(answer)) => Some(words(answer)),
        Some(Answers::Each(answers)) => answers.get(times.saturating_sub(1)).map(words),
        None => None,
    };
    if let Some(answer) = answer {
        return Some(format!("The scenario answers here: {answer}"));
    }
    let expected = scenario.expect.visited.as_ref()?;
    let on_it = expected.value.iter().any(|placed| placed.value == *step);
    match &question.ask {
        Asking::Confirm(_) | Asking::Read { .. } | Asking::Items(_) if on_it => {
            Some("The expected path runs this.".to_owned())
        }
        Asking::Confirm(_) | Asking::Read { .. } | Asking::Items(_) => {
            Some("The expected path does not run this: pass it over, or go elsewhere.".to_owned())
        }
        _ => None,
    }
}
