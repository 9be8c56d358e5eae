//! A standard output that is closed or full gives an error status, no panic, and ends no run.

use std::fs::File;

use crate::sandbox::Sandbox;
use crate::{CHANGES, READS, ledger};

fn full() -> File {
    File::options().write(true).open("/dev/full").unwrap()
}

/// A pipe that nobody reads.
fn closed() -> File {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    File::from(std::os::fd::OwnedFd::from(writer))
}

#[test]
fn data_that_nobody_takes_is_an_error_status() {
    let sandbox = Sandbox::trusting(READS);
    assert_eq!(sandbox.surefoot(&["run", "runbook.yaml"]).run().code(), 0);
    let commands: [&[&str]; 10] = [
        &["--help"],
        &["--version"],
        &["history"],
        &["log"],
        &["report"],
        &["verify"],
        &["schema"],
        &["completions", "bash"],
        &["check", "runbook.yaml"],
        &["show", "runbook.yaml"],
    ];
    for command in commands {
        for broken in [full(), closed()] {
            let outcome = sandbox.surefoot(command).stdout(broken).run();
            assert_eq!(outcome.code(), 1, "{command:?}: {}", outcome.text());
            assert!(!outcome.stderr.contains("panicked"), "{}", outcome.stderr);
        }
    }
}

#[test]
fn a_run_goes_on_when_nobody_reads_its_events() {
    for broken in [full(), closed()] {
        let sandbox = Sandbox::trusting(CHANGES);
        let call = ["run", "runbook.yaml", "--yes", "change", "--format", "jsonl"];
        let outcome = sandbox.surefoot(&call).stdout(broken).run();
        assert_eq!(outcome.code(), 1, "{}", outcome.text());
        assert_eq!(ledger(&sandbox), "altered\n");
        assert_eq!(sandbox.events_of("run_finished")[0]["outcome"], "resolved");
    }
}

#[test]
fn a_run_goes_on_when_nobody_sees_it() {
    for redirection in ["2>/dev/full", "2>&-", ">&- 2>&-", "<&-", "<&- >&- 2>&-"] {
        let sandbox = Sandbox::trusting(CHANGES);
        let script = format!("exec \"$0\" \"$@\" {redirection}");
        let call = sandbox.surefoot(&["run", "runbook.yaml", "--yes", "change"]);
        let outcome = call.under(&["bash", "-c", &script]).run();
        let code = outcome.status.code();
        assert!(matches!(code, Some(0 | 1)), "{redirection}: {}", outcome.text());
        assert_eq!(ledger(&sandbox), "altered\n", "{redirection}");
        assert_eq!(sandbox.events_of("run_finished")[0]["outcome"], "resolved");
        assert_eq!(sandbox.surefoot(&["verify"]).run().code(), 0, "{redirection}");
    }
}

#[test]
fn the_shell_is_told_when_head_has_enough() {
    let sandbox = Sandbox::new();
    let script = "set -o pipefail; \"$0\" \"$@\" | head -c 1 >/dev/null; exit ${PIPESTATUS[0]}";
    let outcome = sandbox.surefoot(&["schema"]).under(&["bash", "-c", script]).run();
    assert!(matches!(outcome.code(), 0 | 1), "{}", outcome.text());
    assert!(!outcome.stderr.contains("panicked"), "{}", outcome.stderr);
}
