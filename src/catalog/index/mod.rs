//! The index of all runbooks that are known on this machine: found, listed and matched with alerts
//! without reading them.
//!
//! It is a file that can be thrown away at any time: what is missing, damaged or older is made anew
//! from the runbooks themselves. It decides nothing: what is run or trusted is always read from where
//! it lies.

mod card;
mod doors;
mod files;
mod locate;
mod mirrors;
mod near;
mod place;
mod query;
mod reading;
mod refresh;
mod roster;
mod schema;
mod search;
mod team;
#[cfg(test)]
mod tests;
mod texts;
mod walks;
mod whereabouts;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use jiff::Timestamp;
use rusqlite::Connection;

use super::team_records::TeamRecords;
use crate::journal::Store;
use refresh::Progress;
use schema::is_damage;

pub use doors::IndexedRule;
pub use locate::Meant;
pub use place::{Place, PlaceKind, places};
pub use query::{Entry, Standing, Validity, Wanted};
pub use refresh::Work;
pub use schema::Kept;
pub use search::{Fit, Hits};
pub use team::{TeamWalk, whose};
pub use walks::OpenRun;
pub use whereabouts::Whereabouts;

/// An index that cannot be had, not even in memory.
#[derive(Debug, thiserror::Error)]
#[error("the index of runbooks cannot be used: {0}")]
pub struct IndexFailed(#[from] rusqlite::Error);

/// The index, up to date with all places at the moment it was opened.
pub struct Index {
    db: Connection,
    kept: Kept,
    /// The folder of all state.
    state: Option<PathBuf>,
    /// Where git is found.
    search: OsString,
    places: Vec<Place>,
    /// What of them could not be looked into.
    problems: BTreeSet<String>,
    now: Timestamp,
    said: Vec<String>,
    /// Whose walks are told of, beside those of this machine.
    team: Option<TeamRecords>,
}

impl Index {
    /// Opens the index below the folder of all state, or one in memory, and brings it up to date with
    /// all places. Whatever is wrong with its file, there is an index afterwards; [`Index::said`] tells
    /// what was. Git is found in `search`.
    pub fn open(
        state: Option<PathBuf>,
        search: &OsStr,
        places: Vec<Place>,
        now: Timestamp,
        progress: Progress<'_>,
    ) -> Result<Self, IndexFailed> {
        let folder = state.as_ref().map(|state| state.join("catalog"));
        let opened = schema::open(folder.as_deref())?;
        let (db, kept) = (opened.db, opened.kept);
        let said = opened.said.into_iter().collect();
        let (search, problems) = (search.to_owned(), BTreeSet::new());
        let team = None;
        let mut index = Self { db, kept, state, search, places, problems, now, said, team };
        if let Err(error) = index.refresh(progress) {
            index.mend(&error, progress)?;
        }
        Ok(index)
    }

    fn refresh(&mut self, progress: Progress<'_>) -> rusqlite::Result<()> {
        self.problems = refresh::refresh(&self.db, &self.places, &self.search, self.now, progress)?;
        if let Some(state) = &self.state {
            walks::refresh(&self.db, &Store::new(state.clone()))?;
        }
        match &self.team {
            Some(team) => team::refresh(&self.db, Some(team)),
            None => Ok(()),
        }
    }

    /// Makes the index anew after an error: in its file if that is damaged, else in memory.
    fn mend(&mut self, error: &rusqlite::Error, progress: Progress<'_>) -> Result<(), IndexFailed> {
        if self.kept == Kept::File && is_damage(error) && schema::renew(&self.db).is_ok() {
            self.said
                .push(format!("the index of runbooks was made anew: it was damaged ({error})"));
            if self.refresh(progress).is_ok() {
                return Ok(());
            }
        }
        let opened = schema::open(None)?;
        (self.db, self.kept) = (opened.db, opened.kept);
        self.said.push(format!("the index of runbooks is made in memory this time: {error}"));
        Ok(self.refresh(progress)?)
    }

    /// Asks, and asks again of an index that was made anew if this one is damaged.
    fn ask<T>(
        &mut self,
        question: impl Fn(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, IndexFailed> {
        match question(&self.db) {
            Err(error) if is_damage(&error) => {
                self.mend(&error, &mut |_, _, _| ())?;
                Ok(question(&self.db)?)
            }
            answer => Ok(answer?),
        }
    }

    /// What the user should know, and has not been told: sentences.
    pub fn said(&mut self) -> Vec<String> {
        std::mem::take(&mut self.said)
    }

    /// What could not be looked into, of all places.
    pub fn problems(&self) -> BTreeSet<&str> {
        self.problems.iter().map(String::as_str).collect()
    }

    /// The sources that were never fetched: of their runbooks nothing is known.
    pub fn never_fetched(&mut self) -> Result<Vec<&str>, IndexFailed> {
        let numbers = self.ask(mirrors::never_fetched)?;
        let named = numbers.into_iter().filter_map(|number| self.places.get(number));
        Ok(named.map(Place::name).collect())
    }

    /// Where it is kept.
    pub fn kept(&self) -> Kept {
        self.kept
    }

    /// The place that an entry comes from.
    pub fn place(&self, entry: &Entry) -> &Place {
        &self.places[entry.place]
    }

    /// Where the runbook of an entry lies.
    pub fn whereabouts(&self, entry: &Entry) -> Whereabouts {
        self.place(entry).whereabouts(&entry.path, entry.reference())
    }

    /// The wanted runbooks, by service and id; so many at most.
    pub fn entries(&mut self, wanted: &Wanted, most: usize) -> Result<Vec<Entry>, IndexFailed> {
        self.ask(|db| query::entries(db, wanted, most))
    }

    /// How many runbooks are wanted.
    pub fn count(&mut self, wanted: &Wanted) -> Result<usize, IndexFailed> {
        self.ask(|db| query::count(db, wanted))
    }

    /// These runbooks, in this order.
    pub fn some(&mut self, ids: &[i64]) -> Result<Vec<Entry>, IndexFailed> {
        self.ask(|db| query::some(db, ids, usize::MAX))
    }

    /// What a person means who types an id, `service/id`, or a unique part of an id.
    pub fn locate(&mut self, reference: &str) -> Result<Meant, IndexFailed> {
        self.ask(|db| locate::locate(db, reference))
    }

    /// What every runbook is called: what a picker compares with what is typed.
    pub fn heads(&mut self) -> Result<Vec<(i64, String)>, IndexFailed> {
        self.ask(query::heads)
    }

    /// The runbooks with this id, and of this service if one is given; the nearest first.
    pub fn named(&mut self, id: &str, service: Option<&str>) -> Result<Vec<Entry>, IndexFailed> {
        self.ask(|db| query::named(db, id, service))
    }

    /// Looks for words.
    pub fn find(&mut self, words: &str, most: usize) -> Result<Hits, IndexFailed> {
        self.ask(|db| search::find(db, words, most))
    }

    /// The matchers of all alerts that runbooks answer.
    pub fn alerts(&mut self) -> Result<Vec<IndexedRule>, IndexFailed> {
        self.ask(doors::all)
    }

    /// Those that may fit an alert with these labels. Whether they do, their matchers tell.
    pub fn alerts_for(
        &mut self,
        labels: &BTreeMap<String, String>,
    ) -> Result<Vec<IndexedRule>, IndexFailed> {
        self.ask(|db| doors::may_fit(db, labels))
    }

    /// Those that may fit an alert of which only the name is known.
    pub fn alerts_named(&mut self, name: &str) -> Result<Vec<IndexedRule>, IndexFailed> {
        self.ask(|db| doors::named(db, name))
    }

    /// The runs that are not over, the newest first.
    pub fn open_runs(&mut self) -> Result<Vec<OpenRun>, IndexFailed> {
        self.ask(walks::open)
    }

    /// What was walked here lately, the latest first.
    pub fn lately(&mut self, most: usize) -> Result<Vec<Entry>, IndexFailed> {
        self.ask(|db| query::some(db, &walks::lately(db, most)?, most))
    }
}
