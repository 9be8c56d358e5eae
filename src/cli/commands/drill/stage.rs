//! The stage of a drill: its run, its record, its time, and whoever looks on.

use std::rc::Rc;
use std::sync::Arc;

use jiff::Timestamp;

use super::led::{Led, Second};
use super::scenario::Kept;
use super::{MARK, demands};
use crate::cli::Context;
use crate::cli::args::{DrillArguments, WalkingArguments};
use crate::cli::backstage::{Behind, Rehearsal};
use crate::cli::commands::run::{frozen_files, held, holder, origin, policy_digest, random};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::governing::levels;
use crate::cli::leading::SharedLead;
use crate::cli::open::Opened;
use crate::cli::paced::{Paced, PacedClock};
use crate::cli::past;
use crate::cli::practised::practised;
use crate::cli::team::walked;
use crate::cli::walk::{answers, attendance, exit, pace, responder_in, signals_of_process, told};
use crate::console::{
    Answers, JsonLines, Lesson, Meaning, Terminal, Text, Took, Tutor, View, attended, debrief,
    debriefing,
};
use crate::effects::SystemClock;
use crate::engine::{Input, Rest, Run, RunStarted};
use crate::journal::{Journal, Lock, RunFolder};
use crate::plan::{DigestKey, Mode, Plan};
use crate::policy::Policy;
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
    let answers = answers(&arguments.walking, &opened.runbook)?;
    let demands = demands::policy(&opened, &arguments.walking, context)?;
    let store = context.store()?;
    let now = opened.as_trusted();
    let runbook = Arc::new(opened.runbook);
    let prepared = prepare(&runbook, &kept.scenario, mode(arguments))
        .map_err(|error| Failure::from_error(Exit::Usage, &error))?;
    let known = (opened.digest.as_str(), || Some(now));
    let mut history = past::known(&store, &runbook, known, attendance(), &walked(context));
    if arguments.from.is_some() {
        history.forget_steps();
    }
    let lesson = arguments.learn.then(|| {
        let who = &context.settings.responder.name;
        Lesson::new(practised((&runbook, &opened.digest), who, &store, None))
    });
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
    plan.policy = Policy { protection: plan.policy.protection, ..demands };
    plan.policy.rules.levels = levels(&plan);
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
    let scene = Scene::at_start(&kept.scenario, arguments.speed)?;
    let (run, first) = (Run::new(Arc::new(plan)), Input::Begin(Box::new(started)));
    let staged = Staged { run, first, journal, answers, history, lesson, scene };
    let manner = Manner { walking: &arguments.walking, speed: arguments.speed };
    staged.act(&manner, context, &folder, &kept.scenario)
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

/// What a drill is walked in.
pub(super) struct Scene {
    pub(super) executor: ScriptedExecutor,
    pub(super) world: SharedWorld,
    pub(super) clock: Rc<PacedClock>,
    /// What happened so far.
    pub(super) trace: Trace,
    pub(super) notary: AgreeingNotary,
    /// When it began, by its own time.
    pub(super) began: Timestamp,
}

impl Scene {
    /// The scene of a drill that begins.
    fn at_start(scenario: &Rc<Scenario>, speed: u8) -> Result<Self, Failure> {
        let signals = signals_of_process()?;
        let clock = Rc::new(PacedClock::at(scenario.now, u32::from(speed), signals));
        let world = SharedWorld::of(Rc::clone(scenario));
        Ok(Self {
            executor: ScriptedExecutor::new(world.clone(), clock.clone(), Unscripted::CannotStart),
            began: clock.now(),
            trace: Trace::default(),
            notary: AgreeingNotary::default(),
            world,
            clock,
        })
    }
}

/// A drill that is about to begin, or to go on.
pub(super) struct Staged {
    pub(super) run: Run,
    pub(super) first: Input,
    pub(super) journal: Journal,
    pub(super) answers: Option<Answers>,
    pub(super) history: past::History,
    /// If somebody walks it in order to learn.
    pub(super) lesson: Option<Lesson>,
    pub(super) scene: Scene,
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
        let Self { run, first, journal, answers, history, lesson, scene } = self;
        let Scene { executor, world, clock, trace, notary: agreeing, began } = scene;
        let walker = &context.settings.responder.name;
        let lead = SharedLead::of(folder, world.clone(), clock.clone(), walker, trace);
        let mut executor = Paced::new(executor, world.clone(), clock.clone(), lead.clone(), folder)
            .map_err(|error| {
                Failure::new(Exit::Failed, format!("failed to set a timer: {error}"))
            })?;
        let terminal = context.terminal.marked(MARK);
        let marked = Context { settings: context.settings.clone(), terminal: terminal.clone() };
        let known = history.known.clone();
        let usual = known.usual;
        let behind = Behind::of(&marked, folder, history);
        let behind = behind.rehearsed(Rehearsal::Walked(lead.clone()));
        let mut tutor = lesson.clone().map(|lesson| Tutor::new(terminal.clone(), lesson));
        let other = responder_in(&marked, answers, behind, clock.clone(), lesson)?;
        let signals = signals_of_process()?;
        let mut responder = Led { other, clock: clock.clone(), signals };
        let mut notary = Second { agreeing, lead: lead.clone() };
        let mut view = View::new(terminal.clone(), clock.clone(), known);
        let mut lines = JsonLines::new(context.terminal.clone());
        let (mut watched, mut telling) = (world, lead.clone());
        let mut observers: Vec<&mut dyn Observer> = vec![&mut view, &mut watched, &mut telling];
        observers.extend(tutor.iter_mut().map(|tutor| tutor as &mut dyn Observer));
        if manner.walking.format.is_some() {
            observers.push(&mut lines);
        }
        opening(&terminal, scenario, manner.speed);
        let mut session = Session {
            run,
            journal,
            executor: &mut executor,
            responder: &mut responder,
            notary: &mut notary,
            observers,
            clock: &*clock,
            by: walker.clone(),
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
        review(&terminal, &lead, scenario, (&rest, &run), took);
        Ok(told(context, exit(&rest, &run)))
    }
}

/// What the record says that it was for.
fn mode(arguments: &DrillArguments) -> Mode {
    if arguments.learn { Mode::Training } else { Mode::Drill }
}

/// Shows what it came to, to all who took part.
fn review(
    terminal: &Terminal,
    lead: &SharedLead,
    scenario: &Scenario,
    (rest, run): (&Rest, &Run),
    took: Took,
) {
    let runbook = &run.plan().runbook;
    let rows = debriefing(&Debrief::of(runbook, scenario, rest, &lead.trace()), took, runbook);
    debrief(terminal, &rows);
    lead.over(&rows);
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
    if attended().is_some() {
        let keys = "H gives a hint. surefoot drill --facilitate leads it from another terminal.";
        terminal.indented(&Text::of(Meaning::Hint, keys), 0);
    }
    if let Some(brief) = &scenario.brief {
        let brief = Text::plain("  ").add_lines(Meaning::Heading, brief.trim_end());
        terminal.indented(&brief, 2);
    }
    terminal.blank();
}
