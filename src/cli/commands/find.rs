//! `surefoot find`: runbooks by words.

use super::list::print;
use crate::catalog::Fit;
use crate::cli::Context;
use crate::cli::args::{FindArguments, ListFormat};
use crate::cli::catalogue::{catalogue, index_failed};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::console::{Meaning, Text};

pub(crate) fn run(arguments: &FindArguments, context: &Context) -> Result<Exit, Failure> {
    let mut catalogue = catalogue(context)?;
    let words = arguments.words.join(" ");
    let hits = catalogue.index.find(&words, arguments.most);
    let hits = hits.map_err(|error| index_failed(&error))?;
    if arguments.format == ListFormat::Text {
        match &hits.fit {
            _ if hits.entries.is_empty() => {
                context.terminal.line(&Text::plain(format!("Nothing is near to `{words}`.")));
            }
            Fit::All => {}
            Fit::Near(instead) => context.terminal.line(&near(instead)),
        }
    }
    print(&hits.entries, arguments.format, &catalogue, context)?;
    Ok(Exit::Done)
}

/// That nothing has all of the words, and which others were looked for.
fn near(instead: &[(String, Vec<String>)]) -> Text {
    if instead.is_empty() {
        return Text::of(Meaning::Warning, "No exact match; these have some of the words:");
    }
    let mut text = Text::of(Meaning::Warning, "No exact match; near:");
    for (place, (typed, meant)) in instead.iter().enumerate() {
        let between = if place == 0 { " " } else { "; " };
        let meant = meant.join(", ");
        text = text.add(Meaning::Plain, format!("{between}{meant} (for `{typed}`)"));
    }
    text
}
