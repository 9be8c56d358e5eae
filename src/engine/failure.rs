//! What the failure of a step does: a person decides, unless the runbook says otherwise and nothing
//! speaks against it.

use super::attempted::{End, Verdict};
use super::job::Job;
use super::run::Run;
use crate::runbook::{Action, OnFailure, StepKey};

impl Run {
    /// What the failure of a job does.
    pub(super) fn failure_rule(&self, job: &Job) -> OnFailure {
        if job.step().is_none() || !rule_may_decide(job) {
            return OnFailure::Ask;
        }
        let by_itself = self.item_fails_by_itself(job);
        if by_itself && self.is_item(job) {
            return OnFailure::Continue;
        }
        match self.given_rule(job) {
            Some((_, OnFailure::Ask)) | None if by_itself => OnFailure::Stop,
            // There is nothing that it could undo.
            Some((_, OnFailure::Undo)) if self.own_entry(job).is_none() => OnFailure::Ask,
            Some((_, rule)) => rule.clone(),
            None => OnFailure::Ask,
        }
    }

    /// Whether the author says what a failure does, so that no result is news for a person.
    pub(super) fn is_ruled(&self, job: &Job) -> bool {
        self.given_rule(job).is_some() || self.item_fails_by_itself(job)
    }

    /// The rule that was written: the step's own, which a group may have given it, else that of the
    /// innermost `use` around it that has one. With the step where it stands: the names in it are
    /// those of that step's runbook.
    pub(super) fn given_rule(&self, job: &Job) -> Option<(StepKey, &OnFailure)> {
        let step = job.step()?;
        match &self.step(step).action {
            Action::Run(run) if run.on_failure_given => return Some((step, &run.on_failure)),
            // Over items, it is a step that fails by itself, with what they came to.
            Action::Use { on_failure, .. } if !matches!(on_failure, OnFailure::Ask) => {
                return Some((step, on_failure));
            }
            _ => {}
        }
        let mut frames = self.lane(job.lane)?.position.frames().iter().rev();
        frames.find_map(|frame| {
            let user = frame.owner?;
            match &self.step(user).action {
                Action::Use { on_failure, .. } if !matches!(on_failure, OnFailure::Ask) => {
                    Some((user, on_failure))
                }
                _ => None,
            }
        })
    }
}

/// A target that is not what it should be, a command that a person stopped, an end that nobody saw,
/// a read that is evidence: these are for a person.
fn rule_may_decide(job: &Job) -> bool {
    let for_a_person = |(end, verdict): &(End, Verdict)| {
        matches!(end, End::Interrupted { .. } | End::Unknown | End::Disconnected)
            || matches!(verdict, Verdict::Unexpected { .. } | Verdict::InDoubt)
    };
    job.unproved.is_none() && job.last.as_ref().is_some_and(|last| !for_a_person(last))
}
