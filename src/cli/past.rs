//! What earlier runs, on this machine and of the team, say about a runbook that is about to be walked.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};

use jiff::Timestamp;
use serde::Deserialize;

use super::frozen::content_of;
use super::runs::newest_first;
use super::team::TeamWalks;
use crate::catalog::{Trusted, whose};
use crate::console::{
    Colour, Known, Page, Text, Width, changes_in_words, changes_page, texts_page,
};
use crate::effects::SystemClock;
use crate::engine::{Event, Role};
use crate::journal::{RunFolder, Store, read};
use crate::plan::{Mode, World};
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

/// Of records that were read so many seconds ago it need not be said how old they are.
const FRESH: i64 = 24 * 60 * 60;

/// What is known from before.
#[derive(Default)]
pub(crate) struct History {
    pub(crate) known: Known,
    /// What changed since the runbook was last run here.
    pub(crate) difference: Option<String>,
    /// The earlier runs of the runbook, the newest first.
    pub(crate) summaries: Vec<Summary>,
}

impl History {
    /// Leaves out what tells which steps were done in earlier runs.
    pub(crate) fn forget_steps(&mut self) {
        self.summaries.clear();
        self.known.usual_steps.clear();
        self.known.usual_undo.clear();
    }
}

/// Looks at earlier runs, for a person who reads it. What is run now is asked for if its digest is
/// another than that of the last run.
pub(crate) fn known(
    store: &Store,
    runbook: &Runbook,
    (digest, now): (&str, impl FnOnce() -> Option<Trusted>),
    attendance: Attendance,
    team: &TeamWalks,
) -> History {
    if attendance == Attendance::Unattended {
        return History::default();
    }
    let folders = newest_first(store).into_iter().flatten();
    let earlier = folders.take(MOST_RUNS).filter_map(|folder| {
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
    let ran = if latest.is_some() { Ran::Before } else { Ran::Never };
    History {
        known: Known {
            usual: well.as_ref().map(|well| well.usual),
            last_walked: Some(last_walked(well.as_ref(), ran, runbook, team)),
            changed,
            usual_steps: of_role(&summaries, Role::Main),
            usual_undo: of_role(&summaries, Role::Undo),
        },
        difference: difference.and_then(|folder| difference_to(folder, &now()?)),
        summaries,
    }
}

/// When a runbook last went well, as far as that is known: by the team, if it has records.
pub(crate) fn last_walked(
    well: Option<&WentWell>,
    ran_here: Ran,
    runbook: &Runbook,
    team: &TeamWalks,
) -> String {
    let here = || match (well, ran_here) {
        (Some(well), _) => format!("last walked OK on this machine {}", ago(well.started)),
        (None, Ran::Before) => "never walked OK on this machine".to_owned(),
        (None, Ran::Never) => "never walked on this machine".to_owned(),
    };
    let team = match team {
        TeamWalks::Unconfigured => return here(),
        TeamWalks::Unread => return format!("{}, the team's records were never read", here()),
        TeamWalks::Read(team) => team,
    };
    let walked = team.of(runbook.service.as_deref(), &runbook.id);
    let elsewhere = walked.filter(|it| well.is_none_or(|well| well.started < it.started));
    let told = match (elsewhere, well) {
        (Some(walked), _) => {
            let by = whose(&walked.by.join(", "), &walked.host);
            format!("last walked OK by the team {} ({by})", ago(walked.started))
        }
        (None, Some(well)) => format!("last walked OK by the team {} (here)", ago(well.started)),
        (None, None) => "never walked OK by the team".to_owned(),
    };
    if is_old(team.read) {
        format!("{told}, its records were read {}", ago(team.read))
    } else {
        told
    }
}

/// Whether a runbook was ever run on this machine.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Ran {
    Before,
    Never,
}

/// Whether what was read then is so old that it must be said.
pub(crate) fn is_old(read: Timestamp) -> bool {
    SystemClock::start().now().duration_since(read).as_secs() >= FRESH
}

fn of_role(summaries: &[Summary], wanted: Role) -> BTreeMap<StepId, u64> {
    let usual = usual_times(summaries).into_iter();
    usual.filter_map(|((role, step), took)| (role == wanted).then_some((step, took))).collect()
}

/// An earlier run of the runbook, which no rehearsal is. Journals of others are not read beyond their
/// first record.
fn earlier(folder: &RunFolder, runbook: &Runbook) -> Option<Summary> {
    let Origin { id, service } = walked(folder)?.event.runbook;
    if id != runbook.id || service != runbook.service {
        return None;
    }
    Summary::of(&read(&folder.journal()).ok()?.records)
}

/// The latest drills and trainings of a runbook, in which nobody only looked on.
pub(crate) fn practice(store: &Store, runbook: &Runbook) -> Vec<Summary> {
    let practised = |folder: &RunFolder| {
        let Began { event, .. } = began(folder)?;
        let BeganEvent { mode, runbook: Origin { id, service }, follows, .. } = event;
        let is_one = matches!(mode, Mode::Drill | Mode::Training) && follows.is_none();
        let of_runbook = id == runbook.id && service == runbook.service;
        (is_one && of_runbook).then(|| Summary::of(&read(&folder.journal()).ok()?.records))?
    };
    let folders = newest_first(store).into_iter().flatten().take(MOST_RUNS);
    folders.filter_map(|folder| practised(&folder)).take(MOST_READ).collect()
}

/// The first record of a run; nothing if it was a rehearsal.
fn walked(folder: &RunFolder) -> Option<Began> {
    let rehearsed = |event: &BeganEvent| event.world.is_rehearsed(event.mode);
    began(folder).filter(|began| !rehearsed(&began.event))
}

/// Whether it tells only that somebody looked on while somebody else walked.
pub(crate) fn is_beside(folder: &RunFolder) -> bool {
    began(folder).is_some_and(|began| began.event.follows.is_some())
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
        if let Some(Began { at, event }) = walked(&folder) {
            let Origin { id, service } = event.runbook;
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
    mode: Mode,
    #[serde(default)]
    world: World,
    runbook: Origin,
    follows: Option<String>,
}

#[derive(Deserialize)]
struct Origin {
    id: String,
    service: Option<String>,
}

/// What differs from the runbook as it was frozen in an earlier run: commands, files, then the text.
fn difference_to(folder: &RunFolder, now: &Trusted) -> Option<String> {
    let (_, before) = as_run(folder)?;
    let mut page = Page::new();
    if let Some(difference) = before.difference(now) {
        let words = Text::plain(format!("{}.", changes_in_words(&difference)));
        page.line(words);
        page.inset(changes_page(&difference), 0);
    }
    page.inset(texts_page(&before.texts(now)), 0);
    let text = page.written(Colour::Never, Width::Unlimited);
    (!text.trim().is_empty()).then_some(text)
}

/// The content that an earlier run ran, and when it began.
fn as_run(folder: &RunFolder) -> Option<(Timestamp, Trusted)> {
    let contents = read(&folder.journal()).ok()?;
    let record = contents.records.first()?;
    let Event::RunStarted(started) = &record.event else {
        return None;
    };
    Some((record.at, content_of(started, folder, record.at)?))
}

/// The latest run of a runbook on this machine: its id, when it began, and what it ran.
pub(crate) fn last_run(store: &Store, runbook: &Runbook) -> Option<(String, Timestamp, Trusted)> {
    let mut folders = newest_first(store).into_iter().flatten().take(MOST_RUNS);
    let folder = folders.find(|folder| earlier(folder, runbook).is_some())?;
    let (at, content) = as_run(&folder)?;
    Some((folder.id().to_owned(), at, content))
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
