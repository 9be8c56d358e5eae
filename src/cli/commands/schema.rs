//! `surefoot schema`: the JSON Schema of runbooks.

use crate::cli::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;

pub(crate) fn run(context: &Context) -> Result<Exit, Failure> {
    let schema = serde_json::to_string_pretty(&crate::runbook::schema())
        .expect("a schema is made of texts and numbers");
    context.print(&(schema + "\n"))?;
    Ok(Exit::Done)
}
