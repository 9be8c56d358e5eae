//! What a program prints, read by nobody but whoever waits for it: no thread can come too late for
//! its last words.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::process::Child;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fd::OwnedFd;

use super::moment::timespec;

/// What is read of one stream at once. A pipe holds no more, unless its owner asks for more.
const PIECE: usize = 64 << 10;

/// What comes from a program.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Piece<'a> {
    /// From its standard output.
    Output(&'a [u8]),
    /// From its standard error.
    Error(&'a [u8]),
}

/// The two streams of a program. One that has ended is gone.
pub(super) struct Streams {
    output: Option<File>,
    error: Option<File>,
    buffer: Vec<u8>,
}

impl Streams {
    /// Takes the streams of a program that was started with pipes.
    pub(super) fn of(child: &mut Child) -> Self {
        Self {
            output: child.stdout.take().map(|it| ready(it.into())),
            error: child.stderr.take().map(|it| ready(it.into())),
            buffer: vec![0; PIECE],
        }
    }

    /// Whether both have ended.
    pub(super) fn are_over(&self) -> bool {
        self.output.is_none() && self.error.is_none()
    }

    /// Waits until something may have come, at most so long.
    pub(super) fn wait(&self, most: Duration) {
        let open = self.output.iter().chain(&self.error);
        let mut fds: Vec<PollFd<'_>> =
            open.map(|stream| PollFd::new(stream, PollFlags::IN)).collect();
        // Interrupted or not: whoever waits looks at both.
        let _ = poll(&mut fds, Some(&timespec(most)));
    }

    /// Hands on what is there, of each at most one piece; whether there was anything.
    pub(super) fn take(&mut self, mut hand: impl FnMut(Piece<'_>)) -> bool {
        let one = taken(&mut self.output, &mut self.buffer, |bytes| hand(Piece::Output(bytes)));
        let other = taken(&mut self.error, &mut self.buffer, |bytes| hand(Piece::Error(bytes)));
        one || other
    }
}

/// A stream that is read without waiting for it.
fn ready(stream: OwnedFd) -> File {
    rustix::io::ioctl_fionbio(&stream, true).expect("a pipe of our own can be read so");
    File::from(stream)
}

fn taken(stream: &mut Option<File>, buffer: &mut [u8], hand: impl FnOnce(&[u8])) -> bool {
    let Some(open) = stream else { return false };
    match open.read(buffer) {
        Ok(count) if count > 0 => {
            hand(&buffer[..count]);
            true
        }
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {
            false
        }
        Ok(_) | Err(_) => {
            *stream = None;
            false
        }
    }
}
