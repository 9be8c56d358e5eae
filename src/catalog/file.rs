//! A runbook's file: read once, loaded, checked.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::asked::{Asked, Look};
use super::beneath::{Unread, Whole, read};
use super::folder::Folder;
use super::neighbours::Neighbours;
use super::settings_file::settings_findings;
use super::walk::runbooks_below;
use crate::diagnostic::Source;
use crate::runbook::{
    Loaded, Repaired, Repository, Shelf, decode, is_scenario, load, load_scenario, repair,
};

/// A file that cannot be read as a runbook.
#[derive(Debug, thiserror::Error)]
#[error("failed to read {}: {why}", path.display())]
pub struct FileFailed {
    /// The file.
    pub path: PathBuf,
    /// Why, a phrase.
    pub why: String,
}

/// A runbook's file, read once: what was checked is what runs.
#[derive(Debug)]
pub struct File {
    /// Where it is.
    pub path: PathBuf,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl File {
    /// Reads a file.
    pub fn read(path: &Path) -> Result<Self, FileFailed> {
        match read(path) {
            Ok(Whole { bytes, .. }) => Ok(Self { path: path.to_owned(), bytes }),
            Err(unread) => {
                let why = match unread {
                    Unread::Folder => "it is a folder, not a runbook".to_owned(),
                    Unread::Large(bytes) => {
                        format!("it has {bytes} bytes, a runbook has at most 1 MiB")
                    }
                    other => other.to_string(),
                };
                Err(FileFailed { path: path.to_owned(), why })
            }
        }
    }

    /// The name of the file without its ending: the runbook's id unless it says otherwise.
    pub fn stem(&self) -> String {
        let stem = self.path.file_stem().unwrap_or_default();
        stem.to_string_lossy().into_owned()
    }

    /// Loads it, with the repository it stands in.
    pub fn load(&self, name: &str) -> (Source, Loaded) {
        self.load_in(name, &Folder::around(&self.path))
    }

    /// Repairs its text, as far as that is safe; nothing is written. `None` if it holds no text.
    pub fn repair(&self, name: &str) -> Option<Repaired> {
        let (source, findings) = decode(name, &self.bytes);
        let whole = findings.is_empty() && !is_scenario(&source.text) && !self.is_settings();
        whole.then(|| repair(&source, &Folder::around(&self.path)))
    }

    /// Whether it holds settings, by its ending.
    pub fn is_settings(&self) -> bool {
        self.path.extension().is_some_and(|ending| ending == "toml")
    }

    /// Whether it is a scenario, which walks a runbook and is none.
    pub fn is_scenario(&self) -> bool {
        let (source, findings) = decode("", &self.bytes);
        findings.is_empty() && is_scenario(&source.text)
    }

    /// Checks it: a runbook, a scenario against its runbook, or settings.
    pub fn check(&self, name: &str) -> (Source, Loaded) {
        self.check_in(name, &Folder::around(&self.path))
    }

    /// Checks it beside other sources, and says which other files that depends on and how they look.
    pub fn check_and_tell(
        &self,
        name: &str,
        neighbours: Neighbours,
    ) -> (Source, Loaded, BTreeMap<PathBuf, Look>) {
        let asked = Asked::new(Folder::around(&self.path).beside(neighbours));
        let (source, loaded) = self.check_in(name, &asked);
        (source, loaded, asked.looks())
    }

    fn check_in<R: Repository + Shelf>(&self, name: &str, repository: &R) -> (Source, Loaded) {
        let (source, findings) = decode(name, &self.bytes);
        let loaded = if !findings.is_empty() {
            Loaded { runbook: None, findings }
        } else if self.is_settings() {
            let folder = Folder::around(&self.path);
            Loaded { runbook: None, findings: settings_findings(&source, &self.path, &folder) }
        } else if is_scenario(&source.text) {
            let findings = load_scenario(&source, repository).findings;
            Loaded { runbook: None, findings }
        } else {
            load(&source, repository)
        };
        (source, loaded)
    }

    /// Loads it, with a repository that is known.
    pub fn load_in(&self, name: &str, folder: &Folder) -> (Source, Loaded) {
        let (source, findings) = decode(name, &self.bytes);
        if !findings.is_empty() {
            return (source, Loaded { runbook: None, findings });
        }
        let loaded = load(&source, folder);
        (source, loaded)
    }
}

/// How many files below a folder should be runbooks: scenarios, which lie there too, are none.
pub fn count_runbooks(folder: &Path) -> usize {
    let scenario = |path: &&PathBuf| File::read(path).is_ok_and(|file| file.is_scenario());
    let all = runbooks_below(folder);
    all.len() - all.iter().filter(scenario).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_file_is_said_plainly() {
        let folder = tempfile::tempdir().unwrap();
        let error = File::read(folder.path()).unwrap_err().to_string();
        assert!(error.ends_with("it is a folder, not a runbook"), "{error}");
        let error = File::read(&folder.path().join("x.yaml")).unwrap_err().to_string();
        assert!(error.ends_with("there is no such file"), "{error}");
    }
}
