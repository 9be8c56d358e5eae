//! What strace wrote down: the calls of every process, in the order in which they began, with the
//! moments at which each began and was over.

use std::collections::BTreeMap;
use std::fs;
use std::sync::LazyLock;

use regex::Regex;

use crate::bench::{Bench, works};
use crate::sandbox::Outcome;

/// One call. Moments are lines of the trace.
#[derive(Debug)]
pub(crate) struct Traced {
    /// The process; none if only one is traced.
    pub(crate) pid: Option<u32>,
    pub(crate) name: String,
    /// Its arguments and result, as strace prints them.
    pub(crate) text: String,
    /// How many calls of this name the process has made by now, this one counted.
    pub(crate) number: usize,
    pub(crate) began: usize,
    /// When it was over; never, if the process died in it.
    pub(crate) ended: Option<usize>,
}

static BEGINNING: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^(\w+)\((.*)$").unwrap());
static REST: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^<\.\.\. (\w+) resumed>(.*)$").unwrap());
static RESULT: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\) += (-?\d+)").unwrap());

impl Traced {
    /// What it returned.
    pub(crate) fn result(&self) -> Option<i64> {
        RESULT.captures(&self.text)?[1].parse().ok()
    }

    /// Whether it was made to fail.
    pub(crate) fn injected(&self) -> bool {
        self.text.contains("(INJECTED)")
    }

    /// Whether it is on the open file with this name.
    pub(crate) fn is_on(&self, file: &str) -> bool {
        let first = self.text.split_once('>').map_or("", |(first, _)| first);
        first.rsplit_once('/').is_some_and(|(_, name)| name == file)
    }
}

/// Reads a trace; `-f` puts the process first in each line.
pub(crate) fn read(text: &str) -> Vec<Traced> {
    let mut calls: Vec<Traced> = Vec::new();
    let mut counts: BTreeMap<(Option<u32>, String), usize> = BTreeMap::new();
    let mut open: BTreeMap<Option<u32>, usize> = BTreeMap::new();
    for (moment, line) in text.lines().enumerate() {
        let digits = line.find(|c: char| !c.is_ascii_digit()).unwrap_or(0);
        let pid = line[..digits].parse().ok();
        let said = line[digits..].trim_start();
        if let Some(rest) = REST.captures(said) {
            if let Some(call) = open.remove(&pid).map(|at| &mut calls[at]) {
                call.text.push_str(&rest[2]);
                call.ended = Some(moment);
            }
        } else if let Some(beginning) = BEGINNING.captures(said) {
            let name = beginning[1].to_owned();
            let number = counts.entry((pid, name.clone())).or_default();
            *number += 1;
            let unfinished = beginning[2].strip_suffix("<unfinished ...>");
            if unfinished.is_some() {
                open.insert(pid, calls.len());
            }
            calls.push(Traced {
                pid,
                name,
                text: unfinished.unwrap_or(&beginning[2]).to_owned(),
                number: *number,
                began: moment,
                ended: unfinished.is_none().then_some(moment),
            });
        }
    }
    calls
}

/// Whose calls are traced, and fail.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Whose {
    /// Those of the program that was called.
    Program,
    /// Those of every process of the run, each counted by itself.
    Everyone,
}

/// Whether system calls can be traced here.
pub(crate) fn strace_works() -> bool {
    works(&["strace", "-qq", "-o", "/dev/null", "true"])
}

/// Calls the program under strace with these options; what came of it, and the trace.
pub(crate) fn traced(
    bench: &Bench,
    arguments: &[&str],
    whose: Whose,
    options: &[&str],
) -> (Outcome, String) {
    let file = bench.sandbox().root().join("trace");
    let mut words = vec!["strace", "-qq", "-y", "-s", "0", "-o", file.to_str().unwrap()];
    words.extend(options);
    if whose == Whose::Everyone {
        words.push("-f");
    }
    let outcome = bench.call(arguments).under(&words).run();
    bench.wait_until_all_are_gone();
    (outcome, fs::read_to_string(file).unwrap_or_default())
}
