//! `surefoot sync`: fetches what is new from the repositories that runbooks come from, several at
//! once, each for itself.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::catalog::{
    KnownSource, Listed, Means, NotSynchronised, SourcePlace, Synchronised, synchronise,
};
use crate::cli::Context;
use crate::cli::args::{ListFormat, SyncArguments};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::sources::{SourcesRead, read_sources};
use crate::console::{Meaning, Text, TransferLine, Transfers};
use crate::diagnostic::visible_json;
use crate::effects::SystemClock;
use crate::process::{Arrived, Fetcher, Signals, Watch, printed};
use crate::session::Clock as _;
use crate::settings::{Source, SourceKind};

/// How often signals are looked at.
const LOOK: Duration = Duration::from_millis(100);
/// How long it may take before its progress is shown, in seconds.
const PATIENCE: f64 = 0.5;

pub(crate) fn run(arguments: &SyncArguments, context: &Context) -> Result<Exit, Failure> {
    let signals = Signals::get().map_err(|error| Failure::from_error(Exit::Failed, &error))?;
    let mut read = read_sources(context)?;
    let known = |read: &SourcesRead| {
        let named = |name: &String| read.sources.named(name).is_some();
        !arguments.names.is_empty() && arguments.names.iter().all(named)
    };
    let mut sync = Sync { arguments, context, stop: AtomicBool::new(false), told: Told::default() };
    if !known(&read) && sync.ask_commands(&read.declared, signals) {
        read = read_sources(context)?;
    }
    let sources = sync.chosen(&read)?;
    if sources.is_empty() && arguments.format == ListFormat::Text && sync.told.failed == 0 {
        let text = "There is no repository to fetch from: surefoot source add URL adds one.";
        context.terminal.line(&Text::plain(text));
    }
    sync.fetch(&sources, signals)?;
    sync.finish()
}

/// A sync under way.
struct Sync<'a> {
    arguments: &'a SyncArguments,
    context: &'a Context,
    stop: AtomicBool,
    told: Told,
}

/// What came of it so far.
#[derive(Default)]
struct Told {
    fetched: usize,
    unchanged: usize,
    failed: usize,
    interrupted: bool,
    rows: Vec<Value>,
}

/// What became of the source at a place of the list.
type Came = (usize, Result<Synchronised, NotSynchronised>);

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
            if sender.send((at, came)).is_err() {
                return;
            }
        }
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

impl Sync<'_> {
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
                self.told.failed += 1;
                let name = words.join(" ");
                self.row(
                    json!({ "name": null, "address": name, "result": "failed", "error": why }),
                );
                self.say(&Text::of(Meaning::Bad, format!("{name}: {why}")));
                self.say(&Text::of(Meaning::Dim, "    What it listed before stays."));
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
            self.say(&Text::of(Meaning::Warning, format!("{origin}: {why}")));
            self.told.failed += usize::from(!read.declared.iter().any(|it| folder(&it)));
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

    fn fetch(&mut self, sources: &[&KnownSource], signals: &Signals) -> Result<(), Failure> {
        if sources.is_empty() || self.stop.load(Ordering::SeqCst) {
            return Ok(());
        }
        let context = self.context;
        let own = &context.settings;
        let patience = self.patience();
        let fetcher = Fetcher::new(&own.environment, patience);
        let fetcher = fetcher.map_err(|error| Failure::from_error(Exit::Failed, &error))?;
        let search = own.search_path();
        let state = context.state()?;
        let means = Means { state, fetcher: &fetcher, search: &search, patience };
        let terminal = &context.terminal;
        let transfers = Transfers::new(terminal, "syncing", sources.len());
        let pool = Pool {
            sources,
            means: &means,
            transfers: &transfers,
            next: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
        };
        let (sender, receiver) = channel();
        thread::scope(|scope| {
            for _ in 0..usize::from(self.arguments.jobs).min(sources.len()) {
                let (sender, pool) = (sender.clone(), &pool);
                scope.spawn(move || pool.work(&sender));
            }
            drop(sender);
            let clock = SystemClock::start();
            let shown_at = clock.monotonic() + PATIENCE;
            let (mut shown, mut done) = (false, 0);
            loop {
                match receiver.recv_timeout(LOOK) {
                    Ok((at, came)) => {
                        done += 1;
                        transfers.ended(done);
                        transfers.aside(|| self.tell(sources[at], came));
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
                    transfers.show(terminal);
                }
            }
        });
        transfers.clear();
        Ok(())
    }

    /// Tells what became of a source. What is as it was is only counted.
    fn tell(&mut self, source: &KnownSource, came: Result<Synchronised, NotSynchronised>) {
        let (name, address) = (&source.name, source.address());
        match came {
            Ok(Synchronised { before, now }) if before.as_ref() == Some(&now) => {
                self.told.unchanged += 1;
                self.row(json!({
                    "name": name, "address": address, "result": "unchanged",
                    "reference": now.reference, "commit": now.commit, "runbooks": now.count,
                    "findings": now.findings,
                }));
            }
            Ok(Synchronised { before, now }) => {
                self.told.fetched += 1;
                let short = |commit: &str| commit.get(..7).unwrap_or(commit).to_owned();
                let from = before.as_ref().map(|before| short(&before.commit) + " to ");
                let books = if now.count == 1 { "runbook" } else { "runbooks" };
                let text = format!(
                    "{}{} of {}, {} {books}",
                    from.unwrap_or_default(),
                    short(&now.commit),
                    now.reference.rsplit('/').next().unwrap_or(&now.reference),
                    now.count
                );
                self.say(&Text::of(Meaning::Good, name).add(Meaning::Plain, format!("  {text}")));
                for finding in &now.findings {
                    self.say(&Text::of(Meaning::Warning, format!("    {finding}")));
                }
                self.row(json!({
                    "name": name, "address": address, "result": "fetched",
                    "reference": now.reference, "commit": now.commit,
                    "before": before.map(|before| before.commit), "runbooks": now.count,
                    "findings": now.findings,
                }));
            }
            Err(NotSynchronised::Stopped) => {}
            Err(_) if self.told.interrupted => {}
            Err(error) => {
                self.told.failed += 1;
                let why = error.to_string();
                self.say(&Text::of(Meaning::Bad, name).add(Meaning::Plain, format!("  {why}")));
                if let Some(hint) = hint(&why, &address) {
                    self.say(&Text::of(Meaning::Hint, format!("    {hint}")));
                }
                self.row(json!({
                    "name": name, "address": address, "result": "failed", "error": why,
                }));
            }
        }
    }

    fn row(&mut self, row: Value) {
        if self.arguments.format == ListFormat::Json {
            self.told.rows.push(row);
        }
    }

    fn say(&self, text: &Text) {
        self.context.terminal.unbroken(text);
    }

    fn finish(mut self) -> Result<Exit, Failure> {
        let interrupted = self.told.interrupted || self.stop.load(Ordering::SeqCst);
        let Told { fetched, unchanged, failed, .. } = self.told;
        if self.arguments.format == ListFormat::Json {
            let name = |row: &Value| row["name"].as_str().unwrap_or_default().to_owned();
            self.told.rows.sort_by_key(name);
            let json = serde_json::to_string_pretty(&self.told.rows).expect("words are JSON");
            self.context.print(&format!("{}\n", visible_json(&json)))?;
        } else if fetched + unchanged + failed > 0 {
            let text = format!("{fetched} fetched, {unchanged} unchanged, {failed} failed.");
            self.say(&Text::plain(text));
        }
        if interrupted {
            let failure = Failure::new(Exit::Interrupted, "interrupted: the rest stays as it was");
            return Err(failure);
        }
        Ok(if failed > 0 { Exit::Failed } else { Exit::Done })
    }
}

/// What to do about a failure, as far as its words tell what it is.
fn hint(why: &str, address: &str) -> Option<String> {
    let has = |words: &[&str]| words.iter().any(|word| why.contains(word));
    if has(&["Host key verification failed"]) {
        Some(format!("look at the host's key once by hand: git ls-remote {address}"))
    } else if has(&["Permission denied (", "Permission denied, "]) {
        Some("is your key in the agent? ssh-add -l lists what it holds".to_owned())
    } else if has(&["could not read Username", "could not read Password", "Authentication failed"])
    {
        Some(
            "git asks nobody here: set up a credential helper, see git help credentials".to_owned(),
        )
    } else if has(&["dubious ownership"]) {
        Some("it belongs to somebody else: see safe.directory in git help config".to_owned())
    } else {
        None
    }
}
