//! The index of all runbooks, opened for a command and brought up to date, and what is told of its
//! entries.

use std::path::PathBuf;

use super::Context;
use super::background;
use super::exit::Exit;
use super::failure::Failure;
use super::governing::governing;
use super::open::not_found;
use super::past::{ago, is_old};
use super::team;
use crate::catalog::{Index, IndexEntry, IndexFailed, Meant, PlaceKind, ReferenceFailed, places};
use crate::console::{Listed, Meaning, Text, Whose};
use crate::effects::SystemClock;
use crate::session::Clock as _;
use crate::settings::Settings;

/// Fewer files than this are read before anybody wonders what takes so long.
const MANY: usize = 1_000;

/// Opens the index for somebody who looks for a runbook, and begins a sync in the background if it is
/// time for one.
pub(crate) fn index(context: &Context) -> Result<Index, Failure> {
    let settings = governing(context, None)?.settings;
    background::refresh(&settings, context);
    opened(&settings, context)
}

/// Opens the index. What is wrong with it, or with a place of runbooks, is said and ends nothing.
fn opened(settings: &Settings, context: &Context) -> Result<Index, Failure> {
    let own = &context.settings;
    let places = places(&settings.sources, &own.here);
    let mut told = false;
    let mut progress = |_, of| {
        if of > MANY && !told {
            told = true;
            let text = format!("Reading {of} runbooks that are new or changed…");
            context.terminal.line(&Text::of(Meaning::Dim, text));
        }
    };
    let index = Index::open(own.state.clone(), places, SystemClock::start().now(), &mut progress);
    let index = index.and_then(|index| index.with_team(team::of(settings, context).ok().flatten()));
    let mut index = index.map_err(|error| index_failed(&error))?;
    for sentence in index.said() {
        say(context, &sentence);
    }
    for problem in index.problems() {
        say(context, problem);
    }
    Ok(index)
}

/// An index that cannot be had at all.
pub(crate) fn index_failed(error: &IndexFailed) -> Failure {
    Failure::from_error(Exit::Failed, error)
}

fn say(context: &Context, sentence: &str) {
    let text = Text::of(Meaning::Warning, "warning: ").add(Meaning::Plain, sentence);
    context.terminal.line(&text);
}

/// The file of a runbook that the repository around here does not have.
pub(crate) fn locate(
    reference: &str,
    unknown: &ReferenceFailed,
    context: &Context,
) -> Result<PathBuf, Failure> {
    let mut index = opened(&governing(context, None)?.settings, context)?;
    match index.locate(reference).map_err(|error| index_failed(&error))? {
        Meant::One(entry) => Ok(index.file(&entry)),
        Meant::None => Err(not_found(unknown)),
        Meant::Several(entries) => Err(not_found(&ReferenceFailed::Several {
            reference: reference.to_owned(),
            ids: entries.iter().map(IndexEntry::reference).collect(),
        })),
    }
}

/// An entry as it is listed.
pub(crate) fn listed(index: &Index, entry: &IndexEntry) -> Listed {
    Listed {
        reference: entry.reference(),
        title: entry.title.clone(),
        invalid: entry.invalid.clone(),
        walked: walked(entry),
        by: by(index, entry),
        owner: entry.owner.clone().unwrap_or_default(),
        from: from(index, entry),
    }
}

/// When it was last walked with success, here or by the team.
fn walked(entry: &IndexEntry) -> String {
    entry.last_walked().map_or_else(|| "never".to_owned(), ago)
}

/// Who did so and where, for a team.
fn by(index: &Index, entry: &IndexEntry) -> Option<String> {
    index.team()?;
    match entry.walked_elsewhere() {
        Some(walk) => Some(format!(" by {}", walk.whose())),
        None => entry.walked.map(|_| ", here".to_owned()),
    }
}

/// When it was last walked with success, by whom that is known of.
pub(crate) fn walked_by(index: &Index, entry: &IndexEntry) -> String {
    let by = by(index, entry).unwrap_or_default();
    format!("walked OK {}: {}{by}", whose_walks(index).words(), walked(entry))
}

/// Whose walks lists tell of.
pub(crate) fn whose_walks(index: &Index) -> Whose {
    if index.team().is_some() { Whose::Team } else { Whose::Machine }
}

/// Says so if what is known of the team's walks is old.
pub(crate) fn tell_age(index: &Index, context: &Context) {
    let Some(team) = index.team() else { return };
    let text = match team.state().read {
        None => "The team's records were never read: surefoot sync".to_owned(),
        Some(read) if is_old(read) => format!("The team's records were read {}.", ago(read)),
        Some(_) => return,
    };
    context.terminal.line(&Text::of(Meaning::Dim, text));
}

/// Where it comes from: a place, and whether people work there.
pub(crate) fn from(index: &Index, entry: &IndexEntry) -> String {
    let place = index.place(entry);
    let name = match place.kind {
        PlaceKind::Here => "here".to_owned(),
        PlaceKind::Folder => place.name.clone(),
    };
    if place.is_working_copy() { format!("{name} (working copy)") } else { name }
}
