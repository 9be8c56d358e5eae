//! `surefoot run`: walks a runbook.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crate::catalog::{Closure, Folder, Part, Whereabouts};
use crate::cli::Context;
use crate::cli::agreement;
use crate::cli::alerts::alert_for;
use crate::cli::answering::choose;
use crate::cli::args::{ModeArgument, RunArguments};
use crate::cli::asking::{ask_for_environment, ask_for_inputs};
use crate::cli::background;
use crate::cli::backstage::Behind;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::governing::{governing_of, levels};
use crate::cli::inputs;
use crate::cli::open::{self, Opened};
use crate::cli::past;
use crate::cli::provenance::origins;
use crate::cli::team::walked;
use crate::cli::trusted::trust;
use crate::cli::walk::{Asked, Walk, agreed, answers, ask, attendance, pace};
use crate::console::{Echo, Meaning, Text};
use crate::effects::SystemClock;
use crate::engine::{FileOrigin, Input, InputRecord, Recorded, Run, RunStarted, RunbookOrigin};
use crate::journal::{FrozenFile, Holder, Journal, Lock, LockFailed, RunFolder};
use crate::plan::{Alert, DigestKey, Given, Mode, Plan, World};
use crate::policy::{Attendance, Policy, Rules, Trust};
use crate::process::GitOrigin;
use crate::runbook::{Environment, Runbook, StepId};
use crate::session::Clock as _;
use crate::signing;
use crate::value::{Datum, Name, Secret};

/// The format of the journals that this program writes.
const FORMAT: &str = crate::journal::FORMAT;

pub(crate) fn run(arguments: &RunArguments, context: &Context) -> Result<Exit, Failure> {
    let (opened, alert) = match (&arguments.reference, &arguments.inputs.alert) {
        (Some(reference), _) => (open::open(reference, context)?, None),
        (None, Some(named)) => {
            let (opened, alert) = choose(named, context)?;
            (opened, Some(alert))
        }
        (None, None) => return Err(Failure::new(Exit::Usage, "no runbook and no alert is named")),
    };
    run_opened(opened, alert, arguments, context)
}

/// Walks the runbook that was chosen.
pub(crate) fn run_at(
    lies: &Whereabouts,
    arguments: &RunArguments,
    context: &Context,
) -> Result<Exit, Failure> {
    run_opened(open::open_at(lies, context)?, None, arguments, context)
}

fn run_opened(
    opened: Opened,
    alert: Option<Alert>,
    arguments: &RunArguments,
    context: &Context,
) -> Result<Exit, Failure> {
    let root = opened.folder.root();
    let settings = governing_of(context, &opened)?.guarded()?.settings;
    let attendance = attendance();
    let trust = trust(&opened, attendance, &settings.sources, context)?;
    // What it brings is for later runs: this one has read all that it is made of.
    background::start(&settings, context);
    let agreement = agreement::rules(context, &settings, Some(root.to_owned()))?;
    let now = SystemClock::start().now();
    let rules = settings.rules(&opened.runbook, &opened.digest, now);
    let alert = match alert {
        Some(alert) => Some(alert),
        None => alert_for(arguments.inputs.alert.as_ref(), &opened.runbook, context)?,
    };
    let standing = Standing { attendance, trust, rules, alert };
    let prepared = prepare(arguments, &opened, standing, context)?;
    let at = start_step(arguments.at.as_deref(), &opened.runbook)?;
    begin(arguments, context, opened, prepared, Terms { at, agreement })
}

/// What is known before the runbook's own values are: what decides how much is asked, and the alert.
struct Standing {
    attendance: Attendance,
    trust: Trust,
    rules: Rules,
    alert: Option<Alert>,
}

/// How it is walked.
struct Terms {
    /// From which step, if not from the first.
    at: Option<StepId>,
    /// What settings say about the agreement of others.
    agreement: signing::Rules,
}

/// What was decided before anything is written.
struct Prepared {
    environment: Option<Environment>,
    alert: Option<Alert>,
    inputs: BTreeMap<Name, Given>,
    policy: Policy,
}

fn prepare(
    arguments: &RunArguments,
    opened: &Opened,
    standing: Standing,
    context: &Context,
) -> Result<Prepared, Failure> {
    let Standing { attendance, trust, rules, alert } = standing;
    let runbook = &opened.runbook;
    let mut problems = Vec::new();
    let asked;
    let mut chosen = arguments.inputs.environment.as_deref();
    if chosen.is_none() && attendance == Attendance::Attended {
        asked = ask_for_environment(context, runbook)?;
        chosen = asked.as_deref();
    }
    let environment = inputs::environment(runbook, chosen).unwrap_or_else(|problem| {
        problems.push(problem);
        None
    });
    let mut collected =
        inputs::collect(runbook, &arguments.inputs.set, alert.as_ref(), &context.settings, trust);
    problems.append(&mut collected.problems);
    if attendance == Attendance::Unattended {
        for name in &collected.unset {
            problems.push(format!("input `{name}` is not set: --set {name}=..."));
        }
    }
    if !problems.is_empty() {
        let message = format!("nothing was run:\n{}", problems.join("\n"));
        return Err(Failure::new(Exit::Usage, message));
    }
    let policy = Policy {
        attendance,
        trust,
        protection: runbook.protection(environment.as_ref()),
        agreed: agreed(&arguments.walking),
        rules,
    };
    let inputs = ask_for_inputs(context, runbook, collected, environment.as_ref(), trust)?;
    Ok(Prepared { environment, alert, inputs, policy })
}

fn start_step(at: Option<&str>, runbook: &Runbook) -> Result<Option<StepId>, Failure> {
    let Some(wanted) = at else { return Ok(None) };
    let id = StepId(wanted.to_owned());
    if runbook.find(&id).is_some() {
        return Ok(Some(id));
    }
    let ids = runbook.steps.iter().map(|step| step.id.0.as_str());
    let near = crate::diagnostic::did_you_mean(wanted, ids);
    let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    Err(Failure::new(Exit::Usage, format!("there is no step `{wanted}`{near}")))
}

/// Makes the run's folder and walks. Whatever cannot be written here: nothing is started.
#[expect(clippy::needless_pass_by_value, reason = "it is used up: the runbook goes into the plan")]
fn begin(
    arguments: &RunArguments,
    context: &Context,
    opened: Opened,
    prepared: Prepared,
    terms: Terms,
) -> Result<Exit, Failure> {
    let unrecorded = |error: &dyn std::error::Error| {
        Failure::from_error(Exit::Unrecorded, error).hint("nothing was started")
    };
    let answers = answers(&arguments.walking, &opened.runbook)?;
    let store = context.store()?;
    let now = opened.as_trusted();
    let runbook = Arc::new(opened.runbook);
    let team = walked(context);
    let history = past::known(
        &store,
        &runbook,
        (&opened.digest, || Some(now)),
        prepared.policy.attendance,
        &team,
    );
    let name = runbook.service.as_deref().unwrap_or(&runbook.id);
    let folder = store
        .create(SystemClock::start().now(), name, random)
        .map_err(|error| unrecorded(&error))?;
    let holder = holder(context, &folder);
    let _lock = Lock::of_run(folder.path(), &holder).map_err(|error| held(&error))?;
    let key = folder.make_key(random).map_err(|error| unrecorded(&error))?;
    folder.freeze(&frozen_files(&opened.closure)).map_err(|error| unrecorded(&error))?;
    let journal = Journal::create(folder.path()).map_err(|error| unrecorded(&error))?;
    let mut plan = plan(arguments, &runbook, &prepared, &folder, DigestKey::new(key));
    plan.policy.rules.levels = levels(&plan);
    let _named = named_lock(context, &plan, &holder)?;
    let origin = origin(&opened.closure, &opened.folder, &plan, context);
    let started = started(arguments, context, &plan, origin, terms.at);
    let walk = Walk {
        run: Run::new(Arc::new(plan)),
        journal,
        folder: &folder,
        first: Input::Begin(Box::new(started)),
        known: history.known.clone(),
        behind: Behind::of(context, &folder, history),
        answers,
        walking: &arguments.walking,
        agreement: terms.agreement,
    };
    walk.walk(context)
}

/// The files as they are kept with the run.
pub(crate) fn frozen_files(closure: &Closure) -> Vec<FrozenFile<'_>> {
    let parts = closure.parts().iter();
    parts
        .map(|part| FrozenFile {
            path: Path::new(&part.path),
            bytes: &part.bytes,
            executable: part.executable,
        })
        .collect()
}

/// Bytes that nobody can foresee.
pub(crate) fn random<const N: usize>() -> std::io::Result<[u8; N]> {
    let mut bytes = [0; N];
    rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty())?;
    Ok(bytes)
}

/// Who holds the locks of this run.
pub(crate) fn holder(context: &Context, folder: &RunFolder) -> Holder {
    Holder {
        pid: std::process::id(),
        host: context.settings.host.clone(),
        by: context.settings.responder.name.clone(),
        run: folder.id().to_owned(),
    }
}

/// A lock that somebody else has.
pub(crate) fn held(error: &LockFailed) -> Failure {
    match error {
        LockFailed::Failed(_) => Failure::from_error(Exit::Unrecorded, error),
        LockFailed::Held { .. } => Failure::from_error(Exit::Held, error),
    }
}

/// Tells of a second run under the same name, which must be insisted on.
fn named_lock(context: &Context, plan: &Plan, holder: &Holder) -> Result<Option<Lock>, Failure> {
    let runbook = &plan.runbook;
    let facts = Run::new(Arc::new(plan.clone()));
    let name = if let Some(template) = &runbook.lock {
        template.render(&*facts.facts()).unwrap_or_else(|_| runbook.id.clone())
    } else {
        let environment = plan.environment.as_ref().map_or("-", |it| it.name.as_str());
        let service = runbook.service.as_deref().unwrap_or("-");
        format!("{service}/{}/{environment}", runbook.id)
    };
    match Lock::named(context.state()?, &name, holder) {
        Ok(lock) => Ok(Some(lock)),
        Err(error @ LockFailed::Failed(_)) => Err(held(&error)),
        Err(error @ LockFailed::Held { .. }) => {
            context.terminal.line(&Text::of(Meaning::Warning, format!("{error}.")));
            match ask(context, "Walk it all the same? y or n: ", Echo::Shown)? {
                Asked::Line(line) if line.trim() == "y" => Ok(None),
                Asked::Line(_) | Asked::Nobody => Err(held(&error)),
            }
        }
    }
}

fn plan(
    arguments: &RunArguments,
    runbook: &Arc<Runbook>,
    prepared: &Prepared,
    folder: &RunFolder,
    key: DigestKey,
) -> Plan {
    Plan {
        runbook: Arc::clone(runbook),
        run: folder.id().to_owned(),
        mode: match arguments.mode {
            ModeArgument::Change => Mode::Change,
            ModeArgument::Incident => Mode::Incident,
            ModeArgument::Training => Mode::Training,
        },
        environment: prepared.environment.clone(),
        inputs: prepared.inputs.clone(),
        alert: prepared.alert.clone().unwrap_or_default(),
        policy: prepared.policy.clone(),
        work: folder.work().to_string_lossy().into_owned(),
        key,
    }
}

/// What is run, and where each of its files comes from.
pub(crate) fn origin(
    closure: &Closure,
    folder: &Folder,
    plan: &Plan,
    context: &Context,
) -> RunbookOrigin {
    let facts = Run::new(Arc::new(plan.clone()));
    let runbook = &plan.runbook;
    let title = runbook.title.preview(&*facts.facts(), &|reference| format!("‹{reference}›"));
    let parts = closure.parts();
    let known = origins(parts, folder, context);
    let file = |(part, known): (&Part, &Option<GitOrigin>)| {
        let known = known.as_ref();
        FileOrigin {
            path: part.path.clone(),
            sha256: crate::catalog::sha256(&part.bytes),
            remote: known.and_then(|known| known.remote.clone()),
            commit: known.and_then(|known| known.commit.clone()),
            dirty: known.map(|known| known.dirty),
        }
    };
    RunbookOrigin {
        id: runbook.id.clone(),
        service: runbook.service.clone(),
        repository: folder.service().map(str::to_owned),
        title,
        digest: closure.digest(),
        files: parts.iter().zip(&known).map(file).collect(),
    }
}

fn started(
    arguments: &RunArguments,
    context: &Context,
    plan: &Plan,
    runbook: RunbookOrigin,
    at: Option<StepId>,
) -> RunStarted {
    let inputs = plan.runbook.inputs.iter().filter_map(|input| {
        let given = plan.inputs.get(&input.name)?;
        Some(InputRecord {
            name: input.name.clone(),
            value: recorded(&given.datum),
            origin: given.origin.clone(),
        })
    });
    RunStarted {
        format: FORMAT.to_owned(),
        program: env!("CARGO_PKG_VERSION").to_owned(),
        run: plan.run.clone(),
        host: context.settings.host.clone(),
        boot: crate::process::boot_id().unwrap_or_default(),
        runbook,
        responder: context.settings.responder.clone(),
        mode: plan.mode,
        change: arguments.change.clone(),
        environment: plan.environment.as_ref().map(|it| it.name.clone()),
        policy: plan.policy.clone(),
        policy_digest: policy_digest(&plan.policy),
        pace: pace(&arguments.walking),
        inputs: inputs.collect(),
        alert: arguments.inputs.alert.is_some().then(|| plan.alert.clone()),
        at,
        behind: Vec::new(),
        world: World::Real,
        follows: None,
        rehearsal: None,
    }
}

/// A value for a record. The text of a secret is not in it: the session hides it beforehand.
fn recorded(datum: &Datum) -> Recorded {
    match datum {
        Datum::Open(value) => Recorded::Open(value.clone()),
        Datum::Secret(secret) => Recorded::Secret(Some(Secret::clone(secret))),
    }
}

/// The digest of a policy.
pub(crate) fn policy_digest(policy: &Policy) -> String {
    let json = serde_json::to_vec(policy).expect("a policy is made of words");
    crate::catalog::sha256(&json)
}
