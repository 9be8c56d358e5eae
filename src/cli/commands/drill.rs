//! `surefoot drill`: walks a runbook as ever, against a scenario instead of the world.

use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use crate::catalog::{File, Folder};
use crate::cli::Context;
use crate::cli::args::DrillArguments;
use crate::cli::asking::ask_for_inputs;
use crate::cli::backstage::Behind;
use crate::cli::commands::run::{frozen_files, held, holder, origin, policy_digest, random};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::inputs;
use crate::cli::open::{self, Opened, show_findings};
use crate::cli::paced::{Paced, PacedClock};
use crate::cli::past;
use crate::cli::team::walked;
use crate::cli::walk::{answers, attendance, exit, pace, responder, signals_of_process, told};
use crate::console::{Answers, JsonLines, Meaning, Terminal, Text, Took, View, debrief};
use crate::effects::SystemClock;
use crate::engine::{Input, Run, RunStarted};
use crate::journal::{Journal, Lock, RunFolder};
use crate::plan::{DigestKey, Mode};
use crate::policy::{Attendance, Trust};
use crate::rehearsal::{
    AgreeingNotary, Debrief, ScriptedExecutor, SharedWorld, Trace, Unscripted, prepare, sampled,
};
use crate::runbook::{Runbook, Scenario, Secrecy, load_scenario};
use crate::session::{Broken, Clock as _, Observer, Session};
use crate::value::Datum;

/// What stands before each heading and prompt.
pub(crate) const MARK: &str = "DRILL";

pub(crate) fn run(arguments: &DrillArguments, context: &Context) -> Result<Exit, Failure> {
    let opened = open::open(&arguments.reference, context)?;
    let scenario = match &arguments.scenario {
        Some(path) => read(path, &opened.runbook, context)?,
        None => from_samples(arguments, &opened.runbook, context)?,
    };
    walk(arguments, context, opened, &Rc::new(scenario))
}

/// The scenario of a file, if it is about this runbook.
fn read(path: &Path, runbook: &Runbook, context: &Context) -> Result<Scenario, Failure> {
    let file = File::read(path).map_err(|error| Failure::from_error(Exit::Usage, &error))?;
    let name = path.display().to_string();
    let (source, findings) = crate::runbook::decode(&name, &file.bytes);
    let loaded = findings.is_empty().then(|| load_scenario(&source, &Folder::around(path)));
    let invalid = |findings: &[crate::diagnostic::Diagnostic]| {
        show_findings(&context.terminal, &source, findings);
        Failure::new(Exit::Invalid, format!("{name} is no scenario that can be walked"))
    };
    let Some(loaded) = loaded else { return Err(invalid(&findings)) };
    let Some(scenario) = loaded.scenario else { return Err(invalid(&loaded.findings)) };
    match loaded.runbook {
        Some(of) if of.id == runbook.id && of.service == runbook.service => Ok(scenario),
        _ => {
            let of = &scenario.runbook;
            let message = format!("{name} is a scenario of `{of}`, not of `{}`", runbook.id);
            Err(Failure::new(Exit::Usage, message))
        }
    }
}

/// The scenario of a runbook's samples, with inputs as they are given. Secrets are made up: nothing
/// of a drill needs a real one.
fn from_samples(
    arguments: &DrillArguments,
    runbook: &Runbook,
    context: &Context,
) -> Result<Scenario, Failure> {
    let usage = |problem: String| Failure::new(Exit::Usage, problem);
    let environment =
        inputs::environment(runbook, arguments.environment.as_deref()).map_err(usage)?;
    let trust = Trust::Untrusted;
    let mut collected = inputs::collect(runbook, &arguments.set, None, &context.settings, trust);
    let open = |name: &crate::value::Name| {
        let input = runbook.inputs.iter().find(|input| input.name == *name);
        input.is_some_and(|input| matches!(input.secrecy, Secrecy::Open))
    };
    collected.unset.retain(open);
    if attendance() == Attendance::Unattended {
        let unset = collected.unset.iter();
        collected
            .problems
            .extend(unset.map(|name| format!("input `{name}` is not set: --set {name}=...")));
    }
    if !collected.problems.is_empty() {
        return Err(usage(collected.problems.join("\n")));
    }
    let given = ask_for_inputs(context, runbook, collected, environment.as_ref(), trust)?;
    let values = given.into_iter().filter_map(|(name, given)| match given.datum {
        Datum::Open(value) => Some((name, value)),
        Datum::Secret(_) => None,
    });
    Ok(sampled(runbook, environment.as_ref(), values.collect()))
}

/// Walks it with a record of its own, which says that it was a drill.
fn walk(
    arguments: &DrillArguments,
    context: &Context,
    opened: Opened,
    scenario: &Rc<Scenario>,
) -> Result<Exit, Failure> {
    let answers = answers(&arguments.walking, &opened.runbook)?;
    let store = context.store()?;
    let now = opened.as_trusted();
    let runbook = Arc::new(opened.runbook);
    let prepared = prepare(&runbook, scenario, Mode::Drill)
        .map_err(|error| Failure::from_error(Exit::Usage, &error))?;
    let now = (opened.digest.as_str(), || Some(now));
    let history = past::known(&store, &runbook, now, attendance(), &walked(context));
    let name = runbook.service.as_deref().unwrap_or(&runbook.id);
    let folder = store
        .create(SystemClock::start().now(), name, random)
        .map_err(|error| unrecorded(&error))?;
    let _lock =
        Lock::of_run(folder.path(), &holder(context, &folder)).map_err(|error| held(&error))?;
    let key = folder.make_key(random).map_err(|error| unrecorded(&error))?;
    folder.freeze(&frozen_files(&opened.closure)).map_err(|error| unrecorded(&error))?;
    let journal = Journal::create(folder.path()).map_err(|error| unrecorded(&error))?;
    let mut plan = prepared.plan;
    folder.id().clone_into(&mut plan.run);
    plan.work = folder.work().to_string_lossy().into_owned();
    plan.key = DigestKey::new(key);
    plan.policy.attendance = attendance();
    let started = RunStarted {
        run: plan.run.clone(),
        host: context.settings.host.clone(),
        boot: crate::process::boot_id().unwrap_or_default(),
        runbook: origin(&opened.closure, &opened.folder, &plan, context),
        responder: context.settings.responder.clone(),
        policy_digest: policy_digest(&plan.policy),
        policy: plan.policy.clone(),
        pace: pace(&arguments.walking),
        ..prepared.started
    };
    let staged = Staged { run: Run::new(Arc::new(plan)), started, journal, answers, history };
    staged.act(arguments, context, &folder, scenario)
}

/// A drill that is about to begin.
struct Staged {
    run: Run,
    started: RunStarted,
    journal: Journal,
    answers: Option<Answers>,
    history: past::History,
}

impl Staged {
    /// Walks it until it rests, and shows what it came to.
    fn act(
        self,
        arguments: &DrillArguments,
        context: &Context,
        folder: &RunFolder,
        scenario: &Rc<Scenario>,
    ) -> Result<Exit, Failure> {
        let Self { run, started, journal, answers, history } = self;
        let signals = signals_of_process()?;
        let clock = Rc::new(PacedClock::at(scenario.now, u32::from(arguments.speed), signals));
        let world = SharedWorld::of(Rc::clone(scenario));
        let scripted = ScriptedExecutor::new(world.clone(), clock.clone(), Unscripted::CannotStart);
        let mut executor = Paced::new(scripted, world.clone(), clock.clone()).map_err(|error| {
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
        let (mut watched, mut trace) = (world, Trace::default());
        let mut observers: Vec<&mut dyn Observer> = vec![&mut view, &mut watched, &mut trace];
        if arguments.walking.format.is_some() {
            observers.push(&mut lines);
        }
        opening(&terminal, scenario, arguments.speed);
        let began = clock.now();
        let mut session = Session {
            run,
            journal,
            executor: &mut executor,
            responder: &mut *responder,
            notary: &mut AgreeingNotary::default(),
            observers,
            clock: &*clock,
            by: context.settings.responder.name.clone(),
        };
        let rest = session.walk(Input::Begin(Box::new(started)));
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
