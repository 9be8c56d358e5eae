//! Agreement of other people, put together from settings: whose signature counts, where requests
//! lie, and which keys are the responder's own.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::Context;
use super::commands::run::random;
use super::exit::Exit;
use super::failure::Failure;
use super::trusted::{guard_place, guard_shared};
use crate::console::{Meaning, Text};
use crate::engine::{RunStarted, Waiting};
use crate::journal::RunFolder;
use crate::policy::Authority;
use crate::process::{KeyPrograms, git_folder};
use crate::settings::{Settings, Signers};
use crate::signing::{Files, OwnKeys, Rules, SshNotary};

/// The list of those who may sign, beside a file of settings.
const SIGNERS: &str = "allowed_signers";

/// OpenSSH's programs, with the responder's agent.
pub(crate) fn programs(context: &Context) -> KeyPrograms {
    let agent = context.settings.environment.get(OsStr::new("SSH_AUTH_SOCK"));
    KeyPrograms { path: context.settings.search_path(), agent: agent.cloned() }
}

/// The keys of whoever is at the keyboard.
pub(crate) fn own_keys(context: &Context) -> OwnKeys {
    OwnKeys { programs: programs(context), folders: context.settings.key_folders.clone() }
}

/// Where requests and answers of a run lie.
pub(crate) fn files(folder: &RunFolder, context: &Context) -> Files {
    let scratch = context.settings.emergency.clone();
    Files { folder: folder.path().join("approvals"), scratch }
}

/// Where the list of those who may sign is: where the organisation says it, in its settings or by a
/// list beside them; else where the user does. As root, one that others can write is refused, and an
/// organisation's whoever runs this.
pub(crate) fn signers(context: &Context, settings: &Settings) -> Result<Option<Signers>, Failure> {
    let own = &context.settings;
    let beside = |folder: Option<&Path>| {
        let path = folder?.join(SIGNERS);
        path.exists().then_some(Signers::File(path))
    };
    let list = match settings.allowed_signers.clone() {
        Some((Authority::Organisation, list)) => Some((Authority::Organisation, list)),
        said => beside(own.organisation.parent())
            .map(|list| (Authority::Organisation, list))
            .or(said)
            .or_else(|| Some((Authority::User, beside(own.config.as_deref())?))),
    };
    match &list {
        Some((authority, Signers::File(path))) => {
            guard_place(path)?;
            if *authority == Authority::Organisation && path.exists() {
                guard_shared(path)?;
            }
        }
        Some((_, Signers::Branch { repository, .. })) => guard_place(&git_folder(repository))?,
        None => {}
    }
    Ok(list.map(|(_, list)| list))
}

/// What settings say about agreement to a run of a runbook of this repository.
pub(crate) fn rules(
    context: &Context,
    settings: &Settings,
    repository: Option<PathBuf>,
) -> Result<Rules, Failure> {
    let signers = signers(context, settings)?;
    Ok(Rules { signers, lifetime: settings.expires.div_ceil(1000), repository })
}

/// The working copy that a list lies in, if it is one of the repository of a run: this one, or
/// another clone. A run that goes on does not know where its runbook came from, but what is around
/// the list can be looked at.
pub(crate) fn repository_around(
    signers: Option<&Signers>,
    started: &RunStarted,
) -> Option<PathBuf> {
    let path = match signers? {
        Signers::File(path) => path,
        Signers::Branch { repository, .. } => repository,
    };
    let runbook = &started.runbook.files.first()?.path;
    let real = path.canonicalize().ok()?;
    real.ancestors().skip(1).find(|folder| folder.join(runbook).exists()).map(Path::to_owned)
}

/// Says how the answer comes to a run that was left while it waits for one.
pub(crate) fn left(context: &Context, folder: &RunFolder, waiting: &Waiting) {
    let files = files(folder, context);
    let nonce = &waiting.request.nonce;
    let (request, answer) = (files.request(nonce), files.answer(nonce));
    let role = &waiting.request.role;
    let text = format!("{role} must agree: surefoot approve {}", request.display());
    context.terminal.unbroken(&Text::of(Meaning::Hint, text));
    let text =
        format!("The answer goes into {}; then surefoot resume {}", answer.display(), folder.id());
    context.terminal.unbroken(&Text::of(Meaning::Hint, text));
}

/// Who judges the answers that come in.
pub(crate) fn notary(
    context: &Context,
    folder: &RunFolder,
    rules: Rules,
) -> Result<SshNotary, Failure> {
    let seed = random().map_err(|error| {
        Failure::new(Exit::Failed, format!("there are no random bytes: {error}"))
    })?;
    let logins = context.settings.logins.clone();
    let own = own_keys(context);
    Ok(SshNotary::new(rules, files(folder, context), own, logins, seed))
}
