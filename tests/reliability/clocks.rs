//! A wall clock that jumps, by seconds or by days, forwards and back, in the middle of a run: no
//! wait, no limit, no order and no verdict is another.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::bench::{Bench, RESUME, RUN, works};
use crate::judge::{judge_the_past, judge_verification};
use crate::sandbox::{Call, eventually, wait};

const WAIT: Duration = Duration::from_secs(1);
const DAY: i64 = 86_400;

/// Changes with a wait and a limit between them, one of which lets the clock jump.
fn waiting(jump_in: usize) -> Bench {
    let change = |step: usize| {
        let jump = if step == jump_in { "; touch \"$LEDGER.jump\"" } else { "" };
        format!(
            "  - {{ id: s{step}, effect: change, timeout: 5m, \
             run: 'echo {step} >> \"$LEDGER\"{jump}', undo: {{ none: a test }} }}\n"
        )
    };
    let steps = [change(1), change(2), "  - { id: w, wait: 1s }\n".to_owned(), change(3)].concat();
    Bench::with(3, &format!("steps:\n{steps}  - end: done\n"))
}

fn works_here() -> bool {
    works(&["cc", "--version"])
}

/// The library that lets the clock jump.
fn library(bench: &Bench) -> PathBuf {
    let library = bench.sandbox().root().join("clock_jump.so");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reliability/clock_jump.c");
    let to = library.to_str().unwrap();
    crate::mounted::quietly(&["cc", "-shared", "-fPIC", "-O1", "-o", to, source, "-ldl"]).unwrap();
    library
}

fn jumping<'a>(call: Call<'a>, bench: &Bench, seconds: i64) -> Call<'a> {
    let when = bench.sandbox().root().join("ledger.jump");
    call.env("LD_PRELOAD", library(bench).to_str().unwrap())
        .env("CLOCK_JUMP", &seconds.to_string())
        .env("CLOCK_JUMP_WHEN", when.to_str().unwrap())
}

/// The times of the journal never go back, whatever the clock of the machine does.
fn judge_the_times(bench: &Bench, story: &str) {
    let journal = bench.sandbox().journal();
    let times: Vec<String> = journal
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .map(|record| record["at"].as_str().unwrap().to_owned())
        .collect();
    assert!(times.is_sorted(), "{times:?}\n{story}");
}

fn jump_in_the_middle(jumps: &[i64], places: &[usize]) {
    if !works_here() {
        return;
    }
    for place in places {
        for jump in jumps {
            let bench = waiting(*place);
            let story = format!("a jump of {jump} s in change {place}");
            let began = Instant::now();
            let outcome = jumping(bench.call(&RUN), &bench, *jump).run();
            let took = began.elapsed();
            let story = format!("{story}, took {took:?}\n{}", outcome.text());
            assert_eq!(outcome.code(), 0, "{story}");
            assert!(took >= WAIT, "the wait was cut short: {story}");
            let said = judge_the_past(&bench, &story);
            assert!(said.finished && bench.ledger() == [1, 2, 3], "{story}");
            judge_the_times(&bench, &story);
            judge_verification(&bench, &story);
        }
    }
}

#[test]
fn a_wall_clock_that_jumps_changes_nothing() {
    jump_in_the_middle(&[DAY, -DAY], &[2]);
}

#[test]
#[ignore = "long: just reliability"]
fn long_a_wall_clock_that_jumps_anywhere_changes_nothing() {
    jump_in_the_middle(&[1, -1, 3600, -3600, DAY, -DAY, 30 * DAY, -30 * DAY], &[1, 2, 3]);
}

/// The preloaded clock is the one that the program reads; or these tests would prove nothing.
#[test]
fn the_clock_that_jumps_is_the_one_that_is_read() {
    if !works_here() {
        return;
    }
    let bench = Bench::plain(1);
    fs::write(bench.sandbox().root().join("ledger.jump"), "").unwrap();
    assert_eq!(jumping(bench.call(&RUN), &bench, 400 * DAY).run().code(), 0);
    let jumped = bench.run_folder().unwrap();
    bench.clear();
    assert_eq!(bench.call(&RUN).run().code(), 0);
    let year = |path: PathBuf| path.file_name().unwrap().to_str().unwrap()[..4].to_owned();
    assert_ne!(year(jumped), year(bench.run_folder().unwrap()));
}

/// A day lies between the death of the program and `resume`, in either direction.
#[test]
fn a_run_is_taken_up_under_another_date() {
    if !works_here() {
        return;
    }
    for jump in [DAY, -DAY] {
        let bench = Bench::plain(3);
        let mut started = bench.call(&RUN).start();
        eventually(|| (!bench.ledger().is_empty()).then_some(())).expect("it begins");
        // It may have ended.
        let _ended = started.child.kill();
        wait(&mut started.child).unwrap();
        bench.wait_until_all_are_gone();
        let over = judge_the_past(&bench, "killed").finished;
        fs::write(bench.sandbox().root().join("ledger.jump"), "").unwrap();
        let outcome = jumping(bench.call(&RESUME), &bench, jump).run();
        let expected: &[i32] = if over { &[2] } else { &[0, 6] };
        assert!(expected.contains(&outcome.code()), "{jump}: {}", outcome.text());
        judge_the_past(&bench, &outcome.text());
        judge_verification(&bench, &outcome.text());
    }
}
