//! Where files come from, as git knows it. Git is asked only where there is a repository, and in such
//! a way that nothing the repository brings is run: no hooks, no file system monitor, no filters, no
//! remote helpers, no prompts, no locks. Of a runbook's working copy it is asked for names of objects
//! alone, never for what they hold, and compares nothing; what objects hold is asked in `objects`.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::program::program_in_path;
use super::tool::{Captured, Tool, ToolError, capture};

const TIMEOUT: Duration = Duration::from_secs(5);

/// Where a file of a repository comes from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct GitOrigin {
    /// The URL of `origin`, without a password, if there is one.
    pub remote: Option<String>,
    /// The commit that is checked out; none before the first.
    pub commit: Option<String>,
    /// The file's path from the repository's root.
    pub path_in_repository: String,
    /// Whether what was read differs from the commit.
    pub dirty: bool,
}

/// Asks git about files and what was read of them, with the programs found in `path`. None for one
/// that lies in no repository, or where git is not there or does not answer.
pub fn describe(files: &[(&Path, &[u8])], path: &OsStr) -> Vec<Option<GitOrigin>> {
    let mut origins = vec![None; files.len()];
    let Some(git) = program_in_path("git", path) else {
        return origins;
    };
    let mut repositories: BTreeMap<PathBuf, Vec<(usize, String)>> = BTreeMap::new();
    for (place, (file, _)) in files.iter().enumerate() {
        if let Some((root, below)) = placed(file) {
            repositories.entry(root).or_default().push((place, below));
        }
    }
    for (root, members) in repositories {
        let git = Git { program: &git, root: &root };
        let asked = members.iter().map(|(place, below)| (below.as_str(), files[*place].1));
        let found = git.describe(&asked.collect::<Vec<_>>()).unwrap_or_default();
        for ((place, _), origin) in members.into_iter().zip(found) {
            origins[place] = Some(origin);
        }
    }
    origins
}

/// A file of a branch's latest commit, in a repository that settings name: whoever it belongs to, it
/// is asked. A clone is asked for the branch as it was fetched last, which no commit of its own
/// moves; one without a working copy for the branch itself.
pub fn file_of_branch(
    repository: &Path,
    branch: &str,
    file: &str,
    path: &OsStr,
) -> Option<Vec<u8>> {
    let program = program_in_path("git", path)?;
    let folder = git_folder(repository);
    let refs = if folder == repository { "refs/heads" } else { "refs/remotes/origin" };
    let mut which = OsString::from("--git-dir=");
    which.push(&folder);
    let git = Git { program: &program, root: repository };
    let object = format!("{refs}/{branch}:{file}");
    let args = [which, "cat-file".into(), "blob".into(), object.into()];
    let said = git.asked(args, b"")?;
    said.status.success().then_some(said.stdout)
}

/// Where git keeps what it knows of a repository.
pub fn git_folder(repository: &Path) -> PathBuf {
    let own = repository.join(".git");
    if own.exists() { own } else { repository.to_owned() }
}

/// The root of the repository that a file lies in, and its path there.
fn placed(file: &Path) -> Option<(PathBuf, String)> {
    let file = file.canonicalize().ok()?;
    let holds = |folder: &&Path| folder.join(".git").symlink_metadata().is_ok();
    let root = file.parent()?.ancestors().find(holds)?;
    let below = file.strip_prefix(root).ok()?.to_str()?;
    // Git is asked line by line.
    (!below.contains('\n')).then(|| (root.to_owned(), below.to_owned()))
}

/// Git, in a repository.
pub(super) struct Git<'a> {
    pub(super) program: &'a Path,
    pub(super) root: &'a Path,
}

impl Git<'_> {
    fn describe(&self, files: &[(&str, &[u8])]) -> Option<Vec<GitOrigin>> {
        let mut question = "HEAD^{commit}\n".to_owned();
        for (below, _) in files {
            question = format!("{question}HEAD:{below}\n");
        }
        let format = "--batch-check=%(objecttype) %(objectsize) %(objectname)";
        let objects = self.run(&["cat-file", format], question.as_bytes())?;
        let objects = String::from_utf8_lossy(&objects.stdout).into_owned();
        let mut objects = objects.lines();
        let commit = objects.next().and_then(|line| object("commit", line));
        let remote = self.word(&["config", "--no-includes", "--get", "remote.origin.url"]);
        let mut origins = Vec::new();
        for (below, bytes) in files {
            let blob = objects.next().and_then(|line| object("blob", line));
            let same = blob
                .filter(|blob| blob.size == bytes.len() as u64)
                .is_some_and(|blob| self.name_of(bytes).is_some_and(|name| name == blob.name));
            origins.push(GitOrigin {
                remote: remote.as_deref().map(without_password),
                commit: commit.as_ref().map(|object| object.name.clone()),
                path_in_repository: (*below).to_owned(),
                dirty: !same,
            });
        }
        Some(origins)
    }

    /// What git calls these bytes. What an object of the repository holds need not be what its name
    /// says, so the object is not compared.
    fn name_of(&self, bytes: &[u8]) -> Option<String> {
        let named = self.run(&["hash-object", "--no-filters", "-t", "blob", "--stdin"], bytes)?;
        Some(String::from_utf8(named.stdout).ok()?.trim_end().to_owned())
    }

    /// One line, if there is one.
    fn word(&self, args: &[&str]) -> Option<String> {
        let said = String::from_utf8(self.run(args, b"")?.stdout).ok()?;
        let word = said.trim_end_matches('\n');
        (!word.is_empty()).then(|| word.to_owned())
    }

    fn run(&self, args: &[&str], stdin: &[u8]) -> Option<Captured> {
        self.asked(args.iter().map(OsString::from), stdin)
    }

    fn asked(&self, args: impl IntoIterator<Item = OsString>, stdin: &[u8]) -> Option<Captured> {
        self.ask(args, stdin, TIMEOUT).ok()
    }

    /// One question, and what git answers.
    pub(super) fn ask(
        &self,
        args: impl IntoIterator<Item = OsString>,
        stdin: &[u8],
        timeout: Duration,
    ) -> Result<Captured, ToolError> {
        let mut words: Vec<OsString> = OPTIONS.iter().map(OsString::from).collect();
        for setting in SETTINGS {
            words.extend(["-c".into(), setting.into()]);
        }
        words.extend(args);
        let mut environment: BTreeMap<OsString, OsString> =
            ENVIRONMENT.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        // Its own look upwards must find the same repository, and none beyond.
        if let Some(above) = self.root.parent() {
            environment.insert("GIT_CEILING_DIRECTORIES".into(), above.into());
        }
        let tool = Tool {
            program: self.program.to_owned(),
            args: words,
            environment,
            folder: self.root.to_owned(),
            stdin: stdin.to_vec(),
            timeout,
        };
        capture(&tool)
    }
}

const OPTIONS: [&str; 4] =
    ["--no-pager", "--no-optional-locks", "--no-replace-objects", "--literal-pathspecs"];

/// Settings that win over those of the repository. None of the questions comes to a program that
/// the repository names; should a version of git do so one day, it finds none.
const SETTINGS: [&str; 16] = [
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.attributesFile=/dev/null",
    "core.excludesFile=/dev/null",
    "core.untrackedCache=false",
    "core.sshCommand=/bin/false",
    "core.gitProxy=/bin/false",
    "core.pager=cat",
    "core.editor=/bin/false",
    "core.alternateRefsCommand=/bin/false",
    "credential.helper=",
    "diff.external=",
    "uploadpack.packObjectsHook=",
    "protocol.allow=never",
    "safe.bareRepository=explicit",
    "submodule.recurse=false",
];

/// The whole environment: nothing that the responder's shell or the repository says gets to git. A
/// repository that belongs to somebody else is refused by git itself, and that stays so.
const ENVIRONMENT: [(&str, &str); 18] = [
    // Alone among these it is stronger than what the repository says of a protocol.
    ("GIT_ALLOW_PROTOCOL", "none"),
    ("GIT_ASKPASS", "/bin/false"),
    ("GIT_ATTR_NOSYSTEM", "1"),
    ("GIT_CONFIG_GLOBAL", "/dev/null"),
    ("GIT_CONFIG_NOSYSTEM", "1"),
    ("GIT_CONFIG_SYSTEM", "/dev/null"),
    ("GIT_EDITOR", "/bin/false"),
    ("GIT_GRAFT_FILE", "/dev/null"),
    ("GIT_NO_LAZY_FETCH", "1"),
    ("GIT_NO_REPLACE_OBJECTS", "1"),
    ("GIT_OPTIONAL_LOCKS", "0"),
    ("GIT_PAGER", "cat"),
    ("GIT_PROTOCOL_FROM_USER", "0"),
    ("GIT_SSH_COMMAND", "/bin/false"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("LC_ALL", "C"),
    ("PATH", "/usr/bin:/bin"),
    ("SSH_ASKPASS", "/bin/false"),
];

/// Whether this can be the whole name of an object.
pub(super) fn is_name(name: &str) -> bool {
    (40..=64).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_hexdigit())
}

/// An object as git names it.
struct Object {
    name: String,
    size: u64,
}

/// The object of a line that git answers with; none if it is missing or another kind of thing.
fn object(kind: &str, line: &str) -> Option<Object> {
    let (found, rest) = line.split_once(' ')?;
    let (size, name) = rest.split_once(' ')?;
    let object = Object { name: name.to_owned(), size: size.parse().ok()? };
    (found == kind && is_name(name)).then_some(object)
}

/// A URL may carry a password, which belongs into no record.
pub fn without_password(remote: &str) -> String {
    let Some((scheme, rest)) = remote.split_once("://") else {
        return remote.to_owned();
    };
    let authority = rest.split('/').next().unwrap_or(rest);
    let Some((user, _)) = authority.rsplit_once('@') else {
        return remote.to_owned();
    };
    let after = &rest[user.len() + 1..];
    match user.split_once(':') {
        Some((name, _)) => format!("{scheme}://{name}@{after}"),
        // A token may stand alone in the place of the name.
        None if scheme.starts_with("http") => format!("{scheme}://{after}"),
        None => remote.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

    fn git(folder: &Path, args: &[&str]) {
        let program = program_in_path("git", OsStr::new(PATH)).unwrap();
        let own =
            ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"];
        let args: Vec<&str> = own.iter().chain(args).copied().collect();
        let captured = Git { program: &program, root: folder }.run(&args, b"").unwrap();
        assert!(captured.status.success(), "git {args:?}");
    }

    /// What is told of one file, as it is on the disk.
    fn described(file: &Path) -> Option<GitOrigin> {
        let bytes = fs::read(file).unwrap();
        describe(&[(file, &bytes)], OsStr::new(PATH)).pop().flatten()
    }

    #[test]
    fn a_file_outside_a_repository_has_no_origin() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.yaml");
        fs::write(&file, "x").unwrap();
        assert_eq!(described(&file), None);
    }

    #[test]
    fn origin_commit_path_and_change_are_told_and_nothing_of_the_repository_is_run() {
        if program_in_path("git", OsStr::new(PATH)).is_none() {
            println!("skipped: there is no git here");
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        fs::create_dir(root.join("books")).unwrap();
        let file = root.join("books/a.yaml");
        fs::write(&file, "x").unwrap();
        git(&root, &["init", "-q"]);
        let fresh = described(&file).unwrap();
        assert_eq!((fresh.commit, fresh.remote, fresh.dirty), (None, None, true));

        git(&root, &["add", "."]);
        git(&root, &["commit", "-q", "-m", "one"]);
        let remote = "https://me:hunter22@example.org/ops.git";
        git(&root, &["config", "remote.origin.url", remote]);
        let canary = root.join("canary");
        let monitor = root.join("monitor");
        let script = format!("#!/bin/sh\ntouch {}\n", canary.display());
        super::super::output::create_with_mode(&monitor, 0o700).unwrap();
        fs::write(&monitor, script).unwrap();
        git(&root, &["config", "core.fsmonitor", monitor.to_str().unwrap()]);

        let clean = described(&file).unwrap();
        assert_eq!(clean.path_in_repository, "books/a.yaml");
        assert_eq!(clean.remote.as_deref(), Some("https://me@example.org/ops.git"));
        assert_eq!(clean.commit.unwrap().len(), 40);
        assert!(!clean.dirty);

        fs::write(&file, "y").unwrap();
        assert!(described(&file).unwrap().dirty);
        // What was read counts, not what lies there by now.
        let read = describe(&[(&file, b"x"), (&file, b"z")], OsStr::new(PATH));
        let dirty: Vec<bool> = read.iter().map(|origin| origin.as_ref().unwrap().dirty).collect();
        assert_eq!(dirty, [false, true]);
        assert!(!canary.exists(), "the repository's program was run");
    }

    #[test]
    fn passwords_and_tokens_are_left_out_of_urls() {
        let check = |remote: &str, expected: &str| assert_eq!(without_password(remote), expected);
        check("https://a:b@x.org/r", "https://a@x.org/r");
        check("https://token@x.org/r", "https://x.org/r");
        check("https://a:b@c@x.org/r", "https://a@x.org/r");
        check("https://x.org/r@1", "https://x.org/r@1");
        check("ssh://git@x.org/r", "ssh://git@x.org/r");
        check("git@x.org:r", "git@x.org:r");
    }
}
