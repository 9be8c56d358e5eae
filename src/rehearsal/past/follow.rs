//! Walks a scenario with the answers of a record, so that what a scenario has to say of them is known:
//! which questions there are, which answers need no word, and where it leads.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;

use jiff::Timestamp;

use crate::engine::{Answer as Given, Asking, Event, Question, Recorded, Run};
use crate::journal::Record;
use crate::rehearsal::answers::{meant, unsaid, word_of};
use crate::rehearsal::responder::ScriptedResponder;
use crate::rehearsal::trace::Trace;
use crate::rehearsal::walk::{Unwalkable, made_up, walk_with};
use crate::rehearsal::world::SharedWorld;
use crate::runbook::{Answer, Answers, Runbook, Scenario, StepId};
use crate::session::{Beside, Heard, Reply, Responder};
use crate::value::Name;

/// Where the answers of a record lead.
pub(super) struct Followed {
    pub(super) answers: BTreeMap<StepId, Answers>,
    pub(super) values: BTreeMap<Name, Answer>,
    pub(super) trace: Trace,
}

/// What was answered, as a scenario says it.
#[derive(Default)]
struct Said {
    answers: BTreeMap<StepId, Vec<(Answer, Saying)>>,
    values: BTreeMap<Name, Answer>,
}

/// Whether an answer is one that is given where a scenario says nothing.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Saying {
    Needed,
    Unneeded,
}

/// Walks it as the record did.
pub(super) fn follow(
    runbook: &Arc<Runbook>,
    scenario: &Scenario,
    records: &[Record],
) -> Result<Followed, Unwalkable> {
    let mut told: BTreeMap<StepId, VecDeque<(String, Given)>> = BTreeMap::new();
    for record in records {
        if let Event::Answered { step: Some(step), question, answer, .. } = &record.event {
            let answers = told.entry(step.clone()).or_default();
            answers.push_back((question.clone(), answer.clone()));
        }
    }
    let said = Rc::new(RefCell::new(Said::default()));
    let heard = Rc::clone(&said);
    let scenario = Rc::new(scenario.clone());
    let follower = |world: &SharedWorld, time| Follower {
        told,
        said: heard,
        other: ScriptedResponder::new(world.clone(), time),
    };
    let walked = walk_with(runbook, &scenario, follower, None::<&mut Trace>)?;
    let Said { answers, values } = said.take();
    let answers = answers.into_iter().filter_map(|(step, said)| Some((step, in_short(said)?)));
    Ok(Followed { answers: answers.collect(), values, trace: walked.trace })
}

/// The answers of a step, if any has to be said.
fn in_short(said: Vec<(Answer, Saying)>) -> Option<Answers> {
    if said.iter().all(|(_, saying)| *saying == Saying::Unneeded) {
        return None;
    }
    let mut words: Vec<Answer> = said.into_iter().map(|(word, _)| word).collect();
    let unsure = Answer::One("not_sure".to_owned());
    if words.len() == 1 && words[0] != unsure {
        return words.pop().map(Answers::EveryTime);
    }
    Some(Answers::Each(words))
}

struct Follower {
    told: BTreeMap<StepId, VecDeque<(String, Given)>>,
    said: Rc<RefCell<Said>>,
    other: ScriptedResponder,
}

impl Follower {
    /// What the record answers to this question, and how a scenario says it. What was asked between
    /// and is not asked now is passed over.
    fn recorded(&mut self, question: &Question) -> Option<(Given, Answer)> {
        let told = self.told.get_mut(question.step.as_ref()?)?;
        let fits = |(asked, given): &(String, Given)| {
            asked == question.ask.name()
                && word_of(given).is_some_and(|word| meant(question, &word).is_some())
        };
        let at = told.iter().position(fits)?;
        let (_, given) = told.drain(..=at).next_back()?;
        let word = word_of(&given)?;
        Some((meant(question, &word)?, word))
    }

    /// A value that somebody typed where one was missing.
    fn typed(&mut self, question: &Question, name: &Name) -> Option<Given> {
        let told = self.told.get_mut(question.step.as_ref()?)?;
        let typed = |(asked, given): &(String, Given)| {
            asked == question.ask.name() && matches!(given, Given::Value { .. })
        };
        let at = told.iter().position(typed)?;
        let (_, given) = told.drain(..=at).next_back()?;
        let Given::Value { value } = &given else { return None };
        let word = match value {
            Recorded::Open(_) => word_of(&given)?,
            Recorded::Secret(_) => Answer::One(made_up(name.as_str())),
        };
        let given = match &question.ask {
            Asking::MissingValue { ty, secret, .. } => {
                crate::rehearsal::answers::missing(*ty, *secret, &word)?
            }
            _ => return None,
        };
        self.said.borrow_mut().values.insert(name.clone(), word);
        Some(given)
    }

    fn say(&self, question: &Question, given: &Given, word: Answer) {
        let Some(step) = &question.step else { return };
        let saying = match unsaid(question, None) {
            Some(other) if other == *given => Saying::Unneeded,
            _ => Saying::Needed,
        };
        let mut said = self.said.borrow_mut();
        said.answers.entry(step.clone()).or_default().push((word, saying));
    }
}

impl Responder for Follower {
    fn ask(
        &mut self,
        question: &Question,
        run: &Run,
        until: Option<Timestamp>,
        beside: &mut dyn Beside,
    ) -> Reply {
        let waits = matches!(question.ask, Asking::Wait { .. });
        if !waits && beside.look() == Heard::Something {
            return Reply::Woken;
        }
        if let Asking::MissingValue { name, .. } = &question.ask
            && let Some(given) = self.typed(question, name)
        {
            return Reply::Answer(given);
        }
        if let Some((given, word)) = self.recorded(question) {
            self.say(question, &given, word);
            return Reply::Answer(given);
        }
        let reply = self.other.ask(question, run, until, beside);
        if let Reply::Answer(given) = &reply
            && !matches!(question.ask, Asking::UndoOffer { .. } | Asking::Outcome { .. })
            && let Some(word) = word_of(given)
        {
            self.say(question, given, word);
        }
        reply
    }

    fn refused(&mut self, why: &str) {
        self.other.refused(why);
    }
}
