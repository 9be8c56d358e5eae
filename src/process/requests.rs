//! Who asks the supervisor for a password: programs that connect to its socket. Each is heard once,
//! and only if it belongs to a command of the run; it gets its answer, or none.

use std::io::Write as _;
use std::os::fd::AsFd as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

use rustix::event::{PollFd, PollFlags};
use rustix::process::Pid;

use super::askpass;
use super::frame::{Filled, Inbox, Unpacker};
use super::socket;

/// No prompt is longer.
const LONGEST: usize = 4096;
/// So many may ask at once.
const MOST: usize = 16;

/// Those who ask.
#[derive(Default)]
pub(crate) struct Requests {
    listener: Option<UnixListener>,
    open: Vec<Request>,
    last: u32,
}

struct Request {
    number: u32,
    socket: UnixStream,
    inbox: Inbox,
    /// Who asks.
    pid: Pid,
    heard: bool,
}

/// A question that has just been heard.
pub(crate) struct Asked {
    pub(crate) number: u32,
    pub(crate) pid: Pid,
    pub(crate) prompt: String,
}

impl Requests {
    /// Listens in the run's folder. Where that cannot be, whoever asks fails at once.
    pub(crate) fn listen(folder: &Path) -> Self {
        Self { listener: askpass::listen(folder).ok(), ..Self::default() }
    }

    /// What to wake up for.
    pub(crate) fn watch<'a>(&'a self, fds: &mut Vec<PollFd<'a>>) {
        let sockets = self.open.iter().map(|request| request.socket.as_fd());
        for fd in self.listener.iter().map(|listener| listener.as_fd()).chain(sockets) {
            fds.push(PollFd::from_borrowed_fd(fd, PollFlags::IN));
        }
    }

    /// Hears all that can be heard now.
    pub(crate) fn hear(&mut self) -> Vec<Asked> {
        while let Some(listener) = &self.listener
            && let Ok((socket, _)) = listener.accept()
        {
            self.welcome(socket);
        }
        let mut asked = Vec::new();
        self.open.retain_mut(|request| match request.hear() {
            Ok(prompt) => {
                asked.extend(prompt.map(|prompt| Asked {
                    number: request.number,
                    pid: request.pid,
                    prompt,
                }));
                true
            }
            Err(()) => false,
        });
        asked
    }

    fn welcome(&mut self, socket: UnixStream) {
        let Some(pid) = socket::peer(&socket) else {
            return;
        };
        if self.open.len() >= MOST || socket.set_nonblocking(true).is_err() {
            return;
        }
        self.last += 1;
        let number = self.last;
        self.open.push(Request { number, socket, inbox: Inbox::default(), pid, heard: false });
    }

    /// Answers one, which is then gone.
    pub(crate) fn answer(&mut self, number: u32, password: Option<&[u8]>) {
        let place = self.open.iter().position(|request| request.number == number);
        if let Some(request) = place.map(|place| self.open.remove(place)) {
            // Whoever does not read the answer does not want it.
            let _ = (&request.socket).write_all(&askpass::answer(password));
        }
    }

    /// Nobody is there to answer any more.
    pub(crate) fn close(&mut self) {
        *self = Self::default();
    }
}

impl Request {
    /// The prompt, once; an error when there is nobody to answer.
    fn hear(&mut self) -> Result<Option<String>, ()> {
        match self.inbox.fill(&self.socket) {
            Ok(Filled::Nothing) => return Ok(None),
            Ok(Filled::Some) if !self.heard => {}
            // Who has asked has nothing more to say.
            Ok(Filled::Some | Filled::Closed) | Err(_) => return Err(()),
        }
        let Some(frame) = self.inbox.next().map_err(|_| ())? else {
            return Ok(None);
        };
        let prompt = Unpacker::new(&frame.body).bytes().map_err(|_| ())?;
        self.heard = true;
        let prompt = &prompt[..prompt.len().min(LONGEST)];
        Ok(Some(String::from_utf8_lossy(prompt).into_owned()))
    }
}
