//! Whether an answer fits its question.

use super::answer::Answer;
use super::asking::{Asking, Question};
use super::demand::Rejected;
use super::event::Recorded;
use super::lane::LaneId;
use super::run::Run;
use crate::runbook::{Action, PartId, StepId};
use crate::value::{Hidden, Type, Value};

impl Run {
    /// An answer that fits its question, or why it does not.
    pub(super) fn checked(&self, answer: Answer, question: &Question) -> Result<Answer, Rejected> {
        self.check_way(&answer, question)?;
        match (&answer, &question.ask) {
            (Answer::Confirm { typed }, Asking::Confirm(card)) => {
                check_typed(typed.as_ref(), card.must_type.as_ref(), "")?;
            }
            (Answer::Confirm { typed }, Asking::Items(card)) => {
                check_typed(typed.as_ref(), card.must_type.as_ref(), ", the number of items,")?;
            }
            (Answer::Choose { option, .. }, Asking::Decide { options, .. })
                if !options.iter().any(|shown| shown.id == *option) =>
            {
                return Err(Rejected::Answer(format!("there is no option `{option}`")));
            }
            (Answer::Value { value }, Asking::Value { ty, choices, many, .. }) => {
                let value = fitting(value, *ty, choices.as_deref(), *many)?;
                return Ok(Answer::Value { value });
            }
            (Answer::Value { value }, Asking::MissingValue { ty, secret, .. }) => {
                if *secret != matches!(value, Recorded::Secret(_)) {
                    return Err(Rejected::Answer("a secret stays a secret".to_owned()));
                }
                if let Recorded::Secret(Some(secret)) = &value {
                    Hidden::new(secret)
                        .map_err(|weak| Rejected::Answer(format!("the secret {weak}")))?;
                }
                let value = fitting(value, *ty, None, *ty == Type::List)?;
                return Ok(Answer::Value { value });
            }
            (Answer::Undo { step: Some(step), entry }, _) => {
                let key = self.plan.runbook.find(step);
                let open = |key| match entry {
                    Some(entry) => {
                        self.open_entries().contains(entry) && self.state.undo[*entry].step == key
                    }
                    None => self.open_entry_of(key).is_some(),
                };
                if !key.is_some_and(open) {
                    return Err(Rejected::Answer(format!("there is nothing to undo of `{step}`")));
                }
            }
            (Answer::Edit { command }, _) => {
                self.check_edit(question.lane, command)?;
            }
            (Answer::AdHoc { command }, _) => {
                self.ad_hoc(question.lane, command).map_err(Rejected::Answer)?;
            }
            _ => {}
        }
        Ok(answer)
    }

    /// Whether an answer may lead where it leads: past an agreement, only with a reason.
    fn check_way(&self, answer: &Answer, question: &Question) -> Result<(), Rejected> {
        match answer {
            Answer::Back => {
                let back = self.place_before().map(|place| self.state.way[place]);
                back.map_or(Ok(()), |step| self.check_passes(&self.step(step).id))
            }
            Answer::BreakGlass { reason } => check_reason(Some(reason)),
            Answer::GoPast { step, reason } => {
                self.check_destination(step)?;
                check_reason(Some(reason))
            }
            Answer::GoTo { step } => {
                self.check_destination(step)?;
                self.check_passes(step)
            }
            Answer::Skip { reason } if self.waits_for_agreement(question) => {
                check_reason(reason.as_ref())
            }
            _ => Ok(()),
        }
    }

    fn check_destination(&self, step: &StepId) -> Result<(), Rejected> {
        let key = self.plan.runbook.find(step);
        match key.map(|key| self.step(key).part.clone()) {
            None => Err(Rejected::Answer(format!("there is no step `{step}`"))),
            Some(part) if !self.is_entered(part.book()) => {
                let why = format!("`{step}` belongs to a runbook that is not entered now");
                Err(Rejected::Answer(why))
            }
            Some(part) if *part.own() == PartId::Finally => {
                Err(Rejected::Answer("the final steps come at the end".to_owned()))
            }
            Some(_) if key.is_some_and(|key| self.lane_of_step(key).is_none()) => {
                let why = format!("`{step}` is done for one of several: go to what holds it");
                Err(Rejected::Answer(why))
            }
            Some(_) => Ok(()),
        }
    }

    /// Going past a step that waits for agreement wants a reason.
    fn check_passes(&self, step: &StepId) -> Result<(), Rejected> {
        let passed = self.plan.runbook.find(step).map(|key| self.passes(key)).unwrap_or_default();
        match passed.first() {
            None => Ok(()),
            Some(first) => {
                let first = &self.step(*first).id;
                let why = format!(
                    "going to `{step}` passes `{first}`, which waits for agreement: say why"
                );
                Err(Rejected::Answer(why))
            }
        }
    }

    /// Whether a question is about a step that only waits for agreement.
    fn waits_for_agreement(&self, question: &Question) -> bool {
        let step = question.step.as_ref().and_then(|step| self.plan.runbook.find(step));
        step.is_some_and(|step| matches!(self.step(step).action, Action::Approve(_)))
    }

    fn check_edit(&self, lane: LaneId, text: &str) -> Result<(), Rejected> {
        let step = self.current_in(lane).ok_or(Rejected::Unexpected("an edit"))?;
        self.edited(step, text).map(|_| ()).map_err(Rejected::Answer)
    }
}

/// Whether a reason says anything.
fn check_reason(reason: Option<&String>) -> Result<(), Rejected> {
    match reason.map(|reason| reason.trim()) {
        Some("") | None => Err(Rejected::Answer("a reason is needed".to_owned())),
        Some(_) => Ok(()),
    }
}

/// Whether what must be typed to confirm was typed.
fn check_typed(
    typed: Option<&String>,
    wanted: Option<&String>,
    what: &str,
) -> Result<(), Rejected> {
    match wanted {
        Some(wanted) if typed != Some(wanted) => {
            Err(Rejected::Answer(format!("type `{wanted}`{what} to confirm")))
        }
        _ => Ok(()),
    }
}

/// A value as its declaration wants it, or why it cannot be that.
fn fitting(
    value: &Recorded,
    ty: Type,
    choices: Option<&[String]>,
    many: bool,
) -> Result<Recorded, Rejected> {
    let item = if ty == Type::List { Type::Text } else { ty };
    match value {
        Recorded::Open(Value::List(items)) if many => {
            let items = items.iter().map(|one| fitting_one(one, item, choices));
            let items = items.collect::<Result<_, _>>()?;
            Ok(Recorded::Open(Value::List(items)))
        }
        Recorded::Open(Value::List(_)) => Err(Rejected::Answer("one value is wanted".to_owned())),
        Recorded::Open(one) => {
            let one = fitting_one(one, item, choices)?;
            let list = many.then(|| Value::List(vec![one.clone()]));
            Ok(Recorded::Open(list.unwrap_or(one)))
        }
        Recorded::Secret(Some(secret)) => match Value::parse(ty, secret.expose()) {
            Ok(_) => Ok(value.clone()),
            Err(error) => Err(Rejected::Answer(error.without_text())),
        },
        Recorded::Secret(None) => Err(Rejected::Answer("a secret must be typed".to_owned())),
    }
}

fn fitting_one(value: &Value, ty: Type, choices: Option<&[String]>) -> Result<Value, Rejected> {
    let written = value.written();
    if choices.is_some_and(|choices| !choices.contains(&written)) {
        let why = format!("`{written}` is not among the choices");
        return Err(Rejected::Answer(why));
    }
    Value::parse(ty, &written).map_err(|error| Rejected::Answer(error.to_string()))
}
