//! `surefoot resume`: goes on with a run where it was.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::sync::Arc;

use crate::cli::Context;
use crate::cli::agreement;
use crate::cli::args::{AutoArgument, ResumeArguments};
use crate::cli::backstage::Behind;
use crate::cli::commands::drill;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::frozen::{content_of, frozen};
use crate::cli::governing::governing;
use crate::cli::inputs;
use crate::cli::past;
use crate::cli::runs;
use crate::cli::taking_over::{Taken, take};
use crate::cli::team::walked;
use crate::cli::trusted::{guard_place, store_failed};
use crate::cli::walk::{Walk, agreed, answers, attendance};
use crate::effects::SystemClock;
use crate::engine::{Event, Input, Recorded, Rest, Resumed, Run, RunStarted};
use crate::journal::{ReadFailed, Record, RecoverFailed, RunFolder, read, recover};
use crate::plan::{DigestKey, Given, Plan};
use crate::policy::{Policy, Trust};
use crate::report::{State, Summary};
use crate::runbook::Runbook;
use crate::session::Clock as _;
use crate::settings::Settings;
use crate::value::{Datum, Name};

pub(crate) fn run(arguments: &ResumeArguments, context: &Context) -> Result<Exit, Failure> {
    let folder = match &arguments.run {
        Some(part) => runs::find(Some(part), context)?,
        None => latest_open(context)?,
    };
    guard_place(folder.path())?;
    let Taken { lock: _lock, from } = take(&folder, arguments, context)?;
    let recovered = recover(folder.path()).map_err(|error| match error {
        RecoverFailed::Unread(error) => runs::damaged(&folder, &error),
        RecoverFailed::Unwritten(error) => {
            Failure::from_error(Exit::Unrecorded, &error).hint("nothing was started")
        }
    })?;
    let started = first(&recovered.records, &folder)?;
    if started.is_rehearsal() {
        let started = started.clone();
        return drill::resume(recovered, &started, &folder, arguments, context);
    }
    // What its repository asks for is in its record.
    let settings = governing(context, None)?.guarded()?.settings;
    let plan = plan(started, &folder, arguments, &settings, context)?;
    let mut agreement = agreement::rules(context, &settings, None)?;
    agreement.repository = agreement::repository_around(agreement.signers.as_ref(), started);
    let answers = answers(&arguments.walking, &plan.runbook)?;
    let policy = plan.policy.clone();
    let run = replay(plan, &recovered.records, &folder)?;
    is_not_over(&run, &folder)?;
    let found =
        run.running().map(|attempt| (attempt, crate::process::find(folder.path(), attempt)));
    let ran = || content_of(started, &folder, SystemClock::start().now());
    let ran = (started.runbook.digest.as_str(), ran);
    let runbook = &run.plan().runbook;
    let history = past::known(&context.store()?, runbook, ran, attendance(), &walked(context));
    let notary = agreement::notary(context, &folder, agreement.clone())?;
    let resumed = Resumed {
        program: env!("CARGO_PKG_VERSION").to_owned(),
        host: context.settings.host.clone(),
        boot: crate::process::boot_id().unwrap_or_default(),
        responder: context.settings.responder.clone(),
        policy,
        pace: arguments.walking.auto.map(|AutoArgument::Read| crate::policy::Pace::Flow),
        found: found.collect(),
        set_aside: recovered.set_aside.map_or(0, |aside| aside.bytes),
        voided: notary.own_among(&run.standing()),
        from,
    };
    let walk = Walk {
        run,
        journal: recovered.journal,
        folder: &folder,
        first: Input::Resumed(Box::new(resumed)),
        known: history.known.clone(),
        behind: Behind::of(context, &folder, history),
        answers,
        walking: &arguments.walking,
        agreement,
    };
    walk.walk(context)
}

/// Whether a run is still open.
pub(crate) fn is_not_over(run: &Run, folder: &RunFolder) -> Result<(), Failure> {
    let Some(Rest::Finished { .. }) = run.rest() else { return Ok(()) };
    let message = format!("the run {} is over", folder.id());
    let failure = Failure::new(Exit::Usage, message);
    Err(failure.hint(format!("surefoot report {} writes its document", folder.id())))
}

/// The latest run that is not over.
fn latest_open(context: &Context) -> Result<RunFolder, Failure> {
    let folders = runs::newest_first(&context.store()?);
    let mut unreadable = None;
    for folder in folders.map_err(|it| Failure::from_error(Exit::Failed, &it))? {
        let contents = match read(&folder.journal()) {
            Ok(contents) => contents,
            Err(ReadFailed::Failed(failed)) if failed.source.kind() == ErrorKind::NotFound => {
                continue;
            }
            Err(error) => {
                unreadable.get_or_insert_with(|| runs::damaged(&folder, &error));
                continue;
            }
        };
        let summary = Summary::of(&contents.records);
        let goes_on = |summary: &Summary| {
            !matches!(summary.state, State::Finished { .. }) && !summary.started_with.is_rehearsal()
        };
        if summary.as_ref().is_some_and(goes_on) {
            return Ok(folder);
        }
    }
    // One that cannot be read may well be the one that was meant.
    Err(unreadable.unwrap_or_else(|| Failure::new(Exit::Usage, "there is no run to go on with")))
}

fn first<'a>(records: &'a [Record], folder: &RunFolder) -> Result<&'a RunStarted, Failure> {
    if let Some(Event::RunStarted(started)) = records.first().map(|record| &record.event) {
        return Ok(started);
    }
    let message = format!("the run {} never began: nothing was run", folder.id());
    Err(Failure::new(Exit::Usage, message).hint("start it anew with surefoot run"))
}

/// The plan of the run, from its frozen runbook and first record.
fn plan(
    started: &RunStarted,
    folder: &RunFolder,
    arguments: &ResumeArguments,
    settings: &Settings,
    context: &Context,
) -> Result<Plan, Failure> {
    let runbook = frozen(started, folder, context)?;
    let environment = started.environment.as_ref().and_then(|name| {
        runbook.environments.iter().find(|environment| environment.name == *name).cloned()
    });
    let trust = trust(started, context)?;
    let key = folder.key().map_err(|error| runs::unreadable(&error))?;
    let policy = Policy {
        attendance: attendance(),
        trust,
        protection: runbook.protection(environment.as_ref()),
        agreed: agreed(&arguments.walking),
        rules: settings.rules(&runbook, &started.runbook.digest, SystemClock::start().now()),
    };
    let inputs = given(started, &runbook, trust, context)?;
    Ok(Plan {
        runbook: Arc::new(runbook),
        run: folder.id().to_owned(),
        mode: started.mode,
        environment,
        inputs,
        alert: started.alert.clone().unwrap_or_default(),
        policy,
        work: folder.work().to_string_lossy().into_owned(),
        key: DigestKey::new(key),
    })
}

/// Whether the content of the run was trusted when it began, and still is.
pub(crate) fn trust(started: &RunStarted, context: &Context) -> Result<Trust, Failure> {
    let store = context.trust_store()?;
    let still = store.trusts(&started.runbook.digest).map_err(|error| store_failed(&error))?;
    Ok(if still { started.policy.trust } else { Trust::Untrusted })
}

/// The inputs as recorded; secrets come from their source again, else they are asked for when
/// something needs them. What an untrusted runbook names is neither read nor run.
fn given(
    started: &RunStarted,
    runbook: &Runbook,
    trust: Trust,
    context: &Context,
) -> Result<BTreeMap<Name, Given>, Failure> {
    let mut inputs = BTreeMap::new();
    for record in &started.inputs {
        let datum = match &record.value {
            Recorded::Open(value) => Some(Datum::Open(value.clone())),
            Recorded::Secret(_) if trust == Trust::Untrusted => None,
            Recorded::Secret(_) => {
                let input = runbook.inputs.iter().find(|input| input.name == record.name);
                let found = input.map(|input| inputs::secret_of(input, &context.settings));
                let found = found.transpose().map_err(|why| Failure::new(Exit::Usage, why))?;
                found.flatten().map(|given| given.datum)
            }
        };
        if let Some(datum) = datum {
            inputs.insert(record.name.clone(), Given { datum, origin: record.origin.clone() });
        }
    }
    Ok(inputs)
}

fn replay(plan: Plan, records: &[Record], folder: &RunFolder) -> Result<Run, Failure> {
    let mut run = Run::new(Arc::new(plan));
    for record in records {
        run.apply(&record.event, record.at).map_err(|error| {
            let message = format!("record {} of {}: {error}", record.n, folder.id());
            Failure::new(Exit::Damaged, message)
        })?;
    }
    Ok(run)
}
