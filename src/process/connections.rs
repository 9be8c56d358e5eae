//! Connections that the commands of a run share. The first command for a host leaves an ssh behind
//! that holds the connection (`ControlMaster`), and tells so in its own command line. It belongs to
//! no command: no stop of one reaches it, and it ends with the run.

use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
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

/// Whether a process is an ssh that holds a connection for others, the run's own or the responder's.
pub(crate) fn is_one(pid: i32) -> bool {
    let words = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    words.starts_with(TITLE)
        && words.windows(MARK.len()).any(|window| window == MARK)
        && fs::read_link(format!("/proc/{pid}/exe")).is_ok_and(|program| program.ends_with("ssh"))
}

/// How such an ssh begins its command line, before the path of the socket, and what stands behind it.
const TITLE: &[u8] = b"ssh: ";
const MARK: &[u8] = b" [mux]";

/// Whether the connection of a process lies in a folder.
fn holder(pid: i32, folder: &Path) -> bool {
    let words = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    words
        .strip_prefix(TITLE)
        .and_then(|rest| rest.strip_prefix(folder.as_os_str().as_bytes()))
        .is_some_and(|rest| rest.starts_with(b"/"))
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

    /// Closes them.
    pub(crate) fn end(&self) {
        let Some(folder) = &self.folder else {
            return;
        };
        let held: Vec<Member> = members::all(|pid| holder(pid, folder) && is_one(pid));
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
