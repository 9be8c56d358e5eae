//! Brings the index up to date with one folder: only those files are read that look otherwise than they
//! did, and those that depend on them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, params};

use super::super::asked::look;
use super::super::walk::walk;
use super::reading::{Reading, stamp};
use super::refresh::{HOUR, Progress, Row, Size, Work, at_once};
use super::write::{begin, remove, store};

/// So many files are read before what they hold is written.
const BATCH: usize = 256;

/// A place whose runbooks are files.
pub(super) struct Files<'a> {
    pub(super) db: &'a Connection,
    /// What paths count from.
    pub(super) root: &'a Path,
    pub(super) runbooks: &'a Path,
    pub(super) row: &'a Row,
    pub(super) now: i64,
    /// How much it holds together with others.
    pub(super) size: Size,
}

impl Files<'_> {
    /// Reads what is otherwise than it was: what could not be looked into.
    pub(super) fn refresh(&self, progress: Progress<'_>) -> rusqlite::Result<Vec<String>> {
        let walked = walk(self.runbooks);
        let mut problems: Vec<String> = walked
            .unreadable
            .iter()
            .map(|unreadable| format!("{}: {}", unreadable.path.display(), unreadable.why))
            .collect();
        let mut files = BTreeMap::new();
        for path in walked.runbooks {
            let relative = path.strip_prefix(self.root).unwrap_or(&path).to_str();
            match relative {
                Some(relative) => _ = files.insert(relative.to_owned(), path),
                None => problems.push(format!("{}: its name is not UTF-8", path.display())),
            }
        }
        let known = stamps(self.db, self.row.id)?;
        let mut changed: BTreeSet<&String> = files
            .iter()
            .filter(|(path, file)| known.get(*path).is_none_or(|old| *old != stamp(look(file))))
            .map(|(path, _)| path)
            .collect();
        let gone: Vec<&String> = known.keys().filter(|path| !files.contains_key(*path)).collect();
        // What uses other runbooks may find them now, or not any more.
        let others = !changed.is_empty() || !gone.is_empty();
        let linked = self.linked(others)?;
        changed.extend(files.keys().filter(|path| linked.contains(*path)));
        self.write(
            &changed.into_iter().map(|path| (path, &files[path])).collect::<Vec<_>>(),
            progress,
        )?;
        for path in &gone {
            let transaction = begin(self.db)?;
            remove(self.db, self.row.id, path)?;
            transaction.commit()?;
        }
        self.looked(&problems, others)?;
        Ok(problems)
    }

    /// The files that depend on others which look otherwise now, or on any if others changed.
    fn linked(&self, others: bool) -> rusqlite::Result<BTreeSet<String>> {
        let mut statement = self.db.prepare(
            "SELECT entry.path, depends.path, depends.stamp FROM entry
             LEFT JOIN depends ON depends.entry = entry.id
             WHERE entry.place = ?1 AND entry.linked = 1",
        )?;
        let mut rows = statement.query([self.row.id])?;
        let mut linked = BTreeSet::new();
        while let Some(row) = rows.next()? {
            let (path, other): (String, Option<String>) = (row.get(0)?, row.get(1)?);
            let old: Option<String> = row.get(2)?;
            let changed = || other.is_some_and(|other| old != Some(stamp(look(Path::new(&other)))));
            if others || changed() {
                linked.insert(path);
            }
        }
        Ok(linked)
    }

    /// Reads files, several at a time, and writes what they hold.
    fn write(&self, files: &[(&String, &PathBuf)], progress: Progress<'_>) -> rusqlite::Result<()> {
        let mut done = 0;
        for batch in files.chunks(BATCH) {
            let now = self.now;
            let readings = at_once(batch, |(path, file)| Reading::of_file(path, file, now));
            store(self.db, self.row.id, &readings)?;
            done += batch.len();
            progress(Work::Files, done, files.len());
        }
        Ok(())
    }

    /// Writes down that the place was looked at, where that is news.
    fn looked(&self, problems: &[String], changed: bool) -> rusqlite::Result<()> {
        let problems = problems.join("\n");
        let old = self.now - self.row.looked > HOUR;
        if !changed && self.size == Size::Small && !old && problems == self.row.problems {
            return Ok(());
        }
        self.db.execute(
            "UPDATE place SET looked = ?1, problems = ?2,
             runbooks = (SELECT count(*) FROM entry WHERE place = ?3 AND kind = 1) WHERE id = ?3",
            params![self.now, problems, self.row.id],
        )?;
        Ok(())
    }
}

/// What is known of a place: how each file looked, or which object it was.
pub(super) fn stamps(db: &Connection, place: i64) -> rusqlite::Result<BTreeMap<String, String>> {
    let mut statement = db.prepare("SELECT path, stamp FROM entry WHERE place = ?1")?;
    let rows = statement.query_map([place], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}
