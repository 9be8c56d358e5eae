//! A run among the team's records: where it lies, and what is said of it. Files are only ever added
//! there, and each has a path of its own, so that two machines are never in each other's way.
//!
//! `runs/2026/11/<run>/<head>/` holds `summary.json`, a file for each seal in `seals/`, and, where
//! whole runs are shared, journal, runbook and outputs in `record/`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::journal::{Contents, FORMAT};
use crate::report::{EffectCounts, Past, State, Summary};

/// The form of summaries that this program writes.
pub const RECORD_FORMAT: &str = "surefoot-run/1";

/// Where all runs are.
pub(super) const RUNS: &str = "runs";

/// The summary, in a run's folder.
pub(super) const SUMMARY: &str = "summary.json";

/// Where its seals are.
pub(super) const SEALS: &str = "seals/";

/// Where its journal, runbook and outputs are.
pub(super) const RECORD: &str = "record/";

/// So much of a head is in a path.
const HEAD: usize = 16;

/// No id that this program gives is longer.
const LONGEST_ID: usize = 64;

/// What is said of a run that is over.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct RunRecord {
    /// `surefoot-run/1`.
    pub format: String,
    /// The run's id.
    pub run: String,
    /// The machine that it ran on.
    pub host: String,
    /// The version of the program there.
    pub program: String,
    /// How it went.
    pub past: Past,
    /// How many commands had each effect.
    pub effects: EffectCounts,
    /// When it was over.
    pub finished: Timestamp,
    /// The repository of the runbook, if it lay in one.
    pub remote: Option<String>,
    /// The commit that was checked out there.
    pub commit: Option<String>,
    /// Whether the runbook differed from it.
    pub dirty: Option<bool>,
    /// Its journal.
    pub journal: Head,
}

/// What a journal is known by.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Head {
    /// Its format.
    pub format: String,
    /// How many records it has.
    pub records: u64,
    /// The digest of the last.
    pub head: String,
}

impl RunRecord {
    /// What is said of a run, if it is over.
    pub fn of(contents: &Contents) -> Option<Self> {
        let summary = Summary::of(&contents.records)?;
        if !matches!(summary.state, State::Finished { .. }) {
            return None;
        }
        let with = &summary.started_with;
        let file = with.runbook.files.first();
        Some(Self {
            format: RECORD_FORMAT.to_owned(),
            run: with.run.clone(),
            host: with.host.clone(),
            program: with.program.clone(),
            past: Past::of(&summary),
            effects: summary.effects,
            finished: summary.last,
            remote: file.and_then(|file| file.remote.clone()),
            commit: file.and_then(|file| file.commit.clone()),
            dirty: file.and_then(|file| file.dirty),
            journal: Head {
                format: FORMAT.to_owned(),
                records: contents.records.len() as u64,
                head: contents.head().to_owned(),
            },
        })
    }

    /// Its file.
    pub(super) fn text(&self) -> String {
        let text = serde_json::to_string_pretty(self);
        text.expect("texts and numbers always serialise") + "\n"
    }

    /// Where it lies.
    pub(super) fn path(&self) -> EntryPath {
        let head = self.journal.head.get(..HEAD).unwrap_or(&self.journal.head);
        EntryPath { run: self.run.clone(), head: head.to_owned() }
    }

    /// Whether another record tells the same of the same run; what a later version of this program
    /// counts otherwise is no difference.
    pub(super) fn agrees(&self, other: &Self) -> bool {
        let told = |record: &Self| {
            let past = &record.past;
            let book = (past.runbook.clone(), past.service.clone(), past.digest.clone());
            let walk = (past.started, past.state.clone(), past.responders.clone(), past.mode);
            (record.run.clone(), record.host.clone(), book, walk, record.journal.head.clone())
        };
        told(self) == told(other) && self.journal.records == other.journal.records
    }
}

/// The place of a run among all.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct EntryPath {
    pub(super) run: String,
    pub(super) head: String,
}

impl EntryPath {
    /// The folder, from the root of all records.
    pub(super) fn folder(&self) -> String {
        let Self { run, head } = self;
        let (year, month) = (run.get(..4).unwrap_or("0000"), run.get(5..7).unwrap_or("00"));
        format!("{RUNS}/{year}/{month}/{run}/{head}")
    }

    /// The run that a path belongs to, and what is left of the path; none for a path that this
    /// program does not give.
    pub(super) fn of(path: &str) -> Option<(Self, &str)> {
        let mut parts = path.splitn(6, '/');
        let mut next = || parts.next();
        let (runs, year, month) = (next()?, next()?, next()?);
        let (run, head, rest) = (next()?, next()?, next()?);
        let own = Self { run: run.to_owned(), head: head.to_owned() };
        let hex =
            head.len() == HEAD && head.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let begins = run.starts_with(&format!("{year}-{month}-"));
        (runs == RUNS && hex && is_run_id(run) && begins).then_some((own, rest))
    }
}

/// Whether a text can be the id of a run: `2026-11-20-0312-checkout-k3f9`.
fn is_run_id(text: &str) -> bool {
    let minute = text.bytes().take(15).enumerate().all(|(place, byte)| match place {
        4 | 7 | 10 => byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    minute && (17..=LONGEST_ID).contains(&text.len()) && text.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_one_run_and_odd_ones_name_none() {
        let own = EntryPath {
            run: "2026-11-20-0312-checkout-k3f9".to_owned(),
            head: "0123456789abcdef".to_owned(),
        };
        let folder = own.folder();
        assert_eq!(folder, "runs/2026/11/2026-11-20-0312-checkout-k3f9/0123456789abcdef");
        let path = format!("{folder}/record/output/0001.log");
        assert_eq!(EntryPath::of(&path), Some((own, "record/output/0001.log")));
        for odd in [
            "runs/2026/12/2026-11-20-0312-checkout-k3f9/0123456789abcdef/summary.json",
            "runs/2026/11/2026-11-20-0312-Checkout-k3f9/0123456789abcdef/summary.json",
            "runs/2026/11/2026-11-20-0312-checkout-k3f9/../summary.json",
            "runs/2026/11/2026-11-20-0312-checkout-k3f9/0123456789abcdef",
            "runs/../../2026-11-20-0312-checkout-k3f9/0123456789abcdef/summary.json",
            "etc/2026/11/2026-11-20-0312-checkout-k3f9/0123456789abcdef/summary.json",
            "README.md",
        ] {
            assert_eq!(EntryPath::of(odd), None, "{odd}");
        }
    }
}
