//! The index of all runbooks, opened for a command and brought up to date, and what is told of its
//! entries.

use std::collections::BTreeSet;

use super::Context;
use super::ages::Ages;
use super::background;
use super::exit::Exit;
use super::failure::Failure;
use super::governing::governing;
use super::open::{not_found, read_at};
use super::past::{ago, is_old};
use super::team;
use crate::catalog::{
    Index, IndexEntry, IndexFailed, Located, Meant, Place, PlaceKind, ReferenceFailed, Standing,
    Work, expand, places,
};
use crate::console::{Listed, Meaning, Text, Transfers, Whose};
use crate::effects::SystemClock;
use crate::session::Clock as _;
use crate::settings::Settings;

/// Fewer files than this are read before anybody wonders what takes so long.
const MANY_FILES: usize = 1_000;

/// And fewer mirrors than this.
const MANY_MIRRORS: usize = 100;

/// So many sources are named.
const MOST_NAMED: usize = 3;

/// The index, and when what it holds counts as old.
pub(crate) struct Catalogue {
    pub(crate) index: Index,
    pub(crate) ages: Ages,
}

/// Opens the index for somebody who looks for a runbook, and begins a sync in the background if it is
/// time for one.
pub(crate) fn catalogue(context: &Context) -> Result<Catalogue, Failure> {
    let settings = governing(context, None)?.settings;
    background::refresh(&settings, context);
    opened(&settings, context)
}

/// Opens the index. What is wrong with it, or with a place of runbooks, is said and ends nothing.
fn opened(settings: &Settings, context: &Context) -> Result<Catalogue, Failure> {
    let own = &context.settings;
    let (state, now) = (own.state.as_deref(), SystemClock::start().now());
    let sources = expand(&settings.sources, state, own.home.as_deref());
    let places = places(&sources, state, &own.here);
    let mut waiting = Waiting { context, told: BTreeSet::new(), bar: None };
    let mut progress = |work, done, of| waiting.progress(work, done, of);
    let search = own.search_path();
    let index = Index::open(own.state.clone(), &search, places, now, &mut progress);
    waiting.end();
    let index = index.and_then(|index| index.with_team(team::of(settings, context).ok().flatten()));
    let mut index = index.map_err(|error| index_failed(&error))?;
    for sentence in index.said() {
        say(context, &sentence);
    }
    for problem in index.problems() {
        say(context, problem);
    }
    for unknown in &sources.unknown {
        say(context, &format!("{} ({})", unknown.why, unknown.origin));
    }
    let never = index.never_fetched().map_err(|error| index_failed(&error))?;
    if !never.is_empty() {
        say(context, &format!("{} never fetched: surefoot sync", were(&never)));
    }
    Ok(Catalogue { index, ages: Ages::of(settings) })
}

/// Whoever waits for the index.
struct Waiting<'a> {
    context: &'a Context,
    told: BTreeSet<usize>,
    bar: Option<Transfers>,
}

impl Waiting<'_> {
    /// So much of something is read.
    fn progress(&mut self, work: Work, done: usize, of: usize) {
        let terminal = &self.context.terminal;
        let (many, what) = match work {
            Work::Files => {
                (of > MANY_FILES, format!("Reading {of} runbooks that are new or changed…"))
            }
            Work::Mirrors => {
                (of > MANY_MIRRORS, format!("Reading what is new in {of} sources, once…"))
            }
        };
        if many && self.told.insert(of) {
            terminal.line(&Text::of(Meaning::Dim, what));
            self.end();
            let bar = Transfers::new(terminal, "reading", of);
            bar.show(terminal);
            self.bar = Some(bar);
        }
        if let Some(bar) = self.bar.as_ref().filter(|_| many) {
            bar.ended(done);
        }
    }

    fn end(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.clear();
        }
    }
}

/// Sources, as the beginning of a sentence about what they were.
fn were(names: &[&str]) -> String {
    match names {
        [one] => format!("the source {one} was"),
        some if some.len() <= MOST_NAMED => format!("the sources {} were", some.join(", ")),
        many => {
            let more = many.len() - MOST_NAMED;
            format!("the sources {} and {more} more were", many[..MOST_NAMED].join(", "))
        }
    }
}

/// An index that cannot be had at all.
pub(crate) fn index_failed(error: &IndexFailed) -> Failure {
    Failure::from_error(Exit::Failed, error)
}

fn say(context: &Context, sentence: &str) {
    let text = Text::of(Meaning::Warning, "warning: ").add(Meaning::Plain, sentence);
    context.terminal.line(&text);
}

/// A runbook that the repository around here does not have.
pub(crate) fn locate(
    reference: &str,
    unknown: &ReferenceFailed,
    context: &Context,
) -> Result<Located, Failure> {
    let mut index = opened(&governing(context, None)?.settings, context)?.index;
    match index.locate(reference).map_err(|error| index_failed(&error))? {
        Meant::One(entry) => read_at(&index.whereabouts(&entry), context),
        Meant::None => Err(not_found(unknown)),
        Meant::Several(entries) => Err(not_found(&ReferenceFailed::Several {
            reference: reference.to_owned(),
            ids: told_apart(&index, &entries),
        })),
    }
}

/// What tells entries apart: their names, or where they lie if these are the same.
fn told_apart(index: &Index, entries: &[IndexEntry]) -> Vec<String> {
    let names: BTreeSet<String> = entries.iter().map(IndexEntry::reference).collect();
    if names.len() == entries.len() {
        return names.into_iter().collect();
    }
    entries.iter().map(|entry| index.whereabouts(entry).to_string()).collect()
}

impl Catalogue {
    /// An entry as it is listed.
    pub(crate) fn listed(&self, entry: &IndexEntry) -> Listed {
        Listed {
            reference: entry.reference(),
            title: entry.title.clone(),
            invalid: entry.invalid.clone(),
            walked: walked(entry),
            by: by(&self.index, entry),
            owner: entry.owner.clone().unwrap_or_default(),
            from: self.from(entry),
        }
    }

    /// Where an entry comes from: a place, whether people work there, how old what was fetched is, and
    /// whether another one goes before it.
    pub(crate) fn from(&self, entry: &IndexEntry) -> Text {
        let place = self.index.place(entry);
        let name = match place.kind {
            PlaceKind::Here => "here",
            PlaceKind::Folder | PlaceKind::Mirror => place.name(),
        };
        let mut text = Text::plain(name);
        if place.is_working_copy() {
            text = text.add(Meaning::Plain, " (working copy)");
        }
        if place.kind == PlaceKind::Mirror {
            text = text.add(Meaning::Plain, ", ").join(self.ages.said(place.fetched_at()));
        }
        match entry.standing {
            Standing::First => text,
            Standing::Behind => text.add(Meaning::Plain, ", behind a nearer one"),
            Standing::OneOfSeveral => text
                .add(Meaning::Plain, ", ")
                .add(Meaning::Warning, format!("one of several of this name ({})", entry.path)),
        }
    }

    /// Says which of the sources that entries come from were fetched too long ago.
    pub(crate) fn tell_old(&self, entries: &[IndexEntry], context: &Context) {
        let numbers: BTreeSet<usize> = entries.iter().map(|entry| entry.place).collect();
        let first = |number| entries.iter().find(|entry| entry.place == number);
        let places = numbers.into_iter().filter_map(first).map(|entry| self.index.place(entry));
        let old = places.filter(|place| place.fetched_at().is_some_and(|at| self.ages.is_old(at)));
        let names: Vec<&str> = old.map(Place::name).collect();
        if !names.is_empty() {
            let limit = self.ages.limit();
            say(
                context,
                &format!("{} synced longer ago than {limit}: surefoot sync", were(&names)),
            );
        }
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
