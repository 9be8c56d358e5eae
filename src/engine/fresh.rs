//! Values that hold for a while only: a change that would use an older one has it read again first.

use std::cell::RefCell;
use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::event::{Event, StepStatus};
use super::facts::StateFacts;
use super::job::{Job, JobKind, Stage};
use super::run::Run;
use super::scope::ScopeId;
use crate::plan::bind;
use crate::runbook::{Action, Command, Effect, StepId, StepKey};
use crate::value::{Datum, Duration, Facts, Name, Reference};

/// Facts that remember which values were asked for.
struct Noted<'a> {
    facts: StateFacts<'a>,
    asked: RefCell<BTreeSet<Name>>,
}

impl Facts for Noted<'_> {
    fn get(&self, reference: &Reference) -> Option<Datum> {
        if let Reference::Value(name) = reference {
            self.asked.borrow_mut().insert(name.clone());
        }
        self.facts.get(reference)
    }
}

impl Run {
    /// The step that must read a value again before a job's command may change anything, and the
    /// value.
    pub(super) fn stale(&self, job: &Job) -> Option<(StepKey, Name)> {
        let ahead = matches!(job.stage, Stage::Ready | Stage::Confirmed);
        if !ahead || self.job_effect(job) == Effect::Read || job.step().is_none() {
            return None;
        }
        let scope = self.job_scope(job);
        let used = self.used_by(job, self.job_command(job)?);
        used.into_iter().find_map(|name| {
            let (step, holds) = self.holds_for(scope, &name)?;
            let taken = self.taken_at(scope, &name)?;
            let old = self.state.at.duration_since(taken) > millis(&holds);
            // A person has dealt with a reading that failed: it is not asked for for ever.
            let given_up = job.read_again.contains(&name)
                && self.state.steps.get(&step).and_then(|record| record.status)
                    != Some(StepStatus::Done);
            (old && !given_up).then_some((step, name))
        })
    }

    pub(super) fn used_by(&self, job: &Job, command: &Command) -> BTreeSet<Name> {
        let noted = Noted { facts: self.job_facts(job), asked: RefCell::default() };
        // What cannot be bound is asked about elsewhere; what it names is all that counts here.
        let _ = bind(self.own_runbook(job), command, &noted);
        noted.asked.into_inner()
    }

    /// How long a value holds, and the step that reads it.
    fn holds_for(&self, scope: ScopeId, name: &Name) -> Option<(StepKey, Duration)> {
        let book = self.scope(scope).book;
        let steps = self.plan.runbook.steps.iter().enumerate();
        let mut steps = steps.filter(|(_, step)| step.part.book() == book);
        steps.find_map(|(place, step)| {
            let Action::Run(run) = &step.action else {
                return None;
            };
            let capture = run.captures.iter().find(|capture| capture.name == *name)?;
            Some((StepKey(place), capture.max_age.clone()?))
        })
    }

    fn taken_at(&self, scope: ScopeId, name: &Name) -> Option<Timestamp> {
        let mut scope = Some(scope);
        while let Some(at) = scope {
            if let Some(taken) = self.scope(at).taken.get(name) {
                return Some(*taken);
            }
            scope = self.scope(at).around;
        }
        None
    }

    /// The fact that a value is too old for a change.
    pub(super) fn decide_stale(&self, job: &Job) -> Option<Event> {
        let (step, value) = self.stale(job)?;
        let step = self.step(step).id.clone();
        Some(Event::ValueStale { value, step, lane: job.lane })
    }

    /// The value is read again; then the change is agreed to anew, for what it rests on may have
    /// changed.
    pub(super) fn apply_stale(&mut self, value: &Name, step: &StepId) {
        let Some(step) = self.plan.runbook.find(step) else {
            return;
        };
        if let Some(job) = self.here().jobs.last_mut() {
            job.read_again.insert(value.clone());
            job.confirmation = None;
            job.stage = Stage::Ready;
        }
        let job = self.new_job(JobKind::Step(step));
        self.here().jobs.push(job);
    }
}

fn millis(duration: &Duration) -> SignedDuration {
    SignedDuration::from_millis(i64::try_from(duration.millis).unwrap_or(i64::MAX))
}
