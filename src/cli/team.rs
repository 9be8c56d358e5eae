//! The team's records, put together from settings: delivering and reading them, and finding a run among
//! them.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use serde::Serialize;

use super::Context;
use super::args::ListFormat;
use super::exchange::{Exchange, Exchanged, NotExchanged};
use super::exit::Exit;
use super::failure::Failure;
use super::governing::governing;
use super::past::ago;
use super::runs::find;
use crate::catalog::{Good, PlaceState, TeamRecords, TeamWalked};
use crate::console::{Meaning, Text};
use crate::diagnostic::{visible_json, visible_line};
use crate::journal::{FindFailed, RunFolder};
use crate::process::{Arrived, Signals, Watch};
use crate::settings::Settings;

/// How often it is shown that something goes on.
const TICK: Duration = Duration::from_millis(100);

/// A place that tells nothing for so long is given up.
const PATIENCE: Duration = Duration::from_mins(1);

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
    let signals = Signals::get().map_err(|error| Failure::from_error(Exit::Failed, &error))?;
    let settings = governing(context, None)?.guarded()?.settings;
    let team = of(&settings, context)?.ok_or_else(unconfigured)?;
    let exchange = Exchange::with(team, &settings, PATIENCE, context)?;
    let stop = AtomicBool::new(false);
    let came = with_patience(&exchange, signals, &stop, context);
    let exchanged = came.map_err(|error| {
        if stop.load(Ordering::SeqCst) {
            let failure = Failure::new(Exit::Interrupted, "interrupted");
            return failure.hint("what was not delivered yet stays in the outbox");
        }
        Failure::from_error(error.exit(), &error).hint(exchange.hint(&error))
    })?;
    let line = |meaning, text: String| context.terminal.unbroken(&Text::of(meaning, text));
    for warning in exchanged.warnings(exchange.team()) {
        line(Meaning::Warning, warning);
    }
    for (indexed, why) in exchanged.index.bad().take(MOST_TOLD) {
        line(Meaning::Bad, format!("{}: {why}", indexed.entry));
    }
    let place = visible_line(&exchange.team().place());
    context.print(&format!("Records at {place}: {}.\n", exchanged.summary()))?;
    Ok(Exit::Done)
}

/// Whoever waits for an exchange, until an interrupt.
struct Waiting<'a>(&'a AtomicBool);

impl Watch for Waiting<'_> {
    fn told(&self, _: &str) {}

    fn stopped(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// Lets an exchange come to its end, and shows that it goes on.
fn with_patience(
    exchange: &Exchange<'_>,
    signals: &Signals,
    stop: &AtomicBool,
    context: &Context,
) -> Result<Exchanged, NotExchanged> {
    let spinner = context.terminal.spinner();
    let words = format!("Delivering to and reading from {}", exchange.team().place());
    let (sender, ended) = mpsc::channel();
    let done = thread::scope(|scope| {
        scope.spawn(move || {
            // Whoever does not listen any more does not want to know.
            let _ = sender.send(exchange.run(&Waiting(stop)));
        });
        loop {
            match ended.recv_timeout(TICK) {
                Ok(done) => break done,
                Err(RecvTimeoutError::Timeout) => spinner.draw(&words),
                Err(RecvTimeoutError::Disconnected) => unreachable!("what is done does not panic"),
            }
            if matches!(signals.take(), Some(Arrived::Interrupt | Arrived::HangUp)) {
                stop.store(true, Ordering::SeqCst);
            }
        }
    });
    spinner.clear();
    done
}

/// When runbooks last went well, by the team's records.
pub(crate) enum TeamWalks {
    /// Settings name no place for these.
    Unconfigured,
    /// They were never read.
    Unread,
    /// As they were read last.
    Read(TeamWalked),
}

/// When runbooks last went well, by the team's records as they were read last.
pub(crate) fn walked(context: &Context) -> TeamWalks {
    match team(context).ok().flatten() {
        None => TeamWalks::Unconfigured,
        Some(team) => team.walked().map_or(TeamWalks::Unread, TeamWalks::Read),
    }
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
