//! What a scenario expects, compared with what was walked.

use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::trace::Trace;
use super::walk::Walked;
use crate::runbook::{Outcome, Placed, Scenario, StepId};

/// A difference between what is expected and what happened.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Mismatch {
    /// The command of a step is another.
    Command {
        /// The step.
        step: StepId,
        /// What is expected.
        expected: Placed<String>,
        /// What would have run; nothing if no command of the step would.
        ran: Option<String>,
    },
    /// The step would have run more commands than are expected.
    CommandsMore {
        /// The step.
        step: StepId,
        /// The last that is expected.
        expected: Placed<String>,
        /// The next, which is not.
        ran: String,
    },
    /// Something was not found.
    Finding {
        /// What is expected.
        expected: Placed<String>,
        /// What was found.
        found: Vec<String>,
    },
    /// The run ended otherwise.
    Outcome {
        /// What is expected.
        expected: Placed<Outcome>,
        /// How it ended; nothing if it did not.
        walked: Option<Outcome>,
    },
    /// The steps are others.
    Path {
        /// The steps side by side.
        steps: Vec<Step>,
    },
}

/// A step of the expected path, of the one that was walked, or of both.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Step {
    /// What is expected here.
    pub expected: Option<Placed<StepId>>,
    /// What was walked here.
    pub walked: Option<StepId>,
}

impl Step {
    /// Whether it is the same on both sides.
    pub fn is_same(&self) -> bool {
        self.expected.is_some() && self.walked.is_some()
    }
}

/// All differences, the outcome first.
pub fn compare(scenario: &Scenario, walked: &Walked) -> Vec<Mismatch> {
    let mut found = Vec::new();
    let expect = &scenario.expect;
    if let Some(expected) = &expect.outcome
        && walked.outcome != Some(expected.value)
    {
        found.push(Mismatch::Outcome { expected: expected.clone(), walked: walked.outcome });
    }
    if let Some(expected) = &expect.visited {
        let steps = side_by_side(&expected.value, &walked.trace);
        if !steps.iter().all(Step::is_same) {
            found.push(Mismatch::Path { steps });
        }
    }
    for (step, expected) in &expect.commands {
        found.extend(commands(step, expected, &walked.trace));
    }
    for expected in &expect.findings {
        if !walked.trace.findings.contains(&expected.value) {
            let found_all = walked.trace.findings.clone();
            found.push(Mismatch::Finding { expected: expected.clone(), found: found_all });
        }
    }
    found
}

/// The same for a walk that is under way: what is expected behind the last step that both have is still
/// to come, whatever was walked since.
pub(super) fn so_far(expected: &[Placed<StepId>], trace: &Trace) -> Vec<Step> {
    let mut steps = side_by_side(expected, trace);
    let since = steps.iter().rposition(Step::is_same).map_or(0, |last| last + 1);
    steps[since..].sort_by_key(|step| step.expected.is_some());
    steps
}

/// Steps without an id count only where the list names one that has none.
pub(super) fn side_by_side(expected: &[Placed<StepId>], trace: &Trace) -> Vec<Step> {
    let wanted: Vec<&StepId> = expected.iter().map(|step| &step.value).collect();
    let unnamed = trace.visited.iter().any(|visit| !visit.named && wanted.contains(&&visit.step));
    let walked: Vec<&StepId> = trace
        .visited
        .iter()
        .filter(|visit| visit.named || unnamed)
        .map(|visit| &visit.step)
        .collect();
    let mut steps = Vec::new();
    let mut add = |old: Option<usize>, new: Option<usize>| {
        steps.push(Step {
            expected: old.map(|index| expected[index].clone()),
            walked: new.map(|index| walked[index].clone()),
        });
    };
    for op in capture_diff_slices(Algorithm::Myers, &wanted, &walked) {
        match op {
            DiffOp::Equal { old_index, new_index, len } => {
                (0..len).for_each(|at| add(Some(old_index + at), Some(new_index + at)));
            }
            DiffOp::Delete { old_index, old_len, .. } => {
                (old_index..old_index + old_len).for_each(|at| add(Some(at), None));
            }
            DiffOp::Insert { new_index, new_len, .. } => {
                (new_index..new_index + new_len).for_each(|at| add(None, Some(at)));
            }
            DiffOp::Replace { old_index, old_len, new_index, new_len } => {
                (old_index..old_index + old_len).for_each(|at| add(Some(at), None));
                (new_index..new_index + new_len).for_each(|at| add(None, Some(at)));
            }
        }
    }
    steps
}

/// One expectation speaks for every attempt; several are one for each.
pub(super) fn commands(step: &StepId, expected: &[Placed<String>], trace: &Trace) -> Vec<Mismatch> {
    let ran = trace.commands.iter().filter(|command| command.step == *step);
    let ran: Vec<&str> = ran.map(|command| command.shown.trim()).collect();
    let differs = |expected: &Placed<String>, ran: Option<&str>| {
        (ran != Some(expected.value.trim())).then(|| Mismatch::Command {
            step: step.clone(),
            expected: expected.clone(),
            ran: ran.map(str::to_owned),
        })
    };
    if let [one] = expected {
        let first_other = ran.iter().copied().find(|ran| *ran != one.value.trim());
        return differs(one, first_other.or_else(|| ran.first().copied())).into_iter().collect();
    }
    let mut found: Vec<Mismatch> = expected
        .iter()
        .enumerate()
        .filter_map(|(index, expected)| differs(expected, ran.get(index).copied()))
        .collect();
    if let (Some(last), Some(more)) = (expected.last(), ran.get(expected.len())) {
        found.push(Mismatch::CommandsMore {
            step: step.clone(),
            expected: last.clone(),
            ran: (*more).to_owned(),
        });
    }
    found
}
