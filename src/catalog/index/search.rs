//! Full-text search: what a runbook is called counts for more than what it mentions; where nothing
//! has all of the words, what is near is found, and said to be near.

use std::collections::{BTreeMap, BTreeSet};

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
    let whole: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    let every: Vec<String> = words.iter().map(|word| begins(word)).collect();
    let entries = matching(db, typed, &[&whole.join(" AND "), &every.join(" AND ")], most)?;
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

/// A table of words, and those of its columns in which a word counts for more.
struct Table {
    name: &'static str,
    better: &'static str,
    /// What a word counts for in each column.
    weights: &'static str,
}

/// What a runbook is called, and all its words.
const TABLES: [Table; 2] = [
    Table { name: "heads", better: "title", weights: "10.0, 6.0" },
    Table { name: "words", better: "title names summary", weights: "10.0, 8.0, 4.0, 2.0, 1.0" },
];

/// The runbooks that queries find: those with that very id, those that are called so, the others; of
/// each what the first query finds before what only the next one does.
fn matching(
    db: &Connection,
    typed: &str,
    queries: &[&str],
    most: usize,
) -> rusqlite::Result<Vec<Entry>> {
    let mut entries = exactly(db, typed.trim())?;
    entries.truncate(most);
    for table in &TABLES {
        for query in queries {
            if entries.len() >= most {
                return Ok(entries);
            }
            let ids = ranked(db, table, query)?;
            more(db, &mut entries, ids, most)?;
        }
    }
    Ok(entries)
}

/// The runbooks that have some of the words. Here it counts how rare a word is.
fn with_some(db: &Connection, query: &str, most: usize) -> rusqlite::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for table in &TABLES {
        let mut ids = ids(db, table, query, &format!("LIMIT {}", MOST_RANKED + 1))?;
        if (2..=MOST_RANKED).contains(&ids.len()) {
            let Table { name, weights, .. } = table;
            ids = self::ids(db, table, query, &format!("ORDER BY bm25({name}, {weights}), rowid"))?;
        }
        more(db, &mut entries, ids, most)?;
    }
    Ok(entries)
}

/// Adds those that are not there yet, as long as there is room.
fn more(
    db: &Connection,
    entries: &mut Vec<Entry>,
    ids: Vec<i64>,
    most: usize,
) -> rusqlite::Result<()> {
    let new = |id: &i64| entries.iter().all(|entry| entry.id != *id);
    let ids: Vec<i64> = ids.into_iter().filter(new).collect();
    let room = most - entries.len();
    entries.extend(some(db, &ids, room)?);
    Ok(())
}

/// The runbooks with that very name.
fn exactly(db: &Connection, typed: &str) -> rusqlite::Result<Vec<Entry>> {
    match typed.split_once('/') {
        Some((service, id)) => named(db, id, Some(service)),
        None => named(db, &typed.split_whitespace().collect::<Vec<_>>().join("-"), None),
    }
}

/// What has all of the words, the best first: in the columns that count for more before elsewhere, a short
/// title before a long one. In any order where too much fits. All of them have the same words, so that
/// nothing hangs on how rare these are, which would take to count every runbook with one of them.
fn ranked(db: &Connection, table: &Table, query: &str) -> rusqlite::Result<Vec<i64>> {
    let limit = format!("LIMIT {}", MOST_RANKED + 1);
    let mut some = ids(db, table, query, &limit)?;
    if some.len() > MOST_RANKED || some.len() < 2 {
        return Ok(some);
    }
    let within = format!("{{{}}} : ({query})", table.better);
    let better: BTreeSet<i64> = ids(db, table, &within, &limit)?.into_iter().collect();
    let mut statement = db.prepare("SELECT length(title) FROM entry WHERE id = ?1")?;
    let mut order = BTreeMap::new();
    for id in &some {
        let long: Option<i64> = statement.query_row([id], |row| row.get(0)).optional()?;
        order.insert(*id, (!better.contains(id), long));
    }
    some.sort_by_key(|id| (order.get(id).copied(), *id));
    Ok(some)
}

fn ids(db: &Connection, table: &Table, query: &str, rest: &str) -> rusqlite::Result<Vec<i64>> {
    let name = table.name;
    let text = format!("SELECT rowid FROM {name} WHERE {name} MATCH ?1 {rest}");
    let mut statement = db.prepare(&text)?;
    let rows = statement.query_map([query], |row| row.get(0))?;
    rows.collect()
}

fn any(db: &Connection, query: &str) -> rusqlite::Result<bool> {
    let text = "SELECT 1 FROM words WHERE words MATCH ?1 LIMIT 1";
    let found: Option<i64> = db.query_row(text, [query], |row| row.get(0)).optional()?;
    Ok(found.is_some())
}
