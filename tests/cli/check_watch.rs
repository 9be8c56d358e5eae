//! `surefoot check --watch`: checked again after every change, until Ctrl-C.

use rustix::process::{Pid, Signal, kill_process};

use crate::READS;
use crate::sandbox::{Sandbox, Started, eventually};

/// Writes a file in one go, so that a watch sees one change.
fn put(sandbox: &Sandbox, name: &str, content: &str) {
    sandbox.file("new", content);
    std::fs::rename(sandbox.path("new"), sandbox.path(name)).unwrap();
}

#[test]
fn a_change_is_checked_and_the_last_state_is_the_status() {
    for (last, status) in [("reed", 3), ("read", 0)] {
        let sandbox = Sandbox::new();
        sandbox.file("runbooks/a.yaml", READS);
        let started = sandbox.surefoot(&["check", "--watch"]).start();
        let told = |wanted: &str| {
            eventually(|| started.stream("stdout").contains(wanted).then_some(()))
                .unwrap_or_else(|| panic!("no {wanted}: {}", started.stream("stdout")));
        };
        told("1 runbook, no findings\n");
        // A new file, and then another content.
        put(&sandbox, "runbooks/b.yaml", &READS.replace("effect: read", "effect: rad"));
        told("2 runbooks, 2 errors");
        let other = READS.replacen("effect: read", &format!("effect: {last}"), 1);
        put(&sandbox, "runbooks/b.yaml", &other);
        told(if status == 0 { "2 runbooks, no findings" } else { "2 runbooks, 1 error" });
        eventually(|| (started.stream("stderr").matches("watching").count() == 3).then_some(()))
            .expect("three checks");
        kill_process(Pid::from_child(&started.child), Signal::INT).unwrap();
        let outcome = started.wait(&sandbox);
        assert_eq!(outcome.status.code(), Some(status), "{}", outcome.stderr);
        assert!(!outcome.stdout.contains('\u{1b}'), "{:?}", outcome.stdout);
    }
}

/// A watch, and what it has told.
struct Watch<'a> {
    sandbox: &'a Sandbox,
    started: Started,
    rounds: usize,
}

impl<'a> Watch<'a> {
    fn of(sandbox: &'a Sandbox, path: &str) -> Self {
        let started = sandbox.surefoot(&["check", "--watch", path]).start();
        Self { sandbox, started, rounds: 0 }
    }

    /// Waits for the end of the next check, which ends in these words.
    #[track_caller]
    fn told(&mut self, wanted: &str) {
        self.rounds += 1;
        let over = || self.started.stream("stderr").matches("watching").count() == self.rounds;
        let over = eventually(|| over().then_some(()));
        let stdout = self.started.stream("stdout");
        assert!(over.is_some(), "no check {}: {stdout}", self.rounds);
        assert!(stdout.trim_end().ends_with(wanted), "not {wanted}: {stdout}");
    }

    fn end(self) {
        kill_process(Pid::from_child(&self.started.child), Signal::INT).unwrap();
        assert_eq!(self.started.wait(self.sandbox).code(), 0);
    }
}

#[test]
fn a_change_in_what_is_used_checks_its_user_again() {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path(".git")).unwrap();
    let uses = |place: &str| {
        let step = format!("- {{ id: u, title: Use it, use: {{ {place} }} }}\n  - end: done");
        READS.replacen("- end: done", &step, 1)
    };
    let brings = READS.replacen(
        "run: echo one",
        "files: { note: { from: note.txt } }\n    run: cat {{files.note}}",
        1,
    );
    sandbox
        .file("runbooks/user.yaml", uses("file: parts/near.yaml"))
        .file("runbooks/parts/near.yaml", uses("runbook: db/far"))
        .file("runbooks/deep/far.yaml", brings.replace("service: shop", "service: db"))
        .file("runbooks/deep/note.txt", "a note\n");
    let mut watch = Watch::of(&sandbox, "runbooks/user.yaml");
    watch.told("1 runbook, no findings");
    let good = sandbox.read("runbooks/parts/near.yaml");
    // What is used, what that uses, and what that brings along, all outside of what was named.
    put(&sandbox, "runbooks/parts/near.yaml", &good.replace("effect: read", "effect: rad"));
    watch.told("1 error, 0 warnings");
    put(&sandbox, "runbooks/parts/near.yaml", &good);
    watch.told("no findings");
    std::fs::remove_file(sandbox.path("runbooks/deep/note.txt")).unwrap();
    watch.told("1 error, 0 warnings");
    put(&sandbox, "runbooks/deep/note.txt", "another note\n");
    watch.told("no findings");
    watch.end();
}

#[test]
fn watching_is_for_people() {
    let sandbox = Sandbox::new();
    sandbox.file("a.yaml", READS);
    for arguments in
        [["check", "--watch", "--fix", "a.yaml"], ["check", "--watch", "--format=json", "a.yaml"]]
    {
        assert_eq!(sandbox.surefoot(&arguments).run().code(), 2);
    }
}
