//! The roster: the folders of settings as they were looked through last. As long as they rest, they are
//! known by what settings say of them, all together, and none of them is looked at.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt as _;

use rusqlite::{Connection, OptionalExtension as _, params};

use super::super::digest::sha256;
use super::place::{Ground, Place, PlaceKind};
use super::refresh::REST;
use super::write::begin;

/// The folders that settings name.
pub(super) struct Roster {
    /// What settings say of them, as a digest.
    said: String,
    /// The number of the first place that settings name.
    first: usize,
    /// How many these are.
    count: usize,
}

/// Folders that were looked through.
pub(super) struct Looked {
    /// Their ids, and the numbers of their places.
    pub(super) members: Vec<(i64, usize)>,
    /// When the first of them was.
    pub(super) at: i64,
    /// What could not be looked into.
    pub(super) problems: BTreeSet<String>,
}

impl Roster {
    /// The folders among places; nothing if there is none.
    pub(super) fn of(places: &[Place]) -> Option<Self> {
        let mut said = Vec::new();
        // What settings say is the same in every repository.
        let first = places.iter().take_while(|place| place.kind == PlaceKind::Here).count();
        for (number, place) in places[first..].iter().enumerate() {
            let (Ground::Folder(folder), PlaceKind::Folder) = (&place.ground, place.kind) else {
                continue;
            };
            let mut rest = String::new();
            let _infallible =
                write!(rest, "\0{number} {:?} {:?}\0", folder.runbooks, folder.without);
            said.extend_from_slice(folder.named.as_os_str().as_bytes());
            said.extend_from_slice(rest.as_bytes());
        }
        (!said.is_empty()).then(|| Self { said: sha256(&said), first, count: places.len() - first })
    }

    /// Makes them the ones that are asked about, if they rest: what could not be looked into when they
    /// were looked through.
    pub(super) fn rested(
        &self,
        db: &Connection,
        now: i64,
    ) -> rusqlite::Result<Option<BTreeSet<String>>> {
        let problems = "SELECT problems FROM roster
                        WHERE said = ?1 AND looked > ?2 AND looked <= ?3";
        let values = params![self.said, now - REST, now];
        let problems: Option<String> =
            db.query_row(problems, values, |row| row.get(0)).optional()?;
        let Some(problems) = problems else { return Ok(None) };
        // Another process may write another roster at this moment, and a file may be damaged.
        let taken = db.execute(
            "INSERT OR IGNORE INTO active SELECT member.place, ?2, ?3 + member.number
             FROM roster CROSS JOIN member
             WHERE roster.said = ?1 AND member.number >= 0 AND member.number < ?4",
            params![self.said, PlaceKind::Folder as i64, number(self.first), number(self.count)],
        )?;
        Ok((taken > 0).then(|| problems.lines().map(str::to_owned).collect()))
    }

    /// Writes down that they were looked through.
    pub(super) fn write(&self, db: &Connection, looked: &Looked) -> rusqlite::Result<()> {
        let transaction = begin(db)?;
        db.execute_batch("DELETE FROM roster; DELETE FROM member;")?;
        let problems: Vec<&str> = looked.problems.iter().map(String::as_str).collect();
        db.execute(
            "INSERT INTO roster VALUES (?1, ?2, ?3)",
            params![self.said, looked.at, problems.join("\n")],
        )?;
        let mut member = db.prepare("INSERT OR IGNORE INTO member VALUES (?1, ?2)")?;
        for (place, at) in &looked.members {
            member.execute([*place, number(at - self.first)])?;
        }
        drop(member);
        transaction.commit()
    }
}

/// A number as the tables hold it.
pub(super) fn number(of: usize) -> i64 {
    i64::try_from(of).unwrap_or(i64::MAX)
}
