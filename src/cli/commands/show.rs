//! `surefoot show`: a runbook for reading. Works when nothing else does: nothing is run.

mod diff;

use crate::catalog::Whereabouts;
use crate::cli::Context;
use crate::cli::args::ShowArguments;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::open::{Opened, open, open_at};
use crate::console::{Detail, graph, html, show};

pub(crate) fn run(arguments: &ShowArguments, context: &Context) -> Result<Exit, Failure> {
    if let Some(since) = &arguments.diff {
        return diff::run(&arguments.reference, since, context);
    }
    show_opened(&open(&arguments.reference, context)?, arguments, context)
}

/// Shows the runbook that was chosen.
pub(crate) fn show_at(lies: &Whereabouts, context: &Context) -> Result<Exit, Failure> {
    let opened = open_at(lies, context)?;
    context.publish(&show(&opened.runbook, Detail::Folded).page())?;
    Ok(Exit::Done)
}

fn show_opened(
    opened: &Opened,
    arguments: &ShowArguments,
    context: &Context,
) -> Result<Exit, Failure> {
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
