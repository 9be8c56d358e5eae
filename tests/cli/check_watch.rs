//! `surefoot check --watch`: checked again after every change, until Ctrl-C.

use rustix::process::{Pid, Signal, kill_process};

use crate::READS;
use crate::sandbox::{Sandbox, eventually};

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
        sandbox.file("runbooks/b.yaml", READS.replace("effect: read", "effect: rad"));
        told("2 runbooks, 2 errors");
        sandbox
            .file("runbooks/b.yaml", READS.replacen("effect: read", &format!("effect: {last}"), 1));
        told(if status == 0 { "2 runbooks, no findings" } else { "2 runbooks, 1 error" });
        eventually(|| (started.stream("stderr").matches("watching").count() == 3).then_some(()))
            .expect("three checks");
        kill_process(Pid::from_child(&started.child), Signal::INT).unwrap();
        let outcome = started.wait(&sandbox);
        assert_eq!(outcome.status.code(), Some(status), "{}", outcome.stderr);
        assert!(!outcome.stdout.contains('\u{1b}'), "{:?}", outcome.stdout);
    }
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
