//! What a drill came to: facts about the walk beside what the scenario expects. No marks for people.

use super::trace::Trace;
use super::verdict::{Mismatch, Step, commands, side_by_side};
use crate::engine::{Rest, Told, ToldKind};
use crate::runbook::{Action, Effect, Outcome, Placed, Runbook, Scenario, StepId};

/// The facts of a drill that is over.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Debrief {
    /// How it ended; nothing if it was left before its end.
    pub outcome: Option<Outcome>,
    /// How it was to end, if the scenario says so.
    pub expected: Option<Outcome>,
    /// Both paths side by side; empty if the scenario names none.
    pub path: Vec<Step>,
    /// Steps that were walked and are not on the expected path, in order.
    pub detours: Vec<StepId>,
    /// Changes that ran though the expected path has none of them.
    pub unneeded: Vec<StepId>,
    /// Reads of the expected path that were not walked.
    pub unlooked: Vec<StepId>,
    /// Steps whose command was not the one that is expected.
    pub otherwise: Vec<StepId>,
    /// Findings that were expected and not made.
    pub unfound: Vec<String>,
    /// How many hints were asked for.
    pub hints: usize,
    /// What whoever led the drill said, and what they were asked, in words.
    pub told: Vec<String>,
    /// Who ended it before its end.
    pub ended_by: Option<String>,
}

impl Debrief {
    /// Compares a walk with its scenario.
    pub fn of(runbook: &Runbook, scenario: &Scenario, rest: &Rest, trace: &Trace) -> Self {
        let outcome = match rest {
            Rest::Finished { outcome, .. } => Some(*outcome),
            Rest::Paused(_) => None,
        };
        let path = match &scenario.expect.visited {
            Some(expected) => side_by_side(&expected.value, trace),
            None => Vec::new(),
        };
        let effect = |id: &StepId| match &runbook.step(runbook.find(id)?).action {
            Action::Run(run) => Some(run.effect),
            _ => None,
        };
        let wanted: Vec<&StepId> =
            path.iter().filter_map(|step| Some(&step.expected.as_ref()?.value)).collect();
        let detours: Vec<StepId> = path
            .iter()
            .filter(|step| step.expected.is_none())
            .filter_map(|step| step.walked.clone())
            .collect();
        let ran = |id: &StepId| trace.commands.iter().any(|command| command.step == *id);
        let unneeded = detours
            .iter()
            .filter(|id| effect(id).is_some_and(|effect| effect != Effect::Read))
            .filter(|id| !wanted.contains(id) && ran(id))
            .cloned()
            .collect();
        let walked = |id: &StepId| trace.visited.iter().any(|visit| visit.step == *id);
        let unlooked = wanted
            .iter()
            .filter(|id| effect(id) == Some(Effect::Read) && !walked(id))
            .map(|id| (*id).clone())
            .collect();
        let other = |(step, expected): &(&StepId, &Vec<Placed<String>>)| {
            let found = commands(step, expected, trace);
            found.iter().any(|it| matches!(it, Mismatch::Command { ran: Some(_), .. }))
        };
        let otherwise = scenario.expect.commands.iter().filter(other);
        let otherwise = otherwise.map(|(step, _)| step.clone()).collect();
        let unfound = scenario.expect.findings.iter().map(|finding| &finding.value);
        let unfound = unfound.filter(|text| !trace.findings.contains(text)).cloned().collect();
        let expected = scenario.expect.outcome.as_ref().map(|placed| placed.value);
        let said = |told: &&Told| {
            told.kind == ToldKind::Asked
                || matches!(told.kind, ToldKind::Answer | ToldKind::Held | ToldKind::Inject)
                    && told.by.is_some()
        };
        Self {
            outcome,
            expected,
            path,
            detours,
            unneeded,
            unlooked,
            otherwise,
            unfound,
            hints: trace.hints(),
            told: trace.told.iter().filter(said).map(Told::line).collect(),
            ended_by: trace.ended_by.clone(),
        }
    }
}
