//! `check --alerts`: the runbooks that were checked, compared with the alerting rules that are named.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::catalog::{
    AlertReader, Folder, KnownRepository, RulesFile, compare, find_dead_links, names_of, read_rules,
};
use crate::cli::Context;
use crate::cli::catalogue::catalogue;
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
    context: &Context,
) -> Compared {
    let mut files = read_rules(rules);
    let alerts = files.iter().map(|file| file.alerts.len()).sum();
    let linked = files.iter().any(|file| file.alerts.iter().any(|it| !it.runbooks.is_empty()));
    if linked {
        let paths = files.iter().map(|file| file.path.as_path());
        let mut known = repositories(paths.chain(runbooks.iter().map(PathBuf::as_path)));
        known.push(KnownRepository::folder(context.settings.here.clone()));
        // What people work on is judged as they left it, before what was fetched of it.
        let neighbours = context.neighbours();
        known.extend(neighbours.all().iter().filter_map(KnownRepository::fetched));
        let mut names: Vec<String> = readers.iter().map(|reader| reader.name.clone()).collect();
        names.extend(known_elsewhere(&files, context));
        for file in &mut files {
            find_dead_links(file, &known, &names);
        }
    }
    Compared { reports: compare(files, readers), alerts }
}

/// The names among the links that runbooks of sources have.
fn known_elsewhere(files: &[RulesFile], context: &Context) -> Vec<String> {
    let alerts = files.iter().flat_map(|file| &file.alerts);
    let links = alerts.flat_map(|alert| &alert.runbooks).map(|(link, _)| link);
    let named: BTreeSet<&String> = links.filter(|link| names_of(link).is_some()).collect();
    // Only for names it is worth a look into the index.
    let Some(mut index) =
        (!named.is_empty()).then(|| catalogue(context).ok()).flatten().map(|it| it.index)
    else {
        return Vec::new();
    };
    let known = named.into_iter().filter(|link| {
        let (service, id) = link.split_once('/').unwrap_or(("", link));
        index.named(id, Some(service)).is_ok_and(|found| !found.is_empty())
    });
    known.cloned().collect()
}

/// The repositories around files.
fn repositories<'a>(files: impl Iterator<Item = &'a Path>) -> Vec<KnownRepository> {
    let roots: BTreeSet<PathBuf> =
        files.map(|file| Folder::around(file).root().to_owned()).collect();
    roots.into_iter().map(KnownRepository::at).collect()
}
