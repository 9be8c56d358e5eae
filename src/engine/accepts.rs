//! The answers that a question takes. Nobody is offered what would be refused, and what is not
//! listed is refused.

use super::answer::AnswerKind;
use super::approval::Lapsed;
use super::asking::{Asking, CardKind};
use super::event::Found;
use super::job::Job;
use super::lane::LaneId;
use super::preflight::Progress;
use super::run::Run;
use crate::policy::{Level, Pace};
use crate::runbook::{Action, Effect};

use AnswerKind as A;

impl Run {
    /// The answers that a question takes: its own, then those that fit anywhere.
    pub(super) fn accepts(&self, lane: LaneId, ask: &Asking) -> Vec<AnswerKind> {
        let mut accepts = self.own_answers(lane, ask);
        let refused = match ask {
            Asking::Confirm(card) => self.refuses(lane, card.effect),
            Asking::Items(card) => self.refuses(lane, card.effect),
            Asking::Read { .. } | Asking::Survey { .. } => self.refuses(lane, Effect::Read),
            _ => false,
        };
        accepts.retain(|kind| match kind {
            // Of no use where policy makes every read wait all the same.
            A::Auto => self.level_of(Effect::Read, Pace::Flow) == Level::Auto,
            A::Confirm | A::Proceed => !refused,
            A::Elsewhere | A::Edit => !refused && self.runs_a_step(lane),
            _ => true,
        });
        accepts.extend([A::Pause, A::Note]);
        if precedes_a_command(ask) {
            accepts.push(A::Predict);
        }
        self.add_common(lane, ask, &mut accepts);
        accepts
    }

    fn own_answers(&self, lane: LaneId, ask: &Asking) -> Vec<AnswerKind> {
        match ask {
            Asking::Approve(waiting) => {
                let mut answers = vec![match waiting.lapsed {
                    Lapsed::No => A::Approval,
                    Lapsed::Yes => A::Again,
                }];
                if self.may_break_glass(lane) {
                    answers.push(A::BreakGlass);
                }
                answers.extend([A::Skip, A::Edit, A::Stop]);
                answers
            }
            Asking::Assertion { .. } | Asking::NoItems => vec![A::Again, A::Skip, A::Stop],
            Asking::Attest { .. } | Asking::HandOver { .. } | Asking::Look { .. } => {
                vec![A::Done, A::Skip, A::Stop]
            }
            Asking::Confirm(card) if card.of == CardKind::Step => {
                vec![A::Confirm, A::Skip, A::Elsewhere, A::Edit, A::Stop]
            }
            Asking::Items(card) if card.effect == Effect::Read => {
                vec![A::Proceed, A::Auto, A::Skip, A::Stop]
            }
            Asking::Confirm(_) | Asking::Items(_) => vec![A::Confirm, A::Skip, A::Stop],
            Asking::Decide { .. } => vec![A::Choose, A::NotSure, A::Skip, A::Stop],
            Asking::Doubt { found, .. } => self.doubt_answers(lane, found),
            Asking::Failed { .. } | Asking::Unexpected { .. } => {
                vec![A::Proceed, A::Again, A::Skip, A::Elsewhere, A::Edit, A::Stop]
            }
            Asking::MissingValue { .. } => vec![A::Value, A::Skip, A::Stop],
            Asking::Outcome { .. } => vec![A::Finish],
            Asking::Read { .. } => {
                vec![A::Proceed, A::Auto, A::Skip, A::Elsewhere, A::Edit, A::Stop]
            }
            Asking::Refused { .. } => vec![A::Skip, A::Edit, A::Stop],
            Asking::Seen => vec![A::Done, A::Again, A::Skip, A::Stop],
            Asking::Survey { .. } => vec![A::Proceed, A::Skip],
            Asking::SurveyFailed { .. } => vec![A::Proceed, A::Again, A::Stop],
            Asking::Unavailable { .. } | Asking::Unclear { .. } => {
                vec![A::Proceed, A::Skip, A::Stop]
            }
            Asking::UndoOffer { .. } => vec![A::Undo, A::Leave],
            Asking::Value { .. } => vec![A::Value, A::NoneOfThese, A::NotSure, A::Skip, A::Stop],
            Asking::Terminal { .. } | Asking::Wait { .. } => vec![A::Skip, A::Stop],
        }
    }

    /// Whether the walk is busy with a command of the runbook itself.
    fn runs_a_step(&self, lane: LaneId) -> bool {
        // What several came to is no result that somebody could bring.
        let job = self.job_in(lane).filter(|job| job.spread.is_none());
        job.and_then(Job::step).is_some_and(|step| matches!(self.step(step).action, Action::Run(_)))
    }

    fn add_common(&self, lane: LaneId, ask: &Asking, accepts: &mut Vec<AnswerKind>) {
        let walking =
            self.state.preflight.progress == Progress::Over && self.state.ending.is_none();
        let at_step = self
            .lane(lane)
            .is_some_and(|lane| matches!(lane.jobs.as_slice(), [job] if job.step().is_some()));
        let settled = !matches!(ask, Asking::Doubt { .. });
        if walking && at_step && settled {
            accepts.extend([A::GoTo, A::GoPast]);
            if self.place_before().is_some() {
                accepts.push(A::Back);
            }
            accepts.push(A::AdHoc);
        }
        if at_step && settled && !self.open_entries().is_empty() {
            accepts.push(A::Undo);
        }
    }

    fn doubt_answers(&self, lane: LaneId, found: &Found) -> Vec<AnswerKind> {
        if found.runs() {
            return vec![A::WaitForEnd];
        }
        let mut answers = Vec::new();
        if self.job_in(lane).is_some_and(|job| self.recheck_command(job).is_some()) {
            answers.push(A::Recheck);
        }
        answers.extend([A::MarkDone, A::Again, A::Skip, A::Stop]);
        if self.job_in(lane).is_some_and(|job| self.own_entry(job).is_some()) {
            answers.push(A::Undo);
        }
        answers
    }
}

/// Whether a command of the runbook's runs next: then somebody may say what they expect of it.
fn precedes_a_command(ask: &Asking) -> bool {
    match ask {
        Asking::Confirm(card) => card.of == CardKind::Step,
        Asking::Items(_) | Asking::Read { .. } => true,
        _ => false,
    }
}
