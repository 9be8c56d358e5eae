//! The signals that reach this program: caught by handlers that are installed once, and told to
//! whoever polls through a readable descriptor. From then on Ctrl-C ends nothing by itself: whoever
//! waits must also wait for [`Signals`].

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGTSTP, SIGUSR1, SIGWINCH, SIGXFSZ};

use super::moment::timespec;

/// What arrived.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Arrived {
    /// Another process asks for something: SIGUSR1.
    Called,
    /// The terminal is gone, or the system asks the program to end.
    HangUp,
    /// Ctrl-C.
    Interrupt,
    /// Ctrl-Z.
    Suspend,
}

/// The signals of this program.
#[derive(Debug)]
pub struct Signals {
    wake: OwnedFd,
    /// Rings the bell again for what was heard and not taken.
    ring: UnixStream,
    interrupt: Arc<AtomicBool>,
    /// A byte for each interrupt: two that come at once are two.
    interrupts: OwnedFd,
    /// How many of them have been counted and not taken.
    counted: AtomicUsize,
    hang_up: Arc<AtomicBool>,
    suspend: Arc<AtomicBool>,
    called: Arc<AtomicBool>,
    resized: Arc<AtomicBool>,
}

impl Signals {
    /// The signals, with their handlers installed at the first call.
    pub fn get() -> io::Result<&'static Self> {
        static SIGNALS: OnceLock<Signals> = OnceLock::new();
        if let Some(signals) = SIGNALS.get() {
            return Ok(signals);
        }
        let new = Self::install()?;
        Ok(SIGNALS.get_or_init(|| new))
    }

    fn install() -> io::Result<Self> {
        let (wake, ring) = bell()?;
        let (interrupts, count) = bell()?;
        let interrupt = Arc::new(AtomicBool::new(false));
        signal_hook::low_level::pipe::register(SIGINT, count)?;
        let hang_up = Arc::new(AtomicBool::new(false));
        let suspend = Arc::new(AtomicBool::new(false));
        let called = Arc::new(AtomicBool::new(false));
        let resized = Arc::new(AtomicBool::new(false));
        for (signal, flag) in [
            (SIGINT, &interrupt),
            (SIGTERM, &hang_up),
            (SIGHUP, &hang_up),
            (SIGTSTP, &suspend),
            (SIGUSR1, &called),
            (SIGWINCH, &resized),
        ] {
            // First the flag, then the bell: whoever hears the bell finds the flag.
            signal_hook::flag::register(signal, Arc::clone(flag))?;
            signal_hook::low_level::pipe::register(signal, ring.try_clone()?)?;
        }
        let counted = AtomicUsize::new(0);
        Ok(Self { wake, ring, interrupt, interrupts, counted, hang_up, suspend, called, resized })
    }

    /// Waits for what arrives next, at most for a while.
    pub fn wait(&self, most: Duration) -> Option<Arrived> {
        if let Some(arrived) = self.take() {
            return Some(arrived);
        }
        let mut fds = [PollFd::new(&self.wake, PollFlags::IN)];
        // An interrupted wait is a short wait.
        let _ = poll(&mut fds, Some(&timespec(most)));
        self.take()
    }

    /// Set while an interrupt has arrived that was not taken, for those who look at it between two
    /// steps of a wait.
    pub fn interrupted(&self) -> &AtomicBool {
        &self.interrupt
    }

    /// Whether the terminal's size changed since the last call.
    pub fn take_resized(&self) -> bool {
        self.resized.swap(false, Ordering::SeqCst)
    }

    /// Forgets a Ctrl-Z that was not taken.
    pub(crate) fn forget_suspend(&self) {
        self.suspend.store(false, Ordering::SeqCst);
    }

    /// Takes what arrived since the last call. A hang-up goes before an interrupt, which goes before
    /// Ctrl-Z. Whoever called last and was passed over calls again.
    pub fn take(&self) -> Option<Arrived> {
        silence(self.wake.as_fd());
        if self.hang_up.swap(false, Ordering::SeqCst) {
            // Told for good: an interrupt beside it is looked at in the next call.
            return Some(Arrived::HangUp);
        }
        if self.take_interrupt() {
            return Some(Arrived::Interrupt);
        }
        if self.suspend.swap(false, Ordering::SeqCst) {
            return Some(Arrived::Suspend);
        }
        self.called.swap(false, Ordering::SeqCst).then_some(Arrived::Called)
    }

    fn take_interrupt(&self) -> bool {
        self.interrupt.store(false, Ordering::SeqCst);
        let new = silence(self.interrupts.as_fd());
        let waiting = self.counted.load(Ordering::SeqCst) + new;
        let left = waiting.saturating_sub(1);
        self.counted.store(left, Ordering::SeqCst);
        if left > 0 {
            self.interrupt.store(true, Ordering::SeqCst);
            // A bell that is full rings in any case.
            let _ = rustix::io::write(&self.ring, b"x");
        }
        waiting > 0
    }
}

impl AsFd for Signals {
    /// Readable when something arrived that was not taken.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.wake.as_fd()
    }
}

/// A limit on the size of files is a full disk: from now on the write fails, and that is said. What
/// this program starts is not concerned, for a handler does not survive `exec`.
pub fn outlive_file_limits() -> io::Result<()> {
    signal_hook::flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false))).map(drop)
}

/// A descriptor to poll, and its other end for handlers.
pub(crate) fn bell() -> io::Result<(OwnedFd, UnixStream)> {
    let (wake, ring) = UnixStream::pair()?;
    wake.set_nonblocking(true)?;
    ring.set_nonblocking(true)?;
    Ok((wake.into(), ring))
}

/// Reads what rang; returns how often it did.
pub(crate) fn silence(wake: BorrowedFd<'_>) -> usize {
    let mut rung = 0;
    let mut buffer = [0; 64];
    loop {
        match rustix::io::read(wake, &mut buffer) {
            Ok(0) => return rung,
            Ok(count) => rung += count,
            Err(Errno::INTR) => {}
            Err(_) => return rung,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use signal_hook::low_level::raise;

    const LONG: Duration = Duration::from_secs(20);

    #[test]
    fn each_signal_is_told_once_and_wakes_whoever_waits() {
        let signals = Signals::get().unwrap();
        assert_eq!(signals.take(), None);
        for (signal, expected) in [
            (SIGINT, Arrived::Interrupt),
            (SIGTERM, Arrived::HangUp),
            (SIGHUP, Arrived::HangUp),
            (SIGTSTP, Arrived::Suspend),
            (SIGUSR1, Arrived::Called),
        ] {
            raise(signal).unwrap();
            assert_eq!(signals.wait(LONG), Some(expected));
            assert_eq!(signals.take(), None);
        }
        raise(SIGINT).unwrap();
        raise(SIGHUP).unwrap();
        assert!(signals.interrupted().load(Ordering::SeqCst));
        assert_eq!(signals.take(), Some(Arrived::HangUp));
        assert_eq!(signals.take(), Some(Arrived::Interrupt));
        // Whoever presses Ctrl-C twice at once means it twice.
        raise(SIGINT).unwrap();
        raise(SIGINT).unwrap();
        assert_eq!(signals.wait(LONG), Some(Arrived::Interrupt));
        assert!(signals.interrupted().load(Ordering::SeqCst));
        let mut fds = [PollFd::new(signals, PollFlags::IN)];
        assert_eq!(poll(&mut fds, Some(&timespec(LONG))), Ok(1), "nothing wakes for the second");
        assert_eq!(signals.wait(LONG), Some(Arrived::Interrupt));
        assert_eq!(signals.take(), None);
        assert!(!signals.interrupted().load(Ordering::SeqCst));
    }
}
