//! Folds records into a summary, one record after another. It believes what the records say and
//! judges nothing anew.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::summary::{
    Attempt, Change, Decision, Edited, EffectCounts, Ended, Finding, Given, Milestones, Note,
    Obligation, Outside, SkipReason, Skipped, State, Step, Summary, UndoState,
};
use super::{agreed, phrases, predictions};
use crate::engine::{
    Answer, AttemptEnded, AttemptId, AttemptStarted, Event, InputRecord, LaneId, PauseReason, Role,
    RunStarted, StepStatus, Told, Verdict,
};
use crate::journal::Record;
use crate::plan::Origin;
use crate::runbook::{Effect, OnDisconnect, Outcome, StepId};
use crate::value::Name;

/// A summary that is being made.
pub(super) struct Fold {
    summary: Summary,
    paused: Option<PauseReason>,
    finished: Option<(Outcome, Option<StepId>)>,
    still_changed: Vec<StepId>,
    /// The changes that were undone, and by which command.
    undone: BTreeMap<AttemptId, AttemptId>,
    /// The same where the records, being old, tell no more than the step.
    undone_steps: BTreeMap<StepId, AttemptId>,
    /// The commands whose changes stayed, where the records tell.
    changed_by: Vec<AttemptId>,
    /// Commands that do not outlive the run, nor anything that they started.
    stopped: BTreeSet<AttemptId>,
    /// The items that lanes are for.
    items: BTreeMap<LaneId, String>,
    /// The lanes of attempts that are not in the main one.
    lanes: BTreeMap<AttemptId, LaneId>,
    /// Who wished to skip a step, and why, until the step is closed as skipped.
    skips: BTreeMap<StepId, (String, Option<String>)>,
}

impl Fold {
    pub(super) fn new(started: &RunStarted, at: Timestamp) -> Self {
        Self {
            summary: Summary {
                started_with: Box::new(started.clone()),
                state: State::Open,
                started: at,
                last: at,
                duration: 0,
                milestones: Milestones::default(),
                responders: vec![started.responder.clone()],
                missing: Vec::new(),
                steps: Vec::new(),
                attempts: Vec::new(),
                effects: EffectCounts::default(),
                decisions: Vec::new(),
                notes: Vec::new(),
                predictions: Vec::new(),
                told: Vec::new(),
                ended_by: None,
                findings: Vec::new(),
                values: Vec::new(),
                changes: Vec::new(),
                approvals: Vec::new(),
                deviations: Vec::new(),
                skipped: Vec::new(),
                edited: Vec::new(),
                obligations: Vec::new(),
                review: None,
            },
            paused: None,
            finished: None,
            still_changed: Vec::new(),
            undone: BTreeMap::new(),
            undone_steps: BTreeMap::new(),
            changed_by: Vec::new(),
            stopped: BTreeSet::new(),
            items: BTreeMap::new(),
            lanes: BTreeMap::new(),
            skips: BTreeMap::new(),
        }
    }

    pub(super) fn summary(mut self, records: &[Record]) -> Summary {
        for (record, elapsed) in records.iter().zip(elapsed(records)) {
            self.record(record, elapsed);
            self.summary.last = record.at;
            self.summary.duration = elapsed;
        }
        self.summary.predictions = predictions::of(records);
        self.settle_state();
        self.settle_changes();
        self.settle_obligations();
        self.summary
    }

    fn record(&mut self, record: &Record, elapsed: u64) {
        self.paused = None;
        match &record.event {
            Event::Answered { step, answer, question, gives, .. } => self.answered(
                record,
                elapsed,
                &Said { step: step.as_ref(), question, answer, gives: gives.as_ref() },
            ),
            Event::ApprovalGiven(_)
            | Event::ApprovalLapsed { .. }
            | Event::ApprovalRefused { .. }
            | Event::ApprovalRequested(_) => agreed::note(&mut self.summary, record),
            Event::AttemptEnded(ended) => self.ended(ended),
            Event::AttemptStarted(started) => self.started(record, elapsed, started),
            Event::Paused { why } => self.paused = Some(why.clone()),
            Event::RunStarted(started) => {
                agreed::begun_behind(&mut self.summary, record, started);
            }
            Event::Resumed(resumed) => {
                if !self.summary.responders.contains(&resumed.responder) {
                    self.summary.responders.push(resumed.responder.clone());
                }
            }
            Event::RunFinished { outcome, failed, still_changed, changed_by, ended_by } => {
                self.summary.ended_by.clone_from(ended_by);
                self.summary.milestones.end = Some(elapsed);
                self.finished = Some((*outcome, failed.clone()));
                self.still_changed.clone_from(still_changed);
                self.changed_by.clone_from(changed_by);
            }
            Event::StepClosed { step, status, lane } => {
                self.closed(record, step, *status, *lane);
            }
            Event::LaneOpened { lane, from, branch, .. } => {
                // A lane below that of an item is for the same item.
                let around = self.items.get(from).cloned();
                let own = branch.item.as_ref().map(phrases::recorded);
                let name = [around, own].into_iter().flatten().collect::<Vec<_>>().join(", ");
                if !name.is_empty() {
                    self.items.insert(*lane, name);
                }
            }
            Event::StepEntered { .. } => self.entered(record, elapsed),
            Event::StepSkipped { step, title, condition, .. } => {
                self.summary.skipped.push(Skipped {
                    step: step.clone(),
                    title: title.clone(),
                    why: SkipReason::Condition { condition: condition.clone() },
                });
            }
            Event::Told(told) => self.told(record, told),
            Event::Surveyed { missing } => self.summary.missing.clone_from(missing),
            Event::ItemsListed { .. }
            | Event::Readied { .. }
            | Event::TimeboxPassed { .. }
            | Event::ValueStale { .. }
            | Event::RunbookEntered { .. }
            | Event::LineEnded { .. }
            | Event::SurveyClosed
            | Event::WaitStarted { .. }
            | Event::Waited { .. } => {}
        }
    }

    fn told(&mut self, record: &Record, told: &Told) {
        self.summary.told.push(Outside { at: record.at, told: told.clone() });
    }

    fn entered(&mut self, record: &Record, elapsed: u64) {
        let Event::StepEntered { step, title, before, unclear, .. } = &record.event else {
            return;
        };
        self.summary.milestones.first_step.get_or_insert(elapsed);
        self.summary.steps.push(Step {
            id: step.clone(),
            title: title.clone(),
            before: *before,
            entered: record.at,
            closed: None,
            status: None,
            attempts: Vec::new(),
            unclear: unclear.clone(),
        });
    }

    fn closed(&mut self, record: &Record, id: &StepId, status: StepStatus, lane: LaneId) {
        let lanes = self.lanes.clone();
        // What other items do at the same time is not over.
        let own = |attempt: &AttemptId| {
            lane.is_main() || lanes.get(attempt).is_some_and(|other| *other == lane)
        };
        for attempt in self.doubtful(Some(id)).filter(|attempt| own(&attempt.id)) {
            attempt.settled = Some(format!("the step ended: {}", phrases::status(status)));
        }
        if let StepStatus::Done | StepStatus::MarkedDone = status {
            self.undone_on_the_way(id);
        }
        let title = self.summary.title(id).to_owned();
        let steps = &mut self.summary.steps;
        if let Some(step) = steps.iter_mut().rev().find(|step| step.id == *id) {
            step.closed = Some(record.at);
            step.status = Some(status);
        }
        if status == StepStatus::Skipped {
            let (by, reason) = self.skips.remove(id).unwrap_or_else(|| (record.by.clone(), None));
            self.summary.skipped.push(Skipped {
                step: id.clone(),
                title,
                why: SkipReason::Responder { by, reason },
            });
        }
    }

    /// A step that is another's undo has succeeded.
    fn undone_on_the_way(&mut self, id: &StepId) {
        let steps = self.summary.steps.iter().rev();
        let own = steps.filter(|step| step.id == *id).map(|step| &step.attempts).next();
        let own = own.into_iter().flatten().filter_map(|attempt| self.summary.attempt(*attempt));
        let undone: Vec<_> = own
            .filter(|attempt| attempt.role == Role::Main)
            .flat_map(|attempt| attempt.undoes.iter().map(|start| (*start, attempt.id)))
            .collect();
        self.undone.extend(undone);
    }

    /// A command that undoes something has done so.
    fn undone_by(&mut self, id: AttemptId) {
        let Some(attempt) = self.summary.attempt(id) else { return };
        self.undone.extend(attempt.undoes.iter().map(|start| (*start, id)));
        if let (true, Some(step)) = (attempt.undoes.is_empty(), &attempt.step) {
            self.undone_steps.insert(step.clone(), id);
        }
    }

    fn started(&mut self, record: &Record, elapsed: u64, started: &AttemptStarted) {
        let counts = &mut self.summary.effects;
        match started.effect {
            Effect::Change => counts.change += 1,
            Effect::Destroy => counts.destroy += 1,
            Effect::Read => counts.read += 1,
        }
        if started.effect != Effect::Read {
            self.summary.milestones.first_change.get_or_insert(elapsed);
        }
        let own = started.step.as_ref();
        let steps = &mut self.summary.steps;
        if let Some(step) = steps.iter_mut().rev().find(|step| Some(&step.id) == own) {
            step.attempts.push(started.attempt);
        }
        if started.on_disconnect == OnDisconnect::Stop {
            self.stopped.insert(started.attempt);
        }
        if !started.lane.is_main() {
            self.lanes.insert(started.attempt, started.lane);
        }
        // An undo that comes after all items is for the item of what it undoes.
        let item = self.items.get(&started.lane).or_else(|| {
            let undone = started.undoes.first().and_then(|start| self.summary.attempt(*start));
            undone.and_then(|attempt| attempt.item.as_ref())
        });
        let item = item.cloned();
        self.summary.attempts.push(Attempt {
            id: started.attempt,
            item,
            step: started.step.clone(),
            role: started.role,
            effect: started.effect,
            shown: started.shown.clone(),
            digest: started.digest.clone(),
            target: started.target.clone(),
            place: started.place.clone(),
            identity: started.identity.clone(),
            started: record.at,
            by: record.by.clone(),
            confirmation: started.confirmation.clone(),
            ended: None,
            settled: None,
            undoes: started.undoes.clone(),
        });
    }

    fn ended(&mut self, ended: &AttemptEnded) {
        let attempts = &mut self.summary.attempts;
        let Some(attempt) = attempts.iter_mut().rev().find(|it| it.id == ended.attempt) else {
            return;
        };
        attempt.ended = Some(Ended {
            end: ended.end.clone(),
            verdict: ended.verdict.clone(),
            took: ended.took,
            output: ended.output.clone(),
            evidence: ended.evidence.clone(),
            left_running: ended.left_running.clone(),
            captured: ended.captured.clone(),
            elsewhere: ended.elsewhere,
            recovered: ended.recovered,
        });
        let step = attempt.step.clone();
        if (attempt.role, &ended.verdict) == (Role::Undo, &Verdict::Passed) {
            self.undone_by(ended.attempt);
        }
        let findings = ended.findings.iter().map(|finding| Finding {
            attempt: ended.attempt,
            step: step.clone(),
            finding: finding.clone(),
        });
        self.summary.findings.extend(findings);
    }

    fn answered(&mut self, record: &Record, elapsed: u64, said: &Said<'_>) {
        let step = said.step.cloned();
        agreed::deviates(&mut self.summary, record, said.question);
        match said.answer {
            Answer::Edit { command } => self.summary.edited.push(Edited {
                step: step.clone(),
                by: record.by.clone(),
                at: record.at,
                command: command.clone(),
            }),
            Answer::Note { text } | Answer::Done { note: Some(text) } => {
                self.summary.notes.push(Note {
                    at: record.at,
                    by: record.by.clone(),
                    step: step.clone(),
                    text: text.clone(),
                });
            }
            Answer::Skip { reason } => {
                let skip = (record.by.clone(), reason.clone());
                self.skips.extend(step.clone().map(|step| (step, skip)));
            }
            Answer::Value { value } => {
                if let Some(name) = said.gives {
                    self.summary.values.push(Given {
                        at: record.at,
                        by: record.by.clone(),
                        input: InputRecord {
                            name: name.clone(),
                            value: value.clone(),
                            origin: Origin::Asked,
                        },
                    });
                }
            }
            _ => {}
        }
        if said.question == "doubt" && phrases::settles_doubt(said.answer) {
            self.settle_doubt(said);
        }
        if phrases::is_decision(said.question, said.answer) {
            self.summary.milestones.first_decision.get_or_insert(elapsed);
            self.summary.decisions.push(Decision {
                n: record.n,
                at: record.at,
                by: record.by.clone(),
                step,
                question: said.question.to_owned(),
                choice: phrases::answer(said.answer),
                reason: phrases::reason(said.answer).map(str::to_owned),
                alternatives: Vec::new(),
            });
        }
    }

    /// What a responder says of the last command of a step whose end nobody saw.
    fn settle_doubt(&mut self, said: &Said<'_>) {
        let answer = phrases::answer(said.answer);
        let Some(attempt) = self.doubtful(said.step).next_back() else {
            return;
        };
        attempt.settled = Some(answer);
        let by = attempt.id;
        if attempt.role == Role::Undo && *said.answer == Answer::MarkDone {
            self.undone_by(by);
        }
    }

    fn doubtful(&mut self, step: Option<&StepId>) -> impl DoubleEndedIterator<Item = &mut Attempt> {
        let attempts = self.summary.attempts.iter_mut();
        attempts.filter(move |attempt| {
            attempt.step.as_ref() == step && attempt.role != Role::Recheck && attempt.in_doubt()
        })
    }

    fn settle_state(&mut self) {
        let doubt = |attempt: &Attempt| attempt.effect != Effect::Read && attempt.in_doubt();
        self.summary.state = match (self.finished.take(), self.paused.take()) {
            (Some((outcome, failed)), _) => State::Finished { outcome, failed },
            _ if self.summary.attempts.iter().any(doubt) => State::InDoubt,
            (None, Some(reason)) => State::Paused { reason },
            (None, None) => State::Open,
        };
    }

    fn settle_changes(&mut self) {
        let touched = self.summary.attempts.iter().filter(|attempt| {
            attempt.effect != Effect::Read && matches!(attempt.role, Role::AdHoc | Role::Main)
        });
        let changes = touched.map(|attempt| {
            let step = attempt.step.as_ref();
            let undone = step.and_then(|step| self.undone_steps.get(step));
            let still = match self.changed_by.as_slice() {
                [] => step.is_some_and(|step| self.still_changed.contains(step)),
                told => told.contains(&attempt.id),
            };
            let undo = match (self.undone.get(&attempt.id), undone) {
                (Some(by), _) => UndoState::Undone { by: *by },
                _ if still => UndoState::StillChanged,
                (None, Some(by)) if *by > attempt.id => UndoState::Undone { by: *by },
                _ => UndoState::NotRecorded,
            };
            Change { attempt: attempt.id, step: attempt.step.clone(), undo }
        });
        self.summary.changes = changes.collect();
    }

    fn settle_obligations(&mut self) {
        let mut open = Vec::new();
        if !matches!(self.summary.state, State::Finished { .. }) {
            open.push(Obligation::Unfinished);
        }
        for step in self.still_changed.drain(..) {
            let own = |change: &&Change| {
                change.undo == UndoState::StillChanged && change.step.as_ref() == Some(&step)
            };
            let changes = self.summary.changes.iter().filter(own);
            let attempts = changes.filter_map(|change| self.summary.attempt(change.attempt));
            let mut items: Vec<String> =
                attempts.filter_map(|attempt| attempt.item.clone()).collect();
            items.dedup();
            open.push(Obligation::StillChanged { step, items });
        }
        let over = matches!(self.summary.state, State::Finished { .. });
        for attempt in &self.summary.attempts {
            if attempt.effect != Effect::Read && attempt.in_doubt() {
                open.push(Obligation::InDoubt { attempt: attempt.id });
            }
            if over && self.stopped.contains(&attempt.id) {
                // What they left was killed with the run.
                continue;
            }
            let left = attempt.ended.iter().flat_map(|ended| &ended.left_running);
            open.extend(left.map(|process| Obligation::LeftRunning {
                attempt: attempt.id,
                process: process.clone(),
            }));
        }
        for edited in &self.summary.edited {
            let obligation = Obligation::Edited { step: edited.step.clone() };
            if !open.contains(&obligation) {
                open.push(obligation);
            }
        }
        self.summary.obligations = open;
    }
}

/// An answer and what it was about.
struct Said<'a> {
    step: Option<&'a StepId>,
    question: &'a str,
    answer: &'a Answer,
    gives: Option<&'a Name>,
}

/// For each record the milliseconds since the first. Within a process they are those of its
/// monotonic clock; where another takes over, only the wall clock connects the two.
pub(super) fn elapsed(records: &[Record]) -> Vec<u64> {
    let mut total = 0;
    let mut before: Option<&Record> = None;
    records
        .iter()
        .map(|record| {
            if let Some(before) = before {
                total += match record.event {
                    Event::Resumed(_) => wall(before, record),
                    _ => monotonic(before, record),
                };
            }
            before = Some(record);
            total
        })
        .collect()
}

fn wall(before: &Record, record: &Record) -> u64 {
    let passed = record.at.as_millisecond() - before.at.as_millisecond();
    u64::try_from(passed).unwrap_or(0)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a cast of a float saturates, which is what a broken clock deserves"
)]
fn monotonic(before: &Record, record: &Record) -> u64 {
    ((record.mono - before.mono) * 1000.0).round() as u64
}
