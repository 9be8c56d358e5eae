//! Deaths at any instant and system calls that fail: what the effects in the world, the journal and
//! the next `resume` say of each other.
//!
//! The judge knows a ledger of effects that lies outside of all that fails, the events of the
//! journal, and what the program answers; nothing of how it works. More rounds than the suite has
//! time for: `SUREFOOT_CRASH_ROUNDS=500`.

#![expect(clippy::unwrap_used, reason = "clippy spares tests, not the helpers beside them")]
#![expect(clippy::disallowed_methods, reason = "processes are started, timed and killed here")]

#[path = "support/sandbox.rs"]
#[expect(dead_code, reason = "each test binary uses its own part of the sandbox")]
mod sandbox;

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use sandbox::{Call, Outcome, Sandbox, eventually, pause, wait};

/// How many changes the runbook makes.
const STEPS: usize = 6;

/// What marks every process of one test.
const MARK: &str = "SUREFOOT_TEST_MARK";

/// A place with a trusted runbook of changes, each of which writes its number into the ledger.
fn bench() -> Sandbox {
    let mut steps = String::new();
    for step in 1..=STEPS {
        let policy = if step == 4 { ", on_disconnect: stop" } else { "" };
        let command = format!("sleep 0.01; echo {step} >> \"$LEDGER\"; sleep 0.01");
        let _ = writeln!(
            steps,
            "  - {{ id: s{step}, title: Change {step}, effect: change, run: '{command}', \
             undo: {{ none: a test }}{policy} }}"
        );
    }
    Sandbox::trusting(&format!(
        "schema: surefoot/v1\ntitle: Changes\nsteps:\n{steps}  - end: done\n"
    ))
}

/// The program with the ledger and the mark.
fn call<'a>(sandbox: &'a Sandbox, arguments: &[&str]) -> Call<'a> {
    let ledger = sandbox.root().join("ledger");
    let mark = sandbox.root().display().to_string();
    sandbox.surefoot(arguments).env("LEDGER", ledger.to_str().unwrap()).env(MARK, &mark)
}

const RUN: [&str; 4] = ["run", "runbook.yaml", "--yes", "change"];
const RESUME: [&str; 3] = ["resume", "--yes", "change"];

/// The effects in the world, in order.
fn ledger(sandbox: &Sandbox) -> Vec<usize> {
    let text = fs::read_to_string(sandbox.root().join("ledger")).unwrap_or_default();
    text.lines().map(|line| line.parse().expect("a number")).collect()
}

/// What the journal says of the steps' commands.
#[derive(Debug, Default)]
struct Said {
    started: Vec<usize>,
    passed: Vec<usize>,
    finished: bool,
}

fn said(sandbox: &Sandbox) -> Said {
    let mut said = Said::default();
    let Some(run) = sandbox.runs().pop() else {
        return said;
    };
    let journal = fs::read(run.join("journal.jsonl")).unwrap_or_default();
    let mut attempts = std::collections::BTreeMap::new();
    for line in journal.split_inclusive(|byte| *byte == b'\n') {
        if !line.ends_with(b"\n") {
            break;
        }
        // What was preallocated and not written is no record.
        let Ok(record) = serde_json::from_slice::<serde_json::Value>(line) else {
            break;
        };
        let event = &record["event"];
        match event["type"].as_str().unwrap() {
            "attempt_started" => {
                let step = event["step"].as_str().unwrap()[1..].parse().unwrap();
                attempts.insert(event["attempt"].as_u64(), step);
                said.started.push(step);
            }
            "attempt_ended" if event["verdict"]["verdict"] == "passed" => {
                said.passed.push(attempts[&event["attempt"].as_u64()]);
            }
            "run_finished" => said.finished = true,
            _ => {}
        }
    }
    said
}

/// Processes that this test started and that are there.
fn alive(sandbox: &Sandbox) -> Vec<String> {
    let mark = format!("{MARK}={}\0", sandbox.root().display());
    let marked = |path: &PathBuf| {
        let environment = fs::read(path.join("environ")).unwrap_or_default();
        environment.windows(mark.len()).any(|window| window == mark.as_bytes())
    };
    let name = |path: PathBuf| {
        let words = fs::read_to_string(path.join("cmdline")).unwrap_or_default();
        format!("{} {}", path.display(), words.replace('\0', " "))
    };
    let processes = fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path());
    processes.filter(marked).map(name).collect()
}

fn wait_until_all_are_gone(sandbox: &Sandbox) {
    let watched = || supervisor(sandbox).is_some_and(|pid| test_kill_process(pid).is_ok());
    let gone = eventually(|| (!watched() && alive(sandbox).is_empty()).then_some(()));
    gone.unwrap_or_else(|| panic!("still there: {:#?}", alive(sandbox)));
}

/// What holds whatever happened: in the world at most what is recorded, once; recorded as done only
/// what is in the world.
fn judge_the_past(sandbox: &Sandbox, story: &str) -> Said {
    let said = said(sandbox);
    let ledger = ledger(sandbox);
    let expected: Vec<usize> = (1..=ledger.len()).collect();
    assert_eq!(ledger, expected, "an effect is missing or twice: {said:?}\n{story}");
    for effect in &ledger {
        assert!(said.started.contains(effect), "no start of {effect}: {said:?}\n{story}");
    }
    for step in &said.passed {
        assert!(ledger.contains(step), "{step} is not done: {said:?}, {ledger:?}\n{story}");
    }
    let mut once = said.started.clone();
    once.dedup();
    assert_eq!(once, said.started, "a change was started again\n{story}");
    said
}

/// What `resume` answers to it, twice, and that it keeps what it says.
fn judge_the_future(sandbox: &Sandbox, story: &str) {
    let before = said(sandbox);
    let effects = ledger(sandbox).len();
    let first = resume(sandbox, story);
    let after = judge_the_past(sandbox, &format!("{story}\nresume: {}", first.text()));
    let story = format!("{story}\nbefore: {before:?}\nresume: {}", first.text());
    match first.code() {
        // It went on to the end.
        0 => assert!(after.finished && ledger(sandbox).len() == STEPS, "{story}"),
        // Nothing to go on with: it was over, or had never begun.
        2 => {
            let all = before.finished && effects == STEPS;
            assert!(all || (before.started.is_empty() && effects == 0), "{story}");
        }
        // In doubt is the last that was started, which did or did not have its effect.
        6 => {
            let doubt = *after.started.last().expect("something was started");
            let now = ledger(sandbox).len();
            assert!(now == doubt || now + 1 == doubt, "{story}");
            assert!(!after.passed.contains(&doubt), "{story}");
            let second = resume(sandbox, &story);
            assert_eq!(second.code(), 6, "another answer: {}\n{story}", second.text());
            assert_eq!(ledger(sandbox).len(), now, "{story}");
        }
        // A command that was killed failed, and a person has to say what that means.
        4 => assert!(after.started.len() > after.passed.len(), "{story}"),
        other => panic!("status {other}\n{story}"),
    }
    let verified = sandbox.surefoot(&["verify"]).run();
    assert!(matches!(verified.code(), 0 | 2), "{}\n{story}", verified.text());
}

fn resume(sandbox: &Sandbox, story: &str) -> Outcome {
    let outcome = call(sandbox, &RESUME).run();
    assert!(!outcome.stderr.contains("panicked"), "{}\n{story}", outcome.stderr);
    wait_until_all_are_gone(sandbox);
    outcome
}

/// Numbers that are the same in every run of the suite.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A part of a length of time, with a little more than its end.
    fn instant(&mut self, length: Duration) -> Duration {
        let thousandths = u32::try_from(self.next() % 1100).unwrap();
        length * thousandths / 1000
    }
}

/// How often to do something that is done so often by default.
fn rounds(default: u64) -> u64 {
    let asked = std::env::var("SUREFOOT_CRASH_ROUNDS").ok();
    asked.and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// How long a run takes when nothing happens to it.
fn length() -> Duration {
    let sandbox = bench();
    let started = Instant::now();
    let outcome = call(&sandbox, &RUN).run();
    assert_eq!(outcome.code(), 0, "{}", outcome.text());
    assert_eq!(ledger(&sandbox), (1..=STEPS).collect::<Vec<_>>());
    started.elapsed()
}

/// Lets so much time pass; the instant of a death is all that these tests vary.
fn let_pass(length: Duration) {
    let until = Instant::now() + length;
    while Instant::now() < until {
        pause();
    }
}

/// The supervisor of the only run, if it has got so far.
fn supervisor(sandbox: &Sandbox) -> Option<Pid> {
    let text = fs::read(sandbox.runs().pop()?.join("supervisor.json")).ok()?;
    let json: serde_json::Value = serde_json::from_slice(&text).ok()?;
    Pid::from_raw(i32::try_from(json["pid"].as_i64()?).ok()?)
}

#[test]
fn the_program_is_killed_at_any_instant() {
    let length = length();
    for seed in 0..rounds(24) {
        let sandbox = bench();
        let after = Random(seed).instant(length);
        let mut started = call(&sandbox, &RUN).start();
        let_pass(after);
        // It may have ended.
        let _ended = started.child.kill();
        wait(&mut started.child).unwrap();
        wait_until_all_are_gone(&sandbox);
        let story = format!("seed {seed}: killed after {after:?} of {length:?}");
        judge_the_past(&sandbox, &story);
        judge_the_future(&sandbox, &story);
    }
}

#[test]
fn the_supervisor_is_killed_at_any_instant() {
    let length = length();
    for seed in 1000..1000 + rounds(18) {
        let sandbox = bench();
        let after = Random(seed).instant(length);
        let mut started = call(&sandbox, &RUN).start();
        let_pass(after);
        let killed =
            supervisor(&sandbox).is_some_and(|pid| kill_process(pid, Signal::KILL).is_ok());
        let status = wait(&mut started.child).expect("it ends when its supervisor does");
        wait_until_all_are_gone(&sandbox);
        let story = format!(
            "seed {seed}: supervisor killed after {after:?} of {length:?}: {killed}, {status}\n{}",
            started.stream("stderr")
        );
        let code = status.code().unwrap_or_else(|| panic!("{story}"));
        assert!(matches!(code, 0 | 4 | 6 | 7), "{story}");
        assert!(!story.contains("panicked"), "{story}");
        judge_the_past(&sandbox, &story);
        judge_the_future(&sandbox, &story);
    }
}

#[test]
fn both_are_killed_and_resume_is_killed_too() {
    let length = length();
    for seed in 2000..2000 + rounds(12) {
        let sandbox = bench();
        let mut random = Random(seed);
        let mut story = format!("seed {seed}");
        for arguments in [&RUN[..], &RESUME] {
            let after = random.instant(length);
            let mut started = call(&sandbox, arguments).start();
            let_pass(after);
            if let Some(pid) = supervisor(&sandbox) {
                // It may have ended.
                let _ended = kill_process(pid, Signal::KILL);
            }
            let _ended = started.child.kill();
            wait(&mut started.child).unwrap();
            wait_until_all_are_gone(&sandbox);
            let _ = write!(story, "\n{arguments:?} killed after {after:?} of {length:?}");
            judge_the_past(&sandbox, &story);
        }
        judge_the_future(&sandbox, &story);
    }
}

#[test]
fn a_command_that_outlives_both_is_found_and_never_started_again() {
    let command = "echo 1 >> \"$LEDGER\"; until test -e \"$LEDGER.go\"; do sleep 0.01; done";
    let sandbox = Sandbox::trusting(&format!(
        "schema: surefoot/v1\ntitle: Changes\nsteps:\n  - {{ id: s1, effect: change, \
         run: '{command}', undo: {{ none: a test }} }}\n  - end: done\n"
    ));
    let mut started = call(&sandbox, &RUN).start();
    eventually(|| (!ledger(&sandbox).is_empty()).then_some(())).expect("it begins");
    kill_process(supervisor(&sandbox).unwrap(), Signal::KILL).unwrap();
    started.child.kill().unwrap();
    wait(&mut started.child).unwrap();

    let outcome = call(&sandbox, &RESUME).run();
    assert_eq!(outcome.code(), 6, "{}", outcome.text());
    let found = sandbox.events_of("resumed").pop().unwrap()["found"]["1"].clone();
    let lives: Vec<i64> = found["processes"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(serde_json::Value::as_i64)
        .collect();
    let shell = lives.iter().min().unwrap();
    assert!(outcome.stderr.contains("still running (process"), "{}", outcome.text());
    assert!(outcome.stderr.contains(&shell.to_string()), "{}", outcome.text());
    assert!(fs::read_dir(format!("/proc/{shell}")).is_ok(), "it was stopped unasked");

    fs::write(sandbox.root().join("ledger.go"), "").unwrap();
    wait_until_all_are_gone(&sandbox);
    let outcome = call(&sandbox, &RESUME).run();
    assert_eq!(outcome.code(), 6, "{}", outcome.text());
    let found = &sandbox.events_of("resumed").pop().unwrap()["found"]["1"];
    assert_eq!(found["found"], "unknown");
    assert_eq!(ledger(&sandbox), [1]);
    assert_eq!(said(&sandbox).started, [1]);
}

/// Whether system calls can be made to fail here.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn strace_works() -> bool {
    let tried = Command::new("strace").args(["-qq", "-o", "/dev/null", "true"]).output();
    let works = tried.is_ok_and(|output| output.status.success());
    if !works {
        eprintln!("skipped: strace cannot be used here");
    }
    works
}

/// Whose calls fail.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Whose {
    /// Those of the program that walks.
    Walker,
    /// Those of every process of the run, each counted by itself.
    Everyone,
}

/// Runs with one fault and judges; whether the fault came.
fn with_fault(fault: &str, whose: Whose, sandbox: &Sandbox) -> bool {
    call_with_fault(&RUN, fault, whose, sandbox)
}

/// Calls with one fault and judges; whether the fault came.
fn call_with_fault(arguments: &[&str], fault: &str, whose: Whose, sandbox: &Sandbox) -> bool {
    let trace = sandbox.root().join("trace");
    let inject = format!("inject={fault}");
    let mut words = vec!["strace", "-qq", "-o", trace.to_str().unwrap()];
    words.extend(["-e", "trace=?openat,?write,?fdatasync,?fsync", "-e", &inject]);
    if whose == Whose::Everyone {
        words.push("-f");
    }
    let outcome = call(sandbox, arguments).under(&words).run();
    wait_until_all_are_gone(sandbox);
    let trace = fs::read_to_string(trace).unwrap_or_default();
    let came = trace.contains("(INJECTED)") || trace.contains("+++ killed by SIGKILL");
    let story = format!("{arguments:?} {fault} of {whose:?}, came: {came}\n{}", outcome.text());
    assert!(!outcome.stderr.contains("panicked"), "{story}");
    // The loader itself says 127 when it cannot read a library.
    let known = [0, 1, 2, 3, 4, 6, 7, 8, 127];
    let documented = outcome.status.code().is_none_or(|code| known.contains(&code));
    assert!(documented, "{story}");
    judge_the_past(sandbox, &story);
    judge_the_future(sandbox, &story);
    came
}

/// Every so-many-th call of each kind fails in each way.
fn sweep(share: u64, fault: &str) {
    sweep_over(&RUN, share, fault, bench);
}

/// The same of a call in a place as it was left before.
fn sweep_over(arguments: &[&str], share: u64, fault: &str, place: impl Fn() -> Sandbox) {
    if !strace_works() {
        return;
    }
    let step = if std::env::var_os("SUREFOOT_CRASH_ROUNDS").is_some() { 1 } else { share };
    let mut came = 0;
    for call in ["fdatasync", "write", "openat"] {
        for number in (1..).step_by(usize::try_from(step).unwrap()) {
            let fault = format!("?{call}:{fault}:when={number}");
            if !call_with_fault(arguments, &fault, Whose::Walker, &place()) {
                break;
            }
            came += 1;
        }
    }
    assert!(came > 3, "only {came} faults came: the sweep proves nothing");
}

/// A run whose program was killed while its second change ran, with a torn record at the end of its
/// journal: resume has to recover it, to take the end from the supervisor, and to go on.
fn broken_off() -> Sandbox {
    let sandbox = bench();
    let mut started = call(&sandbox, &RUN).start();
    eventually(|| (ledger(&sandbox).len() >= 2).then_some(())).expect("it gets so far");
    // It may have ended.
    let _ended = started.child.kill();
    wait(&mut started.child).unwrap();
    wait_until_all_are_gone(&sandbox);
    let journal = sandbox.run().join("journal.jsonl");
    let mut file = fs::OpenOptions::new().append(true).open(journal).unwrap();
    std::io::Write::write_all(&mut file, b"{\"n\":").unwrap();
    sandbox
}

#[test]
fn any_call_of_resume_meets_a_failing_disk() {
    sweep_over(&RESUME, 13, "error=EIO", broken_off);
}

#[test]
fn any_call_of_resume_meets_a_full_disk() {
    sweep_over(&RESUME, 17, "error=ENOSPC", broken_off);
}

#[test]
fn resume_dies_at_any_call() {
    sweep_over(&RESUME, 13, "signal=KILL", broken_off);
}

#[test]
fn any_call_meets_a_failing_disk() {
    sweep(11, "error=EIO");
}

#[test]
fn any_call_meets_a_full_disk() {
    sweep(13, "error=ENOSPC");
}

#[test]
fn the_program_dies_at_any_call() {
    sweep(11, "signal=KILL");
}

#[test]
fn everyone_meets_a_sync_that_fails_or_kills() {
    if !strace_works() {
        return;
    }
    for fault in ["error=EIO", "error=ENOSPC", "signal=KILL"] {
        for number in [1, 2, 4] {
            let fault = format!("?fdatasync:{fault}:when={number}");
            assert!(with_fault(&fault, Whose::Everyone, &bench()), "{fault} never came");
        }
    }
}
