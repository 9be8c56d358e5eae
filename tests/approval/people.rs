//! Two people: who walks a runbook, and who is asked to agree, each with a home of their own.

use std::fs;
use std::path::{Path, PathBuf};

use crate::keys::{key, listed};
use crate::pty::Session;
use crate::sandbox::{Outcome, PROGRAM, Sandbox};

/// A responder, a second person elsewhere, and a list that names the second.
pub(crate) struct People {
    pub(crate) sandbox: Sandbox,
    /// The second person's home.
    pub(crate) home: tempfile::TempDir,
    pub(crate) eve: PathBuf,
}

impl People {
    pub(crate) fn new(runbook: &str) -> Self {
        let sandbox = Sandbox::trusting(runbook);
        let home = tempfile::tempdir().unwrap();
        fs::create_dir(home.path().join(".ssh")).unwrap();
        let eve = key(&home.path().join(".ssh"), "id_ed25519");
        let people = Self { sandbox, home, eve };
        people.list(&listed("eve@example.org,payments-lead", &people.eve));
        people
    }

    pub(crate) fn signers(&self) -> PathBuf {
        self.sandbox.root().join("home/.config/surefoot/allowed_signers")
    }

    pub(crate) fn list(&self, text: &str) {
        fs::create_dir_all(self.signers().parent().unwrap()).unwrap();
        fs::write(self.signers(), text).unwrap();
    }

    pub(crate) fn run(&self) -> Outcome {
        self.sandbox.surefoot(&["run", "runbook.yaml", "--yes", "change"]).run()
    }

    pub(crate) fn resume(&self) -> Outcome {
        self.sandbox.surefoot(&["resume", "--yes", "change"]).run()
    }

    pub(crate) fn verify(&self, more: &[&str]) -> Outcome {
        let signers = self.signers();
        let with = ["verify", "--signers", signers.to_str().unwrap()];
        self.sandbox.surefoot(&with).arguments(more).run()
    }

    /// The request that was handed out last.
    pub(crate) fn request(&self) -> PathBuf {
        let entries = fs::read_dir(self.sandbox.run().join("approvals")).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        let mut requests: Vec<PathBuf> =
            paths.filter(|path| path.extension().is_some_and(|it| it == "request")).collect();
        requests.sort_by_key(|path| fs::metadata(path).unwrap().modified().unwrap());
        requests.pop().expect("a request was handed out")
    }

    /// The second person looks at a request on a terminal of their own, and agrees.
    pub(crate) fn approve(&self, request: &Path, answer: &Path) -> String {
        let home = self.home.path().to_str().unwrap();
        let env = [
            ("HOME", home),
            ("USER", "eve"),
            ("PATH", "/usr/bin:/bin"),
            ("LC_ALL", "C.UTF-8"),
            ("TERM", "dumb"),
            ("XDG_RUNTIME_DIR", home),
        ];
        let arguments =
            ["approve", request.to_str().unwrap(), "--output", answer.to_str().unwrap()];
        let mut session = Session::start(PROGRAM, &arguments, &env, 200);
        session.wait_for("Type agree");
        session.send("agree\r");
        session.wait_for("give it to");
        assert!(session.wait().success());
        String::from_utf8_lossy(&session.log()).into_owned()
    }

    pub(crate) fn ledger(&self) -> String {
        fs::read_to_string(self.sandbox.root().join("home/ledger")).unwrap_or_default()
    }
}
