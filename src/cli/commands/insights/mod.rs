//! `surefoot insights`: what the runs say.

mod readiness;

use crate::cli::Context;
use crate::cli::args::InsightsCommand;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;

pub(crate) fn run(command: &InsightsCommand, context: &Context) -> Result<Exit, Failure> {
    match command {
        InsightsCommand::Readiness(arguments) => readiness::run(arguments, context),
    }
}
