//! What editors and the reference say of a key beyond its one line: details, and an example.
//!
//! It is kept apart so that the table of the language stays readable. Keys whose shape says how
//! they are written (durations, keywords, maps) need no example here.

mod runbook;
mod scenario;
mod settings;
mod words;

use super::{Key, Mapping, Shape};

/// More about a key.
#[derive(Debug)]
pub(in crate::runbook) struct Note {
    /// The key.
    key: &'static str,
    /// How its value is written, YAML; empty if its shape says so.
    example: &'static str,
    /// What else there is to know; empty if its one line says all.
    pub more: &'static str,
}

/// What is known of a key of a mapping beyond the table.
pub(in crate::runbook) fn note(mapping: &Mapping, key: &str) -> Option<&'static Note> {
    let all = runbook::NOTES.iter().chain(scenario::NOTES).chain(settings::NOTES);
    // What stands under no mapping holds for the key wherever it is.
    let of = |what: &'static str| all.clone().filter(move |(of, _)| *of == what);
    let named = |(_, notes): &(&str, &'static [Note])| notes.iter().find(|note| note.key == key);
    of(mapping.what).find_map(named).or_else(|| of("").find_map(named))
}

/// How a key is written: what its note says, else what its shape says.
pub(in crate::runbook) fn example(mapping: &Mapping, key: &Key) -> Option<&'static str> {
    let noted = note(mapping, key.name).map(|note| note.example).filter(|text| !text.is_empty());
    noted.or_else(|| of_shape(&key.shape))
}

fn of_shape(shape: &Shape) -> Option<&'static str> {
    match shape {
        Shape::Boolean => Some("true"),
        Shape::Duration => Some("30s"),
        Shape::Keyword(words) => words.first().copied(),
        Shape::Map(mapping) => Some(mapping.form),
        _ => None,
    }
}

/// What a word among some words means.
pub(in crate::runbook) fn meaning(words: &[&str], word: &str) -> Option<&'static str> {
    let (known, meanings) = words::WORDS.iter().find(|(known, _)| *known == words)?;
    let place = known.iter().position(|known| *known == word)?;
    meanings.get(place).copied()
}

/// A note, for the tables.
const fn of(key: &'static str, example: &'static str, more: &'static str) -> Note {
    Note { key, example, more }
}
