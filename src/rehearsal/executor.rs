//! Runs the commands of a scenario: none is started, each ends as the scenario says and when.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;

use jiff::Timestamp;

use super::filtering::filtered;
use super::result::Fate;
use super::time::{Time, later, millis_between};
use super::world::{Problem, SharedWorld};
use crate::engine::{
    Attempt, AttemptEnded, AttemptId, Conduct, End, Ended, Filtered, Found, Kept, Printed, Survey,
};
use crate::expression::Filter;
use crate::runbook::{self, Part};
use crate::session::{Executor, Happening, Stream};
use crate::value::Secret;

/// What of an output expectations and captures may look at, as with commands that run.
pub(super) const LOOKED_AT: usize = 1 << 20;

/// What is said of a command that nobody has a result for.
pub(super) const UNSCRIPTED: &str = "a drill starts no command, and there is neither a result nor a sample for it: t tells what it gave";

/// What becomes of a command that the scenario has no result for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Unscripted {
    /// It could not be started: a person sees it and decides.
    CannotStart,
    /// The walk is left: in a test that is an error.
    Leaves,
}

/// Runs commands as a scenario says.
pub struct ScriptedExecutor {
    world: SharedWorld,
    time: Rc<dyn Time>,
    unscripted: Unscripted,
    running: Vec<Running>,
    happened: VecDeque<Happening>,
    /// The walk is to be left, and was not told yet.
    left: bool,
}

/// A command on its way.
struct Running {
    attempt: AttemptId,
    gives: Part,
    since: Timestamp,
    /// When it ends by itself, is ready, or its time is up; none if it runs until it is stopped.
    at: Option<Timestamp>,
    then: Then,
}

/// What happens to a command when its time has come.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Then {
    /// It ends.
    Ends(End),
    /// Its output says that it is ready; it runs on.
    Readies,
}

impl ScriptedExecutor {
    /// Runs the commands of a world by this time.
    pub fn new(world: SharedWorld, time: Rc<dyn Time>, unscripted: Unscripted) -> Self {
        let (running, happened) = (Vec::new(), VecDeque::new());
        Self { world, time, unscripted, running, happened, left: false }
    }

    /// When something happens next by itself, if anything does.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.world.with(|world| world.next_due())
    }

    fn give(&mut self, attempt: &Attempt, gives: Part, since: Timestamp) {
        let (at, then) = plan(attempt, &gives, since);
        if let Some(at) = at {
            self.world.with(|world| world.expect_at(at, attempt.id));
        }
        self.running.push(Running { attempt: attempt.id, gives, since, at, then });
    }

    /// Starts a command at a moment.
    pub(super) fn start_at(&mut self, attempt: &Attempt, at: Timestamp) {
        match self.world.with(|world| world.fate(attempt)) {
            Fate::Gives(gives) => self.give(attempt, gives, at),
            Fate::Unsaid(problem) if self.unscripted == Unscripted::Leaves => {
                self.world.with(|world| world.report(problem));
                self.left = true;
            }
            Fate::Unknown | Fate::Unsaid(_) => {
                let end = End::CouldNotStart { why: UNSCRIPTED.to_owned() };
                self.happened.push_back(Happening::Ended(Box::new(Ended::new(attempt.id, end))));
            }
        }
    }

    /// A command has ended as the record says, with what it gave.
    pub(super) fn ended(&mut self, ended: &AttemptEnded) -> Option<Part> {
        let told =
            |it: &Happening| matches!(it, Happening::Ended(it) if it.attempt == ended.attempt);
        self.happened.retain(|it| !told(it));
        let running = self.take(ended.attempt)?;
        self.make_true(&running.gives, &ended.end);
        Some(running.gives)
    }

    /// A command is ready, as the record says.
    pub(super) fn readied(&mut self, attempt: AttemptId) {
        if let Some(mut running) = self.take(attempt) {
            running.at = None;
            output(&mut running.gives);
            self.running.push(running);
        }
    }

    /// Nobody waits for any other command.
    pub(super) fn keep_only(&mut self, attempts: &BTreeSet<AttemptId>) {
        let others: Vec<AttemptId> = self.running.iter().map(|it| it.attempt).collect();
        for attempt in others.into_iter().filter(|it| !attempts.contains(it)) {
            self.take(attempt);
        }
    }

    /// How what runs will end, as its supervisor would have written it.
    pub(super) fn found(&self) -> BTreeMap<AttemptId, Found> {
        let found = self.running.iter().map(|running| {
            let took = running.at.map_or(0, |at| millis_between(running.since, at));
            let found = match (&running.then, running.at) {
                (Then::Ends(end), Some(_)) => Found::Finished { end: end.clone(), took },
                _ => Found::Running { supervisor: 0 },
            };
            (running.attempt, found)
        });
        found.collect()
    }

    fn take(&mut self, attempt: AttemptId) -> Option<Running> {
        let place = self.running.iter().position(|it| it.attempt == attempt)?;
        let running = self.running.swap_remove(place);
        if let Some(at) = running.at {
            self.world.with(|world| world.forget(at, attempt));
        }
        Some(running)
    }

    /// What was stopped from outside did not do what it was to do.
    fn make_true(&self, gives: &Part, end: &End) {
        if !matches!(end, End::Interrupted { .. } | End::TimedOut { .. }) {
            self.world.with(|world| world.set(&gives.sets));
        }
    }

    /// What has become due, in the order of its time.
    fn settle_due(&mut self) {
        let now = self.time.now();
        self.world.with(|world| world.pass_to(now));
        let due = |running: &&Running| running.at.is_some_and(|at| at <= now);
        let first = self.running.iter().filter(due).min_by_key(|it| (it.at, it.attempt));
        let Some(attempt) = first.map(|running| running.attempt) else { return };
        let Some(place) = self.running.iter().position(|it| it.attempt == attempt) else { return };
        if self.running[place].then == Then::Readies {
            let running = &mut self.running[place];
            let at = running.at.take().unwrap_or(now);
            let shown = output(&mut running.gives);
            self.world.with(|world| world.forget(at, attempt));
            self.show(attempt, shown);
            self.happened.push_back(Happening::Ready { attempt });
            return;
        }
        let running = self.running.swap_remove(place);
        self.end(running, now);
    }

    fn end(&mut self, mut running: Running, now: Timestamp) {
        let attempt = running.attempt;
        if let Some(at) = running.at {
            self.world.with(|world| world.forget(at, attempt));
        }
        let Then::Ends(end) = running.then else { return };
        self.make_true(&running.gives, &end);
        let shown = output(&mut running.gives);
        let ended = Ended {
            took: millis_between(running.since, now),
            stdout: shown.0.clone(),
            stderr: shown.1.clone(),
            output: Kept { bytes: bytes(&shown.0) + bytes(&shown.1), ..Kept::default() },
            ..Ended::new(attempt, end)
        };
        self.show(attempt, shown);
        self.happened.push_back(Happening::Ended(Box::new(ended)));
    }

    fn show(&mut self, attempt: AttemptId, (stdout, stderr): (Printed, Printed)) {
        for (stream, printed) in [(Stream::Stdout, stdout), (Stream::Stderr, stderr)] {
            if !printed.bytes.is_empty() {
                let bytes = printed.bytes;
                self.happened.push_back(Happening::Output { attempt, stream, bytes });
            }
        }
    }

    fn stop(&mut self, attempt: AttemptId, signal: i32) {
        let now = self.time.now();
        if let Some(place) = self.running.iter().position(|it| it.attempt == attempt) {
            let mut running = self.running.swap_remove(place);
            running.then = Then::Ends(End::Interrupted { signal: Some(signal) });
            self.end(running, now);
        }
    }
}

/// When and how a command comes to something.
fn plan(attempt: &Attempt, gives: &Part, since: Timestamp) -> (Option<Timestamp>, Then) {
    let takes = gives.takes.as_ref().map(|takes| takes.millis);
    let end = match &gives.end {
        runbook::End::Disconnects => Some(End::Disconnected),
        runbook::End::Exit(code) => Some(End::Exited { code: i32::from(*code) }),
        runbook::End::Hangs => None,
        runbook::End::Signal(name) => Some(End::Signalled { signal: number(name) }),
    };
    if let Conduct::Background { ready } = &attempt.conduct {
        let pattern = ready.as_ref().and_then(|pattern| regex::Regex::new(pattern).ok());
        let says = pattern.is_some_and(|pattern| pattern.is_match(&gives.stdout));
        return match (says, takes, end) {
            (true, takes, _) => (Some(later(since, takes.unwrap_or(0))), Then::Readies),
            // It runs beside other steps: by itself it ends only where the scenario says when.
            (false, Some(takes), Some(end)) => (Some(later(since, takes)), Then::Ends(end)),
            (false, None, Some(End::Exited { code: 0 })) | (false, _, None) => {
                (None, Then::Readies)
            }
            (false, None, Some(end)) => (Some(since), Then::Ends(end)),
        };
    }
    let timeout = attempt.command.timeout;
    match (end, takes.unwrap_or(0)) {
        (Some(end), takes) if takes <= timeout => (Some(later(since, takes)), Then::Ends(end)),
        _ => (Some(later(since, timeout)), Then::Ends(End::TimedOut { after: timeout })),
    }
}

/// What a command prints, taken out of its result: it is printed once.
pub(super) fn output(gives: &mut Part) -> (Printed, Printed) {
    let stdout = std::mem::take(&mut gives.stdout).into_bytes();
    let stderr = std::mem::take(&mut gives.stderr).into_bytes();
    let stdout = match gives.flood.take() {
        Some(flood) if flood > stdout.len() as u64 => {
            let looked_at = usize::try_from(flood).unwrap_or(usize::MAX).min(LOOKED_AT);
            let line = if stdout.is_empty() { b"y\n".to_vec() } else { stdout };
            let bytes: Vec<u8> = line.into_iter().cycle().take(looked_at).collect();
            Printed { more: flood - bytes.len() as u64, bytes }
        }
        _ => Printed { bytes: stdout, more: 0 },
    };
    (stdout, Printed { bytes: stderr, more: 0 })
}

fn bytes(printed: &Printed) -> u64 {
    printed.bytes.len() as u64 + printed.more
}

/// The signals that scenarios name.
const SIGNALS: [(&str, i32); 18] = [
    ("HUP", 1),
    ("INT", 2),
    ("QUIT", 3),
    ("ILL", 4),
    ("TRAP", 5),
    ("ABRT", 6),
    ("BUS", 7),
    ("FPE", 8),
    ("KILL", 9),
    ("USR1", 10),
    ("SEGV", 11),
    ("USR2", 12),
    ("PIPE", 13),
    ("ALRM", 14),
    ("TERM", 15),
    ("XCPU", 24),
    ("XFSZ", 25),
    ("SYS", 31),
];

/// The number of a signal, by its name in scenarios.
fn number(name: &str) -> i32 {
    SIGNALS.iter().find(|(known, _)| *known == name).map_or(15, |(_, number)| *number)
}

/// The name of a signal in scenarios, if they know it.
pub(super) fn signal_name(signal: i32) -> Option<&'static str> {
    SIGNALS.iter().find(|(_, number)| *number == signal).map(|(name, _)| *name)
}

impl Executor for ScriptedExecutor {
    fn survey(&mut self, wanted: &Survey) -> Vec<String> {
        self.world.with(|world| {
            let missing = &world.scenario().missing;
            let of = |kind: &str, names: &[String]| {
                let missing = names.iter().filter(|name| missing.contains(*name));
                missing.map(|name| format!("{kind} {name}")).collect::<Vec<_>>()
            };
            let mut found = of("program", &wanted.programs);
            found.extend(of("variable", &wanted.variables));
            found
        })
    }

    /// What a scenario prints stands in a file that anybody may read.
    fn hide(&mut self, _: &str, _: &Secret) {}

    fn start(&mut self, attempt: &Attempt) {
        self.start_at(attempt, self.time.now());
    }

    /// What was brought here from a record goes on. Of others nothing is known, and there never was a
    /// process.
    fn attach(&mut self, attempt: AttemptId) {
        if self.running.iter().any(|running| running.attempt == attempt) {
            return;
        }
        self.happened.push_back(Happening::Ended(Box::new(Ended::new(attempt, End::Unknown))));
    }

    fn keep(&mut self, _: AttemptId, output: &str) -> Kept {
        Kept { bytes: output.len() as u64, ..Kept::default() }
    }

    /// In this process: nothing of a scenario starts another one.
    fn filter(&mut self, filters: &[Filter], document: &str) -> Filtered {
        filtered(filters, document)
    }

    fn next(&mut self, until: Option<Timestamp>) -> Happening {
        if std::mem::take(&mut self.left) {
            return Happening::HangUp;
        }
        if self.happened.is_empty() {
            let wanted = self.next_due().into_iter().chain(until).min();
            let Some(wanted) = wanted else {
                self.world.with(|world| world.report(Problem::Stuck));
                return Happening::HangUp;
            };
            self.time.pass(wanted);
            self.settle_due();
        }
        self.happened.pop_front().unwrap_or(Happening::Tick)
    }

    fn glance(&mut self) -> Option<Happening> {
        if std::mem::take(&mut self.left) {
            return Some(Happening::HangUp);
        }
        if self.happened.is_empty() {
            self.settle_due();
        }
        self.happened.pop_front()
    }

    fn interrupt(&mut self, attempt: AttemptId) {
        self.stop(attempt, 15);
    }

    fn kill(&mut self, attempt: AttemptId) {
        self.stop(attempt, 9);
    }

    fn suspend(&mut self) {}
}
