//! Opening a runbook for a command: found, read once, checked, and its findings told.

use std::path::PathBuf;

use super::Context;
use super::exit::Exit;
use super::failure::Failure;
use crate::catalog::{
    Closure, File, Folder, Located, ReferenceFailed, Version, locate, locate_at, read_alert,
    revision_of,
};
use crate::console::{Colour, Meaning, Terminal, Text};
use crate::diagnostic::{self, Diagnostic, Severity, Source};
use crate::plan::Alert;
use crate::runbook::Runbook;

/// So much of a commit's name tells it from others.
const SHORT_COMMIT: usize = 12;

/// A runbook that is valid.
pub(crate) struct Opened {
    /// What it is called: its file, or its name with the revision.
    pub(crate) path: PathBuf,
    /// The commit that it was read from; none for files on the disk.
    pub(crate) version: Option<Version>,
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
    let opened = load(find(reference, context)?, context)?;
    if let Some(version) = &opened.version {
        context.terminal.line(&Text::of(Meaning::Dim, provenance(version)));
    }
    Ok(opened)
}

/// Finds the runbook that a reference names, and reads its file.
pub(crate) fn find(reference: &str, context: &Context) -> Result<Located, Failure> {
    let here = &context.settings.here;
    let located = match revision_of(reference) {
        (name, Some(revision)) => locate_at(name, revision, here, &context.settings.search_path()),
        (name, None) => match locate(name, here) {
            Ok(path) => {
                let file = File::read(&path);
                let file = file.map_err(|error| Failure::from_error(Exit::Invalid, &error))?;
                let folder = Folder::around(&path);
                return Ok(Located { name: path, file, folder, version: None });
            }
            Err(error) => Err(error),
        },
    };
    located.map_err(|error| {
        let failure = Failure::from_error(Exit::Invalid, &error);
        match error {
            ReferenceFailed::None { .. } | ReferenceFailed::Several { .. } => failure
                .hint("runbooks are found by path, or by name in `runbooks/` of this repository"),
            ReferenceFailed::AtRevision { .. } | ReferenceFailed::Version(_) => failure,
        }
    })
}

/// Checks a runbook that was found.
pub(crate) fn load(located: Located, context: &Context) -> Result<Opened, Failure> {
    let Located { name: path, file, folder, version } = located;
    let called = match &version {
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
    Ok(Opened { path, version, runbook, closure, folder, digest })
}

/// What git calls a file of a commit. What follows the last slash is the file's name.
fn in_commit(version: &Version, path: &str) -> String {
    let here = if path.contains('/') { "" } else { "./" };
    format!("{}:{here}{path}", version.revision)
}

/// As much of a commit's name as people need.
pub(crate) fn short(commit: &str) -> &str {
    &commit[..commit.len().min(SHORT_COMMIT)]
}

/// Where a runbook that is not read from the disk comes from.
fn provenance(version: &Version) -> String {
    let commit = short(&version.commit);
    let remote = version.remote.as_ref().map(|remote| format!(" of {remote}"));
    format!("At {}: commit {commit}{}.", version.revision, remote.unwrap_or_default())
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
