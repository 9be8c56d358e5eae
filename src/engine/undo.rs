//! What has been changed and how it is undone: "if you stop now".

use std::collections::BTreeMap;

use super::asking::{UndoPlan, UndoShown};
use super::attempted::{AttemptId, Role};
use super::event::Recorded;
use super::facts::StateFacts;
use super::job::{Job, JobKind};
use super::run::{Run, UndoOffer};
use super::scope::ScopeId;
use super::standing::Covered;
use crate::plan::bind;
use crate::runbook::{Action, Command, Effect, PartId, StepId, StepKey, Undo};
use crate::value::Name;

/// A change that can be undone. Its values are those of the moment it started.
#[derive(Clone, Debug)]
pub(super) struct UndoEntry {
    pub(super) step: StepKey,
    pub(super) scope: ScopeId,
    pub(super) values: BTreeMap<Name, Recorded>,
    pub(super) state: UndoState,
    /// The starts of the change.
    pub(super) starts: Vec<AttemptId>,
    /// Its undo, as those saw it who agreed to the change.
    pub(super) covered: Vec<Covered>,
}

/// Whether there is something to undo.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum UndoState {
    /// The change took effect.
    Applied,
    /// It started; whether it took effect is not known.
    InDoubt,
    /// It was undone, or never happened.
    Settled,
}

impl Run {
    /// The command that undoes an entry.
    pub(super) fn undo_command(&self, entry: &UndoEntry) -> Option<&Command> {
        let Action::Run(run) = &self.step(entry.step).action else {
            return None;
        };
        match run.undo.as_ref()? {
            Undo::Command(command) => Some(command),
            Undo::Step(step) => self.command(*step),
            Undo::Irreversible(_) | Undo::None(_) => None,
        }
    }

    /// The places of the open entries, the latest first.
    pub(super) fn open_entries(&self) -> Vec<usize> {
        let open = self.state.undo.iter().enumerate();
        open.filter(|(_, entry)| entry.state != UndoState::Settled)
            .map(|(place, _)| place)
            .rev()
            .collect()
    }

    /// Those that are offered to be undone at the end, the latest first.
    pub(super) fn offered_entries(&self) -> Vec<usize> {
        let mut entries = self.open_entries();
        if self.state.ending.as_ref().is_some_and(|ending| ending.undo == UndoOffer::Faults) {
            // What the runbooks did that a game day used is the response, and stays.
            let part = |place: &usize| &self.step(self.state.undo[*place].step).part;
            entries.retain(|place| !matches!(part(place), PartId::Of(..)));
        }
        entries
    }

    pub(super) fn undo_shown(&self, entries: Vec<usize>) -> Vec<UndoShown> {
        let shown = |place: usize| {
            let entry = &self.state.undo[place];
            let step = self.step(entry.step);
            let facts = StateFacts::frozen(self, entry);
            let command = self.undo_command(entry)?;
            let mut title = step.title.preview(&facts, &|name| format!("‹{name}›"));
            if let Some(Recorded::Open(item)) =
                step.for_each.as_ref().and_then(|each| entry.values.get(&each.name))
            {
                title = format!("{title}: {}", item.written());
            }
            Some(UndoShown {
                entry: place,
                step: step.id.clone(),
                title,
                shown: match bind(self.book_of(entry.scope), command, &facts) {
                    Ok(bound) => bound.shown,
                    Err(failure) => format!("({failure})"),
                },
                in_doubt: entry.state == UndoState::InDoubt,
                before: self.no_return_behind(place),
            })
        };
        entries.into_iter().filter_map(shown).collect()
    }

    /// The step that cannot be undone and comes behind a change.
    fn no_return_behind(&self, place: usize) -> Option<StepId> {
        let (step, before) = self.state.no_return?;
        (place < before).then(|| self.step(step).id.clone())
    }

    /// A command has taken effect; if there is no way back from it, what was changed before may
    /// have none either.
    pub(super) fn note_no_return(&mut self, step: StepKey) {
        let irreversible =
            |run: &crate::runbook::Run| matches!(run.undo, Some(Undo::Irreversible(_)));
        if self.run_of(step).is_some_and(irreversible) {
            self.state.no_return = Some((step, self.state.undo.len()));
        }
    }

    /// How a step would be undone, for its card.
    pub(super) fn undo_plan(&self, job: &Job, step: StepKey) -> UndoPlan {
        let Action::Run(run) = &self.step(step).action else {
            return UndoPlan::Unknown;
        };
        let command = match &run.undo {
            None => return UndoPlan::Unknown,
            Some(Undo::Irreversible(why)) => return UndoPlan::Irreversible(why.clone()),
            Some(Undo::None(why)) => return UndoPlan::Nothing(why.clone()),
            Some(Undo::Command(command)) => Some(&**command),
            Some(Undo::Step(step)) => self.command(*step),
        };
        let Some(command) = command else {
            return UndoPlan::Unknown;
        };
        match bind(self.own_runbook(job), command, &self.job_facts(job)) {
            Ok(bound) => UndoPlan::Command(bound.shown),
            Err(failure) => UndoPlan::Command(format!("({failure})")),
        }
    }

    /// The undo of a step is remembered, with the values of now, before its command starts. Another
    /// attempt of the same change is the same entry.
    pub(super) fn remember_undo(&mut self, attempt: AttemptId) {
        let Some(job) = self.job() else { return };
        let first = job.first_start.is_none();
        let Some(step) = job.step() else { return };
        let Some(run) = self.run_of(step) else { return };
        let undoable = matches!(run.undo, Some(Undo::Command(_) | Undo::Step(_)));
        if run.effect == Effect::Read || !undoable {
            return;
        }
        let scope = self.scope_in(self.state.focus);
        let values = self.values_in(scope);
        let same = self
            .own_entry_of(step)
            .filter(|place| !first || same_in_records(&self.state.undo[*place].values, &values));
        match same {
            Some(place) => self.state.undo[place].starts.push(attempt),
            None => self.state.undo.push(UndoEntry {
                step,
                scope,
                values,
                state: UndoState::InDoubt,
                starts: vec![attempt],
                covered: Vec::new(),
            }),
        }
    }

    /// The starts of the changes that a command undoes, when it succeeds.
    pub(super) fn undone_by(&self, job: Option<&Job>, role: Role) -> Vec<AttemptId> {
        let Some(job) = job else { return Vec::new() };
        let entries = match (role, job.undo(), job.step()) {
            (Role::Undo, Some(entry), _) => vec![entry],
            (Role::Main, None, Some(step)) => self.settled_by(step, self.scope_in(job.lane)),
            _ => Vec::new(),
        };
        entries.into_iter().flat_map(|place| self.state.undo[place].starts.clone()).collect()
    }

    /// The open entries that a step settles on the main line, being their undo.
    pub(super) fn settled_by(&self, step: StepKey, scope: ScopeId) -> Vec<usize> {
        let settled = |place: &usize| {
            let entry = &self.state.undo[*place];
            self.sees(scope, entry.scope) && self.undoing_step(entry.step) == Some(step)
        };
        self.open_entries().into_iter().filter(settled).collect()
    }

    /// The step that is the undo of a step.
    pub(super) fn undoing_step(&self, step: StepKey) -> Option<StepKey> {
        match self.run_of(step)?.undo {
            Some(Undo::Step(undoer)) => Some(undoer),
            _ => None,
        }
    }

    /// The latest open entry of a job's step, of the same item.
    pub(super) fn own_entry(&self, job: &Job) -> Option<usize> {
        self.own_entries(job).into_iter().next()
    }

    /// The open entries of a job's step, the latest first: of the same item, or of all its items.
    pub(super) fn own_entries(&self, job: &Job) -> Vec<usize> {
        let scope = self.scope_in(job.lane);
        let own = |place: &usize| {
            let entry = &self.state.undo[*place];
            let here = match job.spread {
                Some(_) => self.sees(scope, entry.scope),
                None => entry.scope == scope,
            };
            here && Some(entry.step) == job.step()
        };
        self.open_entries().into_iter().filter(own).collect()
    }

    /// The latest open entry of a step, of the item that the latest fact is about.
    pub(super) fn own_entry_of(&self, step: StepKey) -> Option<usize> {
        self.own_entry(&self.new_job(JobKind::Step(step)))
    }

    /// The entry that is meant by a step: the one of the item that is being worked on, else the
    /// latest.
    pub(super) fn entry_to_undo(&self, step: StepKey) -> Option<usize> {
        self.own_entry_of(step).or_else(|| self.open_entry_of(step))
    }

    /// The latest open entry of a step.
    pub(super) fn open_entry_of(&self, step: StepKey) -> Option<usize> {
        self.open_entries().into_iter().find(|place| self.state.undo[*place].step == step)
    }
}

/// Whether values are the same as far as a record can tell. What a secret is must not decide: after
/// a take-over nobody knows it any more, and the state must be the same.
fn same_in_records(one: &BTreeMap<Name, Recorded>, other: &BTreeMap<Name, Recorded>) -> bool {
    let same = |a: &Recorded, b: &Recorded| match (a, b) {
        (Recorded::Secret(_), Recorded::Secret(_)) => true,
        (a, b) => a == b,
    };
    let pairs = one.iter().zip(other);
    one.len() == other.len()
        && pairs.into_iter().all(|((name, a), (other, b))| name == other && same(a, b))
}
