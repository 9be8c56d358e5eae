//! A drill without a scenario: each command prints its sample, so that every runbook can be practised
//! on its first day. What has no sample is left to the person, who says what holds.

use std::collections::{BTreeMap, BTreeSet};

use crate::runbook::{Action, Environment, Part, Results, Runbook, Scenario, StepResult, Undoing};
use crate::value::{Name, Value};

/// The scenario of a runbook's samples.
pub fn sampled(
    runbook: &Runbook,
    environment: Option<&Environment>,
    inputs: BTreeMap<Name, Value>,
) -> Scenario {
    let samples = runbook.steps.iter().filter_map(|step| {
        let Action::Run(run) = &step.action else { return None };
        let stdout = run.sample.clone()?;
        let main = Part { stdout, ..Part::default() };
        let result = StepResult { main, ..StepResult::default() };
        Some((step.id.clone(), Results::EveryTime(Box::new(result))))
    });
    Scenario {
        runbook: runbook.id.clone(),
        title: "Samples".to_owned(),
        brief: None,
        environment: environment.map(|environment| environment.name.clone()),
        inputs,
        now: None,
        targets: BTreeMap::new(),
        missing: BTreeSet::new(),
        facts: BTreeMap::new(),
        faults: Vec::new(),
        results: samples.collect(),
        injects: Vec::new(),
        answers: BTreeMap::new(),
        values: BTreeMap::new(),
        undo: Undoing::default(),
        expect: crate::runbook::Expected::default(),
    }
}
