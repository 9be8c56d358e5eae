//! A disk that fills up: at any byte, under the run's own feet, and under `resume`. A run about a
//! full disk is the one that must end well.

use std::fs;
use std::path::Path;

use crate::bench::{Bench, RESUME, RUN, works};
use crate::judge::{judge_the_future, judge_the_past};
use crate::mounted::{Mounted, can_mount};
use crate::sandbox::Outcome;
use crate::trace::{Traced, Whose, read, strace_works, traced};

/// What came of a run over a disk that may have been full.
fn judge(bench: &Bench, outcome: &Outcome, story: &str) {
    let story = format!("{story}\n{}", outcome.text());
    assert!(!outcome.stderr.contains("panicked"), "{story}");
    let code = outcome.code();
    assert!([0, 4, 7].contains(&code), "{story}");
    let said = judge_the_past(bench, &story);
    assert_eq!(code == 0, said.finished, "{story}");
    if code == 7 {
        let began = !said.started.is_empty();
        let told = outcome.stderr.contains("nothing was started")
            || outcome.stderr.contains("nothing more was started");
        assert!(told, "{story}");
        // Saved elsewhere is what has happened and is not in the journal.
        assert!(!began || !bench.emergencies().is_empty(), "{story}");
    }
}

/// Every file may have so many bytes; what is printed goes through a pipe, which has no limit.
fn with_limit(bench: &Bench, bytes: u64) -> Outcome {
    let limited = format!("prlimit --fsize={bytes} \"$0\" \"$@\"");
    let script = format!("({limited}) 2>&1 | cat >&2; exit ${{PIPESTATUS[0]}}");
    bench.call(&RUN).under(&["bash", "-c", &script]).run()
}

fn limit_files(limits: impl Iterator<Item = u64>) {
    if !works(&["prlimit", "--fsize=1000", "true"]) {
        return;
    }
    let bench = Bench::plain(2);
    for bytes in limits {
        let outcome = with_limit(&bench, bytes);
        bench.wait_until_all_are_gone();
        let story = format!("files of {bytes} bytes at most");
        judge(&bench, &outcome, &story);
        judge_the_future(&bench, &story);
        bench.clear();
    }
}

#[test]
fn files_that_may_not_grow_end_a_run_in_the_open() {
    limit_files((0..5000).step_by(250));
}

#[test]
#[ignore = "long: just reliability"]
fn long_files_that_may_not_grow_end_a_run_in_the_open() {
    limit_files((0..5000).step_by(10));
}

/// A file that leaves so little room.
fn ballast(bench: &Bench, bytes: usize) {
    // As much as there is room for.
    let _full = fs::write(bench.runs_folder().join("ballast"), vec![b'x'; bytes]);
}

fn fill_up(kibibytes: impl Iterator<Item = usize>) {
    if !can_mount() {
        return;
    }
    let bench = Bench::plain(2);
    for left in kibibytes {
        let mounted = Mounted::memory(&bench, "512k");
        ballast(&bench, (512 - left) << 10);
        let outcome = bench.call(&RUN).run();
        bench.wait_until_all_are_gone();
        let story = format!("{left} KiB were left");
        fs::remove_file(bench.runs_folder().join("ballast")).unwrap();
        judge(&bench, &outcome, &story);
        judge_the_future(&bench, &story);
        bench.clear();
        drop(mounted);
    }
}

#[test]
fn a_full_disk_ends_a_run_in_the_open() {
    fill_up((0..80).step_by(8));
}

#[test]
#[ignore = "long: just reliability"]
fn long_a_full_disk_ends_a_run_in_the_open() {
    fill_up((0..512).step_by(4));
}

/// The first change fills the disk; what was set aside for the journal takes the rest of the run.
#[test]
fn a_run_that_fills_its_disk_ends_well() {
    if !can_mount() {
        return;
    }
    let fill = "echo 1 >> \"$LEDGER\"; cat /dev/zero > \"$RUNS/ballast\" 2> /dev/null || touch \"$LEDGER.full\"";
    let change = |step: usize, command: &str| {
        format!(
            "  - {{ id: s{step}, effect: change, run: '{command}', undo: {{ none: a test }} }}\n"
        )
    };
    let more = |step| change(step, &format!("echo {step} >> \"$LEDGER\""));
    let steps = change(1, fill) + &more(2) + &more(3) + &more(4);
    let bench = Bench::with(4, &format!("steps:\n{steps}  - end: done\n"));
    let _mounted = Mounted::memory(&bench, "4m");
    let outcome = bench.call(&RUN).run();
    bench.wait_until_all_are_gone();
    assert_eq!(outcome.code(), 0, "{}", outcome.text());
    assert!(bench.sandbox().root().join("ledger.full").exists(), "the disk was never full");
    let said = judge_the_past(&bench, &outcome.text());
    assert!(said.finished && said.passed == [1, 2, 3, 4], "{said:?}");
    assert_eq!(bench.sandbox().surefoot(&["verify"]).run().code(), 0);
}

/// A torn record has to be set aside before a run goes on; that needs room, which is given back from
/// what the journal had.
#[test]
fn a_run_goes_on_over_a_full_disk() {
    if !can_mount() {
        return;
    }
    let bench = Bench::plain(6);
    let _mounted = Mounted::memory(&bench, "4m");
    bench.break_off(1);
    let full = fs::write(bench.runs_folder().join("ballast"), vec![b'x'; 8 << 20]);
    full.unwrap_err();
    let outcome = bench.call(&RESUME).run();
    bench.wait_until_all_are_gone();
    // It had ended if the program was not killed in time; in doubt if it was killed in a command.
    assert!([0, 2, 6].contains(&outcome.code()), "{}", outcome.text());
    judge_the_past(&bench, &outcome.text());
    if outcome.code() != 2 {
        assert!(outcome.stderr.contains("were set aside"), "{}", outcome.text());
    }
}

/// The first write of the journal after the first change has ended.
fn write_of_the_end(bench: &Bench) -> usize {
    let calls = "trace=?write,?fdatasync";
    let (outcome, trace) = traced(bench, &RUN, Whose::Program, &["-e", calls]);
    assert_eq!(outcome.code(), 0, "{}", outcome.text());
    bench.clear();
    let calls: Vec<Traced> = read(&trace);
    let on_journal = calls.iter().filter(|call| call.is_on("journal.jsonl"));
    let mut after = on_journal.skip_while(|call| call.name != "fdatasync");
    after.find(|call| call.name == "write").expect("an end is written").number
}

/// What happened is on the screen and in a second place, though the journal could not take it.
#[test]
fn an_end_that_cannot_be_recorded_is_shown_saved_and_in_doubt() {
    if !strace_works() {
        return;
    }
    let bench = Bench::with(
        2,
        "steps:\n  - { id: s1, title: The first, effect: change, \
         run: 'echo 1 >> \"$LEDGER\"; echo shown; exit 0', undo: { none: a test } }\n  \
         - { id: s2, effect: change, run: 'echo 2 >> \"$LEDGER\"', undo: { none: a test } }\n  \
         - end: done\n",
    );
    let number = write_of_the_end(&bench);
    let inject = format!("inject=write:error=ENOSPC:when={number}");
    let (outcome, _) = traced(&bench, &RUN, Whose::Program, &["-e", "trace=write", "-e", &inject]);
    let text = outcome.text();
    assert_eq!(outcome.code(), 7, "{text}");
    assert_eq!(bench.ledger(), [1], "{text}");
    assert!(outcome.stderr.contains("shown\n"), "{text}");
    assert!(outcome.stderr.contains("exit 0"), "the end is not on the screen: {text}");
    assert!(outcome.stderr.contains("No space left on device"), "{text}");
    let [saved] = &bench.emergencies()[..] else { panic!("{text}") };
    assert!(
        outcome.stderr.contains(Path::new(saved).file_name().unwrap().to_str().unwrap())
            || outcome.text().contains("~/run/"),
        "{text}"
    );
    let record: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(saved).unwrap()).unwrap();
    assert_eq!(record["event"]["type"], "attempt_ended");
    assert_eq!(record["event"]["end"]["end"], "exited", "{record}");
    // The supervisor wrote it down as well, so that it is not in doubt for long.
    judge_the_future(&bench, &text);
}
