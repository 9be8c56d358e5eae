//! Hands an open descriptor from one process to another over a socket. A terminal is handed over
//! this way, and not by its path: whoever became another user since may use it, but not open it.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};

/// Sends a descriptor; it stays open here, too.
pub(crate) fn send(socket: impl AsFd, descriptor: impl AsFd) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    let descriptors = [descriptor.as_fd()];
    control.push(SendAncillaryMessage::ScmRights(&descriptors));
    sendmsg(socket, &[IoSlice::new(b"d")], &mut control, SendFlags::NOSIGNAL)?;
    Ok(())
}

/// Takes the descriptor that was sent; never waits for one.
pub(crate) fn receive(socket: impl AsFd) -> io::Result<OwnedFd> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut byte = [0];
    let flags = RecvFlags::CMSG_CLOEXEC | RecvFlags::DONTWAIT;
    recvmsg(socket, &mut [IoSliceMut::new(&mut byte)], &mut control, flags)?;
    let sent = control.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut descriptors) => descriptors.next(),
        _ => None,
    });
    sent.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixStream;

    #[test]
    fn what_is_sent_is_the_same_open_file() {
        let (one, other) = UnixStream::pair().unwrap();
        // Closed in whatever other tests start meanwhile.
        let (read, write) = std::io::pipe().unwrap();
        send(&one, &write).unwrap();
        drop(write);
        rustix::io::write(receive(&other).unwrap(), b"x").unwrap();
        let mut bytes = [0; 2];
        assert_eq!(rustix::io::read(&read, &mut bytes), Ok(1));
        // Nothing holds the other end any more.
        assert_eq!(rustix::io::read(&read, &mut bytes), Ok(0));
    }

    #[test]
    fn none_is_waited_for() {
        let (_one, other) = UnixStream::pair().unwrap();
        receive(&other).unwrap_err();
    }
}
