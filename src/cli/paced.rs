//! A scenario at the pace of the world, or some times faster: for a drill that a person walks.

use std::os::fd::{AsFd as _, BorrowedFd};
use std::rc::Rc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::effects::SystemClock;
use crate::engine::{Attempt, AttemptId, Filtered, Kept, Survey, Told};
use crate::expression::Filter;
use crate::process::{Alarm, Arrived, Signals, suspend};
use crate::rehearsal::{ScriptedExecutor, SharedWorld, Time};
use crate::session::{Clock, Executor, Happening};
use crate::value::Secret;

/// How often the elapsed time is drawn anew.
const TICK: Duration = Duration::from_millis(100);

/// A clock that starts at a moment of the scenario and runs as fast as it is told.
pub(crate) struct PacedClock {
    system: SystemClock,
    began: Timestamp,
    starts: Timestamp,
    speed: u32,
    signals: &'static Signals,
}

impl PacedClock {
    /// A clock that shows this moment now; the machine's own if none is given.
    pub(crate) fn at(starts: Option<Timestamp>, speed: u32, signals: &'static Signals) -> Self {
        let system = SystemClock::start();
        let began = system.now();
        Self { system, began, starts: starts.unwrap_or(began), speed: speed.max(1), signals }
    }

    /// How long the machine has to wait for a moment of this clock.
    fn until(&self, moment: Timestamp) -> Duration {
        let left = moment.duration_since(self.now());
        if left.is_negative() { Duration::ZERO } else { left.unsigned_abs() / self.speed }
    }
}

impl Clock for PacedClock {
    fn now(&self) -> Timestamp {
        let passed = self.system.now().duration_since(self.began);
        let factor = i32::try_from(self.speed).unwrap_or(i32::MAX);
        let passed = passed.checked_mul(factor).unwrap_or(SignedDuration::MAX);
        self.starts.checked_add(passed).unwrap_or(Timestamp::MAX)
    }

    fn monotonic(&self) -> f64 {
        self.system.monotonic()
    }
}

impl Time for PacedClock {
    /// At most until the next tick, or until a signal comes.
    fn pass(&self, until: Timestamp) {
        let wait = Timespec::try_from(self.until(until).min(TICK)).ok();
        // A wait that was broken off is one that was short.
        let _short = poll(&mut [PollFd::new(self.signals, PollFlags::IN)], wait.as_ref());
    }
}

/// The commands of a scenario for a person at a terminal: what is said from outside is heard beside
/// a question, and signals are heeded.
pub(crate) struct Paced {
    scripted: ScriptedExecutor,
    world: SharedWorld,
    clock: Rc<PacedClock>,
    alarm: Alarm,
}

impl Paced {
    pub(crate) fn new(
        scripted: ScriptedExecutor,
        world: SharedWorld,
        clock: Rc<PacedClock>,
    ) -> std::io::Result<Self> {
        Ok(Self { scripted, world, clock, alarm: Alarm::new()? })
    }

    /// What somebody said since this was last asked.
    fn told(&self) -> Option<Happening> {
        let said = self.world.with(crate::rehearsal::World::take_said);
        (!said.is_empty()).then(|| Happening::Told(Told::inject(said.join("\n"))))
    }
}

impl Executor for Paced {
    fn survey(&mut self, wanted: &Survey) -> Vec<String> {
        self.scripted.survey(wanted)
    }

    fn hide(&mut self, name: &str, secret: &Secret) {
        self.scripted.hide(name, secret);
    }

    fn start(&mut self, attempt: &Attempt) {
        self.scripted.start(attempt);
    }

    fn attach(&mut self, attempt: AttemptId) {
        self.scripted.attach(attempt);
    }

    fn keep(&mut self, attempt: AttemptId, output: &str) -> Kept {
        self.scripted.keep(attempt, output)
    }

    fn filter(&mut self, filters: &[Filter], document: &str) -> Filtered {
        self.scripted.filter(filters, document)
    }

    fn next(&mut self, until: Option<Timestamp>) -> Happening {
        match self.clock.signals.take() {
            Some(Arrived::HangUp) => return Happening::HangUp,
            Some(Arrived::Interrupt) => return Happening::Interrupt,
            Some(Arrived::Suspend) => return Happening::Suspend,
            // Nobody takes a drill over.
            Some(Arrived::Called) | None => {}
        }
        self.told().unwrap_or_else(|| self.scripted.next(until))
    }

    fn wakes(&self) -> Option<BorrowedFd<'_>> {
        let due = self.scripted.next_due()?;
        self.alarm.set(self.clock.until(due));
        Some(self.alarm.as_fd())
    }

    fn glance(&mut self) -> Option<Happening> {
        self.scripted.glance().or_else(|| self.told())
    }

    fn interrupt(&mut self, attempt: AttemptId) {
        self.scripted.interrupt(attempt);
    }

    fn kill(&mut self, attempt: AttemptId) {
        self.scripted.kill(attempt);
    }

    /// The time of a drill goes on meanwhile, as it does outside.
    fn suspend(&mut self) {
        suspend();
    }
}
