//! Steps that take too long: what is said then, and whom to ask.

use jiff::{SignedDuration, Timestamp};

use super::demand::{Demands, Wait};
use super::event::Event;
use super::lane::LaneId;
use super::run::Run;
use crate::runbook::StepKey;

impl Run {
    /// The steps that the walk is in, with the moment at which each has taken too long.
    fn timeboxes(&self) -> Vec<(LaneId, StepKey, Timestamp)> {
        let mut found = Vec::new();
        for (id, lane) in &self.state.lanes {
            let jobs = lane.jobs.iter().filter_map(super::job::Job::step);
            let owners = lane.position.frames().iter().filter_map(|frame| frame.owner);
            for step in jobs.chain(owners) {
                let Some(timebox) = &self.step(step).timebox else {
                    continue;
                };
                let record = self.state.steps.get(&step);
                let Some(since) = record.and_then(|record| record.since) else {
                    continue;
                };
                let after = i64::try_from(timebox.after.millis).unwrap_or(i64::MAX);
                let until = since.checked_add(SignedDuration::from_millis(after));
                found.push((*id, step, until.unwrap_or(Timestamp::MAX)));
            }
        }
        found
    }

    /// Waits for the moments at which steps have taken too long.
    pub(super) fn add_timeboxes(&self, demands: &mut Demands) {
        for (lane, step, until) in self.timeboxes() {
            let step = self.step(step).id.clone();
            demands.waits.push(Wait { lane, step, until });
        }
    }

    /// The fact that a step takes too long, if the moment is one of those.
    pub(super) fn decide_timebox(&self, wait: &Wait) -> Option<Event> {
        let mut boxes = self.timeboxes().into_iter();
        let (lane, step, _) = boxes.find(|(lane, step, until)| {
            *lane == wait.lane && *until == wait.until && self.step(*step).id == wait.step
        })?;
        let this = self.step(step);
        let timebox = this.timebox.as_ref()?;
        let facts = self.now(lane);
        let say = timebox.say.as_ref().map(|say| say.preview(&facts, &|name| format!("‹{name}›")));
        let own = self.plan.runbook.own(step).0;
        let role = timebox.escalate.and_then(|place| own.escalation.get(place));
        Some(Event::TimeboxPassed {
            step: this.id.clone(),
            after: timebox.after.written.clone(),
            say,
            escalate: role.map(|role| role.role.clone()),
            lane,
        })
    }

    /// It is said once each time that the step is entered.
    pub(super) fn apply_timebox(&mut self, step: StepKey) {
        self.state.steps.entry(step).or_default().since = None;
    }
}
