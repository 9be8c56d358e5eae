//! Who belongs to a command: its process group and session, whoever carries its mark in the
//! environment, and all that descend from these or were left behind by them. Reads `/proc`; the
//! supervisor is a child subreaper, so whatever a command starts stays below it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use super::cgroup::{Cgroup, group_of};
use super::connections;
use super::leftovers::Leftovers;
use crate::diagnostic::visible_line;
use crate::engine::Survivor;

/// The name of the variable that tells the run.
pub(crate) const RUN_MARK: &str = "SUREFOOT_RUN";
/// The name of the variable that tells the attempt.
pub(crate) const ATTEMPT_MARK: &str = "SUREFOOT_ATTEMPT";

const LONGEST_COMMAND: usize = 200;

/// A process, and when it started, so that another one with its number is not taken for it.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Member {
    pub(crate) pid: i32,
    pub(super) started: u64,
}

impl Member {
    /// Whether it has this number.
    pub(crate) fn is(self, pid: Pid) -> bool {
        self.pid == pid.as_raw_nonzero().get()
    }
}

/// What `/proc/<pid>/stat` says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Stat {
    state: u8,
    parent: i32,
    group: i32,
    session: i32,
    /// In ticks since the machine started.
    pub(crate) started: u64,
}

impl Stat {
    pub(crate) fn of(pid: i32) -> Option<Self> {
        Self::parse(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
    }

    fn parse(text: &str) -> Option<Self> {
        // The name in parentheses may itself hold parentheses and blanks.
        let rest = &text[text.rfind(')')? + 1..];
        let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
        Some(Self {
            state: *fields.first()?.as_bytes().first()?,
            parent: fields.get(1)?.parse().ok()?,
            group: fields.get(2)?.parse().ok()?,
            session: fields.get(3)?.parse().ok()?,
            started: fields.get(19)?.parse().ok()?,
        })
    }

    /// The process that started it, or took it over.
    pub(crate) fn parent(self) -> i32 {
        self.parent
    }

    /// The number of its group, which is 0 for one from outside of this container.
    pub(crate) fn group(self) -> i32 {
        self.group
    }

    /// Whether it is in the group of this number.
    pub(crate) fn is_in_group(self, group: i32) -> bool {
        self.group == group
    }

    /// Whether both are in one group.
    pub(crate) fn shares_group(self, other: Self) -> bool {
        self.group == other.group
    }

    /// Whether the leader of its session can be named here: one outside of this container is 0.
    pub(crate) fn is_in_a_session(self) -> bool {
        self.session > 0
    }

    /// Whether both are in one session.
    pub(crate) fn shares_session(self, other: Self) -> bool {
        self.session == other.session
    }

    /// Whether it has ended, and is only remembered for its parent.
    pub(crate) fn is_dead(self) -> bool {
        matches!(self.state, b'Z' | b'X')
    }
}

/// Whose processes are looked for.
#[derive(Debug)]
pub(crate) struct Wanted<'a> {
    pub(crate) run: &'a str,
    pub(crate) attempt: u32,
    pub(crate) leader: Pid,
    /// The control group that it was born in.
    pub(crate) group: Option<&'a Cgroup>,
    /// The leaders of the other commands that run now.
    pub(crate) others: &'a [Pid],
    /// What commands that ended earlier left running.
    pub(crate) earlier: &'a Leftovers,
}

/// The children of this process, itself single-threaded; none if the kernel does not tell.
pub(crate) fn children() -> Option<Vec<i32>> {
    let own = rustix::process::getpid().as_raw_nonzero();
    let text = fs::read_to_string(format!("/proc/self/task/{own}/children")).ok()?;
    Some(text.split_ascii_whitespace().filter_map(|word| word.parse().ok()).collect())
}

/// The living processes of a command.
pub(crate) fn find(wanted: &Wanted<'_>) -> BTreeSet<Member> {
    if cfg!(feature = "sabotage-group-only") {
        return BTreeSet::new();
    }
    let processes = processes();
    let own = rustix::process::getpid().as_raw_nonzero().get();
    let inside = wanted.group.map(Cgroup::members).unwrap_or_default();
    let claim = |pid, stat| {
        // Where it was born says more than what it tells of itself.
        if inside.contains(&pid) && !connections::is_one(pid) {
            return Claim::Ours;
        }
        claim(wanted, own, pid, stat)
    };
    let mut claims: BTreeMap<i32, Claim> = processes
        .iter()
        .filter(|(pid, _)| **pid != own)
        .map(|(pid, stat)| (*pid, claim(*pid, *stat)))
        .collect();
    spread(&processes, &mut claims);
    processes
        .iter()
        .filter(|(pid, stat)| claims.get(pid) == Some(&Claim::Ours) && !stat.is_dead())
        .map(|(pid, stat)| Member { pid: *pid, started: stat.started })
        .collect()
}

/// The living processes that carry the mark of an attempt, and those that share a control group with
/// one that does. The marks of another user's processes cannot be read.
pub(crate) fn marked(run: &str, attempt: u32) -> Vec<Member> {
    let seen: Vec<_> = processes()
        .into_iter()
        .filter(|(_, stat)| !stat.is_dead())
        .map(|(pid, stat)| (Member { pid, started: stat.started }, mark(run, pid)))
        .map(|(member, mark)| (member, mark, group_of(member.pid, run)))
        .collect();
    let has = |group: &PathBuf, ours: bool| {
        seen.iter().any(|(_, mark, other)| {
            other.as_ref() == Some(group) && mark.is_some_and(|mark| (mark == attempt) == ours)
        })
    };
    // A group in which others carry another mark is used a second time.
    let shares = |group: &Option<PathBuf>| {
        group.as_ref().is_some_and(|group| has(group, true) && !has(group, false))
    };
    seen.iter()
        .filter(|(_, mark, group)| *mark == Some(attempt) || (mark.is_none() && shares(group)))
        .map(|(member, ..)| *member)
        .collect()
}

/// Everything alive that descends from this process.
pub(crate) fn descendants() -> BTreeSet<Member> {
    let processes = processes();
    let own = rustix::process::getpid().as_raw_nonzero().get();
    let mut claims: BTreeMap<i32, Claim> = processes
        .iter()
        .map(|(pid, stat)| {
            let below = stat.parent == own;
            (*pid, if below { Claim::Ours } else { Claim::Open })
        })
        .collect();
    spread(&processes, &mut claims);
    processes
        .iter()
        .filter(|(pid, stat)| claims.get(pid) == Some(&Claim::Ours) && !stat.is_dead())
        .map(|(pid, stat)| Member { pid: *pid, started: stat.started })
        .collect()
}

/// The living processes for whose numbers something holds.
pub(crate) fn all(holds: impl Fn(i32) -> bool) -> Vec<Member> {
    processes()
        .into_iter()
        .filter(|(pid, stat)| !stat.is_dead() && holds(*pid))
        .map(|(pid, stat)| Member { pid, started: stat.started })
        .collect()
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Claim {
    Foreign,
    Open,
    Ours,
}

fn processes() -> BTreeMap<i32, Stat> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return BTreeMap::new();
    };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(|pid| Some((pid, Stat::of(pid)?)))
        .collect()
}

/// What a process tells of itself.
fn claim(wanted: &Wanted<'_>, own: i32, pid: i32, stat: Stat) -> Claim {
    let leader = wanted.leader.as_raw_nonzero().get();
    if connections::is_one(pid) {
        return Claim::Foreign;
    }
    if stat.group == leader || stat.session == leader {
        return Claim::Ours;
    }
    match mark(wanted.run, pid) {
        Some(attempt) if attempt == wanted.attempt => return Claim::Ours,
        Some(_) => return Claim::Foreign,
        None => {}
    }
    let other = |pid: i32| wanted.others.iter().any(|other| other.as_raw_nonzero().get() == pid);
    let earlier = wanted.earlier.holds(Member { pid, started: stat.started });
    if earlier || other(pid) || other(stat.group) || other(stat.session) {
        return Claim::Foreign;
    }
    // An orphan without a mark: with one command running there is no doubt whose it was, unless an
    // earlier one left behind what it came of.
    if stat.parent == own && wanted.others.is_empty() && !is_of_another(wanted, pid) {
        return Claim::Ours;
    }
    Claim::Open
}

/// Whether a process is in the control group of another command.
fn is_of_another(wanted: &Wanted<'_>, pid: i32) -> bool {
    let group = wanted.group.and_then(|own| Some((own, group_of(pid, wanted.run)?)));
    group.is_some_and(|(own, group)| !own.is_called(&group))
}

/// Children of ours are ours, unless they say otherwise.
fn spread(processes: &BTreeMap<i32, Stat>, claims: &mut BTreeMap<i32, Claim>) {
    loop {
        let mut changed = false;
        for (pid, stat) in processes {
            if claims.get(pid) == Some(&Claim::Open)
                && claims.get(&stat.parent) == Some(&Claim::Ours)
            {
                claims.insert(*pid, Claim::Ours);
                changed = true;
            }
        }
        if !changed {
            return;
        }
    }
}

/// The attempt that a process is marked with, if it is of this run.
fn mark(run: &str, pid: i32) -> Option<u32> {
    let environment = fs::read(format!("/proc/{pid}/environ")).ok()?;
    let value = |name: &str| {
        environment
            .split(|byte| *byte == 0)
            .find_map(|entry| entry.strip_prefix(name.as_bytes())?.strip_prefix(b"="))
    };
    if value(RUN_MARK)? != run.as_bytes() {
        return None;
    }
    std::str::from_utf8(value(ATTEMPT_MARK)?).ok()?.parse().ok()
}

impl Member {
    /// Sends a signal to exactly this process.
    pub(crate) fn signal(self, signal: Signal) {
        let handle = Pid::from_raw(self.pid).map(|pid| pidfd_open(pid, PidfdFlags::empty()));
        let Some(Ok(handle)) = handle else {
            return;
        };
        // The number may have been given to another process before the handle was opened.
        if self.lives() {
            // It may be gone by now, or not ours to stop: both are seen at the next look.
            let _ = pidfd_send_signal(&handle, signal);
        }
    }

    /// Whether it still lives.
    pub(crate) fn lives(self) -> bool {
        Stat::of(self.pid).is_some_and(|stat| stat.started == self.started && !stat.is_dead())
    }

    /// What a person is told of it.
    pub(crate) fn shown(self) -> Survivor {
        let pid = self.pid;
        let words = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let words = words.strip_suffix(&[0]).unwrap_or(&words);
        let command = if words.is_empty() {
            fs::read(format!("/proc/{pid}/comm")).unwrap_or_default()
        } else {
            words.to_vec()
        };
        Survivor { pid, command: safe(&command) }
    }
}

/// A command line without anything a terminal would obey.
fn safe(command: &[u8]) -> String {
    let text = String::from_utf8_lossy(command).trim_end().replace('\0', " ");
    match text.char_indices().nth(LONGEST_COMMAND) {
        None => visible_line(&text),
        Some((end, _)) => visible_line(&text[..end]) + "…",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_does_not_shift_the_fields() {
        let text = "7 (a) S (b) S 1 2 3 0 -1 4 5 6 7 8 9 10 11 12 13 14 15 16 4242 18";
        assert_eq!(
            Stat::parse(text),
            Some(Stat { state: b'S', parent: 1, group: 2, session: 3, started: 4242 })
        );
    }

    #[test]
    fn this_process_is_found_and_one_that_started_at_another_time_is_not_it() {
        let pid = rustix::process::getpid().as_raw_nonzero().get();
        let stat = Stat::of(pid).unwrap();
        let member = Member { pid, started: stat.started };
        assert!(member.lives());
        let other = Member { pid, started: stat.started + 1 };
        assert!(!other.lives());
        assert_eq!(member.shown().pid, pid);
    }

    #[test]
    fn a_command_line_cannot_reach_the_terminal() {
        assert_eq!(safe(b"sleep\x001\x1b[2J"), "sleep 1\\x1b[2J");
        assert_eq!(safe("a\u{202e}b".as_bytes()), "a\\u{202e}b");
        assert!(safe(&[b'x'; 1000]).ends_with('…'));
    }
}
