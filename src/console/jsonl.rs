//! A run as JSON lines on standard output, one record each, as they are made durable. What a terminal
//! might obey, or hide, is escaped; the values are those of the journal.

use super::terminal::Terminal;
use crate::diagnostic::visible_json;
use crate::engine::Run;
use crate::journal::Record;
use crate::session::{Notice, Observer};

/// Writes every record as a line of JSON.
#[derive(Clone, Debug)]
pub struct JsonLines {
    terminal: Terminal,
}

impl JsonLines {
    /// Writes to the data stream of this terminal.
    pub fn new(terminal: Terminal) -> Self {
        Self { terminal }
    }

    /// Writes a record.
    pub fn print(&self, record: &Record) {
        // The terminal remembers a failed write; a closed pipe never ends a run.
        let _remembered = self.terminal.data(&visible_json(&record.line()));
    }
}

impl Observer for JsonLines {
    fn recorded(&mut self, record: &Record, run: &Run) {
        let _ = run;
        self.print(record);
    }

    fn noticed(&mut self, notice: &Notice<'_>, run: &Run) {
        let _ = (notice, run);
    }
}
