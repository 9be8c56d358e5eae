//! `--new`: scenarios that reach what no scenario of a runbook reaches yet, written beside it. Each is
//! read and walked as any other before it is written: what does not pass is not.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use super::coverage::missing;
use super::files::Files;
use super::one::{self, Looked};
use super::runbooks::Runbooks;
use crate::catalog::{Folder, SCENARIOS};
use crate::cli::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::open;
use crate::console::{Meaning, Page, Text};
use crate::diagnostic::Source;
use crate::rehearsal::{Coverage, Inventory, Skeleton, compare, skeletons, walk};
use crate::runbook::Runbook;

pub(super) fn run(reference: &str, context: &Context) -> Result<Exit, Failure> {
    let opened = open::open(reference, context)?;
    let here = &context.settings.here;
    let named = PathBuf::from(one::shown(&opened.path, here));
    let folder = named.parent().unwrap_or(Path::new("")).join(SCENARIOS);
    lies_there(&folder)?;
    let runbooks = Runbooks::default();
    let mut reached = known(&named, &runbooks, context)?;
    let runbook = Arc::new(opened.runbook);
    let stem = opened.path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let found = skeletons(&runbook, &stem, &reached)
        .map_err(|error| Failure::from_error(Exit::Invalid, &error))?;
    let mut page = Page::new();
    let mut number = 1;
    for skeleton in &found.found {
        // The scenario is looked at from where it will stand.
        let free = |number: usize| folder.join(format!("{stem}-{number}.yaml"));
        while free(number).symlink_metadata().is_ok() {
            number += 1;
        }
        let path = free(number);
        let Some(coverage) = passes(skeleton, &runbooks, (&path, &named), &runbook) else {
            continue;
        };
        std::fs::create_dir_all(&folder).map_err(|error| unwritten(&folder, &error))?;
        create(&path, &skeleton.text).map_err(|error| unwritten(&path, &error))?;
        reached.join(&coverage);
        page.exact(
            Text::of(Meaning::Good, "wrote ")
                .add(Meaning::Plain, path.display().to_string())
                .add(Meaning::Dim, format!("  {}", skeleton.title)),
        );
    }
    let left = Inventory::of(&runbook).covered(&reached).missing;
    if found.found.is_empty() && left.is_empty() {
        page.line(Text::plain("The scenarios that are there reach everything."));
    }
    for (point, line) in &left {
        page.exact(
            Text::of(Meaning::Warning, "not reached ")
                .add(Meaning::Plain, format!("{}:{line}  {}", named.display(), missing(point))),
        );
    }
    context.publish(&page)?;
    Ok(if left.is_empty() { Exit::Done } else { Exit::Failed })
}

/// A link would lead to where nobody looks for scenarios, and maybe out of the repository.
fn lies_there(folder: &Path) -> Result<(), Failure> {
    match folder.symlink_metadata() {
        Ok(there) if there.is_symlink() => {
            let message =
                format!("{} is a link: scenarios are not looked for there", folder.display());
            Err(Failure::new(Exit::Usage, message).hint("make it a folder"))
        }
        _ => Ok(()),
    }
}

/// Nothing that is there is written over.
fn create(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(text.as_bytes())
}

fn unwritten(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(Exit::Failed, format!("failed to write {}: {error}", path.display()))
}

/// What the scenarios that are there reach.
fn known(runbook: &PathBuf, runbooks: &Runbooks, context: &Context) -> Result<Coverage, Failure> {
    let files = Files::named(std::slice::from_ref(runbook), context)?;
    let mut coverage = Coverage::default();
    for path in &files.all {
        if let Looked::Scenario(tested) = one::look(path, runbooks, &context.settings.here)
            && files.wants(&tested)
        {
            coverage.join(&tested.coverage);
        }
    }
    Ok(coverage)
}

/// What a scenario reaches that passes when it is read and walked; nothing if it does not.
fn passes(
    skeleton: &Skeleton,
    runbooks: &Runbooks,
    (path, beside): (&Path, &Path),
    runbook: &Arc<Runbook>,
) -> Option<Coverage> {
    let text = skeleton.text.as_str().into();
    let source = Source { name: path.display().to_string(), text };
    let scenario = Rc::new(runbooks.loader().load(&source, &Folder::around(beside)).scenario?);
    let walked = walk(runbook, &scenario).ok()?;
    let passed = walked.problems.is_empty()
        && walked.broken.is_none()
        && compare(&scenario, &walked).is_empty();
    passed.then_some(walked.trace.coverage)
}
