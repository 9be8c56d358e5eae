//! `surefoot check`: validates runbooks. Executes nothing, opens no socket, and writes nothing but
//! the repairs of `--fix`.

mod files;
mod many;
mod one;
mod print;
mod watch;

use std::path::Path;

use crate::cli::Context;
use crate::cli::args::{CheckArguments, CheckFormat};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::runbook::CustomSchema;
use files::Files;
use one::Checked;
use print::Printer;

pub(crate) fn run(arguments: &CheckArguments, context: &Context) -> Result<Exit, Failure> {
    if arguments.watch {
        if arguments.format != CheckFormat::Text {
            return Err(Failure::new(Exit::Usage, "--watch is for people: it has only text"));
        }
        return watch::run(arguments, context);
    }
    let checked = once(arguments, context, |_| ())?;
    Ok(checked)
}

/// Checks all that is named, prints what is found, and tells `look` of every file.
fn once(
    arguments: &CheckArguments,
    context: &Context,
    mut look: impl FnMut(&Checked),
) -> Result<Exit, Failure> {
    let schemas = schemas(arguments)?;
    let files = Files::named(arguments, context)?;
    let mut printer = Printer::new(arguments.format, context);
    for report in files.unreadable {
        printer.file(report)?;
    }
    let work = |path: &std::path::PathBuf| one::check(path, &schemas, arguments.fix);
    many::in_order(&files.runbooks, &context.terminal, work, |checked| {
        let checked = if arguments.fix { one::write(checked, &schemas, context) } else { checked };
        look(&checked);
        printer.file(checked.report)
    })?;
    printer.finish(files.runbooks.len())
}

fn schemas(arguments: &CheckArguments) -> Result<Vec<CustomSchema>, Failure> {
    let read = |path: &Path| {
        let failed = |why: String| {
            Failure::new(Exit::Usage, format!("failed to use the schema {}: {why}", path.display()))
        };
        let text = std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
        CustomSchema::parse(&text).map_err(|error| failed(error.to_string()))
    };
    arguments.schema.iter().map(|path| read(path)).collect()
}
