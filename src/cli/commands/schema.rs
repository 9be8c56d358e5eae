//! `surefoot schema`: the JSON Schemas of runbooks, scenarios and settings files.

use crate::cli::Context;
use crate::cli::args::SchemaArgument;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::runbook::{scenario_schema, schema, settings_schema};

pub(crate) fn run(of: SchemaArgument, context: &Context) -> Result<Exit, Failure> {
    let schema = match of {
        SchemaArgument::Config => settings_schema(),
        SchemaArgument::Runbook => schema(),
        SchemaArgument::Scenario => scenario_schema(),
    };
    let schema =
        serde_json::to_string_pretty(&schema).expect("a schema is made of texts and numbers");
    context.print(&(schema + "\n"))?;
    Ok(Exit::Done)
}
