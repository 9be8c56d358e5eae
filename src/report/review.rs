//! The review of a game day: how long it took from each fault until it was noticed, until the right
//! runbook was at hand, until the cause was named, until all was well; and what each role did. It is
//! about the runbooks, the checks and the alerts, never about who walked.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;

use super::fold::elapsed;
use super::summary::Summary;
use crate::engine::{
    Answer, AttemptEnded, AttemptId, AttemptStarted, End, Event, Role, StepStatus, Verdict,
};
use crate::journal::Record;
use crate::runbook::{
    Action, Effect, FindingSeverity, PartId, Runbook, RunbookKind, StepId, StepKey, Undo,
};

/// What a game day showed.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Review {
    /// The faults, in the order in which they were made.
    pub faults: Vec<Fault>,
    /// What people did, by their roles.
    pub roles: Vec<Done>,
    /// Where somebody was not sure.
    pub questions: Vec<Doubted>,
}

/// A fault that was made. Times are in milliseconds since then.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Fault {
    /// The step that made it.
    pub step: StepId,
    /// Its title.
    pub title: String,
    /// When it was there.
    pub made: Timestamp,
    /// A check failed, or somebody wrote that they see it.
    pub detected: Option<Reached>,
    /// The runbook was entered in which all became well.
    pub runbook: Option<Reached>,
    /// A decision was made.
    pub diagnosed: Option<Reached>,
    /// What had failed passed again.
    pub recovered: Option<Reached>,
    /// The fault was taken away.
    pub undone: Option<u64>,
}

/// How long it took to get somewhere, and how.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Reached {
    /// Milliseconds since the fault.
    pub after: u64,
    /// By what.
    pub by: String,
}

/// What a role did.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Done {
    /// The role.
    pub role: String,
    /// The step.
    pub title: String,
    /// When it was come to.
    pub at: Timestamp,
    /// Who answered for it.
    pub by: String,
    /// How it ended.
    pub status: Option<StepStatus>,
}

/// Somebody was not sure.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Doubted {
    /// At which step.
    pub step: Option<StepId>,
    /// What was unclear, if they said so.
    pub reason: Option<String>,
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// Adds the review to the summary of a game day; to that of another run, nothing. Which step is a
/// fault and which is a response stands in the frozen runbook.
pub fn add_review(summary: &mut Summary, records: &[Record], runbook: &Runbook) {
    if runbook.kind != RunbookKind::GameDay {
        return;
    }
    let walk = Walk::of(records, runbook, summary);
    summary.review = Some(Review {
        faults: walk.faults(),
        roles: walk.roles(),
        questions: records.iter().filter_map(doubted).collect(),
    });
}

/// The records of a game day, with what they are about.
struct Walk<'a> {
    records: Vec<(u64, &'a Record)>,
    runbook: &'a Runbook,
    starts: BTreeMap<AttemptId, &'a AttemptStarted>,
    summary: &'a Summary,
}

/// A fault while it is looked for what came of it.
struct Made<'a> {
    /// When it was made, and when the next one was; milliseconds since the beginning.
    at: u64,
    until: u64,
    started: &'a AttemptStarted,
    moment: Timestamp,
}

impl<'a> Walk<'a> {
    fn of(records: &'a [Record], runbook: &'a Runbook, summary: &'a Summary) -> Self {
        let starts = records.iter().filter_map(|record| match &record.event {
            Event::AttemptStarted(started) => Some((started.attempt, &**started)),
            _ => None,
        });
        Self {
            starts: starts.collect(),
            records: elapsed(records).into_iter().zip(records).collect(),
            runbook,
            summary,
        }
    }

    fn faults(&self) -> Vec<Fault> {
        let mut made: Vec<Made<'_>> = Vec::new();
        for (at, record) in &self.records {
            let Event::AttemptEnded(ended) = &record.event else { continue };
            let Some(started) = self.starts.get(&ended.attempt) else { continue };
            // One whose end nobody saw may be there: it counts.
            let there = matches!(ended.verdict, Verdict::Passed | Verdict::InDoubt);
            if there && self.is_fault(started) {
                if let Some(before) = made.last_mut() {
                    before.until = *at;
                }
                made.push(Made { at: *at, until: u64::MAX, started, moment: record.at });
            }
        }
        made.iter().map(|made| self.fault(made)).collect()
    }

    /// Whether a command makes a fault: a change of the game day's own, which is not the undo of
    /// another.
    fn is_fault(&self, started: &AttemptStarted) -> bool {
        let Some(key) = started.step.as_ref().and_then(|step| self.runbook.find(step)) else {
            return false;
        };
        let part = &self.runbook.step(key).part;
        let own = !matches!(part, PartId::Finally | PartId::Of(..));
        started.role == Role::Main && started.effect != Effect::Read && own && !self.undoes(key)
    }

    fn undoes(&self, key: StepKey) -> bool {
        self.runbook.steps.iter().any(|step| match &step.action {
            Action::Run(run) => matches!(run.undo, Some(Undo::Step(other)) if other == key),
            _ => false,
        })
    }

    fn fault(&self, made: &Made<'_>) -> Fault {
        let step = made.started.step.clone().unwrap_or_else(|| StepId(String::new()));
        let detected = self.detected(made);
        let recovered = detected.as_ref().and_then(|seen| self.recovered(made, seen.after));
        let diagnosed = detected.as_ref().and_then(|seen| {
            self.within(made, seen.after).find_map(|(after, record)| match &record.event {
                Event::Answered { answer: Answer::Choose { option, .. }, step, .. } => {
                    let at = step.as_ref().map_or_else(String::new, |step| format!(" at {step}"));
                    Some(Reached { after, by: format!("{option}{at}") })
                }
                _ => None,
            })
        });
        let well = recovered.as_ref().map_or(u64::MAX, |well| well.after);
        let entered = self.within(made, 0).filter_map(|(after, record)| match &record.event {
            Event::RunbookEntered { used, .. } if after <= well => {
                Some(Reached { after, by: used.clone() })
            }
            _ => None,
        });
        Fault {
            title: self.summary.title(&step).to_owned(),
            made: made.moment,
            runbook: entered.last(),
            undone: self.undone(made),
            detected,
            diagnosed,
            recovered,
            step,
        }
    }

    /// What was recorded between a moment after a fault and the next fault.
    fn within(&self, made: &Made<'_>, from: u64) -> impl Iterator<Item = (u64, &'a Record)> {
        let (at, until) = (made.at, made.until);
        let records = self.records.iter().filter(move |(when, _)| *when >= at && *when < until);
        let since = records.map(move |(when, record)| (when - at, *record));
        since.filter(move |(after, _)| *after >= from)
    }

    fn detected(&self, made: &Made<'_>) -> Option<Reached> {
        self.within(made, 0).find_map(|(after, record)| match &record.event {
            Event::AttemptEnded(ended) => {
                let started = self.check(ended)?;
                let title = started.step.as_ref().map_or("", |step| self.summary.title(step));
                let severe = |severity| severity >= FindingSeverity::Warning;
                let finding = ended.findings.iter().find(|finding| severe(finding.severity));
                let by = match finding {
                    Some(finding) => finding.say.clone(),
                    None if has_failed(ended) => match ended.end {
                        End::Exited { code } if code != 0 => format!("{title}: exit {code}"),
                        _ => format!("{title}: failed"),
                    },
                    None => return None,
                };
                Some(Reached { after, by })
            }
            Event::Answered { answer: Answer::Note { text }, .. } => {
                Some(Reached { after, by: format!("a note of {}: {text}", record.by) })
            }
            _ => None,
        })
    }

    /// The first check that passes again of those that had failed; where none had, and a person saw
    /// it, the first that passes after something was done.
    fn recovered(&self, made: &Made<'_>, seen: u64) -> Option<Reached> {
        let mut failed = BTreeSet::new();
        let mut acted = false;
        for (after, record) in self.within(made, 0) {
            let Event::AttemptEnded(ended) = &record.event else { continue };
            let Some(started) = self.starts.get(&ended.attempt) else { continue };
            let Some(check) = self.check(ended) else {
                let acts = matches!(started.role, Role::AdHoc | Role::Main | Role::Undo);
                acted |= acts
                    && started.effect != Effect::Read
                    && started.attempt != made.started.attempt;
                continue;
            };
            let finds = ended.findings.iter().any(|it| it.severity >= FindingSeverity::Warning);
            if has_failed(ended) || finds {
                failed.insert(check.shown.as_str());
            } else if after > seen
                && ended.verdict == Verdict::Passed
                && (failed.contains(check.shown.as_str()) || (failed.is_empty() && acted))
            {
                let title = check.step.as_ref().map_or("", |step| self.summary.title(step));
                return Some(Reached { after, by: format!("{title}: passed") });
            }
        }
        None
    }

    fn undone(&self, made: &Made<'_>) -> Option<u64> {
        let fault = made.started;
        let by_step = fault.step.as_ref().and_then(|step| self.runbook.find(step));
        let by_step = by_step.and_then(|key| match &self.runbook.step(key).action {
            Action::Run(run) => match run.undo {
                Some(Undo::Step(other)) => Some(&self.runbook.step(other).id),
                _ => None,
            },
            _ => None,
        });
        // A later fault does not end this one.
        let since = self.records.iter().filter(|(when, _)| *when >= made.at);
        since.into_iter().find_map(|(when, record)| {
            let Event::AttemptEnded(ended) = &record.event else { return None };
            let started = self.starts.get(&ended.attempt)?;
            let undoes = started.role == Role::Undo && started.undoes.contains(&fault.attempt);
            let is_step = started.role == Role::Main
                && by_step.is_some_and(|step| started.step.as_ref() == Some(step));
            let passed = ended.verdict == Verdict::Passed;
            (passed && (undoes || is_step)).then(|| when - made.at)
        })
    }

    /// The start of a command that looks, if the ended one is such.
    fn check(&self, ended: &AttemptEnded) -> Option<&'a AttemptStarted> {
        let started = self.starts.get(&ended.attempt)?;
        let looks = started.effect == Effect::Read && started.role == Role::Main;
        looks.then_some(*started)
    }

    fn roles(&self) -> Vec<Done> {
        let mut roles: Vec<Done> = Vec::new();
        for (at, (_, record)) in self.records.iter().enumerate() {
            let Event::StepEntered { step, title, .. } = &record.event else { continue };
            let Some(role) = self.runbook.find(step).and_then(|key| self.role(key)) else {
                continue;
            };
            let closed = self.records[at..].iter().find_map(|(_, later)| match &later.event {
                Event::StepClosed { step: other, status, .. } if other == step => {
                    Some((*status, later.by.clone()))
                }
                _ => None,
            });
            let (status, by) = closed.map_or((None, record.by.clone()), |(it, by)| (Some(it), by));
            roles.push(Done { role, title: title.clone(), at: record.at, by, status });
        }
        roles
    }

    fn role(&self, key: StepKey) -> Option<String> {
        let step = self.runbook.step(key);
        match &step.action {
            Action::Approve(approval) => Some(approval.role.clone()),
            Action::Escalate(role) => Some(self.runbook.escalation.get(*role)?.role.clone()),
            _ => step.role.clone(),
        }
    }
}

/// Whether a check did not show what it should: also one that waits for it.
fn has_failed(ended: &AttemptEnded) -> bool {
    let judged = matches!(ended.verdict, Verdict::Failed { .. } | Verdict::Unexpected { .. });
    judged || matches!(ended.end, End::Exited { code } if code != 0)
}

fn doubted(record: &Record) -> Option<Doubted> {
    match &record.event {
        Event::Answered { answer: Answer::NotSure { reason }, step, .. } => Some(Doubted {
            step: step.clone(),
            reason: reason.clone(),
            by: record.by.clone(),
            at: record.at,
        }),
        _ => None,
    }
}
