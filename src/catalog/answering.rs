//! The runbooks that alerts may ask for: from the index, or from folders that are named.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::alert::{Answering, matches};
use super::file::File;
use super::index::{
    Entry, Index, IndexFailed, IndexedRule, Standing, TeamWalk, Validity, Wanted, Whereabouts,
};
use super::reference::folder;
use super::walk::walk;
use crate::runbook::{Matcher, Runbook};

/// The runbooks that were found.
#[derive(Debug, Default)]
pub struct Gathered {
    /// Those that answer alerts.
    pub answering: Vec<Answering>,
    /// Those that are invalid, and what could not be looked into: any alert may be theirs. As people
    /// are told where they are.
    pub unknown: Vec<String>,
}

impl Answering {
    /// What a runbook answers.
    pub fn of(path: &Path, runbook: &Runbook) -> Self {
        Self {
            lies: Whereabouts::of_file(path.to_owned()),
            id: runbook.id.clone(),
            service: runbook.service.clone(),
            title: runbook.title.unfilled(),
            rules: runbook.alerts.iter().map(|rule| rule.matchers.clone()).collect(),
            walked: None,
            walked_by: None,
        }
    }
}

/// So many runbooks that are invalid are told of.
const MOST_UNKNOWN: usize = 20;

impl Gathered {
    /// Those of an index that answer alerts with these labels. What lies below `here` is called as from
    /// there.
    pub fn of_index<'a>(
        index: &mut Index,
        alerts: impl Iterator<Item = &'a BTreeMap<String, String>>,
        here: &Path,
    ) -> Result<Self, IndexFailed> {
        let mut rules: BTreeMap<i64, Vec<Vec<Matcher>>> = BTreeMap::new();
        let mut asked = BTreeSet::new();
        for labels in alerts {
            if !asked.insert(labels) {
                continue;
            }
            for IndexedRule { entry, matchers } in index.alerts_for(labels)? {
                if matches(&matchers, labels) {
                    rules.entry(entry).or_default().push(matchers);
                }
            }
        }
        let ids: Vec<i64> = rules.keys().copied().collect();
        let here = fs::canonicalize(here).unwrap_or_else(|_| here.to_owned());
        let lies = |index: &Index, entry: &Entry| index.whereabouts(entry).seen_from(&here);
        let mut gathered = Self::default();
        for entry in index.some(&ids)? {
            // What lies nearer has the same name and speaks for it.
            if entry.standing != Standing::Behind {
                gathered.answering.push(Answering {
                    walked: entry.last_walked(),
                    walked_by: entry.walked_elsewhere().map(TeamWalk::whose),
                    lies: lies(index, &entry),
                    rules: rules.remove(&entry.id).unwrap_or_default(),
                    id: entry.runbook,
                    service: entry.service,
                    title: entry.title,
                });
            }
        }
        let invalid = Wanted { validity: Validity::Invalid, ..Wanted::default() };
        let unknown = index.entries(&invalid, MOST_UNKNOWN)?;
        gathered.unknown = unknown.iter().map(|entry| lies(index, entry).to_string()).collect();
        Ok(gathered)
    }
}

/// Looks through runbooks and folders of them; if none is named, through `runbooks/` of the repository
/// around `here`.
pub fn gather(paths: &[PathBuf], here: &Path) -> Gathered {
    let own: Vec<PathBuf>;
    let paths = if paths.is_empty() {
        own = folder(here).map(|folder| below(&folder, here)).into_iter().collect();
        &own
    } else {
        paths
    };
    let mut gathered = Gathered::default();
    let mut known = BTreeSet::new();
    for path in paths {
        let (files, unreadable) = if path.is_dir() {
            let walked = walk(path);
            (walked.runbooks, walked.unreadable.into_iter().map(|it| it.path).collect())
        } else {
            (vec![path.clone()], Vec::new())
        };
        let unreadable: Vec<PathBuf> = unreadable;
        gathered.unknown.extend(unreadable.iter().map(|path| path.display().to_string()));
        for file in files {
            if known.insert(file.clone()) {
                add(&mut gathered, &file);
            }
        }
    }
    gathered
}

/// The folder as it is called from here.
fn below(folder: &Path, here: &Path) -> PathBuf {
    folder.strip_prefix(here).map_or_else(|_| folder.to_owned(), Path::to_owned)
}

fn add(gathered: &mut Gathered, path: &Path) {
    let Ok(file) = File::read(path) else {
        gathered.unknown.push(path.display().to_string());
        return;
    };
    if file.is_scenario() {
        return;
    }
    match file.load(&path.display().to_string()).1.runbook {
        Some(runbook) if runbook.alerts.is_empty() => {}
        Some(runbook) => gathered.answering.push(Answering::of(path, &runbook)),
        None => gathered.unknown.push(path.display().to_string()),
    }
}
