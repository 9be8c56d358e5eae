//! Where a runbook and its files come from: said before anything else where that is not simply the file
//! that was named, so that nobody walks another version than they think, and kept in the record.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::Context;
use super::ages::Ages;
use super::open::Opened;
use super::past::ago;
use crate::catalog::{Folder, Located, Lying, Neighbour, Part, Version};
use crate::console::{Meaning, Text};
use crate::process::{GitOrigin, Objects, describe};

/// So much of a commit's name tells it from others.
const SHORT: usize = 12;

/// As much of a commit's name as people need.
pub(crate) fn short(commit: &str) -> &str {
    &commit[..commit.len().min(SHORT)]
}

/// Where a runbook comes from; nothing for a file on the disk that no mirror could stand for.
pub(crate) fn provenance(located: &Located, context: &Context) -> Option<Text> {
    match located.folder.version() {
        Some(version) => {
            let text = of_commit(version, located.source.as_ref());
            Some(told(text, located.source.as_ref(), context))
        }
        None => of_working_copy(located, context).map(|text| Text::of(Meaning::Dim, text)),
    }
}

/// What is said of a mirror; aloud, with what to do, if it was fetched too long ago.
fn told(text: String, mirror: Option<&Neighbour>, context: &Context) -> Text {
    let fetched = mirror.and_then(|mirror| mirror.fetched);
    // Which age is too old, is read only where there is one.
    let ages = fetched.map(|at| (at, Ages::read(context)));
    match ages.filter(|(at, ages)| ages.is_old(*at)) {
        None => Text::of(Meaning::Dim, text),
        Some((_, ages)) => {
            let limit = ages.limit();
            let old = format!("{text} That is longer ago than {limit}: surefoot sync");
            Text::of(Meaning::Warning, old)
        }
    }
}

fn of_commit(version: &Version, source: Option<&Neighbour>) -> String {
    let commit = short(&version.commit);
    let Some(mirror) = source.filter(|source| source.fetched.is_some()) else {
        let remote = version.remote.as_ref().map(|remote| format!(" of {remote}"));
        return format!("At {}: commit {commit}{}.", version.revision, remote.unwrap_or_default());
    };
    // What was fetched last is called by the name of its source.
    let from = match version.revision.as_str() {
        revision if revision == mirror.name => "From".to_owned(),
        revision => format!("At {revision}, from"),
    };
    format!("{from} {}: commit {commit}.", aged(mirror))
}

/// That a working copy was preferred to the mirror of its repository.
fn of_working_copy(located: &Located, context: &Context) -> Option<String> {
    let root = located.folder.root();
    let mirror = if let Some(mirror) = &located.rather_than {
        aged(mirror)
    } else {
        let all = located.folder.neighbours().all().iter();
        let mirrors: Vec<&Neighbour> = all.filter(|it| it.fetched.is_some()).collect();
        // Git is asked only where there is something to compare with.
        mirrors.first()?;
        let objects = Objects::of_working_copy(root, &context.settings.search_path()).ok()?;
        let remote = objects.remote();
        aged(mirrors.into_iter().find(|mirror| mirror.is_mirror_of(remote.as_deref()))?)
    };
    Some(format!("From the working copy {}, not from {mirror}.", root.display()))
}

/// From which mirrors a runbook uses others, and how old these are: a line each.
pub(crate) fn used_mirrors(opened: &Opened, context: &Context) -> Vec<Text> {
    let parts = opened.closure.parts().iter();
    let sources = parts.filter_map(|part| opened.folder.neighbours().source_of(&part.path));
    let said: BTreeMap<String, &Neighbour> = sources
        .filter_map(|source| {
            let commit = short(&source.version()?.commit);
            Some((format!("Uses {}: commit {commit}.", aged(source)), source))
        })
        .collect();
    said.into_iter().map(|(text, source)| told(text, Some(source), context)).collect()
}

/// A mirror, and how old what it holds is.
fn aged(mirror: &Neighbour) -> String {
    let fetched = mirror.fetched.map(|fetched| format!(", fetched {}", ago(fetched)));
    format!("{}{}", mirror.place(), fetched.unwrap_or_default())
}

/// Where each file comes from: git says it of those on the disk, and of the others it is what they were
/// read from.
pub(crate) fn origins(
    parts: &[Part],
    folder: &Folder,
    context: &Context,
) -> Vec<Option<GitOrigin>> {
    let mut origins = vec![None; parts.len()];
    let mut asked: Vec<(usize, PathBuf)> = Vec::new();
    for (place, part) in parts.iter().enumerate() {
        match folder.lying(&part.path) {
            Lying::Disk(path) => asked.push((place, path)),
            Lying::Commit { version, path } => {
                origins[place] = Some(GitOrigin {
                    remote: version.remote,
                    commit: Some(version.commit),
                    path_in_repository: path,
                    dirty: false,
                });
            }
        }
    }
    let read: Vec<(&Path, &[u8])> =
        asked.iter().map(|(place, path)| (path.as_path(), &*parts[*place].bytes)).collect();
    let found = describe(&read, &context.settings.search_path());
    for ((place, _), origin) in asked.into_iter().zip(found) {
        origins[place] = origin;
    }
    origins
}
