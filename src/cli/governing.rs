//! The settings files that hold for a command: found, read, and joined. One that is wrong is shown
//! with all that is wrong in it, and nothing goes on.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Context;
use super::exit::Exit;
use super::failure::Failure;
use super::open::{Opened, show_findings};
use super::trusted::{guard_place, guard_shared};
use crate::catalog::{FileFailed, REPOSITORY_SETTINGS, read_settings};
use crate::diagnostic::Source;
use crate::engine::Run;
use crate::plan::Plan;
use crate::policy::{Authority, Level, Origin};
use crate::runbook::{StepId, StepKey};
use crate::settings::{LoadedSettings, Settings, SettingsFile};

/// What all settings files say.
pub(crate) struct Governing {
    /// Together.
    pub(crate) settings: Settings,
    /// Each file that was read, and whose it is.
    pub(crate) files: Vec<(Authority, String)>,
    /// Where they lie, and whose they are.
    paths: Vec<(Authority, PathBuf)>,
}

impl Governing {
    /// As root: refuses settings that others can write; an organisation's whoever runs this. What runs
    /// something is governed by no others; what only looks takes them as they are.
    pub(crate) fn guarded(self) -> Result<Self, Failure> {
        for (authority, path) in &self.paths {
            guard_place(path)?;
            if *authority == Authority::Organisation {
                guard_shared(path)?;
            }
        }
        Ok(self)
    }
}

/// Reads the files of this machine and this user; and, if a repository is given, its own.
pub(crate) fn governing(
    context: &Context,
    repository: Option<&Path>,
) -> Result<Governing, Failure> {
    joined(context, repository, Vec::new())
}

/// Reads the files that hold for a runbook. For one of a commit these are those of the commit, and those
/// of the working copy as well; and for what it uses of other sources, theirs: a repository can only ask
/// for more care.
pub(crate) fn governing_of(context: &Context, opened: &Opened) -> Result<Governing, Failure> {
    let mut others = Vec::new();
    if let Some(version) = opened.folder.version() {
        let name = format!("{}:{REPOSITORY_SETTINGS}", version.revision);
        others.extend(accepted(opened.folder.own_settings(&name), context)?);
    }
    let mut asked = BTreeSet::new();
    for part in opened.closure.parts() {
        let source = opened.folder.neighbours().source_of(&part.path);
        if let Some(source) = source.filter(|source| asked.insert(source.name.clone())) {
            let name = format!("{}:{REPOSITORY_SETTINGS}", source.name);
            let folder = opened.folder.at(&part.path);
            others.extend(accepted(folder.own_settings(&name), context)?);
        }
    }
    joined(context, Some(opened.folder.root()), others)
}

fn joined(
    context: &Context,
    repository: Option<&Path>,
    others: Vec<SettingsFile>,
) -> Result<Governing, Failure> {
    let own = &context.settings;
    let mut paths = Vec::new();
    let mut read = |path: &Path, authority| {
        let file = read(path, authority, context)?;
        paths.extend(file.is_some().then(|| (authority, path.to_owned())));
        Ok::<_, Failure>(file)
    };
    let user = own.config.as_ref().map(|folder| folder.join("config.toml"));
    let user = match &user {
        Some(path) => read(path, Authority::User)?,
        None => None,
    };
    let mut files = Vec::new();
    files.extend(read(&own.organisation, Authority::Organisation)?);
    if let Some((path, origin)) = user.as_ref().and_then(|user| user.organisation.as_ref())
        && !same(path, &own.organisation)
    {
        let named = read(path, Authority::Organisation)?;
        files.push(named.ok_or_else(|| missing(path, origin))?);
    }
    files.extend(user);
    if let Some(root) = repository {
        files.extend(read(&root.join(REPOSITORY_SETTINGS), Authority::Repository)?);
    }
    files.extend(others);
    let settings = Settings::of(&files).map_err(|conflict| {
        let failure = Failure::from_error(Exit::Invalid, &conflict);
        failure.hint("let one of them speak for it; nothing was run")
    })?;
    let files = files.into_iter().map(|file| (file.authority, file.name)).collect();
    Ok(Governing { settings, files, paths })
}

/// What the command of each step asks for by itself, for the first record.
pub(crate) fn levels(plan: &Plan) -> BTreeMap<StepId, Level> {
    let run = Run::new(Arc::new(plan.clone()));
    let steps = plan.runbook.steps.iter().enumerate();
    let levels = steps.filter_map(|(place, step)| {
        let decision = run.demanded(StepKey(place))?;
        Some((step.id.clone(), decision.level))
    });
    levels.collect()
}

fn read(
    path: &Path,
    authority: Authority,
    context: &Context,
) -> Result<Option<SettingsFile>, Failure> {
    accepted(read_settings(path, authority, context.settings.home.as_deref()), context)
}

/// What a file says; what is wrong in it is shown.
fn accepted(
    read: Result<Option<(Source, LoadedSettings)>, FileFailed>,
    context: &Context,
) -> Result<Option<SettingsFile>, Failure> {
    let read = read.map_err(|error| {
        let failure = Failure::from_error(Exit::Invalid, &error);
        failure.hint("settings that are there hold: nothing was run")
    })?;
    let Some((source, loaded)) = read else {
        return Ok(None);
    };
    if loaded.file.is_none() {
        show_findings(&context.terminal, &source, &loaded.findings);
        let found = match loaded.findings.len() {
            1 => "1 error".to_owned(),
            count => format!("{count} errors"),
        };
        let message = format!("{} is invalid: {found}, nothing was run", source.name);
        let failure = Failure::new(Exit::Invalid, message);
        return Err(failure.hint("`surefoot schema config` has every key, for editors"));
    }
    Ok(loaded.file)
}

/// An organisation's file that was moved away must not take its rules along.
fn missing(path: &Path, origin: &Origin) -> Failure {
    let message = format!("there is no file {}, which {origin} names", path.display());
    let failure = Failure::new(Exit::Invalid, message);
    failure.hint("bring it back, or take the line `organisation` out; nothing was run")
}

fn same(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| std::fs::canonicalize(path).ok();
    one == other || real(one).is_some_and(|one| real(other) == Some(one))
}
