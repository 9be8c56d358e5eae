//! Steps that are done side by side: the items of a `for_each`, the steps of a parallel group. The
//! step's own job waits while each has a lane below it; when all are over it goes on with what they
//! came to.

use std::collections::{BTreeMap, VecDeque};

use super::asking::Asking;
use super::attempted::Confirmation;
use super::demand::Demands;
use super::demands::advance;
use super::event::{Event, ItemRecord, Recorded, StepStatus};
use super::job::{Job, JobKind, Stage};
use super::lane::{Lane, LaneId, LaneKind, Origin};
use super::position::{Line, Position};
use super::run::Run;
use super::scope::ScopeId;
use crate::policy::Level;
use crate::runbook::{
    Action, Effect, ForEach, ItemConfirm, ItemFailure, Items, Order, PartId, StepKey, Used,
};
use crate::value::{Reference, Value};

/// What a step spreads over, and how far that is.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Spread {
    pub(super) branches: Vec<Branch>,
    pub(super) consent: Consent,
}

/// An item, or a step of a parallel group.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Branch {
    /// The item; a step of a group has none.
    pub(super) item: Option<Recorded>,
    pub(super) state: BranchState,
}

/// How far a branch is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum BranchState {
    /// It has not begun.
    Ahead,
    /// It has this lane.
    Open(LaneId),
    /// It came to this, and gave its values to this scope.
    Over(StepStatus, ScopeId),
}

/// Whether all branches are agreed to at once.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Consent {
    /// They were.
    Given(Confirmation),
    /// Nobody has to: each asks by itself, or nothing has to be asked.
    Unneeded,
    /// They must be, before the first begins.
    Wanted,
}

/// What a step spreads over.
pub(super) enum Over<'a> {
    Items(&'a ForEach),
    Steps(&'a [StepKey], usize),
}

impl Run {
    /// What a job's step spreads over, if it does. The lane of an item does the step itself.
    pub(super) fn spreads_over(&self, job: &Job) -> Option<Over<'_>> {
        let step = self.step(job.step()?);
        match (&step.for_each, &step.action) {
            (Some(each), _) if !self.is_item(job) => Some(Over::Items(each)),
            (_, Action::Group { steps, order: Order::AtOnce(count) }) => {
                Some(Over::Steps(steps, *count))
            }
            _ => None,
        }
    }

    /// Whether a job does its step for one item.
    pub(super) fn is_item(&self, job: &Job) -> bool {
        let origin = self.lane(job.lane).and_then(|lane| lane.origin.as_ref());
        origin
            .is_some_and(|origin| origin.kind == LaneKind::Item && Some(origin.step) == job.step())
    }

    /// Whether a job's step is done in lanes of their own.
    pub(super) fn spreads(&self, job: &Job) -> bool {
        self.spreads_over(job).is_some()
    }

    /// The job that opened a lane.
    pub(super) fn opener(&self, lane: LaneId) -> Option<&Job> {
        let origin = self.lane(lane)?.origin.as_ref()?;
        let jobs = &self.lane(origin.from)?.jobs;
        jobs.iter().find(|job| job.step() == Some(origin.step))
    }

    /// How all branches around a job were agreed to at once, if they were. Nobody agreed to what was
    /// not on that card: another text, a command of the responder's own, an undo, items that were not
    /// known yet.
    pub(super) fn agreed_at_once(&self, job: &Job, effect: Effect) -> Option<&Confirmation> {
        if self.state.edits.contains_key(&job.step()?) {
            return None;
        }
        let mut lane = job.lane;
        while let Some(opener) = self.opener(lane) {
            let (items, once) = match self.spreads_over(opener)? {
                Over::Items(each) => (true, each.confirm == ItemConfirm::Once),
                Over::Steps(..) => (false, false),
            };
            let spread = opener.spread.as_ref()?;
            if let Consent::Given(confirmation) = &spread.consent
                && (effect == Effect::Read || once && effect == Effect::Change)
            {
                return Some(confirmation);
            }
            if items && effect != Effect::Read {
                return None;
            }
            lane = opener.lane;
        }
        None
    }

    /// What a step that spreads needs.
    pub(super) fn spread_demands(&self, job: &Job) -> Demands {
        let Some(spread) = &job.spread else {
            return match self.listed(job) {
                Ok(_) => advance(job.lane),
                Err(asking) => self.question(job.lane, *asking),
            };
        };
        if spread.branches.is_empty() {
            return self.question(job.lane, Asking::NoItems);
        }
        // What became of a command comes first: the rest is decided in its light.
        if let Some(lane) = self.doubtful(spread) {
            return self.lane_demands(lane);
        }
        let mut demands = Demands::default();
        for branch in &spread.branches {
            if let BranchState::Open(lane) = branch.state {
                demands.join(self.lane_demands(lane));
            }
        }
        if spread.consent == Consent::Wanted {
            if let Some(lane) = demands.advance {
                return advance(lane);
            }
            return self.question(job.lane, Asking::Items(Box::new(self.items_card(job, spread))));
        }
        if demands.advance.is_none() && self.next_branch(job).is_some() {
            demands.advance = Some(job.lane);
        }
        demands
    }

    /// The first lane below with a command whose end nobody saw.
    fn doubtful(&self, spread: &Spread) -> Option<LaneId> {
        let mut open = spread.branches.iter().filter_map(|branch| match branch.state {
            BranchState::Open(lane) => Some(lane),
            BranchState::Ahead | BranchState::Over(..) => None,
        });
        open.find(|lane| {
            let jobs = self.lane(*lane).map_or(&[][..], |lane| &lane.jobs);
            jobs.iter().any(|job| {
                let below = job.spread.as_ref().and_then(|spread| self.doubtful(spread));
                job.doubted().is_some() || below.is_some()
            })
        })
    }

    /// The items of a step, or what must be asked first.
    fn listed(&self, job: &Job) -> Result<Vec<Value>, Box<Asking>> {
        let Some(Over::Items(each)) = self.spreads_over(job) else {
            return Ok(Vec::new());
        };
        match &each.items {
            Items::Listed(items) => Ok(items.clone()),
            Items::Expression(list) => match list.evaluate(&self.job_facts(job)) {
                Ok(Value::List(items)) => Ok(items),
                Ok(_) => Err(Box::new(Asking::Refused {
                    why: format!("`{}` is not a list", list.text()),
                })),
                Err(error) => Err(Box::new(match error.unset {
                    Some(Reference::Value(name)) => self.missing_value(self.job_scope(job), &name),
                    _ => Asking::Refused { why: format!("`{}`: {error}", list.text()) },
                })),
            },
        }
    }

    /// The fact that the items are known, or that the next branch begins.
    pub(super) fn decide_spread(&self, job: &Job) -> Option<Event> {
        let step = self.step(job.step()?).id.clone();
        let Some(spread) = &job.spread else {
            let items = self.listed(job).ok()?;
            let items = self.hiding(&BTreeMap::new()).items(items);
            return Some(Event::ItemsListed { lane: job.lane, step, items });
        };
        let index = self.next_branch(job)?;
        let item = spread.branches[index].item.clone();
        Some(Event::LaneOpened {
            lane: LaneId(self.state.last_lane.0 + 1),
            from: job.lane,
            step,
            branch: ItemRecord { item, index, of: spread.branches.len() },
        })
    }

    /// The branch that begins next, if there is room and nothing speaks against it.
    pub(super) fn next_branch(&self, job: &Job) -> Option<usize> {
        let spread = job.spread.as_ref()?;
        let (at_once, stop) = match self.spreads_over(job)? {
            Over::Items(each) => (each.at_once, self.stops_at_failure(job, each)),
            Over::Steps(_, count) => (count, false),
        };
        let mut open = 0;
        for branch in &spread.branches {
            match branch.state {
                BranchState::Over(StepStatus::Failed, _) if stop => return None,
                BranchState::Open(lane) if stop && self.is_held_up(lane) => return None,
                BranchState::Open(_) => open += 1,
                BranchState::Ahead | BranchState::Over(..) => {}
            }
        }
        if open >= at_once {
            return None;
        }
        spread.branches.iter().position(|branch| branch.state == BranchState::Ahead)
    }

    /// Whether a failure in a lane, or a doubt, waits for a person.
    fn is_held_up(&self, lane: LaneId) -> bool {
        let jobs = self.lane(lane).map_or(&[][..], |lane| &lane.jobs);
        jobs.iter().any(|job| matches!(job.stage, Stage::Judged | Stage::Doubt { .. }))
    }

    /// Changes at once stop at the first failure, whatever is written.
    fn stops_at_failure(&self, job: &Job, each: &ForEach) -> bool {
        each.on_failure == ItemFailure::Stop
            || each.at_once > 1 && self.effect_within(job.step()) > Effect::Read
    }

    /// Whether a failure ends the item that it happens in without asking.
    pub(super) fn item_fails_by_itself(&self, job: &Job) -> bool {
        let Some(opener) = self.opener(job.lane) else {
            return false;
        };
        match self.spreads_over(opener) {
            Some(Over::Items(each)) => !self.stops_at_failure(opener, each),
            Some(Over::Steps(..)) => self.item_fails_by_itself(opener),
            None => false,
        }
    }

    /// The part that a `use` of a step enters first.
    pub(super) fn used_part(&self, step: StepKey, used: &Used) -> Option<PartId> {
        match used {
            Used::Procedure(name) => {
                Some(self.step(step).part.beside(PartId::Procedure(name.clone())))
            }
            Used::Runbook(used) => Some(PartId::Of(used.book?, Box::new(PartId::Main))),
        }
    }

    /// The strongest effect of what a step holds.
    pub(super) fn effect_within(&self, step: Option<StepKey>) -> Effect {
        let Some(step) = step else {
            return Effect::Read;
        };
        let strongest = |steps: &[StepKey]| {
            let effects = steps.iter().map(|step| self.effect_within(Some(*step)));
            effects.max().unwrap_or(Effect::Read)
        };
        match &self.step(step).action {
            Action::Group { steps, .. } => strongest(steps),
            Action::Run(run) => run.effect,
            Action::Use { used, .. } => self
                .used_part(step, used)
                .map_or(Effect::Read, |part| strongest(self.plan.runbook.part(&part))),
            _ => Effect::Read,
        }
    }

    /// Whether the branches of a job are agreed to at once, by what policy and runbook say.
    fn consent(&self, job: &Job) -> Consent {
        let effect = self.effect_within(job.step());
        let (at_once, once) = match self.spreads_over(job) {
            Some(Over::Items(each)) => (each.at_once, each.confirm == ItemConfirm::Once),
            Some(Over::Steps(_, count)) => (count, false),
            None => return Consent::Unneeded,
        };
        let asked = match effect {
            Effect::Read => at_once > 1,
            Effect::Change => once,
            Effect::Destroy => false,
        };
        let level = self.level_within(job.step(), effect);
        if asked && level > Level::Auto { Consent::Wanted } else { Consent::Unneeded }
    }

    /// Takes the items into account.
    pub(super) fn apply_listed(&mut self, items: &[Recorded]) {
        let branches = items.iter().map(|item| Some(item.clone())).collect();
        self.open_spread(branches);
    }

    /// A step's job becomes that of its branches.
    pub(super) fn open_spread(&mut self, items: Vec<Option<Recorded>>) {
        let Some(job) = self.job() else { return };
        let consent = self.consent(job);
        let branches =
            items.into_iter().map(|item| Branch { item, state: BranchState::Ahead }).collect();
        if let Some(job) = self.here().jobs.last_mut() {
            job.stage = Stage::Spread;
            job.spread = Some(Spread { branches, consent });
        }
    }

    /// The steps of a parallel group, to be spread over; `None` if a step is none, or is spread
    /// over its items first.
    pub(super) fn parallel_steps(&self, job: &Job) -> Option<usize> {
        match self.spreads_over(job)? {
            Over::Items(_) => None,
            Over::Steps(steps, _) => Some(steps.len()),
        }
    }

    /// A branch begins, in a lane of its own.
    pub(super) fn apply_lane_opened(&mut self, lane: LaneId, from: LaneId, branch: &ItemRecord) {
        self.state.last_lane = lane;
        let around = self.scope_in(from);
        let Some(job) = self.job_in(from) else { return };
        let Some(step) = job.step() else { return };
        let over = self.spreads_over(job).map(|over| match over {
            Over::Items(each) => Ok(each.name.clone()),
            Over::Steps(steps, _) => Err(steps.get(branch.index).copied()),
        });
        let (scope, first, kind) = match over {
            Some(Ok(name)) => {
                let scope = self.open_scope(around);
                let item = branch.item.clone();
                self.state.scopes[scope.0].values.extend(item.map(|item| (name, item)));
                (scope, None, LaneKind::Item)
            }
            Some(Err(Some(step))) => (around, Some(Line::Step(step)), LaneKind::Step),
            Some(Err(None)) | None => return,
        };
        let origin = Origin { from, step, kind, outcome: None };
        let position = match first {
            Some(first) => Position::start(first, scope),
            None => Position::at(scope),
        };
        self.state.lanes.insert(lane, Lane { position, jobs: Vec::new(), origin: Some(origin) });
        if let Some(branch) = self.branch_mut(from, step, branch.index) {
            branch.state = BranchState::Open(lane);
        }
        if kind == LaneKind::Item {
            let mut job = self.new_job(JobKind::Step(step));
            job.stage = self.first_stage(step);
            self.here().jobs.push(job);
            self.open_lines(step);
        }
    }

    fn branch_mut(&mut self, lane: LaneId, step: StepKey, index: usize) -> Option<&mut Branch> {
        let jobs = &mut self.state.lanes.get_mut(&lane)?.jobs;
        let job = jobs.iter_mut().find(|job| job.step() == Some(step))?;
        job.spread.as_mut()?.branches.get_mut(index)
    }

    /// The responder agrees to all branches at once.
    pub(super) fn agree_to_spread(&mut self, confirmation: Confirmation) -> bool {
        let spread = self.here().jobs.last_mut().and_then(|job| job.spread.as_mut());
        match spread {
            Some(spread) if spread.consent == Consent::Wanted => {
                spread.consent = Consent::Given(confirmation);
                true
            }
            _ => false,
        }
    }

    /// What failed is done again; the rest stays as it is.
    pub(super) fn spread_again(&mut self) -> bool {
        let Some(job) = self.job() else { return false };
        if job.spread.is_none() {
            return false;
        }
        let consent = self.consent(job);
        let Some(job) = self.here().jobs.last_mut() else {
            return false;
        };
        match job.spread.as_mut() {
            // An empty list is made anew.
            Some(spread) if spread.branches.is_empty() => {
                job.spread = None;
                job.stage = Stage::Ready;
            }
            Some(spread) => {
                for branch in &mut spread.branches {
                    if matches!(branch.state, BranchState::Over(StepStatus::Failed, _)) {
                        branch.state = BranchState::Ahead;
                    }
                }
                spread.consent = consent;
                job.stage = Stage::Spread;
            }
            None => return false,
        }
        true
    }

    /// After a break nobody knows any more what was agreed to.
    pub(super) fn agree_to_spreads_anew(&mut self) {
        let jobs = self.state.lanes.values().flat_map(|lane| &lane.jobs);
        let mut consents: VecDeque<Consent> =
            jobs.filter(|job| job.spread.is_some()).map(|job| self.consent(job)).collect();
        let jobs = self.state.lanes.values_mut().flat_map(|lane| lane.jobs.iter_mut());
        for spread in jobs.filter_map(|job| job.spread.as_mut()) {
            spread.consent = consents.pop_front().unwrap_or(Consent::Wanted);
        }
    }
}
