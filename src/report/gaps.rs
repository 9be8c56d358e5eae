//! What a run did not do as its runbook has it: what was missing, passed over, failed or edited.

use super::inert::{fenced, markdown as safe};
use super::markdown::{moment, step_title};
use super::phrases;
use super::summary::{SkipReason, Step, Summary};
use crate::engine::StepStatus;

/// The lines of its section.
pub(super) fn lines(summary: &Summary) -> Vec<String> {
    let mut lines = Vec::new();
    for missing in &summary.missing {
        let detail = match missing.detail.as_str() {
            "" => String::new(),
            detail => format!(" ({})", safe(detail)),
        };
        lines.push(format!("- Missing: {}{detail}", safe(&missing.what)));
    }
    for skipped in &summary.skipped {
        let title = safe(&skipped.title);
        lines.push(match &skipped.why {
            SkipReason::Condition { condition } => {
                format!("- Passed over: {title}; not {}", safe(condition))
            }
            SkipReason::Responder { by, reason } => {
                let reason = reason.as_deref().unwrap_or("no reason given");
                format!("- Skipped by {}: {title}; {}", safe(by), safe(reason))
            }
        });
    }
    let failed = |step: &&Step| {
        let failed = [StepStatus::Failed, StepStatus::FailedHandled];
        step.status.is_some_and(|status| failed.contains(&status))
    };
    for step in summary.steps.iter().filter(failed) {
        let status = step.status.map_or("failed", phrases::status);
        lines.push(format!("- {}: {status}", safe(&step.title)));
    }
    for edited in &summary.edited {
        lines.push(format!(
            "- Edited by {} at {}, the command of {}:\n",
            safe(&edited.by),
            moment(edited.at),
            step_title(summary, edited.step.as_ref())
        ));
        lines.push(fenced(&edited.command, "sh"));
    }
    lines
}
