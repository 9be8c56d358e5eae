//! `surefoot source`: says where runbooks come from: adds, lists, removes.

mod add;
mod list;
mod remove;
mod written;

use crate::cli::Context;
use crate::cli::args::SourceCommand;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;

pub(crate) fn run(command: &SourceCommand, context: &Context) -> Result<Exit, Failure> {
    match command {
        SourceCommand::Add(arguments) => add::run(arguments, context),
        SourceCommand::List(arguments) => list::run(arguments.format, context),
        SourceCommand::Remove(arguments) => remove::run(arguments, context),
    }
}
