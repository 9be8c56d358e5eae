//! `surefoot check`: validates runbooks, scenarios and settings. Executes nothing, opens no socket, and writes nothing but
//! the repairs of `--fix`.

mod alerts;
mod files;
mod names;
mod one;
mod print;
mod watch;

use std::path::Path;

use crate::catalog::{Folder, REPOSITORY_SETTINGS};
use crate::cli::Context;
use crate::cli::args::{CheckArguments, CheckFormat};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::governing::governing;
use crate::cli::many::in_order;
use crate::runbook::CustomSchema;
use crate::settings::SettingsFile;
use alerts::{Comparison, compared};
use files::Files;
use names::Names;
use one::{Checked, With};
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
    let mut files = Files::named(arguments, context)?;
    let root = Folder::around(&context.settings.here.join(REPOSITORY_SETTINGS)).root().to_owned();
    let own = files.add_settings(&root, context);
    let schemas = schemas(arguments, own.as_ref().map(|own| (root.as_path(), own)), context)?;
    let mut printer = Printer::new(arguments.format, context);
    for report in files.unreadable {
        printer.file(report)?;
    }
    let comparison =
        if arguments.alerts.is_empty() { Comparison::None } else { Comparison::Wanted };
    let with = With { schemas: &schemas, sources: &context.said(), comparison };
    let (mut readers, mut names) = (Vec::new(), Names::default());
    let work = |path: &std::path::PathBuf| one::check(path, with, arguments.fix);
    in_order(&files.runbooks, (&context.terminal, "checking"), work, |checked| {
        let mut checked = if arguments.fix { one::write(checked, with, context) } else { checked };
        look(&checked);
        readers.extend(checked.reader.take());
        if let Some(named) = checked.named.take() {
            names.add(named, &checked.report.source);
        }
        printer.file(checked.report)
    })?;
    for report in names.findings() {
        printer.file(report)?;
    }
    let mut alerts = None;
    if comparison == Comparison::Wanted {
        let compared = compared(&arguments.alerts, &readers, &files.runbooks, context);
        alerts = Some(compared.alerts);
        for report in compared.reports {
            printer.file(report)?;
        }
    }
    printer.finish(files.runbooks.len(), alerts)
}

/// The schemas that are named here, and those that settings files name.
fn schemas(
    arguments: &CheckArguments,
    own: Option<(&Path, &SettingsFile)>,
    context: &Context,
) -> Result<Vec<CustomSchema>, Failure> {
    let read = |path: &Path| {
        let failed = |why: String| {
            Failure::new(Exit::Usage, format!("failed to use the schema {}: {why}", path.display()))
        };
        let text = std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
        CustomSchema::parse(&text).map_err(|error| failed(error.to_string()))
    };
    let mut paths = arguments.schema.clone();
    paths.extend(governing(context, None)?.settings.schemas);
    for (root, path) in own.iter().flat_map(|(root, own)| own.schemas.iter().map(|it| (*root, it)))
    {
        // The repository's file names files of the repository, after links are resolved.
        let inside = std::fs::canonicalize(path).is_ok_and(|real| real.starts_with(root));
        if path.exists() && !inside {
            let message = format!("the schema {} leads out of the repository", path.display());
            return Err(Failure::new(Exit::Invalid, message));
        }
        paths.push(path.clone());
    }
    let schemas = paths.iter().map(|path| read(path));
    schemas.collect()
}
