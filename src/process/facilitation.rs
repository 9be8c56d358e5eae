//! Leading a drill from a second terminal: the drill listens at a socket in its run's folder, and
//! another process of the same user comes to it. One of them has the seat; others are turned away.
//! What comes in is bounded, and whoever sends anything else is gone: a drill never waits for them.
//! What the messages mean is not known here.

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, epoll, poll};

use super::frame::{Filled, Inbox, Outbox, Packer};
use super::moment::{Moment, timespec};
use super::socket;

/// Where whoever leads a drill comes to it, in the run's folder.
const SOCKET: &str = "facilitator.socket";

/// The only kind of frame.
const MESSAGE: u8 = 1;

/// No message to a drill is longer.
const LONGEST_WISH: usize = 16 * 1024;

/// No message from a drill is longer.
const LONGEST_NEWS: usize = 16 << 20;

/// Whoever lets so much wait does not read.
const MOST_UNREAD: usize = 32 << 20;

/// So many may have come without a word.
const MOST_SILENT: usize = 8;

/// The end of a drill.
#[derive(Debug)]
pub struct Facilitation {
    folder: PathBuf,
    listener: UnixListener,
    /// Readable when something came in, or an alarm beside it rang.
    wake: OwnedFd,
    /// Who has come and said nothing yet.
    silent: VecDeque<Peer>,
    /// Who has just said something for the first time.
    asks: Option<Peer>,
    /// Who leads.
    seat: Option<Peer>,
}

/// What a drill hears.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Heard {
    /// The first words of somebody new: they are seated, or turned away.
    Came(Vec<u8>),
    /// Whoever had the seat is gone.
    Left,
    /// Whoever has the seat says this.
    Said(Vec<u8>),
}

impl Facilitation {
    /// From now on somebody can come. The caller holds the run's lock, so that nobody else listens
    /// there.
    pub fn listen(folder: &Path) -> io::Result<Self> {
        let listener = socket::listen(folder, SOCKET)?;
        let wake = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        watch(&wake, &listener)?;
        let (silent, folder) = (VecDeque::new(), folder.to_owned());
        Ok(Self { folder, listener, wake, silent, asks: None, seat: None })
    }

    /// Wakes for this, too.
    pub fn wake_for(&self, other: impl AsFd) -> io::Result<()> {
        watch(&self.wake, other)
    }

    /// What was heard, if anything was. Never waits.
    pub fn hear(&mut self) -> Option<Heard> {
        self.welcome();
        if let Some(seat) = &mut self.seat {
            match seat.hear() {
                Ok(Some(said)) => return Some(Heard::Said(said)),
                Ok(None) => {}
                Err(_) => {
                    self.seat = None;
                    return Some(Heard::Left);
                }
            }
        }
        let mut place = 0;
        while let Some(peer) = self.silent.get_mut(place) {
            match peer.hear() {
                Ok(None) => place += 1,
                Ok(Some(said)) => {
                    self.asks = self.silent.remove(place);
                    return Some(Heard::Came(said));
                }
                Err(_) => drop(self.silent.remove(place)),
            }
        }
        None
    }

    /// Seats whoever said something last.
    pub fn seat(&mut self) {
        self.seat = self.asks.take();
    }

    /// Turns them away with these words.
    pub fn turn_away(&mut self, words: &[u8]) {
        if let Some(mut peer) = self.asks.take() {
            // Whoever does not read it learns as much from the end of the connection.
            let _gone = peer.say(words);
        }
    }

    /// Whoever has the seat leads no more.
    pub fn unseat(&mut self) {
        self.seat = None;
    }

    /// Tells whoever leads something. Never waits: one who does not read is gone, which is heard.
    pub fn say(&mut self, message: &[u8]) {
        if let Some(seat) = &mut self.seat {
            seat.fails |= seat.say(message).is_err();
        }
    }

    /// Waits until whoever leads has been told all that was said, at most so long.
    pub fn finish(&mut self, most: Duration) {
        let until = Moment::now().after(most);
        let Some(seat) = &mut self.seat else { return };
        while !seat.fails && seat.outbox.waiting() > 0 {
            let left = until.since(Moment::now());
            if left.is_zero() || seat.outbox.write(&seat.socket).is_err() {
                return;
            }
            let mut fds = [PollFd::new(&seat.socket, PollFlags::OUT)];
            // Whatever ends the wait, the write that follows says what there is.
            let _ready = poll(&mut fds, Some(&timespec(left)));
        }
    }

    fn welcome(&mut self) {
        while let Ok((socket, _)) = self.listener.accept() {
            let welcome = socket::peer(&socket).is_some()
                && socket.set_nonblocking(true).is_ok()
                && watch(&self.wake, &socket).is_ok();
            if !welcome {
                continue;
            }
            if self.silent.len() == MOST_SILENT {
                self.silent.pop_front();
            }
            self.silent.push_back(Peer::of(socket, LONGEST_WISH));
        }
    }
}

impl AsFd for Facilitation {
    /// Readable when there is something to hear.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.wake.as_fd()
    }
}

impl Drop for Facilitation {
    fn drop(&mut self) {
        // The lock is still held: it is this one's socket.
        let _ = std::fs::remove_file(self.folder.join(SOCKET));
    }
}

/// Whether a drill listens in a folder, or died while it did.
pub fn is_led_at(folder: &Path) -> bool {
    folder.join(SOCKET).exists()
}

fn watch(wake: &OwnedFd, other: impl AsFd) -> io::Result<()> {
    let data = epoll::EventData::new_u64(0);
    Ok(epoll::add(wake, other, data, epoll::EventFlags::IN)?)
}

/// The end of whoever leads a drill.
#[derive(Debug)]
pub struct Facilitator(Peer);

impl Facilitator {
    /// Comes to the drill of a run.
    pub fn come_to(folder: &Path) -> io::Result<Self> {
        let socket = socket::connect(folder, SOCKET)?;
        if socket::peer(&socket).is_none() {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        socket.set_nonblocking(true)?;
        Ok(Self(Peer::of(socket, LONGEST_NEWS)))
    }

    /// Tells the drill something.
    pub fn say(&mut self, message: &[u8]) -> io::Result<()> {
        self.0.say(message)
    }

    /// What the drill says, if it says something now; an error if it is gone. Never waits.
    pub fn hear(&mut self) -> io::Result<Option<Vec<u8>>> {
        self.0.hear()
    }
}

impl AsFd for Facilitator {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.socket.as_fd()
    }
}

/// Somebody at the other end.
struct Peer {
    socket: UnixStream,
    inbox: Inbox,
    outbox: Outbox,
    /// They could not be told something.
    fails: bool,
}

impl std::fmt::Debug for Peer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Peer").field("socket", &self.socket).finish_non_exhaustive()
    }
}

impl Peer {
    fn of(socket: UnixStream, longest: usize) -> Self {
        let (inbox, outbox) = (Inbox::at_most(longest), Outbox::default());
        Self { socket, inbox, outbox, fails: false }
    }

    /// The next message that is whole; an error when they are gone or are none of ours.
    fn hear(&mut self) -> io::Result<Option<Vec<u8>>> {
        if self.fails {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        self.outbox.write(&self.socket)?;
        loop {
            match self.inbox.next() {
                Ok(Some(frame)) if frame.kind == MESSAGE => return Ok(Some(frame.body)),
                Ok(None) => {}
                Ok(Some(_)) | Err(_) => return Err(io::ErrorKind::InvalidData.into()),
            }
            match self.inbox.fill(&self.socket)? {
                Filled::Closed => return Err(io::ErrorKind::UnexpectedEof.into()),
                Filled::Nothing => return Ok(None),
                Filled::Some => {}
            }
        }
    }

    fn say(&mut self, message: &[u8]) -> io::Result<()> {
        if self.outbox.waiting() > MOST_UNREAD {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.outbox.push(framed(message));
        self.outbox.write(&self.socket)
    }
}

/// A message as it goes over the wire: what a frame holds is the message alone.
fn framed(message: &[u8]) -> Vec<u8> {
    Packer::of(message).frame(MESSAGE)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    /// What is heard next, once there is something.
    fn awaited(drill: &mut Facilitation) -> Heard {
        let until = Moment::now().after(Duration::from_mins(1));
        loop {
            if let Some(heard) = drill.hear() {
                return heard;
            }
            assert!(Moment::now() < until, "nothing was heard");
            let mut fds = [PollFd::new(&*drill, PollFlags::IN)];
            poll(&mut fds, Some(&timespec(Duration::from_secs(1)))).unwrap();
        }
    }

    fn told(leader: &mut Facilitator) -> io::Result<Vec<u8>> {
        let until = Moment::now().after(Duration::from_mins(1));
        loop {
            if let Some(message) = leader.hear()? {
                return Ok(message);
            }
            assert!(Moment::now() < until, "nothing was told");
            let mut fds = [PollFd::new(&*leader, PollFlags::IN)];
            poll(&mut fds, Some(&timespec(Duration::from_secs(1)))).unwrap();
        }
    }

    #[test]
    fn one_has_the_seat_and_another_is_turned_away() {
        let folder = tempfile::tempdir().unwrap();
        let mut drill = Facilitation::listen(folder.path()).unwrap();
        let mut dana = Facilitator::come_to(folder.path()).unwrap();
        dana.say(b"dana").unwrap();
        assert_eq!(awaited(&mut drill), Heard::Came(b"dana".to_vec()));
        drill.seat();
        drill.say(b"welcome");
        assert_eq!(told(&mut dana).unwrap(), b"welcome");
        let mut erin = Facilitator::come_to(folder.path()).unwrap();
        erin.say(b"erin").unwrap();
        assert_eq!(awaited(&mut drill), Heard::Came(b"erin".to_vec()));
        drill.turn_away(b"dana leads it");
        assert_eq!(told(&mut erin).unwrap(), b"dana leads it");
        assert!(told(&mut erin).is_err());
        dana.say(b"tell").unwrap();
        assert_eq!(awaited(&mut drill), Heard::Said(b"tell".to_vec()));
        drop(dana);
        assert_eq!(awaited(&mut drill), Heard::Left);
        drop(drill);
        assert!(Facilitator::come_to(folder.path()).is_err());
    }

    #[test]
    fn junk_is_nobody_and_keeps_nobody_from_the_seat() {
        let folder = tempfile::tempdir().unwrap();
        let mut drill = Facilitation::listen(folder.path()).unwrap();
        let mut silent = Vec::new();
        for _ in 0..3 * MOST_SILENT {
            silent.push(socket::connect(folder.path(), SOCKET).unwrap());
            assert_eq!(drill.hear(), None);
        }
        let too_long = u32::try_from(LONGEST_WISH + 1).unwrap().to_le_bytes();
        for junk in [&b"GET / HTTP/1.1\r\n\r\n"[..], &[0xff; 64], &[&too_long[..], &[1]].concat()] {
            let mut peer = socket::connect(folder.path(), SOCKET).unwrap();
            peer.write_all(junk).unwrap();
            assert_eq!(drill.hear(), None);
            assert!(drill.silent.len() <= MOST_SILENT);
        }
        let mut dana = Facilitator::come_to(folder.path()).unwrap();
        dana.say(b"dana").unwrap();
        assert_eq!(awaited(&mut drill), Heard::Came(b"dana".to_vec()));
    }

    #[test]
    fn a_leader_who_does_not_read_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let mut drill = Facilitation::listen(folder.path()).unwrap();
        let mut dana = Facilitator::come_to(folder.path()).unwrap();
        dana.say(b"dana").unwrap();
        awaited(&mut drill);
        drill.seat();
        let news = vec![b'x'; 1 << 20];
        for _ in 0..40 {
            drill.say(&news);
        }
        assert_eq!(awaited(&mut drill), Heard::Left);
        drill.finish(Duration::from_mins(1));
    }
}
