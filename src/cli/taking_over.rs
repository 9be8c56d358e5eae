//! Getting hold of a run: by its lock where nobody walks it, else from whoever does, if they are
//! asked to hand it over and can.

use std::time::Duration;

use super::Context;
use super::args::ResumeArguments;
use super::commands::run::{held, holder};
use super::exit::Exit;
use super::failure::Failure;
use crate::console::{Meaning, Text};
use crate::journal::{Lock, LockFailed, RunFolder};
use crate::process::{Gave, NotGiven, relieve};

/// How long whoever walks a run has to answer, and then to leave it.
const ANSWER: Duration = Duration::from_secs(10);

/// A run that is this process's.
pub(crate) struct Taken {
    pub(crate) lock: Lock,
    /// Who walked it until now, if it was taken over.
    pub(crate) from: Option<String>,
}

/// Takes the lock of a run.
pub(crate) fn take(
    folder: &RunFolder,
    arguments: &ResumeArguments,
    context: &Context,
) -> Result<Taken, Failure> {
    let own = holder(context, folder);
    let error = match Lock::of_run(folder.path(), &own) {
        Ok(lock) => return Ok(Taken { lock, from: None }),
        Err(error) => error,
    };
    let LockFailed::Held { holder: walker, .. } = &error else {
        return Err(held(&error));
    };
    if !arguments.take_over {
        let failure = held(&error);
        return Err(failure.hint(format!(
            "surefoot follow {0} shows it; surefoot resume {0} --take-over asks for it",
            folder.id()
        )));
    }
    let walker = walker.as_ref();
    let from = walker.map_or_else(|| "another process".to_owned(), |walker| walker.by.clone());
    let there = walker.map_or_else(|| from.clone(), ToString::to_string);
    context.terminal.line(&Text::of(Meaning::Hint, format!("Asking {there} for the walk.")));
    let relieved = relieve(folder.path(), &own.by, ANSWER);
    let relieved = relieved.map_err(|why| not_given(&why, &from, folder))?;
    relieved.leaves(ANSWER);
    // Of two who ask at once, one has it now.
    let lock = Lock::of_run(folder.path(), &own).map_err(|error| held(&error))?;
    Ok(Taken { lock, from: (relieved.gave == Gave::It).then_some(from) })
}

fn not_given(why: &NotGiven, from: &str, folder: &RunFolder) -> Failure {
    match why {
        NotGiven::Refused(why) => {
            let failure = Failure::new(Exit::Held, format!("{from} goes on with it: {why}"));
            failure.hint(format!("surefoot follow {} shows when that is over", folder.id()))
        }
        NotGiven::Silent(_) | NotGiven::Unreachable(_) => {
            let failure = Failure::from_error(Exit::Held, why);
            failure
                .hint("nothing was changed; where its process hangs, end that and resume the run")
        }
    }
}
