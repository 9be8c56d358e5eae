//! From what a person types to a runbook's file: a path, an id, `service/id`, or any unique part.

use std::path::{Path, PathBuf};

use super::walk::{has_ending, runbooks_below};
use crate::diagnostic::did_you_mean;

/// The folder of a repository that holds its runbooks.
pub(super) const FOLDER: &str = "runbooks";

/// Why a reference names no runbook.
#[derive(Debug, thiserror::Error)]
pub enum ReferenceFailed {
    /// Nothing has that name.
    #[error("there is no runbook `{reference}`{}", hint(suggestion.as_ref()))]
    None {
        /// What was typed.
        reference: String,
        /// The nearest id.
        suggestion: Option<String>,
    },
    /// A revision was asked for.
    #[error("`{0}`: versions at a git revision are not supported yet; check the revision out")]
    Revision(String),
    /// Several have it.
    #[error("several runbooks match `{reference}`: {}", ids.join(", "))]
    Several {
        /// What was typed.
        reference: String,
        /// Their paths.
        ids: Vec<String>,
    },
}

fn hint(suggestion: Option<&String>) -> String {
    suggestion.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default()
}

/// Finds the file of a runbook. Ids are looked for in `runbooks/` of the repository around
/// `here`, or of `here` itself.
pub fn locate(reference: &str, here: &Path) -> Result<PathBuf, ReferenceFailed> {
    let path = Path::new(reference);
    let looks_like_path = reference.contains('/') && path.extension().is_some();
    if path.exists() || looks_like_path || has_ending(path) {
        return Ok(path.to_owned());
    }
    if reference.contains('@') {
        return Err(ReferenceFailed::Revision(reference.to_owned()));
    }
    let runbooks = folder(here).map(|folder| runbooks_below(&folder)).unwrap_or_default();
    let wanted = reference.rsplit('/').next().unwrap_or(reference);
    let stem = |path: &Path| path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    if let Some(exact) = runbooks.iter().find(|path| stem(path) == wanted) {
        return Ok(exact.clone());
    }
    let matches: Vec<_> = runbooks.iter().filter(|path| stem(path).contains(wanted)).collect();
    match matches.as_slice() {
        [one] => Ok((*one).clone()),
        [] => {
            let stems: Vec<String> = runbooks.iter().map(|path| stem(path)).collect();
            Err(ReferenceFailed::None {
                reference: reference.to_owned(),
                suggestion: did_you_mean(wanted, stems.iter().map(String::as_str))
                    .map(str::to_owned),
            })
        }
        several => Err(ReferenceFailed::Several {
            reference: reference.to_owned(),
            ids: several.iter().map(|path| stem(path)).collect(),
        }),
    }
}

/// The folder of runbooks of the repository around a folder.
pub(super) fn folder(here: &Path) -> Option<PathBuf> {
    here.ancestors().map(|folder| folder.join(FOLDER)).find(|folder| folder.is_dir())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn ids_and_unique_parts_are_found_and_near_misses_named() {
        let folder = tempfile::tempdir().unwrap();
        let runbooks = folder.path().join("runbooks");
        fs::create_dir_all(runbooks.join("deep")).unwrap();
        for name in ["disk-full.yaml", "deep/port-dead.yaml", "port-slow.yml", "notes.txt"] {
            fs::write(runbooks.join(name), "").unwrap();
        }
        let at = |reference: &str| locate(reference, &runbooks.join("deep"));
        assert_eq!(at("disk-full").unwrap(), runbooks.join("disk-full.yaml"));
        assert_eq!(at("shop/disk").unwrap(), runbooks.join("disk-full.yaml"));
        assert_eq!(at("dead").unwrap(), runbooks.join("deep/port-dead.yaml"));
        assert!(matches!(at("port"), Err(ReferenceFailed::Several { ids, .. }) if ids.len() == 2));
        let error = at("disk-fill").unwrap_err().to_string();
        assert_eq!(error, "there is no runbook `disk-fill`; did you mean `disk-full`?");
        assert!(matches!(at("disk-full@v1"), Err(ReferenceFailed::Revision(_))));
    }
}
