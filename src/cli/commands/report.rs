//! `surefoot report`: the document of a run.

use crate::cli::Context;
use crate::cli::args::{ReportArguments, ReportFormat};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::frozen::frozen;
use crate::cli::runs::contents;
use crate::cli::team::find_anywhere;
use crate::engine::Event;
use crate::report::{Summary, add_alternatives, add_review, json, markdown};

pub(crate) fn run(arguments: &ReportArguments, context: &Context) -> Result<Exit, Failure> {
    let folder = find_anywhere(arguments.run.as_deref(), context)?;
    let contents = contents(&folder)?;
    let Some(mut summary) = Summary::of(&contents.records) else {
        let message = format!("the run {} never began", folder.id());
        return Err(Failure::new(Exit::Usage, message));
    };
    // The options that were not chosen stand in the frozen runbook only; a record without it is
    // reported all the same.
    if let Some(Event::RunStarted(started)) = contents.records.first().map(|first| &first.event)
        && let Ok(runbook) = frozen(started, &folder, context)
    {
        add_alternatives(&mut summary, &runbook);
        add_review(&mut summary, &contents.records, &runbook);
    }
    let text = match arguments.format {
        ReportFormat::Json => json(&summary, &contents.records),
        ReportFormat::Markdown => markdown(&summary, &contents.records),
    };
    context.print(&text)?;
    Ok(Exit::Done)
}
