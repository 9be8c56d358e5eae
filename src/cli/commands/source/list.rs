//! Where runbooks come from, and how old what was fetched is.

use serde_json::{Value, json};

use crate::catalog::{KnownSource, Mirror, SourcePlace, count_runbooks};
use crate::cli::Context;
use crate::cli::args::ListFormat;
use crate::cli::background;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::past::ago;
use crate::cli::sources::read_sources;
use crate::console::{Meaning, Text, table};
use crate::diagnostic::visible_json;
use crate::settings::SourceTrust;

/// What is known of a source.
struct Row<'a> {
    source: &'a KnownSource,
    mirror: Option<Mirror>,
    /// How many runbooks it has, if that is known.
    count: Option<usize>,
    /// Why it could not be fetched, or is not there.
    error: Option<String>,
}

pub(super) fn run(format: ListFormat, context: &Context) -> Result<Exit, Failure> {
    let read = read_sources(context)?;
    let state = context.state()?;
    let rows: Vec<Row<'_>> =
        read.sources.known.iter().map(|source| row(source, Mirror::of(state, source))).collect();
    match format {
        ListFormat::Json => {
            let unknown = read.sources.unknown.iter().map(|unknown| {
                let declared = unknown.origin.to_string();
                json!({ "name": null, "declared": declared, "error": unknown.why })
            });
            let rows: Vec<Value> = rows.iter().map(as_json).chain(unknown).collect();
            let json = serde_json::to_string_pretty(&rows).expect("words and numbers are JSON");
            context.print(&format!("{}\n", visible_json(&json)))?;
            return Ok(Exit::Done);
        }
        ListFormat::Text if rows.is_empty() => {
            context.print("There is no source yet: surefoot source add PLACE adds one.\n")?;
        }
        ListFormat::Text => {
            let cells: Vec<Vec<Text>> = rows.iter().map(cells).collect();
            let heads = ["name", "from", "commit", "runbooks", "as of", ""];
            context.publish(&table(&heads, &cells, context.settings.width))?;
        }
    }
    for unknown in &read.sources.unknown {
        let text = format!("{}: {}", unknown.origin, unknown.why);
        context.terminal.unbroken(&Text::of(Meaning::Warning, text));
    }
    if let Some(told) = background::told(&read.settings, context) {
        let meaning = if told.well { Meaning::Dim } else { Meaning::Warning };
        context.terminal.line(&Text::of(meaning, format!("In the background: {}.", told.text)));
    }
    Ok(Exit::Done)
}

fn row(source: &KnownSource, mirror: Option<Mirror>) -> Row<'_> {
    if let Some(mirror) = mirror {
        let count = mirror.fetched().map(|fetched| fetched.count);
        let error = mirror.attempt().and_then(|attempt| attempt.error);
        return Row { source, mirror: Some(mirror), count, error };
    }
    let folder = source.folder().filter(|folder| folder.is_dir());
    let count = folder.as_deref().map(count_runbooks);
    let missing = || format!("there is no folder {}", source.runbooks());
    let error = folder.is_none().then(missing);
    Row { source, mirror: None, count, error }
}

fn cells(row: &Row<'_>) -> Vec<Text> {
    let fetched = row.mirror.as_ref().and_then(Mirror::fetched);
    let findings = fetched.as_ref().map_or(&[][..], |fetched| &fetched.findings);
    let commit = fetched.as_ref().map(|fetched| fetched.commit.get(..7).unwrap_or_default());
    let age = match (&row.mirror, row.mirror.as_ref().and_then(Mirror::fetched_at)) {
        (None, _) => Text::of(Meaning::Dim, "always"),
        (Some(_), Some(at)) => Text::plain(ago(at)),
        (Some(_), None) => Text::of(Meaning::Warning, "never fetched"),
    };
    let state = match (&row.error, findings) {
        (Some(error), _) => Text::of(Meaning::Bad, error),
        (None, []) => Text::new(),
        (None, [one]) => Text::of(Meaning::Warning, one),
        (None, many) => Text::of(Meaning::Warning, format!("{} findings", many.len())),
    };
    vec![
        Text::plain(&row.source.name),
        Text::plain(row.source.address()),
        Text::plain(commit.unwrap_or_default()),
        Text::plain(row.count.map(|count| count.to_string()).unwrap_or_default()),
        age,
        state,
    ]
}

fn as_json(row: &Row<'_>) -> Value {
    let source = row.source;
    let fetched = row.mirror.as_ref().and_then(Mirror::fetched);
    let trust = match source.trust {
        SourceTrust::Ask => "ask",
        SourceTrust::Branch => "branch",
        SourceTrust::Signed => "signed",
    };
    let kind = match source.place {
        SourcePlace::Folder(_) => "folder",
        SourcePlace::Git { .. } => "git",
    };
    json!({
        "name": source.name,
        "kind": kind,
        "address": source.address(),
        "folder": source.runbooks(),
        "trust": trust,
        "services": source.services,
        "declared": source.origin.to_string(),
        "reference": fetched.as_ref().map(|it| &it.reference),
        "commit": fetched.as_ref().map(|it| &it.commit),
        "runbooks": row.count,
        "fetched_at": row.mirror.as_ref().and_then(Mirror::fetched_at).map(|at| at.to_string()),
        "error": row.error,
        "findings": fetched.as_ref().map(|it| it.findings.clone()).unwrap_or_default(),
    })
}
