//! What `sudo -A` and `ssh` run to ask for a password: this program, found by the name under which it
//! is called. The link that names it stands in the run's folder, beside the socket of the supervisor
//! that it asks. Where nobody answers it fails at once, so that nothing waits.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::frame::{Filled, Inbox, Packer, Unpacker};
use super::socket;

/// The name under which this program asks for passwords.
const ASKPASS: &str = "askpass";
const SOCKET: &str = "askpass.socket";

/// The only kind of frame there is.
const PASSWORD: u8 = 1;

/// Where the program stands that asks for passwords in a run.
pub fn askpass_program(folder: &Path) -> PathBuf {
    folder.join(ASKPASS)
}

/// Makes the name under which this program asks for passwords.
pub(super) fn link(folder: &Path, program: &Path) -> io::Result<()> {
    let path = askpass_program(folder);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    std::os::unix::fs::symlink(program, path)
}

/// Waits for those who ask.
pub(super) fn listen(folder: &Path) -> io::Result<UnixListener> {
    socket::listen(folder, SOCKET)
}

/// Nobody asks any more: what stays of a run is its record.
pub(super) fn leave(folder: &Path) {
    for path in [folder.join(SOCKET), askpass_program(folder)] {
        // It may never have been there.
        let _ = fs::remove_file(path);
    }
}

/// A question as it travels.
pub(super) fn question(prompt: &[u8]) -> Vec<u8> {
    Packer::default().bytes(prompt).frame(PASSWORD)
}

/// An answer as it travels.
pub(super) fn answer(password: Option<&[u8]>) -> Vec<u8> {
    let mut packer = Packer::default();
    packer.number(u64::from(password.is_some())).bytes(password.unwrap_or_default());
    packer.frame(PASSWORD)
}

/// The folder of the run for which this program is called to ask, if it is.
pub fn asks_for(called: Option<&OsStr>) -> Option<PathBuf> {
    let path = Path::new(called?);
    (path.file_name()? == ASKPASS && path.is_absolute())
        .then(|| path.parent().map(Path::to_owned))?
}

/// Asks for a password and prints it.
pub fn ask_password(folder: &Path, words: impl Iterator<Item = OsString>) -> ExitCode {
    let prompt: Vec<OsString> = words.collect();
    let prompt = prompt.join(OsStr::new(" "));
    match asked(folder, prompt.as_bytes()) {
        Ok(Some(mut password)) => {
            password.push(b'\n');
            match rustix::io::write(rustix::stdio::stdout(), &password) {
                Ok(count) if count == password.len() => ExitCode::SUCCESS,
                _ => ExitCode::FAILURE,
            }
        }
        Ok(None) => ExitCode::FAILURE,
        Err(error) => {
            let text = format!("surefoot: nobody can be asked for a password: {error}\n");
            // What is not heard has no other place to be said.
            let _ = rustix::io::write(rustix::stdio::stderr(), text.as_bytes());
            ExitCode::FAILURE
        }
    }
}

fn asked(folder: &Path, prompt: &[u8]) -> io::Result<Option<Vec<u8>>> {
    let socket = socket::connect(folder, SOCKET)?;
    io::Write::write_all(&mut &socket, &question(prompt))?;
    let mut inbox = Inbox::default();
    loop {
        if inbox.fill(&socket)? == Filled::Closed {
            return Ok(None);
        }
        let invalid = |_| io::Error::from(io::ErrorKind::InvalidData);
        let Some(frame) = inbox.next().map_err(invalid)? else {
            continue;
        };
        let mut unpacker = Unpacker::new(&frame.body);
        let given = unpacker.number().map_err(invalid)? != 0;
        let password = unpacker.bytes().map_err(invalid)?;
        return Ok(given.then(|| password.to_vec()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_known_by_its_name_alone() {
        let folder = |called: &str| asks_for(Some(OsStr::new(called)));
        assert_eq!(folder("/state/runs/x/askpass"), Some("/state/runs/x".into()));
        assert_eq!(folder("askpass"), None);
        assert_eq!(folder("/usr/bin/surefoot"), None);
        assert_eq!(asks_for(None), None);
    }

    #[test]
    fn where_nobody_listens_it_fails_at_once() {
        let folder = tempfile::tempdir().unwrap();
        asked(folder.path(), b"Password: ").unwrap_err();
    }
}
