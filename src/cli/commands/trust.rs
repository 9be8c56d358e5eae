//! `surefoot trust`: looks at runbooks and trusts their content.

use crate::catalog::TrustStore;
use crate::cli::Context;
use crate::cli::args::TrustArguments;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::open::{Opened, open_file};
use crate::cli::walk::{Asked, ask};
use crate::console::{Detail, Echo, Meaning, Text, show};

pub(crate) fn run(arguments: &TrustArguments, context: &Context) -> Result<Exit, Failure> {
    let mut opened = Vec::new();
    for path in &arguments.paths {
        opened.push(open_file(path.clone(), context)?);
    }
    if arguments.print {
        for one in &opened {
            context.print(&format!("{}  {}\n", one.digest, one.path.display()))?;
        }
        return Ok(Exit::Done);
    }
    let store = TrustStore::new(context.state()?);
    for one in &opened {
        match &arguments.digest {
            Some(digest) if *digest == one.digest => {}
            Some(_) => {
                let message = format!("{} is not that content: {}", one.path.display(), one.digest);
                return Err(Failure::new(Exit::Refused, message));
            }
            None if store.trusts(&one.digest) => {
                let text = format!("{} is trusted already.", one.path.display());
                context.terminal.line(&Text::plain(text));
                continue;
            }
            None => {
                if !agreed(one, context)? {
                    context.terminal.line(&Text::plain("Not trusted."));
                    return Ok(Exit::Refused);
                }
            }
        }
        store
            .trust(&one.digest, &one.path.display().to_string())
            .map_err(|error| Failure::from_error(Exit::Unrecorded, &error))?;
        let text = format!("Trusted {} ({}).", one.path.display(), &one.digest[..12]);
        context.terminal.line(&Text::of(Meaning::Good, text));
    }
    Ok(Exit::Done)
}

/// Shows all that would be trusted, and asks.
fn agreed(opened: &Opened, context: &Context) -> Result<bool, Failure> {
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
    terminal.line(&Text::plain("Trusted content may run its reads by itself; changes still ask."));
    match ask(context, "Trust this content? y or n: ", Echo::Shown)? {
        Asked::Line(line) => Ok(line.trim() == "y"),
        Asked::Nobody => {
            let failure = Failure::new(Exit::Refused, "nobody is there to look at it");
            Err(failure.hint("trust a known digest: surefoot trust --digest DIGEST PATH"))
        }
    }
}
