//! Sockets in a run's folder, by which other processes of the same user reach its supervisor. The
//! folder may have a longer path than a socket's address can hold: it is named by a descriptor.

use std::fs;
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

use rustix::fs::{Mode, OFlags};
use rustix::net::sockopt::socket_peercred;
use rustix::process::{Pid, getuid};

/// Begins to listen at a socket; takes the place of one that nobody listens at any more.
pub(super) fn listen(folder: &Path, name: &str) -> io::Result<UnixListener> {
    let path = folder.join(name);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = through(folder, name, |path| UnixListener::bind(path))?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Reaches whoever listens at a socket.
pub(super) fn connect(folder: &Path, name: &str) -> io::Result<UnixStream> {
    through(folder, name, |path| UnixStream::connect(path))
}

/// The process at the other end, if it is the same user's.
pub(super) fn peer(socket: &UnixStream) -> Option<Pid> {
    let peer = socket_peercred(socket).ok()?;
    (peer.uid == getuid()).then_some(peer.pid)
}

/// Does something with the path of a socket in a folder, however long that is.
fn through<T>(
    folder: &Path,
    name: &str,
    act: impl FnOnce(&Path) -> io::Result<T>,
) -> io::Result<T> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let open = rustix::fs::open(folder, flags, Mode::empty())?;
    act(Path::new(&format!("/proc/self/fd/{}/{name}", open.as_raw_fd())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_path_is_no_hindrance() {
        let folder = tempfile::tempdir().unwrap();
        let long = folder.path().join("x".repeat(200));
        fs::create_dir(&long).unwrap();
        let listener = listen(&long, "socket").unwrap();
        let connected = connect(&long, "socket").unwrap();
        let (accepted, _) = listener.accept().unwrap();
        let own = rustix::process::getpid();
        assert_eq!((peer(&connected), peer(&accepted)), (Some(own), Some(own)));
    }

    #[test]
    fn where_nobody_listens_nothing_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        connect(folder.path(), "socket").unwrap_err();
        drop(listen(folder.path(), "socket").unwrap());
        connect(folder.path(), "socket").unwrap_err();
        drop(listen(folder.path(), "socket").unwrap());
    }
}
