//! The signals of the supervisor: which it obeys, and which it only catches so that its commands do
//! not inherit them ignored.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use signal_hook::consts;

use super::signals::bell;

/// The signals of the supervisor.
pub(crate) struct Caught {
    pub(crate) wake: OwnedFd,
    /// Somebody asks the supervisor to end.
    pub(crate) leave: Arc<AtomicBool>,
    /// A child ended.
    pub(crate) child: Arc<AtomicBool>,
}

impl Caught {
    /// A caught signal is the default one again in a command, even where this program was started
    /// with it ignored: a handler does not survive `exec`, to be ignored does.
    pub(crate) fn install() -> io::Result<Self> {
        let (wake, ring) = bell()?;
        let leave = Arc::new(AtomicBool::new(false));
        let child = Arc::new(AtomicBool::new(false));
        for (signal, flag) in
            [(consts::SIGTERM, &leave), (consts::SIGHUP, &leave), (consts::SIGCHLD, &child)]
        {
            signal_hook::flag::register(signal, Arc::clone(flag))?;
            signal_hook::low_level::pipe::register(signal, UnixStream::try_clone(&ring)?)?;
        }
        for signal in [
            consts::SIGINT,
            consts::SIGQUIT,
            consts::SIGPIPE,
            consts::SIGALRM,
            consts::SIGUSR1,
            consts::SIGUSR2,
            consts::SIGTSTP,
            consts::SIGTTIN,
            consts::SIGTTOU,
            consts::SIGWINCH,
            consts::SIGURG,
            consts::SIGXCPU,
            consts::SIGXFSZ,
            consts::SIGVTALRM,
            consts::SIGPROF,
            consts::SIGIO,
            consts::SIGCONT,
        ] {
            signal_hook::flag::register(signal, Arc::new(AtomicBool::new(false)))?;
        }
        Ok(Self { wake, leave, child })
    }
}
