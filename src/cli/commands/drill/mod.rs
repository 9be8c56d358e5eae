//! `surefoot drill`: walks a runbook as ever, against a scenario instead of the world.

mod scenario;
mod stage;

use std::rc::Rc;

use crate::cli::Context;
use crate::cli::args::DrillArguments;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::open;

/// What stands before each heading and prompt.
pub(crate) const MARK: &str = "DRILL";

pub(crate) fn run(arguments: &DrillArguments, context: &Context) -> Result<Exit, Failure> {
    let opened = open::open(&arguments.reference, context)?;
    let scenario = match &arguments.scenario {
        Some(path) => scenario::read(path, &opened.runbook, context)?,
        None => scenario::from_samples(arguments, &opened.runbook, context)?,
    };
    stage::walk(arguments, context, opened, &Rc::new(scenario))
}
