//! The runbooks that a file of a repository may name: beside it, in the folders above it, and in
//! the repository's folder of runbooks.

use std::path::{Path, PathBuf};

use super::folder::Folder;
use super::held::Held;
use super::reference::FOLDER;
use super::walk::has_ending;
use crate::diagnostic::{cut, did_you_mean};
use crate::runbook::{Found, NotFound, Shelf, decode, is_scenario};

/// The folder beside runbooks that holds their scenarios.
pub const SCENARIOS: &str = "scenarios";

impl Shelf for Folder {
    fn find(&self, reference: &str) -> Result<Found<'_>, NotFound> {
        if has_ending(Path::new(reference)) {
            let path = self.inside(reference).map_err(|message| NotFound {
                message,
                help: "name a runbook by its id, or by a path inside the repository".to_owned(),
            })?;
            return self.opened(&path).ok_or_else(|| self.none(reference, &[]));
        }
        let wanted = reference.rsplit('/').next().unwrap_or(reference);
        let found = self.called(wanted).find_map(|path| self.opened(&path));
        found.ok_or_else(|| self.none(wanted, &self.near()))
    }
}

impl Folder {
    /// The folder of the file and those above it, as far as the repository reaches.
    fn folders(&self) -> impl Iterator<Item = &Path> {
        // Where there is no repository, scenarios still lie in a folder beside their runbooks.
        let beside = self.base() == self.root() && self.base().ends_with(SCENARIOS);
        let top = self.root().parent().filter(|_| beside).unwrap_or(self.root());
        self.base().ancestors().take_while(move |folder| folder.starts_with(top))
    }

    /// Files of this name that may be runbooks, the nearest first. A folder may hold thousands of
    /// scenarios, each of which asks here: none is listed before a name was asked for in vain.
    fn called(&self, wanted: &str) -> impl Iterator<Item = PathBuf> {
        let near = self.folders().flat_map(move |folder| self.holding().called(folder, wanted));
        let below = || self.holding().runbooks_below(&self.root().join(FOLDER));
        let below = std::iter::once_with(below).flatten().filter(move |path| stem(path) == wanted);
        near.chain(below)
    }

    /// Files that may be runbooks, the nearest first.
    fn near(&self) -> Vec<PathBuf> {
        let beside = self.folders().flat_map(|folder| self.holding().beside(folder));
        let below = self.holding().runbooks_below(&self.root().join(FOLDER));
        beside.chain(below).collect()
    }

    fn none(&self, wanted: &str, near: &[PathBuf]) -> NotFound {
        let stems: Vec<String> = near.iter().map(|path| stem(path)).collect();
        let help = match did_you_mean(wanted, stems.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!(
                "runbooks are looked for beside the scenario and in `{FOLDER}/` of {}",
                self.root().display()
            ),
        };
        NotFound { message: format!("there is no runbook `{}`", cut(wanted)), help }
    }

    /// A runbook's text; a scenario may have the same name and is none.
    fn opened(&self, path: &Path) -> Option<Found<'static>> {
        let bytes = self.holding().glance(path)?;
        let (source, findings) = decode(&path.display().to_string(), &bytes);
        let readable = findings.is_empty() && !is_scenario(&source.text);
        let repository = || match self.holding() {
            Held::Disk => Self::around(path),
            Held::Commit(_) => self.at(&self.relative(path)),
        };
        readable.then(|| Found { source, repository: Box::new(repository()) })
    }
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn runbooks_are_found_nearby_and_nowhere_else() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("repo");
        let scenarios = root.join("runbooks/scenarios");
        fs::create_dir_all(&scenarios).unwrap();
        fs::create_dir_all(root.join(".git")).unwrap();
        fs::write(folder.path().join("outside.yaml"), "schema: surefoot/v1\n").unwrap();
        fs::write(root.join("runbooks/disk.yaml"), "schema: surefoot/v1\n").unwrap();
        fs::write(scenarios.join("disk.yaml"), "schema: surefoot-scenario/v1\n").unwrap();
        let around = Folder::around(&scenarios.join("disk.yaml"));
        for reference in ["disk", "shop/disk", "../disk.yaml"] {
            let found = around.find(reference).map(|found| found.source.name).unwrap();
            assert!(found.ends_with("runbooks/disk.yaml"), "{reference}: {found}");
        }
        let message = |reference: &str| around.find(reference).err().unwrap();
        assert!(message("../../../outside.yaml").message.contains("leads out of the repository"));
        assert!(message("outside").message.contains("there is no runbook `outside`"));
        assert_eq!(message("disc").help, "did you mean `disk`?");
    }
}
