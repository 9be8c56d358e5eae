//! Names that several of the files have which were checked: a name that is typed, used or handed on by
//! an alert must mean one file.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::diagnostic::{Diagnostic, Report, Source};
use crate::runbook::Runbook;

/// The folder that runbooks are found in by their names.
const FOLDER: &str = "runbooks";

/// The files of each name, by where they really lie.
#[derive(Default)]
pub(super) struct Names(BTreeMap<(PathBuf, String), BTreeMap<PathBuf, Source>>);

/// What a runbook is called, and among which others.
pub(super) struct Named {
    catalogue: PathBuf,
    name: String,
    real: PathBuf,
}

impl Named {
    /// The name of a runbook in a file; nothing if it is not found by it.
    pub(super) fn of(path: &Path, runbook: &Runbook) -> Option<Self> {
        let service = runbook.service.as_ref()?;
        let real = fs::canonicalize(path).ok()?;
        let called = |folder: &&Path| folder.file_name().is_some_and(|name| name == FOLDER);
        let catalogue = real.ancestors().skip(1).find(called)?.to_owned();
        Some(Self { catalogue, name: format!("{service}/{}", runbook.id), real })
    }
}

impl Names {
    /// Takes in a file that was checked.
    pub(super) fn add(&mut self, named: Named, source: &Source) {
        let Named { catalogue, name, real } = named;
        self.0.entry((catalogue, name)).or_default().insert(real, source.clone());
    }

    /// A finding for each file whose name another one has.
    pub(super) fn findings(self) -> impl Iterator<Item = Report> {
        let shared = self.0.into_iter().filter(|(_, files)| files.len() > 1);
        shared.flat_map(|((_, name), files)| {
            let all: Vec<String> = files.values().map(|source| source.name.clone()).collect();
            files.into_values().map(move |source| {
                let others = all.iter().filter(|path| **path != source.name);
                let others: Vec<&str> = others.map(String::as_str).collect();
                let message = format!("{} is `{name}`, too", others.join(", "));
                let help = "by that name none of them is found: give the others another `id`";
                let finding = Diagnostic::error("same-name", 0..0, message).help(help);
                Report { source, findings: vec![finding] }
            })
        })
    }
}
