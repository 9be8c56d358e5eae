//! Agreements that stand, and what ends them before they are used: whoever goes on with a run has
//! agreed with nobody. What was agreed to together with a change is its undo, as it was shown.

use std::collections::BTreeMap;

use super::agreement::Given;
use super::attempted::AttemptId;
use super::decided::Wanted;
use super::event::Recorded;
use super::guard::Guard;
use super::job::Job;
use super::run::Run;
use super::undo::UndoEntry;
use crate::plan::bind;
use crate::value::Name;

/// Somebody's agreement that still opens something.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Standing {
    /// The request that it answers.
    pub nonce: String,
    /// Whose it is.
    pub principal: String,
    /// The fingerprint of their key.
    pub key: String,
}

/// The undo of a change, as it was shown to somebody who agreed to the change.
#[derive(Clone, Debug)]
pub(super) struct Covered {
    by: Standing,
    undo: String,
    values: BTreeMap<Name, Recorded>,
}

impl Run {
    /// The agreements of other people that still open something.
    pub fn standing(&self) -> Vec<Standing> {
        let jobs = self.state.lanes.values().flat_map(|lane| &lane.jobs);
        let agreements = jobs.flat_map(|job| job.agreements.values());
        let given = agreements.flat_map(|it| &it.given).filter_map(|given| given.by.clone());
        let passed = self.state.guards.values().filter_map(|guard| match guard {
            Guard::Granted { by, .. } => by.clone(),
            Guard::Owed => None,
        });
        let covered = self.state.undo.iter().flat_map(|entry| &entry.covered);
        let mut all: Vec<Standing> =
            given.chain(passed).chain(covered.map(|it| it.by.clone())).collect();
        all.sort_by(|one, other| one.nonce.cmp(&other.nonce));
        all.dedup();
        all
    }

    /// What was agreed to by whoever goes on now is asked of somebody else.
    pub(super) fn void(&mut self, nonces: &BTreeMap<String, String>) {
        let holds =
            |by: &Option<Standing>| by.as_ref().is_none_or(|by| !nonces.contains_key(&by.nonce));
        let jobs = self.state.lanes.values_mut().flat_map(|lane| &mut lane.jobs);
        for agreement in jobs.flat_map(|job| job.agreements.values_mut()) {
            agreement.given.retain(|given| holds(&given.by));
        }
        for guard in self.state.guards.values_mut() {
            if matches!(guard, Guard::Granted { by, .. } if !holds(by)) {
                *guard = Guard::Owed;
            }
        }
        for entry in &mut self.state.undo {
            entry.covered.retain(|covered| !nonces.contains_key(&covered.by.nonce));
        }
    }

    /// A change starts that somebody agreed to: with it, to the undo that its card showed.
    pub(super) fn cover_undo(&mut self, attempt: AttemptId, digest: &str) {
        let Some(job) = self.job() else { return };
        let approval = self.job_run(job).and_then(|run| run.approval.as_ref());
        let Some(role) = approval.map(|approval| &approval.role) else { return };
        let covered = self.valid(job, role, digest).into_iter().filter_map(|given| {
            let Given { by: Some(by), undo: Some(undo), values, .. } = given else { return None };
            Some(Covered { by: by.clone(), undo: undo.clone(), values: values.clone() })
        });
        let covered = covered.collect();
        let entries = &mut self.state.undo;
        if let Some(entry) = entries.iter_mut().find(|entry| entry.starts.contains(&attempt)) {
            entry.covered = covered;
        }
    }

    /// The agreement that the undo of a change needs because the change itself did; none where who
    /// agreed to the change has seen this very undo.
    pub(super) fn undo_needs(&self, job: &Job) -> Option<Wanted> {
        let entry = &self.state.undo[job.undo()?];
        let approval = self.run_of(entry.step)?.approval.as_ref()?;
        let seen = entry.covered.iter().any(|covered| self.is_as_shown(job, entry, covered));
        (!seen).then(|| Wanted::of(approval))
    }

    fn is_as_shown(&self, job: &Job, entry: &UndoEntry, covered: &Covered) -> bool {
        let Some(command) = self.job_command(job) else { return false };
        let bound = bind(self.own_runbook(job), command, &self.job_facts(job));
        let same = |name: &Name| match entry.values.get(name) {
            Some(value) => covered.values.get(name) == Some(value),
            // What is no value of the run, such as a key of the environment, does not change.
            None => true,
        };
        bound.is_ok_and(|bound| bound.shown == covered.undo)
            && self.used_by(job, command).iter().all(same)
    }
}
