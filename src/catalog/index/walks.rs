//! The runs on this machine in the index: when each runbook last went well, and which runs are open.
//! A journal is read when it looks otherwise than it did.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::super::asked::look;
use super::write::begin;
use crate::journal::{RunFolder, Store, read};
use crate::report::{OfRunbook, Row, State, Summary, Told, last_ok};

/// A run that is not over.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OpenRun {
    /// Its id.
    pub run: String,
    /// The title of its runbook, with values in place.
    pub title: String,
    /// When it began.
    pub started: Timestamp,
    /// Where it stands, in a word or two.
    pub state: String,
}

/// Brings the table of runs up to date.
pub(super) fn refresh(db: &Connection, store: &Store) -> rusqlite::Result<()> {
    // Runs that cannot be listed say nothing; `history` says why.
    let folders = store.folders().unwrap_or_default();
    let mut known: BTreeMap<String, String> = db
        .prepare("SELECT run, stamp FROM walk")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let mut changed = Vec::new();
    for folder in folders {
        let seen = look(&folder.journal());
        let stamp = seen.map_or_else(String::new, |it| format!("{}:{}.{}", it.0, it.1, it.2));
        let old = known.remove(folder.id());
        if old.as_ref() != Some(&stamp) {
            changed.push((folder, stamp));
        }
    }
    if changed.is_empty() && known.is_empty() {
        return Ok(());
    }
    let transaction = begin(db)?;
    for run in known.keys() {
        db.execute("DELETE FROM walk WHERE run = ?1", [run])?;
    }
    for (folder, stamp) in changed {
        write(db, &folder, &stamp)?;
    }
    transaction.commit()
}

fn write(db: &Connection, folder: &RunFolder, stamp: &str) -> rusqlite::Result<()> {
    let journal = read(&folder.journal());
    let summary = journal.ok().and_then(|journal| Summary::of(&journal.records));
    let insert = "INSERT OR REPLACE INTO walk VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    let Some(summary) = summary else {
        let none: Option<String> = None;
        db.execute(insert, params![folder.id(), stamp, none, none, none, none, 0, none])?;
        return Ok(());
    };
    let row = Row::of(folder.id(), &summary);
    let state = row.state();
    let Told::Run(past) = &row.told else { return Ok(()) };
    let of = OfRunbook::Named { service: past.service.as_deref(), id: &past.runbook };
    let well = last_ok(std::slice::from_ref(&row), of).is_some();
    let open = !matches!(past.state, State::Finished { .. }) && !past.is_rehearsal();
    // A rehearsal is no walk of the runbook: it is not what was walked lately either.
    let of_runbook = Some(&past.runbook).filter(|_| !past.is_rehearsal());
    db.execute(
        insert,
        params![
            folder.id(),
            stamp,
            of_runbook,
            past.service,
            past.title,
            past.started.as_millisecond(),
            i64::from(well),
            open.then_some(state),
        ],
    )?;
    Ok(())
}

/// The runs that are not over, the newest first.
pub(super) fn open(db: &Connection) -> rusqlite::Result<Vec<OpenRun>> {
    let mut statement = db.prepare(
        "SELECT run, title, started, open FROM walk WHERE open IS NOT NULL
         ORDER BY started DESC, run DESC",
    )?;
    let rows = statement.query_map([], |row| {
        let started: i64 = row.get(2)?;
        Ok(OpenRun {
            run: row.get(0)?,
            title: row.get(1)?,
            started: Timestamp::from_millisecond(started).unwrap_or_default(),
            state: row.get(3)?,
        })
    })?;
    rows.collect()
}

/// The entries of what was walked here lately, the latest first.
pub(super) fn lately(db: &Connection, most: usize) -> rusqlite::Result<Vec<i64>> {
    let mut statement = db.prepare(
        "SELECT e.id FROM
           (SELECT runbook, service, max(started) AS latest FROM walk WHERE runbook IS NOT NULL
            GROUP BY runbook, service) w
         JOIN entry e ON e.runbook = w.runbook AND e.service IS w.service AND e.kind = 1
         JOIN active a ON a.place = e.place
         ORDER BY w.latest DESC, a.rank LIMIT ?1",
    )?;
    let rows = statement.query_map([i64::try_from(most).unwrap_or(-1)], |row| row.get(0))?;
    rows.collect()
}
