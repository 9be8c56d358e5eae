//! Where a file comes from, as git knows it. Git is asked only where there is a repository, at most
//! twice, and in such a way that nothing the repository brings is run: no hooks, no file system
//! monitor, no filters, no prompts, no locks.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::program::program_in_path;
use super::tool::{Captured, Tool, capture};

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
    /// Whether the file differs from the commit.
    pub dirty: bool,
}

/// Asks git about a file, with the programs found in `path`. None if it lies in no repository, or
/// git is not there or does not answer.
pub fn describe(file: &Path, path: &OsStr) -> Option<GitOrigin> {
    let file = file.canonicalize().ok()?;
    let folder = file.parent()?;
    let root = repository(folder)?;
    let git = program_in_path("git", path)?;
    let below = file.strip_prefix(root).ok()?;
    let below = below.to_str().filter(|path| !path.contains('\n'))?;
    // The blob itself is asked for, not a comparison: that would run the filters of the repository.
    let question = format!("HEAD^{{commit}}\nHEAD:{below}\n");
    let objects = run(&git, root, &["cat-file", "--batch"], &question)?;
    let mut rest = objects.stdout.as_slice();
    let commit = next_object(&mut rest);
    let blob = next_object(&mut rest);
    let content = std::fs::read(&file).ok()?;
    let remote = run(&git, root, &["config", "--get", "remote.origin.url"], "")?;
    let remote = String::from_utf8(remote.stdout).ok()?;
    let remote = remote.trim_end_matches('\n');
    Some(GitOrigin {
        remote: (!remote.is_empty()).then(|| without_password(remote)),
        commit: commit.map(|object| object.id),
        path_in_repository: below.to_owned(),
        dirty: blob.is_none_or(|blob| blob.content != content),
    })
}

/// An object as `git cat-file --batch` prints it.
struct Object<'a> {
    id: String,
    content: &'a [u8],
}

/// The next object; none if git says that it is missing.
fn next_object<'a>(rest: &mut &'a [u8]) -> Option<Object<'a>> {
    let end = rest.iter().position(|byte| *byte == b'\n')?;
    let (line, after) = rest.split_at(end);
    *rest = &after[1..];
    let line = std::str::from_utf8(line).ok()?;
    let mut words = line.split(' ');
    let (id, _kind, size) = (words.next()?, words.next()?, words.next()?);
    let content = rest.get(..size.parse().ok()?)?;
    *rest = rest.get(content.len() + 1..).unwrap_or_default();
    Some(Object { id: id.to_owned(), content })
}

/// The nearest folder upwards that holds a `.git`.
fn repository(folder: &Path) -> Option<&Path> {
    folder.ancestors().find(|ancestor| ancestor.join(".git").symlink_metadata().is_ok())
}

fn run(git: &Path, root: &Path, args: &[&str], stdin: &str) -> Option<Captured> {
    let fixed = [
        "--no-optional-locks",
        "--literal-pathspecs",
        "-c",
        "core.fsmonitor=false",
        "-c",
        "core.hooksPath=/dev/null",
        "-c",
        "core.attributesFile=/dev/null",
        "-c",
        "core.untrackedCache=false",
        "-c",
        "protocol.allow=never",
    ];
    let environment = [
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_TERMINAL_PROMPT", "0"),
        ("GIT_ASKPASS", "/bin/false"),
        ("GIT_NO_LAZY_FETCH", "1"),
        ("GIT_NO_REPLACE_OBJECTS", "1"),
        ("GIT_OPTIONAL_LOCKS", "0"),
        ("LC_ALL", "C"),
        ("PATH", "/usr/bin:/bin"),
    ];
    let mut environment: BTreeMap<OsString, OsString> =
        environment.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    // Its own look upwards must find the same repository, and none beyond.
    if let Some(above) = root.parent() {
        environment.insert("GIT_CEILING_DIRECTORIES".into(), above.into());
    }
    let tool = Tool {
        program: PathBuf::from(git),
        args: fixed.iter().chain(args).map(OsString::from).collect(),
        environment,
        folder: root.to_owned(),
        stdin: stdin.as_bytes().to_vec(),
        timeout: TIMEOUT,
    };
    capture(&tool).ok()
}

/// A URL may carry a password, which belongs into no record.
fn without_password(remote: &str) -> String {
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
        let captured = run(&program, folder, &args, "").unwrap();
        assert!(captured.status.success(), "git {args:?}");
    }

    #[test]
    fn a_file_outside_a_repository_has_no_origin() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.yaml");
        fs::write(&file, "x").unwrap();
        assert_eq!(describe(&file, OsStr::new(PATH)), None);
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
        let fresh = describe(&file, OsStr::new(PATH)).unwrap();
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

        let clean = describe(&file, OsStr::new(PATH)).unwrap();
        assert_eq!(clean.path_in_repository, "books/a.yaml");
        assert_eq!(clean.remote.as_deref(), Some("https://me@example.org/ops.git"));
        assert_eq!(clean.commit.unwrap().len(), 40);
        assert!(!clean.dirty);

        fs::write(&file, "y").unwrap();
        assert!(describe(&file, OsStr::new(PATH)).unwrap().dirty);
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
