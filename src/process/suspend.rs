//! Ctrl-Z: this program stops as its shell expects, and goes on when the shell says so.

use rustix::process::{Pid, Signal, getpgid, getpid, getppid, getsid, kill_process};

use super::members::Stat;
use super::signals::Signals;

/// Stops this program until it is continued. Does nothing where nobody could continue it, as the
/// system itself ignores Ctrl-Z there: it would hang for good.
pub fn suspend() {
    if can_be_continued() {
        // It reaches this program itself, which is there to be stopped.
        let _ = kill_process(getpid(), Signal::STOP);
    }
    // One stop answers every Ctrl-Z that came before it, also one that was meant for an editor.
    if let Ok(signals) = Signals::get() {
        signals.forget_suspend();
    }
}

/// Whether a shell of this session is above this program's process group, and waits for it.
pub fn can_be_continued() -> bool {
    let (Ok(session), Ok(group)) = (getsid(None), getpgid(None)) else {
        return false;
    };
    let mut above = getppid();
    while let Some(process) = above {
        if getsid(Some(process)) != Ok(session) {
            return false;
        }
        if getpgid(Some(process)) != Ok(group) {
            return true;
        }
        above =
            Stat::of(process.as_raw_nonzero().get()).and_then(|stat| Pid::from_raw(stat.parent()));
    }
    false
}
