//! `surefoot drill`: walks a runbook as ever, against a scenario instead of the world.

mod again;
mod demands;
mod facilitate;
mod led;
mod past;
mod scenario;
mod stage;

use crate::cli::Context;
use crate::cli::args::DrillArguments;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::open;

pub(crate) use again::resume;

/// What stands before each heading and prompt.
pub(crate) const MARK: &str = "DRILL";

pub(crate) fn run(arguments: &DrillArguments, context: &Context) -> Result<Exit, Failure> {
    if let Some(run) = &arguments.facilitate {
        return facilitate::run(run.as_deref(), context);
    }
    if let Some(part) = &arguments.from {
        let found = past::find(part, arguments, context)?;
        if let Some(path) = &arguments.save {
            return found.save(path, arguments, context);
        }
        let kept = found.scenario(context)?;
        return stage::walk(arguments, context, found.opened, &kept);
    }
    let reference = arguments.reference.as_deref();
    let missing = || Failure::new(Exit::Usage, "no runbook is named");
    let opened = open::open(reference.ok_or_else(missing)?, context)?;
    let kept = match &arguments.scenario {
        Some(path) => scenario::read(path, &opened.runbook, context)?,
        None => scenario::from_samples(arguments, &opened, context)?,
    };
    stage::walk(arguments, context, opened, &kept)
}
