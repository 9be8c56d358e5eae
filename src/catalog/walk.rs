//! The runbooks below a folder.
//!
//! Hidden files and folders are left out. A link to a file counts if the file lies below the same
//! folder; links to folders are not followed, so that nothing is found twice or for ever.

use std::fs;
use std::path::{Path, PathBuf};

use super::beneath::said;
use crate::diagnostic::Severity;

/// Deeper folders are not searched.
pub(super) const MOST_DEPTH: usize = 16;

/// What was found below a folder.
#[derive(Debug, Default)]
pub struct Walked {
    /// The runbooks, sorted by their paths.
    pub runbooks: Vec<PathBuf>,
    /// What could not be looked into.
    pub unreadable: Vec<Unreadable>,
}

/// A folder that could not be looked into, or a link that leads elsewhere.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Unreadable {
    /// Where it is.
    pub path: PathBuf,
    /// Why, a phrase.
    pub why: String,
    /// How bad that is: behind a folder may be any number of runbooks, behind a link is one.
    pub severity: Severity,
}

impl Walked {
    fn refuse(&mut self, path: &Path, why: String, severity: Severity) {
        self.unreadable.push(Unreadable { path: path.to_owned(), why, severity });
    }
}

/// The endings of runbooks, sorted.
pub(super) const ENDINGS: [&str; 2] = ["yaml", "yml"];

/// Whether a path has the ending of runbooks.
pub(super) fn has_ending(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ENDINGS.iter().any(|known| ending == *known))
}

/// The runbooks below a folder, sorted.
pub fn runbooks_below(folder: &Path) -> Vec<PathBuf> {
    walk(folder).runbooks
}

/// The runbooks below a folder, and what could not be looked into.
pub fn walk(folder: &Path) -> Walked {
    let mut walked = Walked::default();
    visit(folder, folder, 0, &mut walked);
    walked.runbooks.sort();
    walked
}

fn visit(top: &Path, folder: &Path, depth: usize, walked: &mut Walked) {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => return walked.refuse(folder, said(&error), Severity::Error),
    };
    if depth > MOST_DEPTH {
        let why = format!("it is more than {MOST_DEPTH} folders deep");
        return walked.refuse(folder, why, Severity::Error);
    }
    let mut folders = Vec::new();
    for entry in entries {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                walked.refuse(folder, said(&error), Severity::Error);
                continue;
            }
        };
        let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        let Some(kind) = entry.file_type().ok().filter(|_| !hidden) else {
            continue;
        };
        let path = entry.path();
        if kind.is_dir() {
            folders.push(path);
        } else if kind.is_file() && has_ending(&path) {
            walked.runbooks.push(path);
        } else if kind.is_symlink() && has_ending(&path) {
            match leads_inside(top, &path) {
                Ok(true) => walked.runbooks.push(path),
                Ok(false) => {}
                Err(why) => walked.refuse(&path, why, Severity::Warning),
            }
        }
    }
    folders.sort();
    for below in folders {
        visit(top, &below, depth + 1, walked);
    }
}

/// Whether a link leads to a file below the folder.
fn leads_inside(top: &Path, link: &Path) -> Result<bool, String> {
    let real = fs::canonicalize(link).map_err(|error| said(&error))?;
    let top = fs::canonicalize(top).map_err(|error| said(&error))?;
    if !real.starts_with(&top) {
        return Err("it is a link that leads out of the folder".to_owned());
    }
    Ok(real.is_file())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn folder(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        folder
    }

    fn names(folder: &Path, walked: &Walked) -> Vec<String> {
        let name = |path: &PathBuf| path.strip_prefix(folder).unwrap().display().to_string();
        walked.runbooks.iter().map(name).collect()
    }

    #[test]
    fn runbooks_are_found_in_order_and_hidden_ones_are_not() {
        let folder =
            folder(&["b.yml", "a/x.yaml", ".git/c.yaml", "a/.d.yaml", "notes.txt", "c.yaml"]);
        let walked = walk(folder.path());
        assert_eq!(names(folder.path(), &walked), ["a/x.yaml", "b.yml", "c.yaml"]);
        assert_eq!(walked.unreadable, []);
    }

    #[test]
    fn links_lead_nowhere_else() {
        let outside = folder(&["o.yaml"]);
        let folder = folder(&["a/x.yaml"]);
        symlink("a/x.yaml", folder.path().join("y.yaml")).unwrap();
        symlink(folder.path(), folder.path().join("loop")).unwrap();
        symlink(folder.path(), folder.path().join("loop.yaml")).unwrap();
        symlink(outside.path().join("o.yaml"), folder.path().join("out.yaml")).unwrap();
        symlink("nothing", folder.path().join("dead.yaml")).unwrap();
        let walked = walk(folder.path());
        assert_eq!(names(folder.path(), &walked), ["a/x.yaml", "y.yaml"]);
        let mut refused: Vec<_> = walked.unreadable.iter().map(|it| it.path.clone()).collect();
        refused.sort();
        assert_eq!(refused, ["dead.yaml", "out.yaml"].map(|name| folder.path().join(name)));
    }
}
