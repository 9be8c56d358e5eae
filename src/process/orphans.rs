//! What lives of a command whose supervisor died: nobody can see any more how it ends, but it can be
//! found, by its mark and by the control group that it is in, listed and ended.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rustix::process::Signal;

use super::cgroup::Cgroups;
use super::members::{Member, marked};
use super::moment::Moment;
use super::status::{Stop, last_supervisor};
use crate::engine::{AttemptId, Survivor};

/// Milliseconds that processes which were told to end by themselves are given.
const GRACE: u64 = 2_000;
/// After the kill: this long until what still lives is called a survivor.
const KILL_PATIENCE: u64 = 1_000;

/// The commands of earlier supervisors that are being stopped.
#[derive(Debug)]
pub struct Orphans {
    folder: PathBuf,
    ending: BTreeMap<AttemptId, Ending>,
}

#[derive(Clone, Copy, Debug)]
enum Ending {
    /// They were asked, and are killed at this moment.
    Asked(Moment),
    /// They were killed; what lives at this moment cannot be.
    Killed(Moment),
}

impl Drop for Orphans {
    /// The groups of a supervisor that died stay behind, and nobody else would remove them.
    fn drop(&mut self) {
        if let Some(run) = self.folder.file_name().and_then(|name| name.to_str()) {
            Cgroups::tidy(run);
        }
    }
}

impl Orphans {
    /// Those of the run in this folder.
    pub fn of(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), ending: BTreeMap::new() }
    }

    /// What lives of an attempt.
    pub fn list(&self, attempt: AttemptId) -> Vec<Survivor> {
        living(&self.folder, attempt).into_iter().map(Member::shown).collect()
    }

    /// Whether anything lives of an attempt.
    pub fn lives(&self, attempt: AttemptId) -> bool {
        !living(&self.folder, attempt).is_empty()
    }

    /// Ends what lives of an attempt.
    pub fn stop(&mut self, attempt: AttemptId, how: Stop) {
        let (signal, ending) = match how {
            Stop::Ask => (Signal::TERM, Ending::Asked(Moment::now().after_millis(GRACE))),
            Stop::Kill => (Signal::KILL, Ending::Killed(Moment::now().after_millis(KILL_PATIENCE))),
        };
        self.ending.insert(attempt, ending);
        for member in living(&self.folder, attempt) {
            member.signal(signal);
            if signal != Signal::KILL {
                // One that was stopped by a signal could not follow another.
                member.signal(Signal::CONT);
            }
        }
    }

    /// Kills what was asked in vain; returns what could not even be killed, once that is certain.
    pub fn survivors(&mut self, attempt: AttemptId) -> Option<Vec<Survivor>> {
        match *self.ending.get(&attempt)? {
            Ending::Asked(until) if Moment::now() >= until => {
                self.stop(attempt, Stop::Kill);
                None
            }
            Ending::Killed(until) if Moment::now() >= until => {
                self.ending.remove(&attempt);
                Some(self.list(attempt))
            }
            Ending::Asked(_) | Ending::Killed(_) => None,
        }
    }
}

/// The living processes of an attempt whose supervisor is gone.
pub(super) fn living(folder: &Path, attempt: AttemptId) -> Vec<Member> {
    // The folder has the name of the run.
    let run = folder.file_name().and_then(|name| name.to_str());
    let mut living = run.map_or_else(Vec::new, |run| marked(run, attempt.0));
    // One that was killed is a process for a moment more, in the group of what it ran.
    if let Some(supervisor) = last_supervisor(folder) {
        living.retain(|member| !supervisor.is(*member));
    }
    living
}
