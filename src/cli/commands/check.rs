//! `surefoot check`: validates runbooks. Executes nothing, writes nothing, opens no socket.

use std::path::{Path, PathBuf};

use crate::catalog::{File, runbooks_below};
use crate::cli::Context;
use crate::cli::args::{CheckArguments, CheckFormat};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::open::colour;
use crate::diagnostic::{self, Diagnostic, Severity, Source};

pub(crate) fn run(arguments: &CheckArguments, context: &Context) -> Result<Exit, Failure> {
    let files = files(arguments, context)?;
    let mut tally = Tally::default();
    let mut json = Vec::new();
    for path in &files {
        let name = path.display().to_string();
        let (source, findings) = match File::read(path) {
            Ok(file) => file.check(&name),
            Err(error) => unreadable(&name, &error.why),
        };
        tally.count(&findings);
        match arguments.format {
            CheckFormat::Json => json.extend(diagnostic::to_json(&source, &findings)),
            CheckFormat::Text if findings.is_empty() => {}
            CheckFormat::Text => {
                context.print(&diagnostic::render(
                    &source,
                    &findings,
                    context.terminal.page(),
                    colour(&context.terminal),
                ))?;
            }
        }
    }
    match arguments.format {
        CheckFormat::Json => {
            let text = serde_json::to_string_pretty(&json).expect("findings are texts and numbers");
            context.print(&(text + "\n"))?;
        }
        CheckFormat::Text => context.print(&tally.summary(files.len()))?,
    }
    Ok(tally.exit())
}

fn unreadable(name: &str, why: &str) -> (Source, Vec<Diagnostic>) {
    let source = Source { name: name.to_owned(), text: "".into() };
    (source, vec![Diagnostic::error("unreadable", 0..0, why)])
}

fn files(arguments: &CheckArguments, context: &Context) -> Result<Vec<PathBuf>, Failure> {
    let default = [PathBuf::from("runbooks")];
    let paths = match arguments.paths.as_slice() {
        [] if context.settings.here.join(&default[0]).is_dir() => &default[..],
        [] => {
            let failure = Failure::new(Exit::Usage, "there is no folder `runbooks` here");
            return Err(failure.hint("name runbooks or folders: surefoot check PATH..."));
        }
        paths => paths,
    };
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let found = runbooks_below(path);
        if found.is_empty() {
            return Err(empty_folder(path));
        }
        files.extend(found);
    }
    Ok(files)
}

fn empty_folder(path: &Path) -> Failure {
    let message = format!("{} is a folder without runbooks (*.yaml)", path.display());
    Failure::new(Exit::Invalid, message)
}

/// How many findings there were.
#[derive(Default)]
struct Tally {
    errors: usize,
    warnings: usize,
}

impl Tally {
    fn count(&mut self, findings: &[Diagnostic]) {
        for finding in findings {
            match finding.severity {
                Severity::Error => self.errors += 1,
                Severity::Warning => self.warnings += 1,
            }
        }
    }

    fn summary(&self, files: usize) -> String {
        let counted = |count: usize, one: &str| match count {
            1 => format!("1 {one}"),
            many => format!("{many} {one}s"),
        };
        let files = counted(files, "runbook");
        match (self.errors, self.warnings) {
            (0, 0) => format!("{files}, no findings\n"),
            (errors, warnings) => {
                format!("{files}, {}, {}\n", counted(errors, "error"), counted(warnings, "warning"))
            }
        }
    }

    fn exit(&self) -> Exit {
        if self.errors > 0 { Exit::Invalid } else { Exit::Done }
    }
}
