//! Connections that the commands of a run share. The first command for a host leaves an ssh behind
//! that holds the connection (`ControlMaster`), and tells so in its own command line. It belongs to
//! no command: no stop of one reaches it, and it ends with the run.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::Signal;

use super::members::{self, Member};
use super::moment::Moment;
use super::output::create_private_folder;
use super::status::await_process;

/// Milliseconds that a connection is given to close.
const PATIENCE: u64 = 1_000;

/// Makes the folder of a run's connections, or takes the one that is there; an error if somebody
/// else could put something into it.
pub fn prepare(folder: &Path) -> io::Result<()> {
    create_private_folder(folder)?;
    let metadata = fs::symlink_metadata(folder)?;
    let own = metadata.uid() == rustix::process::geteuid().as_raw();
    let private = metadata.permissions().mode().trailing_zeros() >= 6;
    if own && private && metadata.is_dir() {
        Ok(())
    } else {
        Err(io::ErrorKind::PermissionDenied.into())
    }
}

/// The shared connections of a run.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    folder: Option<PathBuf>,
}

impl Connections {
    /// From now on there may be some in this folder.
    pub(crate) fn keep(&mut self, folder: &Path) {
        if self.folder.is_none() {
            self.folder = Some(folder.to_owned());
        }
    }

    /// Whether a process holds one of them.
    pub(crate) fn held_by(&self, pid: i32) -> bool {
        use std::os::unix::ffi::OsStrExt as _;
        let Some(folder) = &self.folder else {
            return false;
        };
        let command = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        command
            .strip_prefix(b"ssh: ")
            .and_then(|rest| rest.strip_prefix(folder.as_os_str().as_bytes()))
            .is_some_and(|rest| rest.starts_with(b"/"))
    }

    /// Closes them.
    pub(crate) fn end(&self) {
        let Some(folder) = &self.folder else {
            return;
        };
        let held: Vec<Member> = members::all(|pid| self.held_by(pid));
        for member in &held {
            member.signal(Signal::TERM);
        }
        let until = Moment::now().after_millis(PATIENCE);
        for member in held {
            while member.lives() && Moment::now() < until {
                await_process(member.pid, Duration::from_millis(20));
            }
        }
        // What cannot be removed now holds nothing but a socket that nobody listens at.
        let _ = fs::remove_dir_all(folder);
    }
}
