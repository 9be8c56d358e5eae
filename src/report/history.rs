//! Past runs as rows, and what they tell of a runbook: when it last went well, and how long it
//! usually takes.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::phrases;
use super::summary::{State, Summary};
use crate::diagnostic::visible_json;
use crate::engine::{Role, Verdict};
use crate::plan::{Mode, World};
use crate::runbook::{Outcome, StepId};

/// A past run.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Row {
    /// Its id.
    pub run: String,
    /// What its journal says, or why it says nothing.
    #[serde(flatten)]
    pub told: Told,
}

/// What the journal of a past run says.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// How it went.
    #[serde(rename = "past")]
    Run(Box<Past>),
    /// Nothing, and why: it is damaged, newer than this program, or empty.
    Unreadable(String),
}

/// How a past run went.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Past {
    /// The runbook's id.
    pub runbook: String,
    /// The runbook's service.
    pub service: Option<String>,
    /// The runbook's digest.
    pub digest: String,
    /// Its title with values in place.
    pub title: String,
    /// The environment.
    pub environment: Option<String>,
    /// Who walked it.
    pub responders: Vec<String>,
    /// What it was for.
    pub mode: Mode,
    /// The change or incident.
    pub change: Option<String>,
    /// When it began.
    pub started: Timestamp,
    /// How long it took, in milliseconds.
    pub duration: u64,
    /// Where it stands.
    #[serde(flatten)]
    pub state: State,
    /// How many steps were entered.
    pub steps: usize,
    /// How many commands changed or destroyed something.
    pub changes: u64,
    /// How much somebody still has to do.
    pub obligations: usize,
    /// What its commands had their effect on.
    #[serde(default, skip_serializing_if = "World::is_real")]
    pub world: World,
    /// How often somebody said beforehand what they expected to see.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub predictions: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde wants it")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

impl Past {
    /// How a run went, from its summary.
    pub fn of(summary: &Summary) -> Self {
        let with = &summary.started_with;
        let responders = summary.responders.iter();
        Self {
            runbook: with.runbook.id.clone(),
            service: with.runbook.service.clone(),
            digest: with.runbook.digest.clone(),
            title: with.runbook.title.clone(),
            environment: with.environment.as_ref().map(ToString::to_string),
            responders: responders.map(|it| it.name.clone()).collect(),
            mode: with.mode,
            change: with.change.clone(),
            started: summary.started,
            duration: summary.duration,
            state: summary.state.clone(),
            steps: summary.steps.len(),
            changes: summary.effects.change + summary.effects.destroy,
            obligations: summary.obligations.len(),
            world: with.world,
            predictions: summary.predictions.len(),
        }
    }

    /// Whether nothing of it was run.
    pub fn is_rehearsal(&self) -> bool {
        self.world.is_rehearsed(self.mode)
    }
}

impl Row {
    /// The row of a run that could be read.
    pub fn of(run: &str, summary: &Summary) -> Self {
        Self { run: run.to_owned(), told: Told::Run(Box::new(Past::of(summary))) }
    }

    /// The row of a run that could not be read.
    pub fn unreadable(run: &str, why: String) -> Self {
        Self { run: run.to_owned(), told: Told::Unreadable(why) }
    }

    /// Where the run stands, in one or two words.
    pub fn state(&self) -> String {
        match &self.told {
            Told::Run(past) => phrases::state(&past.state),
            Told::Unreadable(_) => "unreadable".to_owned(),
        }
    }
}

/// Rows as JSON, with a newline at the end.
pub fn history_json(rows: &[Row]) -> String {
    let text = serde_json::to_string_pretty(rows);
    let mut text = visible_json(&text.expect("texts and numbers always serialise"));
    text.push('\n');
    text
}

/// Which runs are those of a runbook.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OfRunbook<'a> {
    /// Those of exactly this content.
    Digest(&'a str),
    /// Those of any version of it.
    Named {
        /// Its service.
        service: Option<&'a str>,
        /// Its id.
        id: &'a str,
    },
}

impl OfRunbook<'_> {
    fn matches(self, digest: &str, service: Option<&str>, id: &str) -> bool {
        match self {
            Self::Digest(wanted) => wanted == digest,
            Self::Named { service: wanted, id: name } => wanted == service && name == id,
        }
    }
}

/// The good runs of a runbook.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct WentWell {
    /// The latest.
    pub run: String,
    /// When it began.
    pub started: Timestamp,
    /// How long they usually take, in milliseconds: the median.
    pub usual: u64,
    /// How many there were.
    pub times: usize,
}

/// When a runbook last went well for real: finished as resolved, mitigated or done.
pub fn last_ok(rows: &[Row], which: OfRunbook<'_>) -> Option<WentWell> {
    let well = rows.iter().filter_map(|row| match &row.told {
        Told::Run(past) => {
            let own = which.matches(&past.digest, past.service.as_deref(), &past.runbook);
            (own && went_well(past)).then_some((row, past))
        }
        Told::Unreadable(_) => None,
    });
    let well: Vec<_> = well.collect();
    let (row, past) = well.iter().max_by_key(|(_, past)| past.started)?;
    Some(WentWell {
        run: row.run.clone(),
        started: past.started,
        usual: median(well.iter().map(|(_, past)| past.duration).collect()),
        times: well.len(),
    })
}

/// A step's command that did what it should, in an earlier run.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Worked {
    /// The run.
    pub run: String,
    /// When it started.
    pub at: Timestamp,
    /// How long it took, in milliseconds.
    pub took: u64,
}

/// When the command of a step of a runbook last did what it should, for real.
pub fn last_worked(summaries: &[Summary], which: OfRunbook<'_>, step: &StepId) -> Option<Worked> {
    let runs = summaries.iter().filter(|summary| {
        let with = &summary.started_with;
        let (service, id) = (with.runbook.service.as_deref(), &with.runbook.id);
        which.matches(&with.runbook.digest, service, id) && is_real(with.mode, with.world)
    });
    let worked = runs.flat_map(|summary| {
        let attempts = summary.attempts.iter();
        attempts.filter_map(|attempt| {
            let ended = attempt.ended.as_ref()?;
            let own = attempt.role == Role::Main && attempt.step.as_ref() == Some(step);
            (own && ended.verdict == Verdict::Passed).then(|| Worked {
                run: summary.started_with.run.clone(),
                at: attempt.started,
                took: ended.took,
            })
        })
    });
    worked.max_by_key(|worked| worked.at)
}

/// How long the commands of steps usually take when they do what they should, by what they are for.
pub fn usual_times(summaries: &[Summary]) -> BTreeMap<(Role, StepId), u64> {
    let mut times: BTreeMap<(Role, StepId), Vec<u64>> = BTreeMap::new();
    let real = summaries.iter().filter(|summary| {
        let with = &summary.started_with;
        is_real(with.mode, with.world)
    });
    for attempt in real.flat_map(|summary| &summary.attempts) {
        if let (Some(step), Some(ended)) = (&attempt.step, &attempt.ended)
            && ended.verdict == Verdict::Passed
            && !ended.elsewhere
        {
            let took = times.entry((attempt.role, step.clone())).or_default();
            took.push(ended.took);
        }
    }
    times.into_iter().map(|(of, took)| (of, median(took))).collect()
}

/// Rehearsals and tests prove nothing about the world.
fn is_real(mode: Mode, world: World) -> bool {
    matches!(mode, Mode::Change | Mode::Incident) && !world.is_rehearsed(mode)
}

fn went_well(past: &Past) -> bool {
    let good = matches!(
        past.state,
        State::Finished {
            outcome: Outcome::Done | Outcome::Mitigated | Outcome::Resolved,
            failed: None,
        }
    );
    good && is_real(past.mode, past.world)
}

/// The middle one; the mean of the two in the middle, if there are two.
fn median(mut durations: Vec<u64>) -> u64 {
    durations.sort_unstable();
    let middle = durations.len() / 2;
    match durations.len() {
        0 => 0,
        odd if odd % 2 == 1 => durations[middle],
        _ => u64::midpoint(durations[middle - 1], durations[middle]),
    }
}
