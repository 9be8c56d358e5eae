//! The repository around a runbook, on the disk or in a commit, alone or beside those of other sources.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;

use super::held::Held;
use super::neighbours::{KEPT, Neighbours};
use super::reference::FOLDER;
use super::snapshot::Content;
use super::version::Version;
use crate::runbook::{BroughtFile, Repository, UseFailed, UsedFile, UsedPlace, decode, own_names};
use crate::value::{RunbookId, ServiceId};

/// The repository around a runbook, as it lies on the disk or in a commit: files are read below its
/// root only, links resolved.
#[derive(Debug)]
pub struct Folder {
    /// The folder of the runbook.
    base: PathBuf,
    /// The runbook's own file.
    file: PathBuf,
    home: Rc<Home>,
}

/// What all files of a repository have in common.
#[derive(Clone, Debug)]
pub(super) struct Home {
    /// Where its files are read.
    pub(super) held: Held,
    /// The repository's root; the runbook's folder if it stands in none.
    pub(super) root: PathBuf,
    /// The folder in which its runbooks are found by their names.
    pub(super) runbooks: PathBuf,
    /// The service that the repository gives to runbooks that name none.
    pub(super) service: Option<String>,
    /// What its paths begin with, among those of a run of another repository.
    pub(super) prefix: String,
    /// The commit that its files are read from, if they are.
    pub(super) version: Option<Version>,
    /// The other sources on this machine.
    pub(super) neighbours: Neighbours,
}

/// Where a file of a runbook lies.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Lying {
    /// On the disk, under this path.
    Disk(PathBuf),
    /// In a commit.
    Commit {
        /// Which.
        version: Version,
        /// The path in its repository.
        path: String,
    },
}

impl Folder {
    /// The repository around a file.
    pub fn around(file: &Path) -> Self {
        let file = fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
        let base = file.parent().unwrap_or(Path::new("/")).to_owned();
        let root = base.ancestors().find(|folder| folder.join(".git").exists());
        let root = root.unwrap_or(&base).to_owned();
        let home = Home::around(Held::Disk, root.clone());
        Self { base, file, home: Rc::new(home) }
    }

    /// A repository whose files are read from a commit, around a file that is no link.
    pub(super) fn of_commit(held: Held, version: Version, root: &Path, file: &Path) -> Self {
        let home = Home { version: Some(version), ..Home::around(held, root.to_owned()) };
        Self::top(home).at_file(file.to_owned())
    }

    /// A repository, seen from its folder of runbooks.
    pub(super) fn top(home: Home) -> Self {
        let base = home.runbooks.clone();
        Self { file: base.clone(), base, home: Rc::new(home) }
    }

    /// The same, whose runbooks lie in this folder.
    pub(super) fn with_runbooks(&self, runbooks: &Path) -> Self {
        Self::top(Home { runbooks: runbooks.to_owned(), ..Home::clone(&self.home) })
    }

    /// The same, where runbooks of other sources are found as well.
    #[must_use]
    pub fn beside(self, neighbours: Neighbours) -> Self {
        let home = Home { neighbours, ..Home::clone(&self.home) };
        Self { home: Rc::new(home), ..self }
    }

    /// A repository as it was frozen: its root, what it was called, and a file in it.
    pub fn frozen(root: &Path, service: Option<String>, path: &str) -> Self {
        let root = fs::canonicalize(root).unwrap_or_else(|_| root.to_owned());
        let neighbours = Neighbours::frozen(&root);
        let home = Home { service, neighbours, ..Home::around(Held::Disk, root) };
        Self::top(home).at(path)
    }

    /// The same repository, or another one that it uses a runbook of, as seen from another file.
    #[must_use]
    pub fn at(&self, path: &str) -> Self {
        let own = Some(self.home.prefix.as_str()).filter(|prefix| !prefix.is_empty());
        if let Some(below) = own.and_then(|prefix| path.strip_prefix(prefix)) {
            return self.at_file(self.home.root.join(below));
        }
        match self.home.neighbours.of_path(path) {
            Some(home) => Self::top(home).at(path),
            None => self.at_file(self.home.root.join(path)),
        }
    }

    /// Whether the path of a file can be told from those of other sources.
    pub(super) fn owns(&self, path: &str) -> bool {
        match self.home.prefix.as_str() {
            "" => !path.starts_with(KEPT),
            prefix => path.starts_with(prefix),
        }
    }

    /// The same repository as that of a run's own runbook: its paths are those in the repository.
    #[must_use]
    pub(super) fn as_first(&self) -> Self {
        let home = Home { prefix: String::new(), ..Home::clone(&self.home) };
        let (base, file) = (self.base.clone(), self.file.clone());
        Self { base, file, home: Rc::new(home) }
    }

    /// The same repository in another commit, seen from its folder of runbooks.
    pub(super) fn in_commit(&self, held: Held, version: Version) -> Self {
        Self::top(Home { held, version: Some(version), ..Home::clone(&self.home) })
    }

    fn at_file(&self, file: PathBuf) -> Self {
        let base = file.parent().unwrap_or(&self.home.root).to_owned();
        Self { base, file, home: Rc::clone(&self.home) }
    }

    /// Where a file of a runbook of this repository lies, by the path under which it is kept.
    pub fn lying(&self, path: &str) -> Lying {
        let own = self.at(path);
        match &own.home.version {
            Some(version) => {
                let below = own.file.strip_prefix(&own.home.root).unwrap_or(&own.file);
                let path = below.to_string_lossy().into_owned();
                Lying::Commit { version: version.clone(), path }
            }
            None => Lying::Disk(own.file),
        }
    }

    /// The other sources on this machine.
    pub fn neighbours(&self) -> &Neighbours {
        &self.home.neighbours
    }

    /// The commit that its files are read from, if they are.
    pub fn version(&self) -> Option<&Version> {
        self.home.version.as_ref()
    }

    /// The path of its own file in the repository.
    pub fn own_path(&self) -> String {
        self.relative(&self.file)
    }

    /// The service that the repository gives to runbooks that name none.
    pub fn service(&self) -> Option<&str> {
        self.home.service.as_deref()
    }

    /// The path of a file in the repository; the file's name if it lies elsewhere.
    pub fn relative(&self, file: &Path) -> String {
        let real = self.home.held.real(file).unwrap_or_else(|_| file.to_owned());
        let path = real.strip_prefix(&self.home.root).ok().map(Path::to_owned);
        let name = || PathBuf::from(file.file_name().unwrap_or_default());
        let path = path.unwrap_or_else(name);
        format!("{}{}", self.home.prefix, path.to_string_lossy())
    }

    /// The path in the repository under which a runbook names a file from its own folder. A link
    /// is not followed: frozen, the file is looked for where it is named.
    pub fn named(&self, path: &str) -> String {
        let root = &self.home.root;
        let mut named = self.base.strip_prefix(root).unwrap_or(Path::new("")).to_owned();
        for part in Path::new(path).components() {
            match part {
                Component::Normal(part) => named.push(part),
                Component::ParentDir => {
                    named.pop();
                }
                Component::CurDir | Component::Prefix(_) | Component::RootDir => {}
            }
        }
        format!("{}{}", self.home.prefix, named.to_string_lossy())
    }

    /// Where its files are read.
    pub(super) fn holding(&self) -> &Held {
        &self.home.held
    }

    /// The folder of the file.
    pub(super) fn base(&self) -> &Path {
        &self.base
    }

    /// The runbook of the repository that has these names. Where several files have them, none is
    /// meant: which one comes first says nothing.
    pub(super) fn runbook(
        &self,
        service: &ServiceId,
        id: &RunbookId,
    ) -> Result<PathBuf, UseFailed> {
        let mut found = self.all_named(service, id);
        if found.len() > 1 {
            // A link has the names of the file that it leads to.
            let real = |path: PathBuf| self.home.held.real(&path).unwrap_or(path);
            let real: BTreeSet<PathBuf> = found.into_iter().map(real).collect();
            found = real.into_iter().collect();
        }
        match found.len() {
            0 | 1 => found.pop().ok_or(UseFailed::Away),
            _ => {
                let root = &self.home.root;
                let below = |path: &PathBuf| path.strip_prefix(root).unwrap_or(path).to_owned();
                let files: Vec<String> =
                    found.iter().map(|path| below(path).display().to_string()).collect();
                let problem = format!("several files are {service}/{id}: {}", files.join(", "));
                Err(UseFailed::Unreadable(problem))
            }
        }
    }

    /// All files that have these names.
    fn all_named(&self, service: &ServiceId, id: &RunbookId) -> Vec<PathBuf> {
        let stem =
            |path: &Path| path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let held = &self.home.held;
        let runbooks = held.runbooks_below(&self.home.runbooks);
        held.prefetch(&runbooks);
        let named = runbooks.into_iter().filter(|path| {
            let Some(bytes) = held.glance(path) else {
                return false;
            };
            // Only a text that holds the id can give it to itself.
            let called = stem(path) == id.as_str();
            let (source, findings) = decode(id.as_str(), &bytes);
            if !findings.is_empty() || !called && !source.text.contains(id.as_str()) {
                return false;
            }
            let (own_service, own_id) = own_names(&source);
            let own_service =
                own_service.map(|own| own.to_string()).or_else(|| self.home.service.clone());
            let own_id = own_id.map_or_else(|| stem(path), |own| own.to_string());
            own_id == id.as_str() && own_service.as_deref() == Some(service.as_str())
        });
        named.collect()
    }

    /// The file of a runbook that another one uses.
    pub(super) fn place_of(&self, place: &UsedPlace) -> Result<PathBuf, UseFailed> {
        match place {
            UsedPlace::Catalog { service, id } => self.runbook(service, id),
            UsedPlace::File(path) => {
                let real = self.inside(path).map_err(UseFailed::Unreadable)?;
                let name = self.relative(&real);
                if name == self.named(path) {
                    return Ok(real);
                }
                let problem = format!("`{path}` is a link: name the file itself, {name}");
                Err(UseFailed::Unreadable(problem))
            }
        }
    }

    /// Reads the file of a used runbook.
    pub(super) fn open(&self, place: &UsedPlace, path: &Path) -> Result<UsedFile, UseFailed> {
        let unreadable =
            |why: String| UseFailed::Unreadable(format!("`{place}` cannot be read: {why}"));
        let Home { held, root, .. } = &*self.home;
        let real = held.real(path).map_err(unreadable)?;
        let content = held.read(root, &real).map_err(unreadable)?;
        let name = self.relative(&real);
        let repository = self.at(&name);
        Ok(UsedFile { name, bytes: content.bytes, repository: Box::new(repository) })
    }

    /// The repository's root.
    pub fn root(&self) -> &Path {
        &self.home.root
    }

    /// A path of the repository, if it is one after links are resolved.
    pub(super) fn inside(&self, path: &str) -> Result<PathBuf, String> {
        let relative = Path::new(path);
        let plain = |part: Component<'_>| {
            matches!(part, Component::Normal(_) | Component::CurDir | Component::ParentDir)
        };
        if path.is_empty() || !relative.components().all(plain) {
            return Err(format!("`{path}` is not a path inside the repository"));
        }
        // A frozen repository holds no folder that only a path leads through.
        let Home { held, root, prefix, .. } = &*self.home;
        let named = self.named(path);
        let real = (held.real(&self.base.join(relative)))
            .or_else(|_| held.real(&root.join(&named[prefix.len()..])))
            .map_err(|why| format!("`{path}`: {why}"))?;
        let Ok(below) = real.strip_prefix(root) else {
            return Err(format!("`{path}` leads out of the repository"));
        };
        if below.components().any(|part| part.as_os_str() == ".git") {
            return Err(format!("`{path}` leads into what git keeps for itself"));
        }
        Ok(real)
    }
}

impl Repository for Folder {
    fn read(&self, path: &str) -> Result<BroughtFile, String> {
        let real = self.inside(path)?;
        let content = self.home.held.read(&self.home.root, &real);
        let Content { bytes, executable } = content.map_err(|why| format!("`{path}`: {why}"))?;
        Ok(BroughtFile { path: path.to_owned(), bytes, executable })
    }

    fn own_path(&self) -> Option<String> {
        Some(Self::own_path(self))
    }

    fn used(&self, place: &UsedPlace) -> Result<UsedFile, UseFailed> {
        match (self.place_of(place), place) {
            (Err(UseFailed::Away), UsedPlace::Catalog { service, id }) => {
                let found = self.home.neighbours.find(service, id)?;
                found.folder.open(place, &found.path)
            }
            (path, _) => self.open(place, &path?),
        }
    }

    fn holds(&self, word: &str) -> bool {
        // Most words name nothing, and one look tells.
        let file = |path: &Path| self.home.held.is_file(path);
        file(&self.base.join(word)) && self.inside(word).is_ok_and(|path| file(&path))
    }

    fn service_name(&self) -> Option<String> {
        self.home.service.clone()
    }
}

impl Home {
    /// That of a repository whose runbooks lie where they usually do.
    fn around(held: Held, root: PathBuf) -> Self {
        Self {
            held,
            runbooks: root.join(FOLDER),
            service: service_of(&root),
            prefix: String::new(),
            version: None,
            neighbours: Neighbours::default(),
            root,
        }
    }
}

/// The name of a repository, if it can be a service.
fn service_of(root: &Path) -> Option<String> {
    let name = root.file_name()?.to_str()?.to_lowercase();
    let starts = name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
    (starts && name.chars().all(plain) && root.join(".git").exists()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repository() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("repo");
        fs::create_dir_all(root.join(".git")).unwrap();
        fs::create_dir_all(root.join("runbooks")).unwrap();
        fs::write(root.join("runbooks/a.yaml"), "x").unwrap();
        fs::write(root.join("fix.sh"), "echo").unwrap();
        fs::write(folder.path().join("secret"), "s").unwrap();
        std::os::unix::fs::symlink(folder.path().join("secret"), root.join("runbooks/link"))
            .unwrap();
        folder
    }

    #[test]
    fn a_repository_gives_its_own_files_and_no_others() {
        let folder = repository();
        let around = Folder::around(&folder.path().join("repo/runbooks/a.yaml"));
        assert_eq!(around.read("../fix.sh").unwrap().bytes, b"echo");
        assert!(around.holds("../fix.sh"));
        for outside in ["../../secret", "link", "/etc/passwd", ""] {
            assert!(around.read(outside).is_err(), "{outside}");
            assert!(!around.holds(outside), "{outside}");
        }
        assert_eq!(around.service_name().as_deref(), Some("repo"));
    }

    #[test]
    fn a_used_runbook_is_found_by_path_and_by_name_and_only_inside() {
        const PLAIN: &str = "schema: surefoot/v1\ntitle: A\nsteps: [ { end: done } ]\n";
        let folder = repository();
        let runbooks = folder.path().join("repo/runbooks");
        fs::create_dir_all(runbooks.join("deep")).unwrap();
        fs::write(runbooks.join("deep/own-name.yaml"), PLAIN).unwrap();
        let named = format!("{PLAIN}id: other\nservice: db\n");
        fs::write(runbooks.join("deep/file.yaml"), named).unwrap();
        std::os::unix::fs::symlink(folder.path().join("secret"), runbooks.join("out.yaml"))
            .unwrap();
        let around = Folder::around(&runbooks.join("deep/own-name.yaml"));
        let file = |path: &str| around.used(&UsedPlace::File(path.to_owned()));
        let called = |service: &str, id: &str| {
            around.used(&UsedPlace::Catalog {
                service: ServiceId::new(service).unwrap(),
                id: RunbookId::new(id).unwrap(),
            })
        };
        let found = file("../deep/file.yaml").unwrap();
        assert_eq!(found.name, "runbooks/deep/file.yaml");
        assert_eq!(found.repository.own_path().as_deref(), Some("runbooks/deep/file.yaml"));
        assert!(found.repository.holds("own-name.yaml"));
        for outside in ["../../../secret", "../out.yaml", "/etc/passwd", "missing.yaml", "."] {
            assert!(matches!(file(outside), Err(UseFailed::Unreadable(_))), "{outside}");
        }
        assert_eq!(called("repo", "own-name").unwrap().name, "runbooks/deep/own-name.yaml");
        assert_eq!(called("db", "other").unwrap().name, "runbooks/deep/file.yaml");
        for (service, id) in [("repo", "file"), ("repo", "other"), ("db", "own-name")] {
            assert!(matches!(called(service, id), Err(UseFailed::Away)), "{service}/{id}");
        }
    }
}
