//! Opening a runbook for a command: found, read once, checked, and its findings told.

use std::path::PathBuf;

use super::Context;
use super::catalogue;
use super::exit::Exit;
use super::failure::Failure;
use super::provenance::{provenance, used_mirrors};
use crate::catalog::{
    Closure, Elsewhere, Folder, Located, ReferenceFailed, Version, Whereabouts, locate, locate_at,
    named_here, names_of, of_neighbour, revision_of,
};
use crate::console::{Colour, Terminal};
use crate::diagnostic::{self, Diagnostic, Severity, Source};
use crate::runbook::{Runbook, UseFailed};
use crate::value::{RunbookId, ServiceId};

/// A runbook that is valid.
pub(crate) struct Opened {
    /// What it is called: its file, or its name with the revision.
    pub(crate) path: PathBuf,
    /// What it is.
    pub(crate) runbook: Runbook,
    /// Its file, those of all it uses, and what they bring.
    pub(crate) closure: Closure,
    /// The repository it stands in.
    pub(crate) folder: Folder,
    /// The digest of all its files.
    pub(crate) digest: String,
}

/// Opens the runbook that a reference names.
pub(crate) fn open(reference: &str, context: &Context) -> Result<Opened, Failure> {
    opened(find(reference, context)?, context)
}

/// Opens the runbook that was chosen.
pub(crate) fn open_at(lies: &Whereabouts, context: &Context) -> Result<Opened, Failure> {
    opened(read_at(lies, context)?, context)
}

/// Opens what was found, and tells where it and what it uses come from.
fn opened(located: Located, context: &Context) -> Result<Opened, Failure> {
    if let Some(text) = provenance(&located, context) {
        context.terminal.line(&text);
    }
    let opened = load(located, context)?;
    for text in used_mirrors(&opened, context) {
        context.terminal.line(&text);
    }
    Ok(opened)
}

/// Reads the runbook that was chosen.
pub(crate) fn read_at(lies: &Whereabouts, context: &Context) -> Result<Located, Failure> {
    let found = lies.open(context.neighbours(), &context.settings.search_path());
    found.map_err(|error| not_found(&error))
}

/// Finds the runbook that a reference names, and reads its file: in the repository around here, then in
/// the other sources.
pub(crate) fn find(reference: &str, context: &Context) -> Result<Located, Failure> {
    let (name, revision) = revision_of(reference);
    let neighbours = context.neighbours();
    let here = &context.settings.here;
    if let Some((service, id)) = names_of(name) {
        return match named_here(&service, &id, here) {
            Ok(path) if revision.is_none() => found_here(&path.to_string_lossy(), None, context),
            Ok(_) => found_here(name, revision, context),
            Err(UseFailed::Away) => match neighbours.find(&service, &id) {
                // What is gone from the working copy may be in its history, and a part of a name is
                // a name, too.
                Err(UseFailed::Away) => found_here(name, revision, context),
                found => elsewhere(found, (&service, &id), revision, context),
            },
            Err(failed) => Err(unusable(failed, (&service, &id))),
        };
    }
    found_here(name, revision, context)
}

/// Finds a runbook in the repository around here.
fn found_here(name: &str, revision: Option<&str>, context: &Context) -> Result<Located, Failure> {
    let here = &context.settings.here;
    let search = context.settings.search_path();
    let located = if let Some(revision) = revision {
        locate_at(name, revision, here, &search).map_err(|error| not_found(&error))?
    } else {
        let path = match locate(name, here) {
            Err(error @ ReferenceFailed::None { .. }) => {
                return catalogue::locate(name, &error, context);
            }
            found => found.map_err(|error| not_found(&error))?,
        };
        Located::on_disk(path).map_err(|error| Failure::from_error(Exit::Invalid, &error))?
    };
    Ok(located.beside(context.neighbours()))
}

/// Opens what was found in the other sources.
fn elsewhere(
    found: Result<Elsewhere, UseFailed>,
    (service, id): (&ServiceId, &RunbookId),
    revision: Option<&str>,
    context: &Context,
) -> Result<Located, Failure> {
    let found = found.map_err(|failed| unusable(failed, (service, id)))?;
    let search = context.settings.search_path();
    of_neighbour(found, (service, id), revision, &search).map_err(|error| not_found(&error))
}

/// Why the runbook with these names cannot be opened.
fn unusable(failed: UseFailed, (service, id): (&ServiceId, &RunbookId)) -> Failure {
    let message = match failed {
        UseFailed::Unreadable(problem) => problem,
        _ => format!("there is no runbook `{service}/{id}` on this machine"),
    };
    Failure::new(Exit::Invalid, message).hint("a path names one file: surefoot list shows them")
}

/// A reference that names no runbook.
pub(crate) fn not_found(error: &ReferenceFailed) -> Failure {
    let failure = Failure::from_error(Exit::Invalid, error);
    match error {
        ReferenceFailed::None { .. } | ReferenceFailed::Several { .. } => failure
            .hint("runbooks are found by path, or by name; `surefoot find WORDS` looks for words"),
        _ => failure,
    }
}

/// Checks a runbook that was found.
pub(crate) fn load(located: Located, context: &Context) -> Result<Opened, Failure> {
    let Located { name: path, file, folder, .. } = located;
    let called = match folder.version() {
        None => path.display().to_string(),
        Some(version) => in_commit(version, &folder.own_path()),
    };
    let (source, loaded) = file.load_in(&called, &folder);
    let errors: Vec<Diagnostic> =
        loaded.findings.into_iter().filter(|it| it.severity == Severity::Error).collect();
    let Some(runbook) = loaded.runbook else {
        show_findings(&context.terminal, &source, &errors);
        let count = errors.len();
        let found = if count == 1 { "1 error".to_owned() } else { format!("{count} errors") };
        let message = format!("{} is invalid: {found}, nothing was run", path.display());
        return Err(Failure::new(Exit::Invalid, message));
    };
    let closure = Closure::of(&runbook, file, &folder)
        .map_err(|error| Failure::from_error(Exit::Invalid, &error))?;
    let digest = closure.digest();
    Ok(Opened { path, runbook, closure, folder, digest })
}

/// What git calls a file of a commit. What follows the last slash is the file's name.
fn in_commit(version: &Version, path: &str) -> String {
    let here = if path.contains('/') { "" } else { "./" };
    format!("{}:{here}{path}", version.revision)
}

/// Opens a runbook that was read already; what is wrong with it is told in one phrase.
pub(crate) fn open_quietly(located: Located) -> Result<Opened, String> {
    let Located { name: path, file, folder, .. } = located;
    let (source, loaded) = file.load_in(&path.display().to_string(), &folder);
    let Some(runbook) = loaded.runbook else {
        let error = loaded.findings.iter().find(|found| found.severity == Severity::Error);
        return Err(error.map_or("it is invalid".to_owned(), |error| {
            format!("invalid, line {}: {}", source.line_column(error.span.start).0, error.message)
        }));
    };
    let closure = Closure::of(&runbook, file, &folder).map_err(|error| error.to_string())?;
    let digest = closure.digest();
    Ok(Opened { path, runbook, closure, folder, digest })
}

/// Shows findings where everything but data goes.
pub(crate) fn show_findings(terminal: &Terminal, source: &Source, findings: &[Diagnostic]) {
    let text = diagnostic::render(source, findings, terminal.page(), colour(terminal));
    terminal.rendered(&text);
}

/// Whether findings are coloured.
pub(crate) fn colour(terminal: &Terminal) -> diagnostic::Colour {
    match terminal.settings().colour {
        Colour::Ansi => diagnostic::Colour::Coloured,
        Colour::Never => diagnostic::Colour::Plain,
    }
}
