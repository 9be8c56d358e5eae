//! Handing a walk over: whoever walks a run listens at a socket in its folder, and another process
//! of the same user asks there for the walk. A call is a line of JSON each way. It is announced by a
//! signal, as whoever walks may sit at a prompt; the answer has a limit in time.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{PidfdFlags, Signal, getpid, pidfd_open, pidfd_send_signal};
use serde::{Deserialize, Serialize};

use super::moment::{Moment, timespec};
use super::socket;

/// Where whoever walks a run is called, in its folder.
const SOCKET: &str = "walker.socket";

/// More of a line is none of ours.
const MOST: u64 = 4096;

/// How often a call is announced again while there is no answer.
const AGAIN: Duration = Duration::from_millis(500);

/// How long a caller who is there may take to say who they are.
const BLINK: Duration = Duration::from_millis(50);

/// What a caller asks.
#[derive(Debug, Deserialize, Serialize)]
struct Asked {
    /// Who wants to walk on.
    by: String,
}

/// What is answered.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum Answered {
    /// The walk was left, and the record says to whom.
    Given,
    /// It goes on as it is, and why.
    Refused(String),
}

/// The end of whoever walks.
#[derive(Debug)]
pub struct Reliefs {
    folder: PathBuf,
    listener: UnixListener,
    /// Who has called and waits for an answer.
    caller: Option<UnixStream>,
}

impl Reliefs {
    /// From now on others can ask for the walk. The caller holds the run's lock, so that nobody
    /// else listens there.
    pub fn listen(folder: &Path) -> io::Result<Self> {
        let listener = socket::listen(folder, SOCKET)?;
        Ok(Self { folder: folder.to_owned(), listener, caller: None })
    }

    /// Who asks for the walk, if somebody new does. Waits for a blink at most: a caller writes before it
    /// announces itself, and one that is seen before that is about to. One that says nothing is none, nor is one that has given up: whoever walks
    /// may have been stopped for an hour.
    pub fn called(&mut self) -> Option<String> {
        while self.caller.is_none() {
            let (socket, _) = self.listener.accept().ok()?;
            if socket::peer(&socket).is_some()
                && socket.set_nonblocking(true).is_ok()
                && poll(&mut [PollFd::new(&socket, PollFlags::IN)], Some(&timespec(BLINK))).is_ok()
                && let Some(asked) = heard::<Asked>(&socket)
                && waits(&socket)
            {
                self.caller = Some(socket);
                return Some(asked.by);
            }
        }
        None
    }

    /// Answers whoever called: gives the walk, or says why not.
    pub fn answer(&mut self, refused: Option<&str>) {
        let answered = match refused {
            None => Answered::Given,
            Some(why) => Answered::Refused(why.to_owned()),
        };
        if let Some(mut caller) = self.caller.take() {
            // Whoever does not wait any more sees in the record what became of it.
            let _ = say(&mut caller, &answered);
        }
    }
}

impl Drop for Reliefs {
    fn drop(&mut self) {
        // The lock is still held: it is this one's socket.
        let _ = std::fs::remove_file(self.folder.join(SOCKET));
    }
}

/// Why a walk was not given.
#[derive(Debug, thiserror::Error)]
pub enum NotGiven {
    /// It goes on as it is, and why.
    #[error("{0}")]
    Refused(String),
    /// Nobody listens there.
    #[error("whoever walks it cannot be reached")]
    Unreachable(#[source] io::Error),
    /// There was no answer in time: nothing was changed.
    #[error("whoever walks it gave no answer within {} s", .0.as_secs())]
    Silent(Duration),
}

/// Whoever walked, and is about to end.
#[derive(Debug)]
pub struct Relieved {
    process: Option<OwnedFd>,
    /// Whether they gave the walk to whoever asked, or left it otherwise.
    pub gave: Gave,
}

/// To whom a walk was left.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Gave {
    /// To whoever asked.
    It,
    /// To nobody, or to somebody else.
    Nothing,
}

impl Relieved {
    /// Waits until the process has ended, at most so long. One that cannot be watched is not waited
    /// for.
    pub fn leaves(&self, most: Duration) {
        if let Some(process) = &self.process {
            let mut fds = [PollFd::new(process, PollFlags::IN)];
            // Whether it did is told by the lock.
            let _ = poll(&mut fds, Some(&timespec(most)));
        }
    }
}

/// Asks whoever walks a run for the walk, and waits for the answer, at most so long.
pub fn relieve(folder: &Path, by: &str, most: Duration) -> Result<Relieved, NotGiven> {
    let until = Moment::now().after(most);
    let mut socket = socket::connect(folder, SOCKET).map_err(NotGiven::Unreachable)?;
    let denied = || NotGiven::Unreachable(io::ErrorKind::PermissionDenied.into());
    let walker = socket::peer(&socket).ok_or_else(denied)?;
    // Nobody has to wake themselves.
    let other = (walker != getpid()).then_some(walker);
    let process = other.and_then(|walker| pidfd_open(walker, PidfdFlags::empty()).ok());
    say(&mut socket, &Asked { by: by.to_owned() }).map_err(NotGiven::Unreachable)?;
    loop {
        // One that cannot be woken looks when it comes to it.
        if let Some(process) = &process {
            let _ = pidfd_send_signal(process, Signal::USR1);
        }
        let left = until.since(Moment::now());
        if left.is_zero() {
            return Err(NotGiven::Silent(most));
        }
        let mut fds = [PollFd::new(&socket, PollFlags::IN)];
        match poll(&mut fds, Some(&timespec(left.min(AGAIN)))) {
            Ok(0) | Err(rustix::io::Errno::INTR) => {}
            _ => break,
        }
    }
    match heard(&socket) {
        Some(Answered::Refused(why)) => Err(NotGiven::Refused(why)),
        Some(Answered::Given) => Ok(Relieved { process, gave: Gave::It }),
        // Whoever hangs up without a word leaves the walk: the lock tells to whom.
        None => Ok(Relieved { process, gave: Gave::Nothing }),
    }
}

fn say(socket: &mut UnixStream, message: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    socket.write_all(&line)
}

/// Whether whoever asked is still there.
fn waits(mut socket: &UnixStream) -> bool {
    let left = socket.read(&mut [0]);
    left.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
}

/// A whole line that is there.
fn heard<T: for<'de> Deserialize<'de>>(socket: &UnixStream) -> Option<T> {
    let mut line = Vec::new();
    BufReader::new(socket.take(MOST)).read_until(b'\n', &mut line).ok()?;
    serde_json::from_slice(line.strip_suffix(b"\n")?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_mins(1);

    /// Answers the next call.
    fn answered(reliefs: &mut Reliefs, refused: Option<&str>) -> String {
        let until = Moment::now().after(LONG);
        loop {
            if let Some(by) = reliefs.called() {
                reliefs.answer(refused);
                return by;
            }
            assert!(Moment::now() < until, "nobody called");
            std::thread::yield_now();
        }
    }

    #[test]
    fn a_walk_is_asked_for_and_given_or_not() {
        let folder = tempfile::tempdir().unwrap();
        let mut reliefs = Reliefs::listen(folder.path()).unwrap();
        assert_eq!(reliefs.called(), None);
        let path = folder.path().to_owned();
        let call = move || relieve(&path, "dana@laptop", LONG);
        let caller = std::thread::spawn(call.clone());
        assert_eq!(answered(&mut reliefs, Some("a change runs")), "dana@laptop");
        let refused = caller.join().unwrap().unwrap_err();
        assert_eq!(refused.to_string(), "a change runs");
        let caller = std::thread::spawn(call);
        answered(&mut reliefs, None);
        assert_eq!(caller.join().unwrap().unwrap().gave, Gave::It);
        // One that says nothing holds nobody up.
        let _silent = socket::connect(folder.path(), SOCKET).unwrap();
        assert_eq!(reliefs.called(), None);
        // Nor is the walk given to one that has given up.
        let mut gone = socket::connect(folder.path(), SOCKET).unwrap();
        say(&mut gone, &Asked { by: "erin@laptop".to_owned() }).unwrap();
        drop(gone);
        assert_eq!(reliefs.called(), None);
        drop(reliefs);
        let gone = relieve(folder.path(), "dana@laptop", LONG).unwrap_err();
        assert!(matches!(gone, NotGiven::Unreachable(_)), "{gone}");
    }

    #[test]
    fn nobody_waits_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let _reliefs = Reliefs::listen(folder.path()).unwrap();
        let silent = relieve(folder.path(), "dana@laptop", Duration::from_millis(20)).unwrap_err();
        assert!(matches!(silent, NotGiven::Silent(_)), "{silent}");
    }
}
