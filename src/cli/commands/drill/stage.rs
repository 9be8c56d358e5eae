//! The stage of a drill: its run, its record, its time, and whoever looks on.

use std::rc::Rc;
use std::sync::Arc;

use jiff::Timestamp;

use super::MARK;
use super::scenario::Kept;
use crate::cli::Context;
use crate::cli::args::{DrillArguments, WalkingArguments};
use crate::cli::backstage::Behind;
use crate::cli::commands::run::{frozen_files, held, holder, origin, policy_digest, random};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::open::Opened;
use crate::cli::paced::{Paced, PacedClock};
use crate::cli::past;
use crate::cli::walk::{
    agreed, answers, attendance, exit, pace, responder, signals_of_process, told,
};
use crate::console::{Answers, JsonLines, Meaning, Terminal, Text, Took, View, debrief};
use crate::effects::SystemClock;
use crate::engine::{Input, Run, RunStarted};
use crate::journal::{Journal, Lock, RunFolder};
use crate::plan::{DigestKey, Mode, Plan};
use crate::rehearsal::{
    AgreeingNotary, Debrief, ScriptedExecutor, SharedWorld, Trace, Unscripted, prepare,
};
use crate::runbook::Scenario;
use crate::session::{Broken, Clock as _, Observer, Session};

/// Walks it with a record of its own, which says that it was a drill.
pub(super) fn walk(
    arguments: &DrillArguments,
    context: &Context,
    opened: Opened,
    kept: &Kept,
) -> Result<Exit, Failure> {
    let scenario = &kept.scenario;
    let answers = answers(&arguments.walking, &opened.runbook)?;
    let store = context.store()?;
    let now = opened.as_trusted();
    let runbook = Arc::new(opened.runbook);
    let prepared = prepare(&runbook, scenario, Mode::Drill)
        .map_err(|error| Failure::from_error(Exit::Usage, &error))?;
    let mut history =
        past::known(&store, &runbook, (&opened.digest, || Some(now)), attendance(), None);
    if arguments.from.is_some() {
        history.forget_steps();
    }
    let name = runbook.service.as_deref().unwrap_or(&runbook.id);
    let folder = store
        .create(SystemClock::start().now(), name, random)
        .map_err(|error| unrecorded(&error))?;
    let _lock =
        Lock::of_run(folder.path(), &holder(context, &folder)).map_err(|error| held(&error))?;
    let key = folder.make_key(random).map_err(|error| unrecorded(&error))?;
    folder.freeze(&frozen_files(&opened.closure)).map_err(|error| unrecorded(&error))?;
    folder.keep_scenario(&kept.text).map_err(|error| unrecorded(&error))?;
    let journal = Journal::create(folder.path()).map_err(|error| unrecorded(&error))?;
    let mut plan = planned(prepared.plan, &folder, key);
    plan.policy.agreed = agreed(&arguments.walking);
    let started = RunStarted {
        run: plan.run.clone(),
        host: context.settings.host.clone(),
        boot: crate::process::boot_id().unwrap_or_default(),
        runbook: origin(&opened.closure, &opened.folder, &plan, context),
        responder: context.settings.responder.clone(),
        policy_digest: policy_digest(&plan.policy),
        policy: plan.policy.clone(),
        pace: pace(&arguments.walking),
        rehearsal: Some(kept.rehearsal(arguments.speed)),
        ..prepared.started
    };
    let signals = signals_of_process()?;
    let clock = Rc::new(PacedClock::at(scenario.now, u32::from(arguments.speed), signals));
    let world = SharedWorld::of(Rc::clone(scenario));
    let staged = Staged {
        executor: ScriptedExecutor::new(world.clone(), clock.clone(), Unscripted::CannotStart),
        run: Run::new(Arc::new(plan)),
        first: Input::Begin(Box::new(started)),
        began: clock.now(),
        trace: Trace::default(),
        notary: AgreeingNotary::default(),
        journal,
        answers,
        history,
        world,
        clock,
    };
    let manner = Manner { walking: &arguments.walking, speed: arguments.speed };
    staged.act(&manner, context, &folder, scenario)
}

/// The plan of a drill in its folder.
pub(super) fn planned(plan: Plan, folder: &RunFolder, key: [u8; 32]) -> Plan {
    let mut plan = plan;
    folder.id().clone_into(&mut plan.run);
    plan.work = folder.work().to_string_lossy().into_owned();
    plan.key = DigestKey::new(key);
    plan.policy.attendance = attendance();
    plan
}

/// How a drill is walked.
pub(super) struct Manner<'a> {
    pub(super) walking: &'a WalkingArguments,
    pub(super) speed: u8,
}

/// A drill that is about to begin, or to go on.
pub(super) struct Staged {
    pub(super) run: Run,
    pub(super) first: Input,
    pub(super) journal: Journal,
    pub(super) answers: Option<Answers>,
    pub(super) history: past::History,
    pub(super) executor: ScriptedExecutor,
    pub(super) world: SharedWorld,
    pub(super) clock: Rc<PacedClock>,
    pub(super) trace: Trace,
    pub(super) notary: AgreeingNotary,
    /// When it began, by its own time.
    pub(super) began: Timestamp,
}

impl Staged {
    /// Walks it until it rests, and shows what it came to.
    pub(super) fn act(
        self,
        manner: &Manner<'_>,
        context: &Context,
        folder: &RunFolder,
        scenario: &Rc<Scenario>,
    ) -> Result<Exit, Failure> {
        let Self { run, first, journal, answers, history, executor, world, clock, .. } = self;
        let (mut trace, mut notary, began) = (self.trace, self.notary, self.began);
        let mut executor = Paced::new(executor, world.clone(), clock.clone()).map_err(|error| {
            Failure::new(Exit::Failed, format!("failed to set a timer: {error}"))
        })?;
        let terminal = context.terminal.marked(MARK);
        let marked = Context { settings: context.settings.clone(), terminal: terminal.clone() };
        let known = history.known.clone();
        let usual = known.usual;
        let behind = Behind::of(&marked, folder, history);
        let mut responder = responder(&marked, answers, behind, clock.clone())?;
        let mut view = View::new(terminal.clone(), clock.clone(), known);
        let mut lines = JsonLines::new(context.terminal.clone());
        let mut watched = world;
        let mut observers: Vec<&mut dyn Observer> = vec![&mut view, &mut watched, &mut trace];
        if manner.walking.format.is_some() {
            observers.push(&mut lines);
        }
        opening(&terminal, scenario, manner.speed);
        let mut session = Session {
            run,
            journal,
            executor: &mut executor,
            responder: &mut *responder,
            notary: &mut notary,
            observers,
            clock: &*clock,
            by: context.settings.responder.name.clone(),
        };
        let rest = session.walk(first);
        let Session { journal, run, .. } = session;
        let rest = rest.map_err(|broken| match broken {
            Broken::Unrecorded(error) => unrecorded(&*error),
            broken => Failure::from_error(Exit::Damaged, &broken),
        })?;
        journal.close().map_err(|error| unrecorded(&error))?;
        let took = clock.now().duration_since(began).as_millis();
        let took = Took { now: u64::try_from(took).unwrap_or(0), usual };
        let runbook = &run.plan().runbook;
        debrief(&terminal, &Debrief::of(runbook, scenario, &rest, &trace), took, runbook);
        Ok(told(context, exit(&rest, &run)))
    }
}

fn unrecorded(error: &dyn std::error::Error) -> Failure {
    Failure::from_error(Exit::Unrecorded, error)
}

/// What stands above everything else.
fn opening(terminal: &Terminal, scenario: &Scenario, speed: u8) {
    let pace = match speed {
        1 => String::new(),
        speed => format!(" Time runs {speed} times as fast."),
    };
    let what = format!("Nothing is run: what commands print comes from a scenario.{pace}");
    terminal.line_with_right(&Text::of(Meaning::Warning, what), &Text::new());
    if let Some(brief) = &scenario.brief {
        let brief = Text::plain("  ").add_lines(Meaning::Heading, brief.trim_end());
        terminal.indented(&brief, 2);
    }
    terminal.blank();
}
