//! Full-text search: what a runbook is called counts for more than what it mentions; where nothing
//! has all of the words, what is near is found, and said to be near.

use rusqlite::{Connection, OptionalExtension as _};

use super::near::near;
use super::query::{Entry, named, some};

/// So many runbooks are compared to be ranked; where more fit, the words say too little.
const MOST_RANKED: usize = 2_000;

/// Words that are put in the place of one that nothing has.
const MOST_INSTEAD: usize = 4;

/// More words than this are not looked for.
const MOST_WORDS: usize = 16;

/// What was found.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Hits {
    /// The runbooks, the best first.
    pub entries: Vec<Entry>,
    /// How they fit.
    pub fit: Fit,
}

/// How well what was found fits what was typed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Fit {
    /// Every word begins a word of it.
    All,
    /// Nothing has all of the words: these have some, or words that are nearly the same. The words
    /// that stand for others are named.
    Near(Vec<(String, Vec<String>)>),
}

/// Looks for words.
pub(super) fn find(db: &Connection, typed: &str, most: usize) -> rusqlite::Result<Hits> {
    let words: Vec<&str> = typed
        .split_whitespace()
        .filter(|word| word.chars().any(char::is_alphanumeric))
        .take(MOST_WORDS)
        .collect();
    if words.is_empty() {
        return Ok(Hits { entries: Vec::new(), fit: Fit::All });
    }
    let every: Vec<String> = words.iter().map(|word| begins(word)).collect();
    let entries = matching(db, typed, &every.join(" AND "), most)?;
    if !entries.is_empty() {
        return Ok(Hits { entries, fit: Fit::All });
    }
    let mut instead = Vec::new();
    let mut groups = Vec::new();
    for (word, own) in words.iter().zip(every) {
        if any(db, &own)? {
            groups.push(own);
            continue;
        }
        let close = near(db, word, MOST_INSTEAD)?;
        if !close.is_empty() {
            let choices: Vec<String> = close.iter().map(|word| begins(word)).collect();
            groups.push(format!("({})", choices.join(" OR ")));
            instead.push(((*word).to_owned(), close));
        }
    }
    let fit = Fit::Near(instead);
    if groups.is_empty() {
        return Ok(Hits { entries: Vec::new(), fit });
    }
    let mut entries = matching(db, typed, &groups.join(" AND "), most)?;
    if entries.is_empty() && groups.len() > 1 {
        entries = matching(db, typed, &groups.join(" OR "), most)?;
    }
    Ok(Hits { entries, fit })
}

/// A word, or the beginning of one.
fn begins(word: &str) -> String {
    format!("\"{}\" *", word.replace('"', "\"\""))
}

/// The runbooks that a query finds: those with that very id, those that are called so, the others.
fn matching(
    db: &Connection,
    typed: &str,
    query: &str,
    most: usize,
) -> rusqlite::Result<Vec<Entry>> {
    let mut entries = exactly(db, typed.trim())?;
    entries.truncate(most);
    for (table, weights) in [("heads", "10.0, 6.0"), ("words", "10.0, 8.0, 4.0, 2.0, 1.0")] {
        if entries.len() >= most {
            break;
        }
        let ids = ranked(db, table, weights, query)?;
        let ids: Vec<i64> =
            ids.into_iter().filter(|id| entries.iter().all(|entry| entry.id != *id)).collect();
        let room = most - entries.len();
        entries.extend(some(db, &ids, room)?);
    }
    Ok(entries)
}

/// The runbooks with that very name.
fn exactly(db: &Connection, typed: &str) -> rusqlite::Result<Vec<Entry>> {
    match typed.split_once('/') {
        Some((service, id)) => named(db, id, Some(service)),
        None => named(db, &typed.split_whitespace().collect::<Vec<_>>().join("-"), None),
    }
}

/// What fits, the best first; in any order where too much does.
fn ranked(db: &Connection, table: &str, weights: &str, query: &str) -> rusqlite::Result<Vec<i64>> {
    let ids = |rest: &str| -> rusqlite::Result<Vec<i64>> {
        let text = format!("SELECT rowid FROM {table} WHERE {table} MATCH ?1 {rest}");
        let mut statement = db.prepare(&text)?;
        let rows = statement.query_map([query], |row| row.get(0))?;
        rows.collect()
    };
    let some = ids(&format!("LIMIT {}", MOST_RANKED + 1))?;
    if some.len() > MOST_RANKED || some.len() < 2 {
        return Ok(some);
    }
    ids(&format!("ORDER BY bm25({table}, {weights}), rowid"))
}

fn any(db: &Connection, query: &str) -> rusqlite::Result<bool> {
    let text = "SELECT 1 FROM words WHERE words MATCH ?1 LIMIT 1";
    let found: Option<i64> = db.query_row(text, [query], |row| row.get(0)).optional()?;
    Ok(found.is_some())
}
