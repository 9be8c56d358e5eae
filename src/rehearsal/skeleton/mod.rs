//! Scenarios that reach what no scenario reaches yet, found by a search over the engine: at every
//! question and every command there are a few things that may happen, and each is tried.
//!
//! The search is deterministic and bounded. What it finds is written as a scenario and walked again
//! by whoever asked for it; only what then goes the same way is worth anything.

mod literal;
mod output;
mod pattern;
mod possible;
mod search;
mod way;
mod write;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use jiff::Timestamp;

use super::coverage::{Coverage, Inventory, Point};
use super::walk::{Unwalkable, prepare};
use crate::plan::Mode;
use crate::runbook::{Presence, Runbook, Scenario, Secrecy};
pub(super) use output::{stand_in, value_for};
use search::Search;

/// A scenario that was found.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Skeleton {
    /// What happens in it, a line.
    pub title: String,
    /// Its text.
    pub text: String,
    /// What it reaches that those before it do not.
    pub reaches: Vec<Point>,
}

/// What a search came to.
#[derive(Clone, Debug, Default)]
pub struct Skeletons {
    /// The scenarios, in the order in which they were found.
    pub found: Vec<Skeleton>,
    /// What none of them reaches.
    pub unreached: Vec<Point>,
}

/// Looks for scenarios that reach what is not reached yet. `called` is how they name the runbook.
pub fn skeletons(
    runbook: &Arc<Runbook>,
    called: &str,
    reached: &Coverage,
) -> Result<Skeletons, Unwalkable> {
    let setting = setting(runbook, called);
    let prepared = prepare(runbook, &setting, Mode::Test)?;
    let wanted: Vec<Point> = Inventory::of(runbook)
        .points
        .into_iter()
        .map(|(point, _)| point)
        .filter(|point| !reached.holds(&point.step, point.branch.as_ref()))
        .collect();
    let (ways, unreached) = Search::new(prepared, wanted).run();
    let found = ways.iter().map(|(way, reaches)| {
        let title = write::title(way, reaches);
        let text = write::scenario(&setting, &title, way);
        Skeleton { title, text, reaches: reaches.clone() }
    });
    Ok(Skeletons { found: found.collect(), unreached })
}

/// A scenario with everything that is known before the first step.
fn setting(runbook: &Runbook, called: &str) -> Scenario {
    let mut inputs = std::collections::BTreeMap::new();
    for input in &runbook.inputs {
        let open = matches!(input.secrecy, Secrecy::Open);
        if open && input.default.is_none() && input.presence == Presence::Required {
            inputs.insert(input.name.clone(), output::value_for(input));
        }
    }
    Scenario {
        runbook: called.to_owned(),
        title: String::new(),
        brief: None,
        environment: runbook.environments.first().map(|it| it.name.clone()),
        inputs,
        now: Some(Timestamp::from_second(NOW).unwrap_or_default()),
        targets: std::collections::BTreeMap::new(),
        missing: std::collections::BTreeSet::new(),
        facts: std::collections::BTreeMap::new(),
        faults: Vec::new(),
        results: std::collections::BTreeMap::new(),
        injects: Vec::new(),
        answers: std::collections::BTreeMap::new(),
        values: std::collections::BTreeMap::new(),
        undo: crate::runbook::Undoing::All,
        expect: crate::runbook::Expected::default(),
    }
}

/// When scenarios begin that say nothing else: 2026-03-01T02:40:00Z.
const NOW: i64 = 1_772_332_800;
