//! Full-text search: what a runbook is called counts for more than what it mentions; where nothing
//! has all of the words, what is near is found, and said to be near.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension as _};

use super::near::near;
use super::query::{ById, Entry, named, some};
use super::texts::{ID, entry_of};

/// So many runbooks that have only some of the words are compared to be ranked.
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
    let whole: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    let every: Vec<String> = words.iter().map(|word| begins(word)).collect();
    let entries = matching(db, typed, &[&whole.join(" AND "), &every.join(" AND ")], most)?;
    if !entries.is_empty() {
        return Ok(Hits { entries, fit: Fit::All });
    }
    let mut instead = Vec::new();
    let mut groups = Vec::new();
    for (word, own) in words.iter().zip(every) {
        // Whole, it is found sooner.
        if any(db, &quoted(word))? || any(db, &own)? {
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
    let mut entries = matching(db, typed, &[&groups.join(" AND ")], most)?;
    if entries.is_empty() && groups.len() > 1 {
        entries = with_some(db, &groups.join(" OR "), most)?;
    }
    Ok(Hits { entries, fit })
}

/// A word as it is.
fn quoted(word: &str) -> String {
    format!("\"{}\"", word.replace('"', "\"\""))
}

/// A word, or the beginning of one.
fn begins(word: &str) -> String {
    format!("{} *", quoted(word))
}

/// What is looked through, in this order: for what a runbook is called its title goes before its other
/// names, for all of its words what it is called and its summary before what it does.
const TABLES: [[&str; 2]; 2] = [["titles", "heads"], ["briefs", "words"]];

/// The runbooks that queries find: those with that very id, those that are called so, the others; of
/// each what the first query finds before what only the next one does. Of runbooks that have the words
/// in the same place the one with the shortest title comes first. All of them have the same words, so
/// that nothing hangs on how rare these are, which would take to count every runbook with one of them.
fn matching(
    db: &Connection,
    typed: &str,
    queries: &[&str],
    most: usize,
) -> rusqlite::Result<Vec<Entry>> {
    let mut entries = exactly(db, typed.trim())?;
    entries.truncate(most);
    let mut seen: BTreeSet<i64> = entries.iter().map(|entry| entry.id).collect();
    let mut each = ById::new(db)?;
    for tables in TABLES {
        for query in queries {
            for table in tables {
                if entries.len() >= most {
                    return Ok(entries);
                }
                let text =
                    format!("SELECT rowid FROM {table} WHERE {table} MATCH ?1 ORDER BY rowid");
                let mut statement = db.prepare(&text)?;
                let mut rows = statement.query([query])?;
                while let Some(row) = rows.next()?
                    && entries.len() < most
                {
                    let id = entry_of(row.get(0)?);
                    if seen.insert(id) {
                        entries.extend(each.entry(id)?);
                    }
                }
            }
        }
    }
    Ok(entries)
}

/// What a word counts for in each column.
const WEIGHTS: [(&str, &str); 2] = [("heads", "10.0, 6.0"), ("words", "10.0, 8.0, 4.0, 2.0, 1.0")];

/// The runbooks that have some of the words. Here it counts how rare a word is, unless there are too many.
fn with_some(db: &Connection, query: &str, most: usize) -> rusqlite::Result<Vec<Entry>> {
    let mut entries: Vec<Entry> = Vec::new();
    for (table, weights) in WEIGHTS {
        let mut ids = ids(db, table, query, &format!("LIMIT {}", MOST_RANKED + 1))?;
        if (2..=MOST_RANKED).contains(&ids.len()) {
            let order = format!("ORDER BY bm25({table}, {weights}), rowid & {ID}");
            ids = self::ids(db, table, query, &order)?;
        }
        let seen: BTreeSet<i64> = entries.iter().map(|entry| entry.id).collect();
        ids.retain(|id| !seen.contains(id));
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

fn ids(db: &Connection, table: &str, query: &str, rest: &str) -> rusqlite::Result<Vec<i64>> {
    let text = format!("SELECT rowid FROM {table} WHERE {table} MATCH ?1 {rest}");
    let mut statement = db.prepare(&text)?;
    let rows = statement.query_map([query], |row| Ok(entry_of(row.get(0)?)))?;
    rows.collect()
}

fn any(db: &Connection, query: &str) -> rusqlite::Result<bool> {
    let text = "SELECT 1 FROM words WHERE words MATCH ?1 LIMIT 1";
    let found: Option<i64> = db.query_row(text, [query], |row| row.get(0)).optional()?;
    Ok(found.is_some())
}
