//! Takes a source out of the user's settings.

use super::written;
use crate::cli::Context;
use crate::cli::args::RemoveSourceArguments;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::sources::{SourcesRead, read_sources};
use crate::console::{Meaning, Text};
use crate::policy::{Authority, Origin};
use crate::settings::{Source, SourceKind};

pub(super) fn run(arguments: &RemoveSourceArguments, context: &Context) -> Result<Exit, Failure> {
    let read = read_sources(context)?;
    let origin = named(&arguments.name, &read)?;
    if origin.authority != Authority::User {
        let message = format!("it stands in {origin}, which is not yours");
        return Err(Failure::new(Exit::Usage, message));
    }
    let file = written::Own::read(context)?;
    let Some(text) = file.without(origin.line) else {
        let message = format!("it cannot be cut out of {origin} by itself: edit the file");
        return Err(Failure::new(Exit::Usage, message));
    };
    file.checked(&text, context)?;
    file.write(&text)?;
    let terminal = &context.terminal;
    terminal.unbroken(&Text::of(Meaning::Dim, format!("Removed from {origin}:")));
    let cut = file.text.lines().skip(origin.line - 1);
    let kept = text.lines().count();
    for line in cut.take(file.text.lines().count() - kept) {
        terminal.unbroken(&Text::plain(format!("    {line}")));
    }
    Ok(Exit::Done)
}

/// The lines that a person means: by the name of the source, or by what is written there.
fn named(name: &str, read: &SourcesRead) -> Result<Origin, Failure> {
    let written = |source: &&Source| {
        source.name.as_deref() == Some(name)
            || match &source.kind {
                SourceKind::Path(path) => path.as_os_str() == name,
                SourceKind::Git { url, .. } => url == name,
                SourceKind::List { file, .. } => file.as_os_str() == name,
                SourceKind::Command { words, .. } => words.join(" ") == name,
            }
    };
    if let Some(source) = read.settings.sources.iter().find(written) {
        return Ok(source.origin.clone());
    }
    let Some(source) = read.sources.named(name) else {
        let failure = Failure::new(Exit::Usage, format!("no source is called `{name}`"));
        return Err(failure.hint("see what there is: surefoot source list"));
    };
    let others = read.sources.known.iter().filter(|other| other.origin == source.origin).count();
    if others > 1 {
        let message = format!(
            "`{name}` is one of {others} sources that {} stands for, and does not stand there itself",
            source.origin
        );
        return Err(Failure::new(Exit::Usage, message));
    }
    Ok(source.origin.clone())
}
