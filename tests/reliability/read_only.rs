//! Disks that turn read-only in the middle of a run, and readers where nothing may be written.

use std::fs;

use crate::bench::{Bench, RESUME, RUN};
use crate::judge::{judge_the_future, judge_the_past};
use crate::mounted::{Mounted, can_mount, can_mount_images, folder_in_memory, make_image, quietly};

/// What a file system does after an error, done by the second of three changes.
#[test]
fn a_disk_that_turns_read_only_starts_nothing_more() {
    if !can_mount_images() {
        return;
    }
    let memory = folder_in_memory();
    let image = memory.path().join("image");
    make_image(&image, "has_journal");
    let change = |step: usize, more: &str| {
        format!(
            "  - {{ id: s{step}, effect: change, run: 'echo {step} >> \"$LEDGER\"{more}', \
             undo: {{ none: a test }} }}\n"
        )
    };
    let abort = "; PATH=$PATH:/usr/sbin:/sbin mount -o remount,abort \"$RUNS\" || true";
    let steps = change(1, "") + &change(2, abort) + &change(3, "");
    let bench = Bench::with(3, &format!("steps:\n{steps}  - end: done\n"));
    let mounted = Mounted::image(&bench, &image);
    let outcome = bench.call(&RUN).run();
    bench.wait_until_all_are_gone();
    let text = outcome.text();
    assert!(fs::write(bench.runs_folder().join("probe"), "x").is_err(), "it is read-only: {text}");
    assert_eq!(outcome.code(), 7, "{text}");
    assert_eq!(bench.ledger(), [1, 2], "{text}");
    assert_eq!(bench.emergencies().len(), 1, "{text}");
    // Nothing can go on, and nothing is said that is not so.
    let outcome = bench.call(&RESUME).run();
    assert!([1, 7].contains(&outcome.code()), "{}", outcome.text());
    assert_eq!(bench.ledger(), [1, 2]);
    // The machine is started again, and the disk repaired.
    drop(mounted);
    let _repaired = quietly(&["e2fsck", "-fy", image.to_str().unwrap()]);
    let _mounted = Mounted::image(&bench, &image);
    judge_the_past(&bench, &text);
    judge_the_future(&bench, &text);
}

/// `log`, `report`, `verify` and `history` over a read-only file system, and over a copy.
#[test]
fn readers_need_nothing_that_can_be_written() {
    if !can_mount() {
        return;
    }
    let bench = Bench::plain(2);
    let mounted = Mounted::memory(&bench, "8m");
    assert_eq!(bench.call(&RUN).run().code(), 0);
    bench.tear();
    let place = bench.runs_folder();
    quietly(&["mount", "-o", "remount,ro", place.to_str().unwrap()]).unwrap();
    for command in ["log", "report", "verify", "history"] {
        let outcome = bench.sandbox().surefoot(&[command]).run();
        assert_eq!(outcome.code(), 0, "{command}: {}", outcome.text());
    }
    let outcome = bench.call(&RESUME).run();
    assert_ne!(outcome.code(), 0, "{}", outcome.text());
    drop(mounted);
}
