//! Brings the index up to date with mirrors. Which commit one holds, the file beside it says, and a look
//! at that file tells whether it says what it did: then nothing is read and git is not asked. Of another
//! commit only those files are read that have other content than before.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;

use rusqlite::{Connection, params};

use super::super::asked::look;
use super::super::folder::Folder;
use super::super::mirror::Fetched;
use super::super::neighbours::{Neighbour, Neighbours};
use super::super::snapshot::Snapshot;
use super::files::stamps;
use super::place::{Ground, MirrorOf, PlaceKind};
use super::reading::{Reading, relied_on};
use super::refresh::{Asked, HOUR, Progress, Row, Work, at_once};
use super::write::{begin, remove, store};
use crate::diagnostic::visible_line;
use crate::process::{Blob, ObjectsFailed};

/// So many mirrors are read before what they hold is written.
const BATCH: usize = 64;

/// So many files of one are read at once.
const AT_ONCE: usize = 256;

/// Runbooks are not larger.
const MOST_BYTES: u64 = 1 << 20;

/// What the index knows of a mirror: how the file looked that says what was fetched, and what that was.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
struct Known {
    seen: String,
    commit: String,
    runbooks: String,
}

impl Known {
    fn of(row: &Row) -> Option<Self> {
        let mut parts = row.state.as_deref()?.splitn(3, ' ').map(str::to_owned);
        Some(Self { seen: parts.next()?, commit: parts.next()?, runbooks: parts.next()? })
    }

    /// What is to be known from now on.
    fn now(seen: &str, fetched: Option<&Fetched>) -> Self {
        let what = fetched.map(|fetched| (fetched.commit.clone(), fetched.runbooks.clone()));
        let (commit, runbooks) = what.unwrap_or_default();
        Self { seen: seen.to_owned(), commit, runbooks }
    }

    fn written(&self) -> String {
        format!("{} {} {}", self.seen, self.commit, self.runbooks)
    }
}

/// A mirror that says something else than it did.
struct Due<'a> {
    at: usize,
    row: &'a Row,
    of: &'a MirrorOf,
    now: Known,
    /// Nothing if it was never fetched, or is gone.
    fetched: Option<Fetched>,
    stamps: BTreeMap<String, String>,
    /// The files that may be otherwise because others are.
    linked: BTreeSet<String>,
}

/// What was read of one.
struct Read {
    readings: Vec<Reading>,
    gone: Vec<String>,
    problems: Vec<String>,
}

/// Brings mirrors up to date: what could not be looked into.
pub(super) fn refresh(
    db: &Connection,
    asked: &[Asked<'_>],
    search: &OsStr,
    now: i64,
    progress: Progress<'_>,
) -> rusqlite::Result<Vec<String>> {
    let mut problems: Vec<Vec<String>> = Vec::with_capacity(asked.len());
    let (mut due, mut same) = (Vec::new(), Vec::new());
    for (at, Asked { place, row, .. }) in asked.iter().enumerate() {
        problems.push(row.problems.lines().map(str::to_owned).collect());
        let Ground::Mirror(of) = &place.ground else { continue };
        let seen = relied_on(look(&of.mirror.said()), now);
        let known = Known::of(row);
        if !seen.is_empty() && known.as_ref().is_some_and(|known| known.seen == seen) {
            continue;
        }
        let fetched = of.mirror.fetched();
        let now = Known::now(&seen, fetched.as_ref());
        let what = |known: &Known| (known.commit.clone(), known.runbooks.clone());
        if row.problems.is_empty() && known.as_ref().map(what) == Some(what(&now)) {
            same.extend((known != Some(now.clone())).then(|| (now.written(), row)));
            continue;
        }
        let (stamps, linked) = (stamps(db, row.id)?, linked(db, row.id)?);
        due.push(Due { at, row, of, now, fetched, stamps, linked });
    }
    seen_again(db, &same)?;
    let mut done = 0;
    for batch in due.chunks(BATCH) {
        for (due, read) in batch.iter().zip(at_once(batch, |due| due.read(search))) {
            problems[due.at] = due.write(db, now, read)?;
        }
        done += batch.len();
        progress(Work::Mirrors, done, due.len());
    }
    used(db, asked, now)?;
    Ok(problems.into_iter().flatten().collect())
}

/// Writes down how the files look of mirrors that hold what they held.
fn seen_again(db: &Connection, same: &[(String, &Row)]) -> rusqlite::Result<()> {
    if same.is_empty() {
        return Ok(());
    }
    let transaction = begin(db)?;
    let mut statement = db.prepare("UPDATE place SET state = ?1 WHERE id = ?2")?;
    for (state, row) in same {
        statement.execute(params![state, row.id])?;
    }
    transaction.commit()
}

/// The files that may be otherwise because others are.
fn linked(db: &Connection, place: i64) -> rusqlite::Result<BTreeSet<String>> {
    let mut statement = db.prepare("SELECT path FROM entry WHERE place = ?1 AND linked = 1")?;
    let rows = statement.query_map([place], |row| row.get(0))?;
    rows.collect()
}

/// Writes down, now and then, that places are still asked for.
fn used(db: &Connection, asked: &[Asked<'_>], now: i64) -> rusqlite::Result<()> {
    let old = asked.iter().filter(|asked| now - asked.row.looked > HOUR);
    let old: Vec<i64> = old.map(|asked| asked.row.id).collect();
    if old.is_empty() {
        return Ok(());
    }
    let transaction = begin(db)?;
    let mut statement = db.prepare("UPDATE place SET looked = ?1 WHERE id = ?2")?;
    for id in old {
        statement.execute([now, id])?;
    }
    transaction.commit()
}

impl Due<'_> {
    /// Reads what is otherwise than it was.
    fn read(&self, search: &OsStr) -> Result<Read, ObjectsFailed> {
        let mut read = Read { readings: Vec::new(), gone: Vec::new(), problems: Vec::new() };
        let Some(fetched) = &self.fetched else {
            read.gone = self.stamps.keys().cloned().collect();
            return Ok(read);
        };
        let neighbour = Neighbour::fetched(&self.of.source, &self.of.mirror, fetched, search)?;
        let Some((files, runbooks)) = neighbour.commit() else { return Ok(read) };
        files.survey()?;
        let root = self.of.mirror.git_folder();
        let mut there = BTreeMap::new();
        for path in files.runbooks_below(runbooks) {
            let below = path.strip_prefix(&root).unwrap_or(&path).to_string_lossy().into_owned();
            if below.contains(char::REPLACEMENT_CHARACTER) {
                let shown = visible_line(&below);
                read.problems.push(format!("{shown}: its name is not UTF-8"));
            } else if let Some(object) = files.object(&path) {
                there.insert(below, object);
            }
        }
        let is_new = |(path, object): &(&String, &String)| self.stamps.get(*path) != Some(*object);
        let mut wanted: BTreeSet<&String> =
            there.iter().filter(is_new).map(|(path, _)| path).collect();
        wanted.extend(there.keys().filter(|path| self.linked.contains(*path)));
        let wanted: Vec<(&str, &str)> =
            wanted.into_iter().map(|path| (path.as_str(), there[path].as_str())).collect();
        for some in wanted.chunks(AT_ONCE) {
            self.look_into(some, files, &neighbour, &mut read)?;
        }
        let gone = self.stamps.keys().filter(|path| !there.contains_key(*path));
        read.gone = gone.cloned().collect();
        Ok(read)
    }

    fn look_into(
        &self,
        wanted: &[(&str, &str)],
        files: &Snapshot,
        neighbour: &Neighbour,
        read: &mut Read,
    ) -> Result<(), ObjectsFailed> {
        let names: Vec<&str> = wanted.iter().map(|(_, object)| *object).collect();
        let alone = Neighbours::default();
        let top: Folder = neighbour.at("", &alone).folder.as_first();
        for ((path, object), blob) in wanted.iter().zip(files.look_into(&names, MOST_BYTES)?) {
            let bytes = match blob {
                Blob::Whole(bytes) => Ok(bytes),
                Blob::Large(size) => {
                    Err(format!("it has {size} bytes, a runbook has at most 1 MiB"))
                }
                Blob::Missing => Err("it was not fetched to this machine".to_owned()),
                Blob::Damaged => Err("its object is damaged".to_owned()),
            };
            let folder = top.at(&top.relative(&self.of.mirror.git_folder().join(path)));
            read.readings.push(Reading::of_blob(path, object, bytes, &folder));
        }
        Ok(())
    }

    /// Writes what was read; what could not be looked into.
    fn write(
        &self,
        db: &Connection,
        now: i64,
        read: Result<Read, ObjectsFailed>,
    ) -> rusqlite::Result<Vec<String>> {
        let read = match read {
            Ok(read) => read,
            // What was known stays, and is looked for again.
            Err(ObjectsFailed::NoGit) => {
                let why = ObjectsFailed::NoGit;
                return Ok(vec![format!("what was fetched cannot be read: {why}")]);
            }
            Err(failed) => return Ok(vec![format!("{}: {failed}", self.of.source.name)]),
        };
        store(db, self.row.id, &read.readings)?;
        let transaction = begin(db)?;
        for path in &read.gone {
            remove(db, self.row.id, path)?;
        }
        let state = self.now.written();
        db.execute(
            "UPDATE place SET state = ?1, looked = ?2, problems = ?3,
             runbooks = (SELECT count(*) FROM entry WHERE place = ?4 AND kind = 1) WHERE id = ?4",
            params![state, now, read.problems.join("\n"), self.row.id],
        )?;
        transaction.commit()?;
        Ok(read.problems)
    }
}

/// The places that were never fetched, by their numbers.
pub(super) fn never_fetched(db: &Connection) -> rusqlite::Result<Vec<usize>> {
    let mut statement = db.prepare(
        "SELECT active.number FROM active CROSS JOIN place ON place.id = active.place
         WHERE active.rank = ?1 AND place.state LIKE '- %' ORDER BY active.number",
    )?;
    let rows = statement.query_map([PlaceKind::Mirror as i64], |row| row.get::<_, i64>(0))?;
    rows.map(|number| Ok(usize::try_from(number?).unwrap_or(0))).collect()
}
