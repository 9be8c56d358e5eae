//! From what a person types to an entry of the index: an id, `service/id`, or any unique part.

use rusqlite::Connection;

use super::query::{Entry, Standing, named, some};
use super::texts::entry_of;

/// More candidates are not told.
const MOST: usize = 10;

/// What a reference names.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Meant {
    /// Nothing.
    None,
    /// This one.
    One(Box<Entry>),
    /// One of these.
    Several(Vec<Entry>),
}

/// Finds what a reference names. Of runbooks with the same name the nearest is meant.
pub(super) fn locate(db: &Connection, reference: &str) -> rusqlite::Result<Meant> {
    let (service, id) = match reference.split_once('/') {
        Some((service, id)) => (Some(service), id),
        None => (None, reference),
    };
    let exact = first_of_each(named(db, id, service)?);
    if !exact.is_empty() {
        return Ok(located(exact));
    }
    let words: Vec<String> = id
        .split(|letter: char| !letter.is_alphanumeric())
        .map(|word| format!("\"{word}\" *"))
        .collect();
    let words: Vec<&str> =
        words.iter().map(String::as_str).filter(|word| *word != "\"\" *").collect();
    if words.is_empty() {
        return Ok(Meant::None);
    }
    let query = format!("names : ({})", words.join(" AND "));
    let ids: Vec<i64> = db
        .prepare("SELECT rowid FROM heads WHERE heads MATCH ?1 LIMIT 500")?
        .query_map([query], |row| Ok(entry_of(row.get(0)?)))?
        .collect::<Result<_, _>>()?;
    let fits = |entry: &Entry| {
        entry.runbook.contains(id)
            && service.is_none_or(|service| entry.service.as_deref() == Some(service))
    };
    let found = some(db, &ids, usize::MAX)?.into_iter().filter(fits).collect();
    Ok(located(first_of_each(found)))
}

/// Without those behind which another one has the same name.
fn first_of_each(mut entries: Vec<Entry>) -> Vec<Entry> {
    entries.retain(|entry| entry.standing != Standing::Behind);
    entries
}

fn located(mut entries: Vec<Entry>) -> Meant {
    entries.truncate(MOST);
    match entries.len() {
        0 => Meant::None,
        1 => Meant::One(Box::new(entries.swap_remove(0))),
        _ => Meant::Several(entries),
    }
}
