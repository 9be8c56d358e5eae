//! Checks a journal from end to end, with the outputs that it speaks of and the runbook that was kept
//! with it. Writes nothing, runs nothing, and is told what it finds, good or bad, as data.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Component, Path, PathBuf};

use rustix::fs::{Mode, OFlags};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::folder::RUNBOOK;
use super::private::FileFailed;
use super::read::{Damage, JOURNAL, ReadFailed, TornTail, read};
use super::record::Record;
use crate::engine::{AttemptId, Event, Kept};
use crate::value::hex;

/// Deeper folders are not looked into: no runbook has them.
const MOST_DEPTH: usize = 32;

/// What was found out about a journal.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Verification {
    /// How many records it holds, all proven.
    pub records: u64,
    /// The digest of the last.
    pub head: String,
    /// Whether it says how the run ended.
    pub finished: bool,
    /// What was being written when the writer died.
    pub torn: Option<TornTail>,
    /// What is wrong with it; records and head then are zero.
    pub damage: Option<Damage>,
    /// The outputs and evidence it speaks of; none are looked at if only a journal is given.
    pub outputs: Vec<OutputCheck>,
    /// The files of the runbook that were kept with the run, and what lies among them; none are looked
    /// at if only a journal is given.
    pub runbook: Vec<RunbookCheck>,
}

impl Verification {
    /// Whether nothing is wrong. A torn tail is no wrong: its record was never relied on.
    pub fn is_sound(&self) -> bool {
        self.damage.is_none() && self.changed().next().is_none()
    }

    /// The files that are not what was recorded, and what they are.
    pub fn changed(&self) -> impl Iterator<Item = (&str, &OutputState)> {
        let outputs = self.outputs.iter().map(|it| (it.path.as_str(), &it.state));
        let runbook = self.runbook.iter().map(|it| (it.path.as_str(), &it.state));
        outputs.chain(runbook).filter(|(_, state)| !state.is_as_recorded())
    }
}

/// A file of the runbook, as it was kept with the run.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct RunbookCheck {
    /// Its file, from the run's folder.
    pub path: String,
    /// What was found there.
    pub state: OutputState,
}

/// An output that the journal speaks of.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct OutputCheck {
    /// Whose it is.
    pub attempt: AttemptId,
    /// Its file, from the run's folder.
    pub path: String,
    /// What was found there.
    pub state: OutputState,
}

/// What was found where an output, or a file of the runbook, should be.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OutputState {
    /// What was recorded.
    AsRecorded,
    /// As long as recorded. Its middle was left out when it was kept, and the digest is over the
    /// whole, so more cannot be said.
    AsLong,
    /// Something else.
    Changed(String),
    /// Nothing that could be read.
    Missing(String),
}

impl OutputState {
    /// Whether it is what it should be, as far as can be told.
    pub fn is_as_recorded(&self) -> bool {
        matches!(self, Self::AsRecorded | Self::AsLong)
    }

    fn other_digest() -> Self {
        Self::Changed("its digest is another".to_owned())
    }
}

/// Checks the journal at a path, or that of the run whose folder is there with its outputs.
/// Damage is a result; what cannot be read, or is newer than this program, is a failure.
pub fn verify(path: &Path) -> Result<Verification, ReadFailed> {
    let found = std::fs::metadata(path).map_err(FileFailed::to("read", path))?;
    let folder = found.is_dir().then_some(path);
    let journal = folder.map_or_else(|| path.to_owned(), |folder| folder.join(JOURNAL));
    let mut found = Verification {
        records: 0,
        head: String::new(),
        finished: false,
        torn: None,
        damage: None,
        outputs: Vec::new(),
        runbook: Vec::new(),
    };
    let contents = match read(&journal) {
        Ok(contents) => contents,
        Err(ReadFailed::Damaged { damage, .. }) => {
            found.damage = Some(damage);
            return Ok(found);
        }
        Err(failed) => return Err(failed),
    };
    found.records = contents.records.len() as u64;
    contents.head().clone_into(&mut found.head);
    found.finished =
        contents.records.iter().any(|record| matches!(record.event, Event::RunFinished { .. }));
    if let Some(folder) = folder {
        found.outputs = outputs(folder, &contents.records);
        found.runbook = runbook(folder, &contents.records);
    }
    found.torn = contents.torn;
    Ok(found)
}

fn outputs(folder: &Path, records: &[Record]) -> Vec<OutputCheck> {
    records
        .iter()
        .filter_map(|record| match &record.event {
            Event::AttemptEnded(ended) => Some(ended),
            _ => None,
        })
        .flat_map(|ended| {
            let evidence = ended.evidence.iter().map(|file| Kept {
                path: file.path.clone(),
                bytes: file.bytes,
                kept: file.bytes,
                sha256: file.sha256.clone(),
            });
            let kept = std::iter::once(ended.output.clone()).chain(evidence);
            kept.filter_map(|kept| {
                let path = kept.path.clone()?;
                let state = output(folder, &path, &kept);
                Some(OutputCheck { attempt: ended.attempt, state, path })
            })
        })
        .collect()
}

/// The files that the first record names, and those beside them: what a runbook uses is found by its
/// name, and one file more could be found in place of another.
fn runbook(folder: &Path, records: &[Record]) -> Vec<RunbookCheck> {
    let Some(Event::RunStarted(started)) = records.first().map(|first| &first.event) else {
        return Vec::new();
    };
    let mut checks = Vec::new();
    let mut named = BTreeSet::new();
    for file in &started.runbook.files {
        let path = format!("{RUNBOOK}/{}", file.path);
        let state = match inside(folder, &path).and_then(|path| measure(&path)) {
            Err(error) => OutputState::Missing(error.to_string()),
            Ok((_, digest)) if digest != file.sha256 => OutputState::other_digest(),
            Ok(_) => OutputState::AsRecorded,
        };
        named.insert(path.clone());
        checks.push(RunbookCheck { path, state });
    }
    let mut others = Vec::new();
    gather(folder, RUNBOOK, 0, &mut others);
    others.sort();
    let others = others.into_iter().filter(|path| !named.contains(path));
    let state = || OutputState::Changed("the record names no such file".to_owned());
    checks.extend(others.map(|path| RunbookCheck { path, state: state() }));
    checks
}

/// All that is no folder below one of a run's folders. What cannot be looked into holds nothing that could
/// be used.
fn gather(folder: &Path, below: &str, depth: usize, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder.join(below)).into_iter().flatten().flatten() {
        let path = format!("{below}/{}", entry.file_name().to_string_lossy());
        match entry.file_type() {
            Ok(kind) if kind.is_dir() && depth < MOST_DEPTH => {
                gather(folder, &path, depth + 1, found);
            }
            _ => found.push(path),
        }
    }
}

/// The length of an output whose middle was left out, and that says so.
fn with_gap(recorded: &Kept) -> u64 {
    let missing = recorded.bytes.saturating_sub(recorded.kept);
    recorded.kept + Kept::gap(missing).len() as u64
}

fn output(folder: &Path, path: &str, recorded: &Kept) -> OutputState {
    match inside(folder, path).and_then(|path| measure(&path)) {
        Err(error) => OutputState::Missing(error.to_string()),
        // Where a disk failed, the file ends without a word of what is missing.
        Ok((length, _)) if length != recorded.kept && length != with_gap(recorded) => {
            OutputState::Changed(format!("{length} bytes instead of {}", with_gap(recorded)))
        }
        Ok(_) if recorded.kept != recorded.bytes => OutputState::AsLong,
        Ok((_, digest)) if recorded.sha256.as_ref().is_some_and(|it| *it != digest) => {
            OutputState::other_digest()
        }
        Ok(_) => OutputState::AsRecorded,
    }
}

/// A path below a run's folder, and nowhere else.
fn inside(folder: &Path, path: &str) -> io::Result<PathBuf> {
    if Path::new(path).components().all(|part| matches!(part, Component::Normal(_))) {
        return Ok(folder.join(path));
    }
    Err(io::Error::other("its path leads out of the run's folder"))
}

/// The length and digest of a file, which may be large. A link is none, and a pipe is not waited for.
fn measure(path: &Path) -> io::Result<(u64, String)> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let mut file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is no ordinary file"));
    }
    let mut hasher = Sha256::new();
    let mut piece = vec![0; 64 * 1024];
    let mut length = 0;
    loop {
        match file.read(&mut piece) {
            Ok(0) => return Ok((length, hex(hasher.finalize()))),
            Ok(read) => {
                hasher.update(&piece[..read]);
                length += read as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
