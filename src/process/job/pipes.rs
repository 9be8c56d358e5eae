//! What passes through the pipes of a command: its input to it, and its output to the record and to
//! whoever follows it.

use rustix::io::Errno;

use super::{Around, Far, Job, Phase};
use crate::engine::{Conduct, Keep};
use crate::process::handshake::Handshake;
use crate::process::message::News;
use crate::process::relay::Relay;
use crate::process::sentinel::Stage;
use crate::process::streams::{Fed, Source};
use crate::session::Stream;

/// How much is read of one command before the others have their turn.
const AT_ONCE: usize = 1 << 20;

impl Job {
    /// Whether its terminal cannot take more for the moment; once it has ended nothing waits.
    pub(super) fn is_ahead(&self) -> bool {
        self.exited.is_none() && self.relay.as_ref().is_some_and(Relay::is_full)
    }

    /// Whether both pipes are at their end.
    pub(super) fn is_silent(&self) -> bool {
        self.stdout.pipe.is_none() && self.stderr.pipe.is_none()
    }

    /// Gives it what its pipe takes of its input.
    pub(super) fn feed(&mut self) {
        if let Some(feed) = &mut self.stdin
            && feed.write() == Fed::Done
        {
            self.stdin = None;
        }
    }

    /// Takes what stands in its pipes.
    pub(super) fn pump(&mut self, around: &mut Around<'_>) {
        for stream in [Stream::Stdout, Stream::Stderr] {
            let mut budget = AT_ONCE;
            while budget > 0 && !self.is_ahead() {
                let source = self.source(stream);
                let Some(pipe) = &source.pipe else {
                    break;
                };
                match rustix::io::read(pipe, &mut *around.buffer) {
                    Ok(0) => source.pipe = None,
                    Ok(count) => {
                        budget = budget.saturating_sub(count);
                        self.heard = around.now;
                        let buffer = std::mem::take(&mut around.buffer);
                        self.take(stream, &buffer[..count], around);
                        around.buffer = buffer;
                    }
                    Err(Errno::INTR) => {}
                    Err(Errno::AGAIN) => break,
                    Err(_) => source.pipe = None,
                }
            }
        }
    }

    fn source(&mut self, stream: Stream) -> &mut Source {
        match stream {
            Stream::Stderr => &mut self.stderr,
            Stream::Stdout => &mut self.stdout,
        }
    }

    fn take(&mut self, stream: Stream, bytes: &[u8], around: &mut Around<'_>) {
        let passed;
        let bytes = if stream == Stream::Stdout && self.launch.handshake.is_some() {
            passed = self.sentinel.pass(bytes);
            self.begin();
            &passed
        } else {
            bytes
        };
        self.source(stream).head.take(bytes);
        let shown = self.recorder.take(around.patterns, stream, bytes, around.now);
        match &self.launch.conduct {
            Conduct::Background { .. } => {
                let printed = if self.launch.keep == Keep::Output { shown } else { bytes };
                if self.readiness.comes(stream, printed) {
                    around.display.outbox.push(News::Ready(self.launch.attempt).frame());
                }
            }
            Conduct::Followed => around.display.show(self.launch.attempt, stream, shown),
            Conduct::Interactive { .. } => {
                if let Some(relay) = &mut self.relay {
                    relay.show(around.patterns, bytes, around.now);
                }
            }
        }
    }

    /// Lets a command at a target begin once the shell there is ready.
    fn begin(&mut self) {
        let ready = self.sentinel.stage() == Stage::Ready && self.far == Far::Waits;
        if let Some(feed) =
            self.stdin.as_mut().filter(|_| ready && matches!(self.phase, Phase::Running))
        {
            feed.push(format!("{}\n", Handshake::GO).as_bytes());
            self.far = Far::Begun;
            self.feed();
        }
    }

    /// Ends the streams: what was held back is decided.
    pub(crate) fn flush(&mut self, around: &mut Around<'_>) {
        let rest = self.sentinel.flush();
        if !rest.is_empty() {
            self.take(Stream::Stdout, &rest, around);
        }
        for stream in [Stream::Stdout, Stream::Stderr] {
            let shown = self.recorder.flush(around.patterns, stream, around.now);
            if self.launch.conduct == Conduct::Followed {
                around.display.show(self.launch.attempt, stream, &shown);
            }
        }
        self.give_back(around.patterns);
        around.display.settle(self.launch.attempt);
    }
}
