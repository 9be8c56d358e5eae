//! Power cuts. kill -9 leaves the page cache alive and never sees a missing sync; these do.
//!
//! Two ways. Without root: the writes and syncs of a run are traced, and the journal is put together
//! as a cut at each moment could leave it. With root: a run on a file system in an image, which is
//! copied at some instant; what the system held in memory is not in the copy.

use std::fmt::Write as _;
use std::fs;
use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use surefoot::journal::recover;

use crate::bench::{Bench, RUN, Random, counted, in_lanes, let_pass, long};
use crate::families::{Member, families};
use crate::judge::{
    judge_the_answers, judge_the_future, judge_the_past, judge_verification_after_a_cut, said_in,
};
use crate::mounted::{Mounted, can_mount_images, folder_in_memory, make_image, quietly};
use crate::sandbox::{eventually, wait};
use crate::trace::{Traced, Whose, read, strace_works, traced};

/// What of a file was written, and what was durable, at a moment of a trace.
fn lengths(calls: &[Traced], file: &str, moment: usize) -> (usize, usize) {
    let mut on: Vec<&Traced> = calls.iter().filter(|call| call.is_on(file)).collect();
    on.retain(|call| call.ended.is_some_and(|ended| ended < moment));
    on.sort_by_key(|call| call.ended);
    let (mut written, mut durable) = (0, 0);
    for call in on {
        let result = call.result().unwrap_or(-1);
        match call.name.as_str() {
            "write" => written += usize::try_from(result).unwrap_or(0),
            "fdatasync" | "fsync" if result == 0 => durable = written,
            _ => {}
        }
    }
    (written, durable)
}

#[test]
fn no_cut_at_any_moment_loses_the_start_of_an_effect() {
    if !strace_works() {
        return;
    }
    let bench = Bench::plain(4);
    let calls = "trace=?open,?openat,?write,?fdatasync,?fsync,?ftruncate";
    let (outcome, trace) = traced(&bench, &RUN, Whose::Everyone, &["-e", calls]);
    assert_eq!(outcome.code(), 0, "{}", outcome.text());
    let calls = read(&trace);
    let journal = fs::read(bench.run_folder().unwrap().join("journal.jsonl")).unwrap();
    let effects: Vec<usize> =
        calls.iter().filter(|call| call.is_on("ledger")).map(|call| call.began).collect();
    assert_eq!(effects.len(), bench.steps(), "{trace}");
    let mut cuts = 0;
    let memory = folder_in_memory();
    for moment in 0..=trace.lines().count() {
        let happened = effects.iter().filter(|began| **began < moment).count();
        let (written, durable) = lengths(&calls, "journal.jsonl", moment);
        let (earlier, before) = lengths(&calls, "journal.jsonl", moment.saturating_sub(1));
        let effect_now = effects.contains(&moment.wrapping_sub(1));
        if (written, durable) == (earlier, before) && !effect_now {
            continue;
        }
        // Of what was not durable any part may be there.
        let mut lengths: Vec<usize> = (durable..written).step_by(97).collect();
        lengths.push(written);
        for length in lengths {
            let folder = memory.path().join(cuts.to_string());
            fs::create_dir(&folder).unwrap();
            fs::write(folder.join("journal.jsonl"), &journal[..length]).unwrap();
            let recovered = recover(&folder).unwrap();
            let said = said_in(&fs::read(folder.join("journal.jsonl")).unwrap());
            let story = format!("{length} bytes at line {moment} of\n{trace}");
            let acknowledged = journal[..durable].split(|byte| *byte == b'\n').count() - 1;
            assert!(recovered.records.len() >= acknowledged, "{story}");
            assert!(said.started.len() >= happened, "{happened} effects, {said:?}\n{story}");
            assert!(said.passed.len() <= happened, "{happened} effects, {said:?}\n{story}");
            drop(recovered);
            fs::remove_dir_all(folder).unwrap();
            cuts += 1;
        }
    }
    assert!(cuts > 50, "only {cuts} cuts");
    counted(&format!("{cuts} states of a journal after a cut"));
    // An end is durable in the supervisor's file before the journal speaks of it.
    let ended = |call: &&Traced| call.is_on("ends.jsonl") && call.name == "write";
    for end in calls.iter().filter(ended) {
        let next = calls.iter().find(|call| {
            call.is_on("journal.jsonl") && call.name == "write" && call.began > end.began
        });
        let told = next.expect("the journal speaks of it").began;
        let (written, durable) = lengths(&calls, "ends.jsonl", told);
        assert_eq!(written, durable, "an end was told that was not durable\n{trace}");
    }
}

/// Stops everything that belongs to the run, and returns when nothing of it moves any more: what is
/// started a moment later would act on a world that was looked at already.
fn stop_all(bench: &Bench, program: Pid) {
    let stopped = eventually(|| {
        let mut roots = vec![program];
        roots.extend(bench.supervisor());
        roots.extend(bench.alive());
        let moving: Vec<Pid> = families(&roots).into_iter().filter_map(Member::moving).collect();
        for pid in &moving {
            // It may have ended.
            let _ended = kill_process(*pid, Signal::STOP);
        }
        moving.is_empty().then_some(())
    });
    stopped.expect("all of it can be stopped");
}

/// Copies an image until two copies are the same: the system itself may still be writing to it.
fn copy_at_rest(from: &Path, to: &Path) {
    let mut last = fs::read(from).unwrap();
    let rest = eventually(|| {
        let now = fs::read(from).unwrap();
        let same = now == last;
        last = now;
        same.then_some(())
    });
    rest.expect("nobody writes any more");
    fs::write(to, last).unwrap();
}

fn cut_the_power(seeds: Range<u64>, features: &str) {
    if !can_mount_images() {
        return;
    }
    let memory = folder_in_memory();
    let [empty, live, after] = ["empty", "live", "after"].map(|name| memory.path().join(name));
    make_image(&empty, features);
    let bench = Bench::new();
    // The file system of these tests syncs in no time; the real one of the bench does not matter.
    let length = {
        fs::copy(&empty, &live).unwrap();
        let _mounted = Mounted::image(&bench, &live);
        bench.length()
    };
    for seed in seeds {
        fs::copy(&empty, &live).unwrap();
        let mut story = format!("seed {seed}");
        let mounted = Mounted::image(&bench, &live);
        quietly(&["sync", "-f", bench.runs_folder().to_str().unwrap()]).unwrap();
        let after_time = Random(seed).instant(length) + Duration::from_millis(1);
        let mut started = bench.call(&RUN).start();
        let_pass(after_time);
        stop_all(&bench, Pid::from_child(&started.child));
        // What has happened by now must be explained by what is on the disk by now.
        let world = fs::read(bench.ledger_file()).unwrap_or_default();
        copy_at_rest(&live, &after);
        let _ = write!(story, ": cut after {after_time:?} of {length:?}");
        for pid in bench.alive() {
            let _ended = kill_process(pid, Signal::KILL);
        }
        bench.kill_supervisor();
        let _ended = started.child.kill();
        wait(&mut started.child).unwrap();
        bench.wait_until_all_are_gone();
        drop(mounted);
        fs::write(bench.ledger_file(), world).unwrap();
        if features.starts_with('^') {
            // Without a log of its own the file system has to be repaired; it says that it was.
            let _repaired = quietly(&["e2fsck", "-fy", after.to_str().unwrap()]);
        }
        let mounted = Mounted::image(&bench, &after);
        let rested = judge_the_past(&bench, &story).finished;
        if rested {
            judge_the_future(&bench, &story);
        } else {
            judge_the_answers(&bench, &story);
            judge_verification_after_a_cut(&bench, &story);
        }
        bench.clear();
        drop(mounted);
    }
}

#[test]
fn the_power_is_cut_at_any_instant() {
    cut_the_power(0..60, "has_journal");
}

#[test]
#[ignore = "long: just reliability"]
fn long_the_power_is_cut_at_any_instant() {
    in_lanes(1000..1000 + long(800), |seeds| cut_the_power(seeds, "has_journal"));
}

#[test]
#[ignore = "long: just reliability"]
fn long_the_power_is_cut_over_a_file_system_without_a_log() {
    in_lanes(5000..5000 + long(200), |seeds| cut_the_power(seeds, "^has_journal"));
}
