//! Runbooks within a runbook: what a linked runbook knows of those it uses.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Environment, PartId, Protection, Requirement, Runbook, Step, StepKey};
use crate::value::Name;

/// Which of the runbooks that were linked: the one that is run, or one that it uses.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct BookId(pub(in crate::runbook) usize);

impl BookId {
    /// The runbook that is run.
    pub const MAIN: Self = Self(0);
}

/// A use of another runbook.
#[derive(Clone, Debug)]
pub struct Book {
    /// The runbook by itself.
    pub runbook: Arc<Runbook>,
    /// The step that uses it.
    pub by: StepKey,
    /// The place of its first step among the linked ones.
    pub first: usize,
    /// Its main line.
    pub main: Vec<StepKey>,
    /// Its procedures.
    pub procedures: BTreeMap<Name, Vec<StepKey>>,
    /// Its final steps.
    pub finally: Vec<StepKey>,
}

impl PartId {
    /// The runbook that the part belongs to.
    pub fn book(&self) -> BookId {
        match self {
            Self::Of(book, _) => *book,
            Self::Finally | Self::Main | Self::Procedure(_) => BookId::MAIN,
        }
    }

    /// Another part of the same runbook.
    #[must_use]
    pub fn beside(&self, other: Self) -> Self {
        match self {
            Self::Of(book, _) => Self::Of(*book, Box::new(other)),
            Self::Finally | Self::Main | Self::Procedure(_) => other,
        }
    }

    /// The part as its own runbook calls it.
    pub fn own(&self) -> &Self {
        match self {
            Self::Of(_, part) => part,
            Self::Finally | Self::Main | Self::Procedure(_) => self,
        }
    }
}

impl Runbook {
    /// The runbook's own steps, without those of what it uses.
    pub fn own_steps(&self) -> &[Step] {
        let end = self.books.first().map_or(self.steps.len(), |book| book.first);
        &self.steps[..end]
    }

    /// A runbook by itself, with its values, targets and environments.
    pub fn book(&self, book: BookId) -> &Self {
        match book.0.checked_sub(1).and_then(|place| self.books.get(place)) {
            Some(book) => &book.runbook,
            None => self,
        }
    }

    /// The use that brought a runbook in.
    pub fn used_by(&self, book: BookId) -> Option<&Book> {
        self.books.get(book.0.checked_sub(1)?)
    }

    /// A runbook and those that stand around it, outwards: the one that is run is the last.
    pub fn around(&self, book: BookId) -> impl Iterator<Item = BookId> {
        let outer = |book: &BookId| Some(self.step(self.used_by(*book)?.by).part.book());
        std::iter::successors(Some(book), outer)
    }

    /// The runbook that a step belongs to, and the step's place in it.
    pub fn own(&self, step: StepKey) -> (&Self, StepKey) {
        let book = self.step(step).part.book();
        let first = self.used_by(book).map_or(0, |book| book.first);
        (self.book(book), StepKey(step.0 - first))
    }

    /// The place of a runbook's own step among the linked ones.
    pub fn linked(&self, book: BookId, step: StepKey) -> StepKey {
        StepKey(step.0 + self.used_by(book).map_or(0, |book| book.first))
    }

    /// How careful a run has to be: as the strictest asks for, of the environment that is chosen
    /// and those of the same name in what is used.
    pub fn protection(&self, chosen: Option<&Environment>) -> Protection {
        let Some(chosen) = chosen else {
            return Protection::Ordinary;
        };
        let environments = self.all_books().flat_map(|(_, book)| &book.environments);
        let same = environments.filter(|environment| environment.name == chosen.name);
        same.map(|environment| environment.protection).max().unwrap_or_default()
    }

    /// The runbook that is run, and all that it uses.
    pub fn all_books(&self) -> impl Iterator<Item = (BookId, &Self)> {
        let used = self.books.iter().enumerate();
        let used = used.map(|(place, book)| (BookId(place + 1), &*book.runbook));
        std::iter::once((BookId::MAIN, self)).chain(used)
    }

    /// The variables and programs that it requires, and what it uses.
    pub fn required_names(&self) -> impl Iterator<Item = &str> {
        let all = self.all_books().flat_map(|(_, book)| &book.requires);
        all.filter_map(|requirement| match requirement {
            Requirement::Check { .. } => None,
            Requirement::Env { name, .. } => Some(name.as_str()),
            Requirement::Program { program, .. } => Some(program.as_str()),
        })
    }
}
