//! What other people were asked to agree to, and where somebody went on without them.

use super::phrases;
use super::summary::{Approval, ApprovalAnswer, Deviation, Summary};
use crate::engine::{Answer, ApprovalRequest, Event, RunStarted};
use crate::journal::Record;

/// Takes in a fact about an agreement.
pub(super) fn note(summary: &mut Summary, record: &Record) {
    match &record.event {
        Event::ApprovalRequested(asked) => {
            let Ok(request) = ApprovalRequest::parse(&asked.request) else { return };
            summary.approvals.push(Approval {
                n: record.n,
                at: record.at,
                by: record.by.clone(),
                step: asked.step.clone(),
                role: request.role,
                digest: request.digest,
                nonce: request.nonce,
                answer: ApprovalAnswer::Open,
                refused: Vec::new(),
            });
        }
        Event::ApprovalGiven(given) => {
            if let Some(approval) = of(summary, &given.nonce) {
                approval.answer = ApprovalAnswer::Agreed {
                    agreed_at: record.at,
                    principal: given.signed.principal.clone(),
                    key: given.signed.key.clone(),
                    signers_writable: given.signed.signers_writable,
                };
            }
        }
        Event::ApprovalLapsed { nonce, .. } => {
            if let Some(approval) = of(summary, nonce) {
                approval.answer = ApprovalAnswer::Lapsed;
            }
        }
        Event::ApprovalRefused { nonce, why, .. } => {
            if let Some(approval) = of(summary, nonce) {
                approval.refused.push(why.clone());
            }
        }
        _ => {}
    }
}

/// Takes in how a run began, if it was behind an agreement.
pub(super) fn begun_behind(summary: &mut Summary, record: &Record, started: &RunStarted) {
    let Some(at) = &started.at else { return };
    for passed in &started.behind {
        summary.deviations.push(Deviation {
            n: record.n,
            at: record.at,
            by: record.by.clone(),
            step: Some(passed.clone()),
            what: format!("began at {at}, past the agreement of others"),
            reason: None,
        });
    }
}

/// Takes in an answer, if it goes on without an agreement.
pub(super) fn deviates(summary: &mut Summary, record: &Record, question: &str) {
    let Event::Answered { step, answer, .. } = &record.event else { return };
    let what = match answer {
        Answer::BreakGlass { reason } => {
            let open = summary.approvals.iter_mut().rev();
            let mut own = open.filter(|approval| Some(&approval.step) == step.as_ref());
            if let Some(approval) = own.next() {
                approval.answer = ApprovalAnswer::BrokenGlass { reason: reason.clone() };
            }
            "BREAK GLASS: went on without the second person".to_owned()
        }
        Answer::GoPast { step, .. } => format!("went to {step}, past the agreement of others"),
        Answer::Skip { .. } if question == "approve" => {
            "skipped what others should agree to".to_owned()
        }
        _ => return,
    };
    summary.deviations.push(Deviation {
        n: record.n,
        at: record.at,
        by: record.by.clone(),
        step: step.clone(),
        what,
        reason: phrases::reason(answer).map(str::to_owned),
    });
}

fn of<'a>(summary: &'a mut Summary, nonce: &str) -> Option<&'a mut Approval> {
    summary.approvals.iter_mut().rev().find(|approval| approval.nonce == nonce)
}
