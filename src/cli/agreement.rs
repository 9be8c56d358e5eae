//! Agreement of other people, put together from settings: whose signature counts, where requests
//! lie, and which keys are the responder's own.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::Context;
use super::commands::run::random;
use super::exit::Exit;
use super::failure::Failure;
use crate::console::{Meaning, Text};
use crate::engine::Waiting;
use crate::journal::RunFolder;
use crate::process::KeyPrograms;
use crate::signing::{Files, OwnKeys, Rules, SshNotary};

/// The organisation's settings.
const ORGANISATION: &str = "/etc/surefoot";

/// The list of those who may sign, in a folder of settings.
const SIGNERS: &str = "allowed_signers";

/// How long an answer is taken, in seconds, where settings say nothing else.
const LIFETIME: u64 = 15 * 60;

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

/// The list of those who may sign: the organisation's, else the user's own.
pub(crate) fn signers_path(context: &Context) -> Option<PathBuf> {
    let own = context.settings.config.as_ref().map(|folder| folder.join(SIGNERS));
    let places = [Some(Path::new(ORGANISATION).join(SIGNERS)), own];
    places.into_iter().flatten().find(|path| path.exists())
}

/// What settings say about agreement.
fn rules(context: &Context) -> Rules {
    Rules { signers: signers_path(context), lifetime: LIFETIME, repository: None }
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
pub(crate) fn notary(context: &Context, folder: &RunFolder) -> Result<SshNotary, Failure> {
    let seed = random().map_err(|error| {
        Failure::new(Exit::Failed, format!("there are no random bytes: {error}"))
    })?;
    let responder = context.settings.responder.name.clone();
    let own = own_keys(context);
    Ok(SshNotary::new(rules(context), files(folder, context), own, responder, seed))
}
