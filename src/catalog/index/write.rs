//! Puts what is known of a file into the tables, and takes it out again.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension as _, params};

use super::card::{Card, Kind};
use super::doors::{doors, written};
use super::near::{grams, terms};
use super::reading::Reading;
use super::texts;

/// Writes what was read, all of it or nothing.
pub(super) fn store(db: &Connection, place: i64, readings: &[Reading]) -> rusqlite::Result<()> {
    let transaction = begin(db)?;
    for reading in readings {
        remove(db, place, &reading.path)?;
    }
    let mut words = Vec::new();
    for reading in readings {
        let id = add(db, place, reading)?;
        if reading.card.kind == Kind::Runbook {
            words.push((texts::number(id, &reading.card.title), &reading.card));
        }
    }
    words.sort_by_key(|(number, _)| *number);
    words.into_iter().try_for_each(|(number, card)| texts::write(db, number, card))?;
    transaction.commit()
}

/// A transaction that writes.
pub(super) fn begin(db: &Connection) -> rusqlite::Result<rusqlite::Transaction<'_>> {
    rusqlite::Transaction::new_unchecked(db, rusqlite::TransactionBehavior::Immediate)
}

/// Forgets a file.
pub(super) fn remove(db: &Connection, place: i64, path: &str) -> rusqlite::Result<()> {
    let found = "SELECT id, title FROM entry WHERE place = ?1 AND path = ?2";
    let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
    let found: Option<(i64, String)> = db.query_row(found, params![place, path], row).optional()?;
    let Some((id, title)) = found else { return Ok(()) };
    texts::remove(db, texts::number(id, &title))?;
    db.execute("DELETE FROM entry WHERE id = ?1", [id])?;
    Ok(())
}

/// Adds a file, without its words; its id.
fn add(db: &Connection, place: i64, reading: &Reading) -> rusqlite::Result<i64> {
    let card = &reading.card;
    let [reads, changes, destroys] = card.effects.map(|count| i64::try_from(count).unwrap_or(0));
    db.prepare(
        "INSERT INTO entry (place, path, stamp, kind, linked, runbook, service, title,
         summary, owner, tags, reads, changes, destroys, invalid)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
    )?
    .execute(params![
        place,
        reading.path,
        reading.stamp,
        card.kind as i64,
        card.stands as i64,
        card.runbook,
        card.service,
        card.title,
        card.summary,
        card.owner,
        card.tags.join("\n"),
        reads,
        changes,
        destroys,
        card.invalid,
    ])?;
    let id = db.last_insert_rowid();
    for (path, stamp) in &reading.depends {
        db.execute("INSERT INTO depends VALUES (?1, ?2, ?3)", params![id, path, stamp])?;
    }
    if card.kind == Kind::Runbook {
        names(db, id, card)?;
        alerts(db, id, card)?;
    }
    Ok(id)
}

fn names(db: &Connection, id: i64, card: &Card) -> rusqlite::Result<()> {
    for tag in card.tags.iter().collect::<BTreeSet<_>>() {
        db.execute("INSERT OR IGNORE INTO tag VALUES (?1, ?2)", params![tag, id])?;
    }
    for term in terms(&format!("{} {}", card.title, card.names())) {
        let new = db.execute("INSERT OR IGNORE INTO term (term) VALUES (?1)", [&term])?;
        if new == 1 {
            let number = db.last_insert_rowid();
            for gram in grams(&term) {
                db.execute("INSERT OR IGNORE INTO gram VALUES (?1, ?2)", params![gram, number])?;
            }
        }
    }
    Ok(())
}

fn alerts(db: &Connection, id: i64, card: &Card) -> rusqlite::Result<()> {
    for matchers in &card.alerts {
        db.execute(
            "INSERT INTO rule (entry, matchers) VALUES (?1, ?2)",
            params![id, written(matchers)],
        )?;
        let rule = db.last_insert_rowid();
        for (label, value) in doors(matchers) {
            db.execute(
                "INSERT OR IGNORE INTO door VALUES (?1, ?2, ?3)",
                params![label, value, rule],
            )?;
        }
    }
    Ok(())
}
