//! Whether the content of a runbook is trusted, and whether anybody else could have written it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::Context;
use super::agreement::programs;
use super::exit::Exit;
use super::failure::Failure;
use super::open::Opened;
use super::past::ago;
use super::provenance::origins;
use crate::catalog::{
    Claimed, Difference, Lies, Lookout, Lying, TrustFailed, TrustStore, Trusted, Voucher, closed,
    expand, guarded, may_speak_for,
};
use crate::console::{Meaning, Text, changes_in_words};
use crate::effects::SystemClock;
use crate::policy::{Attendance, Trust};
use crate::process::describe;
use crate::session::Clock as _;
use crate::settings::{Source, SourceKind};

impl Context {
    /// What is trusted on this machine.
    pub(crate) fn trust_store(&self) -> Result<TrustStore, Failure> {
        let store = TrustStore::new(self.state()?);
        guard_place(store.folder())?;
        Ok(store)
    }
}

impl Opened {
    /// What trust in it would be given to.
    pub(crate) fn as_trusted(&self) -> Trusted {
        let path = self.folder.root().join(self.folder.own_path());
        Trusted::of(&self.runbook, &self.closure, &path, SystemClock::start().now())
    }
}

/// Why trust could not be kept or looked up.
pub(crate) fn store_failed(error: &TrustFailed) -> Failure {
    match error {
        TrustFailed::Exposed(exposed) => {
            let path = exposed.path.display();
            let failure = Failure::from_error(Exit::Refused, error);
            failure.hint(format!("look at what is in it, then: chmod go-w {path}"))
        }
        TrustFailed::Io { .. } => Failure::from_error(Exit::Unrecorded, error),
    }
}

/// As root: refuses a runbook of which others can write anything.
pub(crate) fn guard(opened: &Opened) -> Result<(), Failure> {
    // Who can write objects or names of commits, says what a revision holds.
    const KEPT: [&str; 5] = ["objects", "objects/pack", "refs", "packed-refs", "HEAD"];
    let mut places = BTreeSet::new();
    for part in opened.closure.parts() {
        match opened.folder.lying(&part.path) {
            Lying::Disk(path) => places.extend([path]),
            Lying::Commit { version, .. } => {
                places.extend(KEPT.map(|name| version.git_folder.join(name)));
            }
        }
    }
    guard_each(places)
}

/// As root: refuses a place where others can write.
pub(crate) fn guard_place(path: &Path) -> Result<(), Failure> {
    guard_each([path.to_owned()])
}

/// Refuses what holds for all users of a machine, where a group or everybody can write it.
pub(crate) fn guard_shared(path: &Path) -> Result<(), Failure> {
    closed(path).map_err(|exposed| {
        let message = format!("{} is not followed: {exposed}", path.display());
        let hint = format!("take that away: chmod go-w {}", exposed.path.display());
        Failure::new(Exit::Refused, message).hint(hint)
    })
}

fn guard_each(paths: impl IntoIterator<Item = PathBuf>) -> Result<(), Failure> {
    for path in paths {
        guarded(&path).map_err(|exposed| {
            let message = format!("as root, {} is not followed: {exposed}", path.display());
            let failure = Failure::new(Exit::Refused, message);
            failure.hint("give it to root and let nobody else write it, or do this as its owner")
        })?;
    }
    Ok(())
}

/// Untrusted content walks only under somebody's eyes.
pub(crate) fn trust(
    opened: &Opened,
    attendance: Attendance,
    sources: &[Source],
    context: &Context,
) -> Result<Trust, Failure> {
    guard(opened)?;
    let store = context.trust_store()?;
    if let Err(claimed) = speaks(opened, sources, context) {
        context.terminal.line(&told(opened, &claimed, attendance)?);
        context.terminal.line(&Text::of(Meaning::Warning, "Every step asks first."));
        return Ok(Trust::Untrusted);
    }
    if store.trusts(&opened.digest).map_err(|error| store_failed(&error))? {
        return Ok(Trust::Trusted);
    }
    if let Some(vouchers) = vouched(opened, sources, context)? {
        for voucher in vouchers {
            context.terminal.line(&Text::of(Meaning::Dim, said(&voucher)));
        }
        return Ok(Trust::Trusted);
    }
    let path = opened.path.display();
    let changed = difference(opened, &store)?.map(|difference| {
        let since = ago(difference.since);
        format!("changed since it was trusted {since} ({})", changes_in_words(&difference))
    });
    if attendance == Attendance::Unattended {
        let why = changed.unwrap_or_else(|| "is not trusted".to_owned());
        let message = format!("{path} {why}, and nobody is here to look at each step");
        let failure = Failure::new(Exit::Refused, message);
        return Err(failure
            .hint(format!("look at it and trust it: surefoot trust {path}"))
            .hint(format!("in automation: surefoot trust --digest {} {path}", opened.digest)));
    }
    let text = match changed {
        None => {
            format!("Not trusted on this machine: every step asks first. (surefoot trust {path})")
        }
        Some(changed) => {
            format!("This {changed}: every step asks first. (surefoot trust {path} shows it)")
        }
    };
    context.terminal.line(&Text::of(Meaning::Warning, text));
    Ok(Trust::Untrusted)
}

/// The sources on whose branches all of a runbook stands, if each is trusted for that.
pub(crate) fn vouched(
    opened: &Opened,
    sources: &[Source],
    context: &Context,
) -> Result<Option<Vec<Voucher>>, Failure> {
    let own = &context.settings;
    let state = context.state()?;
    guard_place(&state.join("sources"))?;
    let known = expand(sources, Some(state), own.home.as_deref()).known;
    let lookout = Lookout {
        sources: &known,
        state,
        search: &own.search_path(),
        programs: &programs(context),
        scratch: &own.emergency,
        now: SystemClock::start().now(),
    };
    let parts = opened.closure.parts();
    Ok(lookout.vouched(parts, || origins(parts, &opened.folder, context)))
}

fn said(voucher: &Voucher) -> String {
    let Voucher { source, reference, as_of, signed_by } = voucher;
    let branch = reference.rsplit('/').next().unwrap_or(reference);
    let signed = signed_by.as_ref().map(|person| format!(", signed by {person}"));
    let age = as_of.map(|at| format!(", as of {}", ago(at)));
    format!(
        "Trusted: it stands on {branch} of {source}{}{}.",
        signed.unwrap_or_default(),
        age.unwrap_or_default()
    )
}

/// Whether a runbook, and each that it uses, speaks only for services of the source that it comes from
/// itself. A source that is a repository is known by what git says that the runbook's own was cloned
/// from.
pub(crate) fn speaks(
    opened: &Opened,
    sources: &[Source],
    context: &Context,
) -> Result<(), Claimed> {
    let cloned = |source: &Source| !matches!(source.kind, SourceKind::Path(_));
    let search = sources.iter().any(cloned).then(|| context.settings.search_path());
    let own = &context.settings;
    let known = expand(sources, own.state.as_deref(), own.home.as_deref()).known;
    for (id, book) in opened.runbook.all_books() {
        let Some(service) = &book.service else { continue };
        let path = match opened.runbook.used_by(id) {
            Some(_) => book.source.name.clone(),
            None => opened.folder.own_path(),
        };
        let (file, remote) = match opened.folder.lying(&path) {
            Lying::Commit { version, path: below } => {
                (opened.folder.at(&path).root().join(below), version.remote)
            }
            Lying::Disk(file) => {
                let origin = search.as_ref().map(|search| describe(&[(&file, b"")], search));
                let origin = origin.and_then(|mut origins| origins.pop().flatten());
                (file, origin.and_then(|origin| origin.remote))
            }
        };
        let lies = Lies { file: &file, remote: remote.as_deref() };
        may_speak_for(service, lies, sources, &known)?;
    }
    Ok(())
}

/// Tells what a runbook claims; with nobody there to look, nothing goes on.
pub(crate) fn told(
    opened: &Opened,
    claimed: &Claimed,
    attendance: Attendance,
) -> Result<Text, Failure> {
    let path = opened.path.display();
    if attendance == Attendance::Attended {
        return Ok(Text::of(Meaning::Warning, format!("{path} is not trusted: {claimed}.")));
    }
    let message = format!("{path} is not trusted: {claimed}, and nobody is here to look");
    let failure = Failure::new(Exit::Refused, message);
    Err(failure.hint("correct its `service`, or the `services` of its source in the settings"))
}

/// What became of a runbook since it was trusted; nothing if it never was, or nobody knows.
pub(crate) fn difference(
    opened: &Opened,
    store: &TrustStore,
) -> Result<Option<Difference>, Failure> {
    let now = opened.as_trusted();
    let before = store.latest_of(&now).map_err(|error| store_failed(&error))?;
    Ok(before.and_then(|before| before.difference(&now)))
}
