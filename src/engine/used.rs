//! Runbooks within the run: how one is entered with its inputs, and how it ends by itself.

use std::collections::BTreeMap;

use super::asking::Asking;
use super::demand::Demands;
use super::demands::advance;
use super::event::{Event, Recorded};
use super::job::{Job, Stage};
use super::lane::LaneId;
use super::position::Line;
use super::run::Run;
use super::scope::Scope;
use crate::runbook::{
    Action, Ask, BookId, Environment, Input, OnFailure, Outcome, PartId, Presence, Runbook,
    Secrecy, StepKey, Then, Used, UsedRunbook,
};
use crate::template::Template;
use crate::value::{Datum, Facts, Name, Reference, Type, Value};

/// A runbook that is about to be entered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Entering {
    pub(super) book: BookId,
    /// The step that is over when the runbook is.
    pub(super) owner: Option<StepKey>,
}

impl Run {
    /// Goes through what a step uses and comes back. A runbook gets its inputs first.
    pub(super) fn go_through(&mut self, step: StepKey, used: &Used, owner: Option<StepKey>) {
        match used {
            Used::Procedure(name) => {
                if self.job().and_then(Job::step) == Some(step) {
                    self.here().jobs.pop();
                }
                self.go_through_procedure(step, name, owner);
            }
            Used::Runbook(used) => {
                if self.job().and_then(Job::step) != Some(step) {
                    let job = self.new_job(super::job::JobKind::Step(step));
                    self.here().jobs.push(job);
                }
                self.set_stage(match used.book {
                    Some(book) => Stage::Entering(Entering { book, owner }),
                    None => Stage::Away(used.place.to_string()),
                });
            }
        }
    }

    /// Goes through a procedure of the runbook of the step that says so, and comes back.
    pub(super) fn go_through_procedure(
        &mut self,
        said_by: StepKey,
        name: &Name,
        owner: Option<StepKey>,
    ) {
        let runbook = std::sync::Arc::clone(&self.plan.runbook);
        let part = self.step(said_by).part.beside(PartId::Procedure(name.clone()));
        let position = &mut self.here().position;
        let scope = position.scope_of(&runbook, part.book());
        position.push_in(Line::Part(part), owner, scope);
    }

    /// The use that brought a runbook in.
    pub(super) fn use_of(&self, book: BookId) -> Option<&UsedRunbook> {
        let by = self.plan.runbook.used_by(book)?.by;
        let all: Vec<&Used> = match &self.step(by).action {
            Action::Ask(Ask::Decision { options, .. }) => {
                let used = options.iter().filter_map(|option| match &option.then {
                    Then::Use(used) => Some(used),
                    Then::End(_) | Then::Goto(_) | Then::Next => None,
                });
                used.collect()
            }
            Action::Run(run) => failure_use(&run.on_failure).into_iter().collect(),
            Action::Use { used, on_failure } => {
                std::iter::once(used).chain(failure_use(on_failure)).collect()
            }
            _ => Vec::new(),
        };
        all.into_iter().filter_map(Used::runbook).find(|used| used.book == Some(book))
    }

    /// What a runbook that is about to be entered needs.
    pub(super) fn entering_demands(&self, job: &Job, entering: Entering) -> Demands {
        match self.given_inputs(job, entering.book) {
            Ok(_) => match self.environment_of(job, entering.book) {
                Ok(_) => advance(job.lane),
                Err(why) => self.question(job.lane, Asking::Refused { why }),
            },
            Err(asking) => self.question(job.lane, *asking),
        }
    }

    /// The fact that a runbook is entered.
    pub(super) fn decide_entering(&self, job: &Job, entering: Entering) -> Option<Event> {
        let used = self.use_of(entering.book)?;
        let inputs = self.given_inputs(job, entering.book).ok()?;
        let environment = self.environment_of(job, entering.book).ok()?;
        Some(Event::RunbookEntered {
            lane: job.lane,
            step: self.step(job.step()?).id.clone(),
            used: used.place.to_string(),
            environment: environment.map(|environment| environment.name.clone()),
            inputs: self.hiding(&BTreeMap::new()).captures(inputs),
        })
    }

    /// A runbook's environment of the same name as the one around it. It needs none if it has none.
    fn environment_of(&self, job: &Job, book: BookId) -> Result<Option<&Environment>, String> {
        let around = self.environment_in(self.job_scope(job));
        same_environment(self.plan.runbook.book(book), around)
    }

    /// The inputs of a used runbook, as its use gives them.
    fn given_inputs(
        &self,
        job: &Job,
        book: BookId,
    ) -> Result<BTreeMap<Name, Recorded>, Box<Asking>> {
        let mut inputs = BTreeMap::new();
        let Some(used) = self.use_of(book) else {
            return Ok(inputs);
        };
        for input in &self.plan.runbook.book(book).inputs {
            let value = match used.with.get(&input.name) {
                Some(with) => match given(input, with, &self.job_facts(job)) {
                    Ok(value) => Some(value),
                    Err(NotGiven::Refused(why)) => {
                        let why = format!("its input `{}` cannot be given: {why}", input.name);
                        return Err(Box::new(Asking::Refused { why }));
                    }
                    Err(NotGiven::Unset(reference)) => {
                        return Err(Box::new(self.unset(job, &reference)));
                    }
                },
                None => input.default.clone().map(Recorded::Open),
            };
            let needed = input.presence == Presence::Required;
            match value {
                Some(value) => {
                    inputs.insert(input.name.clone(), value);
                }
                None if needed && matches!(input.secrecy, Secrecy::Open) => {
                    let why = format!("its input `{}` is not given", input.name);
                    return Err(Box::new(Asking::Refused { why }));
                }
                // It is asked for where it is needed.
                None => {}
            }
        }
        Ok(inputs)
    }

    fn unset(&self, job: &Job, reference: &Reference) -> Asking {
        self.missing_reference(self.job_scope(job), reference)
    }

    /// A runbook is entered: its steps come next, then its final steps, then the way goes on.
    pub(super) fn apply_runbook_entered(
        &mut self,
        environment: Option<&Name>,
        inputs: &BTreeMap<Name, Recorded>,
    ) {
        let Some(Stage::Entering(entering)) = self.job().map(|job| job.stage.clone()) else {
            return;
        };
        self.here().jobs.pop();
        let scope = self.add_scope(Scope {
            around: None,
            values: inputs.clone(),
            book: entering.book,
            environment: environment.cloned(),
            ..Scope::default()
        });
        let part = |part| Line::Part(PartId::Of(entering.book, Box::new(part)));
        let position = &mut self.here().position;
        position.push_in(part(PartId::Finally), entering.owner, scope);
        position.push_in(part(PartId::Main), None, scope);
    }

    /// `end` ends the run; in a used runbook it ends that runbook.
    pub(super) fn end_here(&mut self, step: StepKey, outcome: Outcome) {
        let book = self.step(step).part.book();
        if book == BookId::MAIN {
            self.end(Some(outcome), None);
            return;
        }
        let runbook = std::sync::Arc::clone(&self.plan.runbook);
        let owner = self.here().position.leave_book(&runbook, book);
        if let Some(owner) = owner {
            self.state.steps.entry(owner).or_default().outcome = Some(outcome);
        }
    }

    /// Whether a step can be gone to: its runbook is the one that is run, or is entered now.
    pub(super) fn is_entered(&self, book: BookId) -> bool {
        let frames = self.lane(LaneId::MAIN).map_or(&[][..], |lane| lane.position.frames());
        book == BookId::MAIN || frames.iter().any(|frame| frame.book(&self.plan.runbook) == book)
    }
}

/// Why an input of a used runbook has no value.
pub(super) enum NotGiven {
    /// It would not be a value of that input.
    Refused(String),
    /// It is made of something that is not known.
    Unset(Reference),
}

/// The value of an input, as a use gives it in the words of the runbook around it.
pub(super) fn given(
    input: &Input,
    with: &Template,
    around: &dyn Facts,
) -> Result<Recorded, NotGiven> {
    let refused = |why: String| NotGiven::Refused(why);
    let whole = match with.sole_slot() {
        Some(reference) => {
            Some(around.get(reference).ok_or_else(|| NotGiven::Unset(reference.clone()))?)
        }
        None => None,
    };
    let value = match whole {
        Some(Datum::Secret(secret)) => {
            return match input.secrecy {
                Secrecy::Secret(_) => Ok(Recorded::Secret(Some(secret))),
                Secrecy::Open => Err(refused("it would not stay a secret".to_owned())),
            };
        }
        Some(Datum::Open(value @ Value::List(_))) if input.ty == Type::List => value,
        Some(Datum::Open(value)) => {
            Value::parse(input.ty, &value.written()).map_err(|why| refused(why.to_string()))?
        }
        None => {
            let text = with.render(around).map_err(|unset| NotGiven::Unset(unset.0))?;
            Value::parse(input.ty, &text).map_err(|why| refused(why.to_string()))?
        }
    };
    input.constraints.check(&value).map_err(refused)?;
    Ok(Recorded::Open(value))
}

/// A used runbook's environment of the same name as the one around it. It needs none if it has none.
pub(super) fn same_environment<'a>(
    used: &'a Runbook,
    around: Option<&Environment>,
) -> Result<Option<&'a Environment>, String> {
    if used.environments.is_empty() {
        return Ok(None);
    }
    let Some(wanted) = around else {
        return Err("it has environments, and this runbook has none to choose by".to_owned());
    };
    match used.environments.iter().find(|environment| environment.name == wanted.name) {
        Some(environment) => Ok(Some(environment)),
        None => Err(format!("it has no environment `{}`", wanted.name)),
    }
}

fn failure_use(rule: &OnFailure) -> Option<&Used> {
    match rule {
        OnFailure::Use(used) => Some(used),
        _ => None,
    }
}
