//! `surefoot seal`: signs the head of a finished record.

use crate::cli::Context;
use crate::cli::args::SealArguments;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::runs::{damaged, find};
use crate::cli::signing_key::{key, signed};
use crate::console::{Meaning, Text};
use crate::effects::SystemClock;
use crate::journal::verify;
use crate::session::Clock as _;
use crate::signing::{SEAL, SEAL_FORMAT, Seal, save_seal};

pub(crate) fn run(arguments: &SealArguments, context: &Context) -> Result<Exit, Failure> {
    let folder = find(arguments.run.as_deref(), context)?;
    let found = verify(folder.path()).map_err(|error| damaged(&folder, &error))?;
    let id = folder.id();
    if !found.is_sound() {
        let failure = Failure::new(Exit::Damaged, format!("the record of {id} was changed"));
        return Err(failure.hint(format!("surefoot verify {id} says where; nothing was signed")));
    }
    if !found.finished {
        let failure = Failure::new(Exit::Usage, format!("the run {id} is not over"));
        return Err(failure.hint("only what is complete can be sealed"));
    }
    let seal = Seal {
        format: SEAL_FORMAT.to_owned(),
        run: id.to_owned(),
        records: found.records,
        head: found.head,
        sealed: SystemClock::start().now(),
        by: context.settings.responder.name.clone(),
    };
    let key = key(arguments.key.as_deref(), context)?;
    let signature = signed(&key, SEAL, seal.text().as_bytes(), context)?;
    save_seal(folder.path(), &seal, &signature)
        .map_err(|error| Failure::from_error(Exit::Failed, &error))?;
    let text = format!("Sealed {id}: {} records, head {}", seal.records, seal.head);
    context.terminal.unbroken(&Text::of(Meaning::Good, text));
    Ok(Exit::Done)
}
