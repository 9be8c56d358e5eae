//! `surefoot insights readiness`: who has practised which runbook, and what nobody has.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::catalog::{IndexEntry, RecordsIndex, Standing, Wanted};
use crate::cli::Context;
use crate::cli::args::{ListFormat, ReadinessArguments};
use crate::cli::catalogue::{catalogue, index_failed};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::past::ago;
use crate::cli::runs::rows;
use crate::cli::team::{counted, team};
use crate::console::{Meaning, Page, Text};
use crate::diagnostic::visible_json;
use crate::report::{Named, Past, Practice, Row, Told, practice};

/// What is known of the practice of runbooks.
#[derive(Serialize)]
struct Readiness {
    /// Where runs were looked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    team: Option<Team>,
    runbooks: Vec<Book>,
}

/// The team's records.
#[derive(Serialize)]
struct Team {
    place: String,
    /// When they were read.
    read: Option<jiff::Timestamp>,
}

/// A runbook, and who has practised it.
#[derive(Serialize)]
struct Book {
    reference: String,
    title: String,
    /// How many commands have each effect; unknown of what is not in the catalogue.
    effects: Option<Effects>,
    practised: Vec<Practice>,
}

#[derive(Clone, Copy, Serialize)]
struct Effects {
    read: u32,
    change: u32,
    destroy: u32,
}

impl Effects {
    fn changes(self) -> bool {
        self.change + self.destroy > 0
    }
}

pub(super) fn run(arguments: &ReadinessArguments, context: &Context) -> Result<Exit, Failure> {
    let team = team(context)?;
    let records = team.as_ref().and_then(crate::catalog::TeamRecords::index);
    let here = rows(&context.store()?)?;
    let all = || here.iter().filter_map(past).chain(others(&here, records.as_ref()));
    let mut practised = practice(all());
    if let Some(person) = &arguments.person {
        let own = |practice: &Practice| is_person(&practice.person, person);
        for people in practised.values_mut() {
            people.retain(own);
        }
    }
    let titles = titles(all());
    let mut index = catalogue(context)?.index;
    let wanted = Wanted { service: arguments.service.clone(), ..Wanted::default() };
    let entries = index.entries(&wanted, usize::MAX).map_err(|error| index_failed(&error))?;
    let mut runbooks: Vec<Book> =
        entries.into_iter().filter_map(|entry| known(entry, &mut practised)).collect();
    // What was walked and is not in the catalogue, or no more.
    let gone = practised.into_iter().filter(|((service, _), people)| {
        let own = arguments.service.is_none() || *service == arguments.service;
        own && !people.is_empty()
    });
    runbooks.extend(gone.map(|(named, practised)| Book {
        title: titles.get(&named).cloned().unwrap_or_default(),
        reference: reference(&named),
        effects: None,
        practised,
    }));
    if let Some(part) = &arguments.runbook {
        runbooks = meant(runbooks, part)?;
    }
    let team = team.map(|team| Team { place: team.place(), read: records.map(|it| it.read) });
    let readiness = Readiness { team, runbooks };
    match arguments.format {
        ListFormat::Json => {
            let text = serde_json::to_string_pretty(&readiness);
            let text = visible_json(&text.expect("texts and numbers always serialise"));
            context.print(&(text + "\n"))?;
        }
        ListFormat::Text => {
            let page = page(&readiness, arguments.person.as_deref());
            context.publish(&page)?;
        }
    }
    Ok(Exit::Done)
}

/// A run of this machine that can be read.
fn past(row: &Row) -> Option<(&str, &Past)> {
    match &row.told {
        Told::Run(past) => Some((&row.run, past)),
        Told::Unreadable(_) => None,
    }
}

/// The runs of the team that are not here as well.
fn others<'a>(
    here: &'a [Row],
    records: Option<&'a RecordsIndex>,
) -> impl Iterator<Item = (&'a str, &'a Past)> {
    let own: BTreeMap<&str, jiff::Timestamp> =
        here.iter().filter_map(past).map(|(run, past)| (run, past.started)).collect();
    let good = records.into_iter().flat_map(RecordsIndex::good).map(|(_, good)| &good.record);
    let others = good.filter(move |record| {
        own.get(record.run.as_str()).is_none_or(|started| *started != record.past.started)
    });
    others.map(|record| (record.run.as_str(), &record.past))
}

/// What runbooks were called when they were walked last.
fn titles<'a>(runs: impl Iterator<Item = (&'a str, &'a Past)>) -> BTreeMap<Named, String> {
    let mut runs: Vec<&Past> = runs.map(|(_, past)| past).collect();
    runs.sort_by_key(|past| past.started);
    let named = |past: &Past| ((past.service.clone(), past.runbook.clone()), past.title.clone());
    runs.into_iter().map(named).collect()
}

/// A person by their whole name, or by that of the user.
fn is_person(whole: &str, wanted: &str) -> bool {
    whole == wanted || whole.split_once('@').is_some_and(|(user, _)| user == wanted)
}

fn reference((service, id): &Named) -> String {
    service.as_ref().map_or_else(|| id.clone(), |service| format!("{service}/{id}"))
}

/// A runbook of the catalogue, unless another is meant by its name.
fn known(entry: IndexEntry, practised: &mut BTreeMap<Named, Vec<Practice>>) -> Option<Book> {
    if entry.standing == Standing::Behind {
        return None;
    }
    let reference = entry.reference();
    let practised = practised.remove(&(entry.service, entry.runbook)).unwrap_or_default();
    let [read, change, destroy] = entry.effects;
    let effects = Some(Effects { read, change, destroy });
    Some(Book { reference, title: entry.title, effects, practised })
}

/// The runbooks that a reference means: the one of that name, or all that it is a part of.
fn meant(runbooks: Vec<Book>, part: &str) -> Result<Vec<Book>, Failure> {
    let exact =
        |book: &Book| book.reference == part || book.reference.rsplit('/').next() == Some(part);
    let any = runbooks.iter().any(exact);
    let fits = |book: &Book| if any { exact(book) } else { book.reference.contains(part) };
    let found: Vec<Book> = runbooks.into_iter().filter(fits).collect();
    if found.is_empty() {
        let message = format!("no runbook that is known, or was walked, is called `{part}`");
        let failure = Failure::new(Exit::Usage, message);
        return Err(failure.hint("surefoot list shows those that are known here"));
    }
    Ok(found)
}

fn page(readiness: &Readiness, person: Option<&str>) -> Page {
    let mut page = Page::new();
    let from = match &readiness.team {
        None => "Practice on this machine".to_owned(),
        Some(Team { place, read: None }) => {
            format!("Practice on this machine; the team's records at {place} were never read")
        }
        Some(Team { place, read: Some(read) }) => {
            format!(
                "Practice on this machine and in the team's records at {place}, read {}",
                ago(*read)
            )
        }
    };
    page.hanging(Text::of(Meaning::Dim, from), 2);
    let (practised, never): (Vec<&Book>, Vec<&Book>) =
        readiness.runbooks.iter().partition(|book| !book.practised.is_empty());
    for book in practised {
        page.blank();
        page.hanging(heading(book), 4);
        for practice in &book.practised {
            page.hanging(line(practice), 6);
        }
    }
    let changes = |book: &&Book| book.effects.is_some_and(Effects::changes);
    let (changing, reading): (Vec<&Book>, Vec<&Book>) = never.into_iter().partition(changes);
    let nobody = person.unwrap_or("nobody");
    let not = if person.is_some() { "has not practised" } else { "has practised" };
    for (books, what) in
        [(changing, "these, which change something"), (reading, "these, which only read")]
    {
        if books.is_empty() {
            continue;
        }
        page.blank();
        page.line(Text::of(Meaning::Warning, format!("{} {not} {what}:", capital(nobody))));
        for book in books {
            page.hanging(Text::plain("  ").join(heading(book)), 6);
        }
    }
    if readiness.runbooks.is_empty() {
        page.blank();
        page.line(Text::plain("No runbooks are known here, and none was walked."));
    }
    page
}

/// The name of nobody begins a sentence; that of somebody is as it is.
fn capital(name: &str) -> String {
    if name == "nobody" { "Nobody".to_owned() } else { name.to_owned() }
}

fn heading(book: &Book) -> Text {
    let text = Text::of(Meaning::Heading, &book.reference).add(Meaning::Plain, "  ");
    let text = text.add(Meaning::Plain, &book.title);
    let Some(Effects { change, destroy, .. }) = book.effects else {
        return text.add(Meaning::Dim, "  (not in the catalogue)");
    };
    let mut counts = Vec::new();
    for (count, effect) in [(change, "change"), (destroy, "destroy")] {
        if count > 0 {
            counts.push(format!("{count} {effect}"));
        }
    }
    if counts.is_empty() {
        text
    } else {
        text.add(Meaning::Dim, format!("  ({})", counts.join(", ")))
    }
}

fn line(practice: &Practice) -> Text {
    let mut text = Text::plain("    ").add(Meaning::Plain, &practice.person);
    let times = match practice.times {
        1 => String::new(),
        times => format!(" {times} times, last"),
    };
    text = text.add(Meaning::Value, format!("  {}", practice.way.name()));
    text = text.add(Meaning::Plain, format!("{times} {}", ago(practice.latest)));
    if practice.predictions > 0 {
        let said = counted(practice.predictions, "prediction", "predictions");
        text = text.add(Meaning::Dim, format!(", {said}"));
    }
    text
}
