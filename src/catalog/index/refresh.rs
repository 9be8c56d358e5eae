//! Brings the index up to date with all places, and says which of them are asked about. What a folder
//! holds is read in `files`, mirrors in `mirrors`; folders that hold much rest between looks.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::files::Files;
use super::mirrors;
use super::place::{Ground, Lies, Place, PlaceKind};
use super::roster::{Looked, Roster, number};
use super::schema::is_damage;
use super::texts::tidy;
use super::write::{begin, remove};

/// Folders that have more runbooks together than this are not looked through at every call.
const LARGE: i64 = 2_000;

/// But again after this time, in milliseconds.
pub(super) const REST: i64 = 30_000;

/// After so many files were written, the tables of words are put in order.
const MUCH: i64 = 2_000;

/// So many places are looked up one by one.
const FEW: usize = 8;

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

/// What was written down of a place.
pub(super) struct Row {
    pub(super) id: i64,
    pub(super) looked: i64,
    runbooks: i64,
    pub(super) problems: String,
    pub(super) state: Option<String>,
}

/// A place that is asked about.
pub(super) struct Asked<'a> {
    pub(super) place: &'a Place,
    /// Its number among all.
    number: usize,
    pub(super) row: Row,
    turn: Turn,
}

/// Whether another place turned out to be the same.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Turn {
    First,
    Again,
}

/// How much folders hold together.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Size {
    /// So little that they are looked through at every call.
    Small,
    Large,
}

/// Brings all places up to date, and makes them the ones that are asked about: what could not be looked
/// into.
pub(super) fn refresh(
    db: &Connection,
    places: &[Place],
    search: &OsStr,
    now: Timestamp,
    progress: Progress<'_>,
) -> rusqlite::Result<BTreeSet<String>> {
    let now = now.as_millisecond();
    db.execute_batch(
        "CREATE TEMP TABLE IF NOT EXISTS active
         (place INTEGER PRIMARY KEY, rank INTEGER NOT NULL, number INTEGER NOT NULL);
         DELETE FROM active;",
    )?;
    let before = last(db)?;
    let mut problems = BTreeSet::new();
    // The first that is asked for of those that are the same.
    for asked in ask(db, places, PlaceKind::Here, now)? {
        problems.extend(asked.look(db, Size::Small, now, progress)?);
    }
    let roster = Roster::of(places);
    let rested = roster.as_ref().map_or(Ok(None), |roster| roster.rested(db, now))?;
    let looked = match &rested {
        Some(_) => None,
        None => Some(folders(db, places, now, progress)?),
    };
    if let (Some(roster), Some((looked, Size::Large))) = (&roster, &looked) {
        match roster.write(db, looked) {
            Err(error) if is_damage(&error) => return Err(error),
            // What is not written down is looked through again.
            Ok(()) | Err(_) => {}
        }
    }
    let mirrors = ask(db, places, PlaceKind::Mirror, now)?;
    problems.extend(mirrors::refresh(db, &mirrors, search, now, progress)?);
    if let Some((looked, _)) = looked {
        problems.extend(looked.problems);
        forget(db, now)?;
    }
    problems.extend(rested.into_iter().flatten());
    if last(db)? - before > MUCH {
        tidy(db)?;
    }
    Ok(problems)
}

/// Looks through the folders that settings name.
fn folders(
    db: &Connection,
    places: &[Place],
    now: i64,
    progress: Progress<'_>,
) -> rusqlite::Result<(Looked, Size)> {
    let folders = ask(db, places, PlaceKind::Folder, now)?;
    let runbooks = folders.iter().map(|asked| asked.row.runbooks).sum::<i64>();
    let size = if runbooks > LARGE { Size::Large } else { Size::Small };
    let mut looked = Looked { members: Vec::new(), at: now, problems: BTreeSet::new() };
    for asked in &folders {
        looked.members.push((asked.row.id, asked.number));
        if asked.turn == Turn::Again {
            continue;
        }
        let rests = (0..REST).contains(&(now - asked.row.looked));
        if size == Size::Large && rests {
            looked.at = looked.at.min(asked.row.looked);
            looked.problems.extend(asked.row.problems.lines().map(str::to_owned));
        } else {
            looked.problems.extend(asked.look(db, size, now, progress)?);
        }
    }
    Ok((looked, size))
}

/// Makes the places of a kind some of those that are asked about.
fn ask<'a>(
    db: &Connection,
    places: &'a [Place],
    kind: PlaceKind,
    now: i64,
) -> rusqlite::Result<Vec<Asked<'a>>> {
    let of_kind = places.iter().enumerate().filter(|(_, place)| place.kind == kind);
    let keyed: Vec<_> =
        of_kind.filter_map(|(number, place)| Some((number, place, place.key()?))).collect();
    let mut rows = rows(db, keyed.iter().map(|(_, _, key)| key.as_str()))?;
    let mut active = db.prepare("INSERT OR IGNORE INTO active VALUES (?1, ?2, ?3)")?;
    let mut asked = Vec::with_capacity(keyed.len());
    for (at, place, key) in keyed {
        let row = match rows.remove(&key) {
            Some(row) => row,
            None => new(db, &key, now)?,
        };
        let new = active.execute(params![row.id, kind as i64, number(at)])? > 0;
        let turn = if new { Turn::First } else { Turn::Again };
        asked.push(Asked { place, number: at, row, turn });
    }
    Ok(asked)
}

impl Asked<'_> {
    /// Looks through it, if it is a folder: what could not be looked into.
    fn look(
        &self,
        db: &Connection,
        size: Size,
        now: i64,
        progress: Progress<'_>,
    ) -> rusqlite::Result<Vec<String>> {
        let Ground::Folder(folder) = &self.place.ground else { return Ok(Vec::new()) };
        let Some(Lies { root, runbooks, .. }) = folder.lies() else { return Ok(Vec::new()) };
        Files { db, root, runbooks, row: &self.row, now, size }.refresh(progress)
    }
}

/// The number of the latest entry.
fn last(db: &Connection) -> rusqlite::Result<i64> {
    db.query_row("SELECT coalesce(max(id), 0) FROM entry", [], |row| row.get(0))
}

/// What was written down of places, by their keys.
fn rows<'a>(
    db: &Connection,
    keys: impl ExactSizeIterator<Item = &'a str>,
) -> rusqlite::Result<BTreeMap<String, Row>> {
    let columns = "SELECT key, id, looked, runbooks, problems, state FROM place";
    let row = |row: &rusqlite::Row<'_>| {
        let [id, looked, runbooks] = [row.get(1)?, row.get(2)?, row.get(3)?];
        let (problems, state) = (row.get(4)?, row.get(5)?);
        Ok((row.get(0)?, Row { id, looked, runbooks, problems, state }))
    };
    if keys.len() > FEW {
        return db.prepare(columns)?.query_map([], row)?.collect();
    }
    let mut one = db.prepare(&format!("{columns} WHERE key = ?1"))?;
    let mut rows = BTreeMap::new();
    for key in keys {
        rows.extend(one.query_row([key], row).optional()?);
    }
    Ok(rows)
}

/// A place that was never asked for; another process may be asking for it at this moment.
fn new(db: &Connection, key: &str, now: i64) -> rusqlite::Result<Row> {
    let insert = "INSERT INTO place (key, looked) VALUES (?1, ?2)
                  ON CONFLICT (key) DO UPDATE SET looked = looked RETURNING id";
    let id = db.query_row(insert, params![key, now], |row| row.get(0))?;
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
