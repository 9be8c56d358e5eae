//! Opening a runbook for a command: found, read once, checked, and its findings told.

use std::path::PathBuf;

use super::Context;
use super::catalogue;
use super::exit::Exit;
use super::failure::Failure;
use crate::catalog::{Closure, File, Folder, ReferenceFailed, locate};
use crate::console::{Colour, Terminal};
use crate::diagnostic::{self, Diagnostic, Severity, Source};
use crate::runbook::Runbook;

/// A runbook that is valid.
pub(crate) struct Opened {
    /// Its file.
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
    let path = match locate(reference, &context.settings.here) {
        Err(error @ ReferenceFailed::None { .. }) => catalogue::locate(reference, &error, context)?,
        found => found.map_err(|error| not_found(&error))?,
    };
    open_file(path, context)
}

/// Opens the runbook in a file.
pub(crate) fn open_file(path: PathBuf, context: &Context) -> Result<Opened, Failure> {
    let file = File::read(&path).map_err(|error| Failure::from_error(Exit::Invalid, &error))?;
    let folder = Folder::around(&path);
    let (source, loaded) = file.load_in(&path.display().to_string(), &folder);
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

/// A reference that names no runbook.
pub(crate) fn not_found(error: &ReferenceFailed) -> Failure {
    let failure = Failure::from_error(Exit::Invalid, error);
    failure.hint("runbooks are found by path, or by name; `surefoot find WORDS` looks for words")
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
