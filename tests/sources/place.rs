//! A person's place with settings, and repositories that stand for those of others.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::READS;
use crate::sandbox::{Call, Sandbox};

/// A repository that somebody else commits to.
pub(crate) struct Upstream {
    pub(crate) root: PathBuf,
    home: PathBuf,
}

impl Upstream {
    /// One with a runbook, a branch `main`, and leave to filter.
    pub(crate) fn new(sandbox: &Sandbox, name: &str) -> Self {
        let upstream = Self::empty(sandbox, name);
        upstream.git(&["config", "uploadpack.allowFilter", "true"]);
        upstream.write("runbooks/look.yaml", READS);
        upstream.commit("first");
        upstream
    }

    /// One without a commit.
    pub(crate) fn empty(sandbox: &Sandbox, name: &str) -> Self {
        let root = sandbox.root().join("upstream").join(name);
        fs::create_dir_all(&root).unwrap();
        let upstream = Self { root, home: sandbox.root().join("home") };
        upstream.git(&["init", "-q", "-b", "main"]);
        upstream
    }

    pub(crate) fn url(&self) -> String {
        format!("file://{}", self.root.display())
    }

    pub(crate) fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Commits all that is there; says which commit it is.
    pub(crate) fn commit(&self, message: &str) -> String {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    pub(crate) fn git(&self, args: &[&str]) -> String {
        git(&self.root, &self.home, args)
    }
}

/// What git says, of which nothing of this machine is known.
pub(crate) fn git(folder: &Path, home: &Path, args: &[&str]) -> String {
    let said = Command::new("git")
        .args(["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "gc.auto=0"])
        .args(args)
        .current_dir(folder)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", home)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_NO_LAZY_FETCH", "1")
        .output()
        .unwrap();
    assert!(said.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&said.stderr));
    String::from_utf8(said.stdout).unwrap().trim_end().to_owned()
}

/// Where the user's settings are.
pub(crate) fn settings_path(sandbox: &Sandbox) -> PathBuf {
    sandbox.root().join("home/.config/surefoot/config.toml")
}

/// Says where runbooks come from.
pub(crate) fn settings(sandbox: &Sandbox, text: &str) {
    let path = settings_path(sandbox);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, format!("schema = \"surefoot-config/v1\"\n{text}")).unwrap();
}

/// A source of the settings.
pub(crate) fn source(url: &str, more: &str) -> String {
    format!("[[source]]\ngit = \"{url}\"\n{more}\n")
}

/// `surefoot sync`, about to be started.
pub(crate) fn sync<'a>(sandbox: &'a Sandbox, arguments: &[&str]) -> Call<'a> {
    sandbox.surefoot(&["sync"]).arguments(arguments)
}

/// What a sync that must succeed tells of each source.
#[track_caller]
pub(crate) fn synced(sandbox: &Sandbox) -> Vec<Value> {
    let outcome = sync(sandbox, &["--format", "json"]).run();
    assert_eq!(outcome.code(), 0, "{}", outcome.text());
    rows(&outcome.stdout)
}

pub(crate) fn rows(json: &str) -> Vec<Value> {
    serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}: {json}"))
}

/// The folder of a source's mirror; the only one whose name begins so.
pub(crate) fn mirror(sandbox: &Sandbox, name: &str) -> PathBuf {
    let folder = sandbox.state().join("sources");
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let own =
        |entry: &fs::DirEntry| entry.file_name().to_string_lossy().starts_with(&format!("{name}-"));
    let found: Vec<PathBuf> = entries.filter(own).map(|entry| entry.path()).collect();
    let [one] = found.as_slice() else { panic!("{found:?}") };
    one.clone()
}

/// What is said to have been fetched.
pub(crate) fn fetched(sandbox: &Sandbox, name: &str) -> Value {
    let text = fs::read_to_string(mirror(sandbox, name).join("fetched.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// What a file of the fetched commit holds, read without a network; nothing if it is not there.
pub(crate) fn held(sandbox: &Sandbox, name: &str, path: &str) -> Option<String> {
    let commit = fetched(sandbox, name)["commit"].as_str().unwrap().to_owned();
    let said = Command::new("git")
        .arg("--git-dir")
        .arg(mirror(sandbox, name).join("mirror.git"))
        .args(["cat-file", "blob", &format!("{commit}:{path}")])
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("GIT_NO_LAZY_FETCH", "1")
        .env("GIT_ALLOW_PROTOCOL", "none")
        .output()
        .unwrap();
    said.status.success().then(|| String::from_utf8(said.stdout).unwrap())
}
