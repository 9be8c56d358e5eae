//! The supervisor's end of the line to its executor: orders come in, news go out, terminals are
//! handed over. The first executor started the supervisor and holds three pipes; when it is gone,
//! one that goes on with the run calls at a socket in the run's folder and hands over three of its
//! own. There is never more than one. One that has called and given no order yet may be anybody: it
//! gives way to the next that calls, and after a while keeps nobody waiting.

use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::Pid;

use super::descriptor;
use super::frame::{Filled, Frame, Inbox, Malformed, Outbox};
use super::moment::{Moment, timespec};
use super::socket;

/// Where an executor calls, in the run's folder.
const SOCKET: &str = "executor.socket";

/// How long one that has called may take, in milliseconds, before it gives its first order.
const SILENCE: u64 = 5_000;

/// What stands between a supervisor and its executor.
#[derive(Default)]
pub(crate) struct Channel {
    line: Option<Line>,
    listener: Option<UnixListener>,
    /// Whoever has called and not yet handed over its pipes.
    caller: Option<Caller>,
}

struct Line {
    orders: OwnedFd,
    news: OwnedFd,
    descriptors: OwnedFd,
    inbox: Inbox,
    speaker: Speaker,
}

/// Who is at the other end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Speaker {
    /// Who started this process, or has given an order.
    Executor,
    /// Who has called by then, and has given no order.
    Caller(Moment),
}

struct Caller {
    socket: UnixStream,
    given: Vec<OwnedFd>,
}

/// Calls the supervisor of a run; hands over its ends of three lines: orders, news, descriptors.
/// Returns the supervisor's process.
pub(crate) fn call(folder: &Path, ends: [BorrowedFd<'_>; 3]) -> io::Result<Pid> {
    let socket = socket::connect(folder, SOCKET)?;
    let pid = socket::peer(&socket).ok_or(io::ErrorKind::PermissionDenied)?;
    for end in ends {
        descriptor::send(&socket, end)?;
    }
    Ok(pid)
}

impl Channel {
    /// The line to the executor that started this process: its standard streams.
    pub(crate) fn of_parent() -> io::Result<Self> {
        let line = Line::open(
            rustix::stdio::stdin().try_clone_to_owned()?,
            rustix::stdio::stdout().try_clone_to_owned()?,
            rustix::stdio::stderr().try_clone_to_owned()?,
            Speaker::Executor,
        )?;
        Ok(Self { line: Some(line), ..Self::default() })
    }

    /// From now on another executor can call when this one is gone. Where that cannot be had, the
    /// ends that are written down have to do.
    pub(crate) fn listen(&mut self, folder: &Path) {
        self.listener = socket::listen(folder, SOCKET).ok();
    }

    /// Nobody can call any more.
    pub(crate) fn close(&mut self, folder: &Path) {
        if self.listener.take().is_some() {
            // It is of no use to anybody.
            let _ = std::fs::remove_file(folder.join(SOCKET));
        }
        self.caller = None;
    }

    /// Whether an executor is there.
    pub(crate) fn is_open(&self) -> bool {
        self.line.is_some()
    }

    /// Whether an executor is there, or may be: one that has just called.
    pub(crate) fn is_held(&self, now: Moment) -> bool {
        match self.line.as_ref().map(|line| line.speaker) {
            None => false,
            Some(Speaker::Executor) => true,
            Some(Speaker::Caller(since)) => now < since.after_millis(SILENCE),
        }
    }

    /// When to look again whether it is held.
    pub(crate) fn wake(&self) -> Option<Moment> {
        match self.line.as_ref()?.speaker {
            Speaker::Executor => None,
            Speaker::Caller(since) => Some(since.after_millis(SILENCE)),
        }
    }

    fn is_spoken_for(&self) -> bool {
        self.line.as_ref().is_some_and(|line| line.speaker == Speaker::Executor)
    }

    /// Whether the executor has ended, though orders of it may still be here.
    pub(crate) fn is_left(&self) -> bool {
        let Some(line) = &self.line else {
            return true;
        };
        let mut fds = [PollFd::from_borrowed_fd(line.orders.as_fd(), PollFlags::empty())];
        poll(&mut fds, Some(&timespec(Duration::ZERO))).is_err()
            || fds[0].revents().contains(PollFlags::HUP)
    }

    /// The executor is gone.
    pub(crate) fn lose(&mut self) {
        self.line = None;
    }

    /// What to wake up for.
    pub(crate) fn watch<'a>(&'a self, outbox: &Outbox, fds: &mut Vec<PollFd<'a>>) {
        if !self.is_spoken_for() {
            let caller = self.caller.as_ref().map(|caller| caller.socket.as_fd());
            let listener = self.listener.as_ref().map(|listener| listener.as_fd());
            let awaited = caller.into_iter().chain(listener);
            fds.extend(awaited.map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)));
        }
        let Some(line) = &self.line else {
            return;
        };
        fds.push(PollFd::from_borrowed_fd(line.orders.as_fd(), PollFlags::IN));
        if outbox.waiting() > 0 {
            fds.push(PollFd::from_borrowed_fd(line.news.as_fd(), PollFlags::OUT));
        }
    }

    /// Takes what the executor sent.
    pub(crate) fn fill(&mut self) -> io::Result<Filled> {
        match &mut self.line {
            Some(line) => line.inbox.fill(&line.orders),
            None => Ok(Filled::Nothing),
        }
    }

    /// The next whole order.
    pub(crate) fn next(&mut self) -> Result<Option<Frame>, Malformed> {
        let Some(line) = &mut self.line else {
            return Ok(None);
        };
        let frame = line.inbox.next()?;
        if frame.is_some() {
            line.speaker = Speaker::Executor;
        }
        Ok(frame)
    }

    /// Writes what the executor takes now.
    pub(crate) fn write(&self, outbox: &mut Outbox) -> io::Result<()> {
        self.line.as_ref().map_or(Ok(()), |line| outbox.write(&line.news))
    }

    /// The terminal that was handed over.
    pub(crate) fn terminal(&self) -> io::Result<OwnedFd> {
        let line = self.line.as_ref().ok_or(io::ErrorKind::NotConnected)?;
        descriptor::receive(&line.descriptors)
    }

    /// Lets an executor in that calls while there is none that has given an order; true if one came.
    pub(crate) fn answer(&mut self) -> bool {
        if self.is_spoken_for() {
            return false;
        }
        if self.caller.is_none() {
            self.caller = self.listener.as_ref().and_then(Caller::accept);
        }
        // One that says nothing, such as an executor that was stopped, gives way to the next.
        while let Some(caller) = &mut self.caller {
            match caller.hear() {
                Ok(Heard::All) => break,
                heard => match self.listener.as_ref().and_then(Caller::accept) {
                    None if heard.is_ok() => return false,
                    next => self.caller = next,
                },
            }
        }
        let given = self.caller.take().map(|caller| caller.given).unwrap_or_default();
        let Ok([orders, news, descriptors]) = <[OwnedFd; 3]>::try_from(given) else {
            return false;
        };
        let line = Line::open(orders, news, descriptors, Speaker::Caller(Moment::now()));
        let Ok(line) = line else {
            return false;
        };
        self.line = Some(line);
        true
    }
}

/// Whether a caller has handed over all it must.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Heard {
    All,
    NotAll,
}

impl Caller {
    fn accept(listener: &UnixListener) -> Option<Self> {
        let (socket, _) = listener.accept().ok()?;
        socket::peer(&socket)?;
        Some(Self { socket, given: Vec::new() })
    }

    fn hear(&mut self) -> io::Result<Heard> {
        while self.given.len() < 3 {
            match descriptor::receive(&self.socket) {
                Ok(end) => self.given.push(end),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return Ok(Heard::NotAll);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(Heard::All)
    }
}

impl Line {
    fn open(
        orders: OwnedFd,
        news: OwnedFd,
        descriptors: OwnedFd,
        speaker: Speaker,
    ) -> io::Result<Self> {
        rustix::io::ioctl_fionbio(&orders, true)?;
        rustix::io::ioctl_fionbio(&news, true)?;
        Ok(Self { orders, news, descriptors, inbox: Inbox::default(), speaker })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::awaited::eventually;
    use std::io::pipe;

    #[test]
    fn an_executor_calls_when_there_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let mut channel = Channel::default();
        channel.listen(folder.path());
        assert!(!channel.answer());
        let (orders, mine) = pipe().unwrap();
        let (news, theirs) = pipe().unwrap();
        let (descriptors, _mine) = UnixStream::pair().unwrap();
        let ends = [orders.as_fd(), theirs.as_fd(), descriptors.as_fd()];
        assert_eq!(call(folder.path(), ends).unwrap(), rustix::process::getpid());
        assert!(channel.answer() && channel.is_open());
        let mut outbox = Outbox::default();
        outbox.push(vec![7]);
        channel.write(&mut outbox).unwrap();
        assert_eq!(rustix::io::read(&news, &mut [0; 9]), Ok(1));
        rustix::io::write(&mine, &[0, 0, 0, 0, 7]).unwrap();
        assert_eq!(channel.fill().unwrap(), Filled::Some);
        assert!(channel.next().unwrap().is_some());
        // Another one waits until this one is gone.
        call(folder.path(), ends).unwrap();
        assert!(!channel.answer());
        assert!(!channel.is_left());
        rustix::io::write(&mine, b"an order").unwrap();
        drop(mine);
        assert!(eventually(|| channel.is_left()), "what it still ordered hides that it is gone");
        assert!(eventually(|| channel.fill().unwrap() == Filled::Closed));
        channel.lose();
        assert!(channel.answer());
        channel.close(folder.path());
        call(folder.path(), [news.as_fd(); 3]).unwrap_err();
    }

    #[test]
    fn who_gives_no_order_gives_way_and_keeps_nobody_waiting() {
        // Broken: whoever calls and says nothing keeps every executor out, and the supervisor alive.
        let folder = tempfile::tempdir().unwrap();
        let mut channel = Channel::default();
        channel.listen(folder.path());
        let (orders, _mine) = pipe().unwrap();
        let (_news, theirs) = pipe().unwrap();
        let (descriptors, _own) = UnixStream::pair().unwrap();
        let ends = [orders.as_fd(), theirs.as_fd(), descriptors.as_fd()];
        for _ in 0..3 {
            call(folder.path(), ends).unwrap();
            assert!(channel.answer());
        }
        assert!(!channel.answer());
        let now = Moment::now();
        assert!(channel.wake().is_some_and(|wake| now < wake.after_millis(SILENCE)));
        assert!(!channel.is_held(now.after_millis(SILENCE)));
    }

    #[test]
    fn who_hands_over_too_little_holds_nobody_up() {
        let folder = tempfile::tempdir().unwrap();
        let mut channel = Channel::default();
        channel.listen(folder.path());
        let silent = socket::connect(folder.path(), SOCKET).unwrap();
        assert!(!channel.answer());
        drop(silent);
        assert!(eventually(|| !channel.answer() && channel.caller.is_none()));
        // Broken: one that stays and says nothing keeps every other from the run for ever.
        let _silent = socket::connect(folder.path(), SOCKET).unwrap();
        assert!(!channel.answer());
        let (orders, _mine) = pipe().unwrap();
        let (_news, theirs) = pipe().unwrap();
        let (descriptors, _own) = UnixStream::pair().unwrap();
        call(folder.path(), [orders.as_fd(), theirs.as_fd(), descriptors.as_fd()]).unwrap();
        assert!(channel.answer() && channel.is_open());
    }
}
