//! `surefoot show --diff`: what is otherwise than at a revision, in the last run, or when it was trusted:
//! the commands first, then the files, then the text.

use crate::catalog::{Trusted, revision_of};
use crate::cli::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::open::{find, load, open};
use crate::cli::past::{ago, last_run};
use crate::cli::provenance::short;
use crate::cli::trusted::store_failed;
use crate::console::{Meaning, Page, Text, changes_in_words, changes_page, texts_page};
use crate::effects::SystemClock;
use crate::session::Clock as _;

/// What a runbook is compared with.
struct Before {
    /// What it is called.
    name: String,
    was: Trusted,
}

/// Tells what is otherwise than at a revision, or, where that is empty, in the last run or when it was
/// trusted.
pub(crate) fn run(reference: &str, since: &str, context: &Context) -> Result<Exit, Failure> {
    let opened = open(reference, context)?;
    let now = opened.as_trusted();
    let before = match since {
        "" => match last_run(&context.store()?, &opened.runbook) {
            Some((run, at, ran)) => Before { name: format!("run {run} {}", ago(at)), was: ran },
            None => trusted(reference, &now, context)?,
        },
        revision => at(reference, revision, context)?,
    };
    let mut page = Page::new();
    let Before { name, was } = before;
    let difference = was.difference(&now);
    let texts = was.texts(&now);
    let same = difference.as_ref().is_none_or(crate::catalog::Difference::is_empty);
    if same && texts.is_empty() {
        page.line(Text::plain(format!("Nothing is otherwise than in {name}.")));
        context.publish(&page)?;
        return Ok(Exit::Done);
    }
    let what = difference.as_ref().map_or_else(
        || "what it ran cannot be told: this version of surefoot does not accept it".to_owned(),
        changes_in_words,
    );
    let since = Text::of(Meaning::Heading, format!("Since {name}: "));
    page.line(since.add(Meaning::Plain, what));
    if let Some(difference) = &difference {
        page.inset(changes_page(difference), 0);
    }
    page.inset(texts_page(&texts), 0);
    context.publish(&page)?;
    Ok(Exit::Done)
}

/// The runbook as it was at a revision.
fn at(reference: &str, revision: &str, context: &Context) -> Result<Before, Failure> {
    let (name, _) = revision_of(reference);
    let located = find(&format!("{name}@{revision}"), context)?;
    let commit = located.folder.version().map_or("", |version| short(&version.commit));
    let name = format!("{revision} ({commit})");
    let text = Trusted::of_text(&located, SystemClock::start().now());
    // One that is not valid any more has a text, and no commands that could be told.
    let was = load(located, context).map_or(text, |opened| opened.as_trusted());
    Ok(Before { name, was })
}

/// The content that was trusted last.
fn trusted(reference: &str, now: &Trusted, context: &Context) -> Result<Before, Failure> {
    let store = context.trust_store()?;
    let latest = store.latest_of(now).map_err(|error| store_failed(&error))?;
    let Some(was) = latest else {
        let message = format!("{reference} was neither run nor trusted on this machine");
        let failure = Failure::new(Exit::Usage, message);
        return Err(failure.hint(format!("say a git revision: show {reference} --diff HEAD~1")));
    };
    Ok(Before { name: format!("what was trusted {}", ago(was.at)), was })
}
