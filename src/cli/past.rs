//! What earlier runs on this machine say about a runbook that is about to be walked.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};

use jiff::Timestamp;
use serde::Deserialize;

use crate::console::Known;
use crate::effects::SystemClock;
use crate::engine::Role;
use crate::journal::{RunFolder, Store, read};
use crate::policy::Attendance;
use crate::report::{OfRunbook, Row, Summary, WentWell, last_ok, usual_times};
use crate::runbook::{Runbook, StepId};
use crate::session::Clock as _;

/// Older runs than this many are not looked at: the first screen must not wait for them.
const MOST_RUNS: usize = 200;

/// So many runs of the runbook are read in full.
const MOST_READ: usize = 30;

/// A first record is not longer than this, in bytes.
const MOST_OF_A_RECORD: u64 = 1 << 20;

/// What is known from before.
#[derive(Default)]
pub(crate) struct History {
    pub(crate) known: Known,
    /// What changed since the runbook was last run here.
    pub(crate) difference: Option<String>,
    /// The earlier runs of the runbook, the newest first.
    pub(crate) summaries: Vec<Summary>,
}

/// Looks at earlier runs, for a person who reads it.
pub(crate) fn known(
    store: &Store,
    runbook: &Runbook,
    digest: &str,
    attendance: Attendance,
) -> History {
    if attendance == Attendance::Unattended {
        return History::default();
    }
    let folders = store.folders().unwrap_or_default();
    let earlier = folders.into_iter().take(MOST_RUNS).filter_map(|folder| {
        let summary = earlier(&folder, runbook)?;
        Some((folder, summary))
    });
    let (folders, summaries): (Vec<RunFolder>, Vec<Summary>) = earlier.take(MOST_READ).unzip();
    let rows = folders.iter().zip(&summaries);
    let rows: Vec<Row> = rows.map(|(folder, summary)| Row::of(folder.id(), summary)).collect();
    let named = OfRunbook::Named { service: runbook.service.as_deref(), id: &runbook.id };
    let well = last_ok(&rows, named);
    let latest = summaries.first();
    let changed = latest.is_some_and(|latest| latest.started_with.runbook.digest != digest);
    let difference = folders.first().filter(|_| changed);
    History {
        known: Known {
            usual: well.as_ref().map(|well| well.usual),
            last_walked: Some(last_walked(well.as_ref(), latest)),
            changed,
            usual_steps: of_role(&summaries, Role::Main),
            usual_undo: of_role(&summaries, Role::Undo),
        },
        difference: difference.and_then(|folder| difference_to(folder, runbook)),
        summaries,
    }
}

fn last_walked(well: Option<&WentWell>, latest: Option<&Summary>) -> String {
    match (well, latest) {
        (Some(well), _) => format!("last walked OK on this machine {}", ago(well.started)),
        (None, Some(_)) => "never walked OK on this machine".to_owned(),
        (None, None) => "never walked on this machine".to_owned(),
    }
}

fn of_role(summaries: &[Summary], wanted: Role) -> BTreeMap<StepId, u64> {
    let usual = usual_times(summaries).into_iter();
    usual.filter_map(|((role, step), took)| (role == wanted).then_some((step, took))).collect()
}

/// An earlier run of the runbook. Journals of others are not read beyond their first record.
fn earlier(folder: &RunFolder, runbook: &Runbook) -> Option<Summary> {
    let Began { event: BeganEvent { runbook: Origin { id, service } }, .. } = began(folder)?;
    if id != runbook.id || service != runbook.service {
        return None;
    }
    Summary::of(&read(&folder.journal()).ok()?.records)
}

/// The first record of a run.
fn began(folder: &RunFolder) -> Option<Began> {
    let mut first = String::new();
    let mut file = BufReader::new(File::open(folder.journal()).ok()?).take(MOST_OF_A_RECORD);
    file.read_line(&mut first).ok()?;
    serde_json::from_str(&first).ok()
}

/// When runbooks were last walked, by service and id.
pub(crate) type LastWalks = BTreeMap<(Option<String>, String), Timestamp>;

/// When runbooks were last walked on this machine, as far as the latest runs tell.
pub(crate) fn last_walks(store: &Store) -> LastWalks {
    let mut walks = LastWalks::new();
    for folder in store.folders().unwrap_or_default().into_iter().take(MOST_RUNS) {
        if let Some(Began { at, event: BeganEvent { runbook: Origin { id, service } } }) =
            began(&folder)
        {
            let latest = walks.entry((service, id)).or_insert(at);
            *latest = at.max(*latest);
        }
    }
    walks
}

/// What says whose run it is, in a first record.
#[derive(Deserialize)]
struct Began {
    at: Timestamp,
    event: BeganEvent,
}

#[derive(Deserialize)]
struct BeganEvent {
    runbook: Origin,
}

#[derive(Deserialize)]
struct Origin {
    id: String,
    service: Option<String>,
}

/// The lines that differ from the runbook as it was frozen in an earlier run.
fn difference_to(folder: &RunFolder, runbook: &Runbook) -> Option<String> {
    let contents = read(&folder.journal()).ok()?;
    let crate::engine::Event::RunStarted(started) = &contents.records.first()?.event else {
        return None;
    };
    let path = std::path::Path::new(&started.runbook.files.first()?.path);
    let before = String::from_utf8(folder.frozen(path).ok()?).ok()?;
    let diff = similar::TextDiff::from_lines(before.as_str(), &*runbook.source.text);
    let mut text = String::new();
    for hunk in diff.unified_diff().context_radius(2).iter_hunks() {
        let _ = write!(text, "{hunk}");
    }
    (!text.is_empty()).then_some(text)
}

/// How long ago a moment was, for people.
pub(crate) fn ago(moment: Timestamp) -> String {
    ago_in_words(SystemClock::start().now().duration_since(moment).as_secs())
}

/// How long ago something was, for people.
pub(crate) fn ago_in_words(seconds: i64) -> String {
    let counted = |count: i64, one: &str| match count {
        1 => format!("1 {one} ago"),
        many => format!("{many} {one}s ago"),
    };
    match seconds {
        ..60 => "just now".to_owned(),
        60..3600 => counted(seconds / 60, "minute"),
        3600..86_400 => counted(seconds / 3600, "hour"),
        _ => counted(seconds / 86_400, "day"),
    }
}
