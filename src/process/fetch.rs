//! Git, fetching: into a mirror of our own, with the user's own means to log in, and with nothing else
//! of what a clone of theirs would bring along. No hooks, no checkout, no submodules, no maintenance,
//! no other way to connect than those that a [`Remote`](crate::settings::Remote) may name, and no
//! question on the terminal, which others are using.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::program::program_in_path;
use super::transfer::{Ended, Transfer, TransferFailed, Watch, transfer};

/// What the remote is called in a mirror: a name that no settings of the user speak of.
const REMOTE: &str = "surefoot";

/// More names of objects are not asked for at once.
const MOST_AT_ONCE: usize = 2000;

/// Git, with what it needs to fetch.
#[derive(Clone, Debug)]
pub struct Fetcher {
    program: PathBuf,
    environment: BTreeMap<OsString, OsString>,
    patience: Duration,
}

/// A mirror to fetch into, and where from.
#[derive(Clone, Copy, Debug)]
pub struct Destination<'a> {
    /// The bare repository.
    pub folder: &'a Path,
    /// The remote.
    pub url: &'a str,
    /// The lock of the mirror, which git holds as long as it lives.
    pub lock: &'a File,
    /// What of the files is fetched.
    pub files: Files,
}

/// What of the files of a remote is fetched.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Files {
    /// What is needed, by the names of its objects.
    #[default]
    Needed,
    /// All, from a remote that sends nothing by such a name.
    All,
}

/// A name that a remote has.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Offered {
    /// The name, as in `refs/heads/main`.
    pub name: String,
    /// The object that it stands for.
    pub object: String,
}

/// What a remote answers when it is asked for its names.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Offer {
    /// The branch that it calls its own, as in `refs/heads/main`.
    pub head: Option<String>,
    /// What it has of what was asked for.
    pub names: Vec<Offered>,
}

/// Why nothing was fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchFailed {
    /// There is no git.
    #[error("git is not on PATH")]
    NoGit,
    /// It did not come to its end.
    #[error(transparent)]
    Transfer(#[from] TransferFailed),
    /// Git says no.
    #[error("{0}")]
    Refused(String),
    /// The remote sends no object by its name: it speaks an old version of git's protocol.
    #[error("the remote sends nothing by the name of its object")]
    Unnamed,
}

impl Fetcher {
    /// Git as found on the `PATH` of this environment; a remote that tells nothing for so long is
    /// given up.
    pub fn new(
        environment: &BTreeMap<OsString, OsString>,
        patience: Duration,
    ) -> Result<Self, FetchFailed> {
        let path = environment.get(OsStr::new("PATH")).cloned().unwrap_or_default();
        let program = program_in_path("git", &path).ok_or(FetchFailed::NoGit)?;
        Ok(Self { program, environment: outward(environment), patience })
    }

    /// Makes a mirror that holds nothing; one that is there stays as it is.
    pub fn make(&self, folder: &Path, format: &str, watch: &dyn Watch) -> Result<(), FetchFailed> {
        let mut args: Vec<OsString> =
            ["init", "-q", "--bare", "--template=", "--initial-branch=none"]
                .map(OsString::from)
                .into();
        args.push(format!("--object-format={format}").into());
        args.push(folder.into());
        let around = folder.parent().unwrap_or(Path::new("/"));
        accepted(self.run(&[], args, (around, None), watch)?).map(drop)
    }

    /// Asks the remote for the names that fit patterns, and for its own branch.
    pub fn ask(
        &self,
        into: Destination<'_>,
        patterns: &[String],
        watch: &dyn Watch,
    ) -> Result<Offer, FetchFailed> {
        let mut args: Vec<OsString> =
            ["ls-remote", "--symref", "--", REMOTE].map(OsString::from).into();
        args.extend(patterns.iter().map(OsString::from));
        let ended = accepted(self.within(into, args, watch)?)?;
        Ok(offer(&String::from_utf8_lossy(&ended.stdout)))
    }

    /// Fetches a name with the commits before it down to this depth and all their folders; and of their
    /// files none, if they are fetched by their names and the remote can leave them out. It is known by
    /// the second name afterwards.
    pub fn fetch(
        &self,
        into: Destination<'_>,
        (from, to): (&str, &str),
        depth: u32,
        watch: &dyn Watch,
    ) -> Result<(), FetchFailed> {
        let mut args = fetch_args(into.files);
        args.push("--update-shallow".into());
        args.push(format!("--depth={depth}").into());
        args.extend(["--".into(), REMOTE.into(), format!("+{from}:{to}").into()]);
        accepted(self.within(into, args, watch)?).map(drop)
    }

    /// Fetches objects by their names.
    pub fn fetch_objects(
        &self,
        into: Destination<'_>,
        objects: &[String],
        watch: &dyn Watch,
    ) -> Result<(), FetchFailed> {
        for some in objects.chunks(MOST_AT_ONCE) {
            let mut args = fetch_args(into.files);
            args.extend(["--".into(), REMOTE.into()]);
            args.extend(some.iter().map(OsString::from));
            match accepted(self.within(into, args, watch)?) {
                Err(FetchFailed::Refused(why)) if why.contains("unadvertised object") => {
                    return Err(FetchFailed::Unnamed);
                }
                other => other?,
            };
        }
        Ok(())
    }

    /// Lets a name stand for an object.
    pub fn name(
        &self,
        into: Destination<'_>,
        name: &str,
        object: &str,
        watch: &dyn Watch,
    ) -> Result<(), FetchFailed> {
        let args = ["update-ref", "--no-deref", name, object].map(OsString::from);
        accepted(self.within(into, args.into(), watch)?).map(drop)
    }

    /// Whether a commit is among those that another one follows, as far as they were fetched.
    pub fn follows(
        &self,
        into: Destination<'_>,
        earlier: &str,
        later: &str,
        watch: &dyn Watch,
    ) -> Result<bool, FetchFailed> {
        let args = ["merge-base", "--is-ancestor", earlier, later].map(OsString::from);
        let ended = self.within(into, args.into(), watch)?;
        match ended.status.code() {
            Some(1) => Ok(false),
            _ => accepted(ended).map(|_| true),
        }
    }

    /// Joins the packs of a mirror into few. What stands for nothing is kept, too.
    pub fn repack(&self, into: Destination<'_>, watch: &dyn Watch) -> Result<(), FetchFailed> {
        let args = ["repack", "-q", "-a", "-d", "-k"].map(OsString::from);
        accepted(self.within(into, args.into(), watch)?).map(drop)
    }

    fn within(
        &self,
        into: Destination<'_>,
        args: Vec<OsString>,
        watch: &dyn Watch,
    ) -> Result<Ended, FetchFailed> {
        let mut which = OsString::from("--git-dir=");
        which.push(into.folder);
        let of_remote =
            |name: &str, value: &str| (format!("remote.{REMOTE}.{name}"), value.to_owned());
        let mut settings = vec![of_remote("url", into.url)];
        if into.files == Files::Needed {
            // Told here alone, so that whoever reads a mirror has no remote that could send what is
            // not there: it is not there, and no more than that.
            settings.push(of_remote("promisor", "true"));
            settings.push(of_remote("partialCloneFilter", "blob:none"));
        }
        let words = [which].into_iter().chain(args).collect();
        self.run(&settings, words, (into.folder, Some(into.lock)), watch)
    }

    /// Settings are handed over in the environment, where a URL with a password is not in the sight
    /// of everybody on this machine.
    fn run(
        &self,
        more: &[(String, String)],
        args: Vec<OsString>,
        (folder, lock): (&Path, Option<&File>),
        watch: &dyn Watch,
    ) -> Result<Ended, FetchFailed> {
        let mut environment = self.environment.clone();
        let count = |name: &OsString| name.to_str()?.parse::<usize>().ok();
        let key = OsStr::new("GIT_CONFIG_COUNT");
        let mut settings = environment.get(key).and_then(count).unwrap_or(0);
        let own = SETTINGS.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        for (name, value) in own.chain(more.iter().cloned()) {
            environment.insert(format!("GIT_CONFIG_KEY_{settings}").into(), name.into());
            environment.insert(format!("GIT_CONFIG_VALUE_{settings}").into(), value.into());
            settings += 1;
        }
        environment.insert(key.into(), settings.to_string().into());
        let words: Vec<OsString> = OPTIONS.iter().map(OsString::from).chain(args).collect();
        let order = Transfer {
            program: &self.program,
            args: words,
            environment: &environment,
            folder: folder.to_owned(),
            stdin: lock,
            patience: self.patience,
        };
        Ok(transfer(&order, watch)?)
    }
}

fn fetch_args(files: Files) -> Vec<OsString> {
    let words = [
        "fetch",
        "--progress",
        "--no-tags",
        "--no-recurse-submodules",
        "--no-write-fetch-head",
        "--no-auto-maintenance",
        "--refmap=",
    ];
    let filter = match files {
        Files::Needed => "--filter=blob:none",
        // What is there is sent again: a part of it may have been fetched without files.
        Files::All => "--refetch",
    };
    words.into_iter().chain([filter]).map(OsString::from).collect()
}

/// The user's environment without what would lead git to another repository than the mirror.
fn outward(environment: &BTreeMap<OsString, OsString>) -> BTreeMap<OsString, OsString> {
    let kept = |name: &OsStr| {
        let name = name.to_string_lossy();
        let listed = KEPT.iter().any(|kept| match kept.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => name == *kept,
        });
        listed || !name.starts_with("GIT_")
    };
    let mut outward: BTreeMap<OsString, OsString> = environment
        .iter()
        .filter(|(name, _)| kept(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    // Who has a program that asks in a window is asked there.
    outward.entry("SSH_ASKPASS".into()).or_insert_with(|| "/bin/false".into());
    outward.extend(ENVIRONMENT.map(|(name, value)| (name.into(), value.into())));
    outward
}

const OPTIONS: [&str; 3] = ["--no-pager", "--no-optional-locks", "--no-replace-objects"];

/// Of git's variables only those are handed on that are about how to connect and to log in.
const KEPT: [&str; 14] = [
    "GIT_ASKPASS",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_KEY_*",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_VALUE_*",
    "GIT_EXEC_PATH",
    "GIT_HTTP_*",
    "GIT_PROXY_*",
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "GIT_SSH_VARIANT",
    "GIT_SSL_*",
];

/// Stronger than what the user has.
const ENVIRONMENT: [(&str, &str); 7] = [
    ("GIT_ALLOW_PROTOCOL", "https:ssh:http:git:file"),
    ("GIT_NO_LAZY_FETCH", "1"),
    ("GIT_NO_REPLACE_OBJECTS", "1"),
    ("GIT_PROTOCOL_FROM_USER", "0"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("LC_ALL", "C"),
    // Several fetch at once: none of them may ask on the terminal, not even for a passphrase.
    ("SSH_ASKPASS_REQUIRE", "force"),
];

/// Settings that win over the user's: nothing runs beside the fetch, and what came is on the disk
/// before anything speaks of it.
const SETTINGS: [(&str, &str); 12] = [
    ("core.fsmonitor", "false"),
    ("core.fsync", "all"),
    ("core.hooksPath", "/dev/null"),
    ("fetch.output", "full"),
    ("fetch.pruneTags", "false"),
    ("fetch.recurseSubmodules", "false"),
    ("fetch.writeCommitGraph", "false"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("protocol.version", "2"),
    ("submodule.recurse", "false"),
    ("transfer.bundleURI", "false"),
];

/// What came of it, if git is content.
fn accepted(ended: Ended) -> Result<Ended, FetchFailed> {
    if ended.status.success() { Ok(ended) } else { Err(FetchFailed::Refused(reason(&ended.said))) }
}

/// What git says about a failure, in one line.
fn reason(said: &[String]) -> String {
    const MOST: usize = 300;
    const MOST_LINES: usize = 3;
    const EMPTY: [&str; 4] = [
        "Please make sure you have the correct access rights",
        "and the repository exists.",
        "warning: filtering not recognized by server, ignoring",
        "warning: redirecting to",
    ];
    let mut lines: Vec<&str> = Vec::new();
    for line in said {
        let words = ["fatal: ", "error: ", "remote: ", "warning: "];
        let plain = words.iter().fold(line.as_str(), |text, word| text.trim_start_matches(word));
        if !EMPTY.iter().any(|empty| line.starts_with(empty)) && !lines.contains(&plain) {
            lines.push(plain);
        }
    }
    // The last words say why.
    let last = &lines[lines.len().saturating_sub(MOST_LINES)..];
    let text = last.join("; ");
    match text.char_indices().nth(MOST) {
        _ if text.is_empty() => "git failed and does not say why".to_owned(),
        None => text,
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

/// Reads what `ls-remote --symref` prints.
fn offer(text: &str) -> Offer {
    let mut offer = Offer::default();
    for line in text.lines() {
        let Some((object, name)) = line.split_once('\t') else { continue };
        match object.strip_prefix("ref: ") {
            Some(head) if name == "HEAD" => offer.head = Some(head.to_owned()),
            Some(_) => {}
            None => {
                let (name, object) = (name.to_owned(), object.to_owned());
                offer.names.push(Offered { name, object });
            }
        }
    }
    offer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_remote_has_is_read() {
        let text = "ref: refs/heads/main\tHEAD\nabc\tHEAD\nabc\trefs/heads/main\n\
                    def\trefs/tags/v1\n123\trefs/tags/v1^{}\n";
        let offer = offer(text);
        assert_eq!(offer.head.as_deref(), Some("refs/heads/main"));
        let names: Vec<&str> = offer.names.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["HEAD", "refs/heads/main", "refs/tags/v1", "refs/tags/v1^{}"]);
    }

    #[test]
    fn of_the_environment_only_what_is_about_connecting_gets_to_git() {
        let given = [
            "GIT_DIR",
            "GIT_OBJECT_DIRECTORY",
            "GIT_SSH_COMMAND",
            "GIT_CONFIG_KEY_0",
            "GIT_TRACE",
            "HOME",
            "SSH_AUTH_SOCK",
        ];
        let given = given.map(|name| (name.into(), "x".into()));
        let outward = outward(&BTreeMap::from(given));
        let has = |name: &str| outward.contains_key(OsStr::new(name));
        for name in ["GIT_SSH_COMMAND", "GIT_CONFIG_KEY_0", "HOME", "SSH_AUTH_SOCK"] {
            assert!(has(name), "{name}");
        }
        for name in ["GIT_DIR", "GIT_OBJECT_DIRECTORY", "GIT_TRACE"] {
            assert!(!has(name), "{name}");
        }
        assert_eq!(outward[OsStr::new("SSH_ASKPASS")], "/bin/false");
        assert_eq!(outward[OsStr::new("GIT_TERMINAL_PROMPT")], "0");
    }

    #[test]
    fn a_reason_is_one_line_without_what_is_always_said() {
        let said = [
            "Host key verification failed.",
            "fatal: Could not read from remote repository.",
            "Please make sure you have the correct access rights",
            "and the repository exists.",
        ]
        .map(str::to_owned);
        let expected = "Host key verification failed.; Could not read from remote repository.";
        assert_eq!(reason(&said), expected);
        assert!(!reason(&[]).is_empty());
    }
}
