//! Brings the index up to date with all places. Of folders only those files are read that look otherwise
//! than they did; mirrors are read in `mirrors`.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::super::asked::look;
use super::super::walk::walk;
use super::mirrors;
use super::place::{Ground, Place, PlaceKind};
use super::reading::{Reading, stamp};
use super::write::{begin, remove, store, tidy};

/// So many files are read before what they hold is written.
const BATCH: usize = 256;

/// Folders that have more runbooks together than this are not looked through at every call.
const LARGE: i64 = 2_000;

/// But again after this time, in milliseconds.
const REST: i64 = 30_000;

/// After so many files were written, the tables of words are put in order.
const MUCH: i64 = 2_000;

/// The time of the last look is written down at least so often, in milliseconds.
pub(super) const HOUR: i64 = 3_600_000;

/// Places that nobody asked for in this time are forgotten, in milliseconds.
const MONTH: i64 = 30 * 24 * HOUR;

/// What is being read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Work {
    /// Files.
    Files,
    /// All that mirrors hold.
    Mirrors,
}

/// What is being read, for who waits: how many of how many.
pub(super) type Progress<'a> = &'a mut dyn FnMut(Work, usize, usize);

/// A place as the index knows it.
pub(super) struct Known {
    pub(super) place: Place,
    /// What could not be looked into.
    pub(super) problems: Vec<String>,
}

/// What was written down of a place.
pub(super) struct Row {
    pub(super) id: i64,
    pub(super) looked: i64,
    runbooks: i64,
    pub(super) problems: String,
    pub(super) state: Option<String>,
}

/// Brings all places up to date, and makes them the ones that are asked about.
pub(super) fn refresh(
    db: &Connection,
    places: &[Place],
    search: &OsStr,
    now: Timestamp,
    progress: Progress<'_>,
) -> rusqlite::Result<Vec<Known>> {
    let now = now.as_millisecond();
    db.execute_batch(
        "CREATE TEMP TABLE IF NOT EXISTS active
         (place INTEGER PRIMARY KEY, rank INTEGER NOT NULL, number INTEGER NOT NULL);
         DELETE FROM active;",
    )?;
    let mut rows = rows(db)?;
    let mut active = db.prepare("INSERT OR IGNORE INTO active VALUES (?1, ?2, ?3)")?;
    let mut asked = Vec::new();
    for (number, place) in places.iter().enumerate() {
        let row = match rows.remove(&place.key()) {
            Some(row) => row,
            None => new(db, place, now)?,
        };
        active.execute(params![row.id, place.kind as i64, i64::try_from(number).ok()])?;
        asked.push((place, row));
    }
    let folders = asked.iter().filter(|(place, _)| place.kind == PlaceKind::Folder);
    let large = folders.map(|(_, row)| row.runbooks).sum::<i64>() > LARGE;
    let before = last(db)?;
    let fetched = mirrors::refresh(db, &asked, search, now, progress)?;
    let mut known = Vec::new();
    for ((place, row), fetched) in asked.iter().zip(fetched) {
        let large = large && place.kind == PlaceKind::Folder;
        let problems = match &place.ground {
            Ground::Mirror(_) => fetched,
            Ground::Folder { .. } if large && (0..REST).contains(&(now - row.looked)) => {
                row.problems.lines().map(str::to_owned).collect()
            }
            Ground::Folder { root, runbooks } => {
                Folders { db, root, runbooks, row, now, large }.refresh(progress)?
            }
        };
        known.push(Known { place: (*place).clone(), problems });
    }
    forget(db, now)?;
    if last(db)? - before > MUCH {
        tidy(db)?;
    }
    Ok(known)
}

/// The number of the latest entry.
fn last(db: &Connection) -> rusqlite::Result<i64> {
    db.query_row("SELECT coalesce(max(id), 0) FROM entry", [], |row| row.get(0))
}

/// All places that were ever asked for, by their keys.
fn rows(db: &Connection) -> rusqlite::Result<BTreeMap<String, Row>> {
    let columns = "SELECT key, id, looked, runbooks, problems, state FROM place";
    let mut statement = db.prepare(columns)?;
    let rows = statement.query_map([], |row| {
        let [id, looked, runbooks] = [row.get(1)?, row.get(2)?, row.get(3)?];
        let (problems, state) = (row.get(4)?, row.get(5)?);
        Ok((row.get(0)?, Row { id, looked, runbooks, problems, state }))
    })?;
    rows.collect()
}

/// A place that was never asked for; another process may be asking for it at this moment.
fn new(db: &Connection, place: &Place, now: i64) -> rusqlite::Result<Row> {
    let insert = "INSERT INTO place (key, looked) VALUES (?1, ?2)
                  ON CONFLICT (key) DO UPDATE SET looked = looked RETURNING id";
    let id = db.query_row(insert, params![place.key(), now], |row| row.get(0))?;
    Ok(Row { id, looked: 0, runbooks: 0, problems: String::new(), state: None })
}

/// Forgets places that nobody asked for in a long time.
fn forget(db: &Connection, now: i64) -> rusqlite::Result<()> {
    let old: Vec<i64> = db
        .prepare("SELECT id FROM place WHERE looked < ?1 AND id NOT IN (SELECT place FROM active)")?
        .query_map([now - MONTH], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for place in old {
        let transaction = begin(db)?;
        let paths: Vec<String> = db
            .prepare("SELECT path FROM entry WHERE place = ?1")?
            .query_map([place], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        paths.iter().try_for_each(|path| remove(db, place, path))?;
        db.execute("DELETE FROM place WHERE id = ?1", [place])?;
        transaction.commit()?;
    }
    Ok(())
}

/// A place whose runbooks are files.
struct Folders<'a> {
    db: &'a Connection,
    /// What paths count from.
    root: &'a Path,
    runbooks: &'a Path,
    row: &'a Row,
    now: i64,
    /// Whether it is not looked through at every call.
    large: bool,
}

impl Folders<'_> {
    fn refresh(&self, progress: Progress<'_>) -> rusqlite::Result<Vec<String>> {
        let walked = walk(self.runbooks);
        let mut problems: Vec<String> = walked
            .unreadable
            .iter()
            .map(|unreadable| format!("{}: {}", unreadable.path.display(), unreadable.why))
            .collect();
        let mut files = BTreeMap::new();
        for path in walked.runbooks {
            let relative = path.strip_prefix(self.root).unwrap_or(&path).to_str();
            match relative {
                Some(relative) => _ = files.insert(relative.to_owned(), path),
                None => problems.push(format!("{}: its name is not UTF-8", path.display())),
            }
        }
        let known = stamps(self.db, self.row.id)?;
        let mut changed: BTreeSet<&String> = files
            .iter()
            .filter(|(path, file)| known.get(*path).is_none_or(|old| *old != stamp(look(file))))
            .map(|(path, _)| path)
            .collect();
        let gone: Vec<&String> = known.keys().filter(|path| !files.contains_key(*path)).collect();
        // What uses other runbooks may find them now, or not any more.
        let others = !changed.is_empty() || !gone.is_empty();
        let linked = self.linked(others)?;
        changed.extend(files.keys().filter(|path| linked.contains(*path)));
        self.write(
            &changed.into_iter().map(|path| (path, &files[path])).collect::<Vec<_>>(),
            progress,
        )?;
        for path in &gone {
            let transaction = begin(self.db)?;
            remove(self.db, self.row.id, path)?;
            transaction.commit()?;
        }
        self.looked(&problems, others)?;
        Ok(problems)
    }

    /// The files that depend on others which look otherwise now, or on any if others changed.
    fn linked(&self, others: bool) -> rusqlite::Result<BTreeSet<String>> {
        let mut statement = self.db.prepare(
            "SELECT entry.path, depends.path, depends.stamp FROM entry
             LEFT JOIN depends ON depends.entry = entry.id
             WHERE entry.place = ?1 AND entry.linked = 1",
        )?;
        let mut rows = statement.query([self.row.id])?;
        let mut linked = BTreeSet::new();
        while let Some(row) = rows.next()? {
            let (path, other): (String, Option<String>) = (row.get(0)?, row.get(1)?);
            let old: Option<String> = row.get(2)?;
            let changed = || other.is_some_and(|other| old != Some(stamp(look(Path::new(&other)))));
            if others || changed() {
                linked.insert(path);
            }
        }
        Ok(linked)
    }

    /// Reads files, several at a time, and writes what they hold.
    fn write(&self, files: &[(&String, &PathBuf)], progress: Progress<'_>) -> rusqlite::Result<()> {
        let mut done = 0;
        for batch in files.chunks(BATCH) {
            let now = self.now;
            let readings = at_once(batch, |(path, file)| Reading::of_file(path, file, now));
            store(self.db, self.row.id, &readings)?;
            done += batch.len();
            progress(Work::Files, done, files.len());
        }
        Ok(())
    }

    /// Writes down that the place was looked at, where that is news.
    fn looked(&self, problems: &[String], changed: bool) -> rusqlite::Result<()> {
        let problems = problems.join("\n");
        let old = self.now - self.row.looked > HOUR;
        if !changed && !self.large && !old && problems == self.row.problems {
            return Ok(());
        }
        self.db.execute(
            "UPDATE place SET looked = ?1, problems = ?2,
             runbooks = (SELECT count(*) FROM entry WHERE place = ?3 AND kind = 1) WHERE id = ?3",
            params![self.now, problems, self.row.id],
        )?;
        Ok(())
    }
}

/// What is known of a place: how each file looked, or which object it was.
pub(super) fn stamps(db: &Connection, place: i64) -> rusqlite::Result<BTreeMap<String, String>> {
    let mut statement = db.prepare("SELECT path, stamp FROM entry WHERE place = ?1")?;
    let rows = statement.query_map([place], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}

/// Does some work for each item, on all processors, and keeps the order.
pub(super) fn at_once<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let share = items.len().div_ceil(processors).max(8);
    if items.len() <= share {
        return items.iter().map(work).collect();
    }
    std::thread::scope(|scope| {
        let work = &work;
        let workers: Vec<_> = items
            .chunks(share)
            .map(|chunk| scope.spawn(move || chunk.iter().map(work).collect::<Vec<R>>()))
            .collect();
        let done = workers.into_iter().map(std::thread::ScopedJoinHandle::join);
        done.flat_map(|done| done.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    })
}
