//! Settings files, sources of runbooks, the team's records, and runs that are not over.

use std::path::{Path, PathBuf};

use super::{Finding, Findings};
use crate::catalog::{
    Folder, KnownSource, Mirror, REPOSITORY_SETTINGS, count_runbooks, expand, read_settings,
};
use crate::cli::Context;
use crate::cli::ages::Ages;
use crate::cli::background;
use crate::cli::governing::governing;
use crate::cli::past::ago;
use crate::cli::runs::rows;
use crate::cli::team;
use crate::diagnostic::Severity;
use crate::policy::Authority;
use crate::report::{State as RunState, Told};
use crate::settings::Settings;

/// So many runs are told one by one.
const MOST_TOLD: usize = 10;

/// The settings files, one by one; and what they say together, if all can be read.
pub(super) fn settings(context: &Context) -> (Vec<Finding>, Option<Settings>) {
    let mut findings = Findings::of("Settings");
    let own = &context.settings;
    let around = Folder::around(&own.here.join("runbooks"));
    let mut files: Vec<(PathBuf, Authority, &str)> =
        vec![(own.organisation.clone(), Authority::Organisation, "organisation")];
    if let Some(folder) = &own.config {
        let path = folder.join("config.toml");
        let named = read_settings(&path, Authority::User, own.home.as_deref()).ok().flatten();
        let named = named.and_then(|(_, loaded)| loaded.file?.organisation);
        files.extend(named.map(|(path, _)| (path, Authority::Organisation, "organisation")));
        files.push((path, Authority::User, "yours"));
    }
    let repository = repository(&around);
    let path = repository.map(|root| root.join(REPOSITORY_SETTINGS));
    files.extend(path.map(|path| (path, Authority::Repository, "repository")));
    let mut all_good = true;
    for (path, authority, what) in &files {
        all_good &= file(path, *authority, what, context, &mut findings);
    }
    if !all_good {
        return (findings.found, None);
    }
    match governing(context, None) {
        Ok(governing) => {
            if governing.files.is_empty() {
                findings.ok("settings", "there are none: the built-in rules hold");
            }
            (findings.found, Some(governing.settings))
        }
        Err(failure) => {
            let found = failure.message.unwrap_or_default();
            findings.missing("settings", found, failure.hints.join("; "));
            (findings.found, None)
        }
    }
}

/// The repository around here.
fn repository(around: &Folder) -> Option<PathBuf> {
    let root = around.root();
    root.join(".git").exists().then(|| root.to_owned())
}

fn file(
    path: &Path,
    authority: Authority,
    what: &str,
    context: &Context,
    findings: &mut Findings,
) -> bool {
    let shown = path.display().to_string();
    match read_settings(path, authority, context.settings.home.as_deref()) {
        Ok(None) => true,
        Ok(Some((_, loaded))) if loaded.file.is_some() => {
            findings.ok(what, shown);
            true
        }
        Ok(Some((source, loaded))) => {
            let error = loaded.findings.iter().find(|found| found.severity == Severity::Error);
            let found = error.map_or(shown.clone(), |error| {
                let line = source.line_column(error.span.start).0;
                format!("{shown}:{line}: {}", error.message)
            });
            findings.missing(what, found, format!("surefoot check {shown}"));
            false
        }
        Err(error) => {
            findings.missing(what, error.to_string(), "nothing is run until it can be read");
            false
        }
    }
}

/// Sources of runbooks, and the team's records.
pub(super) fn look(settings: &Settings, context: &Context) -> Vec<Finding> {
    let mut findings = Findings::of("Runbooks and records of others");
    let own = &context.settings;
    let sources = expand(&settings.sources, own.state.as_deref(), own.home.as_deref());
    for source in &sources.known {
        match source.folder() {
            Some(folder) => folder_source(source, &folder, &mut findings),
            None => fetched_source(source, Ages::of(settings), context, &mut findings),
        }
    }
    for unknown in &sources.unknown {
        let found = format!("{} ({})", unknown.why, unknown.origin);
        findings.warning("source", found, "mend it in the settings, or run surefoot sync");
    }
    records(settings, context, &mut findings);
    in_background(settings, context, &mut findings);
    findings.found
}

fn folder_source(source: &KnownSource, folder: &Path, findings: &mut Findings) {
    if folder.is_dir() {
        let count = team::counted(count_runbooks(folder), "runbook", "runbooks");
        findings.ok("source", format!("{}: {count}", source.name));
    } else {
        let found = format!("{}: there is no folder {}", source.name, folder.display());
        findings.missing("source", found, "bring it back, or take the source out of the settings");
    }
}

/// One that is fetched: whether it was, and when.
fn fetched_source(source: &KnownSource, ages: Ages, context: &Context, findings: &mut Findings) {
    const SYNC: &str = "surefoot sync";
    let name = &source.name;
    let mirror = context.settings.state.as_deref().and_then(|state| Mirror::of(state, source));
    match mirror.and_then(|mirror| mirror.fetched_at()) {
        None => findings.missing("source", format!("{name} was never fetched"), SYNC),
        Some(at) if ages.is_old(at) => {
            let found = format!("{name} was fetched {}, longer ago than {}", ago(at), ages.limit());
            findings.warning("source", found, SYNC);
        }
        Some(at) => findings.ok("source", format!("{name}, fetched {}", ago(at))),
    }
}

fn records(settings: &Settings, context: &Context, findings: &mut Findings) {
    const WHAT: &str = "team's records";
    const SYNC: &str = "surefoot sync";
    let Ok(Some(records)) = team::of(settings, context) else {
        findings.ok(WHAT, "no place is named: what is known is what this machine knows");
        return;
    };
    let state = records.state();
    let unsent = context.store().ok().and_then(|store| records.unsent(&store).ok());
    let waiting = unsent.as_ref().map_or(0, |unsent| unsent.runs);
    let waits = match waiting {
        0 => String::new(),
        some => format!("; {} to be delivered", team::counted(some, "run waits", "runs wait")),
    };
    let place = records.place();
    match (state.read, state.failed) {
        (None, None) => findings.warning(WHAT, format!("{place} was never read{waits}"), SYNC),
        (_, Some(why)) => {
            let tried = state.tried.map(ago).unwrap_or_default();
            findings.warning(WHAT, format!("{place}: {why} ({tried}){waits}"), SYNC);
        }
        (Some(read), None) if Ages::of(settings).is_old(read) => {
            let limit = Ages::of(settings).limit();
            let found = format!("{place} was read {}, longer ago than {limit}{waits}", ago(read));
            findings.warning(WHAT, found, SYNC);
        }
        (Some(read), None) if waiting > 0 => {
            findings.warning(WHAT, format!("{place}, read {}{waits}", ago(read)), SYNC);
        }
        (Some(read), None) => findings.ok(WHAT, format!("{place}, read {}", ago(read))),
    }
}

/// What is fetched and delivered by itself, where settings want that.
fn in_background(settings: &Settings, context: &Context, findings: &mut Findings) {
    const WHAT: &str = "background";
    match background::told(settings, context) {
        Some(told) if told.well => findings.ok(WHAT, told.text),
        Some(told) => findings.warning(WHAT, told.text, "surefoot sync"),
        None => {}
    }
}

/// Runs that somebody has to look at.
pub(super) fn runs(context: &Context) -> Vec<Finding> {
    let mut findings = Findings::of("Runs on this machine");
    let Ok(rows) = context.store().and_then(|store| rows(&store)) else {
        findings.missing("runs", "they cannot be listed", "surefoot history says why");
        return findings.found;
    };
    let mut told = 0;
    let mut more = 0;
    for row in &rows {
        let (found, advice) = match &row.told {
            Told::Unreadable(why) => (why.clone(), format!("surefoot verify {}", row.run)),
            Told::Run(past) if past.is_rehearsal() => continue,
            Told::Run(past) => match &past.state {
                RunState::Finished { .. } => continue,
                RunState::InDoubt => (
                    format!("in doubt: nobody knows how a command of `{}` ended", past.title),
                    format!("surefoot resume {}", row.run),
                ),
                RunState::Open | RunState::Paused { .. } => (
                    format!("not over, begun {}: {}", ago(past.started), past.title),
                    format!("surefoot resume {}", row.run),
                ),
            },
        };
        if told == MOST_TOLD {
            more += 1;
            continue;
        }
        told += 1;
        findings.warning(&row.run, found, advice);
    }
    if more > 0 {
        findings.warning("more", format!("{more} more are not over"), "surefoot history");
    }
    if told == 0 {
        findings.ok("runs", "none is open or in doubt");
    }
    findings.found
}
