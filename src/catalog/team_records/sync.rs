//! Delivering what waits in the outbox, and reading what others delivered. It may be ended at any
//! instant and tried again: what is there already is not sent again, and what is not there yet waits.

use std::collections::BTreeSet;
use std::fs;

use jiff::Timestamp;

use super::TeamRecords;
use super::disk;
use super::entry::SUMMARY;
use super::folder_place::FolderPlace;
use super::git_place::{GitPlace, MIRROR};
use super::index::{Index, PlaceState};
use super::opened::Opened;
use super::outbox::{Outbox, Parcel};
use super::place::PlaceFailed;
use crate::journal::{RunFolder, Store};
use crate::process::{Added, Branch, Conversation, Deliverer, Pushed};
use crate::settings::RecordsPlace;
use crate::signing::Standing;

/// So often somebody else may be faster.
const MOST_RACES: u32 = 30;

/// So much is sent at once, in bytes.
const MOST_AT_ONCE: usize = 64 << 20;

/// So many runs are sent at once.
const MOST_RUNS_AT_ONCE: usize = 500;

/// What is needed to deliver and to read.
pub struct Errand<'a> {
    /// The runs of this machine.
    pub store: &'a Store,
    /// How git is let talk to others.
    pub git: Conversation<'a>,
    /// Who delivers.
    pub who: &'a str,
    /// What time it is.
    pub now: Timestamp,
    /// What checks signatures.
    pub standing: &'a Standing<'a>,
}

/// What was delivered, and what was not.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Delivered {
    /// The runs that went there.
    pub runs: Vec<String>,
    /// Those that are there only as a summary, and why.
    pub reduced: Vec<(String, String)>,
    /// Those that cannot be read.
    pub unreadable: Vec<String>,
    /// Whether the place was another one than before, or its history was written anew.
    pub replaced: bool,
}

impl TeamRecords {
    /// Delivers what waits, then reads what is there. Only one process does so at a time: whoever
    /// has the [turn](Self::turn).
    pub fn sync(&self, errand: &Errand<'_>) -> Result<(Delivered, Index), PlaceFailed> {
        let failed = |error| PlaceFailed::io("write", &self.folder)(error);
        disk::ensure(&self.folder).map_err(failed)?;
        let mut state = self.state();
        state.tried = Some(errand.now);
        let done = self.exchange(errand, &mut state).or_else(|failed| {
            if self.discard_broken(errand) {
                self.exchange(errand, &mut state)
            } else {
                Err(failed)
            }
        });
        match &done {
            Ok(_) => (state.read, state.failed) = (Some(errand.now), None),
            // That somebody ended it says nothing of the place.
            Err(_) if errand.git.watch.stopped() => {}
            Err(error) => state.failed = Some(error.to_string()),
        }
        state.save(&self.folder).map_err(failed)?;
        done
    }

    fn exchange(
        &self,
        errand: &Errand<'_>,
        state: &mut PlaceState,
    ) -> Result<(Delivered, Index), PlaceFailed> {
        let place = self.open(errand)?;
        let outbox = self.outbox(errand.store);
        let delivered = Delivered::default();
        let mut exchange = Exchange { team: self, errand, outbox, place, state, delivered };
        exchange.was_replaced()?;
        exchange.remember()?;
        while exchange.deliver()? == Went::Elsewhere {}
        let index = self.read_back(errand, &exchange.place)?;
        if let Opened::Git(git) = &exchange.place {
            git.tidy();
        }
        Ok((exchange.delivered, index))
    }

    fn open<'a>(&'a self, errand: &Errand<'a>) -> Result<Opened<'a>, PlaceFailed> {
        match &self.settings.place {
            RecordsPlace::Folder(path) => Ok(Opened::Folder(FolderPlace::open(path)?)),
            RecordsPlace::Git { url, branch } => {
                let branch = Branch { url, name: branch };
                let git = GitPlace::open(&self.folder, branch, errand.git)?;
                Ok(Opened::Git(git))
            }
        }
    }

    /// Throws our copy away, if that is what is broken: it can be made anew.
    fn discard_broken(&self, errand: &Errand<'_>) -> bool {
        let copy = self.folder.join(MIRROR);
        copy.is_dir()
            && Deliverer::at(&copy, errand.git).is_ok_and(|git| !git.is_sound())
            && fs::remove_dir_all(&copy).is_ok()
    }
}

/// What waits on its way to the place.
struct Exchange<'a> {
    team: &'a TeamRecords,
    errand: &'a Errand<'a>,
    outbox: Outbox<'a>,
    place: Opened<'a>,
    state: &'a mut PlaceState,
    delivered: Delivered,
}

/// Where what was delivered went.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Went {
    There,
    /// The place was replaced meanwhile: all of it waits again.
    Elsewhere,
}

impl Exchange<'_> {
    /// Whether what was delivered went elsewhere; then all of it waits again. That comes before the new
    /// place is remembered: whoever dies in between finds it out again.
    fn was_replaced(&mut self) -> Result<bool, PlaceFailed> {
        let replaced = self.state.head.as_deref().is_some_and(|head| !self.place.follows(head));
        if replaced {
            self.outbox.forget()?;
            self.delivered = Delivered { replaced: true, ..Delivered::default() };
            self.remember()?;
        }
        Ok(replaced)
    }

    fn remember(&mut self) -> Result<(), PlaceFailed> {
        self.state.head = match &self.place {
            Opened::Folder(folder) => Some(folder.id().to_owned()),
            Opened::Git(git) => git.tip().map(str::to_owned),
        };
        let folder = &self.team.folder;
        self.state.save(folder).map_err(PlaceFailed::io("write", &folder))
    }

    fn deliver(&mut self) -> Result<Went, PlaceFailed> {
        let waiting = self.outbox.waiting()?;
        self.delivered.unreadable = waiting.unreadable;
        let mut left = waiting.parcels.into_iter().peekable();
        let mut there = None;
        while left.peek().is_some() {
            let batch = next_batch(&self.outbox, &mut left);
            let known = match there.take() {
                Some(known) => known,
                None => self.place.paths()?,
            };
            match self.bring(&batch, known)? {
                None => return Ok(Went::Elsewhere),
                Some(known) => there = Some(known),
            }
            self.remember()?;
            for parcel in batch {
                self.outbox.delivered(&parcel)?;
                if let Some(why) = parcel.reduced {
                    self.delivered.reduced.push((parcel.run.clone(), why));
                }
                self.delivered.runs.push(parcel.run);
            }
        }
        Ok(Went::There)
    }

    /// Brings what is not there yet, whoever else brings something meanwhile; gives what is there then.
    /// Nothing, if the place was replaced.
    fn bring(
        &mut self,
        batch: &[Parcel],
        mut known: BTreeSet<String>,
    ) -> Result<Option<BTreeSet<String>>, PlaceFailed> {
        let mut said = String::new();
        for _ in 0..MOST_RACES {
            let missing = missing(batch, &known);
            let pushed = if missing.is_empty() {
                Pushed::Done
            } else {
                self.place.add(&missing, batch.len(), self.errand)?
            };
            match pushed {
                Pushed::Done => {
                    known.extend(missing.into_iter().map(|file| file.path));
                    return Ok(Some(known));
                }
                Pushed::Raced(why) => said = why,
            }
            self.place.refresh()?;
            if self.was_replaced()? {
                return Ok(None);
            }
            known = self.place.paths()?;
        }
        Err(PlaceFailed::Raced { times: MOST_RACES, said })
    }
}

/// The runs that are sent together.
fn next_batch(
    outbox: &Outbox<'_>,
    left: &mut std::iter::Peekable<impl Iterator<Item = RunFolder>>,
) -> Vec<Parcel> {
    let mut batch = Vec::new();
    let mut size = 0;
    while size < MOST_AT_ONCE && batch.len() < MOST_RUNS_AT_ONCE {
        let Some(folder) = left.next() else { break };
        if let Some(parcel) = outbox.parcel(&folder) {
            size += parcel.files.iter().map(|file| file.bytes.len()).sum::<usize>();
            batch.push(parcel);
        }
    }
    batch
}

/// What is not there yet. A summary comes last: where files come one by one, it says that the rest
/// is there.
fn missing(batch: &[Parcel], there: &BTreeSet<String>) -> Vec<Added> {
    let files = batch.iter().flat_map(|parcel| &parcel.files);
    let missing = files.filter(|file| !there.contains(&file.path));
    let mut missing: Vec<Added> = missing.cloned().collect();
    missing.sort_by_key(|file| file.path.ends_with(SUMMARY));
    missing
}
