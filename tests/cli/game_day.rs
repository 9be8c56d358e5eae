//! A game day on a real database of its own: a role loses its login, the check sees it, a runbook
//! is walked that gives it back, and the steady state is there again; also when the runner dies.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::pty::Session;
use crate::sandbox::{PROGRAM, Sandbox, eventually};

const PROMPT: &str = "    > ";

/// A database that is stopped when this is dropped.
struct Database {
    sandbox: Sandbox,
    data: tempfile::TempDir,
}

/// The folder of PostgreSQL's server programs.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    let folders = versions.filter_map(|entry| Some(entry.ok()?.path().join("bin")));
    folders.filter(|folder| folder.join("initdb").exists()).max()
}

/// Somebody who may own a server: the database refuses root.
fn owner() -> Option<(String, u32, u32)> {
    let users = fs::read_to_string("/etc/passwd").ok()?;
    let named = |wanted: &str| {
        users.lines().find_map(|line| {
            let fields: Vec<&str> = line.split(':').collect();
            let ids = (fields.get(2)?.parse().ok()?, fields.get(3)?.parse().ok()?);
            (fields[0] == wanted).then(|| (wanted.to_owned(), ids.0, ids.1))
        })
    };
    named("postgres").or_else(|| named("nobody"))
}

impl Database {
    /// None where there is no server to be had, which is said.
    #[expect(clippy::print_stdout, reason = "what is passed over is said")]
    fn start() -> Option<Self> {
        let Some((bin, (user, uid, gid))) = programs().zip(owner()) else {
            println!("passed over: PostgreSQL's server is not installed");
            return None;
        };
        let root = rustix::process::getuid().is_root();
        if root && !Path::new("/usr/sbin/runuser").exists() {
            println!("passed over: without runuser root cannot start PostgreSQL's server");
            return None;
        }
        let data = tempfile::Builder::new().prefix("surefoot-pg-").tempdir().unwrap();
        if root {
            fs::set_permissions(data.path(), fs::Permissions::from_mode(0o755)).unwrap();
            chown(data.path(), Some(uid), Some(gid)).unwrap();
        }
        let sandbox = Sandbox::new();
        let script = format!(
            "#!/bin/sh\nexec env BIN={} DATA={} OWNER={user} PATH=/usr/sbin:/usr/bin:/bin /bin/sh {}/tests/game_day/database.sh \"$@\"\n",
            bin.display(),
            data.path().display(),
            env!("CARGO_MANIFEST_DIR")
        );
        let path = sandbox.root().join("home/database");
        fs::write(&path, script).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        for name in ["game-day.yaml", "shop-login.yaml"] {
            let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/game_day").join(name);
            sandbox.file(name, fs::read(own).unwrap());
        }
        sandbox.trust("game-day.yaml");
        let database = Self { sandbox, data };
        database.tell("start");
        Some(database)
    }

    #[expect(clippy::disallowed_methods, reason = "the database is the test's own")]
    fn command(&self, word: &str) -> Command {
        let home = self.sandbox.root().join("home");
        let mut command = Command::new(home.join("database"));
        command.arg(word).env("HOME", &home).current_dir(self.data.path());
        command
    }

    fn tell(&self, word: &str) {
        let output = self.command(word).output().unwrap();
        assert!(output.status.success(), "{word}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Whether the shop can log in.
    fn lets_in(&self) -> bool {
        self.command("probe").output().unwrap().status.success()
    }

    fn walk(&self, arguments: &[&str]) -> Session {
        let path = self.sandbox.path("game-day.yaml");
        let path = path.to_str().unwrap();
        let arguments: Vec<&str> =
            arguments.iter().map(|word| if *word == "RUNBOOK" { path } else { word }).collect();
        let env = self.sandbox.environment();
        let mut env: Vec<(&str, &str)> =
            env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        env.retain(|(name, _)| *name != "TERM");
        env.extend([("TERM", "xterm"), ("NO_COLOR", "1")]);
        Session::start(PROGRAM, &arguments, &env, 100)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // A server that does not run any more has nothing to stop.
        let _ = self.command("stop").output();
    }
}

/// Says yes to what is asked next.
fn yes(session: &mut Session, card: &str) {
    session.wait_for(card);
    session.wait_for("y run");
    session.wait_for(PROMPT);
    session.send("y\r");
}

fn enter(session: &mut Session, question: &str) {
    session.wait_for(question);
    session.wait_for(PROMPT);
    session.send("\r");
}

#[test]
fn a_fault_is_made_seen_and_mended() {
    let Some(database) = Database::start() else { return };
    let sandbox = &database.sandbox;
    let mut session = database.walk(&["run", "RUNBOOK", "--mode", "training", "--auto", "read"]);
    session.wait_for("game day · training");
    enter(&mut session, "game day begins");
    yes(&mut session, "lock-out");
    session.wait_for("Does the check see it?");
    session.wait_for("Why can it not log in?");
    session.wait_for("suggested");
    assert!(!database.lets_in(), "the fault is not there");
    session.wait_for(PROMPT);
    session.send("1\r");
    yes(&mut session, "let-in");
    session.wait_for("It stays well");
    // The fault may be gone by the response: that it is, is made sure all the same.
    session.wait_for("1 change can be undone");
    session.wait_for(PROMPT);
    session.send("u\r");
    yes(&mut session, "let-in");
    enter(&mut session, "game day is over");
    session.wait_for("Resolved");
    assert_eq!(session.wait().code(), Some(0));
    assert!(database.lets_in());
    let report = sandbox.surefoot(&["report"]).run().stdout;
    for told in ["## Faults", "Take the login from the shop", "## Roles", "game master"] {
        assert!(report.contains(told), "{told}\n{report}");
    }
    let json = sandbox.surefoot(&["report", "--format", "json"]).run().stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let fault = &json["review"]["faults"][0];
    assert_eq!(fault["step"], "lock_out");
    let after =
        |what: &str| fault[what]["after"].as_u64().unwrap_or_else(|| panic!("{what}: {fault}"));
    let order = ["detected", "diagnosed", "recovered"].map(after);
    assert!(order.is_sorted(), "{fault}");
    assert_eq!(fault["runbook"]["by"], "shop-login.yaml", "{fault}");
    assert!(fault["undone"].as_u64().is_some(), "{fault}");
    assert_eq!(json["review"]["roles"].as_array().unwrap().len(), 2, "{json}");
}

#[test]
fn a_runner_that_dies_leaves_no_fault_for_good() {
    let Some(database) = Database::start() else { return };
    let sandbox = &database.sandbox;
    sandbox.pipe();
    let mut session = database.walk(&["run", "RUNBOOK", "--mode", "training", "--auto", "read"]);
    enter(&mut session, "game day begins");
    yes(&mut session, "lock-out");
    session.wait_for("locked\r\n");
    session.signal(rustix::process::Signal::KILL);
    session.wait();
    assert!(!database.lets_in(), "the fault is not there");
    // Its supervisor sees the command to its end.
    fs::write(sandbox.root().join("home/pipe"), "on\n").unwrap();
    let second = surefoot::engine::AttemptId(2);
    let end = || surefoot::process::read_end(&sandbox.run(), second);
    eventually(end).expect("the end is written down");
    let mut session = database.walk(&["resume", "--auto", "read"]);
    session.wait_for("Why can it not log in?");
    session.wait_for(PROMPT);
    assert!(!database.lets_in(), "the fault is not there any more");
    session.send("k\r");
    session.wait_for("1 change can be undone");
    session.wait_for(PROMPT);
    session.send("u\r");
    yes(&mut session, "let-in");
    enter(&mut session, "game day is over");
    session.wait_for("How did it end?");
    session.wait_for(PROMPT);
    session.send("7\r");
    assert_eq!(session.wait().code(), Some(5));
    assert!(database.lets_in(), "the fault is still there");
}
