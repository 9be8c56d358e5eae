//! Where somebody who learns is: the steps whose command they have not been asked about since they
//! came to it, and what they expect of those that they have.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::fading::{Practised, Told};
use crate::runbook::StepId;

/// One walk of somebody who learns. Its copies are one.
#[derive(Clone, Debug)]
pub struct Lesson(Rc<RefCell<State>>);

#[derive(Debug)]
struct State {
    practised: Practised,
    /// Steps that were entered, and about whose command nothing was asked yet.
    unasked: BTreeSet<StepId>,
    /// What was answered, until the command has run.
    expected: BTreeMap<StepId, Expected>,
    /// How often something was answered.
    predictions: usize,
}

/// What somebody expects of a command.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Expected {
    /// They did not say.
    Nothing,
    /// In their words.
    Words(String),
}

impl Lesson {
    /// A walk of somebody who has walked this often before.
    pub fn new(practised: Practised) -> Self {
        let (unasked, expected) = (BTreeSet::new(), BTreeMap::new());
        Self(Rc::new(RefCell::new(State { practised, unasked, expected, predictions: 0 })))
    }

    /// How often something was predicted.
    pub fn predictions(&self) -> usize {
        self.0.borrow().predictions
    }

    pub(super) fn of_runbook(&self) -> Told {
        self.0.borrow().practised.of_runbook()
    }

    pub(super) fn of_step(&self, step: &StepId) -> Told {
        self.0.borrow().practised.of_step(step)
    }

    /// The walk comes to a step: it is asked once each time.
    pub(super) fn entered(&self, step: &StepId) {
        let mut state = self.0.borrow_mut();
        state.expected.remove(step);
        if state.practised.of_step(step).asks() {
            state.unasked.insert(step.clone());
        }
    }

    /// Whether it is to be asked what is expected of the step's command.
    pub fn wants(&self, step: &StepId) -> bool {
        self.0.borrow().unasked.contains(step)
    }

    /// It was asked, and what was answered.
    pub fn predicted(&self, step: &StepId, words: Option<&str>) {
        let expected = words.map_or(Expected::Nothing, |words| Expected::Words(words.to_owned()));
        self.answered(step, expected);
    }

    /// It was asked.
    pub(super) fn answered(&self, step: &StepId, expected: Expected) {
        let mut state = self.0.borrow_mut();
        state.unasked.remove(step);
        state.predictions += usize::from(expected != Expected::Nothing);
        state.expected.insert(step.clone(), expected);
    }

    /// What is expected of a command that starts; of the first since it was asked.
    pub(super) fn take(&self, step: &StepId) -> Option<Expected> {
        self.0.borrow_mut().expected.remove(step)
    }

    /// The command did not come to anything yet, and runs again.
    pub(super) fn put_back(&self, step: &StepId, expected: Expected) {
        self.0.borrow_mut().expected.insert(step.clone(), expected);
    }
}
