//! Ctrl-Z: this program stops as its shell expects, and goes on when the shell says so.

use rustix::process::{Signal, getpid, kill_process};

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
///
/// What the kernel tells through `/proc` is read, as a process from outside of this container has
/// the number 0 there, which the calls for it cannot give back as a process.
pub fn can_be_continued() -> bool {
    let Some(own) = Stat::of(getpid().as_raw_nonzero().get()).filter(|own| own.is_in_a_session())
    else {
        return false;
    };
    let mut below = own;
    while let Some(above) = Stat::of(below.parent()).filter(|above| above.shares_session(own)) {
        if !above.shares_group(own) {
            return true;
        }
        below = above;
    }
    false
}
