//! `--watch`: checks again whenever something changes, until Ctrl-C.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::files::Files;
use super::once;
use crate::catalog::{Look, look};
use crate::cli::Context;
use crate::cli::args::CheckArguments;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::console::{Meaning, Text};
use crate::process::Signals;

/// How often files are looked at.
const LOOK: Duration = Duration::from_millis(300);
/// How long nothing may change before what is there is taken as saved.
const CALM: Duration = Duration::from_millis(60);

/// Checks, waits for a change, and checks again. Ends as the last check did.
pub(super) fn run(arguments: &CheckArguments, context: &Context) -> Result<Exit, Failure> {
    let signals = Signals::get().map_err(|error| Failure::from_error(Exit::Failed, &error))?;
    loop {
        let mut known = looks(arguments, context, []);
        let mut others = BTreeMap::new();
        context.terminal.clear_screen();
        let exit = match once(arguments, context, |checked| others.extend(checked.others.clone())) {
            Ok(exit) => exit,
            Err(failure) if failure.exit == Exit::Interrupted => return Err(failure),
            // A folder may be empty for a moment, and a schema half written.
            Err(failure) => {
                let message = failure.message.clone().unwrap_or_default();
                context
                    .terminal
                    .line(&Text::of(Meaning::Bad, "error: ").add(Meaning::Plain, &message));
                failure.exit
            }
        };
        let hint = "watching for changes; Ctrl-C ends";
        context.terminal.line(&Text::of(Meaning::Hint, hint));
        // What these looked like before they were read: what changed since then is seen next.
        let paths: Vec<PathBuf> = others.keys().cloned().collect();
        for (path, looked) in others {
            known.entry(path).or_insert(looked);
        }
        loop {
            if signals.wait(LOOK).is_some() {
                return Ok(exit);
            }
            let mut now = looks(arguments, context, paths.clone());
            if now == known {
                continue;
            }
            // Editors write in several steps.
            loop {
                if signals.wait(CALM).is_some() {
                    return Ok(exit);
                }
                let later = looks(arguments, context, paths.clone());
                if later == now {
                    break;
                }
                now = later;
            }
            break;
        }
    }
}

/// What everything that matters looks like.
fn looks(
    arguments: &CheckArguments,
    context: &Context,
    others: impl IntoIterator<Item = PathBuf>,
) -> BTreeMap<PathBuf, Look> {
    let runbooks = Files::named(arguments, context).map(|files| files.runbooks).unwrap_or_default();
    let all = runbooks.into_iter().chain(others);
    let all = all.chain(arguments.schema.iter().cloned());
    all.map(|path| (path.clone(), look(&path))).collect()
}
