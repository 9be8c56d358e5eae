//! Scopes: which values are seen where. A run has one from the beginning; an item of a `for_each`
//! has one of its own inside the one around it.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::event::Recorded;
use super::job::Job;
use super::lane::LaneId;
use super::run::Run;
use crate::runbook::{BookId, Environment, Runbook, StepKey};
use crate::value::Name;

/// The place of a scope in the list of all.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct ScopeId(pub(super) usize);

impl ScopeId {
    /// The scope that is there from the beginning.
    pub(super) const MAIN: Self = Self(0);
}

/// Values that captures, answers and items have given.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope {
    /// The scope around it, whose values are seen as well.
    pub(super) around: Option<ScopeId>,
    pub(super) values: BTreeMap<Name, Recorded>,
    /// When each was taken.
    pub(super) taken: BTreeMap<Name, Timestamp>,
    /// The runbook whose names are seen.
    pub(super) book: BookId,
    /// The environment of a used runbook.
    pub(super) environment: Option<Name>,
}

impl Run {
    pub(super) fn scope(&self, scope: ScopeId) -> &Scope {
        &self.state.scopes[scope.0]
    }

    /// The scope that a lane is in.
    pub(super) fn scope_in(&self, lane: LaneId) -> ScopeId {
        self.lane(lane).map_or(ScopeId::MAIN, |lane| lane.position.scope())
    }

    /// A value, as a scope sees it: its own, else that of the scope around it.
    pub(super) fn value_in(&self, scope: ScopeId, name: &Name) -> Option<&Recorded> {
        self.inside_out(scope).find_map(|scope| scope.values.get(name))
    }

    /// All values that a scope sees.
    pub(super) fn values_in(&self, scope: ScopeId) -> BTreeMap<Name, Recorded> {
        let mut seen = BTreeMap::new();
        for scope in self.inside_out(scope) {
            for (name, value) in &scope.values {
                seen.entry(name.clone()).or_insert_with(|| value.clone());
            }
        }
        seen
    }

    /// Whether a scope is another, or stands around it.
    pub(super) fn sees(&self, outer: ScopeId, inner: ScopeId) -> bool {
        let mut scopes = std::iter::successors(Some(inner), |scope| self.scope(*scope).around);
        scopes.any(|scope| scope == outer)
    }

    fn inside_out(&self, scope: ScopeId) -> impl Iterator<Item = &Scope> {
        std::iter::successors(Some(self.scope(scope)), |scope| {
            scope.around.map(|around| self.scope(around))
        })
    }

    /// Opens a scope inside another.
    pub(super) fn open_scope(&mut self, around: ScopeId) -> ScopeId {
        let Scope { book, environment, .. } = self.scope(around).clone();
        self.add_scope(Scope { around: Some(around), book, environment, ..Scope::default() })
    }

    pub(super) fn add_scope(&mut self, scope: Scope) -> ScopeId {
        self.state.scopes.push(scope);
        ScopeId(self.state.scopes.len() - 1)
    }

    /// The scope that a job sees: an undo that of its step.
    pub(super) fn job_scope(&self, job: &Job) -> ScopeId {
        match job.undo() {
            Some(entry) => self.state.undo[entry].scope,
            None => self.scope_in(job.lane),
        }
    }

    /// The runbook whose names a scope sees.
    pub(super) fn book_of(&self, scope: ScopeId) -> &Runbook {
        self.plan.runbook.book(self.scope(scope).book)
    }

    /// The runbook that a job belongs to.
    pub(super) fn own_runbook(&self, job: &Job) -> &Runbook {
        self.book_of(self.job_scope(job))
    }

    /// The environment that a scope sees.
    pub(super) fn environment_in(&self, scope: ScopeId) -> Option<&Environment> {
        let Scope { book, environment, .. } = self.scope(scope);
        if *book == BookId::MAIN {
            return self.plan.environment.as_ref();
        }
        let name = environment.as_ref()?;
        let mut environments = self.plan.runbook.book(*book).environments.iter();
        environments.find(|environment| environment.name == *name)
    }

    /// The name under which a target's proof is kept: runbooks call different targets the same, and
    /// what a used one is given may say where its target is.
    pub(super) fn proof_key(&self, scope: ScopeId, target: &str) -> String {
        if self.scope(scope).book == BookId::MAIN {
            return target.to_owned();
        }
        let outwards = std::iter::successors(Some(scope), |scope| self.scope(*scope).around);
        let entered = outwards.last().unwrap_or(scope);
        format!("{}/{target}", entered.0)
    }

    /// Whether a job's command has already succeeded, for the item that it is about.
    pub(super) fn has_changed(&self, job: &Job) -> bool {
        let record = job.step().and_then(|step| self.state.steps.get(&step));
        record.is_some_and(|record| record.changed.contains(&self.job_scope(job)))
    }

    /// A command has succeeded, for the item that the latest fact is about.
    pub(super) fn note_change(&mut self, step: StepKey) {
        let scope = self.scope_in(self.state.focus);
        self.state.steps.entry(step).or_default().changed.insert(scope);
    }

    /// Gives values to the scope of the lane that the latest fact is about.
    pub(super) fn set_values(&mut self, values: impl IntoIterator<Item = (Name, Recorded)>) {
        let at = self.state.at;
        let scope = self.scope_in(self.state.focus);
        let scope = &mut self.state.scopes[scope.0];
        for (name, value) in values {
            scope.taken.insert(name.clone(), at);
            scope.values.insert(name, value);
        }
    }
}
