//! Adds a source to the user's settings.

use std::fs;
use std::path::Path;

use super::written;
use crate::catalog::expand;
use crate::cli::Context;
use crate::cli::args::{AddSourceArguments, SourceTrustArgument};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::console::{Meaning, Text};
use crate::process::without_password;
use crate::settings::{NewSource, Remote};

pub(super) fn run(arguments: &AddSourceArguments, context: &Context) -> Result<Exit, Failure> {
    let new = new_source(arguments, context)?;
    let file = written::Own::read(context)?;
    let text = new.added(&file.text);
    let (declared, origin) = file.checked(&text, context)?;
    let own = &context.settings;
    let sources = expand(&declared, own.state.as_deref(), own.home.as_deref());
    let mut wrong = sources.unknown.iter().filter(|unknown| unknown.origin == origin);
    // What a command lists is not known before it was asked.
    if let Some(unknown) = wrong.next().filter(|_| !arguments.command) {
        let failure = Failure::new(Exit::Usage, format!("{}; nothing was written", unknown.why));
        return Err(failure);
    }
    file.write(&text)?;
    let terminal = &context.terminal;
    terminal.unbroken(&Text::of(Meaning::Dim, format!("Written to {origin}:")));
    for line in new.table().lines() {
        terminal.unbroken(&Text::plain(format!("    {line}")));
    }
    let added: Vec<&str> = sources
        .known
        .iter()
        .filter(|source| source.origin == origin)
        .map(|source| source.name.as_str())
        .collect();
    let text = match added.as_slice() {
        [] => "surefoot sync asks it which repositories there are.".to_owned(),
        [one] if sources.named(one).is_some_and(|it| it.folder().is_some()) => {
            format!("It is called {one}, and is read where it lies.")
        }
        [one] => format!("It is called {one}. Fetch it: surefoot sync {one}"),
        many => format!("These are {} sources: surefoot source list shows them.", many.len()),
    };
    terminal.line(&Text::plain(text));
    Ok(Exit::Done)
}

fn new_source(arguments: &AddSourceArguments, context: &Context) -> Result<NewSource, Failure> {
    let mut new = NewSource::default();
    if let Some(name) = &arguments.name {
        new.texts.push(("name", name.clone()));
    }
    if arguments.command {
        new.lists.push(("command", arguments.place.clone()));
    } else {
        let [place] = arguments.place.as_slice() else {
            let failure = Failure::new(Exit::Usage, "one place at a time");
            return Err(failure.hint("a program and its arguments: source add --command -- ..."));
        };
        new.texts.push(kind_of(place, context)?);
    }
    let options =
        [("branch", &arguments.branch), ("tag", &arguments.tag), ("runbooks", &arguments.runbooks)];
    let given = options.into_iter().filter_map(|(key, text)| Some((key, text.clone()?)));
    new.texts.extend(given);
    let trust = arguments.trust.map(|trust| match trust {
        SourceTrustArgument::Ask => "ask",
        SourceTrustArgument::Branch => "branch",
        SourceTrustArgument::Signed => "signed",
    });
    new.texts.extend(trust.map(|trust| ("trust", trust.to_owned())));
    if !arguments.services.is_empty() {
        new.lists.push(("services", arguments.services.clone()));
    }
    Ok(new)
}

/// What a place is, as it is written: by what lies there, else as git takes it.
fn kind_of(place: &str, context: &Context) -> Result<(&'static str, String), Failure> {
    // A variable that is not set would stand for the folder around here.
    if place.is_empty() {
        return Err(Failure::new(Exit::Usage, "the place has no name; nothing was written"));
    }
    let path = context.settings.here.join(place);
    let absolute =
        || fs::canonicalize(&path).unwrap_or_else(|_| path.clone()).display().to_string();
    let bare = |path: &Path| path.join("HEAD").is_file() && path.join("objects").is_dir();
    if bare(&path) {
        return Ok(("git", absolute()));
    }
    if path.is_dir() {
        return Ok(("path", absolute()));
    }
    if path.is_file() {
        return Ok(("list", absolute()));
    }
    if place.contains('*') && !place.contains(':') {
        return Ok(("path", path.display().to_string()));
    }
    let remote = Remote::parse(place, &context.settings.here, None);
    let remote = remote.map_err(|bad| Failure::new(Exit::Usage, bad))?;
    let url = remote.into_url();
    if url.starts_with('/') {
        let failure = Failure::new(Exit::Usage, format!("there is nothing at {url}"));
        return Err(failure.hint("name a folder, a URL as git takes it, or a file with URLs"));
    }
    if without_password(&url) != url && url.starts_with("http") {
        let failure = Failure::new(Exit::Usage, "a password or a token does not belong into a URL");
        return Err(failure.hint("git asks a credential helper for it: git help credentials"));
    }
    Ok(("git", url))
}
