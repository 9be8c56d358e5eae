//! What is repeated of an answer below its question. Nothing in this file prints.

use crate::engine::{Answer, Recorded, Run};
use crate::runbook::{Action, Ask, StepId};

/// The label of the option that was chosen.
fn option_label(step: &StepId, answer: &Answer, run: &Run) -> Option<String> {
    let Answer::Choose { option, .. } = answer else {
        return None;
    };
    let runbook = &run.plan().runbook;
    let Action::Ask(Ask::Decision { options, .. }) = &runbook.step(runbook.find(step)?).action
    else {
        return None;
    };
    let chosen = options.iter().find(|other| other.id == *option)?;
    let unknown = |reference: &_| format!("‹{reference}›");
    Some(chosen.label.preview(&*run.facts(), &unknown))
}

/// What is worth repeating of an answer; an option by its label, where that is known.
pub(super) fn words(step: Option<&StepId>, answer: &Answer, run: &Run) -> Option<String> {
    let label = step.and_then(|step| option_label(step, answer, run));
    let because = |reason: &Option<String>| {
        let reason = reason.as_ref();
        reason.map_or_else(String::new, |reason| format!(": {reason}"))
    };
    Some(match answer {
        Answer::Choose { option, reason } => {
            let label = label.unwrap_or_else(|| option.to_string());
            format!("{label}{}", because(reason))
        }
        Answer::Value { value: Recorded::Open(value) } => value.written(),
        Answer::Value { value: Recorded::Secret(_) } => "(secret)".to_owned(),
        Answer::Skip { reason } => format!("skipped{}", because(reason)),
        Answer::NotSure { reason } => format!("not sure{}", because(reason)),
        Answer::NoneOfThese => "none of these".to_owned(),
        Answer::Note { .. } => "noted".to_owned(),
        Answer::Predict { text } => format!("expects: {text}"),
        Answer::Leave => "left as it is".to_owned(),
        Answer::MarkDone => "marked done".to_owned(),
        Answer::WaitForEnd => "waiting for its end; Ctrl-C stops it".to_owned(),
        Answer::BreakGlass { reason } => {
            format!("BREAK GLASS: on without the second person: {reason}")
        }
        Answer::GoPast { step, reason } => format!("to {step}, past an agreement: {reason}"),
        Answer::GoTo { step } => format!("to {step}"),
        Answer::Edit { .. } => "edited".to_owned(),
        _ => return None,
    })
}
