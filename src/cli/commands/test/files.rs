//! Which scenarios are meant: those that are named, those of a runbook that is named, and those
//! below a folder.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::one::Tested;
use crate::catalog::{File, SCENARIOS, walk};
use crate::cli::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::diagnostic::Severity;
use crate::runbook::is_scenario;

/// The files that are looked at.
#[derive(Debug, Default)]
pub(super) struct Files {
    /// Scenarios and runbooks, in the order of the paths named, each folder sorted.
    pub(super) all: Vec<PathBuf>,
    /// Scenarios that were found beside a runbook: only those of such a runbook are meant.
    beside: BTreeSet<PathBuf>,
    /// The runbooks that were named: with links resolved, and as they were.
    runbooks: BTreeMap<PathBuf, PathBuf>,
}

impl Files {
    /// The files that the arguments mean.
    pub(super) fn named(paths: &[PathBuf], context: &Context) -> Result<Self, Failure> {
        let default = [PathBuf::from("runbooks")];
        let paths = match paths {
            [] if context.settings.here.join(&default[0]).is_dir() => &default[..],
            [] => {
                let failure = Failure::new(Exit::Usage, "there is no folder `runbooks` here");
                return Err(failure.hint("name scenarios or folders: surefoot test PATH..."));
            }
            paths => paths,
        };
        let mut files = Self::default();
        let mut known = BTreeSet::new();
        for path in paths {
            files.add(path, &mut known)?;
        }
        Ok(files)
    }

    fn add(&mut self, path: &Path, known: &mut BTreeSet<PathBuf>) -> Result<(), Failure> {
        if path.is_dir() {
            let found = below(path)?;
            self.all.extend(found.into_iter().filter(|it| known.insert(it.clone())));
            return Ok(());
        }
        let file = File::read(path).map_err(|error| Failure::from_error(Exit::Invalid, &error))?;
        if known.insert(path.to_owned()) {
            self.all.push(path.to_owned());
        }
        if is_scenario(&String::from_utf8_lossy(&file.bytes)) {
            return Ok(());
        }
        self.runbooks.extend(fs::canonicalize(path).map(|real| (real, path.to_owned())));
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let mut beside: Vec<PathBuf> = fs::read_dir(folder)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| folder.join(entry.file_name()))
            .filter(|path| path.is_file() && path.extension().is_some_and(|it| it == "yaml"))
            .collect();
        beside.sort();
        if folder.join(SCENARIOS).is_dir() {
            beside.extend(below(&folder.join(SCENARIOS))?);
        }
        for path in beside.into_iter().map(|path| plain(&path)) {
            let scenario = File::read(&path)
                .is_ok_and(|file| is_scenario(&String::from_utf8_lossy(&file.bytes)));
            if scenario && known.insert(path.clone()) {
                self.beside.insert(path.clone());
                self.all.push(path);
            }
        }
        Ok(())
    }

    /// Whether a scenario that was found is meant.
    pub(super) fn wants(&self, tested: &Tested) -> bool {
        if !self.beside.contains(&tested.path) {
            return true;
        }
        // One that cannot be read may be anybody's.
        let Some(runbook) = &tested.runbook else { return true };
        fs::canonicalize(runbook).is_ok_and(|runbook| self.runbooks.contains_key(&runbook))
    }

    /// The runbooks that were named and that none of these scenarios is about.
    pub(super) fn untested(&self, tests: &[Tested]) -> Vec<PathBuf> {
        // A scenario that cannot be read may be of any of them.
        if tests.iter().any(|test| test.runbook.is_none()) {
            return Vec::new();
        }
        let about = tests.iter().filter_map(|test| fs::canonicalize(test.runbook.as_ref()?).ok());
        let about: BTreeSet<PathBuf> = about.collect();
        let left = self.runbooks.iter().filter(|(real, _)| !about.contains(*real));
        left.map(|(_, named)| named.clone()).collect()
    }
}

/// The runbooks and scenarios below a folder.
fn below(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let walked = walk(folder);
    match walked.unreadable.iter().find(|it| it.severity == Severity::Error) {
        Some(unreadable) => {
            let message = format!("{}: {}", unreadable.path.display(), unreadable.why);
            Err(Failure::new(Exit::Invalid, message))
        }
        None => Ok(walked.runbooks),
    }
}

/// A path as a person writes it.
fn plain(path: &Path) -> PathBuf {
    path.strip_prefix(".").unwrap_or(path).to_owned()
}
