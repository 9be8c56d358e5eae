//! Reads one file for the index, from the disk or from a commit.

use std::collections::BTreeMap;
use std::path::Path;

use super::super::asked::{Asked, Look, look};
use super::super::file::File;
use super::super::folder::Folder;
use super::card::Card;
use crate::runbook::{Loaded, Repository, decode, load};

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
        let card = card(&path, &stem, &read.bytes, &asked);
        let looks = asked.looks().into_iter();
        let depends = looks
            .filter_map(|(other, seen)| Some((other.to_str()?.to_owned(), relied_on(seen, now))));
        Self { path, stamp, card, depends: depends.collect() }
    }

    /// A file of a commit, in the repository as seen from it. Its object is what it looks like; what it
    /// depends on is of the same commit.
    pub(super) fn of_blob(
        path: &str,
        object: &str,
        bytes: Result<Vec<u8>, String>,
        folder: &Folder,
    ) -> Self {
        let stem = Path::new(path).file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let card = match bytes {
            Ok(bytes) => card(path, &stem, &bytes, folder),
            Err(why) => Card::unreadable(&stem, folder.service(), &why),
        };
        let (path, stamp) = (path.to_owned(), object.to_owned());
        Self { path, stamp, card, depends: BTreeMap::new() }
    }
}

/// What is kept of a text.
fn card(path: &str, stem: &str, bytes: &[u8], repository: &dyn Repository) -> Card {
    let (source, findings) = decode(path, bytes);
    let loaded = if findings.is_empty() {
        load(&source, repository)
    } else {
        Loaded { runbook: None, findings }
    };
    Card::of(&source, &loaded, stem, repository.service_name().as_deref())
}

/// How a file looks, if it cannot be changed without looking otherwise.
pub(super) fn relied_on(seen: Look, now: i64) -> String {
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
