//! The runbook as it was frozen in the folder of a run.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::Context;
use super::exit::Exit;
use super::failure::Failure;
use super::open::{Opened, show_findings};
use super::runs::unreadable;
use crate::catalog::{Closure, File, Folder, Trusted};
use crate::engine::RunStarted;
use crate::journal::RunFolder;
use crate::runbook::Runbook;

/// The runbook as it was when the run began. Nothing is resolved anew.
pub(crate) fn frozen(
    started: &RunStarted,
    folder: &RunFolder,
    context: &Context,
) -> Result<Runbook, Failure> {
    let Frozen { name, file, folder } = kept(started, folder)?;
    let (source, loaded) = file.load_in(&name, &folder);
    let Some(runbook) = loaded.runbook else {
        show_findings(&context.terminal, &source, &loaded.findings);
        return Err(unaccepted());
    };
    Ok(named(runbook, started))
}

/// The same, for a comparison: nothing if it cannot be read any more, and nothing is said of that.
pub(crate) fn frozen_before(started: &RunStarted, folder: &RunFolder) -> Option<Runbook> {
    let Frozen { name, file, folder } = kept(started, folder).ok()?;
    Some(named(file.load_in(&name, &folder).1.runbook?, started))
}

/// The runbook of a run as if it were opened now, with all that was frozen with it.
pub(crate) fn as_opened(
    started: &RunStarted,
    folder: &RunFolder,
    context: &Context,
) -> Result<Opened, Failure> {
    let Frozen { name, file, folder } = kept(started, folder)?;
    let (source, loaded) = file.load_in(&name, &folder);
    let Some(runbook) = loaded.runbook else {
        show_findings(&context.terminal, &source, &loaded.findings);
        return Err(unaccepted());
    };
    let runbook = named(runbook, started);
    let closure = Closure::of(&runbook, file, &folder)
        .map_err(|error| Failure::from_error(Exit::Damaged, &error))?;
    let (path, digest) = (PathBuf::from(name), closure.digest());
    Ok(Opened { path, runbook, closure, folder, digest })
}

fn unaccepted() -> Failure {
    Failure::new(Exit::Invalid, "this version of surefoot does not accept the runbook of the run")
}

/// What a run ran, for a comparison; nothing if that cannot be told any more.
pub(crate) fn content_of(
    started: &RunStarted,
    folder: &RunFolder,
    at: Timestamp,
) -> Option<Trusted> {
    let Frozen { name, file, folder } = kept(started, folder).ok()?;
    let path = folder.root().join(folder.own_path());
    let runbook = named(file.load_in(&name, &folder).1.runbook?, started);
    let closure = Closure::of(&runbook, file, &folder).ok()?;
    Some(Trusted::of(&runbook, &closure, &path, at))
}

/// The file of a run's runbook, and the repository as it was frozen around it.
struct Frozen {
    name: String,
    file: File,
    folder: Folder,
}

fn kept(started: &RunStarted, folder: &RunFolder) -> Result<Frozen, Failure> {
    let damaged = |message: String| Failure::new(Exit::Damaged, message);
    let main = started.runbook.files.first();
    let main = main.ok_or_else(|| damaged("the run names no runbook".to_owned()))?;
    for origin in &started.runbook.files {
        let bytes = folder.frozen(Path::new(&origin.path));
        let bytes = bytes.map_err(|error| unreadable(&error))?;
        if crate::catalog::sha256(&bytes) != origin.sha256 {
            return Err(damaged(format!("the frozen file {} was changed", origin.path)));
        }
    }
    let root = folder.runbook();
    // It was all there a moment ago.
    let file = File::read(&root.join(&main.path));
    let file = file.map_err(|error| Failure::from_error(Exit::Failed, &error))?;
    let service = started.runbook.repository.clone();
    let folder = Folder::frozen(&root, service, &main.path);
    Ok(Frozen { name: main.path.clone(), file, folder })
}

/// The runbook with the names that it had.
fn named(mut runbook: Runbook, started: &RunStarted) -> Runbook {
    runbook.id.clone_from(&started.runbook.id);
    runbook.service.clone_from(&started.runbook.service);
    runbook
}
