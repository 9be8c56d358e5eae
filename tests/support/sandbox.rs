//! The program in a place of its own: its own home, state and folder, and nothing of this machine.
//!
//! A [`Sandbox`] holds files and starts the real binary; what came of it is an [`Outcome`]: one text
//! of status and streams, in which everything that differs from run to run has a name instead.

#![expect(clippy::disallowed_methods, reason = "starting the program is what this is for")]

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use regex::Regex;

/// The program under test.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_surefoot");

/// How long anything may take. Reached only by a test that fails.
pub(crate) const LIMIT: Duration = Duration::from_mins(1);

/// A place for one test.
pub(crate) struct Sandbox {
    folder: tempfile::TempDir,
}

impl Sandbox {
    /// An empty place.
    pub(crate) fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("surefoot-").tempdir().expect("a folder");
        for name in ["home", "state", "run", "work"] {
            fs::create_dir(folder.path().join(name)).expect("a new folder");
        }
        Self { folder }
    }

    /// A place with a runbook in `runbook.yaml` that is trusted.
    pub(crate) fn trusting(runbook: &str) -> Self {
        let sandbox = Self::new();
        sandbox.file("runbook.yaml", runbook);
        sandbox.trust("runbook.yaml");
        sandbox
    }

    /// The folder of everything.
    pub(crate) fn root(&self) -> &Path {
        self.folder.path()
    }

    /// A path in the folder that the program is started in.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root().join("work").join(name)
    }

    /// The program's own state.
    pub(crate) fn state(&self) -> PathBuf {
        self.root().join("state/surefoot")
    }

    /// The folders of all runs, the oldest name first.
    pub(crate) fn runs(&self) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(self.state().join("runs")) else {
            return Vec::new();
        };
        let mut runs: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        runs.sort();
        runs
    }

    /// The folder of the only run.
    pub(crate) fn run(&self) -> PathBuf {
        match self.runs().as_slice() {
            [one] => one.clone(),
            several => panic!("one run was expected: {several:?}"),
        }
    }

    /// The journal of the only run.
    pub(crate) fn journal(&self) -> String {
        fs::read_to_string(self.run().join("journal.jsonl")).expect("a journal")
    }

    /// The events of the only run.
    pub(crate) fn events(&self) -> Vec<serde_json::Value> {
        let journal = self.journal();
        let parse = |line| serde_json::from_str::<serde_json::Value>(line).expect("a record");
        journal.lines().map(parse).map(|mut record| record["event"].take()).collect()
    }

    /// The events of the only run with this type.
    pub(crate) fn events_of(&self, ty: &str) -> Vec<serde_json::Value> {
        self.events().into_iter().filter(|event| event["type"] == ty).collect()
    }

    /// Writes a file.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> &Self {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("a folder");
        fs::write(path, content).expect("a file can be written");
        self
    }

    /// A pipe with a name, in the program's home.
    pub(crate) fn pipe(&self) -> PathBuf {
        use rustix::fs::{CWD, FileType, Mode, mknodat};
        let path = self.root().join("home/pipe");
        mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).expect("a new pipe");
        path
    }

    /// What a file holds; nothing if it is not there.
    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// The digest that trust is for.
    pub(crate) fn digest(&self, runbook: &str) -> String {
        let printed = self.surefoot(&["trust", "--print", runbook]).run();
        assert_eq!(printed.code(), 0, "{}", printed.text());
        printed.stdout.split_whitespace().next().expect("a digest").to_owned()
    }

    /// Trusts a runbook as automation does.
    pub(crate) fn trust(&self, runbook: &str) {
        let digest = self.digest(runbook);
        let trusted = self.surefoot(&["trust", "--digest", &digest, runbook]).run();
        assert_eq!(trusted.code(), 0, "{}", trusted.text());
    }

    /// The program with these arguments, not yet started.
    pub(crate) fn surefoot(&self, arguments: &[&str]) -> Call<'_> {
        let mut words = vec![PROGRAM.to_owned()];
        words.extend(arguments.iter().map(|&word| word.to_owned()));
        Call { sandbox: self, words, env: self.environment(), stdin: Vec::new(), stdout: None }
    }

    /// The variables of every program: those of a plain machine.
    pub(crate) fn environment(&self) -> Vec<(String, String)> {
        let at = |name: &str| self.root().join(name).display().to_string();
        [
            ("HOME", at("home")),
            ("LC_ALL", "C.UTF-8".to_owned()),
            ("PATH", "/usr/bin:/bin".to_owned()),
            ("TERM", "dumb".to_owned()),
            ("USER", "dana".to_owned()),
            ("XDG_RUNTIME_DIR", at("run")),
            ("XDG_STATE_HOME", at("state")),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    /// A text without what differs from run to run.
    pub(crate) fn redact(&self, text: &str) -> String {
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let root = self.root().display().to_string();
        let text = text.replace(&root, "~").replace(&format!("@{host}"), "@HOST");
        let text = text.replace(&format!("{}@HOST", login()), "LOGIN@HOST");
        let text = text.replace(&format!(" on {host}"), " on HOST");
        REDACTIONS
            .iter()
            .fold(text, |text, (pattern, name)| pattern.replace_all(&text, *name).into_owned())
    }

    /// Every file below the state folder, with its bytes.
    pub(crate) fn state_files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        fn visit(folder: &Path, found: &mut Vec<(PathBuf, Vec<u8>)>) {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                let path = entry.path();
                let kind = entry.file_type().expect("an entry is of some kind");
                if kind.is_dir() {
                    visit(&path, found);
                } else if kind.is_file() {
                    let bytes = fs::read(&path).unwrap_or_default();
                    found.push((path, bytes));
                }
            }
        }
        let mut found = Vec::new();
        visit(&self.root().join("state"), &mut found);
        visit(&self.root().join("run"), &mut found);
        found
    }
}

/// The login of whoever runs the tests, as the system has it; else what the environment says.
pub(crate) fn login() -> String {
    let uid = rustix::process::getuid().as_raw().to_string();
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let mut users = users.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let own = users.find(|fields| fields.get(2) == Some(&uid.as_str()));
    own.map_or_else(|| "dana".to_owned(), |fields| fields[0].to_owned())
}

static REDACTIONS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    [
        (r"\b\d{4}-\d\d-\d\d-\d{4}-[a-z0-9-]+-[a-z0-9]{4}\b", "RUN"),
        (r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "TIME"),
        (r"\b\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d)? UTC", "TIME"),
        (r"\b\d\d:\d\d:\d\d\b", "CLOCK"),
        (r"\b\d+(\.\d+)? (ms|s)\b", "TOOK"),
        (r"(?m)(exit \d+) · TOOK$", "$1"),
        (r"at byte \d+", "at byte N"),
        (r"\b[0-9a-f]{64}\b", "DIGEST"),
        (r"@ [0-9a-f]{7}\b", "@ DIGEST"),
        (r"\([0-9a-f]{12}\)", "(DIGEST)"),
        (r"\b(process|pid) \d+", "$1 PID"),
        (r"LOGIN@HOST \((login|environment)[^)]*\)", "LOGIN@HOST (KNOWN)"),
    ]
    .map(|(pattern, name)| (Regex::new(pattern).expect("a pattern"), name))
    .into()
});

/// The program, about to be started.
pub(crate) struct Call<'a> {
    sandbox: &'a Sandbox,
    words: Vec<String>,
    env: Vec<(String, String)>,
    stdin: Vec<u8>,
    stdout: Option<File>,
}

impl Call<'_> {
    /// Adds arguments.
    pub(crate) fn arguments(mut self, more: &[&str]) -> Self {
        self.words.extend(more.iter().map(|&word| word.to_owned()));
        self
    }

    /// Sets a variable.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.env.retain(|(other, _)| other != name);
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Takes a variable away.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.env.retain(|(other, _)| other != name);
        self
    }

    /// Gives the program this to read.
    pub(crate) fn stdin(mut self, text: impl Into<Vec<u8>>) -> Self {
        self.stdin = text.into();
        self
    }

    /// Sends standard output there.
    pub(crate) fn stdout(mut self, file: File) -> Self {
        self.stdout = Some(file);
        self
    }

    /// Starts the program by way of others, such as `strace -o FILE`.
    pub(crate) fn under(mut self, words: &[&str]) -> Self {
        self.words.splice(0..0, words.iter().map(|&word| word.to_owned()));
        self
    }

    /// Starts the program and goes on at once.
    pub(crate) fn start(self) -> Started {
        let folder = tempfile::tempdir_in(self.sandbox.root()).expect("a folder");
        let stream = |name: &str| File::create(folder.path().join(name)).expect("a file");
        let mut child = Command::new(&self.words[0])
            .args(&self.words[1..])
            .env_clear()
            .envs(self.env)
            .current_dir(self.sandbox.root().join("work"))
            .stdin(Stdio::piped())
            .stdout(self.stdout.unwrap_or_else(|| stream("stdout")))
            .stderr(stream("stderr"))
            .spawn()
            .expect("the program can be started");
        let mut stdin = child.stdin.take().expect("a pipe");
        // A program that does not read is no fault of the test.
        let _read = stdin.write_all(&self.stdin);
        Started { child, folder }
    }

    /// Runs the program to its end.
    pub(crate) fn run(self) -> Outcome {
        let sandbox = self.sandbox;
        self.start().wait(sandbox)
    }

    /// Runs the program and compares its status and streams.
    #[track_caller]
    pub(crate) fn check(self, expected: &str) -> Outcome {
        let outcome = self.run();
        same(&outcome.text(), expected);
        outcome
    }
}

/// The program, started.
pub(crate) struct Started {
    pub(crate) child: Child,
    /// Where its streams go.
    folder: tempfile::TempDir,
}

impl Started {
    /// Waits for its end.
    pub(crate) fn wait(mut self, sandbox: &Sandbox) -> Outcome {
        let status = wait(&mut self.child).unwrap_or_else(|| {
            panic!("it does not end: {}", self.stream("stderr"));
        });
        let [stdout, stderr] = ["stdout", "stderr"].map(|name| self.stream(name));
        let text = |stream: &str| sandbox.redact(stream);
        let redacted = [text(&stdout), text(&stderr)];
        Outcome { status, stdout, stderr, redacted }
    }

    /// What it printed so far.
    pub(crate) fn stream(&self, name: &str) -> String {
        let bytes = fs::read(self.folder.path().join(name)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        // One that has ended needs no killing.
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}

/// Waits for a program, with a limit.
pub(crate) fn wait(child: &mut Child) -> Option<ExitStatus> {
    eventually(|| child.try_wait().expect("the program is ours"))
}

/// What something is as soon as it is; nothing when the limit has passed.
pub(crate) fn eventually<T>(mut what: impl FnMut() -> Option<T>) -> Option<T> {
    let started = Instant::now();
    while started.elapsed() < LIMIT {
        if let Some(found) = what() {
            return Some(found);
        }
        pause();
    }
    None
}

/// A moment for others to go on, in a wait that has a limit.
pub(crate) fn pause() {
    std::thread::park_timeout(Duration::from_millis(2));
}

/// What came of a call.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    redacted: [String; 2],
}

impl Outcome {
    /// The exit status; a signal is no status.
    #[track_caller]
    pub(crate) fn code(&self) -> i32 {
        self.status.code().unwrap_or_else(|| panic!("{}: {}", self.status, self.stderr))
    }

    /// Status and streams in one text. A stream that has nothing is not in it.
    pub(crate) fn text(&self) -> String {
        let mut text = match self.status.code() {
            Some(code) => format!("exit {code}\n"),
            None => format!("{}\n", self.status),
        };
        for (name, stream) in ["stdout", "stderr"].iter().zip(&self.redacted) {
            if !stream.is_empty() {
                let stream = stream.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
                text = format!("{text}--- {name}\n{stream}\n");
            }
        }
        text
    }
}

/// Compares a text with the one that stands, indented, in the test.
#[track_caller]
pub(crate) fn same(text: &str, expected: &str) {
    let expected = textwrap::dedent(expected);
    let expected = expected.strip_prefix('\n').unwrap_or(&expected).trim_end();
    let text = text.trim_end();
    assert!(
        text == expected,
        "it is otherwise:\n{}\n>>>>>\n{text}\n<<<<<",
        similar::TextDiff::from_lines(expected, text).unified_diff()
    );
}
