//! Length-prefixed frames over the pipe between executor and supervisor: an [`Inbox`] takes them
//! apart however the bytes arrive, an [`Outbox`] hands them out without ever waiting. It knows
//! nothing of what the frames mean.

use std::collections::VecDeque;
use std::io;
use std::os::fd::AsFd;

use rustix::io::Errno;

/// No frame is longer: a length above it means that the stream is not ours.
const LONGEST: usize = 1 << 30;
const HEAD: usize = 5;
const READ_AT_ONCE: usize = 64 * 1024;

/// Bytes that are not what they should be.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the other side sent something that is no message")]
pub(crate) struct Malformed;

/// Puts a message together.
#[derive(Default)]
pub(crate) struct Packer(Vec<u8>);

impl Packer {
    /// Holds these bytes alone.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }

    pub(crate) fn number(&mut self, number: u64) -> &mut Self {
        self.0.extend_from_slice(&number.to_le_bytes());
        self
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.number(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
        self
    }

    /// The frame: its length, its kind, and what was put in.
    pub(crate) fn frame(&self, kind: u8) -> Vec<u8> {
        let length = u32::try_from(self.0.len()).expect("no message comes near 4 GiB");
        let mut frame = Vec::with_capacity(HEAD + self.0.len());
        frame.extend_from_slice(&length.to_le_bytes());
        frame.push(kind);
        frame.extend_from_slice(&self.0);
        frame
    }
}

/// Takes a message apart, in the order in which it was put together.
pub(crate) struct Unpacker<'a>(&'a [u8]);

impl<'a> Unpacker<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn number(&mut self) -> Result<u64, Malformed> {
        let (head, rest) = self.0.split_first_chunk::<8>().ok_or(Malformed)?;
        self.0 = rest;
        Ok(u64::from_le_bytes(*head))
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], Malformed> {
        let length = usize::try_from(self.number()?).map_err(|_| Malformed)?;
        let (bytes, rest) = self.0.split_at_checked(length).ok_or(Malformed)?;
        self.0 = rest;
        Ok(bytes)
    }
}

/// A frame that arrived.
#[derive(Eq, PartialEq)]
pub(crate) struct Frame {
    pub(crate) kind: u8,
    pub(crate) body: Vec<u8>,
}

/// What a read brought.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Filled {
    /// The other side is gone.
    Closed,
    /// Nothing, for now.
    Nothing,
    /// Something.
    Some,
}

/// Bytes that arrived and are not taken yet.
pub(crate) struct Inbox {
    /// No frame is longer.
    longest: usize,
    buffer: Vec<u8>,
    taken: usize,
    /// Where a read goes, made once: to clear so much at each read costs more than the reads.
    arriving: Vec<u8>,
}

impl Default for Inbox {
    fn default() -> Self {
        Self::at_most(LONGEST)
    }
}

impl Inbox {
    /// One that takes no longer frames than these.
    pub(crate) fn at_most(longest: usize) -> Self {
        Self { longest, buffer: Vec::new(), taken: 0, arriving: Vec::new() }
    }

    /// Reads what is there, once.
    pub(crate) fn fill(&mut self, from: impl AsFd) -> io::Result<Filled> {
        if self.taken > 0 {
            self.buffer.drain(..self.taken);
            self.taken = 0;
        }
        self.arriving.resize(READ_AT_ONCE, 0);
        match rustix::io::read(from, &mut self.arriving) {
            Ok(0) => Ok(Filled::Closed),
            Ok(count) => {
                self.buffer.extend_from_slice(&self.arriving[..count]);
                Ok(Filled::Some)
            }
            Err(Errno::AGAIN | Errno::INTR) => Ok(Filled::Nothing),
            Err(error) => Err(error.into()),
        }
    }

    /// The next whole frame, if there is one.
    pub(crate) fn next(&mut self) -> Result<Option<Frame>, Malformed> {
        let rest = &self.buffer[self.taken..];
        let Some((head, rest)) = rest.split_first_chunk::<HEAD>() else {
            return Ok(None);
        };
        let length = u32::from_le_bytes([head[0], head[1], head[2], head[3]]) as usize;
        if length > self.longest {
            return Err(Malformed);
        }
        let Some(body) = rest.get(..length) else {
            return Ok(None);
        };
        let frame = Frame { kind: head[4], body: body.to_vec() };
        self.taken += HEAD + length;
        Ok(Some(frame))
    }
}

/// Frames that wait for the other side to read.
#[derive(Default)]
pub(crate) struct Outbox {
    queue: VecDeque<Vec<u8>>,
    /// How much of the first frame is written.
    written: usize,
    waiting: usize,
}

impl Outbox {
    pub(crate) fn push(&mut self, frame: Vec<u8>) {
        self.waiting += frame.len();
        self.queue.push_back(frame);
    }

    /// How many bytes wait.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting
    }

    /// Writes as much as the pipe takes. The pipe must not block.
    pub(crate) fn write(&mut self, to: impl AsFd) -> io::Result<()> {
        while let Some(frame) = self.queue.front() {
            match rustix::io::write(&to, &frame[self.written..]) {
                Ok(count) => {
                    self.written += count;
                    self.waiting -= count;
                    if self.written == frame.len() {
                        self.queue.pop_front();
                        self.written = 0;
                    }
                }
                Err(Errno::AGAIN) => return Ok(()),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Forgets everything: nobody will read it.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_arrives_whole_however_it_is_cut() {
        let mut packer = Packer::default();
        packer.number(7).bytes(b"\xff\0text").bytes(b"");
        let sent = [packer.frame(3), Packer::default().frame(4)].concat();
        for cut in 0..=sent.len() {
            let mut inbox = Inbox::default();
            let mut frames = Vec::new();
            for part in [&sent[..cut], &sent[cut..]] {
                inbox.buffer.extend_from_slice(part);
                while let Some(frame) = inbox.next().unwrap() {
                    frames.push(frame);
                }
            }
            assert_eq!(frames.len(), 2, "cut at {cut}");
            let mut unpacker = Unpacker::new(&frames[0].body);
            assert_eq!(unpacker.number(), Ok(7));
            assert_eq!(unpacker.bytes(), Ok(&b"\xff\0text"[..]));
            assert_eq!(unpacker.bytes(), Ok(&b""[..]));
            assert_eq!(unpacker.number(), Err(Malformed));
            assert_eq!((frames[0].kind, frames[1].kind), (3, 4));
        }
    }

    #[test]
    fn a_length_beyond_all_reason_is_malformed() {
        let mut inbox = Inbox::default();
        inbox.buffer.extend_from_slice(&[0xff; 16]);
        assert!(inbox.next().is_err());
    }

    #[test]
    fn a_length_inside_a_message_cannot_reach_beyond_it() {
        let mut packer = Packer::default();
        packer.number(u64::MAX);
        let frame = packer.frame(0);
        assert_eq!(Unpacker::new(&frame[HEAD..]).bytes(), Err(Malformed));
    }

    #[test]
    fn a_full_pipe_is_not_waited_for() {
        let (read, write) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::NONBLOCK).unwrap();
        let mut outbox = Outbox::default();
        let mut packer = Packer::default();
        packer.bytes(&vec![b'x'; 300_000]);
        outbox.push(packer.frame(1));
        outbox.write(&write).unwrap();
        assert!(outbox.waiting() > 0);
        let mut inbox = Inbox::default();
        let frame = loop {
            inbox.fill(&read).unwrap();
            outbox.write(&write).unwrap();
            if let Some(frame) = inbox.next().unwrap() {
                break frame;
            }
        };
        assert_eq!(frame.body.len(), 300_008);
        assert_eq!(outbox.waiting(), 0);
    }
}
