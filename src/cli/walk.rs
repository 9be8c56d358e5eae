//! Putting a session together: who answers, who runs commands, who watches; and what its end means
//! to a script.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::rc::Rc;

use super::Context;
use super::agreement;
use super::args::{AutoArgument, WalkingArguments, YesArgument};
use super::backstage::Behind;
use super::exit::Exit;
use super::failure::Failure;
use super::sourced::Sourced;
use crate::console::{
    Answers, Echo, FromFile, Input as Lines, JsonLines, Known, Learner, Lesson, Line, Meaning,
    Signal, Signals, Text, Tty, Unattended, View, Walker, attended,
};
use crate::effects::{Setting, Supervised, SystemClock};
use crate::engine::{Input, PauseReason, Rest, Run};
use crate::journal::{Journal, RunFolder, save_elsewhere};
use crate::policy::{Attendance, Pace};
use crate::process::{self, Arrived};
use crate::runbook::{Effect, Outcome, Runbook, Secrecy, SecretSource, StepId};
use crate::session::{Broken, Clock, Observer, Responder, Session};
use crate::signing::Rules;

/// A walk that is about to begin or to go on.
pub(crate) struct Walk<'a> {
    pub(crate) run: Run,
    pub(crate) journal: Journal,
    pub(crate) folder: &'a RunFolder,
    pub(crate) first: Input,
    pub(crate) known: Known,
    pub(crate) behind: Behind,
    pub(crate) answers: Option<Answers>,
    pub(crate) walking: &'a WalkingArguments,
    /// What settings say about the agreement of others.
    pub(crate) agreement: Rules,
}

impl Walk<'_> {
    /// Walks until the run rests, and says what that means.
    pub(crate) fn walk(self, context: &Context) -> Result<Exit, Failure> {
        let clock = Rc::new(SystemClock::start());
        let mut executor = Supervised::new(Setting {
            run: self.folder.id().to_owned(),
            folder: self.folder.path().to_owned(),
            work: self.folder.work(),
            environment: environment(context, &self.run),
            program: PathBuf::from("/proc/self/exe"),
            key: self.run.plan().key.clone(),
            grace: Setting::GRACE,
            cap: Setting::CAP,
        })
        .map_err(|error| {
            Failure::new(Exit::Failed, format!("failed to handle signals: {error}"))
        })?;
        let mut responder = responder(context, self.answers, self.behind, clock.clone())?;
        let mut notary = agreement::notary(context, self.folder, self.agreement)?;
        let mut view = View::new(context.terminal.clone(), clock.clone(), self.known);
        if self.walking.output_colour {
            view = view.keeping_colours();
        }
        let mut lines = JsonLines::new(context.terminal.clone());
        let mut observers: Vec<&mut dyn Observer> = vec![&mut view];
        if self.walking.format.is_some() {
            observers.push(&mut lines);
        }
        let mut session = Session {
            run: self.run,
            journal: self.journal,
            executor: &mut executor,
            responder: &mut *responder,
            notary: &mut notary,
            observers,
            clock: &*clock,
            by: context.settings.responder.name.clone(),
        };
        let rest = session.walk(self.first);
        let Session { journal, run, .. } = session;
        match rest {
            Ok(rest) => {
                journal.close().map_err(|error| Failure::from_error(Exit::Unrecorded, &error))?;
                if let (Rest::Paused(_), Some(waiting)) = (&rest, run.waits_for_others()) {
                    agreement::left(context, self.folder, waiting);
                }
                Ok(told(context, exit(&rest, &run)))
            }
            Err(broken) => Err(broke(context, self.folder, broken)),
        }
    }
}

/// The environment that commands inherit: without the variables that secrets come from, which
/// reach only the commands that name them.
fn environment(context: &Context, run: &Run) -> BTreeMap<OsString, OsString> {
    let mut environment = context.settings.environment.clone();
    let books = run.plan().runbook.all_books();
    for input in books.flat_map(|(_, book)| &book.inputs) {
        if let Secrecy::Secret(Some(SecretSource::Env(variable))) = &input.secrecy {
            environment.remove(OsStr::new(variable));
        }
    }
    environment
}

/// A closed or full standard output is an error, though it ends no run.
pub(crate) fn told(context: &Context, exit: Exit) -> Exit {
    if exit == Exit::Done && context.terminal.broken() { Exit::Failed } else { exit }
}

/// What the end of a walk means to a script.
pub(crate) fn exit(rest: &Rest, run: &Run) -> Exit {
    match rest {
        Rest::Finished { outcome, failed } => match outcome {
            Outcome::Done | Outcome::Mitigated | Outcome::NoAction | Outcome::Resolved => {
                Exit::Done
            }
            Outcome::Abandoned | Outcome::Escalated | Outcome::RolledBack if failed.is_some() => {
                Exit::Failed
            }
            Outcome::Abandoned | Outcome::Escalated | Outcome::RolledBack => Exit::Unsolved,
        },
        Rest::Paused(PauseReason::Interrupted) => Exit::Interrupted,
        Rest::Paused(PauseReason::Refused { .. }) => Exit::Refused,
        Rest::Paused(PauseReason::PersonNeeded { question }) => match question.as_str() {
            "doubt" => Exit::InDoubt,
            "outcome" | "undo_offer" if run.failed().is_some() => Exit::Failed,
            _ => Exit::PersonNeeded,
        },
        Rest::Paused(PauseReason::HungUp | PauseReason::TakenOver { .. } | PauseReason::Wished) => {
            Exit::PersonNeeded
        }
    }
}

/// A walk that broke off. What could not be recorded goes to a second place.
fn broke(context: &Context, folder: &RunFolder, broken: Broken) -> Failure {
    let Broken::Unrecorded(error) = broken else {
        return Failure::from_error(Exit::Damaged, &broken);
    };
    let failure = Failure::from_error(Exit::Unrecorded, &*error);
    let failure = match save_elsewhere(&context.settings.emergency, folder.id(), &error) {
        Ok(path) => failure.hint(format!("what could not be recorded is in {}", path.display())),
        Err(other) => failure.hint(format!("it could not be saved elsewhere either: {other}")),
    };
    failure.hint(format!("nothing more was started; go on with surefoot resume {}", folder.id()))
}

/// Who answers: a person, a file, or nobody.
pub(crate) fn responder(
    context: &Context,
    answers: Option<Answers>,
    behind: Behind,
    clock: Rc<dyn Clock>,
) -> Result<Box<dyn Responder>, Failure> {
    responder_in(context, answers, behind, clock, None)
}

/// The same, where a person may learn.
pub(crate) fn responder_in(
    context: &Context,
    answers: Option<Answers>,
    behind: Behind,
    clock: Rc<dyn Clock>,
    lesson: Option<Lesson>,
) -> Result<Box<dyn Responder>, Failure> {
    let signals = signals()?;
    let person: Box<dyn Responder> = match attended() {
        Some(tty) => {
            let (terminal, input) = (context.terminal.clone(), Box::new(Tty::new(tty, signals)));
            let walker = Walker::new(terminal, input, Box::new(behind), clock);
            match lesson {
                Some(lesson) => Box::new(Learner::new(walker, lesson)),
                None => Box::new(walker),
            }
        }
        None => Box::new(Unattended::new(clock, Box::new(signals))),
    };
    Ok(match answers {
        Some(answers) => sourced(context, Box::new(FromFile::new(answers, person))),
        None => sourced(context, person),
    })
}

fn sourced(context: &Context, other: Box<dyn Responder>) -> Box<dyn Responder> {
    let (settings, terminal) = (context.settings.clone(), context.terminal.clone());
    Box::new(Sourced::new(settings, terminal, other))
}

/// The answers that were written down, each for a step that there is. To be read before anything
/// is begun.
pub(crate) fn answers(
    walking: &WalkingArguments,
    runbook: &Runbook,
) -> Result<Option<Answers>, Failure> {
    let Some(path) = &walking.answers else {
        return Ok(None);
    };
    let text = std::fs::read_to_string(path).map_err(|error| {
        Failure::new(Exit::Usage, format!("failed to read {}: {error}", path.display()))
    })?;
    let answers = Answers::parse(&text).map_err(|error| {
        Failure::new(Exit::Usage, format!("{} holds no answers: {error}", path.display()))
    })?;
    let unknown = answers.steps().find(|step| runbook.find(&StepId((*step).to_owned())).is_none());
    if let Some(step) = unknown {
        let ids = runbook.steps.iter().map(|step| step.id.0.as_str());
        let near = crate::diagnostic::did_you_mean(step, ids);
        let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        let message = format!("{} answers `{step}`, which is no step{near}", path.display());
        return Err(Failure::new(Exit::Usage, message));
    }
    Ok(Some(answers))
}

/// Whether a person can be asked.
pub(crate) fn attendance() -> Attendance {
    if attended().is_some() { Attendance::Attended } else { Attendance::Unattended }
}

/// Whether reads wait for a key.
pub(crate) fn pace(walking: &WalkingArguments) -> Pace {
    match walking.auto {
        Some(AutoArgument::Read) => Pace::Flow,
        None => Pace::Step,
    }
}

/// Effects that were agreed to beforehand.
pub(crate) fn agreed(walking: &WalkingArguments) -> std::collections::BTreeSet<Effect> {
    walking.yes.iter().map(|YesArgument::Change| Effect::Change).collect()
}

/// What became of a prompt outside a walk.
pub(crate) enum Asked {
    /// A line.
    Line(zeroize::Zeroizing<String>),
    /// Nobody is there.
    Nobody,
}

/// Asks for a line outside a walk. What was typed before there was a question is no answer to it.
pub(crate) fn ask(context: &Context, prompt: &str, echo: Echo) -> Result<Asked, Failure> {
    asked(context, prompt, echo, Ahead::Discarded)
}

/// Asks for one more line of the same answer, which may have been pasted with those before it.
pub(crate) fn ask_on(context: &Context, prompt: &str) -> Result<Asked, Failure> {
    asked(context, prompt, Echo::Shown, Ahead::Kept)
}

/// What becomes of what was typed before.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Ahead {
    Discarded,
    Kept,
}

fn asked(context: &Context, prompt: &str, echo: Echo, ahead: Ahead) -> Result<Asked, Failure> {
    let Some(tty) = attended() else {
        return Ok(Asked::Nobody);
    };
    let mut tty = Tty::new(tty, signals()?);
    loop {
        if ahead == Ahead::Discarded {
            tty.discard();
        }
        context.terminal.prompt(&Text::of(Meaning::Heading, prompt));
        match tty.line(echo, None) {
            Line::Text(line) => return Ok(Asked::Line(line)),
            Line::NotText => context.terminal.line(&Text::plain("That is not UTF-8.")),
            Line::TooLong => context.terminal.line(&Text::plain("That line is too long.")),
            Line::Interrupted => {
                // What comes next begins a line of its own.
                context.terminal.blank();
                return Err(Failure::told(Exit::Interrupted));
            }
            Line::End => {
                context.terminal.blank();
                return Ok(Asked::Nobody);
            }
            Line::HungUp => return Ok(Asked::Nobody),
            Line::Continued | Line::Nothing | Line::Suspended | Line::Woken => {}
        }
    }
}

/// The signals of this program, as the console wants them.
pub(crate) struct FromProcess(&'static process::Signals);

impl Signals for FromProcess {
    fn ready(&self) -> std::os::fd::BorrowedFd<'_> {
        std::os::fd::AsFd::as_fd(self.0)
    }

    fn take(&mut self) -> Option<Signal> {
        self.0.take().map(|arrived| match arrived {
            Arrived::Called => Signal::Called,
            Arrived::HangUp => Signal::HangUp,
            Arrived::Interrupt => Signal::Interrupt,
            Arrived::Suspend => Signal::Suspend,
        })
    }

    fn suspend(&mut self) {
        process::suspend();
    }
}

pub(crate) fn signals() -> Result<FromProcess, Failure> {
    signals_of_process().map(FromProcess)
}

/// The signals of this program.
pub(crate) fn signals_of_process() -> Result<&'static process::Signals, Failure> {
    process::Signals::get()
        .map_err(|error| Failure::new(Exit::Failed, format!("failed to handle signals: {error}")))
}
