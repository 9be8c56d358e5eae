//! The tables of words. A runbook stands in them under a number that is the greater the longer its title
//! is: tables of words are read in the order of their numbers, so that the best is what is read first,
//! and reading can end with it.

use rusqlite::{Connection, params};

use super::card::Card;

/// Titles alone; all that a runbook is called; its summary as well; all of its words.
pub(super) const TABLES: [&str; 4] = ["titles", "heads", "briefs", "words"];

/// So many bits of a number are the id of the entry.
const BITS: u32 = 32;

/// What is left of a number when the length of the title is taken away.
pub(super) const ID: i64 = (1 << BITS) - 1;

/// The number of an entry.
pub(super) fn number(id: i64, title: &str) -> i64 {
    let long = i64::try_from(title.chars().count()).unwrap_or(i64::MAX);
    long.min(i64::from(i32::MAX)) << BITS | id
}

/// The entry with a number.
pub(super) fn entry_of(number: i64) -> i64 {
    number & ID
}

/// Puts the words of a runbook into the tables. Of many the one with the smallest number comes first: what
/// comes out of order is written piece by piece.
pub(super) fn write(db: &Connection, number: i64, card: &Card) -> rusqlite::Result<()> {
    let (title, names) = (&card.title, card.names());
    let summary = card.summary.as_deref().unwrap_or("");
    db.execute("INSERT INTO titles (rowid, title) VALUES (?1, ?2)", params![number, title])?;
    db.execute(
        "INSERT INTO heads (rowid, title, names) VALUES (?1, ?2, ?3)",
        params![number, title, names],
    )?;
    db.execute(
        "INSERT INTO briefs (rowid, title, names, summary) VALUES (?1, ?2, ?3, ?4)",
        params![number, title, names, summary],
    )?;
    db.execute(
        "INSERT INTO words (rowid, title, names, summary, steps, commands)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![number, title, names, summary, card.steps, card.commands],
    )?;
    Ok(())
}

/// Takes the words of a runbook out of the tables.
pub(super) fn remove(db: &Connection, number: i64) -> rusqlite::Result<()> {
    for table in TABLES {
        db.execute(&format!("DELETE FROM {table} WHERE rowid = ?1"), [number])?;
    }
    Ok(())
}

/// Puts the tables in order after much was written: what was written in many pieces is looked through in
/// many.
pub(super) fn tidy(db: &Connection) -> rusqlite::Result<()> {
    for table in TABLES {
        db.execute(&format!("INSERT INTO {table} ({table}) VALUES ('optimize')"), [])?;
    }
    Ok(())
}
