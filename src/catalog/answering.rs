//! The runbooks that alerts may ask for, from the folders in which they lie.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::alert::Answering;
use super::file::File;
use super::reference::folder;
use super::walk::walk;
use crate::runbook::Runbook;

/// The runbooks that were found.
#[derive(Debug, Default)]
pub struct Gathered {
    /// Those that answer alerts.
    pub answering: Vec<Answering>,
    /// Those that are invalid, and what could not be looked into: any alert may be theirs.
    pub unknown: Vec<PathBuf>,
}

impl Answering {
    /// What a runbook answers.
    pub fn of(path: &Path, runbook: &Runbook) -> Self {
        Self {
            path: path.to_owned(),
            id: runbook.id.clone(),
            service: runbook.service.clone(),
            title: runbook.title.source().to_owned(),
            rules: runbook.alerts.iter().map(|rule| rule.matchers.clone()).collect(),
            walked: None,
        }
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
        gathered.unknown.extend(unreadable);
        for file in files {
            if known.insert(file.clone()) {
                add(&mut gathered, file);
            }
        }
    }
    gathered
}

/// The folder as it is called from here.
fn below(folder: &Path, here: &Path) -> PathBuf {
    folder.strip_prefix(here).map_or_else(|_| folder.to_owned(), Path::to_owned)
}

fn add(gathered: &mut Gathered, path: PathBuf) {
    let Ok(file) = File::read(&path) else {
        gathered.unknown.push(path);
        return;
    };
    if file.is_scenario() {
        return;
    }
    match file.load(&path.display().to_string()).1.runbook {
        Some(runbook) if runbook.alerts.is_empty() => {}
        Some(runbook) => gathered.answering.push(Answering::of(&path, &runbook)),
        None => gathered.unknown.push(path),
    }
}
