//! `surefoot history`: past runs on this machine, or of the whole team, the newest first.

use serde::Serialize;

use crate::catalog::{Good, Proof, RecordsIndex as Index};
use crate::cli::Context;
use crate::cli::args::{HistoryArguments, ListFormat};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::past::ago;
use crate::cli::runs::rows;
use crate::cli::team::{counted, team, unconfigured};
use crate::console::{Meaning, Text, table};
use crate::diagnostic::visible_json;
use crate::report::{Past, Row, State, Told, Way, history_json};
use crate::runbook::Outcome;
use crate::value::spoken;

/// A run of the team, and how far it is known.
#[derive(Serialize)]
struct TeamRow {
    #[serde(flatten)]
    row: Row,
    record: Origin,
}

/// Where the record of a run is.
#[derive(Serialize)]
#[serde(rename_all = "snake_case", tag = "at")]
enum Origin {
    /// On this machine.
    Here,
    /// Among the team's records.
    Team {
        entry: String,
        host: String,
        proof: Proof,
        sealed_by: Vec<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        doubt: Option<String>,
    },
    /// There, and not taken.
    Refused { entry: String },
}

pub(crate) fn run(arguments: &HistoryArguments, context: &Context) -> Result<Exit, Failure> {
    if arguments.team {
        return of_team(arguments.format, context);
    }
    let rows = rows(&context.store()?)?;
    match arguments.format {
        ListFormat::Json => context.print(&history_json(&rows))?,
        ListFormat::Text if rows.is_empty() => context.print("No runs on this machine yet.\n")?,
        ListFormat::Text => {
            let names = ["run", "state", "took", "runbook", "by"];
            let rows: Vec<Vec<Text>> = rows.iter().map(cells).collect();
            context.publish(&table(&names, &rows, context.settings.width))?;
        }
    }
    Ok(Exit::Done)
}

/// The runs of this machine and those of the team.
fn of_team(format: ListFormat, context: &Context) -> Result<Exit, Failure> {
    let team = team(context)?.ok_or_else(unconfigured)?;
    let here = rows(&context.store()?)?;
    let index = team.index();
    let age = match &index {
        None => format!("The records at {} were never read: surefoot sync", team.place()),
        Some(index) => {
            let bad = index.bad().count();
            let bad = if bad > 0 { format!(", {bad} not taken") } else { String::new() };
            let runs = counted(index.good().count(), "run", "runs");
            format!("The team's records at {}, read {}: {runs}{bad}", index.place, ago(index.read))
        }
    };
    context.terminal.unbroken(&Text::of(Meaning::Dim, age));
    let rows = joined(here, index.as_ref());
    match format {
        ListFormat::Json => {
            let text = serde_json::to_string_pretty(&rows);
            let text = visible_json(&text.expect("texts and numbers always serialise"));
            context.print(&(text + "\n"))?;
        }
        ListFormat::Text if rows.is_empty() => context.print("No runs of the team yet.\n")?,
        ListFormat::Text => {
            let names = ["run", "state", "took", "runbook", "by", "record"];
            let rows: Vec<Vec<Text>> = rows.iter().map(team_cells).collect();
            context.publish(&table(&names, &rows, context.settings.width))?;
        }
    }
    Ok(Exit::Done)
}

/// All runs once, the newest first; what was not taken comes last.
fn joined(here: Vec<Row>, index: Option<&Index>) -> Vec<TeamRow> {
    let mut rows: Vec<TeamRow> = Vec::new();
    let others = index.into_iter().flat_map(Index::good);
    // A run of this machine is here as whole as can be.
    let others = others.filter(|(_, good)| !here.iter().any(|row| is_same(row, good)));
    for (indexed, good) in others {
        let record = Origin::Team {
            entry: indexed.entry.clone(),
            host: good.record.host.clone(),
            proof: good.proof,
            sealed_by: good.sealed_by.clone(),
            doubt: good.doubt.clone(),
        };
        let told = Told::Run(Box::new(good.record.past.clone()));
        rows.push(TeamRow { row: Row { run: good.record.run.clone(), told }, record });
    }
    rows.extend(here.into_iter().map(|row| TeamRow { row, record: Origin::Here }));
    rows.sort_by_cached_key(|row| std::cmp::Reverse((began(&row.row), row.row.run.clone())));
    for (indexed, why) in index.into_iter().flat_map(Index::bad) {
        let run = indexed.entry.clone();
        let row = Row::unreadable(&run, why.to_owned());
        rows.push(TeamRow { row, record: Origin::Refused { entry: run } });
    }
    rows
}

fn is_same(row: &Row, good: &Good) -> bool {
    row.run == good.record.run && began(row) == Some(good.record.past.started)
}

fn began(row: &Row) -> Option<jiff::Timestamp> {
    match &row.told {
        Told::Run(past) => Some(past.started),
        Told::Unreadable(_) => None,
    }
}

fn team_cells(row: &TeamRow) -> Vec<Text> {
    let mut cells = cells(&row.row);
    cells.push(match &row.record {
        Origin::Here => Text::plain("here"),
        Origin::Team { host, proof, sealed_by, doubt, .. } => {
            let known = match proof {
                Proof::Journal => "journal",
                Proof::Word => "summary",
            };
            let mut text = Text::plain(format!("{known} from {host}"));
            if !sealed_by.is_empty() {
                text = text.add(Meaning::Good, format!(", sealed by {}", sealed_by.join(", ")));
            }
            match doubt {
                Some(why) => text.add(Meaning::Bad, format!(", WRONG: {why}")),
                None => text,
            }
        }
        Origin::Refused { .. } => Text::of(Meaning::Bad, "not taken"),
    });
    cells
}

fn cells(row: &Row) -> Vec<Text> {
    let run = Text::plain(&row.run);
    match &row.told {
        Told::Unreadable(why) => vec![
            run,
            Text::of(Meaning::Bad, "unreadable"),
            Text::new(),
            Text::plain(why),
            Text::new(),
        ],
        Told::Run(past) => vec![
            run,
            Text::of(meaning(&past.state), row.state()),
            Text::plain(spoken(past.duration)),
            title(past),
            Text::plain(past.responders.join(", ")),
        ],
    }
}

/// What was walked, and that it was not for real.
fn title(past: &Past) -> Text {
    let text = Text::plain(&past.title);
    match Way::of(past).filter(|_| past.is_rehearsal()) {
        Some(way) => text.add(Meaning::Dim, format!(" ({})", way.name())),
        None => text,
    }
}

fn meaning(state: &State) -> Meaning {
    match state {
        State::Finished {
            outcome: Outcome::Done | Outcome::Mitigated | Outcome::NoAction | Outcome::Resolved,
            ..
        } => Meaning::Good,
        State::InDoubt => Meaning::Bad,
        State::Finished { .. } | State::Open | State::Paused { .. } => Meaning::Warning,
    }
}
