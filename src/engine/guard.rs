//! What a step that waits for agreement stands before. Whoever goes past one without agreement
//! owes it: from then on each change of the run asks for it, until the step itself is walked.

use std::collections::{BTreeMap, BTreeSet};

use super::event::Recorded;
use super::job::{Job, JobKind};
use super::lane::{Lane, LaneId};
use super::position::{Frame, Jump, Line, Position};
use super::run::Run;
use super::scope::ScopeId;
use super::standing::Standing;
use crate::runbook::{Action, BookId, Effect, PartId, StepId, StepKey};
use crate::template::Template;
use crate::value::{Facts, Name, Reference};

/// What is known of a step that waits for agreement.
#[derive(Clone, Debug)]
pub(super) enum Guard {
    /// It was agreed to, with these values.
    Granted {
        values: BTreeMap<Name, Recorded>,
        /// By whom; by nobody, where the responder went on alone.
        by: Option<Standing>,
    },
    /// The responder went past it.
    Owed,
}

impl Run {
    /// The steps whose agreement a job's command needs: those that were passed, and those that
    /// agreed to something else than what is about to run. What repeats what was agreed to once
    /// needs it again.
    pub(super) fn guards_of(&self, job: &Job, effect: Effect) -> Vec<StepKey> {
        let JobKind::Step(step) = job.of else {
            return Vec::new();
        };
        if effect == Effect::Read {
            return Vec::new();
        }
        let before = self.approvals_before(self.frames(job.lane), step);
        let mut guards = Vec::new();
        for (approve, guard) in &self.state.guards {
            let asks = match guard {
                Guard::Owed => true,
                Guard::Granted { values, .. } => {
                    let again = before.contains(approve)
                        && self.has_changed(job)
                        && job.first_start.is_none();
                    again || self.is_another(job, *approve, values)
                }
            };
            if asks {
                guards.push(*approve);
            }
        }
        guards
    }

    /// Whether a command, or a value in it, is not what it was when a step was agreed to.
    fn is_another(&self, job: &Job, approve: StepKey, values: &BTreeMap<Name, Recorded>) -> bool {
        let edited =
            job.step().is_some_and(|step| self.state.edited_since.contains(&(approve, step)));
        let Some(command) = self.job_command(job).filter(|_| !edited) else {
            return edited;
        };
        let scope = self.job_scope(job);
        let (book, own) = (self.scope(scope).book, self.step(approve).part.book());
        let (scope, used) = if book == own {
            (scope, self.used_by(job, command))
        } else {
            // Of the values around it, a used runbook sees what it is given.
            let Some(used) = self.given_to(book, own) else {
                return false;
            };
            (self.scope_around(job.lane, own), used)
        };
        let now = self.values_in(scope);
        let differs = |then: &Recorded, name| now.get(name) != Some(then);
        used.iter().any(|name| values.get(name).is_some_and(|then| differs(then, name)))
    }

    /// What a lane sees of a runbook that it is on, or that a lane around it is on.
    fn scope_around(&self, lane: LaneId, book: BookId) -> ScopeId {
        let around = |lane: &&Lane| self.lane(lane.origin.as_ref()?.from);
        let mut lanes = std::iter::successors(self.lane(lane), around);
        let scope = lanes.find_map(|lane| {
            let mut frames = lane.position.frames().iter().rev();
            frames.find(|frame| frame.book(&self.plan.runbook) == book).map(|frame| frame.scope)
        });
        scope.unwrap_or(ScopeId::MAIN)
    }

    /// The values of a runbook that are given to one within it on the way to another; none if that
    /// is not within it.
    fn given_to(&self, inner: BookId, outer: BookId) -> Option<BTreeSet<Name>> {
        let runbook = &self.plan.runbook;
        let within = |book: &BookId| {
            runbook.used_by(*book).is_some_and(|used| runbook.step(used.by).part.book() == outer)
        };
        let used = self.use_of(runbook.around(inner).find(within)?)?;
        let mentions = used.with.values().flat_map(Template::mentions);
        let names = mentions.filter_map(|mention| match mention.reference {
            Reference::Value(name) => Some(name),
            _ => None,
        });
        Some(names.collect())
    }

    /// A step's command was replaced: nobody who agreed before has seen it.
    pub(super) fn note_edit(&mut self, step: StepKey) {
        let granted = self.state.guards.iter();
        let granted = granted.filter(|(_, guard)| matches!(guard, Guard::Granted { .. }));
        let since: Vec<_> = granted.map(|(approve, _)| (*approve, step)).collect();
        self.state.edited_since.extend(since);
    }

    /// The steps that a responder who goes to a step would pass without agreement.
    pub fn passes(&self, step: StepKey) -> Vec<StepKey> {
        let lane = self.attention();
        let here: BTreeSet<StepKey> = match self.current_in(lane) {
            Some(current) => self.approvals_before(self.frames(lane), current),
            None => BTreeSet::new(),
        };
        let there = self.approvals_before(self.position_at(step).frames().to_vec(), step);
        let agreed =
            |step: &StepKey| matches!(self.state.guards.get(step), Some(Guard::Granted { .. }));
        there.into_iter().filter(|step| !here.contains(step) && !agreed(step)).collect()
    }

    /// The steps that a run which starts at a step has not walked, and that wait for agreement.
    pub(super) fn starts_behind(&self, at: Option<&StepId>) -> Vec<StepId> {
        let Some(step) = at.and_then(|at| self.plan.runbook.find(at)) else {
            return Vec::new();
        };
        let mut position = Position::start(Line::Part(PartId::Main), ScopeId::MAIN);
        position.go_to(&self.plan.runbook, step, Jump::Responder);
        let passed = self.approvals_before(position.frames().to_vec(), step);
        passed.into_iter().map(|step| self.step(step).id.clone()).collect()
    }

    /// The responder goes to a step: what is passed is owed, and what lies ahead is asked there.
    pub(super) fn pass(&mut self, step: StepKey) {
        for approve in self.passes(step) {
            self.state.guards.insert(approve, Guard::Owed);
        }
        let ahead = self.approvals_ahead(self.position_at(step).frames());
        self.state.guards.retain(|approve, _| !ahead.contains(approve));
    }

    /// The responder passes over a step that waits for agreement.
    pub(super) fn owe(&mut self, step: StepKey) {
        let mut passed = BTreeSet::new();
        self.add_approvals(step, &mut passed);
        self.state.guards.extend(passed.into_iter().map(|step| (step, Guard::Owed)));
    }

    /// A step that waits for agreement has been come to: what was agreed to before is over.
    pub(super) fn meet(&mut self, step: StepKey) {
        self.state.guards.remove(&step);
        self.state.edited_since.retain(|(approve, _)| *approve != step);
    }

    fn position_at(&self, step: StepKey) -> Position {
        let lane = self.lane(self.lane_of_step(step).unwrap_or(LaneId::MAIN));
        let mut position = lane.map(|lane| lane.position.clone()).unwrap_or_default();
        position.go_to(&self.plan.runbook, step, Jump::Responder);
        position
    }

    /// The lines that a lane is on, those around it first.
    fn frames(&self, lane: LaneId) -> Vec<Frame> {
        self.lines(lane).into_iter().map(|(_, frame)| frame).collect()
    }

    fn approvals_before(&self, frames: Vec<Frame>, step: StepKey) -> BTreeSet<StepKey> {
        let mut found = BTreeSet::new();
        for frame in frames {
            let steps = frame.steps(&self.plan.runbook);
            for before in steps.iter().take(frame.next).filter(|before| **before != step) {
                self.add_approvals(*before, &mut found);
            }
        }
        found
    }

    fn approvals_ahead(&self, frames: &[Frame]) -> BTreeSet<StepKey> {
        let mut found = BTreeSet::new();
        for frame in frames {
            for ahead in frame.steps(&self.plan.runbook).iter().skip(frame.next) {
                self.add_approvals(*ahead, &mut found);
            }
        }
        found
    }

    /// The steps that come behind a step, on its line and on those around it in its runbook, with
    /// what is seen there.
    pub(super) fn steps_after(&self, lane: LaneId, step: StepKey) -> Vec<(ScopeId, StepKey)> {
        let book = self.step(step).part.book();
        let lines = self.lines(lane);
        let around =
            lines.iter().rev().take_while(|(_, frame)| frame.book(&self.plan.runbook) == book);
        let mut inside = Some(step);
        let mut after = Vec::new();
        for (opener, frame) in around {
            let steps = frame.steps(&self.plan.runbook);
            let here = steps.iter().position(|other| Some(*other) == inside);
            let behind = steps.iter().skip(here.map_or(frame.next, |here| here + 1));
            after.extend(behind.map(|step| (frame.scope, *step)));
            inside = *opener;
        }
        after
    }

    /// The lines that a lane is on, those around it first, each with the step that opened it.
    fn lines(&self, lane: LaneId) -> Vec<(Option<StepKey>, Frame)> {
        let Some(this) = self.lane(lane) else {
            return Vec::new();
        };
        let origin = this.origin.as_ref();
        let mut lines = origin.map(|origin| self.lines(origin.from)).unwrap_or_default();
        let opener = |(place, frame): (usize, &Frame)| {
            let origin = origin.filter(|_| place == 0).map(|origin| origin.step);
            (frame.owner.or(origin), frame.clone())
        };
        lines.extend(this.position.frames().iter().enumerate().map(opener));
        lines
    }

    /// A step that waits for agreement, or those in a group. What a procedure asks, it asks when
    /// it is gone through.
    fn add_approvals(&self, step: StepKey, found: &mut BTreeSet<StepKey>) {
        match &self.step(step).action {
            Action::Approve(_) => {
                found.insert(step);
            }
            Action::Group { steps, .. } => {
                for inside in steps {
                    self.add_approvals(*inside, found);
                }
            }
            _ => {}
        }
    }

    /// The commands of a step, and of what it holds, that change something.
    pub(super) fn add_changes(&self, step: StepKey, facts: &dyn Facts, commands: &mut Vec<String>) {
        let (part, foreseen);
        let (inside, facts) = match &self.step(step).action {
            Action::Group { steps, .. } => (steps.as_slice(), facts),
            Action::Use { used, .. } => {
                part = self.used_part(step, used);
                foreseen = part.as_ref().and_then(|part| self.foreseen_beyond(step, part));
                let facts = foreseen.as_deref().unwrap_or(facts);
                (part.as_ref().map_or(&[][..], |part| self.plan.runbook.part(part)), facts)
            }
            Action::Run(run) if run.effect != Effect::Read => {
                self.add_commands(Some(step), facts, commands);
                return;
            }
            _ => return,
        };
        for step in inside {
            self.add_changes(*step, facts, commands);
        }
    }
}
