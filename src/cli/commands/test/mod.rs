//! `surefoot test`: walks scenarios as tests. Executes nothing, opens no socket, and writes nothing
//! but what `--junit` and `--new` name.

mod coverage;
mod failure;
mod files;
mod html;
mod junit;
mod markup;
mod new;
mod one;
mod print;
mod runbooks;
mod watch;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::cli::Context;
use crate::cli::args::{CoverageFormat, ListFormat, TestArguments};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::many::in_order;
use crate::rehearsal::{Coverage, Covered, Inventory, Totals};
use files::Files;
use one::{Looked, Tested, Verdict};
use runbooks::Runbooks;

pub(crate) fn run(arguments: &TestArguments, context: &Context) -> Result<Exit, Failure> {
    let document = matches!(arguments.coverage, Some(CoverageFormat::Html | CoverageFormat::Json));
    if arguments.format == ListFormat::Json && arguments.coverage.is_some() {
        let message = "--format json holds the coverage already";
        return Err(Failure::new(Exit::Usage, message));
    }
    if arguments.watch && (arguments.format == ListFormat::Json || document) {
        return Err(Failure::new(Exit::Usage, "--watch is for people: it has only text"));
    }
    match &arguments.new {
        Some(reference) => new::run(reference, context),
        None if arguments.watch => watch::run(arguments, context),
        None => once(arguments, context),
    }
}

/// What came of all scenarios.
struct Results {
    tests: Vec<Tested>,
    /// The runbooks by their files, and what of each was reached.
    covered: Vec<(Arc<Inventory>, Covered)>,
    /// The runbooks that were named and have no scenario.
    untested: Vec<PathBuf>,
}

impl Results {
    fn failed(&self) -> usize {
        self.tests.iter().filter(|test| test.verdict != Verdict::Passed).count()
    }

    /// Whether there was nothing to walk where something was asked for: that proves nothing.
    fn lack_scenarios(&self) -> bool {
        self.tests.is_empty() || !self.untested.is_empty()
    }

    /// Whether a scenario, or the runbook of one, is invalid.
    fn is_invalid(&self) -> bool {
        self.tests.iter().any(|test| matches!(test.verdict, Verdict::Invalid(_)))
    }

    /// Steps, options and branches of all runbooks.
    fn totals(&self) -> [Totals; 3] {
        let mut totals = [Totals::default(); 3];
        for (_, covered) in &self.covered {
            totals[0].add(covered.steps);
            totals[1].add(covered.options);
            totals[2].add(covered.branches);
        }
        totals
    }
}

/// Walks all that is named, and tells what came of it.
fn once(arguments: &TestArguments, context: &Context) -> Result<Exit, Failure> {
    let files = Files::named(&arguments.paths, context)?;
    let mut tests = Vec::new();
    let mut inventories: BTreeMap<String, (Arc<Inventory>, Coverage)> = BTreeMap::new();
    let runbooks = Runbooks::default();
    let work = |path: &PathBuf| one::look(path, &runbooks, &context.settings.here);
    in_order(&files.all, (&context.terminal, "testing"), work, |looked| {
        match looked {
            Looked::Runbook(inventory) => {
                let known = inventories.entry(inventory.name.clone()).or_default();
                known.0 = inventory;
            }
            Looked::Scenario(tested) if files.wants(&tested) => {
                if let Some(inventory) = &tested.inventory {
                    let known = inventories.entry(inventory.name.clone()).or_default();
                    known.0.clone_from(inventory);
                    known.1.join(&tested.coverage);
                }
                tests.push(*tested);
            }
            Looked::Nothing | Looked::Scenario(_) => {}
        }
        Ok(())
    })?;
    if tests.is_empty() && inventories.is_empty() {
        let message = "there is neither a scenario nor a valid runbook";
        let failure = Failure::new(Exit::Invalid, message)
            .hint("surefoot check says what is wrong with a runbook")
            .hint("scenarios begin with `schema: surefoot-scenario/v1`");
        return Err(failure);
    }
    let covered = inventories.into_values().map(|(inventory, coverage)| {
        let covered = inventory.covered(&coverage);
        (inventory, covered)
    });
    let untested = files.untested(&tests);
    let results = Results { tests, covered: covered.collect(), untested };
    if let Some(path) = &arguments.junit {
        junit::write(path, &results.tests)?;
    }
    print::results(&results, arguments, context)?;
    Ok(exit(&results, arguments))
}

/// What it means to a script.
fn exit(results: &Results, arguments: &TestArguments) -> Exit {
    let [steps, _, branches] = results.totals();
    let under =
        |least: Option<u8>, totals: Totals| least.is_some_and(|it| totals.percent() < it.into());
    if results.is_invalid() {
        Exit::Invalid
    } else if results.failed() > 0
        || results.lack_scenarios()
        || under(arguments.min_steps, steps)
        || under(arguments.min_branches, branches)
    {
        Exit::Failed
    } else {
        Exit::Done
    }
}
