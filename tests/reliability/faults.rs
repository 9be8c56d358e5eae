//! System calls that fail, that are taken in part or that are the last: at every call of `run`,
//! `resume` and `verify` that touches the record.

use std::collections::BTreeSet;

use crate::bench::{Bench, RESUME, RUN, counted};
use crate::judge::{
    judge_that_a_change_is_found, judge_the_answers, judge_the_future, judge_the_past,
};
use crate::sandbox::Outcome;
use crate::trace::{Traced, Whose, read, strace_works, traced};

/// The calls with which a record is made, changed, made durable and taken up. What this kernel does
/// not have is no error.
const CALLS: &str = "trace=?chmod,?fallocate,?fchmod,?fdatasync,?flock,?fsync,?ftruncate,?mkdir,\
                     ?mkdirat,?open,?openat,?pwrite64,?rename,?renameat,?renameat2,?statx,\
                     ?symlink,?unlink,?unlinkat,?write";

/// Those with which a record is read.
const READING: &str =
    "trace=?fstat,?getdents64,?lseek,?newfstatat,?open,?openat,?pread64,?read,?statx";

/// A call, by name and number, and the process that makes it in the trace.
type Point = (String, usize);

/// The calls of a process that touch the record.
fn points(calls: &[Traced], pid: Option<u32>) -> Vec<Point> {
    let own = calls.iter().filter(|call| call.pid == pid);
    let touching = own.filter(|call| call.text.contains("/state/surefoot/runs"));
    touching.map(|call| (call.name.clone(), call.number)).collect()
}

/// The process that is the supervisor in a trace.
fn supervisor(calls: &[Traced]) -> Option<u32> {
    calls.iter().find(|call| call.text.contains("supervisor.new")).expect("a supervisor").pid
}

/// How much of a sweep is done.
#[derive(Clone, Copy)]
enum Share {
    /// Every so-many-th point, each kind of fault beginning at another.
    Part(usize),
    Whole,
}

const FAULTS: [&str; 7] = [
    "signal=KILL",
    "error=EIO",
    "error=ENOSPC",
    "error=EROFS",
    "error=EDQUOT",
    "error=EINTR",
    // Not an error: so much of a write is said to have been taken.
    "retval=5",
];

/// Makes each point fail in each way, after `prepare` has made what is to be found, and judges.
fn sweep(bench: &Bench, arguments: &[&str], whose: Whose, share: Share, prepare: &dyn Fn(&Bench)) {
    if !strace_works() {
        return;
    }
    prepare(bench);
    let (outcome, trace) = traced(bench, arguments, whose, &["-e", CALLS]);
    assert_eq!(outcome.code(), 0, "{}", outcome.text());
    bench.clear();
    let calls = read(&trace);
    let whom = if whose == Whose::Everyone { supervisor(&calls) } else { None };
    let mut points = points(&calls, whom);
    // A command whose own writing fails tells nothing of the record.
    points.retain(|(name, number)| {
        !calls.iter().any(|call| {
            call.name == *name && call.number == *number && call.text.contains("/ledger>")
        })
    });
    assert!(points.len() > 10, "the record is hardly touched: {points:?}");
    let mut came = 0;
    for (nth, fault) in FAULTS.iter().enumerate() {
        let points = points.iter().filter(|(name, _)| *fault != "retval=5" || name == "write");
        let chosen: Vec<&Point> = match share {
            Share::Whole => points.collect(),
            Share::Part(step) => points.skip(nth * 2 % step).step_by(step).collect(),
        };
        for (name, number) in chosen {
            prepare(bench);
            came +=
                u32::from(hit(bench, arguments, whose, &format!("{name}:{fault}:when={number}")));
            bench.clear();
        }
    }
    let least = if matches!(share, Share::Whole) { 100 } else { 10 };
    assert!(came > least, "only {came} faults came: the sweep proves nothing");
    counted(&format!("{came} faults of {whose:?} in {} at {} calls", arguments[0], points.len()));
}

/// Calls with one fault and judges; whether the fault came.
fn hit(bench: &Bench, arguments: &[&str], whose: Whose, fault: &str) -> bool {
    let inject = format!("inject=?{fault}");
    let (outcome, trace) = traced(bench, arguments, whose, &["-e", CALLS, "-e", &inject]);
    let calls = read(&trace);
    let died = trace.contains("+++ killed by SIGKILL");
    let came = died || calls.iter().any(Traced::injected);
    let story = format!("{arguments:?} {fault} of {whose:?}, came: {came}\n{}", outcome.text());
    judge_the_outcome(&outcome, died, &story);
    judge_the_calls(&calls, &story);
    judge_the_past(bench, &story);
    judge_the_emergency(bench, &outcome, &story);
    // Of a runbook that was kept in part, by a disk that said otherwise, `verify` is to know.
    let in_part = |call: &Traced| call.is_on("runbook.yaml") && call.text.contains(" = 5 ");
    if calls.iter().any(|call| call.name == "write" && call.injected() && in_part(call)) {
        judge_the_answers(bench, &story);
        judge_that_a_change_is_found(bench, "runbook/runbook.yaml", &story);
    } else {
        judge_the_future(bench, &story);
    }
    came
}

/// A program that was not killed ends with a status that the manual has.
fn judge_the_outcome(outcome: &Outcome, died: bool, story: &str) {
    assert!(!outcome.stderr.contains("panicked"), "{story}");
    // The loader itself says 127 when it cannot read a library.
    let known = [0, 1, 2, 4, 6, 7, 8, 127];
    let documented = outcome.status.code().map_or(died, |code| known.contains(&code));
    assert!(documented, "{story}");
    if outcome.status.code() == Some(7) {
        assert!(!outcome.stderr.is_empty(), "a silent failure: {story}");
    }
}

/// After a failed write or sync nothing more is written to, or synced on, the same descriptor: the
/// next sync would say that all is well.
fn judge_the_calls(calls: &[Traced], story: &str) {
    let writes = |call: &&Traced| ["fdatasync", "fsync", "write"].contains(&call.name.as_str());
    for failed in calls.iter().filter(writes).filter(|call| call.injected()) {
        // Interrupted is not failed; and an end may be written in pieces, as a record may not.
        let again = failed.text.contains("EINTR")
            || (failed.is_on("ends.jsonl") && failed.text.contains(" = 5 "));
        for file in ["journal.jsonl", "ends.jsonl"] {
            let mut later = calls.iter().filter(writes).filter(|call| {
                call.began > failed.began && call.pid == failed.pid && call.is_on(file)
            });
            let reopened = calls.iter().any(|call| {
                call.began > failed.began
                    && call.pid == failed.pid
                    && call.name.starts_with("open")
                    && call.text.contains(file)
            });
            if failed.is_on(file) && !again && !reopened {
                assert!(later.next().is_none(), "{failed:?} was tried again\n{story}");
            }
        }
    }
}

/// What could not be recorded is told, and is in a second place that is named.
fn judge_the_emergency(bench: &Bench, outcome: &Outcome, story: &str) {
    let saved = bench.emergencies();
    let told = outcome.stderr.contains("what could not be recorded is in");
    assert_eq!(told, !saved.is_empty(), "{saved:?}\n{story}");
    for path in saved {
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(name.starts_with("surefoot-"), "{name}\n{story}");
        let line = std::fs::read_to_string(&path).unwrap();
        assert!(line.starts_with("{\"n\":") && line.ends_with("\"}\n"), "{line}\n{story}");
        assert_eq!(outcome.status.code(), Some(7), "{story}");
    }
}

fn nothing(_: &Bench) {}

#[test]
fn any_call_of_a_run_fails_or_is_the_last() {
    sweep(&Bench::plain(2), &RUN, Whose::Program, Share::Part(6), &nothing);
}

#[test]
#[ignore = "long: just reliability"]
fn long_every_call_of_a_run_fails_and_is_the_last() {
    for changes in [2, 5] {
        sweep(&Bench::plain(changes), &RUN, Whose::Program, Share::Whole, &nothing);
    }
}

#[test]
fn any_call_of_the_supervisor_fails_or_is_the_last() {
    sweep(&Bench::plain(2), &RUN, Whose::Everyone, Share::Part(6), &nothing);
}

#[test]
#[ignore = "long: just reliability"]
fn long_every_call_of_the_supervisor_fails_and_is_the_last() {
    sweep(&Bench::plain(3), &RUN, Whose::Everyone, Share::Whole, &nothing);
}

/// A run that was broken off in a wait for its second change, with a torn record: `resume` has to
/// recover it, to take the end of the first from the supervisor, and to go on.
fn broken_off(bench: &Bench) {
    bench.break_off(1);
}

fn resumable() -> Bench {
    let change = |step: u32, then: &str| {
        format!(
            "  - {{ id: s{step}, effect: change, run: 'echo {step} >> \"$LEDGER\"{then}', \
             undo: {{ none: a test }} }}\n"
        )
    };
    let steps = change(1, "; sleep 0.05") + &change(2, "") + &change(3, "");
    Bench::with(3, &format!("steps:\n{steps}  - end: done\n"))
}

#[test]
fn any_call_of_resume_fails_or_is_the_last() {
    sweep(&resumable(), &RESUME, Whose::Program, Share::Part(8), &broken_off);
}

#[test]
#[ignore = "long: just reliability"]
fn long_every_call_of_resume_fails_and_is_the_last() {
    sweep(&resumable(), &RESUME, Whose::Program, Share::Whole, &broken_off);
}

#[test]
#[ignore = "long: just reliability"]
fn long_every_call_of_the_supervisor_of_resume_fails_and_is_the_last() {
    sweep(&resumable(), &RESUME, Whose::Everyone, Share::Whole, &broken_off);
}

/// Every call of `verify` that touches the record fails once: it says the truth or that it could not
/// look, and what is damaged is never called whole.
fn sweep_verification(share: Share) {
    if !strace_works() {
        return;
    }
    let bench = Bench::plain(2);
    assert_eq!(bench.call(&RUN).run().code(), 0);
    let journal = bench.run_folder().unwrap().join("journal.jsonl");
    let whole = std::fs::read(&journal).unwrap();
    let mut damaged = whole.clone();
    damaged[whole.len() / 2] ^= 1;
    let mut came = 0;
    for (bytes, expected) in [(whole, 0), (damaged, 10)] {
        std::fs::write(&journal, &bytes).unwrap();
        let (undisturbed, trace) = traced(&bench, &["verify"], Whose::Program, &["-e", READING]);
        assert_eq!(undisturbed.code(), expected, "{}", undisturbed.text());
        let points: BTreeSet<Point> = points(&read(&trace), None).into_iter().collect();
        assert!(points.len() > 5, "{points:?}");
        let step = if let Share::Part(step) = share { step } else { 1 };
        for (name, number) in points.into_iter().step_by(step) {
            for error in ["EIO", "EINTR", "EACCES", "ENOMEM"] {
                let inject = format!("inject=?{name}:error={error}:when={number}");
                let options = ["-e", READING, "-e", &inject];
                let (outcome, _) = traced(&bench, &["verify"], Whose::Program, &options);
                came += 1;
                let story = format!("{inject}, expected {expected}\n{}", outcome.text());
                assert!(!outcome.stderr.contains("panicked"), "{story}");
                match outcome.code() {
                    code if code == expected => {
                        assert_eq!(outcome.stdout, undisturbed.stdout, "{story}");
                    }
                    0 => panic!("damage was not seen: {story}"),
                    _ => assert!(outcome.text().contains("(os error "), "{story}"),
                }
                assert_eq!(std::fs::read(&journal).unwrap(), bytes, "a reader wrote\n{story}");
            }
        }
    }
    counted(&format!("{came} faults in verify"));
}

#[test]
fn any_call_of_verify_fails() {
    sweep_verification(Share::Part(3));
}

#[test]
#[ignore = "long: just reliability"]
fn long_every_call_of_verify_fails() {
    sweep_verification(Share::Whole);
}

#[test]
fn everyone_meets_a_sync_that_fails_or_kills() {
    if !strace_works() {
        return;
    }
    let bench = Bench::plain(3);
    for fault in ["error=EIO", "error=ENOSPC", "signal=KILL"] {
        for number in 1..=3 {
            let fault = format!("fdatasync:{fault}:when={number}");
            assert!(hit(&bench, &RUN, Whose::Everyone, &fault), "{fault} never came");
            bench.clear();
        }
    }
}
