//! `surefoot trust`: looks at runbooks and trusts their content, tells what is trusted, and takes
//! trust back.

use serde::Serialize;

use crate::catalog::{Difference, Entry, TrustStore, locate};
use crate::cli::Context;
use crate::cli::args::{ListFormat, TrustArguments};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::governing::governing;
use crate::cli::open::{Opened, open};
use crate::cli::past::ago;
use crate::cli::trusted::{difference, guard, speaks, store_failed, told};
use crate::cli::walk::{Asked, ask, attendance};
use crate::console::{Detail, Echo, Meaning, Text, changes_in_words, changes_page, show, table};
use crate::diagnostic::visible_json;

/// A shorter beginning of a digest names nothing.
const LEAST_OF_A_DIGEST: usize = 8;

pub(crate) fn run(arguments: &TrustArguments, context: &Context) -> Result<Exit, Failure> {
    if arguments.list {
        return list(arguments.format, context);
    }
    if arguments.remove {
        return remove(&arguments.references, context);
    }
    let mut opened = Vec::new();
    for reference in &arguments.references {
        opened.push(open(reference, context)?);
    }
    if arguments.print {
        for one in &opened {
            context.print(&format!("{}  {}\n", one.digest, one.path.display()))?;
        }
        return Ok(Exit::Done);
    }
    let store = context.trust_store()?;
    let sources = governing(context, None)?.guarded()?.settings.sources;
    for one in &opened {
        guard(one)?;
        if let Err(claimed) = speaks(one, &sources, context) {
            context.terminal.line(&told(one, &claimed, attendance())?);
            let text = "Every step will ask, whatever is trusted.";
            context.terminal.line(&Text::of(Meaning::Warning, text));
        }
        match &arguments.digest {
            Some(digest) if *digest == one.digest => {}
            Some(_) => {
                let message = format!("{} is not that content: {}", one.path.display(), one.digest);
                return Err(Failure::new(Exit::Refused, message));
            }
            None if store.trusts(&one.digest).map_err(|error| store_failed(&error))? => {
                let text = format!("{} is trusted already.", one.path.display());
                context.terminal.line(&Text::plain(text));
                continue;
            }
            None => {
                if !agreed(one, &store, context)? {
                    context.terminal.line(&Text::plain("Not trusted."));
                    return Ok(Exit::Refused);
                }
            }
        }
        let what = one.as_trusted();
        store.trust(&one.digest, &what).map_err(|error| store_failed(&error))?;
        let text = format!("Trusted {} ({}).", one.path.display(), &one.digest[..12]);
        context.terminal.line(&Text::of(Meaning::Good, text));
    }
    Ok(Exit::Done)
}

/// Shows all that would be trusted, and asks.
fn agreed(opened: &Opened, store: &TrustStore, context: &Context) -> Result<bool, Failure> {
    let terminal = &context.terminal;
    let settings = terminal.settings();
    let page = show(&opened.runbook, Detail::Folded).page();
    terminal.rendered(&page.written(settings.colour, settings.width));
    terminal.blank();
    for part in opened.closure.parts() {
        let text = format!("{}, {} bytes", part.path, part.bytes.len());
        terminal.line(&Text::plain("file    ").add(Meaning::Plain, text));
    }
    terminal.unbroken(&Text::plain("digest  ").add(Meaning::Dim, &opened.digest));
    let difference = difference(opened, store)?;
    if let Some(difference) = &difference {
        let text = format!("trusted {}; since then: ", ago(difference.since));
        let text = Text::plain("changed ").add(Meaning::Plain, text);
        terminal.line(&text.add(Meaning::Warning, changes_in_words(difference)));
    }
    terminal.line(&Text::plain("Trusted content may run its reads by itself; changes still ask."));
    answered(difference.as_ref(), context)
}

/// Asks until it is known whether the content is trusted.
fn answered(difference: Option<&Difference>, context: &Context) -> Result<bool, Failure> {
    let prompt = match difference {
        None => "Trust this content? y or n: ",
        Some(_) => "Trust this content? y or n, d what changed: ",
    };
    loop {
        match (ask(context, prompt, Echo::Shown)?, difference) {
            (Asked::Line(line), Some(difference)) if line.trim() == "d" => {
                let settings = context.terminal.settings();
                let page = changes_page(difference);
                context.terminal.rendered(&page.written(settings.colour, settings.width));
                context.terminal.blank();
            }
            (Asked::Line(line), _) => return Ok(line.trim() == "y"),
            (Asked::Nobody, _) => {
                let failure = Failure::new(Exit::Refused, "nobody is there to look at it");
                return Err(
                    failure.hint("trust a known digest: surefoot trust --digest DIGEST PATH")
                );
            }
        }
    }
}

/// What is trusted, in a list.
#[derive(Serialize)]
struct Row<'a> {
    digest: &'a str,
    at: Option<String>,
    runbook: Option<String>,
    path: Option<String>,
    files: Vec<&'a str>,
}

impl<'a> From<&'a Entry> for Row<'a> {
    fn from(entry: &'a Entry) -> Self {
        let known = entry.trusted.as_ref();
        let files = known.iter().flat_map(|known| &known.files);
        Self {
            digest: &entry.digest,
            at: known.map(|known| known.at.to_string()),
            runbook: known.map(crate::catalog::Trusted::name),
            path: known.map(|known| known.path.display().to_string()),
            files: files.map(|file| file.path.as_str()).collect(),
        }
    }
}

fn list(format: ListFormat, context: &Context) -> Result<Exit, Failure> {
    let store = context.trust_store()?;
    let entries = store.entries().map_err(|error| store_failed(&error))?;
    match format {
        ListFormat::Json => {
            let rows: Vec<Row<'_>> = entries.iter().map(Row::from).collect();
            let json = serde_json::to_string_pretty(&rows).expect("a list of words is JSON");
            context.print(&format!("{}\n", visible_json(&json)))?;
        }
        ListFormat::Text if entries.is_empty() => {
            context.print("Nothing is trusted here yet.\n")?;
        }
        ListFormat::Text => {
            let rows: Vec<Vec<Text>> = entries.iter().map(cells).collect();
            context.publish(&table(
                &["digest", "trusted", "runbook", "file"],
                &rows,
                context.settings.width,
            ))?;
        }
    }
    Ok(Exit::Done)
}

fn cells(entry: &Entry) -> Vec<Text> {
    let digest = Text::plain(&entry.digest[..12]);
    match &entry.trusted {
        None => {
            vec![digest, Text::of(Meaning::Dim, "by an older version"), Text::new(), Text::new()]
        }
        Some(known) => vec![
            digest,
            Text::plain(ago(known.at)),
            Text::plain(known.name()),
            Text::plain(known.path.display().to_string()),
        ],
    }
}

/// Takes trust back, of a digest or of all contents of a runbook.
fn remove(references: &[String], context: &Context) -> Result<Exit, Failure> {
    let store = context.trust_store()?;
    let entries = store.entries().map_err(|error| store_failed(&error))?;
    for reference in references {
        let named: Vec<&Entry> =
            entries.iter().filter(|entry| is_named(entry, reference, context)).collect();
        if named.is_empty() {
            let message = format!("nothing that is trusted is called `{reference}`");
            let failure = Failure::new(Exit::Usage, message);
            return Err(failure.hint("see what is trusted: surefoot trust --list"));
        }
        for entry in named {
            store.distrust(&entry.digest).map_err(|error| store_failed(&error))?;
            let name = entry.trusted.as_ref().map(crate::catalog::Trusted::name);
            let name = name.unwrap_or_else(|| reference.clone());
            let text = format!("No longer trusted: {name} ({}).", &entry.digest[..12]);
            context.terminal.line(&Text::plain(text));
        }
    }
    Ok(Exit::Done)
}

/// Whether a person means this entry: by the beginning of its digest, by the name of its runbook, or
/// by the runbook's file.
fn is_named(entry: &Entry, reference: &str, context: &Context) -> bool {
    if reference.len() >= LEAST_OF_A_DIGEST && entry.digest.starts_with(reference) {
        return true;
    }
    let Some(known) = &entry.trusted else {
        return false;
    };
    let file = || {
        let path = context.settings.here.join(locate(reference, &context.settings.here).ok()?);
        Some(path.canonicalize().unwrap_or(path))
    };
    known.name() == reference || known.id == reference || file().is_some_and(|it| it == known.path)
}
