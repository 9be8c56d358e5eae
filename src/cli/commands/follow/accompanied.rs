//! The record of somebody who followed a run in order to learn: a run's folder of its own in which
//! nothing was run, so that it is verified, shared and listed like every other. It is written when they
//! leave; the run that they followed is not touched.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::catalog::sha256;
use crate::cli::Context;
use crate::cli::commands::run::random;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::runs::unreadable;
use crate::effects::SystemClock;
use crate::engine::{Answer, Event, LaneId, Run, RunStarted};
use crate::journal::{Durability, FrozenFile, Journal, RunFolder, Stamp};
use crate::plan::{Mode, World};
use crate::runbook::{Outcome, StepId};
use crate::session::Clock as _;

/// What they saw so far.
pub(super) struct Accompanied {
    clock: Rc<SystemClock>,
    by: String,
    events: Vec<(Event, Stamp)>,
}

impl Accompanied {
    /// Of a run that began so.
    pub(super) fn of(followed: &RunStarted, context: &Context, clock: Rc<SystemClock>) -> Self {
        let settings = &context.settings;
        let started = RunStarted {
            program: env!("CARGO_PKG_VERSION").to_owned(),
            host: settings.host.clone(),
            boot: crate::process::boot_id().unwrap_or_default(),
            responder: settings.responder.clone(),
            mode: Mode::Training,
            world: World::Beside,
            follows: Some(followed.run.clone()),
            inputs: Vec::new(),
            alert: None,
            at: None,
            behind: Vec::new(),
            ..followed.clone()
        };
        let by = settings.responder.name.clone();
        let mut record = Self { clock, by, events: Vec::new() };
        record.note(Event::RunStarted(Box::new(started)));
        record
    }

    /// The step at which they came.
    pub(super) fn comes_to(&mut self, step: &StepId, run: &Run) {
        let runbook = &run.plan().runbook;
        let titled = runbook.find(step).map(|key| &runbook.step(key).title);
        let unknown = |reference: &_| format!("‹{reference}›");
        let title = titled.map(|title| title.preview(&*run.facts(), &unknown)).unwrap_or_default();
        let (step, lane) = (step.clone(), LaneId::MAIN);
        self.note(Event::StepEntered { step, title, before: 0, unclear: None, lane });
    }

    /// They saw a fact of the run. Of what others did, only the way is kept.
    pub(super) fn saw(&mut self, event: &Event) {
        match event {
            Event::StepClosed { .. } | Event::StepEntered { .. } => self.note(event.clone()),
            Event::RunFinished { outcome, .. } => self.note(finished(*outcome)),
            _ => {}
        }
    }

    /// They said what they expect.
    pub(super) fn predicted(&mut self, step: &StepId, text: &str) {
        self.note(Event::Answered {
            step: Some(step.clone()),
            question: "read".to_owned(),
            answer: Answer::Predict { text: text.to_owned() },
            gives: None,
            lane: LaneId::MAIN,
        });
    }

    fn note(&mut self, event: Event) {
        let (at, mono) = (self.clock.now(), self.clock.monotonic());
        self.events.push((event, Stamp { at, mono, by: self.by.clone() }));
    }

    /// Writes it into a folder of its own. Who left before the end of the run gave it up.
    pub(super) fn write(mut self, followed: &RunFolder, context: &Context) -> Result<(), Failure> {
        if !matches!(self.events.last(), Some((Event::RunFinished { .. }, _))) {
            self.note(finished(Outcome::Abandoned));
        }
        let unrecorded = |error: &dyn std::error::Error| {
            Failure::from_error(Exit::Unrecorded, error)
                .hint("that you followed the run is not kept; the run itself is untouched")
        };
        let (Event::RunStarted(started), first) = self.events.remove(0) else { return Ok(()) };
        let runbook = &started.runbook;
        let frozen = runbook.files.iter().map(|file| {
            let bytes = followed.frozen(Path::new(&file.path));
            let bytes = bytes.map_err(|error| unreadable(&error))?;
            if sha256(&bytes) != file.sha256 {
                let message = format!("the frozen file {} was changed", file.path);
                return Err(Failure::new(Exit::Damaged, message));
            }
            Ok((PathBuf::from(&file.path), bytes))
        });
        let frozen: Vec<(PathBuf, Vec<u8>)> = frozen.collect::<Result<_, _>>()?;
        let files: Vec<FrozenFile<'_>> = frozen
            .iter()
            .map(|(path, bytes)| FrozenFile { path, bytes, executable: false })
            .collect();
        let name = runbook.service.as_deref().unwrap_or(&runbook.id);
        let folder = context.store()?.create(first.at, name, random);
        let folder = folder.map_err(|error| unrecorded(&error))?;
        folder.make_key(random).map_err(|error| unrecorded(&error))?;
        folder.freeze(&files).map_err(|error| unrecorded(&error))?;
        let mut journal = Journal::create(folder.path()).map_err(|error| unrecorded(&error))?;
        let started = RunStarted { run: folder.id().to_owned(), ..*started };
        self.events.insert(0, (Event::RunStarted(Box::new(started)), first));
        for (event, stamp) in self.events {
            let written = journal.append(&event, stamp, Durability::Later);
            written.map_err(|error| unrecorded(&error))?;
        }
        journal.close().map_err(|error| unrecorded(&error))
    }
}

fn finished(outcome: Outcome) -> Event {
    Event::RunFinished {
        outcome,
        failed: None,
        still_changed: Vec::new(),
        changed_by: Vec::new(),
        ended_by: None,
    }
}
