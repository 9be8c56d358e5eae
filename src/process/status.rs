//! What a supervisor leaves for whoever comes after a crash: how each command ended, and who the
//! supervisor is. From these, [`find`] tells the three states of an attempt in doubt apart.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use serde::{Deserialize, Serialize};

use super::ends::read_end;
use super::members::{Member, Stat};
use super::moment::timespec;
use super::orphans::living;
use super::output::{create_private, read_own};
use crate::engine::{AttemptId, Found};

const SUPERVISOR: &str = "supervisor.json";
/// How long a supervisor before this one is given to end: it may be done with its commands, and see
/// to what they left.
const SUCCESSION: Duration = Duration::from_secs(2);

/// Whether a process of this machine is there.
pub fn is_alive(pid: u32) -> bool {
    let stat = i32::try_from(pid).ok().and_then(Stat::of);
    stat.is_some_and(|stat| !stat.is_dead())
}

/// Who supervises a run.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Identity {
    pid: i32,
    /// When it started, in ticks since the machine did.
    started: u64,
    /// Changes whenever the machine starts.
    boot: String,
}

impl Identity {
    /// This process.
    pub(crate) fn own() -> Option<Self> {
        let pid = rustix::process::getpid().as_raw_nonzero().get();
        Some(Self { pid, started: Stat::of(pid)?.started, boot: boot_id()? })
    }

    /// Whether this is that process.
    pub(super) fn is(&self, member: Member) -> bool {
        self.pid == member.pid && self.started == member.started
    }

    fn lives(&self) -> bool {
        boot_id().is_some_and(|boot| boot == self.boot)
            && Stat::of(self.pid)
                .is_some_and(|stat| stat.started == self.started && !stat.is_dead())
    }
}

/// Changes whenever the machine starts; none if the system does not tell.
pub fn boot_id() -> Option<String> {
    let text = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(text.trim().to_owned())
}

/// Puts this process down as the supervisor of a run; says who is, if another one lives.
pub(crate) fn claim(folder: &Path, own: &Identity) -> Result<(), String> {
    if let Some(other) = supervisor(folder) {
        await_process(other.pid, SUCCESSION);
    }
    if let Some(other) = supervisor(folder) {
        return Err(format!("another supervisor of this run is alive, process {}", other.pid));
    }
    let json = serde_json::to_vec(own).expect("texts and numbers always serialise");
    match replace(&folder.join(SUPERVISOR), &json) {
        // A full disk is what a run may be about: commands must start all the same. After a crash
        // they would be said to be of unknown fate, never to have ended.
        Err(error) if is_full(&error) => Ok(()),
        written => written.map_err(|error| format!("cannot write {SUPERVISOR}: {error}")),
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// The supervisor of a run, if it is alive.
fn supervisor(folder: &Path) -> Option<Identity> {
    last_supervisor(folder).filter(Identity::lives)
}

/// The supervisor of a run that was there last, alive or not.
pub(super) fn last_supervisor(folder: &Path) -> Option<Identity> {
    let json = read_own(&folder.join(SUPERVISOR)).ok()?;
    serde_json::from_slice(&json).ok()
}

/// Puts a file in place whole or not at all.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = path.with_extension("new");
    match fs::remove_file(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let placed = place_through(&temporary, path, bytes);
    if placed.is_err() {
        // The first error is the one to tell.
        let _ = fs::remove_file(&temporary);
    }
    placed
}

fn place_through(temporary: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    create_private(temporary)?.write_all(bytes)?;
    fs::rename(temporary, path)
}

/// What is known of an attempt whose end is not in the journal.
pub fn find(folder: &Path, attempt: AttemptId) -> Found {
    // The supervisor first: if it ends between the two looks, the end it wrote is still seen.
    let supervisor = supervisor(folder);
    match (read_end(folder, attempt), supervisor) {
        (Some(status), _) => Found::Finished { end: status.end, took: status.took },
        (None, Some(identity)) => Found::Running { supervisor: identity.pid },
        (None, None) => match living(folder, attempt) {
            orphans if orphans.is_empty() => Found::Unknown,
            orphans => Found::Orphaned {
                processes: orphans.into_iter().map(|member| member.pid).collect(),
            },
        },
    }
}

/// How a command of an earlier process is stopped.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stop {
    /// It is asked to end.
    Ask,
    /// It is ended at once.
    Kill,
}

/// Asks the supervisor of a run, if it is alive, to stop its commands and to end; asked again, it
/// kills them.
pub fn stop_supervisor(folder: &Path) {
    let Some(identity) = supervisor(folder) else {
        return;
    };
    let handle = Pid::from_raw(identity.pid)
        .and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok())
        // The number may have been given to another process before the handle was opened.
        .filter(|_| identity.lives());
    if let Some(handle) = handle {
        // It may just have ended, which is what was wanted.
        let _ = pidfd_send_signal(&handle, Signal::TERM);
    }
}

/// Waits until a process ends, at most for a while.
pub(crate) fn await_process(pid: i32, most: Duration) {
    let Some(handle) = Pid::from_raw(pid).and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok())
    else {
        return;
    };
    let mut fds = [PollFd::new(&handle, PollFlags::IN)];
    // An interrupted wait is a short wait.
    let _ = poll(&mut fds, Some(&timespec(most)));
}

#[cfg(test)]
mod tests {
    use super::super::ends::Ends;
    use super::super::message::{Durability, Status};
    use super::*;
    use crate::engine::{End, Kept};

    fn status() -> Status {
        Status {
            end: End::Exited { code: 3 },
            took: 12,
            kept: Kept::default(),
            evidence: Vec::new(),
            left_running: Vec::new(),
            containment: None,
        }
    }

    #[test]
    fn the_three_states_of_doubt_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let attempt = AttemptId(7);
        assert_eq!(find(folder.path(), attempt), Found::Unknown);

        let own = Identity::own().unwrap();
        claim(folder.path(), &own).unwrap();
        assert_eq!(find(folder.path(), attempt), Found::Running { supervisor: own.pid });

        Ends::of(folder.path()).write(7, &status(), Durability::Synced).unwrap();
        let finished = Found::Finished { end: End::Exited { code: 3 }, took: 12 };
        assert_eq!(find(folder.path(), attempt), finished);
        assert_eq!(find(folder.path(), AttemptId(8)), Found::Running { supervisor: own.pid });
    }

    #[test]
    fn a_process_with_the_number_of_a_supervisor_is_not_taken_for_it() {
        let own = Identity::own().unwrap();
        let earlier = Identity { started: own.started + 1, ..own.clone() };
        let other_boot = Identity { boot: "another".to_owned(), ..own };
        for identity in [earlier, other_boot] {
            let folder = tempfile::tempdir().unwrap();
            let json = serde_json::to_vec(&identity).unwrap();
            fs::write(folder.path().join(SUPERVISOR), json).unwrap();
            assert_eq!(find(folder.path(), AttemptId(1)), Found::Unknown);
        }
    }

    #[test]
    fn a_second_supervisor_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let own = Identity::own().unwrap();
        claim(folder.path(), &own).unwrap();
        let refusal = claim(folder.path(), &own).unwrap_err();
        assert!(refusal.contains(&own.pid.to_string()), "{refusal}");
    }
}
