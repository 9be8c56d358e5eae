//! What can be answered to a question, where an expression or a command tells.

use super::asking::Asking;
use super::attempted::{AttemptEnded, End, Role, Verdict};
use super::demand::{Demands, Ended};
use super::event::Recorded;
use super::job::{Job, Stage};
use super::judge::Judgement;
use super::lane::LaneId;
use super::run::Run;
use crate::plan::bind;
use crate::policy::{Level, Pace};
use crate::runbook::{Action, Ask, Choices, Effect};
use crate::value::{Name, Reference, Value};

/// Where the choices of a question stand.
pub(super) enum Known {
    /// There are none: anything of the type is an answer.
    Free,
    /// These.
    Listed(Vec<Value>),
    /// Something has to happen first.
    Needed(Box<Demands>),
}

impl Run {
    /// The choices of a job's question.
    pub(super) fn choices(&self, job: &Job, choices: Option<&Choices>) -> Known {
        match (choices, &job.choices) {
            (None, _) => Known::Free,
            (Some(Choices::Listed(values)), _) => Known::Listed(values.clone()),
            (Some(_), Some(known)) => Known::Listed(known.clone()),
            (Some(Choices::Expression(list)), None) => match list.evaluate(&self.job_facts(job)) {
                Ok(Value::List(items)) => Known::Listed(items),
                Ok(_) => self.refused(job, format!("`{}` is not a list", list.text())),
                Err(error) => match error.unset {
                    Some(Reference::Value(name)) => {
                        let asking = self.missing_value(self.job_scope(job), &name);
                        Known::Needed(Box::new(self.question(job.lane, asking)))
                    }
                    _ => self.refused(job, format!("`{}`: {error}", list.text())),
                },
            },
            (Some(Choices::Command(command)), None) => {
                let bound = bind(self.own_runbook(job), command, &self.job_facts(job));
                Known::Needed(Box::new(match bound {
                    Err(failure) => self.unbound(job, &failure),
                    Ok(command) => {
                        let agreed = job.confirmation.is_some()
                            || self.level_of(Effect::Read, Pace::Flow) == Level::Auto;
                        if agreed {
                            self.helper_attempt(job, Role::Choices, command)
                        } else {
                            self.question(job.lane, self.read(job, &command))
                        }
                    }
                }))
            }
        }
    }

    fn refused(&self, job: &Job, why: String) -> Known {
        Known::Needed(Box::new(self.question(job.lane, Asking::Refused { why })))
    }

    /// What a command printed: a choice a line.
    pub(super) fn judge_choices(&self, lane: LaneId, ended: &Ended) -> Judgement {
        let mut judgement = Judgement::of(super::judge::judge_exit(ended));
        if judgement.verdict != Verdict::Passed {
            return judgement;
        }
        let text = String::from_utf8_lossy(&ended.stdout.bytes);
        let mut lines: Vec<Value> = Vec::new();
        for printed in text.lines().map(str::trim).filter(|printed| !printed.is_empty()) {
            let choice = Value::Text(printed.to_owned());
            if !lines.contains(&choice) {
                lines.push(choice);
            }
        }
        if lines.is_empty() || ended.stdout.more > 0 {
            let why = match lines.len() {
                0 => "it prints no choices",
                _ => "it prints more than can be chosen from",
            };
            judgement.verdict = Verdict::Failed { why: why.to_owned(), parts: Vec::new() };
        } else if let Some(name) = self.job_in(lane).and_then(|job| self.answer_name(job)) {
            judgement.captured.insert(name.clone(), Recorded::Open(Value::List(lines)));
        }
        judgement
    }

    /// The name that an answer will have.
    fn answer_name(&self, job: &Job) -> Option<&Name> {
        match &self.step(job.step()?).action {
            Action::Ask(Ask::Value { into, .. }) => Some(into),
            _ => None,
        }
    }

    /// The choices are known, or cannot be.
    pub(super) fn choices_ended(&mut self, ended: &AttemptEnded) {
        let Some(job) = self.here().jobs.last_mut() else {
            return;
        };
        match ended.captured.values().next() {
            Some(Recorded::Open(Value::List(lines))) if ended.verdict == Verdict::Passed => {
                job.choices = Some(lines.clone());
                job.stage = Stage::Ready;
            }
            _ => {
                let unseen = matches!(ended.end, End::Unknown);
                job.last = Some((ended.end.clone(), ended.verdict.clone()));
                job.stage = if unseen { Stage::Ready } else { Stage::Judged };
            }
        }
    }
}
