//! kill -9 at any instant, of the program, of its supervisor, of both, and of `resume` as well.

use std::fmt::Write as _;
use std::fs;
use std::ops::Range;

use rustix::process::Pid;

use crate::bench::{Bench, RESUME, RUN, Random, in_lanes, let_pass, long};
use crate::judge::{judge_the_future, judge_the_past, said};
use crate::sandbox::{eventually, wait};

fn kill_the_program(seeds: Range<u64>) {
    let bench = Bench::new();
    let length = bench.length();
    for seed in seeds {
        let after = Random(seed).instant(length);
        let mut started = bench.call(&RUN).start();
        let_pass(after);
        // It may have ended.
        let _ended = started.child.kill();
        wait(&mut started.child).unwrap();
        bench.wait_until_all_are_gone();
        let story = format!("seed {seed}: killed after {after:?} of {length:?}");
        judge_the_past(&bench, &story);
        judge_the_future(&bench, &story);
        bench.clear();
    }
}

#[test]
fn the_program_is_killed_at_any_instant() {
    kill_the_program(0..60);
}

#[test]
#[ignore = "long: just reliability"]
fn long_the_program_is_killed_at_any_instant() {
    in_lanes(10_000..10_000 + long(8_000), kill_the_program);
}

fn kill_the_supervisor(seeds: Range<u64>) {
    let bench = Bench::new();
    let length = bench.length();
    for seed in seeds {
        let after = Random(seed).instant(length);
        let mut started = bench.call(&RUN).start();
        let_pass(after);
        let killed = bench.kill_supervisor();
        let status = wait(&mut started.child).expect("it ends when its supervisor does");
        bench.wait_until_all_are_gone();
        let story = format!(
            "seed {seed}: supervisor killed after {after:?} of {length:?}: {killed}, {status}\n{}",
            started.stream("stderr")
        );
        let code = status.code().unwrap_or_else(|| panic!("{story}"));
        assert!(matches!(code, 0 | 4 | 6 | 7), "{story}");
        assert!(!story.contains("panicked"), "{story}");
        judge_the_past(&bench, &story);
        judge_the_future(&bench, &story);
        bench.clear();
    }
}

#[test]
fn the_supervisor_is_killed_at_any_instant() {
    kill_the_supervisor(0..40);
}

#[test]
#[ignore = "long: just reliability"]
fn long_the_supervisor_is_killed_at_any_instant() {
    in_lanes(10_000..10_000 + long(6_000), kill_the_supervisor);
}

fn kill_both_and_resume_too(seeds: Range<u64>) {
    let bench = Bench::new();
    let length = bench.length();
    for seed in seeds {
        let mut random = Random(seed);
        let mut story = format!("seed {seed}");
        for arguments in [&RUN[..], &RESUME] {
            let after = random.instant(length);
            let mut started = bench.call(arguments).start();
            let_pass(after);
            let _ended = bench.kill_supervisor();
            let _ended = started.child.kill();
            wait(&mut started.child).unwrap();
            bench.wait_until_all_are_gone();
            let _ = write!(story, "\n{arguments:?} killed after {after:?} of {length:?}");
            judge_the_past(&bench, &story);
        }
        judge_the_future(&bench, &story);
        bench.clear();
    }
}

#[test]
fn both_are_killed_and_resume_is_killed_too() {
    kill_both_and_resume_too(0..40);
}

#[test]
#[ignore = "long: just reliability"]
fn long_both_are_killed_and_resume_is_killed_too() {
    in_lanes(10_000..10_000 + long(6_000), kill_both_and_resume_too);
}

#[test]
fn a_command_that_outlives_both_is_found_and_never_started_again() {
    let command = "echo 1 >> \"$LEDGER\"; until test -e \"$LEDGER.go\"; do sleep 0.01; done";
    let bench = Bench::with(
        1,
        &format!(
            "steps:\n  - {{ id: s1, effect: change, run: '{command}', undo: {{ none: a test }} }}\n  \
             - end: done\n"
        ),
    );
    let mut started = bench.call(&RUN).start();
    eventually(|| (!bench.ledger().is_empty()).then_some(())).expect("it begins");
    assert!(bench.kill_supervisor());
    started.child.kill().unwrap();
    wait(&mut started.child).unwrap();

    let outcome = bench.call(&RESUME).run();
    assert_eq!(outcome.code(), 6, "{}", outcome.text());
    let sandbox = bench.sandbox();
    let found = sandbox.events_of("resumed").pop().unwrap()["found"]["1"].clone();
    let processes = found["processes"].as_array().unwrap().iter();
    let lives: Vec<i64> = processes.filter_map(serde_json::Value::as_i64).collect();
    let shell = lives.iter().min().unwrap();
    assert!(outcome.stderr.contains("still running (process"), "{}", outcome.text());
    assert!(outcome.stderr.contains(&shell.to_string()), "{}", outcome.text());
    let shell = Pid::from_raw(i32::try_from(*shell).unwrap()).unwrap();
    assert!(bench.alive().contains(&shell), "it was stopped unasked");

    fs::write(sandbox.root().join("ledger.go"), "").unwrap();
    bench.wait_until_all_are_gone();
    let outcome = bench.call(&RESUME).run();
    assert_eq!(outcome.code(), 6, "{}", outcome.text());
    let found = &sandbox.events_of("resumed").pop().unwrap()["found"]["1"];
    assert_eq!(found["found"], "unknown");
    assert_eq!(bench.ledger(), [1]);
    assert_eq!(said(&bench).started, [1]);
}
