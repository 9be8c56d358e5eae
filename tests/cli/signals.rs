//! Signals to a run that nobody watches: it ends resumable, and its commands end with it.

use rustix::process::{Pid, Signal, kill_process};

use crate::sandbox::{Sandbox, eventually};

/// The status of an unattended run of these steps after a signal, sent when `sign` is printed.
fn signalled(steps: &str, sign: &str, signal: Signal) -> (Sandbox, Option<i32>) {
    let runbook = format!("schema: surefoot/v1\ntitle: Signals\nsteps:\n{steps}  - end: done\n");
    let sandbox = Sandbox::trusting(&runbook);
    let started = sandbox.surefoot(&["run", "runbook.yaml"]).start();
    eventually(|| started.stream("stderr").contains(sign).then_some(()))
        .unwrap_or_else(|| panic!("{}", started.stream("stderr")));
    kill_process(Pid::from_child(&started.child), signal).unwrap();
    let outcome = started.wait(&sandbox);
    assert!(!outcome.stderr.contains("panicked"), "{}", outcome.stderr);
    let code = outcome.status.code();
    (sandbox, code)
}

#[test]
fn a_wait_is_left_and_can_be_gone_on_with() {
    for (signal, status) in [(Signal::INT, 130), (Signal::HUP, 4), (Signal::TERM, 4)] {
        let (sandbox, code) =
            signalled("  - { id: rest, title: Rest, wait: 1h }\n", "Rest", signal);
        assert_eq!(code, Some(status), "{signal:?}");
        assert_eq!(sandbox.events_of("paused").len(), 1);
        assert_eq!(sandbox.surefoot(&["verify"]).run().code(), 0);
    }
}

#[test]
fn an_interrupted_command_ends_and_the_run_can_be_gone_on_with() {
    let steps = "  - { id: look, title: Look, effect: read, run: 'echo up; exec sleep 1000' }\n";
    let (sandbox, code) = signalled(steps, "up\n", Signal::INT);
    assert!(matches!(code, Some(4 | 130)), "{code:?}");
    assert_eq!(sandbox.events_of("attempt_ended")[0]["end"]["end"], "interrupted");
    assert_eq!(sandbox.surefoot(&["verify"]).run().code(), 0);
}
