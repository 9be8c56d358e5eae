//! Carries requests out of a run and judges the answers that come in: a good signature of exactly
//! this request, by a person who may agree in the role, and who is not the responder.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rustix::fs::{Mode, OFlags};
use sha2::{Digest as _, Sha256};

use super::APPROVAL;
use super::line::{read_answer, request_line};
use super::own::OwnKeys;
use super::scratch::Scratch;
use super::signature::Key;
use super::signers::{Claim, Signers, role_name};
use crate::engine::{Checked, Signed, Terms, Waiting};
use crate::session::Notary;
use crate::settings::Signers as List;

/// More of a file is no answer.
const MOST: u64 = 64 * 1024;

/// What settings say about agreement.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Where the list of those who may sign is.
    pub signers: Option<List>,
    /// How long an answer is taken, in seconds.
    pub lifetime: u64,
    /// The repository of the runbook: nothing in its working copy says who may sign.
    pub repository: Option<PathBuf>,
}

/// Where requests and answers lie.
#[derive(Clone, Debug)]
pub struct Files {
    /// The run's own folder for them.
    pub folder: PathBuf,
    /// A folder in which one can be made for a moment.
    pub scratch: PathBuf,
}

impl Files {
    /// Where a request is handed out.
    pub fn request(&self, nonce: &str) -> PathBuf {
        self.folder.join(format!("{}.request", short(nonce)))
    }

    /// Where its answer is looked for.
    pub fn answer(&self, nonce: &str) -> PathBuf {
        self.folder.join(format!("{}.answer", short(nonce)))
    }
}

/// A [`Notary`] over SSH signatures and files.
#[derive(Debug)]
pub struct SshNotary {
    rules: Rules,
    files: Files,
    own: OwnKeys,
    responder: String,
    seed: [u8; 32],
    issued: u64,
}

impl SshNotary {
    /// For a responder; the seed is of bytes that nobody can foresee.
    pub fn new(
        rules: Rules,
        files: Files,
        own: OwnKeys,
        responder: String,
        seed: [u8; 32],
    ) -> Self {
        Self { rules, files, own, responder, seed, issued: 0 }
    }

    /// Which of these people the responder is: by a key that they hold and the list names, or by the
    /// name that they are logged in with.
    pub fn own_among(&self, people: &BTreeSet<String>) -> Vec<String> {
        if people.is_empty() {
            return Vec::new();
        }
        let signers = self.signers().ok();
        let keys: Vec<String> = self.own.find().iter().map(Key::fingerprint).collect();
        let held = |person: &str| {
            signers.as_ref().is_some_and(|signers| {
                keys.iter().any(|key| signers.persons_of(key).contains(&person))
            })
        };
        let same = |person: &str| login(&self.responder).eq_ignore_ascii_case(login(person));
        people.iter().filter(|person| held(person) || same(person)).cloned().collect()
    }

    /// Puts a request where it can be taken from.
    fn put(&self, waiting: &Waiting) -> io::Result<()> {
        let path = self.files.request(&waiting.request.nonce);
        if path.exists() {
            return Ok(());
        }
        match rustix::fs::mkdir(&self.files.folder, Mode::RWXU) {
            Ok(()) | Err(rustix::io::Errno::EXIST) => {}
            Err(error) => return Err(error.into()),
        }
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW;
        let file = rustix::fs::open(&path, flags | OFlags::CLOEXEC, Mode::RUSR | Mode::WUSR)?;
        let line = request_line(&waiting.text) + "\n";
        fs::File::from(file).write_all(line.as_bytes())
    }

    fn judged(&self, waiting: &Waiting, text: &str, now: Timestamp) -> Result<Signed, String> {
        let request = &waiting.request;
        let answer = read_answer(text).map_err(|error| error.to_string())?;
        if answer.nonce != request.nonce {
            return Err("it answers another request".to_owned());
        }
        let signers = self.signers()?;
        let scratch = Scratch::below(&self.files.scratch)
            .map_err(|error| format!("{}: {error}", self.files.scratch.display()))?;
        let message = waiting.text.as_bytes();
        let signature = &answer.signature;
        let programs = &self.own.programs;
        let claim = Claim { message, signature, namespace: APPROVAL, at: now };
        let person =
            signers.check(&claim, programs, &scratch).map_err(|error| error.to_string())?;
        self.is_another(waiting, &signers, signature.key(), &person)?;
        let has_role = signers.has_role(&claim, &request.role, programs, &scratch);
        if !has_role.map_err(|error| error.to_string())? {
            let name = role_name(&request.role);
            return Err(format!(
                "{person} may not agree as {}: the list gives their key no role `{name}` now",
                request.role
            ));
        }
        Ok(Signed {
            principal: person,
            key: signature.key().fingerprint(),
            signature: signature.armour().to_owned(),
            signers: signers.digest(),
            signers_writable: signers.is_writable(),
        })
    }

    /// The list of those who may sign, from where the responder's runbook cannot put it.
    fn signers(&self) -> Result<Signers, String> {
        let list = self.rules.signers.as_ref().ok_or(
            "no list of those who may sign is set; see allowed_signers in the settings".to_owned(),
        )?;
        if let Some(root) = &self.rules.repository
            && let Some(path) = in_working_copy(list, root)
        {
            return Err(format!(
                "{} lies in the repository of the runbook, which says nothing about who may sign",
                path.display()
            ));
        }
        Signers::read(list, &self.own.programs.path).map_err(|error| told(&error))
    }

    /// Nobody agrees with themselves: not with a key that they hold, not under a name that such a
    /// key has, not under the name that they are logged in with.
    fn is_another(
        &self,
        waiting: &Waiting,
        signers: &Signers,
        key: &Key,
        person: &str,
    ) -> Result<(), String> {
        if cfg!(feature = "sabotage-self-approval") {
            return Ok(());
        }
        let own: BTreeSet<String> = self
            .own
            .find()
            .iter()
            .map(Key::fingerprint)
            .chain(waiting.own_keys.iter().cloned())
            .collect();
        let fingerprint = key.fingerprint();
        if own.contains(&fingerprint) {
            return Err(format!(
                "{fingerprint} is a key of the responder; another person is needed"
            ));
        }
        if own.iter().any(|own| signers.persons_of(own).contains(&person)) {
            return Err(format!(
                "{person} is the responder, by a key that the list names; another person is needed"
            ));
        }
        let names = [self.responder.as_str(), waiting.request.responder.as_str()];
        if names.iter().any(|name| login(name).eq_ignore_ascii_case(login(person))) {
            return Err(format!(
                "{person} has the login of the responder; another person is needed"
            ));
        }
        Ok(())
    }
}

impl Notary for SshNotary {
    fn terms(&mut self, record: u64, head: &str) -> Terms {
        self.issued += 1;
        let mut hasher = Sha256::new();
        hasher.update(self.seed);
        hasher.update(self.issued.to_be_bytes());
        hasher.update(head);
        let nonce = hasher.finalize().iter().take(16).fold(String::new(), |mut text, byte| {
            use std::fmt::Write as _;
            write!(text, "{byte:02x}").expect("a string takes every write");
            text
        });
        Terms {
            nonce,
            record,
            head: head.to_owned(),
            lifetime: self.rules.lifetime,
            own_keys: self.own.find().iter().map(Key::fingerprint).collect(),
        }
    }

    fn hand_out(&mut self, waiting: &Waiting) {
        // The person at the terminal has it, too: a disk that is full stops nobody from asking.
        let _ = self.put(waiting);
    }

    fn has_arrived(&mut self, waiting: &Waiting) -> bool {
        let found = fs::metadata(self.files.answer(&waiting.request.nonce));
        found.is_ok_and(|found| found.is_file() && found.len() > 0)
    }

    fn arrived(&mut self, waiting: &Waiting) -> Option<String> {
        let path = self.files.answer(&waiting.request.nonce);
        let found = fs::metadata(&path).ok()?;
        if !found.is_file() || found.len() == 0 {
            return None;
        }
        let text = (found.len() <= MOST).then(|| fs::read_to_string(&path).ok()).flatten();
        let read = path.with_extension("answer.read");
        if fs::rename(&path, &read).is_err() {
            return None;
        }
        Some(text.unwrap_or_default())
    }

    fn check(&mut self, waiting: &Waiting, text: &str, now: Timestamp) -> Checked {
        let nonce = waiting.request.nonce.clone();
        match self.judged(waiting, text, now) {
            Ok(signed) => Checked::Good { nonce, signed, now },
            Err(why) => Checked::Bad { nonce, why },
        }
    }
}

fn login(name: &str) -> &str {
    name.split_once('@').map_or(name, |(login, _)| login)
}

/// What of a list's place lies in the working copy of a repository. A branch of the repository itself
/// does not: it moves when somebody else has agreed to what is merged.
fn in_working_copy<'a>(list: &'a List, root: &Path) -> Option<&'a Path> {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let root = real(root);
    match list {
        List::File(path) => real(path).starts_with(&root).then_some(path),
        List::Branch { repository, .. } => {
            let own = real(repository);
            (own != root && own.starts_with(&root)).then_some(repository)
        }
    }
}

fn told(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {source}"))
}

fn short(nonce: &str) -> &str {
    nonce.get(..8).unwrap_or(nonce)
}
