//! Which runbooks somebody on call may have to walk, and whether they are trusted.

use std::path::{Path, PathBuf};

use super::Findings;
use crate::catalog::{File, KnownSource, expand, runbooks_around, runbooks_below};
use crate::cli::Context;
use crate::cli::open::{Opened, open_quietly};
use crate::cli::trusted::{guard, speaks, vouched};
use crate::runbook::is_scenario;
use crate::settings::Source;

/// The runbooks of services, in the repository around here and in all folders that are sources; all
/// of the repository if no service is named.
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
    for service in on_call {
        if !all.iter().any(|opened| opened.runbook.service.as_ref() == Some(service)) {
            let found = "no runbook of this service is on this machine";
            findings.missing(service, found, "name where it is in a table [[source]]");
        }
    }
    all
}

/// A runbook; nothing if the file is none.
fn opened(path: &Path) -> Result<Option<Box<Opened>>, String> {
    let file = File::read(path).map_err(|error| error.why)?;
    if file.is_settings() || is_scenario(&String::from_utf8_lossy(&file.bytes)) {
        return Ok(None);
    }
    open_quietly(path, file).map(|opened| Some(Box::new(opened)))
}

/// Whether a walk would find a runbook trusted: by its content, or by a source on whose branch it stands.
pub(super) fn is_trusted(opened: &Opened, sources: &[Source], context: &Context) -> bool {
    let trusts =
        context.trust_store().is_ok_and(|store| store.trusts(&opened.digest).unwrap_or(false));
    let vouched_for = || vouched(opened, sources, context).is_ok_and(|found| found.is_some());
    guard(opened).is_ok() && speaks(opened, sources, context).is_ok() && (trusts || vouched_for())
}
