//! The loop that joins the engine to the world through three ports: a [`Responder`] who answers, an
//! [`Executor`] that runs commands, and [`Observer`]s who watch.
//!
//! Each input becomes one fact; the fact is in the journal before anything acts on it. That the
//! start of a change is durable before its process exists is decided here and nowhere else.

mod agree;
mod beside;
mod ports;

use std::collections::{BTreeSet, VecDeque};

use beside::Running;
pub use ports::{
    Beside, Clock, Executor, Happening, Heard, Notary, Notice, Observer, PasswordWanted, Reply,
    Responder, Stream,
};

use crate::engine::{
    Answer, Asking, AttemptId, Corrupt, Event, Filtered, Input, Keep, Kept, PauseReason, Question,
    Recorded, Rejected, Rest, Run,
};
use crate::journal::{Durability, Journal, Record, Stamp, WriteFailed};
use crate::runbook::Effect;
use crate::value::{Datum, Name};

/// How long a command has to end after Ctrl-C, in milliseconds.
pub const GRACE: u64 = 10_000;

/// Why a walk broke off.
#[derive(Debug, thiserror::Error)]
pub enum Broken {
    /// The record and the runbook do not fit together.
    #[error("the record does not fit the runbook: {0}")]
    Corrupt(#[from] Corrupt),
    /// The walk came to a state that needs nothing and is not its end; a fault of the program.
    #[error("the run waits for nothing")]
    Stuck,
    /// A fact could not be recorded.
    #[error(transparent)]
    Unrecorded(#[from] Box<WriteFailed>),
}

/// A walk with everybody who takes part in it.
pub struct Session<'a> {
    /// The run.
    pub run: Run,
    /// Its record.
    pub journal: Journal,
    /// Runs commands.
    pub executor: &'a mut dyn Executor,
    /// Answers questions.
    pub responder: &'a mut dyn Responder,
    /// Carries requests to other people.
    pub notary: &'a mut dyn Notary,
    /// Watch.
    pub observers: Vec<&'a mut dyn Observer>,
    /// Tells the time.
    pub clock: &'a dyn Clock,
    /// Who is at the keyboard.
    pub by: String,
}

impl Session<'_> {
    /// Walks from a first input, a beginning or a take-over, until the run rests.
    pub fn walk(&mut self, first: Input) -> Result<Rest, Broken> {
        self.hide_inputs();
        self.establish(first)?;
        for attempt in self.run.running().collect::<Vec<_>>() {
            self.executor.attach(attempt);
        }
        let mut interrupted = BTreeSet::new();
        let mut stopped = BTreeSet::new();
        loop {
            let demands = self.run.demands();
            for attempt in &demands.stop {
                if stopped.insert(*attempt) {
                    self.executor.interrupt(*attempt);
                }
            }
            let until = demands.waits.iter().map(|wait| wait.until).min();
            if let Some(rest) = demands.rest {
                return Ok(rest);
            }
            if demands.advance.is_some() {
                self.establish(Input::Advance)?;
            } else if let Some(survey) = demands.survey {
                let missing = self.executor.survey(&survey);
                self.establish(Input::Surveyed(missing))?;
            } else if demands.approval.is_some() {
                self.request()?;
            } else if let Some(attempt) = demands.start.into_iter().next() {
                if cfg!(feature = "sabotage-early-start") {
                    self.executor.start(&attempt);
                }
                self.establish(Input::Started(attempt.id))?;
                self.executor.start(&attempt);
            } else if let Some(question) = demands.question {
                self.ask(&question, until, &mut interrupted)?;
            } else if until.is_some_and(|until| until <= self.clock.now()) {
                self.establish(Input::Elapsed)?;
            } else if self.run.running().next().is_some() {
                self.watch(until, &mut interrupted)?;
            } else {
                return Err(Broken::Stuck);
            }
        }
    }

    /// Asks, and takes what becomes of it.
    fn ask(
        &mut self,
        question: &Question,
        until: Option<jiff::Timestamp>,
        interrupted: &mut BTreeSet<AttemptId>,
    ) -> Result<(), Broken> {
        if let Asking::Approve(waiting) = &question.ask
            && self.take_arrived(waiting)?
        {
            return Ok(());
        }
        let running = Running::new(self.executor);
        let mut beside = match &question.ask {
            Asking::Approve(waiting) => running.and_answers_to(waiting, self.notary),
            _ => running,
        };
        let reply = self.responder.ask(question, &self.run, until, &mut beside);
        let happened = beside.into_happened();
        self.reply(question, reply)?;
        self.take_all(happened, interrupted)
    }

    /// Takes what happened beside a question. Who left the walk finds it in the supervisor's record.
    fn take_all(
        &mut self,
        happened: VecDeque<Happening>,
        interrupted: &mut BTreeSet<AttemptId>,
    ) -> Result<(), Broken> {
        for happening in happened {
            if self.run.rest().is_none() {
                self.take(happening, interrupted)?;
            }
        }
        Ok(())
    }

    fn reply(&mut self, question: &Question, reply: Reply) -> Result<(), Broken> {
        let asked = || question.ask.name().to_owned();
        if let (Reply::Answer(Answer::Approval { text }), Asking::Approve(waiting)) =
            (&reply, &question.ask)
        {
            return self.check(waiting, text);
        }
        let input = match reply {
            Reply::Answer(Answer::Pause) => Input::Paused(PauseReason::Wished),
            Reply::Answer(Answer::Elsewhere { output, exit }) => {
                let attempt = AttemptId(self.run.last_attempt().0 + 1);
                let kept = self.keep(attempt, &output);
                let filtered = self.filtered(attempt, &output);
                Input::Elsewhere { output, exit, filtered, kept }
            }
            Reply::Answer(answer) => Input::Answered(answer),
            Reply::Elapsed => Input::Elapsed,
            Reply::HungUp => Input::Paused(PauseReason::HungUp),
            Reply::Interrupted => Input::Paused(PauseReason::Interrupted),
            Reply::Nobody => Input::Paused(PauseReason::PersonNeeded { question: asked() }),
            Reply::Refused => Input::Paused(PauseReason::Refused { question: asked() }),
            Reply::Woken => return Ok(()),
        };
        if let Some(why) = self.try_establish(input)? {
            self.responder.refused(&why);
        }
        Ok(())
    }

    /// Keeps what a command printed elsewhere, unless a secret is taken from it.
    fn keep(&mut self, attempt: AttemptId, output: &str) -> Kept {
        let keep = self.run.current().map(|step| self.run.keep(step));
        match keep {
            Some(Keep::Output) => self.executor.keep(attempt, output),
            Some(Keep::Nothing) | None => Kept::default(),
        }
    }

    /// What the step's filters make of an output.
    fn filtered(&mut self, attempt: AttemptId, output: &str) -> Filtered {
        let filters = self.run.filters(attempt);
        if filters.is_empty() {
            return Filtered::new();
        }
        self.executor.filter(&filters, output)
    }

    /// Follows the commands that run, until something becomes a fact or the moment is reached.
    fn watch(
        &mut self,
        until: Option<jiff::Timestamp>,
        interrupted: &mut BTreeSet<AttemptId>,
    ) -> Result<(), Broken> {
        let happening = self.executor.next(until);
        self.take(happening, interrupted)
    }

    fn take(
        &mut self,
        happening: Happening,
        interrupted: &mut BTreeSet<AttemptId>,
    ) -> Result<(), Broken> {
        match happening {
            Happening::Called { by } => self.hand_over(&by),
            Happening::Ended(mut ended) => {
                interrupted.remove(&ended.attempt);
                // A part of an output, or no text, is told apart where values are taken from it.
                if let (0, Ok(text)) = (ended.stdout.more, str::from_utf8(&ended.stdout.bytes)) {
                    ended.filtered = self.filtered(ended.attempt, text);
                }
                self.establish(Input::Ended(ended))
            }
            Happening::HangUp => self.establish(Input::Paused(PauseReason::HungUp)),
            Happening::Interrupt => {
                for attempt in self.run.followed().collect::<Vec<_>>() {
                    if interrupted.insert(attempt) {
                        self.executor.interrupt(attempt);
                        self.notice(&Notice::Interrupting { attempt, grace: GRACE });
                    } else {
                        self.executor.kill(attempt);
                        self.notice(&Notice::Killing { attempt });
                    }
                }
                Ok(())
            }
            Happening::Output { attempt, stream, bytes } => {
                self.notice(&Notice::Output { attempt, stream, bytes: &bytes });
                Ok(())
            }
            Happening::Suspend => {
                self.notice(&Notice::Suspending);
                self.executor.suspend();
                self.notice(&Notice::Continued);
                Ok(())
            }
            Happening::PasswordWanted { attempt, request, prompt } => {
                self.notice(&Notice::PasswordWanted { attempt });
                self.ask_password(attempt, request, &prompt, interrupted)
            }
            Happening::Orphaned { attempt, processes, stays } => {
                self.notice(&Notice::Orphaned { attempt, processes: &processes, stays });
                Ok(())
            }
            Happening::Ready { attempt } => {
                self.notice(&Notice::Ready { attempt });
                // One that has ended, or is to end, is ready too late to matter.
                self.try_establish(Input::Ready(attempt)).map(|_| ())
            }
            Happening::Tick => {
                self.notice(&Notice::Tick);
                Ok(())
            }
            // Where the run has no place for it, there is nobody who would hear it.
            Happening::Told(told) => self.try_establish(Input::Told(told)).map(|_| ()),
            Happening::Closed { by } => self.establish(Input::Closed { by }),
        }
    }

    /// Somebody else asks for the walk. It is theirs once the record says so, unless something is
    /// under way that nobody else could answer for.
    fn hand_over(&mut self, by: &str) -> Result<(), Broken> {
        let kept = self.executor.keeps().map(str::to_owned);
        let refused = match kept.or_else(|| self.run.holds_on()) {
            Some(why) => Some(why),
            None => {
                self.try_establish(Input::Paused(PauseReason::TakenOver { by: by.to_owned() }))?
            }
        };
        self.executor.answer_call(refused.as_deref());
        if let Some(why) = &refused {
            self.notice(&Notice::NotGiven { by, why });
        }
        Ok(())
    }

    fn ask_password(
        &mut self,
        attempt: AttemptId,
        request: u32,
        prompt: &str,
        interrupted: &mut BTreeSet<AttemptId>,
    ) -> Result<(), Broken> {
        let command = self.run.running_command(attempt).unwrap_or_default();
        let mut beside = Running::new(self.executor);
        let wanted = PasswordWanted { command, prompt };
        let password = self.responder.password(&wanted, &mut beside);
        let happened = beside.into_happened();
        self.executor.give_password(request, password);
        self.take_all(happened, interrupted)
    }

    fn notice(&mut self, notice: &Notice<'_>) {
        for observer in &mut self.observers {
            observer.noticed(notice, &self.run);
        }
    }

    /// Makes the fact of an input durable and takes it into account.
    fn establish(&mut self, input: Input) -> Result<(), Broken> {
        match self.try_establish(input)? {
            None => Ok(()),
            Some(why) => Err(Corrupt(why).into()),
        }
    }

    /// The same for an input that may be refused; says why it was.
    fn try_establish(&mut self, input: Input) -> Result<Option<String>, Broken> {
        let at = to_millis(self.clock.now());
        let event = match self.run.decide(input, at) {
            Ok(event) => event,
            Err(rejected @ (Rejected::Answer(_) | Rejected::Unexpected(_))) => {
                return Ok(Some(rejected.to_string()));
            }
        };
        if let Event::Paused { .. } | Event::RunFinished { .. } = &event {
            self.executor.settle();
        }
        let stamp = Stamp { at, mono: self.clock.monotonic(), by: self.by.clone() };
        let record = self.journal.append(&event, stamp, durability(&event)).map_err(Box::new)?;
        self.run.apply(&event, at)?;
        self.hide_new(&event);
        self.tell(&record);
        Ok(None)
    }

    fn tell(&mut self, record: &Record) {
        for observer in &mut self.observers {
            observer.recorded(record, &self.run);
        }
    }

    fn hide_inputs(&mut self) {
        let plan = self.run.plan();
        for (name, given) in &plan.inputs {
            if let Datum::Secret(secret) = &given.datum {
                self.executor.hide(name.as_str(), secret);
            }
        }
    }

    /// Secrets that an event brought are hidden before anything else is shown.
    fn hide_new(&mut self, event: &Event) {
        let mut hide = |name: &Name, value: &Recorded| {
            if let Recorded::Secret(Some(secret)) = value {
                self.executor.hide(name.as_str(), secret);
            }
        };
        match event {
            Event::Answered { answer: Answer::Value { value }, gives: Some(name), .. } => {
                hide(name, value);
            }
            Event::AttemptEnded(ended) => {
                for (name, value) in &ended.captured {
                    hide(name, value);
                }
            }
            _ => {}
        }
    }
}

/// Which facts must be on the disk before anything else happens: those that come before an effect,
/// and those that only a person can give again. The rest is covered by the next of these.
fn durability(event: &Event) -> Durability {
    match event {
        Event::AttemptStarted(started) if started.effect == Effect::Read => Durability::Later,
        Event::AttemptEnded(ended) if ended.elsewhere => Durability::Now,
        Event::Answered { .. }
        | Event::ApprovalGiven(_)
        | Event::ApprovalRequested(_)
        | Event::AttemptStarted(_)
        | Event::Paused { .. }
        | Event::Resumed(_)
        | Event::RunFinished { .. } => Durability::Now,
        Event::ApprovalLapsed { .. }
        | Event::ApprovalRefused { .. }
        | Event::AttemptEnded(_)
        | Event::ItemsListed { .. }
        | Event::LaneOpened { .. }
        | Event::Readied { .. }
        | Event::TimeboxPassed { .. }
        | Event::ValueStale { .. }
        | Event::LineEnded { .. }
        | Event::RunStarted(_)
        | Event::RunbookEntered { .. }
        | Event::StepClosed { .. }
        | Event::StepEntered { .. }
        | Event::StepSkipped { .. }
        | Event::SurveyClosed
        | Event::Surveyed { .. }
        | Event::Told(_)
        | Event::WaitStarted { .. }
        | Event::Waited { .. } => Durability::Later,
    }
}

/// A record holds milliseconds: what is decided must not depend on more than can be read back.
fn to_millis(at: jiff::Timestamp) -> jiff::Timestamp {
    jiff::Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at)
}
