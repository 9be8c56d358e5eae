//! A runbook's file and the repository it stands in.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path, PathBuf};

use super::asked::{Asked, Look};
use super::beneath::{Unread, Whole, read, read_beneath, said};
use super::reference::FOLDER;
use super::settings_file::settings_findings;
use super::walk::runbooks_below;
use crate::diagnostic::Source;
use crate::runbook::{
    BroughtFile, Loaded, Repaired, Repository, Shelf, UseFailed, UsedFile, UsedPlace, decode,
    is_scenario, load, load_scenario, own_names, repair,
};
use crate::value::{RunbookId, ServiceId};

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

    /// Checks it, and says which other files that depends on and how they look.
    pub fn check_and_tell(&self, name: &str) -> (Source, Loaded, BTreeMap<PathBuf, Look>) {
        let asked = Asked::new(Folder::around(&self.path));
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

/// The repository around a runbook: files are read below its root only, links resolved.
#[derive(Debug)]
pub struct Folder {
    /// The folder of the runbook.
    base: PathBuf,
    /// The repository's root; the runbook's folder if it stands in none.
    root: PathBuf,
    /// The runbook's own file.
    file: PathBuf,
    /// The service that the repository gives to runbooks that name none.
    service: Option<String>,
}

impl Folder {
    /// The repository around a file.
    pub fn around(file: &Path) -> Self {
        let file = fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
        let base = file.parent().unwrap_or(Path::new("/")).to_owned();
        let root = base.ancestors().find(|folder| folder.join(".git").exists());
        let root = root.unwrap_or(&base).to_owned();
        let service = service_of(&root);
        Self { base, root, file, service }
    }

    /// A repository as it was frozen: its root, what it was called, and a file in it.
    pub fn frozen(root: &Path, service: Option<String>, path: &str) -> Self {
        let root = fs::canonicalize(root).unwrap_or_else(|_| root.to_owned());
        Self { base: root.clone(), file: root.clone(), root, service }.at(path)
    }

    /// The same repository, as seen from another of its files.
    #[must_use]
    pub fn at(&self, path: &str) -> Self {
        let file = self.root.join(path);
        let base = file.parent().unwrap_or(&self.root).to_owned();
        Self { base, root: self.root.clone(), file, service: self.service.clone() }
    }

    /// The path of its own file in the repository.
    pub fn own_path(&self) -> String {
        self.relative(&self.file)
    }

    /// The service that the repository gives to runbooks that name none.
    pub fn service(&self) -> Option<&str> {
        self.service.as_deref()
    }

    /// The path of a file in the repository; the file's name if it lies elsewhere.
    pub fn relative(&self, file: &Path) -> String {
        let real = fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
        let path = real.strip_prefix(&self.root).ok().map(Path::to_owned);
        let name = || PathBuf::from(file.file_name().unwrap_or_default());
        path.unwrap_or_else(name).to_string_lossy().into_owned()
    }

    /// The path in the repository under which a runbook names a file from its own folder. A link
    /// is not followed: frozen, the file is looked for where it is named.
    pub fn named(&self, path: &str) -> String {
        let mut named = self.base.strip_prefix(&self.root).unwrap_or(Path::new("")).to_owned();
        for part in Path::new(path).components() {
            match part {
                Component::Normal(part) => named.push(part),
                Component::ParentDir => {
                    named.pop();
                }
                Component::CurDir | Component::Prefix(_) | Component::RootDir => {}
            }
        }
        named.to_string_lossy().into_owned()
    }

    /// The folder of the file.
    pub(super) fn base(&self) -> &Path {
        &self.base
    }

    /// The runbook of the repository that has these names.
    fn runbook(&self, service: &ServiceId, id: &RunbookId) -> Option<PathBuf> {
        let stem =
            |path: &Path| path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        runbooks_below(&self.root.join(FOLDER)).into_iter().find(|path| {
            let Ok(file) = File::read(path) else {
                return false;
            };
            // Only a text that holds the id can give it to itself.
            let called = stem(path) == id.as_str();
            let (source, findings) = decode(id.as_str(), &file.bytes);
            if !findings.is_empty() || !called && !source.text.contains(id.as_str()) {
                return false;
            }
            let (own_service, own_id) = own_names(&source);
            let own_service =
                own_service.map(|own| own.to_string()).or_else(|| self.service.clone());
            let own_id = own_id.map_or_else(|| stem(path), |own| own.to_string());
            own_id == id.as_str() && own_service.as_deref() == Some(service.as_str())
        })
    }

    /// The file of a runbook that another one uses.
    pub(super) fn place_of(&self, place: &UsedPlace) -> Result<PathBuf, UseFailed> {
        match place {
            UsedPlace::Catalog { service, id } => self.runbook(service, id).ok_or(UseFailed::Away),
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
        let real = fs::canonicalize(path).map_err(|error| unreadable(said(&error)))?;
        let whole = read_beneath(&self.root, &real).map_err(|why| unreadable(why.to_string()))?;
        let name = self.relative(&real);
        let repository = self.at(&name);
        Ok(UsedFile { name, bytes: whole.bytes, repository: Box::new(repository) })
    }

    /// The repository's root.
    pub fn root(&self) -> &Path {
        &self.root
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
        let real = fs::canonicalize(self.base.join(relative))
            .or_else(|_| fs::canonicalize(self.root.join(self.named(path))))
            .map_err(|error| format!("`{path}`: {}", said(&error)))?;
        let Ok(below) = real.strip_prefix(&self.root) else {
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
        use std::os::unix::fs::PermissionsExt as _;
        let real = self.inside(path)?;
        let whole = read_beneath(&self.root, &real);
        let Whole { bytes, found } = whole.map_err(|why| format!("`{path}`: {why}"))?;
        let executable = found.permissions().mode() & 0o100 != 0;
        Ok(BroughtFile { path: path.to_owned(), bytes, executable })
    }

    fn own_path(&self) -> Option<String> {
        Some(Self::own_path(self))
    }

    fn used(&self, place: &UsedPlace) -> Result<UsedFile, UseFailed> {
        self.open(place, &self.place_of(place)?)
    }

    fn holds(&self, word: &str) -> bool {
        // Most words name nothing, and one look tells.
        self.base.join(word).is_file() && self.inside(word).is_ok_and(|path| path.is_file())
    }

    fn service_name(&self) -> Option<String> {
        self.service.clone()
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

    #[test]
    fn what_is_no_file_is_said_plainly() {
        let folder = tempfile::tempdir().unwrap();
        let error = File::read(folder.path()).unwrap_err().to_string();
        assert!(error.ends_with("it is a folder, not a runbook"), "{error}");
        let error = File::read(&folder.path().join("x.yaml")).unwrap_err().to_string();
        assert!(error.ends_with("there is no such file"), "{error}");
    }
}
