//! The drill's side of its lead: hints for whoever walks it, and whoever leads it from another
//! terminal. All who take part in a drill share it: its commands, its questions, its second person.
//! What is said becomes a fact of the run; whatever goes wrong with the lead, the drill goes on.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::rc::Rc;
use std::time::Duration;

use crate::cli::paced::PacedClock;
use crate::console::Exercise;
use crate::engine::{Event, Question, Run, Told, ToldKind};
use crate::journal::{Record, RunFolder};
use crate::process::{Facilitation, FromFacilitator};
use crate::rehearsal::{Hints, News, Row, SharedWorld, Trace, Truth, Wish, World};
use crate::report::timeline;
use crate::session::{Clock as _, Happening, Notice, Observer};

/// Whoever wishes more within a second is no person.
const MOST_WISHES: u32 = 100;

/// How long whoever leads has to take the debrief.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// The lead of a drill, as all who take part in it see it.
#[derive(Clone)]
pub(crate) struct SharedLead(Rc<RefCell<Lead>>);

/// The lead of a drill.
struct Lead {
    /// Where somebody can come to lead it; nothing if that cannot be had.
    door: Option<Facilitation>,
    world: SharedWorld,
    clock: Rc<PacedClock>,
    /// Who leads it.
    leader: Option<String>,
    /// What the session has to be told.
    pending: VecDeque<Happening>,
    /// Whoever leads agreed as the second person, and the run was not told.
    agreement: Agreement,
    hints: Hints,
    trace: Trace,
    truth: Truth,
    /// Who walks it.
    walker: String,
    /// The second in which somebody wished something last, and how often they did.
    wishes: (u64, u32),
}

/// Whether whoever leads has agreed as the second person.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Agreement {
    Given,
    None,
}

impl SharedLead {
    /// The lead of the drill in this folder, whose run this process holds, and in which this happened
    /// before.
    pub(crate) fn of(
        folder: &RunFolder,
        world: SharedWorld,
        clock: Rc<PacedClock>,
        walker: &str,
        trace: Trace,
    ) -> Self {
        Self(Rc::new(RefCell::new(Lead {
            // Without one the drill is walked all the same, and whoever comes is told so.
            door: Facilitation::listen(folder.path()).ok(),
            world,
            clock,
            leader: None,
            pending: given_up(&trace),
            agreement: Agreement::None,
            hints: Hints::after(&trace),
            trace,
            truth: Truth::default(),
            walker: walker.to_owned(),
            wishes: (0, 0),
        })))
    }

    /// Becomes readable when somebody who leads, or would, has something to say, or this alarm
    /// rings.
    pub(crate) fn wakes_with(&self, alarm: BorrowedFd<'_>) -> Option<OwnedFd> {
        let lead = self.0.borrow();
        let door = lead.door.as_ref()?;
        door.wake_for(alarm).ok()?;
        door.as_fd().try_clone_to_owned().ok()
    }

    /// What was said since this was last asked.
    pub(crate) fn take(&self) -> Option<Happening> {
        self.0.borrow_mut().take()
    }

    /// What an exercise offers now.
    pub(crate) fn exercise(&self) -> Exercise {
        if self.0.borrow().leader.is_some() { Exercise::Led } else { Exercise::Alone }
    }

    /// Gives a hint for a question.
    pub(crate) fn hint(&self, question: &Question, run: &Run) -> Result<(), String> {
        let lead = &mut *self.0.borrow_mut();
        let scenario = lead.world.with(|world| Rc::clone(world.scenario()));
        let hint = lead.hints.next(question, run, &scenario, &lead.trace);
        let told = Told::new(ToldKind::Hint, hint?, None);
        lead.pending.push_back(Happening::Told(told));
        Ok(())
    }

    /// The responder asks people who are not there.
    pub(crate) fn ask(&self, text: &str) {
        let told = Told::new(ToldKind::Asked, text, None);
        self.0.borrow_mut().pending.push_back(Happening::Told(told));
    }

    /// Whether whoever leads has agreed as the second person.
    pub(crate) fn has_agreed(&self) -> bool {
        self.0.borrow().agreement == Agreement::Given
    }

    /// Takes that agreement; says whether there was one.
    pub(crate) fn take_agreement(&self) -> bool {
        let taken = std::mem::replace(&mut self.0.borrow_mut().agreement, Agreement::None);
        taken == Agreement::Given
    }

    /// What happened in the walk.
    pub(crate) fn trace(&self) -> Trace {
        self.0.borrow().trace.clone()
    }

    /// The drill is over: whoever leads it sees what it came to.
    pub(crate) fn over(&self, debrief: &[Row]) {
        let lead = &mut *self.0.borrow_mut();
        lead.tell(&News::Over { debrief: debrief.to_vec() });
        if let Some(door) = &mut lead.door {
            door.finish(LAST_WORDS);
        }
    }
}

/// What has to be told where somebody led a drill that was left: nobody does now, and its clock goes on.
fn given_up(trace: &Trace) -> VecDeque<Happening> {
    let of = |kind, by: &Option<String>| Happening::Told(Told::new(kind, "", by.clone()));
    let last = |of: [ToldKind; 2]| trace.told.iter().rev().find(|told| of.contains(&told.kind));
    let led = last([ToldKind::Joined, ToldKind::Left]);
    let led = led.filter(|told| told.kind == ToldKind::Joined);
    let held = last([ToldKind::GoneOn, ToldKind::Held]);
    let held = held.filter(|told| told.kind == ToldKind::Held);
    let left = led.map(|told| of(ToldKind::Left, &told.by));
    left.into_iter().chain(held.map(|told| of(ToldKind::GoneOn, &told.by))).collect()
}

impl Lead {
    fn take(&mut self) -> Option<Happening> {
        while self.pending.is_empty() {
            match self.door.as_mut()?.hear()? {
                FromFacilitator::Came(words) => self.came(&words),
                FromFacilitator::Left => self.left(),
                FromFacilitator::Said(words) => self.said(&words),
            }
        }
        self.pending.pop_front()
    }

    fn came(&mut self, words: &[u8]) {
        let Some(door) = &mut self.door else { return };
        match (Wish::read(words), &self.leader) {
            (Some(Wish::Lead { by }), None) => {
                door.seat();
                self.say(ToldKind::Joined, "", &by);
                self.leader = Some(by);
                self.look();
            }
            (_, leader) => {
                let why = match leader {
                    Some(leader) => format!("{leader} leads it already"),
                    None => "that is no word of this program".to_owned(),
                };
                door.turn_away(&encoded(&News::Refused { why }));
            }
        }
    }

    fn left(&mut self) {
        let Some(leader) = self.leader.take() else { return };
        self.say(ToldKind::Left, "", &leader);
        if self.clock.is_held() {
            self.clock.go_on();
            self.say(ToldKind::GoneOn, "", &leader);
        }
    }

    fn said(&mut self, words: &[u8]) {
        let Some(by) = self.leader.clone() else { return };
        let now = self.clock.second();
        let before = if self.wishes.0 == now { self.wishes.1 } else { 0 };
        self.wishes = (now, before + 1);
        let wish = Wish::read(words).filter(|_| before < MOST_WISHES);
        let Some(wish) = wish else {
            if let Some(door) = &mut self.door {
                door.unseat();
            }
            return self.left();
        };
        match self.grant(wish, &by) {
            Ok(()) => {}
            Err(why) => self.tell(&News::NotDone { why: why.to_owned() }),
        }
    }

    /// Does what is wished, or says why not.
    fn grant(&mut self, wish: Wish, by: &str) -> Result<(), &'static str> {
        match wish {
            Wish::Agree if self.truth.agreement.is_none() => {
                return Err("nobody is asked to agree now");
            }
            Wish::Agree => self.agreement = Agreement::Given,
            Wish::Answer { text } => self.say(ToldKind::Answer, &text, by),
            Wish::End => self.pending.push_back(Happening::Closed { by: by.to_owned() }),
            Wish::GoOn if !self.clock.is_held() => return Err("the clock goes on already"),
            Wish::GoOn => {
                self.clock.go_on();
                self.say(ToldKind::GoneOn, "", by);
            }
            Wish::Hold { .. } if self.clock.is_held() => {
                return Err("the clock stands still already");
            }
            Wish::Hold { why } => {
                self.clock.hold();
                self.say(ToldKind::Held, &why, by);
            }
            Wish::Inject { number } => self.inject(number, by)?,
            Wish::Lead { .. } => return Err("you lead it already"),
            Wish::Look => self.look(),
            Wish::Tell { text } => self.say(ToldKind::Inject, &text, by),
        }
        Ok(())
    }

    fn inject(&mut self, number: usize, by: &str) -> Result<(), &'static str> {
        let place = number.checked_sub(1);
        let said = place.and_then(|place| {
            self.world.with(|world| {
                let own = world.take_said();
                world.inject_now(place).then(|| (own, world.take_said()))
            })
        });
        let (own, said) = said.ok_or("no inject with that number is still to come")?;
        for text in own {
            self.pending.push_back(Happening::Told(Told::inject(text)));
        }
        // One that only made something true is recorded, too; the responder is not told.
        let told = Told::new(ToldKind::Inject, said.join("\n"), Some(by.to_owned()));
        let told = Told { inject: Some(number), ..told };
        self.pending.push_back(Happening::Told(told));
        Ok(())
    }

    fn say(&mut self, kind: ToldKind, text: &str, by: &str) {
        self.pending.push_back(Happening::Told(Told::new(kind, text, Some(by.to_owned()))));
    }

    /// Tells whoever leads what holds now.
    fn look(&mut self) {
        let (now, truth) = (self.clock.now(), &mut self.truth);
        self.world.with(|world| truth.pass_to(world, now));
        let truth = Box::new(self.truth.clone());
        self.tell(&News::Stands { truth });
    }

    fn tell(&mut self, news: &News) {
        if let (Some(_), Some(door)) = (&self.leader, &mut self.door) {
            door.say(&encoded(news));
        }
    }
}

fn encoded(news: &News) -> Vec<u8> {
    serde_json::to_vec(news).expect("news are made of words")
}

impl Observer for SharedLead {
    fn recorded(&mut self, record: &Record, run: &Run) {
        let lead = &mut *self.0.borrow_mut();
        lead.trace.note(&record.event, run);
        let now = lead.clock.now();
        let of = |world: &mut World| Truth::of(run, world, &lead.trace, now);
        let truth = lead.world.with(of);
        lead.truth = Truth { walker: lead.walker.clone(), ..truth };
        let told = match &record.event {
            Event::Told(told) => Some(told.kind),
            _ => None,
        };
        for entry in timeline(std::slice::from_ref(record)) {
            let truth = Box::new(lead.truth.clone());
            lead.tell(&News::Happened { line: entry.text, told, truth });
        }
    }

    fn noticed(&mut self, _: &Notice<'_>, _: &Run) {}
}
