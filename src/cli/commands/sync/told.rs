//! What came of a sync: told line by line as it comes, or as rows of JSON at its end.

use serde_json::{Value, json};

use crate::catalog::{KnownSource, NotSynchronised, Synchronised, TeamRecords};
use crate::cli::Context;
use crate::cli::args::ListFormat;
use crate::cli::exchange::{Exchange, Exchanged, NotExchanged};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::console::{Meaning, Text};
use crate::diagnostic::visible_json;

/// What records are called among the sources.
pub(super) const RECORDS: &str = "records";

/// What came of it so far.
pub(super) struct Told<'a> {
    context: &'a Context,
    format: ListFormat,
    fetched: usize,
    unchanged: usize,
    pub(super) failed: usize,
    /// What failed first, and why.
    pub(super) why: Option<String>,
    pub(super) interrupted: bool,
    rows: Vec<Value>,
}

impl<'a> Told<'a> {
    pub(super) fn new(format: ListFormat, context: &'a Context) -> Self {
        let (fetched, unchanged, failed) = (0, 0, 0);
        let (why, interrupted, rows) = (None, false, Vec::new());
        Self { context, format, fetched, unchanged, failed, why, interrupted, rows }
    }

    /// Tells what became of a source. What is as it was is only counted.
    pub(super) fn source(
        &mut self,
        source: &KnownSource,
        came: Result<Synchronised, NotSynchronised>,
    ) {
        let (name, address) = (&source.name, source.address());
        match came {
            Ok(Synchronised { before, now }) if before.as_ref() == Some(&now) => {
                self.unchanged += 1;
                self.row(json!({
                    "kind": "source", "name": name, "address": address, "result": "unchanged",
                    "reference": now.reference, "commit": now.commit, "runbooks": now.count,
                    "findings": now.findings,
                }));
            }
            Ok(Synchronised { before, now }) => {
                self.fetched += 1;
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
                    "kind": "source", "name": name, "address": address, "result": "fetched",
                    "reference": now.reference, "commit": now.commit,
                    "before": before.map(|before| before.commit), "runbooks": now.count,
                    "findings": now.findings,
                }));
            }
            Err(NotSynchronised::Stopped) => {}
            Err(_) if self.interrupted => {}
            Err(error) => {
                let why = error.to_string();
                self.fail(format!("{name}: {why}"));
                self.say(&Text::of(Meaning::Bad, name).add(Meaning::Plain, format!("  {why}")));
                if let Some(hint) = hint(&why, &address) {
                    self.say(&Text::of(Meaning::Hint, format!("    {hint}")));
                }
                self.row(json!({
                    "kind": "source", "name": name, "address": address, "result": "failed", "error": why,
                }));
            }
        }
    }

    /// Tells what came of the exchange with the team's records.
    pub(super) fn records(
        &mut self,
        exchange: &Exchange<'_>,
        came: Result<Exchanged, NotExchanged>,
    ) {
        let team = exchange.team();
        match came {
            Ok(exchanged) => {
                let line = Text::of(Meaning::Good, RECORDS);
                self.say(&line.add(Meaning::Plain, format!("  {}", exchanged.summary())));
                let warnings = exchanged.warnings(team);
                for warning in &warnings {
                    self.say(&Text::of(Meaning::Warning, format!("    {warning}")));
                }
                self.row(json!({
                    "kind": "records", "name": null, "address": team.place(), "result": "exchanged",
                    "delivered": exchanged.delivered.runs, "there": exchanged.index.good().count(),
                    "not_taken": exchanged.index.bad().count(), "findings": warnings,
                }));
            }
            Err(_) if self.interrupted => {}
            Err(error) => {
                self.no_records(team, &error.to_string());
                self.say(&Text::of(Meaning::Hint, format!("    {}", exchange.hint(&error))));
            }
        }
    }

    /// Tells that there was no exchange with the team's records.
    pub(super) fn no_records(&mut self, team: &TeamRecords, why: &str) {
        self.fail(format!("{RECORDS}: {why}"));
        self.say(&Text::of(Meaning::Bad, RECORDS).add(Meaning::Plain, format!("  {why}")));
        self.row(json!({
            "kind": "records", "name": null, "address": team.place(), "result": "failed",
            "error": why,
        }));
    }

    /// Tells that a command did not list repositories.
    pub(super) fn command(&mut self, words: &str, why: &str) {
        self.fail(format!("{words}: {why}"));
        self.row(json!({
            "kind": "command", "name": null, "address": words, "result": "failed", "error": why,
        }));
        self.say(&Text::of(Meaning::Bad, format!("{words}: {why}")));
        self.say(&Text::of(Meaning::Dim, "    What it listed before stays."));
    }

    /// Counts a failure.
    pub(super) fn fail(&mut self, why: String) {
        self.failed += 1;
        self.why.get_or_insert(why);
    }

    fn row(&mut self, row: Value) {
        if self.format == ListFormat::Json {
            self.rows.push(row);
        }
    }

    pub(super) fn say(&self, text: &Text) {
        self.context.terminal.unbroken(text);
    }

    /// Ends it.
    pub(super) fn finish(mut self) -> Result<Exit, Failure> {
        let Told { fetched, unchanged, failed, interrupted, .. } = self;
        if self.format == ListFormat::Json {
            let name = |row: &Value| row["name"].as_str().unwrap_or_default().to_owned();
            self.rows.sort_by_key(name);
            let json = serde_json::to_string_pretty(&self.rows).expect("words are JSON");
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
