//! `surefoot records`: runs that are over go to the place that the team shares, and those of others come
//! from there.

use crate::cli::Context;
use crate::cli::args::RecordsCommand;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::team;

pub(crate) fn run(command: &RecordsCommand, context: &Context) -> Result<Exit, Failure> {
    match command {
        RecordsCommand::Status { format } => team::status(*format, context),
        RecordsCommand::Sync => team::exchange(context),
    }
}
