//! Answers the questions of a scenario, and lets time pass while the run waits.

use std::collections::BTreeMap;
use std::rc::Rc;

use jiff::Timestamp;

use super::answers::{accepted, asked, meant, missing, unsaid};
use super::time::Time;
use super::world::{Problem, SharedWorld};
use crate::engine::{Answer as Given, AnswerKind, Asking, Question, Run};
use crate::runbook::{Answer, Answers, StepId, Undoing};
use crate::session::{Beside, Heard, Reply, Responder};

/// Answers as a scenario says.
pub struct ScriptedResponder {
    world: SharedWorld,
    time: Rc<dyn Time>,
    /// How many answers of each step's list were used.
    used: BTreeMap<StepId, usize>,
    last: Option<(Option<StepId>, AnswerKind)>,
    /// The question that could not be answered, or whose answer was not taken.
    given_up: bool,
}

impl ScriptedResponder {
    /// Answers in a world, by this time.
    pub fn new(world: SharedWorld, time: Rc<dyn Time>) -> Self {
        Self { world, time, used: BTreeMap::new(), last: None, given_up: false }
    }

    /// Lets time pass until the wait is over, or something else happens first.
    fn wait(&self, until: Timestamp, beside: &mut dyn Beside) -> Reply {
        while self.time.now() < until {
            let next = self.world.with(|world| world.next_due());
            self.time.pass(next.map_or(until, |next| next.min(until)));
            if beside.look() == Heard::Something {
                return Reply::Woken;
            }
        }
        Reply::Elapsed
    }

    fn answer(&mut self, question: &Question) -> Option<Given> {
        match &question.ask {
            Asking::UndoOffer { .. } => Some(match self.world.with(|it| it.scenario().undo) {
                Undoing::All => Given::Undo { step: None, entry: None },
                Undoing::Nothing => Given::Leave,
            }),
            Asking::MissingValue { name, ty, secret, .. } => {
                let scenario = self.world.with(|world| Rc::clone(world.scenario()));
                let typed = scenario.values.get(name).and_then(|it| missing(*ty, *secret, it));
                typed.or_else(|| self.said(question))
            }
            _ => self.said(question).or_else(|| self.unsaid(question)),
        }
    }

    /// What the scenario says for the step.
    fn said(&mut self, question: &Question) -> Option<Given> {
        let step = question.step.as_ref()?;
        let scenario = self.world.with(|world| Rc::clone(world.scenario()));
        match scenario.answers.get(step)? {
            // Who is not sure is asked again: the same answer once more would go on for ever.
            Answers::EveryTime(Answer::One(word))
                if word == "not_sure" && self.used.contains_key(step) =>
            {
                None
            }
            Answers::EveryTime(answer) => {
                let given = meant(question, answer);
                if matches!(given, Some(Given::NotSure { .. })) {
                    self.used.insert(step.clone(), 1);
                }
                given
            }
            Answers::Each(answers) => {
                let used = self.used.get(step).copied().unwrap_or(0);
                let given = answers.get(used).and_then(|answer| meant(question, answer));
                if given.is_some() {
                    self.used.insert(step.clone(), used + 1);
                }
                given
            }
        }
    }

    fn unsaid(&self, question: &Question) -> Option<Given> {
        let another = question
            .step
            .as_ref()
            .is_some_and(|step| self.world.with(|world| world.has_another(step)));
        let accepts = |kind| question.accepts.contains(&kind);
        match &question.ask {
            // The scenario knows what the next attempt gives, so there is one.
            Asking::Failed { .. } if another && accepts(AnswerKind::Again) => Some(Given::Again),
            Asking::Doubt { rechecked: None, .. } if accepts(AnswerKind::Recheck) => {
                let asked_before = self.last == Some((question.step.clone(), AnswerKind::Recheck));
                (!asked_before).then_some(Given::Recheck)
            }
            _ => unsaid(
                question,
                self.world.with(|world| {
                    world.scenario().expect.outcome.as_ref().map(|outcome| outcome.value)
                }),
            ),
        }
    }
}

impl Responder for ScriptedResponder {
    fn ask(
        &mut self,
        question: &Question,
        _: &Run,
        until: Option<Timestamp>,
        beside: &mut dyn Beside,
    ) -> Reply {
        if self.given_up {
            return Reply::Nobody;
        }
        if let Asking::Wait { until: over } = &question.ask {
            if let Some(given) = self.said(question) {
                return Reply::Answer(given);
            }
            return self.wait(until.map_or(*over, |until| until.min(*over)), beside);
        }
        // Whatever has happened by now is heard before an answer is given.
        if beside.look() == Heard::Something {
            return Reply::Woken;
        }
        if let Some(given) = self.answer(question) {
            self.last = Some((question.step.clone(), given.kind()));
            return Reply::Answer(given);
        }
        self.given_up = true;
        let problem = Problem::NoAnswer {
            step: question.step.clone(),
            asked: question.ask.name(),
            question: asked(question),
            accepts: accepted(question),
        };
        self.world.with(|world| world.report(problem));
        Reply::Nobody
    }

    fn refused(&mut self, why: &str) {
        self.given_up = true;
        if let Some((step, answer)) = self.last.take() {
            let why = why.to_owned();
            self.world.with(|world| world.report(Problem::Refused { step, answer, why }));
        }
    }
}
