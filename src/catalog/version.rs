//! A runbook as it was at a revision of its repository, read from git's objects without a checkout.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::snapshot::Snapshot;
use crate::diagnostic::did_you_mean;
use crate::process::{Objects, ObjectsFailed, git_folder};

/// No revision that somebody types is longer.
const MOST_LETTERS: usize = 256;

/// So many branches and tags are named where one is not there.
const MOST_NAMED: usize = 6;

/// A commit that files are read from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Version {
    /// What was asked for, such as `v1` or `HEAD~3`.
    pub revision: String,
    /// The commit that this meant.
    pub commit: String,
    /// The URL that the repository was cloned from, without a password.
    pub remote: Option<String>,
    /// Where git keeps what it knows of the repository.
    pub git_folder: PathBuf,
}

/// Why nothing can be read at a revision.
#[derive(Debug, thiserror::Error)]
pub enum VersionFailed {
    /// There are no revisions.
    #[error("{} is in no git repository, so there is no `{revision}` of it", place.display())]
    NoRepository {
        /// Where a repository was looked for.
        place: PathBuf,
        /// What was asked for.
        revision: String,
    },
    /// Nothing is called so.
    #[error("`{0}` cannot be a git revision; it is a branch, a tag, a commit, or like HEAD~3")]
    Odd(String),
    /// It names two.
    #[error("`{revision}` is a tag and a branch, which are not the same; say {}", names.join(" or "))]
    Ambiguous {
        /// What was asked for.
        revision: String,
        /// What to say instead.
        names: Vec<String>,
    },
    /// It is not there.
    #[error("there is no revision `{revision}` in {} on this machine{near}", place.display())]
    None {
        /// What was asked for.
        revision: String,
        /// The repository.
        place: PathBuf,
        /// What there is, a sentence's end.
        near: String,
    },
    /// Git cannot be asked.
    #[error(transparent)]
    Objects(#[from] ObjectsFailed),
}

/// The files of a repository with a working copy, as they were at a revision.
pub(super) fn snapshot(
    root: &Path,
    revision: &str,
    path: &OsStr,
) -> Result<(Rc<Snapshot>, Version), VersionFailed> {
    let objects = Objects::of_working_copy(root, path)?;
    let version = Version {
        revision: revision.to_owned(),
        commit: commit(&objects, root, revision)?,
        remote: objects.remote(),
        git_folder: objects.common_folder().unwrap_or_else(|| git_folder(root)),
    };
    Ok((files(objects, &version, root), version))
}

/// The files of a mirror, as they were at a revision: another one than it was fetched for.
pub(super) fn snapshot_of_mirror(
    mirror: &Version,
    revision: &str,
    path: &OsStr,
) -> Result<(Rc<Snapshot>, Version), VersionFailed> {
    let root = &mirror.git_folder;
    let objects = Objects::at(root, path)?;
    let commit = commit(&objects, root, revision)?;
    let version = Version { revision: revision.to_owned(), commit, ..mirror.clone() };
    Ok((files(objects, &version, root), version))
}

fn files(objects: Objects, version: &Version, root: &Path) -> Rc<Snapshot> {
    Rc::new(Snapshot::new(objects, version.commit.clone(), root.to_owned()))
}

/// The commit that a revision means. One that git would choose among several is refused.
fn commit(objects: &Objects, place: &Path, revision: &str) -> Result<String, VersionFailed> {
    if !is_revision(revision) {
        return Err(VersionFailed::Odd(revision.to_owned()));
    }
    let end = revision.find(['~', '^']).unwrap_or(revision.len());
    let (name, steps) = revision.split_at(end);
    let within = |kind: &str| format!("refs/{kind}/{name}{steps}");
    let names = [within("tags"), within("heads"), within("remotes/origin")];
    let [tag, branch, fetched] = &names;
    let mut found = objects.resolve_each(&[revision, tag, branch, fetched])?.into_iter();
    let mut next = || found.next().flatten();
    let (plain, tagged, on_branch, on_fetched) = (next(), next(), next(), next());
    let branched = on_branch.or_else(|| on_fetched.clone());
    if let (Some(tagged), Some(branched)) = (&tagged, &branched)
        && tagged != branched
    {
        let names = vec![format!("tags/{name}{steps}"), format!("heads/{name}{steps}")];
        return Err(VersionFailed::Ambiguous { revision: revision.to_owned(), names });
    }
    plain.or(on_fetched).ok_or_else(|| VersionFailed::None {
        revision: revision.to_owned(),
        place: place.to_owned(),
        near: near(objects, place, name),
    })
}

/// Whether this can be a revision as people write them. What git understands beyond that (paths, searches,
/// ranges, times) is not.
fn is_revision(text: &str) -> bool {
    let odd = |c: char| c.is_control() || c.is_whitespace() || ":?*[\\\"'`$;&|<>(){}".contains(c);
    !text.is_empty()
        && text.len() <= MOST_LETTERS
        && !text.starts_with(['-', '^', '@'])
        && !text.contains("..")
        && !text.contains(odd)
}

/// Which revisions there are, as the end of a sentence.
fn near(objects: &Objects, place: &Path, wanted: &str) -> String {
    let references = objects.references().unwrap_or_default();
    let mut names: Vec<&str> = references.iter().filter_map(|name| plain(name)).collect();
    names.sort_unstable();
    names.dedup();
    let mut said = match did_you_mean(wanted, names.iter().copied()) {
        Some(near) => format!("; did you mean `{near}`?"),
        None => String::new(),
    };
    if !names.is_empty() {
        let more = names.len().saturating_sub(MOST_NAMED);
        let some = names[..names.len() - more].join(", ");
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        let mark = if said.is_empty() { ";" } else { "" };
        said = format!("{said}{mark} there are {some}{more}");
    }
    let folder = objects.common_folder().unwrap_or_else(|| git_folder(place));
    if folder.join("shallow").exists() {
        said.push_str("; its history was fetched only in part");
    }
    said
}

/// What people call a reference.
fn plain(reference: &str) -> Option<&str> {
    let name = reference
        .strip_prefix("refs/heads/")
        .or_else(|| reference.strip_prefix("refs/tags/"))
        .or_else(|| reference.strip_prefix("refs/remotes/origin/"))?;
    (name != "HEAD").then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_revision_is_never_asked_for() {
        for good in ["main", "v1.2", "feature/x", "HEAD~3", "HEAD^", "4f2a91c", "tags/v1", "größe"]
        {
            assert!(is_revision(good), "{good}");
        }
        let long = "a".repeat(MOST_LETTERS + 1);
        for odd in [
            "",
            "-x",
            "--upload-pack=x",
            "a b",
            "a\nb",
            "a:b",
            ":/fix",
            "a..b",
            "^main",
            "main@{1}",
            "$(x)",
            "`x`",
            "a\u{1b}[31m",
            "*",
            "@",
            &long,
        ] {
            assert!(!is_revision(odd), "{odd}");
        }
    }

    #[test]
    fn references_are_called_as_people_call_them() {
        assert_eq!(plain("refs/heads/a/b"), Some("a/b"));
        assert_eq!(plain("refs/tags/v1"), Some("v1"));
        assert_eq!(plain("refs/remotes/origin/main"), Some("main"));
        assert_eq!(plain("refs/remotes/origin/HEAD"), None);
        assert_eq!(plain("refs/stash"), None);
    }
}
