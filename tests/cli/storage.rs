//! Where records cannot be written nothing is started, and it is never silent.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::sandbox::Sandbox;
use crate::{CHANGES, READS, ledger};

const AGREED: [&str; 4] = ["run", "runbook.yaml", "--yes", "change"];

#[test]
fn a_state_that_is_no_folder_starts_nothing() {
    let sandbox = Sandbox::trusting(CHANGES);
    let trust = sandbox.state().join("trust");
    let blocked = |name: &str| {
        let folder = sandbox.root().join(name);
        fs::create_dir(&folder).unwrap();
        folder
    };
    let runs = blocked("runs-is-a-file").join("surefoot");
    fs::create_dir_all(&runs).unwrap();
    std::os::unix::fs::symlink(&trust, runs.join("trust")).unwrap();
    fs::write(runs.join("runs"), "").unwrap();
    let call = sandbox.surefoot(&AGREED);
    let call = call.env("XDG_STATE_HOME", sandbox.root().join("runs-is-a-file").to_str().unwrap());
    call.check(
        r"
        exit 7
        --- stderr
        error: failed to create ~/runs-is-a-file/surefoot/runs/RUN: Not a directory (os error 20)
        hint: nothing was started
    ",
    );
    assert_eq!(ledger(&sandbox), "");
}

#[test]
fn no_place_for_records_starts_nothing() {
    let sandbox = Sandbox::trusting(READS);
    sandbox.surefoot(&AGREED).without("HOME").without("XDG_STATE_HOME").check(
        r"
        exit 7
        --- stderr
        error: there is no place for records: neither XDG_STATE_HOME nor HOME is set
    ",
    );
    let relative = sandbox.surefoot(&AGREED).without("HOME").env("XDG_STATE_HOME", "relative");
    assert_eq!(relative.run().code(), 7);
    assert!(!sandbox.path("relative").exists());
}

/// Fills up after so many blocks of 1024 bytes, as the shell counts them.
fn limited(sandbox: &Sandbox, blocks: u32) -> crate::sandbox::Outcome {
    // What it prints goes through a pipe: a file would have the limit too.
    let limit = format!("ulimit -f {blocks}; exec \"$0\" \"$@\"");
    let script = format!("({limit}) 2>&1 | cat >&2; exit ${{PIPESTATUS[0]}}");
    let call = sandbox.surefoot(&AGREED);
    call.under(&["bash", "-c", &script]).run()
}

#[test]
fn a_disk_without_room_starts_nothing() {
    let sandbox = Sandbox::trusting(CHANGES);
    let outcome = limited(&sandbox, 0);
    assert_eq!(outcome.code(), 7, "{}", outcome.text());
    assert!(outcome.stderr.contains("nothing was started"), "{}", outcome.stderr);
    assert_eq!(ledger(&sandbox), "");
}

#[test]
fn a_disk_that_fills_up_is_never_silent() {
    for blocks in [1, 2, 3, 4, 6, 8, 12, 16] {
        let sandbox = Sandbox::trusting(CHANGES);
        let outcome = limited(&sandbox, blocks);
        let code = outcome.code();
        assert!(!outcome.stderr.contains("panicked"), "{}", outcome.stderr);
        let ran = ledger(&sandbox);
        match code {
            0 => assert_eq!(ran, "altered\n"),
            _ => assert!(!outcome.stderr.is_empty()),
        }
        if !ran.is_empty() {
            let started = sandbox.journal().contains("attempt_started");
            assert!(started, "{blocks} blocks: an effect without a record\n{}", outcome.text());
        }
    }
}

#[test]
fn a_limit_on_files_ends_no_command_by_a_signal() {
    let limit = "ulimit -f 0; exec \"$0\" \"$@\" > limited";
    let sandbox = Sandbox::trusting(CHANGES);
    for command in [&["--version"][..], &["schema"], &["show", "runbook.yaml"], &["history"]] {
        let outcome = sandbox.surefoot(command).under(&["bash", "-c", limit]).run();
        assert!(outcome.status.code().is_some(), "{command:?}: {}", outcome.text());
        fs::remove_file(sandbox.path("limited")).unwrap();
    }
}

#[test]
fn a_journal_on_a_full_device_starts_nothing() {
    // A link to a device that is always full stands where the folder of all runs would be.
    let sandbox = Sandbox::trusting(CHANGES);
    std::os::unix::fs::symlink("/dev/full", sandbox.state().join("runs")).unwrap();
    let outcome = sandbox.surefoot(&AGREED).run();
    assert_eq!(outcome.code(), 7, "{}", outcome.text());
    assert_eq!(ledger(&sandbox), "");
}

#[test]
fn a_folder_that_may_not_be_written_starts_nothing() {
    let sandbox = Sandbox::trusting(CHANGES);
    let state = sandbox.state();
    fs::set_permissions(&state, fs::Permissions::from_mode(0o500)).unwrap();
    if fs::create_dir(state.join("probe")).is_ok() {
        // The superuser may write everywhere; what is left of this test is a folder of the kernel.
        fs::remove_dir(state.join("probe")).unwrap();
        fs::set_permissions(&state, fs::Permissions::from_mode(0o700)).unwrap();
        std::os::unix::fs::symlink("/proc/self", state.join("runs")).unwrap();
    }
    let outcome = sandbox.surefoot(&AGREED).run();
    fs::set_permissions(&state, fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!(outcome.code(), 7, "{}", outcome.text());
    assert_eq!(ledger(&sandbox), "");
}

#[test]
fn trust_that_cannot_be_kept_is_an_error() {
    let sandbox = Sandbox::new();
    sandbox.file("runbook.yaml", READS);
    fs::create_dir_all(sandbox.state()).unwrap();
    fs::write(sandbox.state().join("trust"), "").unwrap();
    let digest = sandbox.digest("runbook.yaml");
    let outcome = sandbox.surefoot(&["trust", "--digest", &digest, "runbook.yaml"]).run();
    assert_eq!(outcome.code(), 7, "{}", outcome.text());
}

#[test]
fn only_the_owner_reads_records_under_any_umask() {
    for umask in ["0", "022", "077", "0777"] {
        let sandbox = Sandbox::trusting(CHANGES);
        let script = format!("umask {umask}; exec \"$0\" \"$@\"");
        let call = sandbox.surefoot(&AGREED).under(&["sh", "-c", &script]);
        // What the command itself makes is its own business, and it needs that to work.
        assert_eq!(call.run().code(), 0, "{umask}");
        let mode = fs::metadata(sandbox.run()).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o700, "{umask}");
        let mut folders = vec![sandbox.run()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap().flatten() {
                let metadata = entry.metadata().unwrap();
                let mode = metadata.permissions().mode() & 0o777;
                let wanted = if metadata.is_dir() { 0o700 } else { 0o600 };
                assert_eq!(mode, wanted, "{} under {umask}: {mode:o}", entry.path().display());
                if metadata.is_dir() {
                    folders.push(entry.path());
                }
            }
        }
    }
}
