//! Reads a journal: every terminated record is proven or named as damage; only an unterminated tail
//! is torn. Reading never writes, and holds one line at a time beside the records.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use serde_json::Value;

use serde::Serialize;

use super::private::FileFailed;
use super::record::{self, FORMAT, LONGEST_LINE, NO_RECORD, Record};
use crate::engine::Event;

/// The name of a journal in its run's folder.
pub const JOURNAL: &str = "journal.jsonl";

/// What a journal holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Contents {
    /// The records, in order.
    pub records: Vec<Record>,
    /// What was being written when the writer died.
    pub torn: Option<TornTail>,
}

impl Contents {
    /// The digest of the last record; 64 zeros if there is none.
    pub fn head(&self) -> &str {
        self.records.last().map_or(NO_RECORD, |record| record.sha256.as_str())
    }
}

/// Bytes after the last newline.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct TornTail {
    /// Where they begin.
    pub offset: u64,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// A terminated record that is not what was written.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, thiserror::Error)]
#[error("record {line}, at byte {offset}: {what}")]
pub struct Damage {
    /// The record's number, which is the number of its line.
    pub line: u64,
    /// Where its line begins.
    pub offset: u64,
    /// What is wrong.
    pub what: String,
}

/// Why a journal gives no records.
#[derive(Debug, thiserror::Error)]
pub enum ReadFailed {
    /// It is not what was written.
    #[error("the journal {} is damaged", path.display())]
    Damaged {
        /// The journal.
        path: PathBuf,
        /// Where and how.
        #[source]
        damage: Damage,
    },
    /// The system did not let us.
    #[error(transparent)]
    Failed(#[from] FileFailed),
    /// It has a format that only newer programs know.
    #[error(
        "the journal {} has the format `{format}`: this program reads `{FORMAT}`; a newer one is needed",
        path.display()
    )]
    Newer {
        /// The journal.
        path: PathBuf,
        /// Its format.
        format: String,
    },
    /// A record is whole, but says something that this program does not know.
    #[error(
        "record {line} of the journal {} holds `{event}` in a form that this program does not know; a newer one is needed",
        path.display()
    )]
    Unknown {
        /// The journal.
        path: PathBuf,
        /// The record's number.
        line: u64,
        /// The type of its event.
        event: String,
        /// What could not be understood.
        source: serde_json::Error,
    },
}

/// Reads the journal at `path`.
pub fn read(path: &Path) -> Result<Contents, ReadFailed> {
    let file = File::open(path).map_err(FileFailed::to("read", path))?;
    if !file.metadata().map_err(FileFailed::to("read", path))?.is_file() {
        let source = io::Error::new(io::ErrorKind::InvalidInput, "not a regular file");
        return Err(FileFailed::to("read", path)(source).into());
    }
    read_from(BufReader::new(file), path)
}

/// Reads a journal from its bytes; the path is for messages only.
pub(super) fn read_from(input: impl BufRead, path: &Path) -> Result<Contents, ReadFailed> {
    read_after(Position::start(), input, path)
}

/// Where in a journal a line stands, and what it must follow.
#[derive(Clone, Debug)]
pub(super) struct Position {
    pub(super) line: u64,
    pub(super) offset: u64,
    pub(super) prev: String,
}

impl Position {
    pub(super) fn start() -> Self {
        Self { line: 1, offset: 0, prev: NO_RECORD.to_owned() }
    }
}

/// Reads the rest of a journal, from a line on.
pub(super) fn read_after(
    at: Position,
    input: impl BufRead,
    path: &Path,
) -> Result<Contents, ReadFailed> {
    let Read { records, at, rest } = read_lines(at, input, path)?;
    if record::holds_whole_record(&rest) {
        let place = Place { path, at: &at };
        return Err(place.damaged("the record is whole, but no newline follows it"));
    }
    let torn = (!rest.is_empty()).then_some(TornTail { offset: at.offset, bytes: rest });
    Ok(Contents { records, torn })
}

/// Reads on in a journal that may be written to at this moment: what is not terminated is still to
/// come, and is read again from where it begins.
pub(super) fn read_begun(
    at: Position,
    input: impl BufRead,
    path: &Path,
) -> Result<(Vec<Record>, Position), ReadFailed> {
    let Read { records, at, .. } = read_lines(at, input, path)?;
    Ok((records, at))
}

/// What was read: the terminated records, where the next one begins, and the bytes from there.
struct Read {
    records: Vec<Record>,
    at: Position,
    rest: Vec<u8>,
}

fn read_lines(mut at: Position, mut input: impl BufRead, path: &Path) -> Result<Read, ReadFailed> {
    let mut records = Vec::new();
    let mut line = Vec::new();
    loop {
        line.clear();
        let ending = next_line(&mut input, &mut line).map_err(FileFailed::to("read", path))?;
        let place = Place { path, at: &at };
        match ending {
            Ending::Newline => {
                let record = place.record(&line)?;
                at = Position {
                    line: at.line + 1,
                    offset: at.offset + line.len() as u64 + 1,
                    prev: record.sha256.clone(),
                };
                records.push(record);
            }
            Ending::End => return Ok(Read { records, at, rest: line }),
            Ending::TooLong => return Err(place.damaged("the record is longer than 16 MiB")),
        }
    }
}

/// How a line ended.
enum Ending {
    Newline,
    End,
    TooLong,
}

/// Reads up to the next newline, which is not kept.
fn next_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<Ending> {
    loop {
        let available = match input.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            other => other?,
        };
        if available.is_empty() {
            return Ok(Ending::End);
        }
        let newline = available.iter().position(|byte| *byte == b'\n');
        let more = newline.unwrap_or(available.len());
        if line.len() + more > LONGEST_LINE {
            return Ok(Ending::TooLong);
        }
        line.extend_from_slice(&available[..more]);
        input.consume(more + usize::from(newline.is_some()));
        if newline.is_some() {
            return Ok(Ending::Newline);
        }
    }
}

/// A line that is being read, for messages.
struct Place<'a> {
    path: &'a Path,
    at: &'a Position,
}

impl Place<'_> {
    fn damaged(&self, what: impl Into<String>) -> ReadFailed {
        ReadFailed::Damaged {
            path: self.path.to_owned(),
            damage: Damage { line: self.at.line, offset: self.at.offset, what: what.into() },
        }
    }

    /// Proves a line and reads it. The digest comes first: what follows it looks at bytes that
    /// somebody meant to write.
    fn record(&self, line: &[u8]) -> Result<Record, ReadFailed> {
        record::proven(line).map_err(|what| self.damaged(what))?;
        let opening = format!("{{\"n\":{},\"at\":\"", self.at.line);
        if !line.starts_with(opening.as_bytes()) {
            return Err(self.damaged(format!("the record is not number {}", self.at.line)));
        }
        let record = match serde_json::from_slice::<Record>(line) {
            Ok(record) => record,
            Err(source) => return Err(self.unknown(line, source)),
        };
        if record.prev != self.at.prev {
            return Err(self.unchained());
        }
        if self.at.line == 1 {
            match &record.event {
                Event::RunStarted(started) => self.readable(&started.format)?,
                _ => return Err(self.damaged("the first record does not begin a run")),
            }
        }
        Ok(record)
    }

    fn unchained(&self) -> ReadFailed {
        self.damaged("the record does not follow the one before it")
    }

    /// A proven line that does not read as a record was written by another version, if by any.
    fn unknown(&self, line: &[u8], source: serde_json::Error) -> ReadFailed {
        let Ok(Value::Object(found)) = serde_json::from_slice(line) else {
            return self.damaged("the record is not JSON");
        };
        if found.get("prev").and_then(Value::as_str) != Some(&self.at.prev) {
            return self.unchained();
        }
        let said = |key| found.get("event")?.get(key)?.as_str();
        if self.at.line == 1
            && let Some(format) = said("format")
            && let Err(newer) = self.readable(format)
        {
            return newer;
        }
        match said("type") {
            Some(event) => ReadFailed::Unknown {
                path: self.path.to_owned(),
                line: self.at.line,
                event: event.to_owned(),
                source,
            },
            None => self.damaged("the record holds no event"),
        }
    }

    /// Another minor version of the same major is read: it only adds.
    fn readable(&self, format: &str) -> Result<(), ReadFailed> {
        let major = |format: &str| {
            let version = format.strip_prefix("surefoot-journal/")?;
            version.split('.').next()?.parse::<u32>().ok()
        };
        if major(format).is_some() && major(format) == major(FORMAT) {
            Ok(())
        } else {
            Err(ReadFailed::Newer { path: self.path.to_owned(), format: format.to_owned() })
        }
    }
}
