//! The key that somebody signs with: the one they name, else what their agent or `~/.ssh` has.

use std::fs;
use std::path::{Path, PathBuf};

use super::Context;
use super::agreement::programs;
use super::exit::Exit;
use super::failure::Failure;
use super::walk::{Asked, ask};
use crate::console::{Echo, Meaning, Text};
use crate::signing::{Scratch, Signature, public_keys};

/// The names of keys in `~/.ssh`, in the order in which `ssh` tries them.
pub(crate) const USUAL: [&str; 4] = ["id_ed25519", "id_ed25519_sk", "id_ecdsa", "id_rsa"];

/// A key to sign with.
pub(crate) enum SigningKey {
    /// In this file, or the public half of one that the agent holds.
    File(PathBuf),
    /// The agent's, by the line of its public half.
    Agent(String),
}

/// The key to sign with; asks where there are several.
pub(crate) fn key(named: Option<&Path>, context: &Context) -> Result<SigningKey, Failure> {
    if let Some(path) = named {
        return Ok(SigningKey::File(path.to_owned()));
    }
    let held = programs(context).agent_keys().unwrap_or_default();
    let held: Vec<&str> = held.lines().filter(|line| !public_keys(line).is_empty()).collect();
    match held.as_slice() {
        [] => usual(context),
        [one] => Ok(SigningKey::Agent((*one).to_owned())),
        several => chosen(several, context),
    }
}

fn usual(context: &Context) -> Result<SigningKey, Failure> {
    let folders = context.settings.key_folders.iter();
    let mut paths = folders.flat_map(|folder| USUAL.map(|name| folder.join(name)));
    if let Some(path) = paths.find(|path| path.is_file()) {
        return Ok(SigningKey::File(path));
    }
    let failure = Failure::new(Exit::Usage, "there is no SSH key to sign with");
    Err(failure.hint("name one with --key FILE, or start an agent that holds it"))
}

fn chosen(held: &[&str], context: &Context) -> Result<SigningKey, Failure> {
    for (place, line) in held.iter().enumerate() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let note = words.get(2..).unwrap_or_default().join(" ");
        let fingerprint = public_keys(line).first().map(crate::signing::Key::fingerprint);
        let text = format!("  {}  {} {note}", place + 1, fingerprint.unwrap_or_default());
        context.terminal.line(&Text::plain(text));
    }
    let prompt = format!("Sign with which key, 1 to {}? ", held.len());
    let failure = || {
        let failure = Failure::new(Exit::Usage, "the agent holds several keys");
        failure.hint("name one with --key FILE; its public half is enough")
    };
    let Asked::Line(line) = ask(context, &prompt, Echo::Shown)? else {
        return Err(failure());
    };
    let place = line.trim().parse::<usize>().ok().and_then(|number| number.checked_sub(1));
    let line = place.and_then(|place| held.get(place)).ok_or_else(failure)?;
    Ok(SigningKey::Agent((*line).to_owned()))
}

/// Signs a text.
pub(crate) fn signed(
    key: &SigningKey,
    namespace: &str,
    text: &[u8],
    context: &Context,
) -> Result<Signature, Failure> {
    let failed = |error: &dyn std::error::Error| Failure::from_error(Exit::Failed, error);
    let scratch = Scratch::below(&context.settings.emergency).map_err(|error| failed(&error))?;
    let message = scratch.file("message", text).map_err(|error| failed(&error))?;
    let key = match key {
        SigningKey::File(path) => path.clone(),
        SigningKey::Agent(line) => {
            scratch.file("key.pub", line.as_bytes()).map_err(|error| failed(&error))?
        }
    };
    let made = programs(context).sign(&key, namespace, &message);
    made.map_err(|error| failed(&error).hint("name another key with --key FILE"))?;
    let armour = fs::read_to_string(message.with_extension("sig"));
    let armour = armour.map_err(|error| failed(&error))?;
    let signature = Signature::read(&armour)
        .ok_or_else(|| Failure::new(Exit::Failed, "ssh-keygen wrote no signature"))?;
    let text = format!("Signed with {}.", signature.key().fingerprint());
    context.terminal.line(&Text::of(Meaning::Dim, text));
    Ok(signature)
}
