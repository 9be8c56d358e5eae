//! `surefoot log`: what happened in a run, line by line.

use crate::cli::Context;
use crate::cli::args::{ListFormat, RunReference};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::runs::contents;
use crate::cli::team::find_anywhere;
use crate::journal::Record;
use crate::report::{log_text, timeline};

pub(crate) fn run(arguments: &RunReference, context: &Context) -> Result<Exit, Failure> {
    let folder = find_anywhere(arguments.run.as_deref(), context)?;
    let contents = contents(&folder)?;
    let text = match arguments.format {
        ListFormat::Json => contents.records.iter().map(Record::line).collect(),
        ListFormat::Text => log_text(&timeline(&contents.records)),
    };
    context.print(&text)?;
    Ok(Exit::Done)
}
