//! How much is still explained: all of it the first time, little the second, nothing from the third
//! on unless somebody asks. Pure.

use std::collections::BTreeMap;

use crate::runbook::StepId;

/// How often whoever learns has walked a runbook, and its steps as they are now, before.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Practised {
    /// The runbook, whatever its content was.
    pub runbook: u32,
    /// Each step with the content that it has now.
    pub steps: BTreeMap<StepId, u32>,
}

/// How much of something is told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Told {
    /// All there is.
    Whole,
    /// A line.
    Briefly,
    /// Nothing, until somebody asks for it.
    OnRequest,
}

impl Told {
    fn after(walks: u32) -> Self {
        match walks {
            0 => Self::Whole,
            1 => Self::Briefly,
            _ => Self::OnRequest,
        }
    }

    /// Whether it is asked what somebody expects.
    pub(super) fn asks(self) -> bool {
        self != Self::OnRequest
    }
}

impl Practised {
    /// How much is told of the runbook as a whole.
    pub(super) fn of_runbook(&self) -> Told {
        Told::after(self.runbook)
    }

    /// How much is told of a step.
    pub(super) fn of_step(&self, step: &StepId) -> Told {
        Told::after(self.steps.get(step).copied().unwrap_or(0))
    }
}
