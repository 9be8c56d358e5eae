//! Which files are meant.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::catalog::{REPOSITORY_SETTINGS, Walked, read_settings, walk};
use crate::cli::Context;
use crate::cli::args::CheckArguments;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::diagnostic::{Diagnostic, Report, Severity, Source};
use crate::policy::Authority;
use crate::settings::SettingsFile;

/// The files that are meant.
pub(super) struct Files {
    /// The runbooks, in the order of the paths named, each folder sorted.
    pub(super) runbooks: Vec<PathBuf>,
    /// What could not be looked into.
    pub(super) unreadable: Vec<Report>,
}

impl Files {
    /// The files that the arguments name.
    pub(super) fn named(arguments: &CheckArguments, context: &Context) -> Result<Self, Failure> {
        let default = [PathBuf::from("runbooks")];
        let paths = match arguments.paths.as_slice() {
            [] if context.settings.here.join(&default[0]).is_dir() => &default[..],
            [] => {
                let failure = Failure::new(Exit::Usage, "there is no folder `runbooks` here");
                return Err(failure.hint("name runbooks or folders: surefoot check PATH..."));
            }
            paths => paths,
        };
        let mut files = Self { runbooks: Vec::new(), unreadable: Vec::new() };
        let mut known = BTreeSet::new();
        for path in paths {
            let walked = if path.is_dir() {
                walk(path)
            } else {
                Walked { runbooks: vec![path.clone()], ..Walked::default() }
            };
            if walked.runbooks.is_empty() && walked.unreadable.is_empty() {
                return Err(empty_folder(path));
            }
            files
                .runbooks
                .extend(walked.runbooks.into_iter().filter(|it| known.insert(it.clone())));
            files.unreadable.extend(walked.unreadable.into_iter().map(|unreadable| {
                let name = unreadable.path.display().to_string();
                unread(&name, unreadable.severity, &unreadable.why)
            }));
        }
        Ok(files)
    }

    /// The settings of the repository, if there are any, are looked at with every check: what they
    /// say, if nothing is wrong with them.
    pub(super) fn add_settings(&mut self, root: &Path, context: &Context) -> Option<SettingsFile> {
        let path = root.join(REPOSITORY_SETTINGS);
        let read = read_settings(&path, Authority::Repository, None);
        let shown = path.strip_prefix(&context.settings.here).unwrap_or(&path).to_owned();
        match read {
            Ok(None) => None,
            Err(error) => {
                let name = shown.display().to_string();
                self.unreadable.push(unread(&name, Severity::Error, &error.why));
                None
            }
            Ok(Some((_, loaded))) => {
                if !self.runbooks.contains(&shown) {
                    self.runbooks.push(shown);
                }
                loaded.file
            }
        }
    }
}

/// What is told of a file that cannot be read.
pub(super) fn unread(name: &str, severity: Severity, why: &str) -> Report {
    let source = Source { name: name.to_owned(), text: "".into() };
    let finding = match severity {
        Severity::Error => Diagnostic::error("unreadable", 0..0, why),
        Severity::Warning => Diagnostic::warning("unreadable", 0..0, why),
    };
    Report { source, findings: vec![finding] }
}

fn empty_folder(path: &Path) -> Failure {
    let message = format!("{} is a folder without runbooks (*.yaml)", path.display());
    Failure::new(Exit::Invalid, message)
}
