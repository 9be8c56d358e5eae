//! The runbook as it was frozen in the folder of a run.

use std::path::Path;

use super::Context;
use super::exit::Exit;
use super::failure::Failure;
use super::open::show_findings;
use super::runs::unreadable;
use crate::catalog::{File, Folder};
use crate::engine::RunStarted;
use crate::journal::RunFolder;
use crate::runbook::Runbook;

/// The runbook as it was when the run began. Nothing is resolved anew.
pub(crate) fn frozen(
    started: &RunStarted,
    folder: &RunFolder,
    context: &Context,
) -> Result<Runbook, Failure> {
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
    let path = root.join(&main.path);
    // It was all there a moment ago.
    let file = File::read(&path).map_err(|error| Failure::from_error(Exit::Failed, &error))?;
    let service = started.runbook.repository.clone();
    let folder_of_run = Folder::frozen(&root, service, &main.path);
    let (source, loaded) = file.load_in(&main.path, &folder_of_run);
    let Some(mut runbook) = loaded.runbook else {
        show_findings(&context.terminal, &source, &loaded.findings);
        let message = "this version of surefoot does not accept the runbook of the run";
        return Err(Failure::new(Exit::Invalid, message));
    };
    runbook.id.clone_from(&started.runbook.id);
    runbook.service.clone_from(&started.runbook.service);
    Ok(runbook)
}
