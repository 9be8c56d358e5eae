//! What is known of the team's runs since they were read last: a file of its own that can be made anew
//! at any time, so that lists are there at once and without a network.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::disk;
use super::entry::RunRecord;
use crate::report::{OfRunbook, Row, Told, WentWell, last_ok};

/// The form of the files here. One of another form is made anew.
const FORMAT: &str = "surefoot-team/1";

/// This version of the program.
const PROGRAM: &str = env!("CARGO_PKG_VERSION");

const INDEX: &str = "index.json";
pub(super) const WALKED: &str = "walked.json";
const STATE: &str = "state.json";

/// The team's runs, as they were read last.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Index {
    format: String,
    /// The version of the program that judged what was found: another one may know better.
    program: String,
    /// What the place is called.
    pub place: String,
    /// When they were read.
    pub read: Timestamp,
    /// All that was found, by its place.
    pub entries: Vec<Indexed>,
}

/// What was found at one place among the records.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Indexed {
    /// Where it lies.
    pub entry: String,
    /// What changes whenever it does.
    pub(super) print: String,
    /// What it is worth.
    pub judged: Judged,
}

/// What something among the records is worth.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Judged {
    /// It is what it should be, as far as that can be told.
    Good(Box<Good>),
    /// It is not, and why.
    Bad(String),
}

/// A run whose record is what it should be.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Good {
    /// What is said of it.
    pub record: RunRecord,
    /// How far that is proven.
    pub proof: Proof,
    /// Who vouches for it.
    pub sealed_by: Vec<String>,
    /// What is wrong with a signature.
    pub doubt: Option<String>,
}

/// How far it is proven what is said of a run.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// Its whole journal is there, unchanged as far as its chain can tell.
    Journal,
    /// It is what whoever delivered it says.
    Word,
}

/// When a runbook last went well, by the team's records.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct WalkedOk {
    /// Its service.
    pub service: Option<String>,
    /// Its id.
    pub runbook: String,
    /// Its latest run that went well.
    pub run: String,
    /// When that began.
    pub started: Timestamp,
    /// Who walked it.
    pub by: Vec<String>,
    /// On which machine; empty where an earlier version did not write it down.
    #[serde(default)]
    pub host: String,
}

/// When runbooks last went well, and how old that knowledge is.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct TeamWalked {
    format: String,
    /// When the records were read.
    pub read: Timestamp,
    /// By runbook.
    pub runbooks: Vec<WalkedOk>,
}

/// Where the records of a place stand.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct PlaceState {
    format: String,
    /// What the place was at: a commit, or the name of a folder.
    pub head: Option<String>,
    /// When it was read last.
    pub read: Option<Timestamp>,
    /// When that was tried last.
    pub tried: Option<Timestamp>,
    /// Why it could not be read then.
    pub failed: Option<String>,
}

impl Index {
    pub(super) fn new(place: &str, read: Timestamp, entries: Vec<Indexed>) -> Self {
        let (format, program) = (FORMAT.to_owned(), PROGRAM.to_owned());
        Self { format, program, place: place.to_owned(), read, entries }
    }

    /// The index of a place; none if nothing was read, or what is there is no index.
    pub(super) fn read(folder: &Path) -> Option<Self> {
        let index: Self = parsed(&folder.join(INDEX))?;
        (index.format == FORMAT).then_some(index)
    }

    /// What was found, if what was made of it then still counts.
    pub(super) fn judged_here(self) -> Vec<Indexed> {
        if self.program == PROGRAM { self.entries } else { Vec::new() }
    }

    pub(super) fn save(&self, folder: &Path) -> io::Result<()> {
        disk::replace(&folder.join(INDEX), &serde_json::to_vec(self)?)?;
        disk::replace(&folder.join(WALKED), &serde_json::to_vec(&self.walked())?)
    }

    /// The runs that are what they should be, as rows of a history.
    pub fn rows(&self) -> Vec<Row> {
        self.good().map(|(_, good)| row(good)).collect()
    }

    /// The runs that are what they should be.
    pub fn good(&self) -> impl Iterator<Item = (&Indexed, &Good)> {
        self.entries.iter().filter_map(|indexed| match &indexed.judged {
            Judged::Good(good) => Some((indexed, &**good)),
            Judged::Bad(_) => None,
        })
    }

    /// What is not, and why.
    pub fn bad(&self) -> impl Iterator<Item = (&Indexed, &str)> {
        self.entries.iter().filter_map(|indexed| match &indexed.judged {
            Judged::Good(_) => None,
            Judged::Bad(why) => Some((indexed, why.as_str())),
        })
    }

    fn walked(&self) -> TeamWalked {
        let mut runs: BTreeMap<(Option<&str>, &str), Vec<&Good>> = BTreeMap::new();
        for (_, good) in self.good() {
            let past = &good.record.past;
            runs.entry((past.service.as_deref(), &past.runbook)).or_default().push(good);
        }
        let runbooks = runs.into_iter().filter_map(|((service, runbook), runs)| {
            let rows: Vec<Row> = runs.iter().map(|good| row(good)).collect();
            let WentWell { run, started, .. } =
                last_ok(&rows, OfRunbook::Named { service, id: runbook })?;
            let good = runs.iter().find(|good| good.record.run == run)?;
            let by = good.record.past.responders.clone();
            let (service, runbook) = (service.map(str::to_owned), runbook.to_owned());
            Some(WalkedOk { service, runbook, run, started, by, host: good.record.host.clone() })
        });
        let (format, read) = (FORMAT.to_owned(), self.read);
        TeamWalked { format, read, runbooks: runbooks.collect() }
    }
}

/// A run as a row of a history.
fn row(good: &Good) -> Row {
    Row { run: good.record.run.clone(), told: Told::Run(Box::new(good.record.past.clone())) }
}

impl TeamWalked {
    pub(super) fn read(folder: &Path) -> Option<Self> {
        let walked: Self = parsed(&folder.join(WALKED))?;
        (walked.format == FORMAT).then_some(walked)
    }

    /// When a runbook last went well.
    pub fn of(&self, service: Option<&str>, id: &str) -> Option<&WalkedOk> {
        let own = |walked: &&WalkedOk| walked.service.as_deref() == service && walked.runbook == id;
        self.runbooks.iter().find(own)
    }
}

impl PlaceState {
    pub(super) fn read(folder: &Path) -> Self {
        parsed(&folder.join(STATE)).filter(|it: &Self| it.format == FORMAT).unwrap_or_default()
    }

    pub(super) fn save(&self, folder: &Path) -> io::Result<()> {
        let state = Self { format: FORMAT.to_owned(), ..self.clone() };
        disk::replace(&folder.join(STATE), &serde_json::to_vec(&state)?)
    }
}

fn parsed<T: serde::de::DeserializeOwned>(path: &Path) -> Option<T> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}
