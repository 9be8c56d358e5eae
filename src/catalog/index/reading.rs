//! Reads one file for the index.

use std::collections::BTreeMap;
use std::path::Path;

use super::super::asked::{Asked, Look, look};
use super::super::file::{File, Folder};
use super::card::Card;
use crate::runbook::{Loaded, decode, load};

/// A file that was written so lately may be written again without looking otherwise, in
/// milliseconds: the clocks of some file systems are coarse.
const UNSURE: i64 = 2_000;

/// A file as it was read.
pub(super) struct Reading {
    /// Its path in its place.
    pub(super) path: String,
    /// How it looked before it was read; empty if that must not be relied on.
    pub(super) stamp: String,
    pub(super) card: Card,
    /// The files that it asked for, and how they looked.
    pub(super) depends: BTreeMap<String, String>,
}

impl Reading {
    /// Reads a file. How it looks is asked before: what is written later is a change.
    pub(super) fn of_file(path: &str, file: &Path, now: i64) -> Self {
        let stamp = relied_on(look(file), now);
        let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let folder = Folder::around(file);
        let service = folder.service().map(str::to_owned);
        let path = path.to_owned();
        let read = match File::read(file) {
            Ok(read) => read,
            Err(failed) => {
                let card = Card::unreadable(&stem, service.as_deref(), &failed.why);
                return Self { path, stamp, card, depends: BTreeMap::new() };
            }
        };
        let asked = Asked::new(folder);
        let (source, findings) = decode(&path, &read.bytes);
        let loaded = if findings.is_empty() {
            load(&source, &asked)
        } else {
            Loaded { runbook: None, findings }
        };
        let card = Card::of(&source, &loaded, &stem, service.as_deref());
        let looks = asked.looks().into_iter();
        let depends = looks
            .filter_map(|(other, seen)| Some((other.to_str()?.to_owned(), relied_on(seen, now))));
        Self { path, stamp, card, depends: depends.collect() }
    }
}

/// How a file looks, if it cannot be changed without looking otherwise.
fn relied_on(seen: Look, now: i64) -> String {
    let written = seen.map_or(0, |(_, seconds, nanos, _)| {
        seconds.saturating_mul(1000).saturating_add(nanos / 1_000_000)
    });
    if now - written < UNSURE { String::new() } else { stamp(seen) }
}

/// How a file looks, as a text; `-` if it is not there.
pub(super) fn stamp(seen: Look) -> String {
    seen.map_or_else(
        || "-".to_owned(),
        |(length, seconds, nanos, inode)| format!("{length}:{seconds}.{nanos}:{inode}"),
    )
}
