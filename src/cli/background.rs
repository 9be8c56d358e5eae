//! Syncs in the background: where settings say how often, a person who looks for a runbook, or walks
//! one, starts a sync of all sources that nobody waits for. What a run has frozen is not touched by it.

use std::ffi::OsStr;

use super::Context;
use super::past::ago;
use crate::catalog::{LastSync, SyncEnded, SyncWanted};
use crate::console::{Meaning, Text, attended};
use crate::effects::SystemClock;
use crate::journal::{Holder, Lock, LockFailed};
use crate::process::{RUN_MARK, SYNC_ALONE, start_alone};
use crate::session::Clock as _;
use crate::settings::{Settings, SourceKind};
use crate::value::spoken;

/// Starts a sync if it is time for one, and says what became of the last.
pub(crate) fn refresh(settings: &Settings, context: &Context) {
    if let Some(last) = start(settings, context) {
        tell(&last, context);
    }
}

/// Starts a sync if it is time for one; what is known of the last one before. Nothing of it where
/// settings say nothing, nor where nobody is there, nor in a command of a run.
pub(crate) fn start(settings: &Settings, context: &Context) -> Option<LastSync> {
    let every = settings.sync_every?;
    let of_a_run = context.settings.environment.contains_key(OsStr::new(RUN_MARK));
    if of_a_run || !reaches_out(settings) || attended().is_none() {
        return None;
    }
    let state = context.settings.state.as_deref()?;
    let last = LastSync::read(state);
    let now = SystemClock::start().now();
    if LastSync::is_due(last.as_ref(), every, now)
        && let Ok(lock) = take(context)
        // Another one may have been faster.
        && LastSync::is_due(LastSync::read(state).as_ref(), every, now)
        // What cannot be remembered would be tried again and again.
        && LastSync::beginning(SyncWanted::Background, now).save(state).is_ok()
    {
        drop(lock);
        if let Err(error) = start_alone(SYNC_ALONE, &context.settings.environment) {
            let why = Some(format!("it cannot be started: {error}"));
            let ended = Some(SyncEnded { at: now, failed: 1, why });
            // What is not remembered is tried again sooner.
            let _ = LastSync { began: now, wanted: SyncWanted::Background, ended }.save(state);
        }
    }
    last
}

/// The lock of whoever syncs all sources.
pub(crate) fn take(context: &Context) -> Result<Lock, LockFailed> {
    let own = &context.settings;
    let holder = Holder {
        pid: std::process::id(),
        host: own.host.clone(),
        by: own.responder.name.clone(),
        run: "sync of all sources".to_owned(),
    };
    Lock::named(own.state.as_deref().unwrap_or("/".as_ref()), LastSync::LOCK, &holder)
}

/// Whether anything of what settings name is not on this machine.
fn reaches_out(settings: &Settings) -> bool {
    let fetched = |kind: &SourceKind| !matches!(kind, SourceKind::Path(_));
    settings.records.is_some() || settings.sources.iter().any(|source| fetched(&source.kind))
}

/// Says that the last one failed, if nobody saw that.
fn tell(last: &LastSync, context: &Context) {
    if last.wanted == SyncWanted::Background
        && let Some(ended) = last.ended.as_ref().filter(|ended| ended.failed > 0)
    {
        let text = format!("The last sync in the background {}", failed(ended));
        context.terminal.line(&Text::of(Meaning::Warning, text));
    }
}

fn failed(ended: &SyncEnded) -> String {
    let why = ended.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
    let more = match ended.failed {
        0 | 1 => String::new(),
        some => format!(", and {} more", some - 1),
    };
    format!("failed {}{why}{more}", ago(ended.at))
}

/// What is done in the background, and what came of it; nothing if settings say nothing.
pub(crate) fn told(settings: &Settings, context: &Context) -> Option<Told> {
    let every = spoken(settings.sync_every?);
    let last = context.settings.state.as_deref().and_then(LastSync::read);
    let well = last.as_ref().is_none_or(|last| last.ended.is_none() || last.went_well());
    let came = match last {
        None => "none yet".to_owned(),
        Some(LastSync { began, ended: None, .. }) => format!("one began {}", ago(began)),
        Some(LastSync { ended: Some(ended), .. }) if ended.failed == 0 => {
            format!("the last ended {}", ago(ended.at))
        }
        Some(LastSync { ended: Some(ended), .. }) => format!("the last {}", failed(&ended)),
    };
    Some(Told { well, text: format!("a sync every {every}, {came}") })
}

/// What is done in the background.
pub(crate) struct Told {
    /// Whether nothing of it failed.
    pub(crate) well: bool,
    pub(crate) text: String,
}
