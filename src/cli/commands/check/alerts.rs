//! `check --alerts`: the runbooks that were checked, compared with the alerting rules that are named.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::catalog::{AlertReader, Folder, KnownRepository, compare, find_dead_links, read_rules};
use crate::diagnostic::{Report, Source};
use crate::runbook::{Runbook, silenced};

/// Whether runbooks are kept for a comparison.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Comparison {
    None,
    Wanted,
}

/// What the comparison came to.
pub(super) struct Compared {
    pub(super) reports: Vec<Report>,
    /// How many alerts the rules may raise.
    pub(super) alerts: usize,
}

/// A runbook for the comparison.
pub(super) fn reader(source: &Source, runbook: &Runbook) -> AlertReader {
    let name = match &runbook.service {
        Some(service) => format!("{service}/{}", runbook.id),
        None => runbook.id.clone(),
    };
    let (source, rules) = (source.clone(), runbook.alerts.clone());
    AlertReader { allowed: silenced(&source), source, name, rules }
}

/// Compares runbooks with the rules in files and folders.
pub(super) fn compared(
    rules: &[PathBuf],
    readers: &[AlertReader],
    runbooks: &[PathBuf],
    here: &Path,
) -> Compared {
    let mut files = read_rules(rules);
    let alerts = files.iter().map(|file| file.alerts.len()).sum();
    let linked = files.iter().any(|file| file.alerts.iter().any(|it| !it.runbooks.is_empty()));
    if linked {
        let paths = files.iter().map(|file| file.path.as_path());
        let mut known = repositories(paths.chain(runbooks.iter().map(PathBuf::as_path)));
        known.push(KnownRepository { root: here.to_owned(), remote: None });
        let names: Vec<String> = readers.iter().map(|reader| reader.name.clone()).collect();
        for file in &mut files {
            find_dead_links(file, &known, &names);
        }
    }
    Compared { reports: compare(files, readers), alerts }
}

/// The repositories around files.
fn repositories<'a>(files: impl Iterator<Item = &'a Path>) -> Vec<KnownRepository> {
    let roots: BTreeSet<PathBuf> =
        files.map(|file| Folder::around(file).root().to_owned()).collect();
    roots.into_iter().map(KnownRepository::at).collect()
}
