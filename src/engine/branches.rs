//! The end of lanes: what the branches of a step came to, and what that means for the step.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::attempted::{End, Verdict};
use super::event::{Recorded, StepStatus};
use super::job::Stage;
use super::lane::LaneId;
use super::position::Next;
use super::run::Run;
use super::spread::{Branch, BranchState, Over};
use crate::value::{Name, Value};

impl Run {
    /// Closes lanes that are at their end, and goes on with the steps whose branches are all over.
    pub(super) fn settle_lanes(&mut self) {
        while let Some(lane) = self.lane_at_its_end() {
            self.close_lane(lane);
        }
    }

    /// A failure that stops everything stops the item that it happened in; what that means for the
    /// step is seen when all items are over.
    pub(super) fn fail_item(&mut self) {
        let runbook = Arc::clone(&self.plan.runbook);
        let lane = self.here();
        lane.jobs.clear();
        let ahead = lane.position.leave_all(&runbook);
        lane.position.come_through(ahead);
        if let Some(origin) = &mut lane.origin {
            origin.outcome = Some(StepStatus::Failed);
        }
    }

    fn lane_at_its_end(&self) -> Option<LaneId> {
        let mut lanes = self.state.lanes.iter().filter(|(_, lane)| lane.origin.is_some());
        let at_end =
            lanes.find(|(id, lane)| lane.jobs.is_empty() && self.next_in(**id) == Next::End);
        at_end.map(|(id, _)| *id)
    }

    fn close_lane(&mut self, id: LaneId) {
        let scope = self.scope_in(id);
        let Some(origin) = self.state.lanes.remove(&id).and_then(|lane| lane.origin) else {
            return;
        };
        if self.state.focus == id {
            self.state.focus = origin.from;
        }
        let outcome = origin.outcome.unwrap_or(StepStatus::Done);
        let branches = self.state.lanes.get_mut(&origin.from).and_then(|lane| {
            let mut jobs = lane.jobs.iter_mut();
            jobs.find(|job| job.step() == Some(origin.step))?.spread.as_mut()
        });
        let Some(spread) = branches else { return };
        for branch in &mut spread.branches {
            if branch.state == BranchState::Open(id) {
                branch.state = BranchState::Over(outcome, scope);
            }
        }
        self.finish_spread(origin.from);
    }

    /// When no branch is open and none will begin, the step is over.
    fn finish_spread(&mut self, lane: LaneId) {
        let Some(job) = self.job_in(lane) else { return };
        let Some(spread) = &job.spread else { return };
        let open = |branch: &Branch| matches!(branch.state, BranchState::Open(_));
        if spread.branches.iter().any(open) || self.next_branch(job).is_some() {
            return;
        }
        let lists = match self.spreads_over(job) {
            Some(Over::Items(each)) => self.lists(&each.name.clone(), &spread.branches),
            _ => BTreeMap::new(),
        };
        let came_to = came_to(&spread.branches);
        let scope = self.scope_in(lane);
        self.state.scopes[scope.0].values.extend(lists);
        let job = self.state.lanes.get_mut(&lane).and_then(|lane| lane.jobs.last_mut());
        let Some(job) = job else { return };
        match came_to {
            Ok(status) => job.stage = Stage::Settled(status),
            Err(why) => {
                // No command ended here: the items' own records say how theirs did.
                let end = End::Exited { code: 1 };
                job.last = Some((end, Verdict::Failed { why, parts: Vec::new() }));
                job.stage = Stage::Judged;
            }
        }
    }

    /// What the items captured, as lists: all of a name, in the order of the items.
    fn lists(&self, item: &Name, branches: &[Branch]) -> BTreeMap<Name, Recorded> {
        let mut lists: BTreeMap<Name, Vec<Value>> = BTreeMap::new();
        for branch in branches {
            let BranchState::Over(_, scope) = branch.state else {
                continue;
            };
            for (name, value) in &self.scope(scope).values {
                // A list of secrets could not be kept from sight as one: it has to be taken anew.
                if let (true, Recorded::Open(value)) = (name != item, value) {
                    let list = lists.entry(name.clone()).or_default();
                    match value {
                        Value::List(items) => list.extend(items.iter().cloned()),
                        value => list.push(value.clone()),
                    }
                }
            }
        }
        let open = |(name, list)| (name, Recorded::Open(Value::List(list)));
        lists.into_iter().map(open).collect()
    }
}

/// How a step ends whose branches came to this; or why it failed.
fn came_to(branches: &[Branch]) -> Result<StepStatus, String> {
    let count = |wanted: StepStatus| {
        let over = branches.iter().filter(
            |branch| matches!(branch.state, BranchState::Over(status, _) if status == wanted),
        );
        over.count()
    };
    let (failed, all) = (count(StepStatus::Failed), branches.len());
    let ahead = branches.iter().filter(|branch| branch.state == BranchState::Ahead).count();
    if failed > 0 {
        let names: Vec<String> = branches.iter().filter_map(Branch::failed).collect();
        let which =
            if names.is_empty() { String::new() } else { format!(": {}", names.join(", ")) };
        let rest = match ahead {
            0 => String::new(),
            rest => format!("; {rest} not begun"),
        };
        return Err(format!("{failed} of {all} failed{which}{rest}"));
    }
    Ok([StepStatus::FailedHandled, StepStatus::Unexpected, StepStatus::MarkedDone]
        .into_iter()
        .find(|status| count(*status) > 0)
        .unwrap_or(if count(StepStatus::Skipped) == all {
            StepStatus::Skipped
        } else {
            StepStatus::Done
        }))
}

impl Branch {
    /// The item, if it failed.
    fn failed(&self) -> Option<String> {
        match (&self.item, self.state) {
            (Some(Recorded::Open(value)), BranchState::Over(StepStatus::Failed, _)) => {
                Some(value.written())
            }
            _ => None,
        }
    }
}
