//! What of a commit must be on this machine, so that its runbooks can be walked with the network down:
//! all files below the folder of runbooks, the repository's settings, and every file that one of these
//! texts mentions, wherever it lies. A word that happens to be the path of a file brings that file
//! along, too: better one too many than one too few. What is odd about them is told.

use std::collections::{BTreeMap, BTreeSet};

use super::settings_file::REPOSITORY_SETTINGS;
use super::walk::has_ending;
use crate::process::{Blob, Entry, EntryKind, FetchFailed, Objects, ObjectsFailed, ToolError};
use crate::runbook::is_scenario;

/// Runbooks and their kin are not larger.
const MOST_BYTES: u64 = 1 << 20;
/// More files are not fetched of one source.
const MOST_FILES: usize = 100_000;
/// More is not told of one source.
const MOST_TOLD: usize = 20;
/// A runbook that uses one that uses one: not deeper than this.
const MOST_ROUNDS: usize = 16;
/// So many texts are looked through at once.
const AT_ONCE: usize = 200;

/// What a commit holds, all of it on this machine.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Contents {
    /// How many files should be runbooks: they have the ending, and are no scenarios.
    pub(super) count: usize,
    /// What is odd about them.
    pub(super) findings: Vec<String>,
}

/// Why what was fetched cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ContentsFailed {
    /// Git does not read it.
    #[error(transparent)]
    Objects(#[from] ObjectsFailed),
    /// Git does not fetch it.
    #[error(transparent)]
    Fetch(#[from] FetchFailed),
    /// Nobody has so many runbooks.
    #[error("it has {0} files below its folder of runbooks, more than {MOST_FILES}")]
    TooMany(usize),
    /// The remote did not send it.
    #[error("the remote did not send {0}")]
    Missing(String),
    /// What was sent is not what it should be.
    #[error("{0} is damaged")]
    Damaged(String),
}

/// Sees to it that all that is needed of a commit is there: what is missing is fetched by its name.
pub(super) fn complete(
    objects: &Objects,
    commit: &str,
    runbooks: &str,
    fetch: &dyn Fn(&[String]) -> Result<(), FetchFailed>,
) -> Result<Contents, ContentsFailed> {
    let mut findings = Vec::new();
    let all = entries(objects, commit, runbooks, &mut findings)?;
    let tree = Tree { objects, fetch, all: &all };
    let below = format!("{runbooks}/");
    let mut wanted: BTreeSet<&str> = all
        .iter()
        .filter(|(path, entry)| {
            let named = path.starts_with(&below) || *path == REPOSITORY_SETTINGS;
            named && !matches!(entry.kind, EntryKind::Submodule | EntryKind::Folder)
        })
        .map(|(path, _)| path.as_str())
        .collect();
    if wanted.len() > MOST_FILES {
        return Err(ContentsFailed::TooMany(wanted.len()));
    }
    if !all.keys().any(|path| path.starts_with(&below)) {
        findings.push(format!("there is no folder `{runbooks}` in it"));
    }
    odd_names(&all, &below, &mut findings);
    let mut count = wanted.iter().filter(|path| is_runbook(path, &below)).count();
    let mut known = BTreeSet::new();
    for _ in 0..MOST_ROUNDS {
        tree.bring(&wanted)?;
        let mut more = BTreeSet::new();
        let new: Vec<&str> = wanted.difference(&known).copied().collect();
        for some in new.chunks(AT_ONCE) {
            count -= tree.look(some, &below, &mut more, &mut findings)?;
        }
        known.append(&mut wanted);
        wanted = more.difference(&known).copied().collect();
        if wanted.is_empty() {
            break;
        }
    }
    findings.sort();
    if findings.len() > MOST_TOLD {
        let more = findings.len() - MOST_TOLD;
        findings.truncate(MOST_TOLD);
        findings.push(format!("and {more} more"));
    }
    Ok(Contents { count, findings })
}

/// Whether a file should be a runbook; what is hidden need not.
fn is_runbook(path: &str, below: &str) -> bool {
    let hidden = |below: &str| below.split('/').any(|part| part.starts_with('.'));
    has_ending(path.as_ref()) && path.strip_prefix(below).is_some_and(|below| !hidden(below))
}

/// All names of a commit. Of a repository with too many of them, those that may be runbooks.
fn entries(
    objects: &Objects,
    commit: &str,
    runbooks: &str,
    findings: &mut Vec<String>,
) -> Result<BTreeMap<String, Entry>, ContentsFailed> {
    let entries = match objects.tree(commit, "") {
        Err(ObjectsFailed::Tool(ToolError::TooMuch { .. })) => {
            findings.push(
                "it is very large: what lies outside its folder of runbooks is not looked for"
                    .to_owned(),
            );
            let mut entries = objects.tree(commit, runbooks)?;
            entries.extend(objects.folder(commit, "")?);
            entries
        }
        entries => entries?,
    };
    Ok(entries.into_iter().map(|entry| (entry.path.clone(), entry)).collect())
}

/// Names that are not the same thing on every machine, or stand for nothing that is fetched.
fn odd_names(all: &BTreeMap<String, Entry>, below: &str, findings: &mut Vec<String>) {
    let mut lower: BTreeMap<String, &str> = BTreeMap::new();
    for (path, entry) in all.iter().filter(|(path, _)| path.starts_with(below)) {
        if entry.kind == EntryKind::Submodule {
            findings.push(format!("{path} is a submodule, which is not fetched"));
        }
        if path.contains(char::REPLACEMENT_CHARACTER) {
            findings.push(format!("the name {path} is not UTF-8"));
        } else if path.chars().any(char::is_control) {
            findings.push(format!("the name {path} holds a control character"));
        }
        if let Some(other) = lower.insert(path.to_lowercase(), path) {
            findings.push(format!("{other} and {path} differ only in their letters' case"));
        }
    }
}

/// A commit, and how to get what is missing of it.
struct Tree<'a> {
    objects: &'a Objects,
    fetch: &'a dyn Fn(&[String]) -> Result<(), FetchFailed>,
    all: &'a BTreeMap<String, Entry>,
}

impl<'a> Tree<'a> {
    /// Fetches what is not there yet.
    fn bring(&self, paths: &BTreeSet<&str>) -> Result<(), ContentsFailed> {
        let missing = self.missing(paths)?;
        if missing.is_empty() {
            return Ok(());
        }
        let names: BTreeSet<String> =
            missing.iter().map(|path| self.all[*path].object.clone()).collect();
        (self.fetch)(&names.into_iter().collect::<Vec<_>>())?;
        match self.missing(paths)?.first() {
            None => Ok(()),
            Some(path) => Err(ContentsFailed::Missing(path.to_string())),
        }
    }

    fn missing<'p>(&self, paths: &BTreeSet<&'p str>) -> Result<Vec<&'p str>, ContentsFailed> {
        let paths: Vec<&str> = paths.iter().copied().collect();
        // Whoever asks for no bytes is only told whether they are there.
        let found = self.objects.read(&self.names(&paths), 0)?;
        let missing = paths.into_iter().zip(found).filter(|(_, blob)| *blob == Blob::Missing);
        Ok(missing.map(|(path, _)| path).collect())
    }

    fn names(&self, paths: &[&str]) -> Vec<&'a str> {
        paths.iter().map(|path| self.all[*path].object.as_str()).collect()
    }

    /// Looks through texts for names of files, and for what is odd. How many of those that should be
    /// runbooks are scenarios.
    fn look(
        &self,
        paths: &[&str],
        below: &str,
        mentioned: &mut BTreeSet<&'a str>,
        findings: &mut Vec<String>,
    ) -> Result<usize, ContentsFailed> {
        let mut scenarios = 0;
        let texts: Vec<&str> = paths
            .iter()
            .copied()
            .filter(|path| is_text(path) || self.all[*path].kind == EntryKind::Link)
            .collect();
        let blobs = self.objects.read(&self.names(&texts), MOST_BYTES)?;
        for (path, blob) in texts.into_iter().zip(blobs) {
            let link = self.all[path].kind == EntryKind::Link;
            match blob {
                Blob::Missing => return Err(ContentsFailed::Missing(path.to_string())),
                Blob::Damaged => return Err(ContentsFailed::Damaged(path.to_string())),
                Blob::Large(size) if is_runbook(path, below) => {
                    let size = size >> 20;
                    findings.push(format!("{path} has {size} MiB, and a runbook at most 1"));
                }
                Blob::Large(_) => {}
                Blob::Whole(bytes) if link => {
                    let target = String::from_utf8_lossy(&bytes).into_owned();
                    match resolved(around(path), &target) {
                        None => findings.push(format!("{path} is a link that leads out of it")),
                        Some(target) => mentioned.extend(self.file(&target)),
                    }
                }
                Blob::Whole(bytes) => {
                    if std::str::from_utf8(&bytes).is_err() && is_runbook(path, below) {
                        findings.push(format!("{path} is not UTF-8"));
                    }
                    let text = String::from_utf8_lossy(&bytes);
                    scenarios += usize::from(is_runbook(path, below) && is_scenario(&text));
                    self.mentioned(path, &text, mentioned);
                }
            }
        }
        Ok(scenarios)
    }

    /// The files that a text speaks of, from its own folder or from the root.
    fn mentioned(&self, path: &str, text: &str, found: &mut BTreeSet<&'a str>) {
        const MARKS: &[char] = &['"', '\'', '`', ',', '[', ']', '{', '}', '(', ')', '=', ':', ';'];
        let whole = text.lines().filter_map(|line| line.split_once(": ").map(|(_, value)| value));
        let words = text.split(|c: char| c.is_whitespace() || MARKS.contains(&c));
        for word in words.chain(whole) {
            let word = word.trim_matches(|c: char| c.is_whitespace() || "\"'".contains(c));
            // What has neither could be any word, and files without either are rare.
            if word.contains(['.', '/']) {
                for folder in [around(path), ""] {
                    found.extend(resolved(folder, word).and_then(|named| self.file(&named)));
                }
            }
        }
    }

    fn file(&self, path: &str) -> Option<&'a str> {
        let (path, entry) = self.all.get_key_value(path)?;
        let file = matches!(entry.kind, EntryKind::File | EntryKind::Program | EntryKind::Link);
        file.then_some(path.as_str())
    }
}

/// Texts in which files are named.
fn is_text(path: &str) -> bool {
    [".yaml", ".yml", ".toml", ".json"].iter().any(|ending| path.ends_with(ending))
}

/// The folder that a file lies in.
fn around(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// What a relative path means in a folder; nothing if it leads out of the root.
fn resolved(folder: &str, path: &str) -> Option<String> {
    if path.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_count_from_their_folder_and_stay_below_the_root() {
        let check = |folder: &str, path: &str, expected: Option<&str>| {
            assert_eq!(resolved(folder, path).as_deref(), expected, "{folder} {path}");
        };
        check("runbooks/deep", "../lib/fix.sh", Some("runbooks/lib/fix.sh"));
        check("runbooks", "./a.yaml", Some("runbooks/a.yaml"));
        check("", "a//b", Some("a/b"));
        check("runbooks", "../../etc/passwd", None);
        check("runbooks", "/etc/passwd", None);
    }

    #[test]
    fn names_that_differ_on_other_machines_are_told() {
        let entry = |path: &str, kind| {
            let entry = Entry { path: path.to_owned(), kind, object: "0".repeat(40) };
            (path.to_owned(), entry)
        };
        let all = BTreeMap::from([
            entry("Runbooks/a.yaml", EntryKind::File),
            entry("runbooks/A.yaml", EntryKind::File),
            entry("runbooks/a.yaml", EntryKind::File),
            entry("runbooks/b\u{fffd}.yaml", EntryKind::File),
            entry("runbooks/c\n.yaml", EntryKind::File),
            entry("runbooks/module", EntryKind::Submodule),
        ]);
        let mut findings = Vec::new();
        odd_names(&all, "runbooks/", &mut findings);
        assert_eq!(findings.len(), 4, "{findings:?}");
        for (finding, expected) in findings.iter().zip([
            "runbooks/A.yaml and runbooks/a.yaml differ only",
            "is not UTF-8",
            "holds a control character",
            "runbooks/module is a submodule",
        ]) {
            assert!(finding.contains(expected), "{finding}");
        }
    }
}
