//! `surefoot history`: past runs on this machine, the newest first.

use crate::cli::Context;
use crate::cli::args::{FormatArguments, ListFormat};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::runs::rows;
use crate::console::{Meaning, Text, table};
use crate::report::{Row, State, Told, history_json};
use crate::runbook::Outcome;
use crate::value::spoken;

pub(crate) fn run(arguments: &FormatArguments, context: &Context) -> Result<Exit, Failure> {
    let rows = rows(&context.store()?)?;
    match arguments.format {
        ListFormat::Json => context.print(&history_json(&rows))?,
        ListFormat::Text if rows.is_empty() => context.print("No runs on this machine yet.\n")?,
        ListFormat::Text => {
            let names = ["run", "state", "took", "runbook", "by"];
            let rows: Vec<Vec<Text>> = rows.iter().map(cells).collect();
            context.publish(&table(&names, &rows))?;
        }
    }
    Ok(Exit::Done)
}

fn cells(row: &Row) -> Vec<Text> {
    let run = Text::plain(&row.run);
    match &row.told {
        Told::Unreadable(why) => {
            vec![run, Text::of(Meaning::Bad, "unreadable"), Text::new(), Text::plain(why)]
        }
        Told::Run(past) => vec![
            run,
            Text::of(meaning(&past.state), row.state()),
            Text::plain(spoken(past.duration)),
            Text::plain(&past.title),
            Text::plain(past.responders.join(", ")),
        ],
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
