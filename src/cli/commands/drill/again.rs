//! A drill that was left, gone on with: its scenario lies beside its record, and its world is that of
//! the last record.

use std::rc::Rc;
use std::sync::Arc;

use super::demands;
use super::scenario::{Own, loaded};
use super::stage::{Manner, Scene, Staged, planned};
use crate::catalog::sha256;
use crate::cli::Context;
use crate::cli::args::ResumeArguments;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::frozen::{as_opened, content_of};
use crate::cli::open::Opened;
use crate::cli::paced::PacedClock;
use crate::cli::past;
use crate::cli::practised::practised;
use crate::cli::runs::unreadable;
use crate::cli::team::walked;
use crate::cli::walk::{answers, attendance, signals_of_process};
use crate::console::Lesson;
use crate::effects::SystemClock;
use crate::engine::{Input, Rehearsal, Resumed, RunStarted};
use crate::journal::{Record, Recovered, RunFolder};
use crate::plan::Mode;
use crate::policy::{Pace, Policy};
use crate::rehearsal::{Again, SharedWorld, again, prepare};
use crate::runbook::Scenario;
use crate::session::Clock as _;

/// What a drill was walked against.
pub(super) struct Against {
    pub(super) opened: Opened,
    pub(super) scenario: Rc<Scenario>,
    pub(super) speed: u8,
}

impl Against {
    /// Reads what was kept with a drill; nothing if an earlier version kept nothing.
    pub(super) fn of(
        started: &RunStarted,
        folder: &RunFolder,
        context: &Context,
    ) -> Result<Option<Self>, Failure> {
        let Some(Rehearsal { scenario, runbook, speed }) = &started.rehearsal else {
            return Ok(None);
        };
        let path = folder.scenario();
        let bytes = folder.kept_scenario().map_err(|error| unreadable(&error))?;
        let damaged = || Failure::new(Exit::Damaged, format!("{} was changed", path.display()));
        if sha256(&bytes) != *scenario {
            return Err(damaged());
        }
        let text = String::from_utf8(bytes).map_err(|_| damaged())?;
        let opened = as_opened(started, folder, context)?;
        let own = Own { opened: &opened, called: runbook };
        let scenario = loaded("the scenario of the drill", &text, &own, context)?;
        Ok(Some(Self { scenario: Rc::new(scenario), speed: *speed, opened }))
    }

    /// Brings its world to where a record ends.
    pub(super) fn again(
        &self,
        folder: &RunFolder,
        records: &[Record],
        mode: Mode,
    ) -> Result<(Again, SharedWorld, Rc<PacedClock>), Failure> {
        let runbook = Arc::new(self.opened.runbook.clone());
        let prepared = prepare(&runbook, &self.scenario, mode);
        let prepared = prepared.map_err(|error| Failure::from_error(Exit::Damaged, &error))?;
        let key = folder.key().map_err(|error| unreadable(&error))?;
        let plan = planned(prepared.plan, folder, key);
        let latest = records.last().map(|record| record.at);
        let clock = PacedClock::at(latest, u32::from(self.speed), signals_of_process()?);
        let (clock, world) = (Rc::new(clock), SharedWorld::of(Rc::clone(&self.scenario)));
        let again = again(plan, &world, clock.clone(), records).map_err(|error| {
            let message = format!("the record of {}: {error}", folder.id());
            Failure::new(Exit::Damaged, message)
        })?;
        Ok((again, world, clock))
    }
}

/// Goes on with a drill.
pub(crate) fn resume(
    recovered: Recovered,
    started: &RunStarted,
    folder: &RunFolder,
    arguments: &ResumeArguments,
    context: &Context,
) -> Result<Exit, Failure> {
    if let Some(followed) = &started.follows {
        let message = format!("{} is no walk: somebody looked on at {followed}", folder.id());
        return Err(Failure::new(Exit::Usage, message).hint("surefoot follow --learn does so anew"));
    }
    let Some(against) = Against::of(started, folder, context)? else {
        let message = format!("the drill {} kept no scenario: it is not gone on with", folder.id());
        return Err(Failure::new(Exit::Usage, message).hint("start it anew with surefoot drill"));
    };
    let records = &recovered.records;
    let (again, world, clock) = against.again(folder, records, started.mode)?;
    let Again { run, executor, trace, notary, found, .. } = again;
    crate::cli::commands::resume::is_not_over(&run, folder)?;
    let ran = || content_of(started, folder, SystemClock::start().now());
    let ran = (started.runbook.digest.as_str(), ran);
    let (store, runbook) = (context.store()?, &*run.plan().runbook);
    let mut history = past::known(&store, runbook, ran, attendance(), &walked(context));
    history.forget_steps();
    let lesson = (started.mode == Mode::Training).then(|| {
        let who = &context.settings.responder.name;
        let of = (runbook, started.runbook.digest.as_str());
        Lesson::new(practised(of, who, &store, Some(folder.id())))
    });
    let demands = demands::again(started, &against.opened, &arguments.walking, context)?;
    let resumed = Resumed {
        program: env!("CARGO_PKG_VERSION").to_owned(),
        host: context.settings.host.clone(),
        boot: crate::process::boot_id().unwrap_or_default(),
        responder: context.settings.responder.clone(),
        policy: Policy { protection: run.plan().policy.protection, ..demands },
        pace: arguments.walking.auto.map(|_| Pace::Flow),
        found,
        set_aside: recovered.set_aside.map_or(0, |aside| aside.bytes),
        voided: std::collections::BTreeMap::new(),
        from: None,
    };
    let began = records.first().map_or_else(|| clock.now(), |first| first.at);
    let staged = Staged {
        answers: answers(&arguments.walking, &run.plan().runbook)?,
        run,
        first: Input::Resumed(Box::new(resumed)),
        journal: recovered.journal,
        history,
        lesson,
        scene: Scene { executor, world, clock, trace, notary, began },
    };
    let manner = Manner { walking: &arguments.walking, speed: against.speed };
    staged.act(&manner, context, folder, &against.scenario)
}
