//! Runs on this machine, for the commands that look at them.

use std::io;

use super::Context;
use super::exit::Exit;
use super::failure::Failure;
use super::past::is_beside;
use crate::journal::{Contents, FileFailed, ReadFailed, RunFolder, Store, read};
use crate::report::{Row, Summary, Told};

/// The length of `2026-11-20-0312`, with which ids begin.
const MINUTE: usize = 15;

/// The run that a part of an id names; the latest if none is given.
pub(crate) fn find(part: Option<&str>, context: &Context) -> Result<RunFolder, Failure> {
    let store = context.store()?;
    let Some(part) = part else {
        return latest(&store)?
            .ok_or_else(|| Failure::new(Exit::Usage, "there are no runs on this machine yet"));
    };
    store.find(part).map_err(|error| {
        let failure = Failure::from_error(Exit::Usage, &error);
        failure.hint("surefoot history lists the runs on this machine")
    })
}

fn latest(store: &Store) -> Result<Option<RunFolder>, Failure> {
    let mut folders = newest_first(store).map_err(|it| Failure::from_error(Exit::Failed, &it))?;
    Ok(folders.find(|folder| !is_beside(folder)))
}

/// The folders of all runs, the newest first. Ids tell the minute; only where that is the same,
/// and only when it is come to, journals are read.
pub(crate) fn newest_first(
    store: &Store,
) -> Result<impl Iterator<Item = RunFolder> + use<>, FileFailed> {
    let folders = store.folders()?;
    let minute = |folder: &RunFolder| folder.id().chars().take(MINUTE).collect::<String>();
    let minutes: Vec<Vec<RunFolder>> =
        folders.chunk_by(|a, b| minute(a) == minute(b)).map(<[RunFolder]>::to_vec).collect();
    Ok(minutes.into_iter().flat_map(|mut folders| {
        if folders.len() > 1 {
            folders.sort_by_cached_key(|folder| {
                let began = read(&folder.journal()).ok();
                std::cmp::Reverse(began.and_then(|journal| Some(journal.records.first()?.at)))
            });
        }
        folders
    }))
}

/// The records of a run.
pub(crate) fn contents(folder: &RunFolder) -> Result<Contents, Failure> {
    let contents = read(&folder.journal()).map_err(|error| damaged(folder, &error))?;
    if contents.records.is_empty() {
        let message = format!("the run {} has no records: it never began", folder.id());
        return Err(Failure::new(Exit::Usage, message));
    }
    Ok(contents)
}

/// A journal that cannot be read.
pub(crate) fn damaged(folder: &RunFolder, error: &ReadFailed) -> Failure {
    if let ReadFailed::Failed(failed) = error
        && failed.source.kind() == io::ErrorKind::NotFound
    {
        let message = format!("the run {} never began: it has no journal", folder.id());
        return Failure::new(Exit::Usage, message).hint("start it anew with surefoot run");
    }
    let exit = match error {
        ReadFailed::Failed(_) => Exit::Failed,
        _ => Exit::Damaged,
    };
    let failure = Failure::from_error(exit, error);
    failure.hint(format!("surefoot verify {} says where; nothing was changed", folder.id()))
}

/// A file of a run that cannot be read: it is damage that it is gone or no longer what it was, and none
/// that a disk or a permission keeps it from us.
pub(crate) fn unreadable(error: &FileFailed) -> Failure {
    let exit = match error.source.kind() {
        io::ErrorKind::InvalidData | io::ErrorKind::NotFound => Exit::Damaged,
        _ => Exit::Failed,
    };
    Failure::from_error(exit, error)
}

/// All runs, the newest first.
pub(crate) fn rows(store: &Store) -> Result<Vec<Row>, Failure> {
    let listed = store.list().map_err(|error| Failure::from_error(Exit::Failed, &error))?;
    let rows = listed.into_iter().map(|listed| {
        let run = listed.folder.id().to_owned();
        let told = match &listed.journal {
            Err(error) => Told::Unreadable(error.to_string()),
            Ok(contents) => match Summary::of(&contents.records) {
                Some(summary) => return Row::of(&run, &summary),
                None => Told::Unreadable("it never began".to_owned()),
            },
        };
        Row { run, told }
    });
    Ok(rows.collect())
}
