//! `surefoot show`: a runbook for reading. Works when nothing else does: nothing is run.

use crate::cli::Context;
use crate::cli::args::ShowArguments;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::open::open;
use crate::console::{Detail, show};

pub(crate) fn run(arguments: &ShowArguments, context: &Context) -> Result<Exit, Failure> {
    let opened = open(&arguments.reference, context)?;
    let detail = if arguments.why { Detail::Unfolded } else { Detail::Folded };
    let outline = show(&opened.runbook, detail);
    if arguments.markdown {
        context.print(&outline.markdown())?;
    } else {
        context.publish(&outline.page())?;
    }
    Ok(Exit::Done)
}
