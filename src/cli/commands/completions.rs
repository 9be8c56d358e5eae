//! `surefoot completions`: completions for a shell, from the same definitions as the help.

use clap::CommandFactory as _;

use crate::cli::Context;
use crate::cli::args::Arguments;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;

pub(crate) fn run(shell: clap_complete::Shell, context: &Context) -> Result<Exit, Failure> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "surefoot", &mut text);
    context.print(&String::from_utf8_lossy(&text))?;
    Ok(Exit::Done)
}
