//! Commands run by the real supervisor, driven through the executor's API.
//!
//! A [`Bench`] is a run's folder with an executor. What it starts carries a mark of its own, by which
//! it is found again however it hides.

#![expect(clippy::disallowed_methods, reason = "tests start programs and measure time")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use surefoot::effects::{Setting, Supervised};
use surefoot::engine::{Attempt, AttemptId, Conduct, Ended, Found, Keep, LaneId, Role};
use surefoot::plan::{BoundCommand, BoundForm, BoundPlace, BoundTarget, DigestKey, command_digest};
use surefoot::process::find;
use surefoot::runbook::{Effect, OnDisconnect};
use surefoot::session::{Executor as _, Happening, Stream};
use surefoot::template::Shell;

pub(crate) const LIMIT: Duration = Duration::from_secs(20);

/// A run's folder with an executor; every run has its own mark.
pub(crate) struct Bench {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) run: String,
    pub(crate) executor: Option<Supervised>,
    pub(crate) attempts: u32,
    pub(crate) shown: Vec<(Stream, Vec<u8>)>,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with(|_| ())
    }

    pub(crate) fn with(change: impl FnOnce(&mut Setting)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
        let run = folder.path().file_name().unwrap().to_str().unwrap().to_owned();
        let work = folder.path().join("work");
        fs::create_dir(&work).unwrap();
        let mut setting = Setting {
            run: run.clone(),
            folder: folder.path().to_owned(),
            work,
            environment: BTreeMap::from([(
                OsString::from("PATH"),
                OsString::from("/usr/bin:/bin"),
            )]),
            program: PathBuf::from(env!("CARGO_BIN_EXE_surefoot")),
            key: DigestKey::new([7; 32]),
            grace: 300,
            cap: Setting::CAP,
        };
        change(&mut setting);
        Self {
            folder,
            run,
            executor: Some(Supervised::new(setting).unwrap()),
            attempts: 0,
            shown: Vec::new(),
        }
    }

    pub(crate) fn executor(&mut self) -> &mut Supervised {
        self.executor.as_mut().unwrap()
    }

    pub(crate) fn start(&mut self, change: impl FnOnce(&mut Attempt)) -> AttemptId {
        self.attempts += 1;
        let mut attempt = attempt(self.attempts);
        change(&mut attempt);
        if attempt.digest.is_empty() {
            attempt.digest = digest(&attempt);
        }
        self.executor().start(&attempt);
        attempt.id
    }

    pub(crate) fn wait(&mut self) -> Ended {
        let until = Instant::now() + LIMIT;
        while Instant::now() < until {
            match self.executor().next(None) {
                Happening::Ended(ended) => return *ended,
                Happening::Output { stream, bytes, .. } => self.shown.push((stream, bytes)),
                _ => {}
            }
        }
        panic!("nothing ended within {LIMIT:?}");
    }

    /// Waits until a command has shown a text.
    pub(crate) fn wait_for(&mut self, text: &str) {
        let until = Instant::now() + LIMIT;
        while Instant::now() < until {
            match self.executor().next(None) {
                Happening::Output { stream, bytes, .. } => self.shown.push((stream, bytes)),
                Happening::Ended(ended) => panic!("ended before {text:?}: {ended:?}"),
                _ => {}
            }
            if String::from_utf8_lossy(&self.shown()).contains(text) {
                return;
            }
        }
        panic!("{text:?} was not shown within {LIMIT:?}");
    }

    /// Waits for something that is neither output nor silence.
    pub(crate) fn happens(&mut self) -> Happening {
        let until = Instant::now() + LIMIT;
        while Instant::now() < until {
            match self.executor().next(None) {
                Happening::Output { stream, bytes, .. } => self.shown.push((stream, bytes)),
                Happening::Tick => {}
                happening => return happening,
            }
        }
        panic!("nothing happened within {LIMIT:?}");
    }

    /// Waits until a program asks for a password; returns its number.
    pub(crate) fn password_wanted(&mut self, from: AttemptId, expected: &str) -> u32 {
        match self.happens() {
            Happening::PasswordWanted { attempt, request, prompt } => {
                assert_eq!((attempt, prompt.as_str()), (from, expected));
                request
            }
            other => panic!("no password is asked for, but {other:?}"),
        }
    }

    pub(crate) fn run(&mut self, change: impl FnOnce(&mut Attempt)) -> Ended {
        self.start(change);
        self.wait()
    }

    pub(crate) fn sh(&mut self, text: &str) -> Ended {
        self.run(script(text))
    }

    pub(crate) fn shown(&self) -> Vec<u8> {
        self.shown.iter().flat_map(|(_, bytes)| bytes.clone()).collect()
    }

    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    pub(crate) fn log(&self, attempt: u32) -> Vec<u8> {
        fs::read(self.path(&format!("output/{attempt:04}.log"))).unwrap()
    }

    /// The commands of this run that live, however they hide.
    pub(crate) fn alive(&self) -> Vec<String> {
        let mark = format!("SUREFOOT_RUN={}", self.run);
        fs::read_dir("/proc")
            .unwrap()
            .filter_map(|entry| {
                let folder = entry.ok()?.path();
                let environment = fs::read(folder.join("environ")).ok()?;
                let marked =
                    environment.split(|byte| *byte == 0).any(|entry| entry == mark.as_bytes());
                let command = fs::read(folder.join("cmdline")).ok()?;
                marked.then(|| String::from_utf8_lossy(&command).replace('\0', " "))
            })
            .collect()
    }
}

pub(crate) fn script(text: &str) -> impl FnOnce(&mut Attempt) {
    let text = text.to_owned();
    move |attempt| attempt.command.form = BoundForm::Shell { shell: Shell::Sh, text }
}

pub(crate) fn attempt(number: u32) -> Attempt {
    Attempt {
        lane: LaneId::MAIN,
        id: AttemptId(number),
        step: None,
        role: Role::Main,
        effect: Effect::Change,
        command: BoundCommand {
            form: BoundForm::List(vec!["true".to_owned()]),
            variables: BTreeMap::new(),
            env: BTreeMap::new(),
            stdin: None,
            files: BTreeMap::new(),
            cwd: None,
            folder: None,
            target: BoundTarget { name: "here".to_owned(), place: BoundPlace::Here },
            user: None,
            timeout: 60_000,
            shown: String::new(),
        },
        digest: String::new(),
        identity: None,
        confirmation: None,
        on_disconnect: OnDisconnect::Stop,
        keep: Keep::Output,
        conduct: Conduct::Followed,
        evidence: Vec::new(),
    }
}

pub(crate) fn digest(attempt: &Attempt) -> String {
    let key = DigestKey::new([7; 32]);
    command_digest(&attempt.command, attempt.identity.as_deref(), &key)
}

/// What is known of an attempt once it no longer runs.
pub(crate) fn wait_for_end(folder: &Path, id: AttemptId) -> Found {
    eventually("the attempt ends", || !matches!(find(folder, id), Found::Running { .. }));
    find(folder, id)
}

/// Looks again and again, for a limited time.
pub(crate) fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let until = Instant::now() + LIMIT;
    while !holds() {
        assert!(Instant::now() < until, "not within {LIMIT:?}: {what}");
        let glance = rustix::event::Timespec { tv_sec: 0, tv_nsec: 2_000_000 };
        // An interrupted wait is a short wait: children of this process end meanwhile.
        let _ = rustix::event::poll(&mut [], Some(&glance));
    }
}

/// Whether a supervisor of this folder lives.
pub(crate) fn supervised(folder: &Path) -> bool {
    matches!(find(folder, AttemptId(9_999)), Found::Running { .. })
}

pub(crate) fn marked(run: &str) -> Vec<u32> {
    let mark = format!("SUREFOOT_RUN={run}");
    fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let environment = fs::read(entry.path().join("environ")).ok()?;
            let marked = environment.split(|byte| *byte == 0).any(|entry| entry == mark.as_bytes());
            marked.then(|| entry.file_name().to_str()?.parse().ok())?
        })
        .collect()
}

pub(crate) fn kill(pid: u32, signal: &str) {
    let status = Command::new("kill").arg(format!("-{signal}")).arg(pid.to_string()).status();
    assert!(status.unwrap().success());
}
