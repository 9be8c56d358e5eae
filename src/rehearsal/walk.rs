//! A whole walk through a scenario, in memory.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use jiff::Timestamp;

use super::executor::{ScriptedExecutor, Unscripted};
use super::notary::AgreeingNotary;
use super::responder::ScriptedResponder;
use super::time::{SimulatedClock, Time};
use super::trace::Trace;
use super::world::{Problem, SharedWorld};
use crate::engine::{
    Input, InputRecord, PauseReason, Recorded, Responder, Rest, Run, RunStarted, RunbookOrigin,
};
use crate::journal::{FORMAT, Journal};
use crate::plan::{Alert, DigestKey, Given, Mode, Origin, Plan, World};
use crate::policy::{Attendance, Pace, Policy, Rules, Trust};
use crate::runbook::{Environment, Outcome, Presence, Runbook, Scenario, Secrecy};
use crate::session::{Broken, Observer, Responder as AnyResponder, Session};
use crate::value::{Datum, Name, Secret};

/// A walk that takes more records than this goes round in circles.
const MOST_RECORDS: u64 = 20_000;

/// What the walker of a rehearsal is called.
const WALKER: &str = "rehearsal";

/// The working folder of commands that nobody runs.
pub(super) const WORK: &str = "/rehearsal/work";

/// Why a scenario cannot be walked.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Unwalkable {
    /// No environment is chosen.
    #[error("the runbook has environments, and the scenario chooses none: {0}")]
    Environment(String),
    /// Inputs have no values.
    #[error("the scenario gives no value to {0}")]
    Inputs(String),
}

/// What became of a walk.
#[derive(Debug)]
pub struct Walked {
    /// How it ended; nothing if it was left before its end.
    pub outcome: Option<Outcome>,
    /// What the scenario should have said.
    pub problems: Vec<Problem>,
    /// Why it broke off, where nothing else says it.
    pub broken: Option<String>,
    /// What happened.
    pub trace: Trace,
}

/// A scenario's walk before it begins.
pub struct Prepared {
    /// All that is known before the first question.
    pub plan: Plan,
    /// The beginning of the record, without the origin of the runbook's files.
    pub started: RunStarted,
    /// When it begins.
    pub now: Timestamp,
}

/// Makes the plan of a scenario. Whoever keeps a record sets the run's id, key and origin.
pub fn prepare(
    runbook: &Arc<Runbook>,
    scenario: &Scenario,
    mode: Mode,
) -> Result<Prepared, Unwalkable> {
    let environment = environment(runbook, scenario)?;
    let inputs = inputs(runbook, scenario)?;
    let policy = Policy {
        attendance: Attendance::Attended,
        trust: Trust::Trusted,
        protection: runbook.protection(environment.as_ref()),
        agreed: std::collections::BTreeSet::new(),
        rules: Rules::default(),
    };
    let plan = Plan {
        runbook: Arc::clone(runbook),
        run: WALKER.to_owned(),
        mode,
        environment,
        inputs,
        alert: Alert::default(),
        policy,
        work: WORK.to_owned(),
        key: DigestKey::new([0; 32]),
    };
    Ok(Prepared {
        started: started(&plan),
        plan,
        now: scenario.now.unwrap_or(Timestamp::UNIX_EPOCH),
    })
}

/// Walks a scenario to its end: no process, no file, no time.
pub fn walk(runbook: &Arc<Runbook>, scenario: &Rc<Scenario>) -> Result<Walked, Unwalkable> {
    let scripted = |world: &SharedWorld, time| ScriptedResponder::new(world.clone(), time);
    walk_with(runbook, scenario, scripted, None::<&mut Trace>)
}

/// The same, with somebody else who answers, and maybe somebody who watches.
pub(super) fn walk_with<R: AnyResponder, W: Observer>(
    runbook: &Arc<Runbook>,
    scenario: &Rc<Scenario>,
    responder: impl FnOnce(&SharedWorld, Rc<dyn Time>) -> R,
    watcher: Option<&mut W>,
) -> Result<Walked, Unwalkable> {
    let Prepared { plan, started, now } = prepare(runbook, scenario, Mode::Test)?;
    let time: Rc<SimulatedClock> = Rc::new(SimulatedClock::at(now));
    let world = SharedWorld::of(Rc::clone(scenario));
    let clock = Rc::clone(&time) as Rc<dyn Time>;
    let mut executor = ScriptedExecutor::new(world.clone(), Rc::clone(&clock), Unscripted::Leaves);
    let mut responder = responder(&world, clock);
    let mut notary = AgreeingNotary::default();
    let mut trace = Trace::default();
    let mut around = world.clone();
    let mut observers: Vec<&mut dyn Observer> = vec![&mut around, &mut trace];
    if let Some(watcher) = watcher {
        observers.push(watcher);
    }
    let mut session = Session {
        run: Run::new(Arc::new(plan)),
        journal: Journal::in_memory(MOST_RECORDS),
        executor: &mut executor,
        responder: &mut responder,
        notary: &mut notary,
        observers,
        clock: &*time,
        by: WALKER.to_owned(),
    };
    let rest = session.walk(Input::Begin(Box::new(started)));
    drop(session);
    let problems = world.with(|world| world.problems().to_vec());
    let (outcome, broken) = match rest {
        Ok(Rest::Finished { outcome, .. }) => (Some(outcome), None),
        Ok(Rest::Paused(PauseReason::HungUp | PauseReason::PersonNeeded { .. })) => (None, None),
        Ok(Rest::Paused(_)) => (None, Some("the walk was left before its end".to_owned())),
        Err(Broken::Unrecorded(_)) => {
            (None, Some(format!("it goes round without end: more than {MOST_RECORDS} facts")))
        }
        Err(broken) => (None, Some(broken.to_string())),
    };
    Ok(Walked { outcome, problems, broken, trace })
}

fn environment(runbook: &Runbook, scenario: &Scenario) -> Result<Option<Environment>, Unwalkable> {
    let names = || {
        let names = runbook.environments.iter().map(|it| it.name.to_string());
        names.collect::<Vec<_>>().join(", ")
    };
    match &scenario.environment {
        Some(name) => Ok(runbook.environments.iter().find(|it| it.name == *name).cloned()),
        None if runbook.environments.is_empty() => Ok(None),
        None => Err(Unwalkable::Environment(names())),
    }
}

/// A secret that opens nothing, in place of the one that a name has.
pub(super) fn made_up(name: &str) -> String {
    format!("rehearsal-{name}-5f0b7c")
}

/// The scenario's values, then defaults. A secret is made up: none stands in a scenario.
fn inputs(runbook: &Runbook, scenario: &Scenario) -> Result<BTreeMap<Name, Given>, Unwalkable> {
    let mut inputs = BTreeMap::new();
    let mut unset = Vec::new();
    for input in &runbook.inputs {
        let name = input.name.clone();
        let given = match (&input.secrecy, scenario.inputs.get(&name), &input.default) {
            (Secrecy::Secret(_), _, _) => Some(Given {
                datum: Datum::Secret(Secret::new(made_up(name.as_str()))),
                origin: Origin::Source,
            }),
            (Secrecy::Open, Some(value), _) => {
                Some(Given { datum: Datum::Open(value.clone()), origin: Origin::Set })
            }
            (Secrecy::Open, None, Some(value)) => {
                Some(Given { datum: Datum::Open(value.clone()), origin: Origin::Default })
            }
            (Secrecy::Open, None, None) => None,
        };
        match given {
            Some(given) => {
                inputs.insert(name, given);
            }
            None if input.presence == Presence::Required => unset.push(name.to_string()),
            None => {}
        }
    }
    if unset.is_empty() { Ok(inputs) } else { Err(Unwalkable::Inputs(unset.join(", "))) }
}

fn started(plan: &Plan) -> RunStarted {
    let runbook = &plan.runbook;
    let inputs = runbook.inputs.iter().filter_map(|input| {
        let given = plan.inputs.get(&input.name)?;
        let value = match &given.datum {
            Datum::Open(value) => Recorded::Open(value.clone()),
            Datum::Secret(secret) => Recorded::Secret(Some(Secret::clone(secret))),
        };
        Some(InputRecord { name: input.name.clone(), value, origin: given.origin.clone() })
    });
    RunStarted {
        format: FORMAT.to_owned(),
        program: env!("CARGO_PKG_VERSION").to_owned(),
        run: plan.run.clone(),
        host: WALKER.to_owned(),
        boot: WALKER.to_owned(),
        runbook: RunbookOrigin {
            id: runbook.id.clone(),
            service: runbook.service.clone(),
            repository: None,
            title: runbook.title.unfilled(),
            digest: String::new(),
            files: Vec::new(),
        },
        responder: Responder { name: WALKER.to_owned(), known_by: WALKER.to_owned() },
        mode: plan.mode,
        change: None,
        environment: plan.environment.as_ref().map(|it| it.name.clone()),
        policy: plan.policy.clone(),
        policy_digest: String::new(),
        pace: Pace::Flow,
        inputs: inputs.collect(),
        alert: None,
        at: None,
        behind: Vec::new(),
        world: World::Scripted,
        follows: None,
        rehearsal: None,
    }
}
