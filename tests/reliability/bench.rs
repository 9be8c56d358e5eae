//! The runbook that is attacked, a place to run it in, and the processes of its runs.
//!
//! Each change writes its number into a ledger. The ledger lies outside of all that is made to fail:
//! it is the world, of which the journal must tell the truth.

use std::fmt::Write as _;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use crate::sandbox::{Call, Sandbox, eventually, pause, wait};

/// What marks every command of one bench.
const MARK: &str = "SUREFOOT_TEST_MARK";

pub(crate) const RUN: [&str; 4] = ["run", "runbook.yaml", "--yes", "change"];
pub(crate) const RESUME: [&str; 3] = ["resume", "--yes", "change"];

/// A place with a trusted runbook of changes.
pub(crate) struct Bench {
    sandbox: Sandbox,
    steps: usize,
}

impl Bench {
    /// Six changes of different shapes: fast, noisy, slow, one that is stopped when nobody is there,
    /// one that leaves a child behind, one in a procedure.
    pub(crate) fn new() -> Self {
        let effect = |step: usize| format!("echo {step} >> \"$LEDGER\"");
        let slow = |step| format!("sleep 0.01; {}; sleep 0.01", effect(step));
        let commands = [
            (effect(1), ""),
            (format!("seq 1 5000; {}; seq 1 5000", effect(2)), ""),
            (slow(3), ""),
            (slow(4), ", on_disconnect: stop"),
            (format!("(sleep 0.05; echo late) & {}", effect(5)), ""),
        ];
        let mut steps = String::new();
        for (index, (command, more)) in commands.iter().enumerate() {
            let _ = writeln!(steps, "{}", change("  ", index + 1, command, more));
        }
        let last = change("      ", 6, &slow(6), "");
        Self::with(
            6,
            &format!(
                "steps:\n{steps}  - {{ use: {{ procedure: more }} }}\n  - end: done\n\
                 procedures:\n  more:\n    steps:\n{last}\n"
            ),
        )
    }

    /// So many changes, as fast as they can be.
    pub(crate) fn plain(changes: usize) -> Self {
        let mut steps = String::new();
        for step in 1..=changes {
            let command = format!("echo {step} >> \"$LEDGER\"");
            let _ = writeln!(steps, "{}", change("  ", step, &command, ""));
        }
        Self::with(changes, &format!("steps:\n{steps}  - end: done\n"))
    }

    /// A runbook with so many changes.
    pub(crate) fn with(changes: usize, rest: &str) -> Self {
        let text = format!("schema: surefoot/v1\ntitle: Changes\n{rest}");
        Self { sandbox: Sandbox::trusting(&text), steps: changes }
    }

    pub(crate) fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    /// How many changes its runbook makes.
    pub(crate) fn steps(&self) -> usize {
        self.steps
    }

    /// The program with the ledger and the mark.
    pub(crate) fn call<'a>(&'a self, arguments: &[&str]) -> Call<'a> {
        let ledger = self.ledger_file();
        let mark = self.sandbox.root().display().to_string();
        self.sandbox
            .surefoot(arguments)
            .env("LEDGER", ledger.to_str().unwrap())
            .env("RUNS", self.runs_folder().to_str().unwrap())
            .env(MARK, &mark)
    }

    pub(crate) fn ledger_file(&self) -> PathBuf {
        self.sandbox.root().join("ledger")
    }

    /// Where the folders of all runs are.
    pub(crate) fn runs_folder(&self) -> PathBuf {
        self.sandbox.state().join("runs")
    }

    /// The folder of the only run, if there is one.
    pub(crate) fn run_folder(&self) -> Option<PathBuf> {
        let mut runs = self.sandbox.runs();
        runs.retain(|run| run.is_dir());
        assert!(runs.len() < 2, "more than one run: {runs:?}");
        runs.pop()
    }

    /// The effects in the world, in order.
    pub(crate) fn ledger(&self) -> Vec<usize> {
        let text = fs::read_to_string(self.ledger_file()).unwrap_or_default();
        text.lines().map(|line| line.parse().expect("a number")).collect()
    }

    /// Forgets the run and its effects. The trust stays.
    pub(crate) fn clear(&self) {
        for run in self.sandbox.runs() {
            let removed =
                if run.is_dir() { fs::remove_dir_all(&run) } else { fs::remove_file(&run) };
            removed.unwrap();
        }
        for file in [self.ledger_file(), self.sandbox.root().join("trace")] {
            let _absent = fs::remove_file(file);
        }
        for emergency in self.emergencies() {
            fs::remove_file(emergency).unwrap();
        }
    }

    /// What was saved elsewhere, as the journal did not take it.
    pub(crate) fn emergencies(&self) -> Vec<PathBuf> {
        let folder = fs::read_dir(self.sandbox.root().join("run")).unwrap();
        folder.map(|entry| entry.unwrap().path()).collect()
    }

    /// The supervisor of the run, if it has got so far.
    pub(crate) fn supervisor(&self) -> Option<Pid> {
        let runs = self.sandbox.runs();
        let text = runs.iter().find_map(|run| fs::read(run.join("supervisor.json")).ok())?;
        let json: serde_json::Value = serde_json::from_slice(&text).ok()?;
        Pid::from_raw(i32::try_from(json["pid"].as_i64()?).ok()?)
    }

    /// Kills the supervisor; whether there was one.
    pub(crate) fn kill_supervisor(&self) -> bool {
        self.supervisor().is_some_and(|pid| kill_process(pid, Signal::KILL).is_ok())
    }

    /// Commands of this bench that are there.
    pub(crate) fn alive(&self) -> Vec<Pid> {
        let mark = format!("{MARK}={}\0", self.sandbox.root().display());
        let marked = |path: &Path| {
            let environment = fs::read(path.join("environ")).unwrap_or_default();
            environment.windows(mark.len()).any(|window| window == mark.as_bytes())
        };
        let processes = fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path());
        let number = |path: PathBuf| path.file_name()?.to_str()?.parse().ok();
        processes.filter(|path| marked(path)).filter_map(number).filter_map(Pid::from_raw).collect()
    }

    /// Waits until nothing of the run is left, however long its commands take.
    pub(crate) fn wait_until_all_are_gone(&self) {
        let watched = || self.supervisor().is_some_and(|pid| test_kill_process(pid).is_ok());
        let gone = eventually(|| (!watched() && self.alive().is_empty()).then_some(()));
        gone.unwrap_or_else(|| panic!("still there: {:?}", self.alive()));
    }

    /// A run whose program was killed after so many effects, with a torn record at the end of its
    /// journal.
    pub(crate) fn break_off(&self, effects: usize) {
        let mut started = self.call(&RUN).start();
        eventually(|| (self.ledger().len() >= effects).then_some(())).expect("it gets so far");
        // It may have ended.
        let _ended = started.child.kill();
        wait(&mut started.child).unwrap();
        self.wait_until_all_are_gone();
        self.tear();
    }

    /// Tears the last record of the journal.
    pub(crate) fn tear(&self) {
        let journal = self.run_folder().unwrap().join("journal.jsonl");
        let mut file = fs::OpenOptions::new().append(true).open(journal).unwrap();
        std::io::Write::write_all(&mut file, b"{\"n\":").unwrap();
    }

    /// How long a run takes when nothing happens to it.
    pub(crate) fn length(&self) -> Duration {
        let started = Instant::now();
        let outcome = self.call(&RUN).run();
        assert_eq!(outcome.code(), 0, "{}", outcome.text());
        assert_eq!(self.ledger(), (1..=self.steps).collect::<Vec<_>>());
        let length = started.elapsed();
        self.wait_until_all_are_gone();
        self.clear();
        length
    }
}

fn change(indent: &str, step: usize, command: &str, more: &str) -> String {
    format!(
        "{indent}- {{ id: s{step}, title: Change {step}, effect: change, run: '{command}', \
         undo: {{ none: a test }}{more} }}"
    )
}

/// Numbers that are the same in every run of the suite.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A part of a length of time, with a little more than its end.
    pub(crate) fn instant(&mut self, length: Duration) -> Duration {
        let thousandths = u32::try_from(self.next() % 1100).unwrap();
        length * thousandths / 1000
    }
}

/// Lets so much time pass; the instant of a death is all that these tests vary.
pub(crate) fn let_pass(length: Duration) {
    let until = Instant::now() + length;
    while Instant::now() < until {
        pause();
    }
}

/// How many rounds a long test has; fewer or more may be asked for.
pub(crate) fn long(rounds: u64) -> u64 {
    let asked = std::env::var("SUREFOOT_ROUNDS").ok();
    asked.and_then(|text| text.parse().ok()).unwrap_or(rounds)
}

/// Attacks with many seeds, some at a time: an attack mostly waits. `SUREFOOT_LANES` says how many.
pub(crate) fn in_lanes(seeds: Range<u64>, attack: fn(Range<u64>)) {
    let asked = std::env::var("SUREFOOT_LANES").ok().and_then(|text| text.parse().ok());
    let lanes: u64 = asked.unwrap_or(4);
    let each = (seeds.end - seeds.start).div_ceil(lanes.max(1)).max(1);
    std::thread::scope(|scope| {
        let mut start = seeds.start;
        while start < seeds.end {
            let lane = start..seeds.end.min(start + each);
            start = lane.end;
            scope.spawn(move || attack(lane));
        }
    });
}

/// Whether a program that a test needs is there and works; if not, says that the test is skipped.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
pub(crate) fn works(words: &[&str]) -> bool {
    let tried = Command::new(words[0]).args(&words[1..]).output();
    let succeeded = tried.is_ok_and(|output| output.status.success());
    if !succeeded {
        eprintln!("skipped: `{}` does not work here", words.join(" "));
    }
    succeeded
}

/// Says how much was tried, for whoever runs the long tests with `--nocapture`.
#[expect(clippy::print_stderr, reason = "figures for docs/reliability.md")]
pub(crate) fn counted(what: &str) {
    eprintln!("counted: {what}");
}
