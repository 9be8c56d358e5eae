//! The ways that were not taken. Records hold what was chosen; what else there was stands in the
//! frozen runbook.

use super::summary::Summary;
use crate::runbook::{Action, Ask, Runbook};

/// Adds to each decision the labels of the options that the runbook offered beside the chosen one.
pub fn add_alternatives(summary: &mut Summary, runbook: &Runbook) {
    for decision in &mut summary.decisions {
        let step = decision.step.as_ref().and_then(|id| runbook.find(id));
        let Some(step) = step.filter(|_| decision.question == "decide") else {
            continue;
        };
        let Action::Ask(Ask::Decision { options, .. }) = &runbook.step(step).action else {
            continue;
        };
        let others = options
            .iter()
            .filter(|option| decision.choice != format!("chose {}", option.id))
            .map(|option| option.label.source().to_owned());
        decision.alternatives = others.collect();
    }
}
