//! The digest of a command: what the card, the start record and an approval speak of.

use std::collections::BTreeMap;

use hmac::{Hmac, KeyInit, Mac};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::BoundCommand;
use super::command::BoundForm;
use super::place::BoundPlace;
use crate::template::Held;
use crate::value::hex;

/// A key of one run, which makes the digest of a secret useless anywhere else.
#[derive(Clone)]
pub struct DigestKey([u8; 32]);

impl DigestKey {
    /// Takes the key's bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    fn secret(&self, text: &str) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("any length is a key");
        mac.update(text.as_bytes());
        format!("hmac:{}", hex(mac.finalize().into_bytes()))
    }

    fn held(&self, held: &Held) -> String {
        match held {
            Held::Open(text) => format!("text:{text}"),
            Held::Secret(secret) => self.secret(secret.expose()),
        }
    }
}

impl std::fmt::Debug for DigestKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DigestKey(…)")
    }
}

/// The canonical form of a command. Keys of maps are sorted, fields stand in this order.
#[derive(Serialize)]
struct Canonical<'a> {
    form: &'a BoundForm,
    variables: BTreeMap<&'a str, String>,
    env: BTreeMap<&'a str, String>,
    cwd: Option<&'a str>,
    stdin: Option<String>,
    files: BTreeMap<&'a str, String>,
    target: &'a str,
    place: &'a BoundPlace,
    user: Option<&'a str>,
    identity: Option<&'a str>,
    timeout: u64,
}

/// SHA-256 of the canonical JSON of all that decides what a command does: interpreter and script,
/// values, environment, working directory, input, files, target with asserted identity, user, timeout.
pub fn command_digest(command: &BoundCommand, identity: Option<&str>, key: &DigestKey) -> String {
    let held = |(name, held)| -> (&str, String) {
        let (name, held): (&String, &Held) = (name, held);
        (name.as_str(), key.held(held))
    };
    let canonical = Canonical {
        form: &command.form,
        variables: command.variables.iter().map(held).collect(),
        env: command.env.iter().map(held).collect(),
        cwd: command.cwd.as_deref(),
        stdin: command.stdin.as_ref().map(|stdin| key.held(stdin)),
        files: command
            .files
            .iter()
            .map(|(name, file)| {
                let content = match &file.bytes {
                    None => key.held(&file.content),
                    Some(bytes) => format!("bytes:{}", sha256(bytes)),
                };
                (name.as_str(), format!("{} {content}", file.executable))
            })
            .collect(),
        target: &command.target.name,
        place: &command.target.place,
        user: command.user.as_deref(),
        identity,
        timeout: command.timeout,
    };
    let json = serde_json::to_vec(&canonical).expect("texts and numbers always serialise");
    sha256(&json)
}

/// SHA-256 of the canonical JSON of anything.
pub fn digest_of(what: &impl Serialize) -> String {
    sha256(&serde_json::to_vec(what).expect("texts and numbers always serialise"))
}

pub(super) fn sha256(bytes: &[u8]) -> String {
    hex(Sha256::digest(bytes))
}
