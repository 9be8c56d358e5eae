//! Git as a place for records: what lies on a branch of a repository elsewhere is fetched into a bare
//! one of ours, and files are added on top of it. There is no working copy, and no hook, filter or
//! helper of the repository is run; only whoever is asked for a password is the user's own.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::git::without_password;
use super::outward::{Call, Outward, REMOTE, of_remote, reason};
use super::tool::{Captured, ToolError};
use super::transfer::{Ended, TransferFailed, Watch};

/// A larger file is not fetched, where the other machine lets itself be asked for less: no record has one.
const NO_LARGER: &str = "blob:limit=49m";

/// The mode of a folder.
const FOLDER: &str = "040000";

/// More folders beside each other are listed at once.
const MOST_FOLDERS: usize = 32;

/// How long git may look into its own repository.
const NEAR: Duration = Duration::from_mins(2);

/// A branch of a repository elsewhere.
#[derive(Clone, Copy, Debug)]
pub struct Branch<'a> {
    /// The repository, as git names it.
    pub url: &'a str,
    /// The branch.
    pub name: &'a str,
}

impl Branch<'_> {
    fn reference(&self) -> String {
        format!("refs/heads/{}", self.name)
    }
}

/// A file of a commit.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FileOfCommit {
    /// Its path, as the bytes that git has.
    pub path: Vec<u8>,
    /// Its mode, such as `100644`.
    pub mode: String,
    /// Its object.
    pub id: String,
    /// How long it is; none of what is no file, and of what was too large to be fetched.
    pub size: Option<u64>,
}

/// A file that is added.
#[derive(Clone, Debug)]
pub struct Added {
    /// Its path in the repository.
    pub path: String,
    /// What it holds.
    pub bytes: Vec<u8>,
    /// Whether it is a program.
    pub executable: bool,
}

/// Who adds files, and when.
#[derive(Clone, Copy, Debug)]
pub struct Author<'a> {
    /// Who, unless git knows it better.
    pub name: &'a str,
    /// When, in seconds since 1970.
    pub seconds: i64,
    /// What for.
    pub message: &'a str,
}

/// What became of a push.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Pushed {
    /// It is there.
    Done,
    /// Somebody else was faster, as git says: look at what is there now, and try again.
    Raced(String),
}

/// Why git did not do it.
#[derive(Debug, thiserror::Error)]
pub enum GitFailed {
    /// There is no git.
    #[error("git is not there")]
    Missing,
    /// It did not answer.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// The other machine was not talked to until the end.
    #[error("git could not {act}: {source}")]
    Transfer {
        /// What it was to do.
        act: String,
        /// Why it did not.
        source: TransferFailed,
    },
    /// It said no.
    #[error("git could not {act}: {said}")]
    Refused {
        /// What it was to do.
        act: String,
        /// What it said.
        said: String,
    },
}

/// How the user's git is let talk to others.
#[derive(Clone, Copy)]
pub struct Conversation<'a> {
    /// The user's environment, by which git knows who they are and how they are let in.
    pub environment: &'a BTreeMap<OsString, OsString>,
    /// Who tells nothing for so long is given up.
    pub patience: Duration,
    /// Who waits for it.
    pub watch: &'a dyn Watch,
}

/// A bare repository of ours that holds what was fetched.
pub struct Deliverer<'a> {
    git: Outward,
    folder: PathBuf,
    watch: &'a dyn Watch,
}

impl<'a> Deliverer<'a> {
    /// The repository in a folder, made if it is not there.
    pub fn at(folder: &Path, with: Conversation<'a>) -> Result<Self, GitFailed> {
        let git = Outward::new(with.environment, with.patience).ok_or(GitFailed::Missing)?;
        let ours = Self { git, folder: folder.to_owned(), watch: with.watch };
        if !folder.join("HEAD").is_file() {
            let init = ["init", "--quiet", "--bare", "--template=", "--"];
            let args = init.iter().map(OsString::from).chain([folder.into()]).collect();
            let made = ours.git.capture(call(args, Vec::new()), Vec::new(), NEAR)?;
            done("make a repository", made)?;
        }
        Ok(ours)
    }

    /// The commit that a branch is at now, if there is one. The other machine is asked.
    pub fn tip(&self, branch: Branch<'_>) -> Result<Option<String>, GitFailed> {
        let reference = branch.reference();
        let words = ["ls-remote", "--quiet", "--refs", "--", REMOTE, &reference];
        let said = self.far(&words, branch, "reach")?;
        let said = String::from_utf8_lossy(&said.stdout).into_owned();
        let mut lines = said.lines().filter_map(|line| line.split_once('\t'));
        Ok(lines.find(|(_, name)| *name == reference).map(|(id, _)| id.to_owned()))
    }

    /// Fetches a branch. What it was at is kept under a name that is not used twice: whoever died at
    /// it, or works at it, is in nobody's way.
    pub fn fetch(&self, branch: Branch<'_>, nonce: &str) -> Result<String, GitFailed> {
        let kept = format!("refs/records/{nonce}");
        let what = format!("+{}:{kept}", branch.reference());
        let words = [
            "fetch",
            "--progress",
            "--no-tags",
            "--no-write-fetch-head",
            "--no-recurse-submodules",
            "--no-auto-maintenance",
            "--refmap=",
            &format!("--filter={NO_LARGER}"),
            "--",
            REMOTE,
            &what,
        ];
        self.far(&words, branch, "fetch")?;
        self.commit(&kept)
    }

    /// The commit that a name stands for.
    fn commit(&self, name: &str) -> Result<String, GitFailed> {
        let name = format!("{name}^{{commit}}");
        let said = self.near(&["rev-parse", "--verify", "--quiet", &name], Vec::new())?;
        Ok(String::from_utf8_lossy(&said.stdout).trim().to_owned())
    }

    /// Whether a commit is here with all that belongs to it: only what was fetched whole has a name.
    pub fn keeps(&self, commit: &str) -> bool {
        let words = ["for-each-ref", "--format=%(objectname)", "refs/records/"];
        let named = self.near(&words, Vec::new()).map(|said| said.stdout).unwrap_or_default();
        String::from_utf8_lossy(&named).lines().any(|id| id == commit)
    }

    /// Whether nothing that has a name is broken.
    pub fn is_sound(&self) -> bool {
        self.near(&["fsck", "--connectivity-only", "--no-dangling"], Vec::new()).is_ok()
    }

    /// Whether a commit is there, and has an earlier one behind it.
    pub fn descends(&self, earlier: &str, later: &str) -> bool {
        self.near(&["merge-base", "--is-ancestor", earlier, later], Vec::new()).is_ok()
    }

    /// Forgets the names of all commits but one.
    pub fn keep_only(&self, commit: &str) {
        let format = "--format=%(objectname) %(refname)";
        let Ok(named) = self.near(&["for-each-ref", format, "refs/records/"], Vec::new()) else {
            return;
        };
        let named = String::from_utf8_lossy(&named.stdout).into_owned();
        let mut kept = false;
        for (id, name) in named.lines().filter_map(|line| line.split_once(' ')) {
            if id == commit && !kept {
                kept = true;
            } else {
                // A name too many costs nothing.
                let _ = self.near(&["update-ref", "-d", name], Vec::new());
            }
        }
    }

    /// Puts many small objects together, so that the repository stays quick.
    pub fn pack(&self) {
        let loose = std::fs::read_dir(self.folder.join("objects/17")).into_iter().flatten().count();
        let packs = std::fs::read_dir(self.folder.join("objects/pack")).into_iter().flatten();
        if loose > 12 || packs.count() > 100 {
            // What is not packed can be read all the same.
            let _ = self.near(&["repack", "-a", "-d", "-k", "-q"], Vec::new());
        }
    }

    /// All files of a commit below a folder. The folders of its first levels are asked one by one: a
    /// list of all of them could be longer than any answer may be.
    pub fn files(
        &self,
        commit: &str,
        below: &str,
        levels: usize,
    ) -> Result<Vec<FileOfCommit>, GitFailed> {
        if levels == 0 {
            return self.listed(commit, below, Some("-r"));
        }
        let (folders, mut files): (Vec<_>, Vec<_>) =
            self.listed(commit, below, None)?.into_iter().partition(|it| it.mode == FOLDER);
        if folders.len() > MOST_FOLDERS {
            return self.listed(commit, below, Some("-r"));
        }
        for folder in folders {
            match std::str::from_utf8(&folder.path) {
                Ok(path) => files.extend(self.files(commit, path, levels - 1)?),
                // Whatever it holds is nobody's.
                Err(_) => files.push(folder),
            }
        }
        Ok(files)
    }

    /// What a folder of a commit holds, or all that is below it.
    fn listed(
        &self,
        commit: &str,
        below: &str,
        depth: Option<&str>,
    ) -> Result<Vec<FileOfCommit>, GitFailed> {
        let below = format!("{below}/");
        let mut words = vec!["ls-tree", "-l", "-z", "--full-tree"];
        words.extend(depth);
        words.extend([commit, "--", &below]);
        let listed = self.near(&words, Vec::new())?.stdout;
        Ok(listed.split(|byte| *byte == 0).filter_map(blob).collect())
    }

    /// What objects hold. One that is not there, or is no file, is none.
    pub fn read(&self, ids: &[&str]) -> Result<Vec<Option<Vec<u8>>>, GitFailed> {
        let mut asked = ids.join("\n").into_bytes();
        asked.push(b'\n');
        let said = self.near(&["cat-file", "--batch"], asked)?.stdout;
        let mut rest = said.as_slice();
        Ok(ids.iter().map(|_| next_object(&mut rest)).collect())
    }

    /// Makes a commit that adds files to those of another, or begins with them.
    pub fn add(
        &self,
        onto: Option<&str>,
        files: &[Added],
        author: Author<'_>,
        nonce: &str,
    ) -> Result<String, GitFailed> {
        let name = format!("refs/records/{nonce}");
        let mut stream = Vec::new();
        let mut line = |text: &str| stream.extend_from_slice(text.as_bytes());
        let who = self.identity(author.name);
        line(&format!("feature done\ncommit {name}\n"));
        line(&format!("committer {who} {} +0000\n", author.seconds));
        line(&format!("data {}\n{}\n", author.message.len(), author.message));
        if let Some(onto) = onto {
            line(&format!("from {onto}\n"));
        }
        for file in files {
            let mode = if file.executable { "100755" } else { "100644" };
            let header = format!("M {mode} inline {}\n", quoted(&file.path));
            stream.extend_from_slice(header.as_bytes());
            stream.extend_from_slice(format!("data {}\n", file.bytes.len()).as_bytes());
            stream.extend_from_slice(&file.bytes);
            stream.push(b'\n');
        }
        stream.extend_from_slice(b"done\n");
        let words = ["fast-import", "--quiet", "--force", "--done", "--date-format=raw"];
        self.near(&words, stream)?;
        self.commit(&name)
    }

    /// Who git says that the user is, if it was told.
    fn identity(&self, otherwise: &str) -> String {
        let words = ["-c", "user.useConfigOnly=true", "var", "GIT_COMMITTER_IDENT"];
        let said = self.run(&words, Vec::new(), NEAR);
        let said = said.ok().filter(|said| said.status.success());
        let said = said.map(|said| String::from_utf8_lossy(&said.stdout).into_owned());
        let known = said.and_then(|said| Some(format!("{}>", said.rsplit_once('>')?.0)));
        known.unwrap_or_else(|| {
            let plain = |c: &char| !c.is_control() && !matches!(c, '<' | '>');
            let name: String = otherwise.chars().filter(plain).collect();
            format!("{name} <{}>", name.replace(' ', ""))
        })
    }

    /// Moves a branch on to a commit that has the branch behind it; never to another.
    pub fn push(&self, branch: Branch<'_>, commit: &str) -> Result<Pushed, GitFailed> {
        let what = format!("{commit}:{}", branch.reference());
        let receiver = self.receiver(branch.url);
        let mut words =
            vec!["push", "--progress", "--porcelain", "--no-verify", "--no-follow-tags"];
        words.extend(receiver.as_deref());
        words.extend(["--", REMOTE, &what]);
        let mut said = self.talk(&words, branch, "push to")?;
        let told = String::from_utf8_lossy(&said.stdout).into_owned();
        let refused = told.lines().find(|line| line.starts_with('!'));
        match refused {
            Some(line) if is_race(line) => Ok(Pushed::Raced(last_word(line))),
            _ => {
                said.said.extend(refused.map(str::to_owned));
                accepted(said, branch, "push to").map(|_| Pushed::Done)
            }
        }
    }

    /// A repository on this machine is written by a process of ours, which would run its hooks.
    fn receiver(&self, url: &str) -> Option<String> {
        let here = url.starts_with("file://") || url.starts_with('/');
        let program = shlex::try_quote(self.git.program().to_str()?).ok()?.into_owned();
        let settings = "-c core.hooksPath=/dev/null -c core.alternateRefsCommand=/bin/false \
                        -c receive.autogc=false";
        here.then(|| format!("--receive-pack={program} {settings} receive-pack"))
    }

    /// Lets git look into our repository alone.
    fn near(&self, words: &[&str], stdin: Vec<u8>) -> Result<Captured, GitFailed> {
        let said = self.run(words, stdin, NEAR)?;
        done(words[0], said)
    }

    /// Lets git talk to another machine, which must be content.
    fn far(&self, words: &[&str], branch: Branch<'_>, act: &str) -> Result<Ended, GitFailed> {
        accepted(self.talk(words, branch, act)?, branch, act)
    }

    /// Lets git talk to another machine.
    fn talk(&self, words: &[&str], branch: Branch<'_>, act: &str) -> Result<Ended, GitFailed> {
        let call = call(self.words(words), vec![of_remote("url", branch.url)]);
        let act = || format!("{act} {}", without_password(branch.url));
        let ended = self.git.run(call, self.watch);
        ended.map_err(|source| GitFailed::Transfer { act: act(), source })
    }

    fn run(&self, words: &[&str], stdin: Vec<u8>, limit: Duration) -> Result<Captured, GitFailed> {
        Ok(self.git.capture(call(self.words(words), Vec::new()), stdin, limit)?)
    }

    fn words(&self, words: &[&str]) -> Vec<OsString> {
        let mut git_dir = OsString::from("--git-dir=");
        git_dir.push(&self.folder);
        [git_dir].into_iter().chain(words.iter().map(OsString::from)).collect()
    }
}

fn call(args: Vec<OsString>, mut settings: Vec<(String, String)>) -> Call<'static> {
    // What was too large is not here, and that is no damage.
    settings.push(of_remote("promisor", "true"));
    settings.push(of_remote("partialCloneFilter", NO_LARGER));
    Call { folder: Path::new("/"), settings, args, lock: None }
}

/// A line of `ls-tree -l`: mode, kind, object, size, then a tab and the path.
fn blob(line: &[u8]) -> Option<FileOfCommit> {
    let tab = line.iter().position(|byte| *byte == b'\t')?;
    let header = std::str::from_utf8(&line[..tab]).ok()?;
    let mut words = header.split_ascii_whitespace();
    let (mode, _, id, size) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let path = line[tab + 1..].to_vec();
    Some(FileOfCommit { path, mode: mode.to_owned(), id: id.to_owned(), size: size.parse().ok() })
}

/// The next object of `cat-file --batch`: a line with its name, kind and size, then what it holds.
fn next_object(rest: &mut &[u8]) -> Option<Vec<u8>> {
    let end = rest.iter().position(|byte| *byte == b'\n')?;
    let header = String::from_utf8_lossy(&rest[..end]).into_owned();
    *rest = &rest[end + 1..];
    let mut words = header.split(' ').skip(1);
    let kind = words.next()?;
    let size: usize = words.next()?.parse().ok()?;
    let (bytes, after) = rest.split_at_checked(size)?;
    *rest = after.get(1..).unwrap_or_default();
    (kind == "blob").then(|| bytes.to_vec())
}

/// A path as `fast-import` reads it.
fn quoted(path: &str) -> String {
    let escaped = path.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("\"{escaped}\"")
}

/// Whether somebody else moved the branch in the meantime, or is about to.
fn is_race(line: &str) -> bool {
    let reasons = [
        "[rejected]",
        "cannot lock ref",
        "failed to update ref",
        "incorrect old value",
        "reference already exists",
        "unable to lock",
    ];
    reasons.iter().any(|reason| line.contains(reason))
}

/// What a call gave, unless it failed.
fn done(act: &str, said: Captured) -> Result<Captured, GitFailed> {
    if said.status.success() {
        return Ok(said);
    }
    let words = String::from_utf8_lossy(&said.stderr).into_owned();
    let words: Vec<String> =
        words.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect();
    Err(GitFailed::Refused { act: act.to_owned(), said: reason(&words) })
}

/// What another machine gave, unless it said no.
fn accepted(ended: Ended, branch: Branch<'_>, act: &str) -> Result<Ended, GitFailed> {
    if ended.status.success() {
        return Ok(ended);
    }
    let act = format!("{act} {}", without_password(branch.url));
    Err(GitFailed::Refused { act, said: reason(&ended.said) })
}

/// Why a line of a push says that it was refused.
fn last_word(line: &str) -> String {
    line.rsplit('\t').next().unwrap_or(line).trim().to_owned()
}

#[cfg(test)]
mod tests;
