//! Output on its way to the executor, for display only: when the executor does not read, pieces are
//! left out and counted, so that a slow terminal never slows a command.

use std::collections::BTreeMap;

use super::frame::Outbox;
use super::message::output_frame;
use crate::session::Stream;

/// So many bytes may wait for the executor.
const MOST_WAITING: usize = 256 * 1024;

/// All that waits for the executor.
#[derive(Default)]
pub(crate) struct Display {
    pub(crate) outbox: Outbox,
    left_out: BTreeMap<u32, (Stream, u64)>,
}

impl Display {
    /// Shows it, if there is room.
    pub(crate) fn show(&mut self, attempt: u32, stream: Stream, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        if self.outbox.waiting() > MOST_WAITING {
            let left_out = self.left_out.entry(attempt).or_insert((stream, 0));
            *left_out = (stream, left_out.1 + bytes.len() as u64);
            return;
        }
        self.settle(attempt);
        self.outbox.push(output_frame(attempt, stream, bytes));
    }

    /// Says how much was left out, if any.
    pub(crate) fn settle(&mut self, attempt: u32) {
        if let Some((stream, count)) = self.left_out.remove(&attempt) {
            let note = format!("\n[{count} bytes are not shown]\n");
            self.outbox.push(output_frame(attempt, stream, note.as_bytes()));
        }
    }
}
