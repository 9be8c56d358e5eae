//! `--watch`: walks the scenarios again whenever one of them, or a runbook, changes, until Ctrl-C.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::files::Files;
use super::once;
use crate::catalog::{Look, look};
use crate::cli::Context;
use crate::cli::args::TestArguments;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::console::{Meaning, Text};
use crate::process::Signals;

/// How often files are looked at.
const LOOK: Duration = Duration::from_millis(300);
/// How long nothing may change before what is there is taken as saved.
const CALM: Duration = Duration::from_millis(60);

/// Walks, waits for a change, and walks again. Ends as the last time did.
pub(super) fn run(arguments: &TestArguments, context: &Context) -> Result<Exit, Failure> {
    let signals = Signals::get().map_err(|error| Failure::from_error(Exit::Failed, &error))?;
    loop {
        let known = looks(arguments, context);
        context.terminal.clear_screen();
        let exit = match once(arguments, context) {
            Ok(exit) => exit,
            Err(failure) if failure.exit == Exit::Interrupted => return Err(failure),
            // A folder may be empty for a moment.
            Err(failure) => {
                let message = failure.message.clone().unwrap_or_default();
                let text = Text::of(Meaning::Bad, "error: ").add(Meaning::Plain, &message);
                context.terminal.line(&text);
                failure.exit
            }
        };
        let hint = "watching for changes; Ctrl-C ends";
        context.terminal.line(&Text::of(Meaning::Hint, hint));
        loop {
            if signals.wait(LOOK).is_some() {
                return Ok(exit);
            }
            let mut now = looks(arguments, context);
            if now == known {
                continue;
            }
            // Editors write in several steps.
            loop {
                if signals.wait(CALM).is_some() {
                    return Ok(exit);
                }
                let later = looks(arguments, context);
                if later == now {
                    break;
                }
                now = later;
            }
            break;
        }
    }
}

/// What everything that matters looks like. The runbook of a scenario that is named alone lies in
/// the folder of runbooks, or above it.
fn looks(arguments: &TestArguments, context: &Context) -> BTreeMap<PathBuf, Look> {
    let files = Files::named(&arguments.paths, context).map(|files| files.all).unwrap_or_default();
    let near = arguments.paths.iter().flat_map(|path| path.ancestors().skip(1).take(2));
    let near = near.filter(|folder| !folder.as_os_str().is_empty()).flat_map(|folder| {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).filter(|path| path.is_file()).collect::<Vec<_>>()
    });
    files.into_iter().chain(near).map(|path| (path.clone(), look(&path))).collect()
}
