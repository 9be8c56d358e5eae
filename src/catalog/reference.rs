//! From what a person types to a runbook's file: a path, an id, `service/id`, or any unique part, each
//! with `@REV` for what it was at a revision of its repository.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};

use super::file::{File, FileFailed};
use super::folder::Folder;
use super::held::Held;
use super::neighbours::{Elsewhere, Neighbour, Neighbours};
use super::version::{Version, VersionFailed, snapshot, snapshot_of_mirror};
use super::walk::{has_ending, runbooks_below};
use crate::diagnostic::did_you_mean;
use crate::runbook::{UseFailed, decode, is_scenario, own_names};
use crate::value::{RunbookId, ServiceId};

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
    /// Several have it.
    #[error("several runbooks match `{reference}`: {}", ids.join(", "))]
    Several {
        /// What was typed.
        reference: String,
        /// What tells them apart: their ids, or their paths.
        ids: Vec<String>,
    },
    /// There is no such revision.
    #[error(transparent)]
    Version(#[from] VersionFailed),
    /// It cannot be read.
    #[error("`{reference}`: {why}")]
    Unreadable {
        /// What was typed.
        reference: String,
        /// Why, a phrase.
        why: String,
    },
    /// The revision holds no such runbook, or none that can be read.
    #[error("at `{revision}` ({commit}): {why}")]
    AtRevision {
        /// The revision.
        revision: String,
        /// The beginning of the commit's name.
        commit: String,
        /// What is the matter.
        why: String,
    },
}

impl ReferenceFailed {
    fn at(version: &Version, why: String) -> Self {
        let commit = version.commit.chars().take(12).collect();
        Self::AtRevision { revision: version.revision.clone(), commit, why }
    }
}

fn hint(suggestion: Option<&String>) -> String {
    suggestion.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default()
}

/// A runbook that was found.
#[derive(Debug)]
pub struct Located {
    /// What it is called where people read it, and by which it is found again.
    pub name: PathBuf,
    /// Its file.
    pub file: File,
    /// The repository it stands in.
    pub folder: Folder,
    /// Which other source it comes from, if it does.
    pub source: Option<Neighbour>,
    /// The mirror of the same repository that it was preferred to.
    pub rather_than: Option<Neighbour>,
}

impl Located {
    /// The runbook in a file on the disk.
    pub fn on_disk(path: PathBuf) -> Result<Self, FileFailed> {
        let file = File::read(&path)?;
        let folder = Folder::around(&path);
        Ok(Self { name: path, file, folder, source: None, rather_than: None })
    }

    /// The same, where runbooks of other sources are found as well.
    #[must_use]
    pub fn beside(self, neighbours: Neighbours) -> Self {
        Self { folder: self.folder.beside(neighbours), ..self }
    }
}

impl Elsewhere {
    /// Reads it, as it is there. It is called so where people read it.
    pub(super) fn open(self, called: &str) -> Result<Located, ReferenceFailed> {
        let Self { folder, path, neighbour, rather_than } = self;
        let failed = |why| ReferenceFailed::Unreadable { reference: called.to_owned(), why };
        let content = folder.holding().read(folder.root(), &path).map_err(failed)?;
        let file = File { path, bytes: content.bytes };
        let (name, folder) = (called.into(), folder.as_first());
        Ok(Located { name, file, folder, source: Some(neighbour), rather_than })
    }
}

/// The two names of a runbook, if that is what somebody typed.
pub fn names_of(reference: &str) -> Option<(ServiceId, RunbookId)> {
    let (service, id) = reference.split_once('/')?;
    let names = (ServiceId::new(service).ok()?, RunbookId::new(id).ok()?);
    (!is_path(reference)).then_some(names)
}

/// The runbook of the repository around `here` that has these names.
pub fn named_here(service: &ServiceId, id: &RunbookId, here: &Path) -> Result<PathBuf, UseFailed> {
    let runbooks = folder(here).ok_or(UseFailed::Away)?;
    let around = Folder::around(&runbooks.join("of.yaml"));
    match around.with_runbooks(&runbooks).runbook(service, id) {
        // They may be those of a part of the repository.
        Err(UseFailed::Away) if runbooks != around.root().join(FOLDER) => {
            around.runbook(service, id)
        }
        found => found,
    }
}

/// A runbook of another source, as it is there or at a revision.
pub fn of_neighbour(
    elsewhere: Elsewhere,
    (service, id): (&ServiceId, &RunbookId),
    revision: Option<&str>,
    path: &OsStr,
) -> Result<Located, ReferenceFailed> {
    let called = format!("{service}/{id}");
    let Some(revision) = revision else {
        return elsewhere.open(&called);
    };
    let Elsewhere { folder, neighbour, .. } = elsewhere;
    let (files, version) = match folder.version() {
        Some(mirror) => snapshot_of_mirror(mirror, revision, path)?,
        None => snapshot(folder.root(), revision, path)?,
    };
    let refuse = |why: String| ReferenceFailed::at(&version, why);
    let folder = folder.as_first().in_commit(Held::Commit(files), version.clone());
    let real = folder.runbook(service, id).map_err(|failed| match failed {
        UseFailed::Unreadable(problem) => refuse(problem),
        _ => refuse(format!("there is no runbook `{called}`")),
    })?;
    let content = folder.holding().read(folder.root(), &real).map_err(refuse)?;
    let folder = folder.at(&folder.relative(&real));
    let file = File { path: real, bytes: content.bytes };
    let name = PathBuf::from(format!("{called}@{revision}"));
    Ok(Located { name, file, folder, source: Some(neighbour), rather_than: None })
}

/// Takes a reference apart: what it names, and at which revision. What is there under the whole of it,
/// is meant.
pub fn revision_of(reference: &str) -> (&str, Option<&str>) {
    if Path::new(reference).exists() {
        return (reference, None);
    }
    let after_ending = [".yaml@", ".yml@"].iter().find_map(|ending| {
        let at = reference.rfind(ending)?;
        Some(at + ending.len() - 1)
    });
    match after_ending.or_else(|| reference.find('@')) {
        // An ending behind it says that this is a path with the letter in it.
        Some(at) if after_ending.is_some() || !has_ending(Path::new(reference)) => {
            (&reference[..at], Some(&reference[at + 1..]))
        }
        _ => (reference, None),
    }
}

/// Finds the file of a runbook. Ids are looked for in `runbooks/` of the repository around
/// `here`, or of `here` itself.
pub fn locate(reference: &str, here: &Path) -> Result<PathBuf, ReferenceFailed> {
    if is_path(reference) {
        return Ok(reference.into());
    }
    let runbooks = runbooks_around(here);
    let inherited = runbooks.first().map(|path| Folder::around(path));
    let inherited = inherited.as_ref().and_then(Folder::service);
    let path = choose(reference, &runbooks, &Held::Disk, inherited)?;
    // Another file may call itself so, whatever it is called.
    match names_in(&path, inherited).map(|(service, id)| named_here(&service, &id, here)) {
        Some(Err(UseFailed::Unreadable(why))) => {
            Err(ReferenceFailed::Unreadable { reference: reference.to_owned(), why })
        }
        _ => Ok(path),
    }
}

/// What the runbook in a file is called.
fn names_in(path: &Path, inherited: Option<&str>) -> Option<(ServiceId, RunbookId)> {
    let (source, _) = decode("", &File::read(path).ok()?.bytes);
    let (service, id) = own_names(&source);
    let service = service.or_else(|| ServiceId::new(inherited?).ok())?;
    Some((service, id.or_else(|| RunbookId::new(&stem(path)).ok())?))
}

/// Finds a runbook at a revision of the repository around it, or around `here`. Git is found in `path`.
pub fn locate_at(
    name: &str,
    revision: &str,
    here: &Path,
    path: &OsStr,
) -> Result<Located, ReferenceFailed> {
    let here = &here.canonicalize().unwrap_or_else(|_| here.to_owned());
    let by_path = is_path(name).then(|| placed(name, here));
    let place = by_path.as_deref().unwrap_or(here);
    let repository = place.ancestors().find(|folder| folder.join(".git").exists());
    let root = repository.ok_or_else(|| VersionFailed::NoRepository {
        place: place.to_owned(),
        revision: revision.to_owned(),
    })?;
    let (files, version) = snapshot(root, revision, path)?;
    let held = Held::Commit(files);
    let refuse = |why: String| ReferenceFailed::at(&version, why);
    let file = if let Some(path) = &by_path {
        path.clone()
    } else {
        let top = Folder::of_commit(held.clone(), version.clone(), root, &root.join(FOLDER));
        let exact = match names_of(name).map(|(service, id)| top.runbook(&service, &id)) {
            Some(Err(UseFailed::Unreadable(problem))) => return Err(refuse(problem)),
            exact => exact.and_then(Result::ok),
        };
        let around = here.ancestors().take_while(|folder| folder.starts_with(root));
        let all = || {
            let mut all = around.map(|folder| held.runbooks_below(&folder.join(FOLDER)));
            all.find(|all| !all.is_empty()).unwrap_or_default()
        };
        let found = exact.map_or_else(|| choose(name, &all(), &held, top.service()), Ok);
        found.map_err(|error| refuse(error.to_string()))?
    };
    let below = file.strip_prefix(root).unwrap_or(&file).display().to_string();
    let real = held.real(&file).and_then(|real| Ok((held.read(root, &real)?, real)));
    let (content, real) = real.map_err(|why| refuse(format!("{below}: {why}")))?;
    let folder = Folder::of_commit(held, version.clone(), root, &real);
    let file = File { path: real, bytes: content.bytes };
    let name = PathBuf::from(format!("{name}@{revision}"));
    Ok(Located { name, file, folder, source: None, rather_than: None })
}

/// Whether a reference is a path. What is there under a name, is meant by it.
fn is_path(reference: &str) -> bool {
    let path = Path::new(reference);
    let looks_like_path = reference.contains('/') && path.extension().is_some();
    path.exists() || looks_like_path || has_ending(path)
}

/// Where a path leads to, with links resolved as far as it is there: the file may be gone by now.
fn placed(path: &str, here: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in here.join(path).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            part => plain.push(part),
        }
    }
    let there = plain.parent().into_iter().flat_map(Path::ancestors).find_map(|folder| {
        let rest = plain.strip_prefix(folder).ok()?;
        Some(folder.canonicalize().ok()?.join(rest))
    });
    there.unwrap_or(plain)
}

/// The runbook that is meant by an id, `service/id`, or a unique part. One that does not say its service
/// is of the one that it inherits.
fn choose(
    reference: &str,
    runbooks: &[PathBuf],
    held: &Held,
    inherited: Option<&str>,
) -> Result<PathBuf, ReferenceFailed> {
    let (service, wanted) = match reference.rsplit_once('/') {
        Some((service, id)) => (Some(service), id),
        None => (None, reference),
    };
    // What cannot be read is meant, too: then it is told why.
    let meant = |path: &&PathBuf| {
        held.glance(path).is_none_or(|bytes| may_be_of(&bytes, service, inherited))
    };
    let called = |fits: &dyn Fn(&str) -> bool| -> Vec<&PathBuf> {
        runbooks.iter().filter(|path| fits(&stem(path))).filter(meant).collect()
    };
    let mut found = called(&|stem| stem == wanted);
    if found.is_empty() {
        found = called(&|stem| stem.contains(wanted));
    }
    match found.as_slice() {
        [one] => Ok((*one).clone()),
        [] => {
            let stems: Vec<String> = runbooks.iter().map(|path| stem(path)).collect();
            Err(ReferenceFailed::None {
                reference: reference.to_owned(),
                suggestion: did_you_mean(wanted, stems.iter().map(String::as_str))
                    .map(str::to_owned),
            })
        }
        several => {
            let stems: BTreeSet<String> = several.iter().map(|path| stem(path)).collect();
            let ids = if stems.len() == several.len() {
                stems.into_iter().collect()
            } else {
                several.iter().map(|path| path.display().to_string()).collect()
            };
            Err(ReferenceFailed::Several { reference: reference.to_owned(), ids })
        }
    }
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// Whether a text may be a runbook of a service, or of any. One whose service cannot be read may be: who
/// opens it is told what is wrong with it.
fn may_be_of(bytes: &[u8], service: Option<&str>, inherited: Option<&str>) -> bool {
    let (source, _) = decode("", bytes);
    let Some(wanted) = service else { return !is_scenario(&source.text) };
    match own_names(&source).0 {
        _ if is_scenario(&source.text) => false,
        Some(own) => own.as_str() == wanted,
        None => source.text.contains("service:") || inherited.is_none_or(|own| own == wanted),
    }
}

/// All runbooks of the repository around `here`, or of `here` itself.
pub fn runbooks_around(here: &Path) -> Vec<PathBuf> {
    folder(here).map(|folder| runbooks_below(&folder)).unwrap_or_default()
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
            fs::write(runbooks.join(name), "service: shop\n").unwrap();
        }
        fs::create_dir(runbooks.join("a-scenarios")).unwrap();
        for name in ["disk-full", "disk-full-1"] {
            let text = "schema: surefoot-scenario/v1\n";
            fs::write(runbooks.join("a-scenarios").join(name).with_extension("yaml"), text)
                .unwrap();
        }
        let at = |reference: &str| locate(reference, &runbooks.join("deep"));
        assert_eq!(at("disk-full").unwrap(), runbooks.join("disk-full.yaml"));
        assert_eq!(at("shop/disk").unwrap(), runbooks.join("disk-full.yaml"));
        assert_eq!(at("dead").unwrap(), runbooks.join("deep/port-dead.yaml"));
        assert!(matches!(at("port"), Err(ReferenceFailed::Several { ids, .. }) if ids.len() == 2));
        let error = at("other/disk-full").unwrap_err().to_string();
        assert!(error.starts_with("there is no runbook `other/disk-full`"), "{error}");
        fs::write(runbooks.join("deep/disk-full.yaml"), "service: other\n").unwrap();
        assert_eq!(at("other/disk-full").unwrap(), runbooks.join("deep/disk-full.yaml"));
        let error = at("disk-full").unwrap_err().to_string();
        assert!(error.contains("deep/disk-full.yaml, "), "{error}");
        let error = at("disk-fill").unwrap_err().to_string();
        assert_eq!(error, "there is no runbook `disk-fill`; did you mean `disk-full`?");
    }

    #[test]
    fn a_revision_stands_behind_an_id_or_a_path() {
        let check = |reference: &str, name: &str, revision: Option<&str>| {
            assert_eq!(revision_of(reference), (name, revision), "{reference}");
        };
        check("disk", "disk", None);
        check("disk@v1", "disk", Some("v1"));
        check("shop/disk@feature/x", "shop/disk", Some("feature/x"));
        check("disk@", "disk", Some(""));
        check("disk@a@b", "disk", Some("a@b"));
        check("disk@--upload-pack=x", "disk", Some("--upload-pack=x"));
        check("books/a@b.yaml", "books/a@b.yaml", None);
        check("books/a@b.yaml@v1", "books/a@b.yaml", Some("v1"));
        check("books/a.yml@HEAD~3", "books/a.yml", Some("HEAD~3"));
    }
}
