//! `surefoot show`: a runbook for reading. Works when nothing else does: nothing is run.

mod diff;

use crate::cli::Context;
use crate::cli::args::ShowArguments;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::open::open;
use crate::console::{Detail, graph, html, show};

pub(crate) fn run(arguments: &ShowArguments, context: &Context) -> Result<Exit, Failure> {
    if let Some(since) = &arguments.diff {
        return diff::run(&arguments.reference, since, context);
    }
    let opened = open(&arguments.reference, context)?;
    let detail = if arguments.why { Detail::Unfolded } else { Detail::Folded };
    let runbook = &opened.runbook;
    if arguments.form.graph {
        context.print(&graph(runbook))?;
    } else if arguments.form.html {
        context.print(&html(runbook))?;
    } else if arguments.form.markdown {
        context.print(&show(runbook, detail).markdown())?;
    } else {
        context.publish(&show(runbook, detail).page())?;
    }
    Ok(Exit::Done)
}
