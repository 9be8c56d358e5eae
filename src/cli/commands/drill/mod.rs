//! `surefoot drill`: walks a runbook as ever, against a scenario instead of the world.

mod demands;
mod facilitate;
mod led;
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
    if let Some(run) = &arguments.facilitate {
        return facilitate::run(run.as_deref(), context);
    }
    let reference = arguments.reference.as_deref();
    let missing = || Failure::new(Exit::Usage, "no runbook is named");
    let opened = open::open(reference.ok_or_else(missing)?, context)?;
    let scenario = match &arguments.scenario {
        Some(path) => scenario::read(path, &opened.runbook, context)?,
        None => scenario::from_samples(arguments, &opened.runbook, context)?,
    };
    stage::walk(arguments, context, opened, &Rc::new(scenario))
}
