//! A rehearsal that was left, as it was then: its record is walked through once more, with the same
//! executor that went on with it, so that what runs goes on and what was tried is counted.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use super::executor::{ScriptedExecutor, Unscripted};
use super::notary::AgreeingNotary;
use super::time::Time;
use super::trace::Trace;
use super::world::SharedWorld;
use crate::engine::{AttemptId, Corrupt, Event, Found, Run, ToldKind};
use crate::journal::Record;
use crate::plan::Plan;
use crate::runbook::Part;
use crate::session::Observer as _;

/// What a rehearsal was when it was left.
pub struct Again {
    /// The run.
    pub run: Run,
    /// What runs, and what gives it.
    pub executor: ScriptedExecutor,
    /// What happened.
    pub trace: Trace,
    /// Who agrees.
    pub notary: AgreeingNotary,
    /// What is known of commands that run.
    pub found: BTreeMap<AttemptId, Found>,
    /// What those gave that have ended.
    pub gave: BTreeMap<AttemptId, Part>,
}

/// Brings a world, at its start, to where a record of it ends. The time is that of what comes after it.
pub fn again(
    plan: Plan,
    world: &SharedWorld,
    time: Rc<dyn Time>,
    records: &[Record],
) -> Result<Again, Corrupt> {
    let mut run = Run::new(Arc::new(plan));
    let mut executor = ScriptedExecutor::new(world.clone(), time, Unscripted::CannotStart);
    let (mut watched, mut trace) = (world.clone(), Trace::default());
    let (mut gave, mut asked) = (BTreeMap::new(), 0);
    for record in records {
        let starts = match &record.event {
            Event::AttemptStarted(started) => {
                run.demands().start.into_iter().find(|attempt| attempt.id == started.attempt)
            }
            _ => None,
        };
        run.apply(&record.event, record.at)?;
        watched.recorded(record, &run);
        trace.recorded(record, &run);
        match &record.event {
            Event::AttemptStarted(_) => {
                if let Some(attempt) = starts {
                    executor.start_at(&attempt, record.at);
                }
            }
            Event::AttemptEnded(ended) => {
                gave.extend(executor.ended(ended).map(|part| (ended.attempt, part)));
            }
            Event::Readied { attempt, .. } => executor.readied(*attempt),
            Event::ApprovalRequested(_) => asked += 1,
            Event::Told(told) if told.kind == ToldKind::Inject => {
                world.with(|world| world.told(told));
            }
            Event::Resumed(_) => executor.keep_only(&run.running().collect()),
            _ => {}
        }
    }
    let notary = AgreeingNotary::after(asked);
    let found = executor.found();
    Ok(Again { run, executor, trace, notary, found, gave })
}
