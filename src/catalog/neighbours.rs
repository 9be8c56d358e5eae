//! The other sources on this machine: where a runbook finds what it uses of another service, and where
//! one is found that the repository around the responder does not have.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use jiff::Timestamp;

use super::folder::{Folder, Home};
use super::held::Held;
use super::mirror::{Fetched, Mirror};
use super::snapshot::Snapshot;
use super::sources::KnownSource;
use super::version::Version;
use crate::process::{Objects, ObjectsFailed, without_password};
use crate::runbook::UseFailed;
use crate::settings::Remote;
use crate::value::{RunbookId, ServiceId};

/// Where the files of other sources are kept among those of a run. No repository has a folder of this
/// name at its top whose files a runbook consists of.
pub(super) const KEPT: &str = ".sources/";

/// A source as it lies on this machine.
#[derive(Clone, Debug)]
pub struct Neighbour {
    /// What people call it: its runbooks are of this service, unless they say otherwise.
    pub name: String,
    /// The services that it speaks for; any if none is named.
    pub services: Vec<String>,
    /// When it was fetched, if it is a mirror.
    pub fetched: Option<Timestamp>,
    held: Held,
    root: PathBuf,
    runbooks: PathBuf,
    version: Option<Version>,
    prefix: String,
}

impl Neighbour {
    /// A folder of runbooks on the disk, and the repository around it.
    pub fn folder(name: &str, services: &[String], runbooks: &Path) -> Self {
        let runbooks = runbooks.canonicalize().unwrap_or_else(|_| runbooks.to_owned());
        let root = runbooks.ancestors().find(|folder| folder.join(".git").exists());
        let root = root.unwrap_or(&runbooks).to_owned();
        Self {
            name: name.to_owned(),
            services: services.to_vec(),
            fetched: None,
            held: Held::Disk,
            prefix: prefix(name),
            root,
            runbooks,
            version: None,
        }
    }

    /// A commit of a mirror. Git is found in `path`.
    pub fn mirror(
        name: &str,
        services: &[String],
        mirror: Mirrored<'_>,
        path: &OsStr,
    ) -> Result<Self, ObjectsFailed> {
        let root = mirror.git_folder.to_owned();
        let objects = Objects::at(&root, path)?;
        let snapshot = Snapshot::new(objects, mirror.commit.to_owned(), root.clone());
        Ok(Self {
            name: name.to_owned(),
            services: services.to_vec(),
            fetched: Some(mirror.fetched),
            held: Held::Commit(Rc::new(snapshot)),
            prefix: prefix(name),
            runbooks: root.join(mirror.runbooks),
            version: Some(Version {
                revision: name.to_owned(),
                commit: mirror.commit.to_owned(),
                remote: Some(mirror.url.to_owned()),
                git_folder: root.clone(),
            }),
            root,
        })
    }

    /// A source as it lies on this machine; nothing if it was never fetched. Git is found in `path`.
    pub fn of(source: &KnownSource, state: Option<&Path>, path: &OsStr) -> Option<Self> {
        if let Some(folder) = source.folder() {
            return Some(Self::folder(&source.name, &source.services, &folder));
        }
        let mirror = Mirror::of(state?, source)?;
        Self::fetched(source, &mirror, &mirror.fetched()?, path).ok()
    }

    /// What was fetched of a source.
    pub(super) fn fetched(
        source: &KnownSource,
        mirror: &Mirror,
        fetched: &Fetched,
        path: &OsStr,
    ) -> Result<Self, ObjectsFailed> {
        let mirrored = Mirrored {
            git_folder: &mirror.git_folder(),
            commit: &fetched.commit,
            url: &without_password(&fetched.url),
            runbooks: &fetched.runbooks,
            fetched: mirror.reached_since(fetched),
        };
        Self::mirror(&source.name, &source.services, mirrored, path)
    }

    /// The files of another source as they are kept with a run.
    fn frozen(folder: &Path) -> Option<Self> {
        let name = folder.file_name()?.to_str()?.to_owned();
        Some(Self {
            prefix: prefix(&name),
            name,
            services: Vec::new(),
            fetched: None,
            held: Held::Disk,
            root: folder.to_owned(),
            runbooks: folder.to_owned(),
            version: None,
        })
    }

    /// The repository, seen from its folder of runbooks.
    pub(super) fn home(&self, neighbours: &Neighbours) -> Home {
        Home {
            held: self.held.clone(),
            root: self.root.clone(),
            runbooks: self.runbooks.clone(),
            service: ServiceId::new(&self.name).is_ok().then(|| self.name.clone()),
            prefix: self.prefix.clone(),
            version: self.version.clone(),
            neighbours: neighbours.clone(),
        }
    }

    /// Its runbook at a path, and the repository, seen from where that leads to.
    pub(super) fn at(&self, path: &str, neighbours: &Neighbours) -> Elsewhere {
        let named = self.root.join(path);
        // What leads nowhere fails when it is read.
        let path = self.held.real(&named).unwrap_or(named);
        let top = Folder::top(self.home(neighbours));
        let folder = top.at(&top.relative(&path));
        Elsewhere { folder, path, neighbour: self.clone(), rather_than: None }
    }

    /// Whether it has something of this path; also where that cannot be told.
    pub(super) fn has(&self, path: &str) -> bool {
        self.held.has(&self.root.join(path)).unwrap_or(true)
    }

    /// The files of the commit, and the folder of its runbooks, if it is a mirror.
    pub(super) fn commit(&self) -> Option<(&Snapshot, &Path)> {
        match &self.held {
            Held::Commit(snapshot) => Some((snapshot, &self.runbooks)),
            Held::Disk => None,
        }
    }

    fn speaks_for(&self, service: &ServiceId) -> bool {
        self.name == service.as_str() || self.services.iter().any(|own| own == service.as_str())
    }

    /// The commit that its files are read from, if it is a mirror.
    pub fn version(&self) -> Option<&Version> {
        self.version.as_ref()
    }

    /// Where it is, for people.
    pub fn place(&self) -> String {
        match &self.version {
            Some(version) => {
                let url = version.remote.as_deref().unwrap_or(&self.name);
                format!("the mirror of {url}")
            }
            None => self.runbooks.display().to_string(),
        }
    }
}

/// What was fetched of a source.
#[derive(Clone, Copy, Debug)]
pub struct Mirrored<'a> {
    /// The bare repository.
    pub git_folder: &'a Path,
    /// The commit.
    pub commit: &'a str,
    /// From where, without a password.
    pub url: &'a str,
    /// The folder of runbooks.
    pub runbooks: &'a str,
    /// When.
    pub fetched: Timestamp,
}

/// What tells the files of a source from those of all others, wherever they are kept.
fn prefix(name: &str) -> String {
    format!("{KEPT}{}/", name.replace('/', "-"))
}

/// The other sources; looked for when they are first asked for.
#[derive(Clone)]
pub struct Neighbours(Rc<Known>);

struct Known {
    /// Where git is found.
    path: OsString,
    found: OnceCell<Vec<Neighbour>>,
    find: Box<dyn Fn() -> Vec<Neighbour>>,
    holders: Option<Box<Holders>>,
}

/// Which mirrors may hold the runbook with these names, by the names of their sources; nothing if that is
/// not known.
type Holders = dyn Fn(&ServiceId, &RunbookId) -> Option<BTreeSet<String>>;

impl fmt::Debug for Neighbours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Neighbours").field(&self.0.found).finish()
    }
}

impl Default for Neighbours {
    fn default() -> Self {
        Self::new(OsString::new(), Vec::new)
    }
}

/// A runbook of another source.
pub struct Elsewhere {
    /// Its repository, seen from it.
    pub folder: Folder,
    /// Its file.
    pub path: PathBuf,
    /// The source.
    pub neighbour: Neighbour,
    /// The mirror that it was preferred to: it is the working copy of the same repository.
    pub rather_than: Option<Neighbour>,
}

impl Neighbours {
    /// Those that a function finds; git is looked for in `path`.
    pub fn new(path: OsString, find: impl Fn() -> Vec<Neighbour> + 'static) -> Self {
        let found = OnceCell::new();
        Self(Rc::new(Known { path, found, find: Box::new(find), holders: None }))
    }

    /// The same, where of many mirrors only those are asked that may hold what is looked for.
    pub fn knowing(
        path: OsString,
        find: impl Fn() -> Vec<Neighbour> + 'static,
        holders: impl Fn(&ServiceId, &RunbookId) -> Option<BTreeSet<String>> + 'static,
    ) -> Self {
        let (found, holders): (_, Box<Holders>) = (OnceCell::new(), Box::new(holders));
        Self(Rc::new(Known { path, found, find: Box::new(find), holders: Some(holders) }))
    }

    /// Those of which files are kept with a run.
    pub(super) fn frozen(root: &Path) -> Self {
        let root = root.join(KEPT);
        Self::new(OsString::new(), move || {
            let entries = std::fs::read_dir(&root).into_iter().flatten().flatten();
            let mut found: Vec<Neighbour> =
                entries.filter_map(|entry| Neighbour::frozen(&entry.path())).collect();
            found.sort_by(|one, other| one.root.cmp(&other.root));
            found
        })
    }

    /// All of them.
    pub fn all(&self) -> &[Neighbour] {
        self.0.found.get_or_init(|| (self.0.find)())
    }

    /// The repository that the path of a kept file belongs to, if it is another's.
    pub(super) fn of_path(&self, path: &str) -> Option<Home> {
        self.source_of(path).map(|neighbour| neighbour.home(self))
    }

    /// The source that a kept file comes from, if it is another.
    pub fn source_of(&self, path: &str) -> Option<&Neighbour> {
        let other = path.starts_with(KEPT);
        let mut all = other.then(|| self.all().iter()).into_iter().flatten();
        all.find(|neighbour| path.starts_with(&neighbour.prefix))
    }

    /// The runbook that has these names. Those that speak for the service are asked first, and the
    /// others only where these have none. A working copy wins over the mirror of its repository; any
    /// other two are one too many.
    pub fn find(&self, service: &ServiceId, id: &RunbookId) -> Result<Elsewhere, UseFailed> {
        let holders = self.0.holders.as_ref().and_then(|holders| holders(service, id));
        let may_hold = |neighbour: &&Neighbour| {
            let mirror = neighbour.version.is_some();
            !mirror || holders.as_ref().is_none_or(|holders| holders.contains(&neighbour.name))
        };
        let (own, others): (Vec<&Neighbour>, Vec<&Neighbour>) = (self.all().iter())
            .filter(may_hold)
            .partition(|neighbour| neighbour.speaks_for(service));
        for some in [own, others] {
            let mut found: Vec<Elsewhere> = Vec::new();
            for neighbour in some {
                let folder = Folder::top(neighbour.home(self));
                let file = match folder.runbook(service, id) {
                    Err(UseFailed::Away) => continue,
                    Err(UseFailed::Unreadable(why)) => {
                        let problem = format!("{why} of {}", neighbour.place());
                        return Err(UseFailed::Unreadable(problem));
                    }
                    other => other?,
                };
                if !found.iter().any(|it| it.path == file) {
                    let folder = folder.at(&folder.relative(&file));
                    let neighbour = neighbour.clone();
                    found.push(Elsewhere { folder, path: file, neighbour, rather_than: None });
                }
            }
            if let Some(one) = the_one(found, (service, id), &self.0.path)? {
                return Ok(one);
            }
        }
        Err(UseFailed::Away)
    }
}

/// The one that counts among those that have the same names.
fn the_one(
    mut found: Vec<Elsewhere>,
    (service, id): (&ServiceId, &RunbookId),
    path: &OsStr,
) -> Result<Option<Elsewhere>, UseFailed> {
    if found.len() > 1
        && let Some(at) = found.iter().position(|it| it.neighbour.version.is_none())
    {
        let remote = Objects::of_working_copy(found[at].folder.root(), path)
            .ok()
            .and_then(|objects| objects.remote());
        let mut one = found.remove(at);
        found.retain(|other| {
            let same = other.neighbour.is_mirror_of(remote.as_deref());
            if same {
                one.rather_than = Some(other.neighbour.clone());
            }
            !same
        });
        found.insert(0, one);
    }
    if found.len() > 1 {
        let places: Vec<String> = found.iter().map(|it| it.neighbour.place()).collect();
        let problem = format!("several sources have {service}/{id}: {}", places.join(", "));
        return Err(UseFailed::Unreadable(problem));
    }
    Ok(found.pop())
}

impl Neighbour {
    /// Whether it is the mirror of a repository that was cloned from this URL.
    pub fn is_mirror_of(&self, remote: Option<&str>) -> bool {
        let own = self.version.as_ref().and_then(|version| version.remote.as_deref());
        let identity = |url: &str| Remote::of_url(url).identity();
        own.zip(remote).is_some_and(|(own, remote)| identity(own) == identity(remote))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::process::Command;

    use super::*;
    use crate::catalog::{Lying, of_neighbour};

    const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

    const PLAIN: &str = "schema: surefoot/v1\ntitle: A\nsteps: [ { end: done } ]\n";

    #[expect(clippy::disallowed_methods, reason = "tests make their repositories with git")]
    fn git(folder: &Path, args: &[&str]) -> String {
        let own = ["-c", "user.name=a", "-c", "user.email=a@example.org"];
        let mut git = Command::new("git");
        git.env_clear().env("PATH", PATH).env("GIT_CONFIG_GLOBAL", "/dev/null");
        let said = git.current_dir(folder).args(own).args(args).output().unwrap();
        assert!(said.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&said.stderr));
        String::from_utf8(said.stdout).unwrap().trim_end().to_owned()
    }

    /// A working copy `pay` whose `runbooks/db.yaml` has these titles one after the other, and a bare
    /// mirror of it.
    fn repository(folder: &Path) -> (PathBuf, PathBuf) {
        let (copy, mirror) = (folder.join("pay"), folder.join("mirror.git"));
        fs::create_dir_all(copy.join("runbooks")).unwrap();
        git(&copy, &["init", "-q", "-b", "main"]);
        git(&copy, &["config", "remote.origin.url", "https://git.example.org/pay"]);
        for title in ["One", "Two"] {
            let text = PLAIN.replace("title: A", &format!("title: {title}"));
            fs::write(copy.join("runbooks/db.yaml"), text).unwrap();
            git(&copy, &["add", "."]);
            git(&copy, &["commit", "-q", "-m", title]);
        }
        git(folder, &["clone", "-q", "--bare", "pay", "mirror.git"]);
        (copy, mirror)
    }

    fn mirror(name: &str, git_folder: &Path, url: &str) -> Neighbour {
        let commit = git(git_folder, &["rev-parse", "main"]);
        let fetched = Timestamp::UNIX_EPOCH;
        let mirrored = Mirrored { git_folder, commit: &commit, url, runbooks: "runbooks", fetched };
        Neighbour::mirror(name, &["payments".to_owned()], mirrored, OsStr::new(PATH)).unwrap()
    }

    fn found(neighbours: &[Neighbour], service: &str, id: &str) -> Result<Elsewhere, UseFailed> {
        let neighbours = neighbours.to_vec();
        let all = Neighbours::new(PATH.into(), move || neighbours.clone());
        all.find(&ServiceId::new(service).unwrap(), &RunbookId::new(id).unwrap())
    }

    #[test]
    fn a_runbook_is_read_from_a_mirror_as_it_was_fetched_and_as_it_was_before() {
        let folder = tempfile::tempdir().unwrap();
        let (copy, git_folder) = repository(folder.path());
        let own = [mirror("pay", &git_folder, "https://git.example.org/pay.git")];
        fs::remove_dir_all(copy).unwrap();
        let names = (ServiceId::new("pay").unwrap(), RunbookId::new("db").unwrap());
        for (revision, title) in [(None, "Two"), (Some("main~1"), "One")] {
            let found = found(&own, "pay", "db").unwrap();
            let path = OsStr::new(PATH);
            let located = of_neighbour(found, (&names.0, &names.1), revision, path).unwrap();
            let text = String::from_utf8(located.file.bytes.clone()).unwrap();
            assert!(text.contains(&format!("title: {title}")), "{text}");
            // Its paths are those of its repository, as in a working copy.
            assert_eq!(located.folder.own_path(), "runbooks/db.yaml");
            let Lying::Commit { version, path } = located.folder.lying("runbooks/db.yaml") else {
                panic!("it lies in a commit");
            };
            assert_eq!(path, "runbooks/db.yaml");
            assert_eq!(version.remote.as_deref(), Some("https://git.example.org/pay.git"));
        }
        assert!(matches!(found(&own, "pay", "dc"), Err(UseFailed::Away)));
        // Its source may speak for it, and the runbook does not.
        assert!(matches!(found(&own, "payments", "db"), Err(UseFailed::Away)));
    }

    #[test]
    fn a_working_copy_wins_over_its_mirror_and_over_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let (copy, git_folder) = repository(folder.path());
        let here = Neighbour::folder("pay", &[], &copy.join("runbooks"));
        let same = mirror("pay", &git_folder, "https://git.example.org/pay.git");
        git(folder.path(), &["clone", "-q", "--bare", "pay", "other.git"]);
        let git_folder = folder.path().join("other.git");
        let other = mirror("pay", &git_folder, "https://elsewhere.example.org/pay.git");
        let one = found(&[same.clone(), here.clone()], "pay", "db").unwrap();
        assert!(one.neighbour.fetched.is_none());
        assert_eq!(one.rather_than.unwrap().place(), same.place());
        for two in [[here, other.clone()], [same, other]] {
            let failed = found(&two, "pay", "db").err().unwrap();
            let UseFailed::Unreadable(problem) = failed else { panic!("{failed:?}") };
            assert!(problem.starts_with("several sources have pay/db: "), "{problem}");
        }
    }
}
