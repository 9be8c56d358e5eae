//! What the record of a run that others delivered is worth. All of it is their word until it is looked
//! at: paths, sizes and kinds of files before anything is read, then the summary, the seals, and the
//! journal by the same check as our own.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};

use super::disk;
use super::entry::{EntryPath, RECORD, RECORD_FORMAT, RunRecord, SEALS, SUMMARY};
use super::index::{Good, Judged, Proof};
use super::outbox::MOST_OF_A_BUNDLE;
use super::place::{Flat, Kind, Listed, PlaceFailed};
use crate::diagnostic::cut;
use crate::journal::{JOURNAL, RunFolder, read, verify};
use crate::report::State;
use crate::signing::{self, AgreedBy, Seal, Sealed, Standing, seal_of, seals_of_head};

/// A longer summary is none.
pub(super) const MOST_OF_A_SUMMARY: u64 = 256 << 10;

/// A longer seal is none.
pub(super) const MOST_OF_A_SEAL: u64 = 32 << 10;

/// So many people seal one run.
pub(super) const MOST_SEALS: usize = 16;

/// A record has no more files.
const MOST_FILES: usize = 4096;

/// Clocks differ by less than this.
const MOST_AHEAD: SignedDuration = SignedDuration::from_hours(24);

/// Deeper paths are not those of a record.
const MOST_DEPTH: usize = 32;

/// What records are judged by.
pub(super) struct Judge<'a> {
    /// The runs of this machine, by their ids.
    pub(super) own: &'a BTreeMap<String, RunFolder>,
    /// What checks signatures.
    pub(super) standing: &'a Standing<'a>,
    /// What time it is.
    pub(super) now: Timestamp,
    /// Where whole records are kept.
    pub(super) bundles: &'a Path,
}

/// Reads files of a record.
pub(super) type Reader<'a> = dyn Fn(&[&Flat]) -> Result<Vec<Option<Vec<u8>>>, PlaceFailed> + 'a;

/// Where a whole record of a team's run is kept: in a folder of its own, as two machines may give the
/// same id.
pub(super) fn kept(bundles: &Path, record: &RunRecord) -> PathBuf {
    bundles.join(kept_name(record)).join(&record.run)
}

/// The name of that folder.
pub(super) fn kept_name(record: &RunRecord) -> String {
    let EntryPath { run, head } = record.path();
    format!("{run}.{head}")
}

impl Judge<'_> {
    /// Judges a record, and keeps what is whole. A place that cannot be read is no judgement.
    pub(super) fn judged(&self, listed: &Listed, read: &Reader<'_>) -> Result<Judged, PlaceFailed> {
        match self.weighed(listed, read) {
            Ok(good) => Ok(Judged::Good(Box::new(good))),
            Err(Refused::Bad(why)) => Ok(Judged::Bad(why)),
            Err(Refused::Failed(failed)) => Err(failed),
        }
    }

    fn weighed(&self, listed: &Listed, read: &Reader<'_>) -> Result<Good, Refused> {
        let entry = listed.entry.as_ref().ok_or("its name is not that of a run's record")?;
        plain(listed)?;
        let record = self.summary(entry, listed, read)?;
        let seals = seals(listed, read)?;
        let parts: Vec<(&str, &Flat)> = listed
            .members
            .iter()
            .filter_map(|(name, flat)| Some((name.strip_prefix(RECORD)?, flat)))
            .collect();
        let (proof, record, agreed) = if parts.is_empty() {
            let head = (record.journal.records, record.journal.head.as_str());
            let agreed = seals_of_head(&record.run, head, &seals, self.standing);
            (Proof::Word, record, agreed)
        } else {
            let (own, agreed) = self.bundle(&record, &parts, &seals, read)?;
            (Proof::Journal, own, agreed)
        };
        let doubt = agreed.iter().find_map(AgreedBy::wrong).map(str::to_owned);
        let mut sealed_by: Vec<String> =
            agreed.iter().filter_map(AgreedBy::person).map(str::to_owned).collect();
        sealed_by.dedup();
        Ok(Good { record, proof, sealed_by, doubt })
    }

    /// The summary, which must be of this run and this head.
    fn summary(
        &self,
        entry: &EntryPath,
        listed: &Listed,
        read: &Reader<'_>,
    ) -> Result<RunRecord, Refused> {
        let flat = listed.members.get(SUMMARY).ok_or("it has no summary, or not yet")?;
        if flat.size > MOST_OF_A_SUMMARY {
            return Err(format!("its summary has {} bytes", flat.size).into());
        }
        let bytes = read(&[flat])?.pop().flatten().ok_or("its summary cannot be read")?;
        let record: RunRecord = serde_json::from_slice(&bytes)
            .map_err(|error| Refused::Bad(format!("its summary is none: {error}")))?;
        if record.format != RECORD_FORMAT {
            return Err(format!("its summary has the form `{}`", record.format).into());
        }
        let whole = record.journal.head.len() == 64
            && record.journal.head.bytes().all(|byte| byte.is_ascii_hexdigit());
        if record.path() != *entry || !whole {
            return Err("its summary is of another run".into());
        }
        if !matches!(record.past.state, State::Finished { .. }) {
            return Err("its summary is of a run that is not over".into());
        }
        let latest = self.now.checked_add(MOST_AHEAD).unwrap_or(Timestamp::MAX);
        if record.past.started > latest || record.finished > latest {
            return Err("its summary is of a time to come".into());
        }
        self.own(&record)?;
        Ok(record)
    }

    /// What others say of a run of this machine must be what this machine knows of it.
    fn own(&self, record: &RunRecord) -> Result<(), Refused> {
        let Some(folder) = self.own.get(&record.run) else {
            return Ok(());
        };
        match read(&folder.journal()).ok().and_then(|contents| RunRecord::of(&contents)) {
            Some(own) if own.host == record.host && !own.agrees(record) => {
                Err("it is not what this machine has of its own run".into())
            }
            _ => Ok(()),
        }
    }

    /// The whole record: kept in a folder of its own, and checked there like one of ours. What it says
    /// of the run is what its journal says.
    fn bundle(
        &self,
        record: &RunRecord,
        parts: &[(&str, &Flat)],
        seals: &[(Seal, Sealed)],
        read_all: &Reader<'_>,
    ) -> Result<(RunRecord, Vec<AgreedBy>), Refused> {
        // A file may say that it has any length.
        let size = parts.iter().fold(0_u64, |sum, (_, flat)| sum.saturating_add(flat.size));
        if size > MOST_OF_A_BUNDLE {
            return Err(format!("it has {size} bytes, more than any record").into());
        }
        if !parts.iter().any(|(name, _)| *name == JOURNAL) {
            return Err("it has no journal, or not yet".into());
        }
        let flats: Vec<&Flat> = parts.iter().map(|(_, flat)| *flat).collect();
        let contents = read_all(&flats)?;
        let kept = kept(self.bundles, record);
        let failed = |error| PlaceFailed::io("write", &kept)(error);
        let incoming = self.bundles.join(format!(".{}", disk::nonce().map_err(failed)?));
        let folder = incoming.join(&record.run);
        let checked = write(&folder, parts, &contents, seals)
            .and_then(|()| self.checked(&folder, record, seals));
        if checked.is_ok() {
            let place = kept.parent().unwrap_or(self.bundles);
            let _ = fs::remove_dir_all(place);
            fs::rename(&incoming, place).and_then(|()| disk::sync(self.bundles)).map_err(failed)?;
        } else {
            let _ = fs::remove_dir_all(&incoming);
        }
        checked
    }

    fn checked(
        &self,
        folder: &Path,
        record: &RunRecord,
        seals: &[(Seal, Sealed)],
    ) -> Result<(RunRecord, Vec<AgreedBy>), Refused> {
        let bad = |error: &dyn std::error::Error| {
            let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
            // Where it lies here is of no interest.
            Refused::Bad(format!("{error}{cause}").replace(&folder.display().to_string(), "it"))
        };
        let verified = verify(folder).map_err(|error| bad(&error))?;
        if let Some(damage) = verified.damage {
            return Err(format!("its journal is damaged: {damage}").into());
        }
        if let Some((path, _)) = verified.changed().next() {
            return Err(format!("{path} is not what was recorded").into());
        }
        let contents = read(&folder.join(JOURNAL)).map_err(|error| bad(&error))?;
        let own = RunRecord::of(&contents).ok_or("its journal is of a run that is not over")?;
        if !own.agrees(record) {
            return Err("its summary does not say what its journal does".into());
        }
        let mut agreed = signing::approvals(&contents.records, self.standing);
        agreed.extend(signing::seals(&record.run, &contents.records, seals, self.standing));
        Ok((own, agreed))
    }
}

/// Why a record is not taken.
enum Refused {
    /// It is not what it should be.
    Bad(String),
    /// It could not be looked at.
    Failed(PlaceFailed),
}

impl From<&str> for Refused {
    fn from(why: &str) -> Self {
        Self::Bad(why.to_owned())
    }
}

impl From<String> for Refused {
    fn from(why: String) -> Self {
        Self::Bad(why)
    }
}

impl From<PlaceFailed> for Refused {
    fn from(failed: PlaceFailed) -> Self {
        Self::Failed(failed)
    }
}

/// A record is ordinary files with plain names, and not too many.
fn plain(listed: &Listed) -> Result<(), Refused> {
    if listed.members.len() > MOST_FILES {
        return Err(format!("it has {} files", listed.members.len()).into());
    }
    for (name, flat) in &listed.members {
        if let Kind::Other(what) = flat.kind {
            return Err(format!("`{name}` is {what}").into());
        }
        let odd = |part: &str| {
            matches!(part, "" | "." | "..") || part.len() > 255 || part.chars().any(is_odd)
        };
        if name.split('/').any(odd) || name.split('/').count() > MOST_DEPTH {
            return Err(format!("`{name}` is an odd name").into());
        }
    }
    Ok(())
}

fn is_odd(c: char) -> bool {
    c.is_control() || c == '\u{fffd}'
}

fn seals(listed: &Listed, read: &Reader<'_>) -> Result<Vec<(Seal, Sealed)>, Refused> {
    let own = listed.members.iter().filter(|(name, _)| name.starts_with(SEALS));
    let flats: Vec<&Flat> = own.map(|(_, flat)| flat).collect();
    if flats.len() > MOST_SEALS || flats.iter().any(|flat| flat.size > MOST_OF_A_SEAL) {
        return Err("it has more and longer seals than people make".into());
    }
    if flats.is_empty() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for bytes in read(&flats)? {
        let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
        let seal = text.and_then(|text| seal_of(text.trim_end()));
        found.push(seal.ok_or("one of its seals is none")?);
    }
    // In the order in which they were made.
    found.sort_by_key(|(seal, _)| seal.sealed);
    Ok(found)
}

/// Writes a record into a new folder that nobody else can look into.
fn write(
    folder: &Path,
    parts: &[(&str, &Flat)],
    contents: &[Option<Vec<u8>>],
    seals: &[(Seal, Sealed)],
) -> Result<(), Refused> {
    let failed = |error: io::Error| Refused::Failed(PlaceFailed::io("write", &folder)(error));
    disk::ensure(folder).map_err(failed)?;
    for ((name, flat), bytes) in parts.iter().zip(contents) {
        let bytes = bytes.as_ref().ok_or_else(|| format!("`{name}` cannot be read"))?;
        let path = folder.join(name);
        let mode = if flat.kind == Kind::Program { 0o700 } else { 0o600 };
        disk::ensure(path.parent().unwrap_or(folder))
            .and_then(|()| disk::write_new(&path, bytes, mode))
            .map_err(|error| unkept(name, error, failed))?;
    }
    if !seals.is_empty() {
        let lines = seals.iter().map(|(_, sealed)| serde_json::to_string(sealed));
        let lines: Result<Vec<String>, _> = lines.collect();
        let text = lines.map_err(|error| failed(error.into()))?.join("\n") + "\n";
        disk::write_new(&folder.join(signing::SEALS), text.as_bytes(), 0o600)
            .map_err(|error| unkept(signing::SEALS, error, failed))?;
    }
    Ok(())
}

/// Names that no file system takes together are the fault of whoever delivered them; all else is ours.
fn unkept(name: &str, error: io::Error, failed: impl Fn(io::Error) -> Refused) -> Refused {
    use io::ErrorKind::{AlreadyExists, InvalidFilename, IsADirectory, NotADirectory};
    match error.kind() {
        AlreadyExists | InvalidFilename | IsADirectory | NotADirectory => {
            format!("`{}` cannot be kept: {error}", cut(name)).into()
        }
        _ => failed(error),
    }
}
