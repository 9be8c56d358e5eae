//! A scenario at the pace of the world, or some times faster: for a drill that a person walks.

use std::cell::Cell;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::rc::Rc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::cli::leading::SharedLead;
use crate::effects::SystemClock;
use crate::engine::{Attempt, AttemptId, Filtered, Kept, Survey, Told};
use crate::expression::Filter;
use crate::journal::RunFolder;
use crate::process::{Alarm, Arrived, Reliefs, Signals, suspend};
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
    stands: Cell<Standstill>,
}

/// How long a clock stood still, by another one that goes on.
#[derive(Clone, Copy, Debug, Default)]
struct Standstill {
    /// So far, without what is not over.
    over: SignedDuration,
    /// Since when it stands still, if it does.
    since: Option<Timestamp>,
}

impl Standstill {
    fn held(self, now: Timestamp) -> Self {
        Self { since: self.since.or(Some(now)), ..self }
    }

    fn gone_on(self, now: Timestamp) -> Self {
        Self { over: self.until(now), since: None }
    }

    /// How long it stood still until then.
    fn until(self, now: Timestamp) -> SignedDuration {
        let open = self.since.map_or(SignedDuration::ZERO, |since| now.duration_since(since));
        self.over.saturating_add(open)
    }
}

impl PacedClock {
    /// A clock that shows this moment now; the machine's own if none is given.
    pub(crate) fn at(starts: Option<Timestamp>, speed: u32, signals: &'static Signals) -> Self {
        let system = SystemClock::start();
        let began = system.now();
        let (starts, stands) = (starts.unwrap_or(began), Cell::default());
        Self { system, began, starts, speed: speed.max(1), signals, stands }
    }

    /// From now on it stands still.
    pub(crate) fn hold(&self) {
        self.stands.set(self.stands.get().held(self.system.now()));
    }

    /// It goes on from where it stood still.
    pub(crate) fn go_on(&self) {
        self.stands.set(self.stands.get().gone_on(self.system.now()));
    }

    /// Whether it stands still.
    pub(crate) fn is_held(&self) -> bool {
        self.stands.get().since.is_some()
    }

    /// The second in which the machine is.
    pub(crate) fn second(&self) -> u64 {
        u64::try_from(self.system.now().as_second()).unwrap_or(0)
    }
}

impl Clock for PacedClock {
    fn now(&self) -> Timestamp {
        let now = self.system.now();
        let stood = self.stands.get().until(now);
        let passed = now.duration_since(self.began).saturating_sub(stood);
        let factor = i32::try_from(self.speed).unwrap_or(i32::MAX);
        let passed = passed.checked_mul(factor).unwrap_or(SignedDuration::MAX);
        self.starts.checked_add(passed).unwrap_or(Timestamp::MAX)
    }

    fn monotonic(&self) -> f64 {
        self.system.monotonic() - self.stands.get().until(self.system.now()).as_secs_f64()
    }

    fn until(&self, moment: Timestamp) -> Duration {
        let left = moment.duration_since(self.now());
        if left.is_negative() { Duration::ZERO } else { left.unsigned_abs() / self.speed }
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
    lead: SharedLead,
    /// Becomes readable with the alarm, and when whoever leads says something; nothing if nobody
    /// can come to lead it.
    wake: Option<OwnedFd>,
    /// Where others ask for the walk.
    reliefs: Option<Reliefs>,
}

impl Paced {
    pub(crate) fn new(
        scripted: ScriptedExecutor,
        world: SharedWorld,
        clock: Rc<PacedClock>,
        lead: SharedLead,
        folder: &RunFolder,
    ) -> std::io::Result<Self> {
        let alarm = Alarm::new()?;
        let wake = lead.wakes_with(alarm.as_fd());
        // Whoever asks in vain is told after a while that there is no answer.
        let reliefs = Reliefs::listen(folder.path()).ok();
        Ok(Self { scripted, world, clock, alarm, lead, wake, reliefs })
    }

    /// Somebody asks for the walk.
    fn called(&mut self) -> Option<Happening> {
        let by = self.reliefs.as_mut()?.called()?;
        Some(Happening::Called { by })
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
            Some(Arrived::Called) | None => {}
        }
        let heard = self.called().or_else(|| self.lead.take()).or_else(|| self.told());
        heard.unwrap_or_else(|| self.scripted.next(until))
    }

    fn answer_call(&mut self, refused: Option<&str>) {
        if let Some(reliefs) = &mut self.reliefs {
            reliefs.answer(refused);
        }
    }

    fn keeps(&self) -> Option<&'static str> {
        Some("it is a drill, and a drill is not handed over")
    }

    fn wakes(&self) -> Option<BorrowedFd<'_>> {
        match self.scripted.next_due().filter(|_| !self.clock.is_held()) {
            Some(due) => self.alarm.set(self.clock.until(due)),
            None => self.alarm.silence(),
        }
        Some(self.wake.as_ref().map_or(self.alarm.as_fd(), |wake| wake.as_fd()))
    }

    fn glance(&mut self) -> Option<Happening> {
        let heard = self.called().or_else(|| self.lead.take());
        heard.or_else(|| self.scripted.glance()).or_else(|| self.told())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_held_clock_goes_on_from_where_it_stood() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let stood = |stands: Standstill, second| stands.until(at(second)).as_secs();
        let stands = Standstill::default();
        assert_eq!(stood(stands, 100), 0);
        // Held twice is held once, and each moment of it counts.
        let stands = stands.held(at(100)).held(at(150));
        assert_eq!((stood(stands, 100), stood(stands, 200)), (0, 100));
        let stands = stands.gone_on(at(200));
        assert_eq!((stood(stands, 200), stood(stands, 900)), (100, 100));
        let stands = stands.held(at(1000)).gone_on(at(1010)).gone_on(at(1100));
        assert_eq!(stood(stands, 2000), 110);
    }
}
