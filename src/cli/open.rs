//! Opening a runbook for a command: found, read once, checked, and its findings told.

use std::path::PathBuf;

use super::Context;
use super::exit::Exit;
use super::failure::Failure;
use crate::catalog::{File, Folder, closure_digest, locate, read_alert};
use crate::console::{Colour, Terminal};
use crate::diagnostic::{self, Diagnostic, Severity, Source};
use crate::plan::Alert;
use crate::runbook::Runbook;

/// A runbook that is valid.
pub(crate) struct Opened {
    /// Its file.
    pub(crate) path: PathBuf,
    /// What it is.
    pub(crate) runbook: Runbook,
    /// The runbook and all it brings: paths in the repository and bytes, the runbook first.
    pub(crate) files: Vec<(String, Vec<u8>)>,
    /// The digest of all of them.
    pub(crate) digest: String,
}

/// Opens the runbook that a reference names.
pub(crate) fn open(reference: &str, context: &Context) -> Result<Opened, Failure> {
    let path = locate(reference, &context.settings.here).map_err(|error| {
        let failure = Failure::from_error(Exit::Invalid, &error);
        failure.hint("runbooks are found by path, or by name in `runbooks/` of this repository")
    })?;
    open_file(path, context)
}

/// Opens a runbook's file.
pub(crate) fn open_file(path: PathBuf, context: &Context) -> Result<Opened, Failure> {
    let file = File::read(&path).map_err(|error| Failure::from_error(Exit::Invalid, &error))?;
    let (source, loaded) = file.load(&path.display().to_string());
    let errors: Vec<Diagnostic> =
        loaded.findings.into_iter().filter(|it| it.severity == Severity::Error).collect();
    let Some(runbook) = loaded.runbook else {
        show_findings(&context.terminal, &source, &errors);
        let count = errors.len();
        let found = if count == 1 { "1 error".to_owned() } else { format!("{count} errors") };
        let message = format!("{} is invalid: {found}, nothing was run", path.display());
        return Err(Failure::new(Exit::Invalid, message));
    };
    let folder = Folder::around(&path);
    let mut files = vec![(folder.relative(&path), file.bytes)];
    for brought in &runbook.brought {
        files.push((folder.relative_to_runbook(&brought.path), brought.bytes.clone()));
    }
    let digest = closure_digest(&files);
    Ok(Opened { path, runbook, files, digest })
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

/// Reads the alert that was named, a file or `-`.
pub(crate) fn alert(path: Option<&PathBuf>, runbook: &Runbook) -> Result<Option<Alert>, Failure> {
    let Some(path) = path else { return Ok(None) };
    let read =
        if path.as_os_str() == "-" { read_standard_input() } else { std::fs::read_to_string(path) };
    let json = read.map_err(|error| {
        Failure::new(Exit::Usage, format!("failed to read the alert {}: {error}", path.display()))
    })?;
    let alert = read_alert(&json, &runbook.alerts);
    alert.map(Some).map_err(|error| Failure::from_error(Exit::Usage, &error))
}

#[expect(clippy::disallowed_methods, reason = "data that was asked for by `--alert -`")]
fn read_standard_input() -> std::io::Result<String> {
    std::io::read_to_string(std::io::stdin())
}
