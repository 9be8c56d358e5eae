//! Who has practised what: past runs folded by runbook, by person and by what they were for. Facts, no
//! marks.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::history::Past;
use super::summary::State;
use crate::plan::{Mode, World};
use crate::runbook::Outcome;

/// How somebody came to know a runbook.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// They walked it when something was wrong.
    Incident,
    /// They walked it as a planned change.
    Change,
    /// They learned on the real thing, as in a game day.
    Exercise,
    /// They rehearsed it.
    Drill,
    /// They learned by rehearsing it.
    Training,
    /// They looked on while somebody else walked it.
    Beside,
}

impl Way {
    /// That of a run; none of a mere test of the runbook.
    pub fn of(past: &Past) -> Option<Self> {
        Some(match (past.world, past.mode) {
            (World::Beside, _) => Self::Beside,
            (_, Mode::Test) => return None,
            (_, Mode::Drill) => Self::Drill,
            (World::Scripted, _) => Self::Training,
            (World::Real, Mode::Change) => Self::Change,
            (World::Real, Mode::Incident) => Self::Incident,
            (World::Real, Mode::Training) => Self::Exercise,
        })
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Incident => "incident",
            Self::Change => "change",
            Self::Exercise => "exercise",
            Self::Drill => "drill",
            Self::Training => "training",
            Self::Beside => "beside",
        }
    }
}

/// A runbook as runs name it: its service and its id.
pub type Named = (Option<String>, String);

/// What somebody did with a runbook in one way.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Practice {
    /// Who.
    pub person: String,
    /// In which way.
    pub way: Way,
    /// How often.
    pub times: usize,
    /// When that began last.
    pub latest: Timestamp,
    /// The digest of what they had then.
    pub digest: String,
    /// How long it took then, in milliseconds.
    pub took: u64,
    /// How many steps they saw then.
    pub steps: usize,
    /// How often they said beforehand what they expect, in all.
    pub predictions: usize,
}

/// Who practised which runbook, whoever came last first, from runs with their ids. What is not over, and what was given up, is
/// no practice.
pub fn practice<'a>(
    runs: impl Iterator<Item = (&'a str, &'a Past)>,
) -> BTreeMap<Named, Vec<Practice>> {
    let mut found: BTreeMap<Named, BTreeMap<(String, Way), Practice>> = BTreeMap::new();
    for (run, past) in runs {
        let walked =
            matches!(past.state, State::Finished { outcome, .. } if outcome != Outcome::Abandoned);
        let Some(way) = Way::of(past).filter(|_| walked) else { continue };
        let people = found.entry((past.service.clone(), past.runbook.clone())).or_default();
        for person in &past.responders {
            let this = Practice {
                person: person.clone(),
                way,
                times: 1,
                latest: began(run, past),
                digest: past.digest.clone(),
                took: past.duration,
                steps: past.steps,
                predictions: past.predictions,
            };
            let key = (person.clone(), way);
            let merged = match people.remove(&key) {
                None => this,
                Some(other) => this.and(other),
            };
            people.insert(key, merged);
        }
    }
    let sorted = found.into_iter().map(|(runbook, people)| {
        let mut people: Vec<Practice> = people.into_values().collect();
        people.sort_by(|a, b| (b.latest, &a.person).cmp(&(a.latest, &b.person)));
        (runbook, people)
    });
    sorted.collect()
}

/// When a run began. A rehearsal's records have the time of its scenario; its id has ours.
fn began(run: &str, past: &Past) -> Timestamp {
    let scripted = past.is_rehearsal() && past.world != World::Beside;
    let minute = run.get(..MINUTE.len()).filter(|_| scripted);
    let minute = minute.and_then(|minute| DateTime::strptime("%Y-%m-%d-%H%M", minute).ok());
    let begun = minute.and_then(|minute| minute.to_zoned(TimeZone::UTC).ok());
    begun.map_or(past.started, |begun| begun.timestamp())
}

/// How the id of a run begins.
const MINUTE: &str = "2026-11-20-0312";

impl Practice {
    /// Both together, by the later.
    fn and(self, other: Self) -> Self {
        let (times, predictions) = (self.times + other.times, self.predictions + other.predictions);
        let later = if self.latest >= other.latest { self } else { other };
        Self { times, predictions, ..later }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn past(person: &str, started: &str, change: impl FnOnce(&mut Past)) -> Past {
        let mut past = Past {
            runbook: "disk-full".to_owned(),
            service: Some("shop".to_owned()),
            digest: started.to_owned(),
            title: "The disk is full".to_owned(),
            environment: None,
            responders: vec![person.to_owned()],
            mode: Mode::Incident,
            change: None,
            started: started.parse().unwrap(),
            duration: 60_000,
            state: State::Finished { outcome: Outcome::Resolved, failed: None },
            steps: 3,
            changes: 1,
            obligations: 0,
            world: World::Real,
            predictions: 0,
        };
        change(&mut past);
        past
    }

    fn learns(past: &mut Past) {
        (past.mode, past.world, past.predictions) = (Mode::Training, World::Scripted, 2);
    }

    #[test]
    fn each_person_is_told_of_once_for_each_way() {
        let (early, late) = ("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z");
        let runs = [
            // The time of a rehearsal's records is that of its scenario.
            ("2026-03-04-0506-shop-a", past("erin@desk", early, learns)),
            ("2026-03-03-0506-shop-b", past("erin@desk", late, learns)),
            ("2026-02-01-0000-shop-c", past("dana@laptop", late, |_| {})),
            ("x", past("dana@laptop", early, |_| {})),
            ("x", past("sam@desk", late, |past| past.world = World::Beside)),
            ("x", past("eve@desk", late, |past| past.mode = Mode::Test)),
            ("x", past("eve@desk", late, |past| past.state = State::Open)),
            (
                "x",
                past("eve@desk", late, |past| {
                    past.state = State::Finished { outcome: Outcome::Abandoned, failed: None };
                }),
            ),
        ];
        let found = practice(runs.iter().map(|(run, past)| (*run, past)));
        let people = &found[&(Some("shop".to_owned()), "disk-full".to_owned())];
        let told: Vec<_> = people
            .iter()
            .map(|it| (it.person.as_str(), it.way.name(), it.times, it.latest.to_string()))
            .collect();
        let minute = "2026-03-04T05:06:00Z".to_owned();
        assert_eq!(
            told,
            [
                ("erin@desk", "training", 2, minute),
                ("dana@laptop", "incident", 2, late.to_owned()),
                ("sam@desk", "beside", 1, late.to_owned()),
            ]
        );
        assert_eq!((people[0].predictions, people[1].digest.as_str()), (4, late));
    }
}
