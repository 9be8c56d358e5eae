//! Which runbooks somebody on call may have to walk, wherever they lie, and whether they are trusted.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::Findings;
use crate::catalog::{
    File, Folder, Index, KnownSource, Located, PlaceKind, Standing, Wanted, expand, places,
    runbooks_around, runbooks_below,
};
use crate::cli::Context;
use crate::cli::open::{Opened, open_quietly};
use crate::cli::trusted::{guard, speaks, vouched};
use crate::effects::SystemClock;
use crate::runbook::is_scenario;
use crate::session::Clock as _;
use crate::settings::Source;

/// The runbooks of services, in the repository around here and in all sources; all of the repository if no service is named.
pub(super) fn of_services(
    on_call: &[String],
    sources: &[Source],
    context: &Context,
    findings: &mut Findings,
) -> Vec<Opened> {
    let mut paths: Vec<PathBuf> = runbooks_around(&context.settings.here);
    if !on_call.is_empty() {
        let own = &context.settings;
        let known = expand(sources, own.state.as_deref(), own.home.as_deref()).known;
        let folders: Vec<PathBuf> = known.iter().filter_map(KnownSource::folder).collect();
        paths.extend(folders.iter().flat_map(|folder| runbooks_below(folder)));
    }
    paths.sort();
    paths.dedup();
    let mut all = Vec::new();
    for path in paths {
        match opened(&path) {
            Err(why) => {
                let what = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                findings.missing(&what, why, format!("surefoot check {}", path.display()));
            }
            Ok(None) => {}
            Ok(Some(opened)) => {
                let service = opened.runbook.service.as_ref();
                if on_call.is_empty() || service.is_some_and(|it| on_call.contains(it)) {
                    all.push(*opened);
                }
            }
        }
    }
    all.extend(of_mirrors(on_call, sources, context, findings));
    for (name, files) in same_names(&all) {
        let found = format!("several files of one place are called so: {}", files.join(", "));
        findings.missing(&name, found, "by its name none is found: give the others another id");
    }
    for service in on_call {
        if !all.iter().any(|opened| opened.runbook.service.as_ref() == Some(service)) {
            let found = "no runbook of this service is on this machine";
            findings.missing(service, found, "name where it is in a table [[source]]");
        }
    }
    all
}

/// Names that several files of one place have, and the files.
fn same_names(all: &[Opened]) -> Vec<(String, Vec<String>)> {
    let mut named: BTreeMap<(&Path, String), BTreeSet<String>> = BTreeMap::new();
    for Opened { runbook, folder, .. } in all {
        let Some(service) = &runbook.service else { continue };
        let name = format!("{service}/{}", runbook.id);
        named.entry((folder.root(), name)).or_default().insert(folder.own_path());
    }
    let shared = named.into_iter().filter(|(_, files)| files.len() > 1);
    shared.map(|((_, name), files)| (name, files.into_iter().collect())).collect()
}

/// The runbooks of services in what was fetched of sources, found in the index: nothing else tells which of
/// many repositories has them.
fn of_mirrors(
    on_call: &[String],
    sources: &[Source],
    context: &Context,
    findings: &mut Findings,
) -> Vec<Opened> {
    let own = &context.settings;
    let (state, search) = (own.state.as_deref(), own.search_path());
    let sources = expand(sources, state, own.home.as_deref());
    let places = places(&sources, state, &own.here);
    let mut opened = Vec::new();
    if on_call.is_empty() || places.iter().all(|place| place.fetched_at().is_none()) {
        return opened;
    }
    let now = SystemClock::start().now();
    let index = Index::open(own.state.clone(), &search, places, now, &mut |_, _, _| ());
    let Ok(mut index) = index else { return opened };
    for service in on_call {
        let wanted = Wanted { service: Some(service.clone()), ..Wanted::default() };
        let entries = index.entries(&wanted, usize::MAX).unwrap_or_default();
        // What lies nearer was looked at where it lies.
        let fetched = entries.iter().filter(|entry| {
            index.place(entry).kind == PlaceKind::Mirror && entry.standing != Standing::Behind
        });
        for entry in fetched {
            let lies = index.whereabouts(entry);
            let located = lies.open(context.neighbours(), &search);
            match located.map_err(|error| error.to_string()).and_then(open_quietly) {
                Ok(one) => opened.push(one),
                Err(why) => {
                    let advice = "mend it where it comes from, then surefoot sync";
                    findings.missing(&lies.to_string(), why, advice);
                }
            }
        }
    }
    opened
}

/// A runbook; nothing if the file is none.
fn opened(path: &Path) -> Result<Option<Box<Opened>>, String> {
    let file = File::read(path).map_err(|error| error.why)?;
    if file.is_settings() || is_scenario(&String::from_utf8_lossy(&file.bytes)) {
        return Ok(None);
    }
    let folder = Folder::around(path);
    let name = path.to_owned();
    let located = Located { name, file, folder, source: None, rather_than: None };
    open_quietly(located).map(|opened| Some(Box::new(opened)))
}

/// Whether a walk would find a runbook trusted: by its content, or by a source on whose branch it stands.
pub(super) fn is_trusted(opened: &Opened, sources: &[Source], context: &Context) -> bool {
    let trusts =
        context.trust_store().is_ok_and(|store| store.trusts(&opened.digest).unwrap_or(false));
    let vouched_for = || vouched(opened, sources, context).is_ok_and(|found| found.is_some());
    guard(opened).is_ok() && speaks(opened, sources, context).is_ok() && (trusts || vouched_for())
}
