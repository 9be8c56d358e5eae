//! Git as it talks to other machines: with the user's own means to log in, and with nothing else of
//! what their settings, or a repository, could bring along. No hooks, no submodules, no maintenance, no
//! other way to connect than those that a [`Remote`](crate::settings::Remote) may name, and no
//! question on the terminal, which others are using.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::program::program_in_path;
use super::tool::{Captured, Tool, ToolError, capture};
use super::transfer::{Ended, Transfer, TransferFailed, Watch, transfer};

/// What the remote is called: a name that no settings of the user speak of.
pub(super) const REMOTE: &str = "surefoot";

/// Git, with what it needs to reach others.
#[derive(Clone, Debug)]
pub(super) struct Outward {
    program: PathBuf,
    environment: BTreeMap<OsString, OsString>,
    patience: Duration,
}

/// What git is to do.
#[derive(Debug)]
pub(super) struct Call<'a> {
    /// Where it stands.
    pub(super) folder: &'a Path,
    /// Settings for this call alone.
    pub(super) settings: Vec<(String, String)>,
    /// Its arguments.
    pub(super) args: Vec<OsString>,
    /// Held open as long as it lives.
    pub(super) lock: Option<&'a File>,
}

/// A setting of the remote that is spoken to.
pub(super) fn of_remote(name: &str, value: &str) -> (String, String) {
    (format!("remote.{REMOTE}.{name}"), value.to_owned())
}

impl Outward {
    /// Git as found on the `PATH` of this environment; a remote that tells nothing for so long is
    /// given up.
    pub(super) fn new(
        environment: &BTreeMap<OsString, OsString>,
        patience: Duration,
    ) -> Option<Self> {
        let path = environment.get(OsStr::new("PATH")).cloned().unwrap_or_default();
        let program = program_in_path("git", &path)?;
        Some(Self { program, environment: outward(environment), patience })
    }

    /// The program.
    pub(super) fn program(&self) -> &Path {
        &self.program
    }

    /// Lets it talk to others; whoever watches is told how far it is, and may end it.
    pub(super) fn run(&self, call: Call<'_>, watch: &dyn Watch) -> Result<Ended, TransferFailed> {
        let order = Transfer {
            program: &self.program,
            args: words(call.args),
            environment: &self.environment(&call.settings),
            folder: call.folder.to_owned(),
            stdin: call.lock,
            patience: self.patience,
        };
        transfer(&order, watch)
    }

    /// Lets it work on what is here already, for so long at most.
    pub(super) fn capture(
        &self,
        call: Call<'_>,
        stdin: Vec<u8>,
        timeout: Duration,
    ) -> Result<Captured, ToolError> {
        capture(&Tool {
            program: self.program.clone(),
            args: words(call.args),
            environment: self.environment(&call.settings),
            folder: call.folder.to_owned(),
            stdin,
            timeout,
        })
    }

    /// Settings are handed over in the environment, where a URL with a password is not in the sight
    /// of everybody on this machine.
    fn environment(&self, more: &[(String, String)]) -> BTreeMap<OsString, OsString> {
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
        environment
    }
}

fn words(args: Vec<OsString>) -> Vec<OsString> {
    OPTIONS.iter().map(OsString::from).chain(args).collect()
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

/// Settings that win over the user's: nothing runs beside what is asked for, and what came is on the
/// disk before anything speaks of it.
const SETTINGS: [(&str, &str); 16] = [
    ("advice.pushUpdateRejected", "false"),
    ("core.alternateRefsCommand", "/bin/false"),
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
    ("push.gpgSign", "false"),
    ("push.recurseSubmodules", "no"),
    ("submodule.recurse", "false"),
    ("transfer.bundleURI", "false"),
];

/// What git says about a failure, in one line.
pub(super) fn reason(said: &[String]) -> String {
    const MOST: usize = 300;
    const MOST_LINES: usize = 3;
    const EMPTY: [&str; 5] = [
        "Total ",
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

#[cfg(test)]
mod tests {
    use super::*;

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
