//! The team's records, put together from settings: delivering and reading them, and finding a run among
//! them.

use std::fmt::Write as _;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use serde::Serialize;

use super::Context;
use super::agreement::{programs, signers};
use super::args::ListFormat;
use super::exit::Exit;
use super::failure::Failure;
use super::governing::governing;
use super::past::ago;
use super::runs::find;
use crate::catalog::{
    Errand, Good, PlaceFailed, PlaceState, RecordsIndex as Index, TeamRecords, TeamWalked,
};
use crate::console::{Meaning, Text};
use crate::diagnostic::{visible_json, visible_line};
use crate::effects::SystemClock;
use crate::journal::{FindFailed, Holder, Lock, LockFailed, RunFolder};
use crate::session::Clock as _;
use crate::settings::Settings;
use crate::signing::{Scratch, Signers, Standing};

/// How often it is shown that something goes on.
const TICK: Duration = Duration::from_millis(100);

/// So many of what is bad are told one by one.
const MOST_TOLD: usize = 20;

/// The team's records, if settings name a place for them.
pub(crate) fn team(context: &Context) -> Result<Option<TeamRecords>, Failure> {
    of(&governing(context, None)?.settings, context)
}

/// The team's records that these settings name.
pub(crate) fn of(settings: &Settings, context: &Context) -> Result<Option<TeamRecords>, Failure> {
    let records = settings.records.clone();
    records.map(|records| Ok(TeamRecords::new(records, context.state()?))).transpose()
}

/// That no place is named.
pub(crate) fn unconfigured() -> Failure {
    let failure = Failure::new(Exit::Usage, "settings name no place for the team's records");
    failure.hint("write a table [records] with `folder` or `git` into your config.toml")
}

/// Delivers what waits and reads what is there; tells what came of it.
pub(crate) fn exchange(context: &Context) -> Result<Exit, Failure> {
    let governing = governing(context, None)?.guarded()?;
    let team = of(&governing.settings, context)?.ok_or_else(unconfigured)?;
    let store = context.store()?;
    let responder = &context.settings.responder.name;
    let holder = Holder {
        pid: std::process::id(),
        host: context.settings.host.clone(),
        by: responder.clone(),
        run: "sync of records".to_owned(),
    };
    let _lock = Lock::named(store.state(), &team.lock_name(), &holder).map_err(|error| {
        let exit = match error {
            LockFailed::Held { .. } => Exit::Held,
            LockFailed::Failed(_) => Exit::Unrecorded,
        };
        Failure::from_error(exit, &error).hint("what waits is delivered by the other one, too")
    })?;
    let programs = programs(context);
    let list = signers(context, &governing.settings)?;
    // A list that cannot be read vouches for nobody; `doctor` tells of it.
    let signers = list.and_then(|list| Signers::read(&list, &programs.path).ok());
    let scratch = Scratch::below(&context.settings.emergency)
        .map_err(|error| Failure::from_error(Exit::Failed, &error))?;
    let standing = Standing { signers: signers.as_ref(), programs: &programs, scratch: &scratch };
    let errand = Errand {
        store: &store,
        environment: &context.settings.environment,
        who: responder,
        now: SystemClock::start().now(),
        standing: &standing,
    };
    let done = with_patience(context, &team.place(), || team.sync(&errand));
    let (delivered, index) = done.map_err(|error| unreached(&team, &error))?;
    let line = |meaning, text: String| context.terminal.unbroken(&Text::of(meaning, text));
    if delivered.replaced {
        let text = format!(
            "{} is not what it was before: all runs of this machine were looked for anew.",
            team.place()
        );
        line(Meaning::Warning, text);
    }
    for (run, why) in &delivered.reduced {
        line(Meaning::Warning, format!("{run} went there as a summary only: {why}"));
    }
    for run in &delivered.unreadable {
        line(
            Meaning::Warning,
            format!("{run} cannot be read and stays here: surefoot verify {run}"),
        );
    }
    for (indexed, why) in index.bad().take(MOST_TOLD) {
        line(Meaning::Bad, format!("{}: {why}", indexed.entry));
    }
    context.print(&summary(&team, delivered.runs.len(), &index))?;
    Ok(Exit::Done)
}

/// Does something that may take a while, and shows that it goes on.
fn with_patience<T: Send>(context: &Context, place: &str, what: impl FnOnce() -> T + Send) -> T {
    let spinner = context.terminal.spinner();
    let words = format!("Delivering to and reading from {place}");
    let (sender, ended) = mpsc::channel();
    let done = thread::scope(|scope| {
        scope.spawn(move || sender.send(what()));
        loop {
            match ended.recv_timeout(TICK) {
                Ok(done) => break done,
                Err(RecvTimeoutError::Timeout) => spinner.draw(&words),
                Err(RecvTimeoutError::Disconnected) => unreachable!("what is done does not panic"),
            }
        }
    });
    spinner.clear();
    done
}

fn summary(team: &TeamRecords, delivered: usize, index: &Index) -> String {
    let (good, bad) = (index.good().count(), index.bad().count());
    let mut text = format!("Records at {}: ", visible_line(&team.place()));
    let _ =
        write!(text, "{}, {} there", counted(delivered, "run delivered", "runs delivered"), good);
    if bad > 0 {
        let _ = write!(text, ", {bad} not taken (surefoot history --team lists them)");
    }
    text + ".\n"
}

/// The place could not be used now: nothing is lost by it.
fn unreached(team: &TeamRecords, error: &PlaceFailed) -> Failure {
    let failure = Failure::from_error(Exit::Failed, error);
    let read = match team.state().read {
        Some(read) => format!("the team's records are those of {}", ago(read)),
        None => "the team's records were never read".to_owned(),
    };
    failure.hint(format!("what waits stays in the outbox, and {read}"))
}

/// When runbooks last went well, by the team's records as they were read last.
pub(crate) fn walked(context: &Context) -> Option<TeamWalked> {
    team(context).ok().flatten()?.walked()
}

/// What waits, and how old is what is known of others.
#[derive(Serialize)]
struct Outlook {
    place: String,
    waiting: usize,
    unreadable: Vec<String>,
    #[serde(flatten)]
    state: PlaceState,
}

/// Says what waits, and how old is what is known.
pub(crate) fn status(format: ListFormat, context: &Context) -> Result<Exit, Failure> {
    let team = team(context)?.ok_or_else(unconfigured)?;
    let unsent = team.unsent(&context.store()?);
    let unsent = unsent.map_err(|error| Failure::from_error(Exit::Failed, &error))?;
    let told = Outlook {
        place: team.place(),
        waiting: unsent.runs,
        unreadable: unsent.unreadable,
        state: team.state(),
    };
    let text = match format {
        ListFormat::Text => told.text(),
        ListFormat::Json => {
            let text = serde_json::to_string_pretty(&told);
            visible_json(&text.expect("texts and numbers always serialise")) + "\n"
        }
    };
    context.print(&text)?;
    Ok(Exit::Done)
}

impl Outlook {
    fn text(&self) -> String {
        let mut text = format!("Records at {}\n", visible_line(&self.place));
        let read = self.state.read.map_or_else(|| "never".to_owned(), ago);
        let _ = writeln!(text, "read     {read}");
        let _ = writeln!(text, "waiting  {}", counted(self.waiting, "run", "runs"));
        for run in &self.unreadable {
            let _ = writeln!(text, "unread   {run} cannot be read: surefoot verify {run}");
        }
        if let Some(why) = &self.state.failed {
            let tried = self.state.tried.map(ago).unwrap_or_default();
            let _ = writeln!(text, "failed   {tried}: {}", visible_line(why));
        }
        text
    }
}

/// So many of something.
pub(crate) fn counted(count: usize, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {many}") }
}

/// The run that a part of an id names, on this machine or, if it is not here, among the team's.
/// What the team's name, nobody here has seen: it is read like any other record, and never gone on
/// with.
pub(crate) fn find_anywhere(part: Option<&str>, context: &Context) -> Result<RunFolder, Failure> {
    let Some(part) = part else {
        return find(None, context);
    };
    if !matches!(context.store()?.find(part), Err(FindFailed::None(_))) {
        return find(Some(part), context);
    }
    let Some((index, team)) = team(context)?.and_then(|team| Some((team.index()?, team))) else {
        return find(Some(part), context);
    };
    let wanted = part.to_lowercase();
    let runs: Vec<&Good> = index.good().map(|(_, good)| good).collect();
    let exact = runs.iter().filter(|good| good.record.run == wanted);
    let mut found: Vec<&Good> = exact.copied().collect();
    if found.is_empty() {
        found = runs.into_iter().filter(|good| good.record.run.contains(&wanted)).collect();
    }
    match found.as_slice() {
        [] => find(Some(part), context),
        [one] => team.kept(one).ok_or_else(|| only_summary(one)),
        several => {
            let ids: Vec<&str> = several.iter().map(|good| good.record.run.as_str()).collect();
            let message = format!("several runs of the team match `{part}`: {}", ids.join(", "));
            Err(Failure::new(Exit::Usage, message))
        }
    }
}

fn only_summary(good: &Good) -> Failure {
    let record = &good.record;
    let message = format!(
        "the run {} of {} on {} is shared as a summary only",
        record.run,
        record.past.responders.join(", "),
        record.host
    );
    let failure = Failure::new(Exit::Usage, message);
    failure.hint("surefoot history --team tells what is known; `what = \"bundle\"` shares all")
}
