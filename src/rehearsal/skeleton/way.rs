//! One way through a runbook, as far as it was gone: the run, and what a scenario must say so that it
//! goes the same way. Between two forks there is nothing to decide.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::output;
use super::pattern::text_for;
use crate::engine::{
    Answer as Given, AnswerKind, Asking, Attempt, AttemptId, Conduct, End, Ended, Event, Input,
    Printed, Question, Rest, Role, Run, Terms, Verdict,
};
use crate::rehearsal::answers::unsaid;
use crate::rehearsal::filtering::filtered;
use crate::rehearsal::notary::AgreeingNotary;
use crate::rehearsal::trace::Trace;
use crate::rehearsal::walk::Prepared;
use crate::runbook::{self, Outcome, Part, StepId};
use crate::session::Notary as _;

/// A way that takes more facts than this goes round in circles.
const MOST_FACTS: usize = 4_000;

/// A way through a runbook.
#[derive(Clone)]
pub(super) struct Way {
    pub(super) run: Run,
    pub(super) now: Timestamp,
    facts: usize,
    requests: u32,
    running: BTreeMap<AttemptId, Attempt>,
    /// The result that a command gives until its time is up.
    stays: BTreeMap<StepId, Part>,
    pub(super) trace: Trace,
    /// What the commands of steps gave, in order.
    pub(super) results: BTreeMap<StepId, Vec<Part>>,
    /// What was answered to the questions of steps, in order, and whether it had to be said.
    pub(super) answers: BTreeMap<StepId, Vec<(String, Saying)>>,
    pub(super) outcome: Option<Outcome>,
}

/// Whether an answer is one that is given where a scenario says nothing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Saying {
    Needed,
    Unneeded,
}

/// Where a way stops.
pub(super) enum Fork {
    /// One of these may happen.
    Choice(Vec<Alternative>),
    /// The run is over.
    End,
    /// It goes nowhere.
    Lost,
}

/// What one fact came to.
enum Moved {
    On,
    To(Fork),
}

/// Something that may happen.
#[derive(Clone)]
pub(super) struct Alternative {
    pub(super) step: Option<StepId>,
    /// What it is, so that the same thing is known again.
    pub(super) label: String,
    pub(super) takes: Takes,
}

/// What then happens to the run.
#[derive(Clone)]
pub(super) enum Takes {
    Answer { given: Box<Given>, word: String, saying: Saying },
    Result { attempt: AttemptId, part: Part, stays: bool },
}

impl Way {
    /// A way that has not begun.
    pub(super) fn new(prepared: Prepared) -> Option<Self> {
        let Prepared { plan, started, now } = prepared;
        let mut way = Self {
            run: Run::new(Arc::new(plan)),
            now,
            facts: 0,
            requests: 0,
            running: BTreeMap::new(),
            stays: BTreeMap::new(),
            trace: Trace::default(),
            results: BTreeMap::new(),
            answers: BTreeMap::new(),
            outcome: None,
        };
        way.take(Input::Begin(Box::new(started)))?;
        Some(way)
    }

    fn take(&mut self, input: Input) -> Option<Event> {
        self.facts += 1;
        if self.facts > MOST_FACTS {
            return None;
        }
        let event = self.run.decide(input, self.now).ok()?;
        self.run.apply(&event, self.now).ok()?;
        self.trace.note(&event, &self.run);
        Some(event)
    }

    /// Goes on to the next fork.
    pub(super) fn go_on(&mut self) -> Fork {
        loop {
            match self.step() {
                None => return Fork::Lost,
                Some(Moved::On) => {}
                Some(Moved::To(fork)) => return fork,
            }
        }
    }

    /// One fact, or a fork. What must be heard first is taken first, as a session does it.
    fn step(&mut self) -> Option<Moved> {
        let demands = self.run.demands();
        if let Some(rest) = demands.rest {
            return match rest {
                Rest::Finished { outcome, .. } => {
                    self.outcome = Some(outcome);
                    Some(Moved::To(Fork::End))
                }
                Rest::Paused(_) => None,
            };
        }
        if let Some(stop) = demands.stop.iter().find(|it| self.running.contains_key(it)) {
            self.running.remove(stop);
            let end = End::Interrupted { signal: Some(15) };
            self.take(Input::Ended(Box::new(Ended::new(*stop, end))))?;
        } else if demands.advance.is_some() {
            self.take(Input::Advance)?;
        } else if demands.survey.is_some() {
            self.take(Input::Surveyed(Vec::new()))?;
        } else if demands.approval.is_some() {
            self.requests += 1;
            self.take(Input::ApprovalRequested(self.terms()))?;
        } else if let Some(attempt) = demands.start.into_iter().next() {
            self.take(Input::Started(attempt.id))?;
            return self.started(attempt).map(|()| Moved::On);
        } else if let Some(attempt) = self.followed() {
            return self.end_of(&attempt);
        } else if let Some(question) = demands.question {
            let until = demands.waits.iter().map(|wait| wait.until).min();
            return self.asked(&question, until);
        } else if let Some(until) = demands.waits.iter().map(|wait| wait.until).min() {
            self.now = self.now.max(until);
            self.take(Input::Elapsed)?;
        } else {
            return None;
        }
        Some(Moved::On)
    }

    /// A second person is asked, who agrees.
    fn terms(&self) -> Terms {
        let mut terms = AgreeingNotary::default().terms(self.facts as u64, "");
        terms.nonce = format!("rehearsal-{}", self.requests);
        terms
    }

    /// A command has started; one that runs beside others is ready at once.
    fn started(&mut self, attempt: Attempt) -> Option<()> {
        let (id, conduct, step) = (attempt.id, attempt.conduct.clone(), attempt.step.clone());
        self.running.insert(id, attempt);
        if let (Conduct::Background { ready }, Some(step)) = (conduct, step) {
            let pattern = ready.and_then(|pattern| regex::Regex::new(&pattern).ok());
            let stdout = pattern.as_ref().and_then(|pattern| text_for(pattern, None));
            let part = Part { stdout: stdout.unwrap_or_default(), ..Part::default() };
            self.results.entry(step).or_default().push(part);
            if pattern.is_some() {
                self.take(Input::Ready(id))?;
            }
        }
        Some(())
    }

    /// The first command whose end is waited for.
    fn followed(&self) -> Option<Attempt> {
        let beside = |it: &&Attempt| {
            matches!(it.conduct, Conduct::Background { .. }) && it.role == Role::Main
        };
        self.running.values().find(|it| !beside(it)).cloned()
    }

    /// What becomes of a command.
    fn end_of(&mut self, attempt: &Attempt) -> Option<Moved> {
        let Some(step) = attempt.step.clone() else { return self.succeeds(attempt) };
        match attempt.role {
            Role::Choices => {
                let part = output::choices();
                self.results.entry(step).or_default().push(part.clone());
                self.ends(attempt.id, &part)?;
                Some(Moved::On)
            }
            Role::Main => match self.stays.get(&step).cloned() {
                Some(part) => {
                    self.results.entry(step.clone()).or_default().push(part.clone());
                    let event = self.ends(attempt.id, &part)?;
                    if !is_pending(&event) {
                        self.stays.remove(&step);
                    }
                    Some(Moved::On)
                }
                None => Some(Moved::To(Fork::Choice(self.possible(attempt, &step)))),
            },
            _ => self.succeeds(attempt),
        }
    }

    fn succeeds(&mut self, attempt: &Attempt) -> Option<Moved> {
        let proving = self.run.proving_text(attempt.id).unwrap_or_default();
        let part = Part { stdout: proving, ..Part::default() };
        self.ends(attempt.id, &part)?;
        Some(Moved::On)
    }

    fn ends(&mut self, attempt: AttemptId, part: &Part) -> Option<Event> {
        self.running.remove(&attempt);
        let ended = self.ended(attempt, part);
        self.take(Input::Ended(Box::new(ended)))
    }

    /// How a command ends that gives this.
    pub(super) fn ended(&self, attempt: AttemptId, part: &Part) -> Ended {
        let code = match part.end {
            runbook::End::Exit(code) => i32::from(code),
            _ => 1,
        };
        let filtered = filtered(&self.run.filters(attempt), &part.stdout);
        let stdout = Printed { bytes: part.stdout.clone().into_bytes(), more: 0 };
        Ended { stdout, filtered, ..Ended::new(attempt, End::Exited { code }) }
    }

    /// A question: what may be answered, or the one answer that there is.
    fn asked(&mut self, question: &Question, until: Option<Timestamp>) -> Option<Moved> {
        let given = match &question.ask {
            Asking::Wait { until: over } => {
                self.now = self.now.max(until.map_or(*over, |until| until.min(*over)));
                self.take(Input::Elapsed)?;
                return Some(Moved::On);
            }
            Asking::UndoOffer { .. } => Some(Given::Undo { step: None, entry: None }),
            Asking::Approve(waiting) => {
                let text = "yes";
                let checked = AgreeingNotary::default().check(waiting, text, self.now);
                self.take(Input::ApprovalChecked(checked))?;
                if let Some(step) = &question.step {
                    let said = (text.to_owned(), Saying::Unneeded);
                    self.answers.entry(step.clone()).or_default().push(said);
                }
                return Some(Moved::On);
            }
            Asking::Outcome { .. } => unsaid(question, None),
            _ => None,
        };
        if let Some(given) = given {
            self.take(Input::Answered(given))?;
            return Some(Moved::On);
        }
        let alternatives = self.answers_to(question);
        match alternatives.as_slice() {
            [] => None,
            [only] => {
                let only = only.clone();
                self.choose(&only)?;
                Some(Moved::On)
            }
            _ => Some(Moved::To(Fork::Choice(alternatives))),
        }
    }

    /// Lets something happen.
    pub(super) fn choose(&mut self, alternative: &Alternative) -> Option<()> {
        match &alternative.takes {
            Takes::Answer { given, word, saying } => {
                if given.kind() == AnswerKind::Approval {
                    return None;
                }
                self.take(Input::Answered((**given).clone()))?;
                if let Some(step) = &alternative.step {
                    let said = (word.clone(), *saying);
                    self.answers.entry(step.clone()).or_default().push(said);
                }
            }
            Takes::Result { attempt, part, stays } => {
                let step = alternative.step.clone()?;
                self.results.entry(step.clone()).or_default().push(part.clone());
                if *stays {
                    self.stays.insert(step, part.clone());
                }
                self.ends(*attempt, part)?;
            }
        }
        Some(())
    }
}

impl Alternative {
    /// Whether the responder ends the run here.
    pub(super) fn stops(&self) -> bool {
        matches!(&self.takes, Takes::Answer { given, .. } if **given == Given::Stop)
    }

    /// The same thing at the same step.
    pub(super) fn key(&self) -> (Option<StepId>, String) {
        (self.step.clone(), self.label.clone())
    }
}

fn is_pending(event: &Event) -> bool {
    matches!(event, Event::AttemptEnded(ended) if matches!(ended.verdict, Verdict::Pending { .. }))
}
