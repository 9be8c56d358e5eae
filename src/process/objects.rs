//! What a repository holds at a revision, read from git's objects without a checkout. Git is asked
//! as in `git`: nothing that the repository brings is run, nothing is fetched, nothing is written.
//! What is asked for travels by standard input or is the name of an object, so that no revision can
//! be taken for an option.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::git::{Git, is_name, without_password};
use super::program::program_in_path;
use super::tool::ToolError;

/// A large repository on a busy machine is not quick.
const TIMEOUT: Duration = Duration::from_secs(30);

/// What one process may print of contents; what has more is read by several.
const MOST_AT_ONCE: u64 = 32 << 20;

/// The objects of a repository.
#[derive(Clone, Debug)]
pub struct Objects {
    program: PathBuf,
    /// Where git stands.
    root: PathBuf,
    /// The folder with the objects, where git need not find it by itself.
    folder: Option<PathBuf>,
}

/// Why objects cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ObjectsFailed {
    /// There is no git.
    #[error("git is not on PATH")]
    NoGit,
    /// Git cannot be run, takes too long, or says too much.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// Git does not read it.
    #[error("git cannot read the repository {}", .0.display())]
    Refused(PathBuf),
}

/// What a name in a tree stands for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum EntryKind {
    /// A file.
    File,
    /// A file that is a program.
    Program,
    /// A link; its blob says where it leads.
    Link,
    /// A folder.
    Folder,
    /// A commit of another repository.
    Submodule,
}

/// A name in a tree.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Entry {
    /// Its path from the repository's root.
    pub path: String,
    /// What it stands for.
    pub kind: EntryKind,
    /// The name of its object.
    pub object: String,
}

/// What became of a blob that was asked for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Blob {
    /// All that it holds.
    Whole(Vec<u8>),
    /// It was not fetched: a mirror may leave out what no runbook needs.
    Missing,
    /// It has more bytes than were asked for.
    Large(u64),
    /// Git cannot read it.
    Damaged,
}

impl Objects {
    /// Those in a folder that git keeps: a bare repository, or the `.git` of a clone. Whoever it
    /// belongs to, it is read.
    pub fn at(folder: &Path, path: &OsStr) -> Result<Self, ObjectsFailed> {
        let program = program_in_path("git", path).ok_or(ObjectsFailed::NoGit)?;
        Ok(Self { program, root: folder.to_owned(), folder: Some(folder.to_owned()) })
    }

    /// Those of the repository whose working copy has this root. One that belongs to somebody else
    /// is refused by git itself.
    pub fn of_working_copy(root: &Path, path: &OsStr) -> Result<Self, ObjectsFailed> {
        let program = program_in_path("git", path).ok_or(ObjectsFailed::NoGit)?;
        Ok(Self { program, root: root.to_owned(), folder: None })
    }

    /// The commit that a revision means, such as a branch, a tag, `HEAD~3` or a part of a name.
    pub fn resolve(&self, revision: &str) -> Result<Option<String>, ObjectsFailed> {
        Ok(self.resolve_each(&[revision])?.pop().flatten())
    }

    /// The commits that revisions mean.
    pub fn resolve_each(&self, revisions: &[&str]) -> Result<Vec<Option<String>>, ObjectsFailed> {
        // A line is a question, and what has a colon names something in a commit.
        let askable = |revision: &str| {
            !revision.is_empty() && !revision.contains(|c: char| c.is_control() || c == ':')
        };
        let asked: Vec<&str> = revisions.iter().copied().filter(|it| askable(it)).collect();
        let mut question = String::new();
        for revision in &asked {
            question = format!("{question}{revision}^{{commit}}\n");
        }
        let format = "--batch-check=%(objecttype) %(objectname)";
        let said = self.ask(["cat-file", format], question.as_bytes())?;
        let said = String::from_utf8_lossy(&said).into_owned();
        let mut answers = said.lines().map(|line| {
            let name = line.strip_prefix("commit ").filter(|name| is_name(name));
            name.map(str::to_owned)
        });
        let mut answer = |revision: &&str| askable(revision).then(|| answers.next()).flatten();
        Ok(revisions.iter().map(|revision| answer(revision).flatten()).collect())
    }

    /// The names of branches and tags, those that were fetched too, sorted.
    pub fn references(&self) -> Result<Vec<String>, ObjectsFailed> {
        let parts = ["refs/heads", "refs/tags", "refs/remotes"];
        let said =
            self.ask(["for-each-ref", "--format=%(refname)"].into_iter().chain(parts), b"")?;
        Ok(String::from_utf8_lossy(&said).lines().map(str::to_owned).collect())
    }

    /// All files of a commit below a folder; all there are where none is given. Names that no
    /// working copy can have are left out.
    pub fn tree(&self, commit: &str, below: &str) -> Result<Vec<Entry>, ObjectsFailed> {
        self.list(commit, below, &["-r"])
    }

    /// What a folder of a commit holds itself.
    pub fn folder(&self, commit: &str, folder: &str) -> Result<Vec<Entry>, ObjectsFailed> {
        let within = format!("{folder}/");
        self.list(commit, if folder.is_empty() { "" } else { &within }, &[])
    }

    fn list(
        &self,
        commit: &str,
        below: &str,
        options: &[&str],
    ) -> Result<Vec<Entry>, ObjectsFailed> {
        if !is_name(commit) {
            return Err(ObjectsFailed::Refused(self.root.clone()));
        }
        let mut args = vec!["ls-tree", "-z", "--full-tree"];
        args.extend(options);
        args.extend([commit, "--"]);
        args.extend((!below.is_empty()).then_some(below));
        let said = self.ask(args, b"")?;
        Ok(said.split(|byte| *byte == 0).filter_map(entry).collect())
    }

    /// What blobs hold that have at most so many bytes, in the order in which they are named.
    pub fn read(&self, names: &[&str], most: u64) -> Result<Vec<Blob>, ObjectsFailed> {
        let mut question = String::new();
        for name in names {
            let name = if is_name(name) { name } else { "0" };
            question = format!("{question}{name}\n");
        }
        let format = "--batch-check=%(objecttype) %(objectsize)";
        let said = self.ask(["cat-file", format], question.as_bytes())?;
        let said = String::from_utf8_lossy(&said).into_owned();
        let sizes: Vec<Option<u64>> =
            said.lines().map(|line| line.strip_prefix("blob ")?.parse().ok()).collect();
        let mut blobs = vec![Blob::Missing; names.len()];
        let mut some: Vec<(usize, &str)> = Vec::new();
        let mut together = 0;
        for (place, (name, size)) in names.iter().zip(sizes).enumerate() {
            match size {
                None => {}
                Some(size) if size > most => blobs[place] = Blob::Large(size),
                Some(size) => {
                    if together + size > MOST_AT_ONCE {
                        self.contents(&some, &mut blobs)?;
                        some.clear();
                        together = 0;
                    }
                    together += size;
                    some.push((place, name));
                }
            }
        }
        self.contents(&some, &mut blobs)?;
        Ok(blobs)
    }

    /// Reads blobs that are there. A damaged one ends git: the others are asked for again.
    fn contents(&self, some: &[(usize, &str)], blobs: &mut [Blob]) -> Result<(), ObjectsFailed> {
        if some.is_empty() {
            return Ok(());
        }
        let mut question = String::new();
        for (_, name) in some {
            question = format!("{question}{name}\n");
        }
        let said = match self.ask(["cat-file", "--batch"], question.as_bytes()) {
            Ok(said) => said,
            Err(ObjectsFailed::Refused(_)) => match some {
                [(place, _)] => {
                    blobs[*place] = Blob::Damaged;
                    return Ok(());
                }
                several => {
                    let (first, second) = several.split_at(several.len() / 2);
                    self.contents(first, blobs)?;
                    return self.contents(second, blobs);
                }
            },
            Err(failed) => return Err(failed),
        };
        let mut rest = said.as_slice();
        for (place, _) in some {
            blobs[*place] = next_blob(&mut rest).map_or(Blob::Damaged, Blob::Whole);
        }
        Ok(())
    }

    /// Whether bytes are what an object's name says. What an object holds need not be.
    pub fn is_called(&self, bytes: &[u8], name: &str) -> Result<bool, ObjectsFailed> {
        let args = ["hash-object", "--no-filters", "-t", "blob", "--stdin"];
        let said = self.ask(args, bytes)?;
        Ok(said.strip_suffix(b"\n") == Some(name.as_bytes()))
    }

    /// What a commit says, byte for byte; nothing if it is not there.
    pub fn commit(&self, name: &str) -> Result<Option<Vec<u8>>, ObjectsFailed> {
        if !is_name(name) {
            return Ok(None);
        }
        match self.ask(["cat-file", "commit", name], b"") {
            Err(ObjectsFailed::Refused(_)) => Ok(None),
            said => said.map(Some),
        }
    }

    /// The URL of `origin`, without a password, if there is one.
    pub fn remote(&self) -> Option<String> {
        let said = self.ask(["config", "--no-includes", "--get", "remote.origin.url"], b"").ok()?;
        let url = String::from_utf8(said).ok()?;
        let url = url.trim_end_matches('\n');
        (!url.is_empty()).then(|| without_password(url))
    }

    /// The folder in which git keeps the objects and their names, also where a working copy is one of
    /// several.
    pub fn common_folder(&self) -> Option<PathBuf> {
        let args = ["rev-parse", "--path-format=absolute", "--git-common-dir"];
        let said = String::from_utf8(self.ask(args, b"").ok()?).ok()?;
        let folder = PathBuf::from(said.strip_suffix('\n')?);
        folder.is_absolute().then_some(folder)
    }

    fn ask<'a>(
        &self,
        args: impl IntoIterator<Item = &'a str>,
        stdin: &[u8],
    ) -> Result<Vec<u8>, ObjectsFailed> {
        let mut words = Vec::new();
        if let Some(folder) = &self.folder {
            let mut which = OsString::from("--git-dir=");
            which.push(folder);
            words.push(which);
        }
        words.extend(args.into_iter().map(OsString::from));
        let git = Git { program: &self.program, root: &self.root };
        let said = git.ask(words, stdin, TIMEOUT)?;
        if !said.status.success() {
            return Err(ObjectsFailed::Refused(self.root.clone()));
        }
        Ok(said.stdout)
    }
}

/// An entry of a tree as git prints it: `<mode> <type> <object>\t<path>`.
fn entry(line: &[u8]) -> Option<Entry> {
    let line = String::from_utf8_lossy(line);
    let (what, path) = line.split_once('\t')?;
    let mut words = what.split(' ');
    let kind = match (words.next()?, words.next()?) {
        ("120000", "blob") => EntryKind::Link,
        ("100755", "blob") => EntryKind::Program,
        (_, "blob") => EntryKind::File,
        (_, "tree") => EntryKind::Folder,
        (_, "commit") => EntryKind::Submodule,
        _ => return None,
    };
    let object = words.next().filter(|name| is_name(name))?.to_owned();
    let possible =
        |part: &str| !matches!(part, "" | "." | "..") && !part.eq_ignore_ascii_case(".git");
    path.split('/').all(possible).then(|| Entry { path: path.to_owned(), kind, object })
}

/// A blob as git prints it: `<object> blob <size>`, a line, its content, and an empty line.
fn next_blob(rest: &mut &[u8]) -> Option<Vec<u8>> {
    let end = rest.iter().position(|byte| *byte == b'\n')?;
    let head = std::str::from_utf8(&rest[..end]).ok()?;
    let (_, size) = head.split_once(" blob ")?;
    let size: usize = size.parse().ok()?;
    let content = rest.get(end + 1..end + 1 + size)?.to_vec();
    *rest = rest.get(end + 2 + size..)?;
    Some(content)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

    /// What git says, as the author of a repository asks it.
    fn git(folder: &Path, args: &[&str], stdin: &[u8]) -> String {
        let program = program_in_path("git", OsStr::new(PATH)).expect("git is here");
        let own = ["-c", "user.name=a", "-c", "user.email=a@example.org"];
        let args = own.iter().chain(args).map(OsString::from);
        let said = Git { program: &program, root: folder }.ask(args, stdin, TIMEOUT).unwrap();
        assert!(said.status.success(), "git {args:?}", args = said.stdout);
        String::from_utf8(said.stdout).unwrap().trim_end().to_owned()
    }

    /// A repository of two commits: `a` held `one`, and holds `two`.
    fn repository() -> (tempfile::TempDir, Objects) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        git(root, &["init", "-q", "-b", "main"], b"");
        fs::create_dir_all(root.join("runbooks/deep")).unwrap();
        for (text, message) in [("one\n", "first"), ("two\n\n", "second")] {
            fs::write(root.join("runbooks/deep/a"), text).unwrap();
            git(root, &["add", "."], b"");
            git(root, &["commit", "-q", "-m", message], b"");
        }
        git(root, &["tag", "-a", "-m", "x", "v1", "HEAD~1"], b"");
        let objects = Objects::of_working_copy(root, OsStr::new(PATH)).unwrap();
        (folder, objects)
    }

    fn blob(objects: &Objects, revision: &str) -> String {
        let commit = objects.resolve(revision).unwrap().unwrap();
        objects.tree(&commit, "runbooks").unwrap()[0].object.clone()
    }

    #[test]
    fn what_a_revision_held_is_read_without_a_checkout() {
        let (folder, objects) = repository();
        fs::remove_dir_all(folder.path().join("runbooks")).unwrap();
        let names = [blob(&objects, "main"), blob(&objects, "v1"), blob(&objects, "HEAD~1")];
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let whole = |text: &str| Blob::Whole(text.as_bytes().to_vec());
        let read = objects.read(&names, 100).unwrap();
        assert_eq!(read, [whole("two\n\n"), whole("one\n"), whole("one\n")]);
        assert_eq!(objects.read(&names[..2], 4).unwrap(), [Blob::Large(5), whole("one\n")]);
        assert!(objects.is_called(b"one\n", names[1]).unwrap());
        assert!(!objects.is_called(b"two\n", names[1]).unwrap());
        assert_eq!(objects.references().unwrap(), ["refs/heads/main", "refs/tags/v1"]);
        let kept = folder.path().canonicalize().unwrap().join(".git");
        assert_eq!(objects.common_folder(), Some(kept));
        // The same from the folder that git keeps.
        let bare = Objects::at(&folder.path().join(".git"), OsStr::new(PATH)).unwrap();
        assert_eq!(bare.read(&names[..1], 100).unwrap(), [whole("two\n\n")]);
    }

    #[test]
    fn a_revision_is_never_an_option_nor_another_question() {
        let (folder, objects) = repository();
        let commit = objects.resolve("main").unwrap().unwrap();
        assert_eq!(objects.resolve(&commit[..9]).unwrap().as_deref(), Some(commit.as_str()));
        let odd =
            ["--upload-pack=/bin/false", "-x", "", "main\nv1", "main:runbooks", ":/first", "\0"];
        let mut asked = odd.to_vec();
        asked.extend(["nothing", "main..v1", "HEAD~9", "main"]);
        let found = objects.resolve_each(&asked).unwrap();
        let (last, others) = found.split_last().unwrap();
        assert_eq!(last.as_deref(), Some(commit.as_str()));
        assert!(others.iter().all(Option::is_none), "{others:?}");
        let lied = objects.tree("--output=x", "").unwrap_err();
        assert!(matches!(lied, ObjectsFailed::Refused(root) if root == folder.path()));
        assert_eq!(objects.read(&["--help"], 9).unwrap(), [Blob::Missing]);
    }

    #[test]
    fn a_tree_tells_what_its_names_stand_for_and_leaves_out_impossible_ones() {
        let (folder, objects) = repository();
        let object = blob(&objects, "main");
        let mut tree = Vec::new();
        for (mode, name) in [
            ("100644", ".."),
            ("100644", ".GIT"),
            ("100755", "fix.sh"),
            ("120000", "link"),
            ("160000", "module"),
            ("100644", "new\nline"),
        ] {
            tree.extend(format!("{mode} {name}\0").as_bytes());
            let digit = |at: usize| u8::from_str_radix(&object[at..at + 2], 16).unwrap();
            tree.extend((0..object.len()).step_by(2).map(digit));
        }
        let root = folder.path();
        let args = ["hash-object", "-t", "tree", "-w", "--literally", "--stdin"];
        let tree = git(root, &args, &tree);
        let commit = git(root, &["commit-tree", "-m", "odd", &tree], b"");
        let found = objects.folder(&commit, "").unwrap();
        let found: Vec<_> = found.iter().map(|entry| (entry.path.as_str(), entry.kind)).collect();
        let expected = [
            ("fix.sh", EntryKind::Program),
            ("link", EntryKind::Link),
            ("module", EntryKind::Submodule),
            ("new\nline", EntryKind::File),
        ];
        assert_eq!(found, expected);
        let main = objects.resolve("main").unwrap().unwrap();
        let listed = |folder: &str| objects.folder(&main, folder).unwrap();
        assert_eq!(listed("")[0].kind, EntryKind::Folder);
        assert_eq!(listed("runbooks/deep")[0].path, "runbooks/deep/a");
        assert_eq!(listed("nowhere"), []);
    }

    #[test]
    fn what_was_not_fetched_or_is_damaged_is_told_apart() {
        let (folder, objects) = repository();
        let names = [blob(&objects, "main"), blob(&objects, "v1")];
        let file =
            |name: &str| folder.path().join(".git/objects").join(&name[..2]).join(&name[2..]);
        fs::remove_file(file(&names[0])).unwrap();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let good = Blob::Whole(b"one\n".to_vec());
        assert_eq!(objects.read(&names, 100).unwrap(), [Blob::Missing, good.clone()]);

        // An object that says how long it is, and is not.
        let stored = git(folder.path(), &["hash-object", "-w", "--stdin"], b"some text to cut");
        let bytes = fs::read(file(&stored)).unwrap();
        fs::remove_file(file(&stored)).unwrap();
        fs::write(file(&stored), &bytes[..bytes.len() - 6]).unwrap();
        let read = objects.read(&[names[1], &stored, names[1]], 100).unwrap();
        assert_eq!(read, [good.clone(), Blob::Damaged, good]);
    }
}
