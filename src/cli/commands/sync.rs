//! `surefoot sync`: fetches what is new from the repositories that runbooks come from, several at
//! once, each for itself; and exchanges records with the team meanwhile.

mod told;

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use crate::catalog::{
    KnownSource, LastSync, Listed, Means, NotSynchronised, SourcePlace, SyncEnded, SyncWanted,
    Synchronised, synchronise,
};
use crate::cli::Context;
use crate::cli::args::{ListFormat, SyncArguments};
use crate::cli::background;
use crate::cli::exchange::{Exchange, Exchanged, NotExchanged};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::sources::{SourcesRead, read_sources};
use crate::cli::team;
use crate::console::{Meaning, Text, TransferLine, Transfers};
use crate::effects::SystemClock;
use crate::process::{Arrived, Fetcher, Signals, Watch, printed};
use crate::session::Clock as _;
use crate::settings::{Settings, Source, SourceKind};
use told::{RECORDS, Told};

/// How often signals are looked at.
const LOOK: Duration = Duration::from_millis(100);
/// How long it may take before its progress is shown, in seconds.
const PATIENCE: f64 = 0.5;

/// How many are fetched at once in the background.
const FEW: u16 = 4;

pub(crate) fn run(arguments: &SyncArguments, context: &Context) -> Result<Exit, Failure> {
    if !arguments.names.is_empty() {
        return once(arguments, context)?.finish();
    }
    // Two at once wait for each other at each source, and one of them is remembered.
    match background::take(context) {
        Ok(_lock) => remembered(SyncWanted::Asked, arguments, context),
        Err(_) => once(arguments, context)?.finish(),
    }
}

/// A sync that nobody waits for: what came of it is told the next time.
pub(crate) fn alone(context: &Context) -> Result<Exit, Failure> {
    let lock = background::take(context);
    let _lock = lock.map_err(|error| Failure::from_error(Exit::Held, &error))?;
    let (names, timeout, format) = (Vec::new(), 60, ListFormat::Text);
    let arguments = SyncArguments { names, jobs: FEW, timeout, format };
    remembered(SyncWanted::Background, &arguments, context)
}

/// Syncs all, and remembers when that was and how it ended. Whoever does so holds the lock.
fn remembered(
    wanted: SyncWanted,
    arguments: &SyncArguments,
    context: &Context,
) -> Result<Exit, Failure> {
    let now = || SystemClock::start().now();
    let mut last = LastSync::beginning(wanted, now());
    let save = |last: &LastSync| {
        // What is not remembered is tried again sooner.
        let _ = context.settings.state.as_deref().map(|state| last.save(state));
    };
    save(&last);
    let came = once(arguments, context);
    let (failed, why) = match &came {
        Ok(told) if told.interrupted => return came?.finish(),
        Ok(told) => (told.failed, told.why.clone()),
        Err(failure) => (1, failure.message.clone()),
    };
    last.ended = Some(SyncEnded { at: now(), failed, why });
    save(&last);
    came?.finish()
}

/// Syncs, and tells on the way what comes.
fn once<'c>(arguments: &'c SyncArguments, context: &'c Context) -> Result<Told<'c>, Failure> {
    let signals = Signals::get().map_err(|error| Failure::from_error(Exit::Failed, &error))?;
    let mut read = read_sources(context)?;
    let known = |read: &SourcesRead| {
        let named = |name: &String| read.sources.named(name).is_some();
        !arguments.names.is_empty() && arguments.names.iter().all(named)
    };
    let told = Told::new(arguments.format, context);
    let mut sync = Sync { arguments, context, stop: AtomicBool::new(false), told };
    if !known(&read) && sync.ask_commands(&read.settings.sources, signals) {
        read = read_sources(context)?;
    }
    let sources = sync.chosen(&read)?;
    let exchange = sync.exchange(&read.settings)?;
    let nothing = sources.is_empty() && exchange.is_none();
    if nothing && arguments.format == ListFormat::Text && sync.told.failed == 0 {
        let text = "There is no repository to fetch from: surefoot source add URL adds one.";
        context.terminal.line(&Text::plain(text));
    }
    if !nothing && !sync.stop.load(Ordering::SeqCst) {
        sync.work(&sources, exchange.as_ref(), signals)?;
    }
    sync.told.interrupted |= sync.stop.load(Ordering::SeqCst);
    Ok(sync.told)
}

/// A sync under way.
struct Sync<'a> {
    arguments: &'a SyncArguments,
    context: &'a Context,
    stop: AtomicBool,
    told: Told<'a>,
}

/// What came, and of what: of the source at a place of the list, or of the team's records.
enum Came {
    Source(usize, Result<Synchronised, NotSynchronised>),
    Records(Result<Exchanged, NotExchanged>),
}

/// Sources that are fetched, several at once.
struct Pool<'a> {
    sources: &'a [&'a KnownSource],
    means: &'a Means<'a>,
    transfers: &'a Transfers,
    /// The one that nobody has taken yet.
    next: AtomicUsize,
    stop: AtomicBool,
}

impl Pool<'_> {
    /// Takes one after the other, until there is none or nobody wants more.
    fn work(&self, sender: &Sender<Came>) {
        while !self.stop.load(Ordering::SeqCst) {
            let at = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(source) = self.sources.get(at) else {
                return;
            };
            let line = Some(self.transfers.begin(&source.name));
            let watch = Watcher { line, stop: &self.stop };
            let came = synchronise(source, self.means, SystemClock::start().now(), &watch);
            drop(watch);
            if sender.send(Came::Source(at, came)).is_err() {
                return;
            }
        }
    }

    /// Exchanges records with the team, meanwhile.
    fn exchange(&self, exchange: &Exchange<'_>, sender: &Sender<Came>) {
        let line = Some(self.transfers.begin(RECORDS));
        let watch = Watcher { line, stop: &self.stop };
        let came = exchange.run(&watch);
        drop(watch);
        // Whoever does not listen any more does not want to know.
        let _ = sender.send(Came::Records(came));
    }
}

/// Watches one transfer.
struct Watcher<'a> {
    line: Option<TransferLine>,
    stop: &'a AtomicBool,
}

impl Watch for Watcher<'_> {
    fn told(&self, line: &str) {
        if let Some(own) = &self.line {
            own.told(line);
        }
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }
}

/// A watcher that hears Ctrl-C itself.
struct Alone<'a>(&'a Signals, &'a AtomicBool);

impl Watch for Alone<'_> {
    fn told(&self, _: &str) {}

    fn stopped(&self) -> bool {
        if matches!(self.0.take(), Some(Arrived::Interrupt | Arrived::HangUp)) {
            self.1.store(true, Ordering::SeqCst);
        }
        self.1.load(Ordering::SeqCst)
    }
}

impl<'c> Sync<'c> {
    fn patience(&self) -> Duration {
        Duration::from_secs(self.arguments.timeout.into())
    }

    /// Asks the commands that list repositories. Whether there were any.
    fn ask_commands(&mut self, declared: &[Source], signals: &Signals) -> bool {
        let mut asked = false;
        for source in declared {
            let SourceKind::Command { words, .. } = &source.kind else { continue };
            asked = true;
            if let Err(why) = self.ask_command(words, Path::new(&source.origin.file), signals) {
                self.told.command(&words.join(" "), &why);
            }
        }
        asked
    }

    fn ask_command(
        &self,
        words: &[String],
        settings: &Path,
        signals: &Signals,
    ) -> Result<(), String> {
        let own = &self.context.settings;
        let folder = settings.parent().unwrap_or(Path::new("/"));
        let watch = Alone(signals, &self.stop);
        let said = printed(words, &own.environment, folder, self.patience(), &watch);
        let bytes = said.map_err(|error| error.to_string())??;
        let text = String::from_utf8(bytes).map_err(|_| "it did not print UTF-8".to_owned())?;
        let listed = Listed::read(&text, folder, own.home.as_deref());
        if let Some(finding) = listed.findings.first() {
            return Err(finding.clone());
        }
        let state = self.context.state().map_err(|failure| failure.message.unwrap_or_default())?;
        let kept = listed.keep(words, state, SystemClock::start().now());
        kept.map_err(|error| error.to_string())
    }

    /// The repositories that are to be fetched.
    fn chosen<'s>(&mut self, read: &'s SourcesRead) -> Result<Vec<&'s KnownSource>, Failure> {
        for unknown in &read.sources.unknown {
            let folder = |source: &&Source| {
                source.origin == unknown.origin && matches!(source.kind, SourceKind::Path(_))
            };
            let (origin, why) = (&unknown.origin, &unknown.why);
            self.told.say(&Text::of(Meaning::Warning, format!("{origin}: {why}")));
            if !read.settings.sources.iter().any(|it| folder(&it)) {
                self.told.fail(format!("{origin}: {why}"));
            }
        }
        let fetched = |source: &&KnownSource| matches!(source.place, SourcePlace::Git { .. });
        if self.arguments.names.is_empty() {
            return Ok(read.sources.known.iter().filter(fetched).collect());
        }
        let mut chosen = Vec::new();
        for name in &self.arguments.names {
            let source = read.sources.named(name).ok_or_else(|| {
                let failure = Failure::new(Exit::Usage, format!("no source is called `{name}`"));
                failure.hint("see what there is: surefoot source list")
            })?;
            if !fetched(&source) {
                let message = format!("`{name}` is a folder: it is read where it lies");
                return Err(Failure::new(Exit::Usage, message));
            }
            if !chosen.contains(&source) {
                chosen.push(source);
            }
        }
        Ok(chosen)
    }

    /// The exchange with the team's records, unless it was sources that were asked for. One that cannot
    /// be had keeps no source from being fetched.
    fn exchange(&mut self, settings: &Settings) -> Result<Option<Exchange<'c>>, Failure> {
        if !self.arguments.names.is_empty() {
            return Ok(None);
        }
        let Some(team) = team::of(settings, self.context)? else {
            return Ok(None);
        };
        let exchange = Exchange::with(team.clone(), settings, self.patience(), self.context);
        match exchange {
            Ok(exchange) => Ok(Some(exchange)),
            Err(failure) => {
                self.told.no_records(&team, &failure.message.unwrap_or_default());
                Ok(None)
            }
        }
    }

    /// Fetches, and exchanges records, all at once.
    fn work(
        &mut self,
        sources: &[&KnownSource],
        exchange: Option<&Exchange<'_>>,
        signals: &Signals,
    ) -> Result<(), Failure> {
        let context = self.context;
        let own = &context.settings;
        let patience = self.patience();
        let fetcher = Fetcher::new(&own.environment, patience);
        let fetcher = fetcher.map_err(|error| Failure::from_error(Exit::Failed, &error))?;
        let search = own.search_path();
        let state = context.state()?;
        let means = Means { state, fetcher: &fetcher, search: &search, patience };
        let all = sources.len() + usize::from(exchange.is_some());
        let transfers = Transfers::new(&context.terminal, "syncing", all);
        let pool = Pool {
            sources,
            means: &means,
            transfers: &transfers,
            next: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
        };
        let (sender, receiver) = channel();
        thread::scope(|scope| {
            if let Some(exchange) = exchange {
                let (sender, pool) = (sender.clone(), &pool);
                scope.spawn(move || pool.exchange(exchange, &sender));
            }
            for _ in 0..usize::from(self.arguments.jobs).min(sources.len()) {
                let (sender, pool) = (sender.clone(), &pool);
                scope.spawn(move || pool.work(&sender));
            }
            drop(sender);
            self.listen(&pool, exchange, &receiver, signals);
        });
        transfers.clear();
        Ok(())
    }

    /// Tells what comes, until there is nothing more.
    fn listen(
        &mut self,
        pool: &Pool<'_>,
        exchange: Option<&Exchange<'_>>,
        receiver: &Receiver<Came>,
        signals: &Signals,
    ) {
        let clock = SystemClock::start();
        let shown_at = clock.monotonic() + PATIENCE;
        let (mut shown, mut done) = (false, 0);
        loop {
            match receiver.recv_timeout(LOOK) {
                Ok(came) => {
                    done += 1;
                    pool.transfers.ended(done);
                    pool.transfers.aside(|| match (came, exchange) {
                        (Came::Source(at, came), _) => self.told.source(pool.sources[at], came),
                        (Came::Records(came), Some(exchange)) => self.told.records(exchange, came),
                        (Came::Records(_), None) => unreachable!("nobody asked for records"),
                    });
                }
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {}
            }
            if matches!(signals.take(), Some(Arrived::Interrupt | Arrived::HangUp)) {
                pool.stop.store(true, Ordering::SeqCst);
                self.told.interrupted = true;
            }
            if !shown && clock.monotonic() >= shown_at {
                shown = true;
                pool.transfers.show(&self.context.terminal);
            }
            if shown {
                pool.transfers.turn();
            }
        }
    }
}
