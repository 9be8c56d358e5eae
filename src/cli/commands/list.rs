//! `surefoot list`: the runbooks that are known on this machine.

use jiff::SignedDuration;

use crate::catalog::{Index, IndexEntry, IndexFailed, PlaceKind, Standing, Validity, Wanted};
use crate::cli::Context;
use crate::cli::args::{ListArguments, ListFormat};
use crate::cli::catalogue::{Catalogue, catalogue, index_failed, tell_age, whose_walks};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::console::{Meaning, Text, Width, listing};
use crate::diagnostic::visible_json;
use crate::effects::SystemClock;
use crate::session::Clock as _;
use crate::value::Duration;

/// More rows than this are no list for a person.
const MOST_ROWS: usize = 200;

pub(crate) fn run(arguments: &ListArguments, context: &Context) -> Result<Exit, Failure> {
    let mut wanted = wanted(arguments)?;
    let mut catalogue = catalogue(context)?;
    let index = &mut catalogue.index;
    let failed = |error: IndexFailed| index_failed(&error);
    if let Some(name) = &arguments.alert {
        wanted.among = Some(answering(name, index).map_err(failed)?);
    }
    let person = context.settings.width == Width::OfTerminal && !arguments.all;
    let cut = person && arguments.format == ListFormat::Text;
    let most = if cut { MOST_ROWS } else { usize::MAX };
    let entries = index.entries(&wanted, most).map_err(failed)?;
    print(&entries, arguments.format, &catalogue, context)?;
    let index = &mut catalogue.index;
    if entries.is_empty() && arguments.format == ListFormat::Text {
        nothing(index.count(&Wanted::default()).map_err(failed)?, context);
    }
    if entries.len() == most {
        let more = index.count(&wanted).map_err(failed)?.saturating_sub(most);
        let text = format!("… and {more} more: narrow the list, or --all");
        context.terminal.line(&Text::of(Meaning::Hint, text));
    }
    Ok(Exit::Done)
}

fn wanted(arguments: &ListArguments) -> Result<Wanted, Failure> {
    let not_walked_since = arguments.not_walked_for.as_ref().map(|text| {
        let long = Duration::parse(text).map_err(|why| {
            Failure::new(Exit::Usage, format!("--not-walked-for `{text}`: {why}"))
        })?;
        let long = SignedDuration::from_millis(i64::try_from(long.millis).unwrap_or(i64::MAX));
        Ok(SystemClock::start().now().saturating_sub(long).unwrap_or_default())
    });
    Ok(Wanted {
        service: arguments.service.clone(),
        tag: arguments.tag.clone(),
        owner: arguments.owner.clone(),
        among: None,
        validity: if arguments.invalid { Validity::Invalid } else { Validity::Any },
        not_walked_since: not_walked_since.transpose()?,
    })
}

/// The runbooks that may answer an alert of which only the name is known.
fn answering(name: &str, index: &mut Index) -> Result<Vec<i64>, IndexFailed> {
    Ok(index.alerts_named(name)?.into_iter().map(|rule| rule.entry).collect())
}

fn nothing(known: usize, context: &Context) {
    let text = match known {
        0 => {
            "No runbooks are known here: they lie in `runbooks/` of a repository, or in what \
             `[[source]]` of the settings names."
        }
        _ => "No runbook is like that.",
    };
    context.terminal.line(&Text::plain(text));
}

/// Prints entries as a list.
pub(super) fn print(
    entries: &[IndexEntry],
    format: ListFormat,
    catalogue: &Catalogue,
    context: &Context,
) -> Result<(), Failure> {
    match format {
        ListFormat::Json => context.print(&json(entries, catalogue)),
        ListFormat::Text if entries.is_empty() => Ok(()),
        ListFormat::Text => {
            let rows: Vec<_> = entries.iter().map(|entry| catalogue.listed(entry)).collect();
            let index = &catalogue.index;
            tell_age(index, context);
            context.publish(&listing(&rows, whose_walks(index), context.settings.width))?;
            catalogue.tell_old(entries, context);
            Ok(())
        }
    }
}

fn json(entries: &[IndexEntry], catalogue: &Catalogue) -> String {
    let index = &catalogue.index;
    let entry = |entry: &IndexEntry| {
        let [read, change, destroy] = entry.effects;
        let place = index.place(entry);
        let fetched_at = place.fetched_at();
        let kind = match place.kind {
            PlaceKind::Here => "here",
            PlaceKind::Folder => "folder",
            PlaceKind::Mirror => "mirror",
        };
        serde_json::json!({
            "reference": entry.reference(),
            "id": entry.runbook,
            "service": entry.service,
            "title": entry.title,
            "summary": entry.summary,
            "owner": entry.owner,
            "tags": entry.tags,
            "effects": { "read": read, "change": change, "destroy": destroy },
            "invalid": entry.invalid,
            "walked_ok": entry.last_walked(),
            "walked_ok_on_this_machine": entry.walked,
            "walked_ok_by_the_team": entry.team.as_ref().map(|walk| serde_json::json!({
                "at": walk.at, "by": walk.by, "host": walk.host,
            })),
            "file": index.whereabouts(entry).file(),
            "path": entry.path,
            "source": {
                "name": place.name(),
                "kind": kind,
                "shown": catalogue.from(entry).bare(),
                "working_copy": place.is_working_copy(),
                "fetched_at": fetched_at,
                "old": fetched_at.is_some_and(|at| catalogue.ages.is_old(at)),
            },
            "behind_another_of_its_name": entry.standing == Standing::Behind,
            "one_of_several_of_its_name": entry.standing == Standing::OneOfSeveral,
        })
    };
    let entries: Vec<_> = entries.iter().map(entry).collect();
    let text = serde_json::to_string_pretty(&entries).expect("texts and numbers always serialise");
    visible_json(&text) + "\n"
}
