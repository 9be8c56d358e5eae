//! What ended commands left running, and what becomes of it when the run is over: it is killed,
//! unless the command was one that goes on without an executor. What such a one started on purpose, a
//! daemon, stays; it was reported when the command ended.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, waitid};

use super::connections;
use super::members::{self, Member};
use super::moment::Moment;
use super::status::await_process;
use crate::runbook::OnDisconnect;

/// Milliseconds that killed leftovers are waited for before the supervisor ends.
const LAST_PATIENCE: u64 = 1_000;

/// Processes that outlived their commands.
#[derive(Debug, Default)]
pub(crate) struct Leftovers {
    known: BTreeMap<Member, OnDisconnect>,
}

impl Leftovers {
    /// Takes what a command left.
    pub(crate) fn add(&mut self, left: BTreeSet<Member>, policy: OnDisconnect) {
        self.known.extend(left.into_iter().map(|member| (member, policy)));
    }

    /// Whether a process, by its number and start, was left by an earlier command.
    pub(crate) fn holds(&self, member: Member) -> bool {
        self.known.contains_key(&member)
    }

    /// Kills what may not stay, and waits a little until it is gone.
    pub(crate) fn end(&self) {
        let end = Moment::now().after_millis(LAST_PATIENCE);
        loop {
            let left = self.unwanted();
            let Some(first) = left.first() else {
                return;
            };
            if Moment::now() >= end {
                return;
            }
            for member in &left {
                member.signal(Signal::KILL);
            }
            await_process(first.pid, Duration::from_millis(20));
            reap_orphans(&[]);
        }
    }

    /// A descendant that nobody knows came of one that is known: where some may stay, it is spared.
    fn unwanted(&self) -> BTreeSet<Member> {
        let any_stays = self.known.values().any(|policy| *policy == OnDisconnect::Finish);
        members::descendants()
            .into_iter()
            .filter(|member| match self.known.get(member) {
                Some(policy) => *policy == OnDisconnect::Stop,
                // A connection that is not the run's own is the responder's, for other uses too.
                None => !any_stays && !connections::is_one(member.pid),
            })
            .collect()
    }
}

/// Orphans of commands become children of this process, which must take note of their end; leaders
/// are left to their jobs.
pub(crate) fn reap_orphans(leaders: &[Pid]) {
    let ended = WaitIdOptions::EXITED | WaitIdOptions::NOHANG;
    if leaders.is_empty() {
        while let Ok(Some(_)) = waitid(WaitId::All, ended) {}
        return;
    }
    let orphans = members::children()
        .into_iter()
        .flatten()
        .filter_map(Pid::from_raw)
        .filter(|pid| !leaders.contains(pid));
    for pid in orphans {
        // One that still lives is not waited for.
        let _ = waitid(WaitId::Pid(pid), ended);
    }
}
