//! Who may sign: a file in the form of `allowed_signers` (see `ssh-keygen(1)`). Beside a person's
//! name stand the roles in which they may agree: `dana@example.org,payments-lead ssh-ed25519 ...`.
//!
//! A person's name holds an `@`; what holds none is a role. A pattern names nobody.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::scratch::Scratch;
use super::signature::{Key, Signature};
use crate::process::{KeyPrograms, ToolError, file_of_branch, git_folder};
use crate::settings::Signers as List;
use crate::value::hex;

/// What lets others than the owner write a file.
const OTHERS_WRITE: u32 = 0o022;

/// Those who may sign, as the file was when it was read.
#[derive(Clone, Debug)]
pub struct Signers {
    bytes: Vec<u8>,
    entries: Vec<Entry>,
    writable: bool,
}

/// That somebody signed something.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// What.
    pub message: &'a [u8],
    /// The signature.
    pub signature: &'a Signature,
    /// What for.
    pub namespace: &'a str,
    /// When.
    pub at: Timestamp,
}

#[derive(Clone, Debug)]
struct Entry {
    line: String,
    principals: Vec<String>,
    key: Key,
}

/// A list that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BadSigners {
    /// The system did not let us.
    #[error("{} cannot be read", .0.display())]
    Unreadable(PathBuf, #[source] io::Error),
    /// The repository does not say.
    #[error("git has no {file} of the branch {branch} in {}", .repository.display())]
    NotInBranch {
        /// The repository.
        repository: PathBuf,
        /// The branch.
        branch: String,
        /// The file.
        file: String,
    },
    /// Others than its owner could have written it.
    #[error("{} can be written by others (mode {mode:o}); take that away: chmod go-w", path.display())]
    Open {
        /// Which.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
}

/// Why a signature does not count.
#[derive(Debug, thiserror::Error)]
pub enum NotGood {
    /// Its key is not in the list.
    #[error("its key {0} is not in the list of those who may sign")]
    Unknown(String),
    /// It does not fit what it should be of.
    #[error("it is not a signature of this by {0}, or their key may not sign now")]
    Wrong(String),
    /// It is for something else.
    #[error("it is a signature for `{0}`, not for this")]
    Elsewhere(String),
    /// The list names no person for its key.
    #[error("its key {0} belongs to no person by name: a pattern names nobody")]
    Nobody(String),
    /// The list names several persons for its key.
    #[error("its key belongs to several: {0}; each person needs a key of their own")]
    Several(String),
    /// It is by a certificate.
    #[error("it is by a certificate; a key that the list names is needed")]
    Certificate,
    /// `ssh-keygen` did not say.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// The files for `ssh-keygen` could not be written.
    #[error("a file for ssh-keygen cannot be written: {0}")]
    File(#[from] io::Error),
}

impl Signers {
    /// Reads the list where settings say that it is, with the programs found in `search`.
    pub fn read(list: &List, search: &OsStr) -> Result<Self, BadSigners> {
        match list {
            List::File(path) => {
                let bytes = fs::read(path);
                let bytes = bytes.map_err(|error| BadSigners::Unreadable(path.clone(), error))?;
                Ok(Self::of(bytes, is_writable(path)?))
            }
            List::Branch { repository, branch, file } => {
                let writable = is_writable(&git_folder(repository))?;
                let bytes = file_of_branch(repository, branch, file, search);
                let bytes = bytes.ok_or_else(|| BadSigners::NotInBranch {
                    repository: repository.clone(),
                    branch: branch.clone(),
                    file: file.clone(),
                })?;
                Ok(Self::of(bytes, writable))
            }
        }
    }

    fn of(bytes: Vec<u8>, writable: bool) -> Self {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let entries = text.lines().filter_map(entry).collect();
        Self { bytes, entries, writable }
    }

    /// SHA-256 of the file.
    pub fn digest(&self) -> String {
        hex(Sha256::digest(&self.bytes))
    }

    /// Whether whoever runs this program could have changed it.
    pub fn is_writable(&self) -> bool {
        self.writable
    }

    /// The persons that a key belongs to.
    pub fn persons<'a>(&'a self, key: &'a Key) -> Vec<&'a str> {
        let mut persons: Vec<&str> = self.principals(key).filter(|it| is_person(it)).collect();
        persons.sort_unstable();
        persons.dedup();
        persons
    }

    /// All persons whom it names.
    pub fn people(&self) -> Vec<&str> {
        let named = self.entries.iter().flat_map(|entry| &entry.principals).map(String::as_str);
        let mut people: Vec<&str> = named.filter(|it| is_person(it)).collect();
        people.sort_unstable();
        people.dedup();
        people
    }

    /// The persons that a key of this fingerprint belongs to.
    pub fn persons_of(&self, fingerprint: &str) -> Vec<&str> {
        let entry = self.entries.iter().find(|entry| entry.key.fingerprint() == fingerprint);
        entry.map(|entry| self.persons(&entry.key)).unwrap_or_default()
    }

    /// Whether whoever made a signature may do so in a role, at that moment.
    pub fn has_role(
        &self,
        claim: &Claim<'_>,
        role: &str,
        programs: &KeyPrograms,
        scratch: &Scratch,
    ) -> Result<bool, NotGood> {
        let name = role_name(role);
        let named = !self.lines(claim.signature.key(), &name).is_empty();
        Ok(named && self.is_good(claim, &name, programs, scratch)?)
    }

    /// The lines that give a key a name, word for word. A pattern elsewhere in the list gives none.
    fn lines(&self, key: &Key, name: &str) -> String {
        let named =
            |entry: &&Entry| entry.key == *key && entry.principals.iter().any(|it| it == name);
        let lines = self.entries.iter().filter(named);
        lines.flat_map(|entry| [entry.line.as_str(), "\n"]).collect()
    }

    fn principals<'a>(&'a self, key: &'a Key) -> impl Iterator<Item = &'a str> {
        let own = self.entries.iter().filter(move |entry| entry.key == *key);
        own.flat_map(|entry| entry.principals.iter().map(String::as_str))
    }

    /// The person whose good signature of a message this is, at a moment.
    pub fn check(
        &self,
        claim: &Claim<'_>,
        programs: &KeyPrograms,
        scratch: &Scratch,
    ) -> Result<String, NotGood> {
        let Claim { signature, namespace, .. } = *claim;
        let key = signature.key();
        if signature.namespace() != namespace && !cfg!(feature = "sabotage-any-namespace") {
            return Err(NotGood::Elsewhere(signature.namespace().to_owned()));
        }
        if key.is_certificate() {
            return Err(NotGood::Certificate);
        }
        let known = self.principals(key).next().is_some();
        let person = match self.persons(key).as_slice() {
            _ if !known => return Err(NotGood::Unknown(key.fingerprint())),
            [] => return Err(NotGood::Nobody(key.fingerprint())),
            [person] => (*person).to_owned(),
            several => return Err(NotGood::Several(several.join(", "))),
        };
        if self.is_good(claim, &person, programs, scratch)? {
            Ok(person)
        } else {
            Err(NotGood::Wrong(person))
        }
    }

    /// Whether `ssh-keygen` takes a signature as one by this name. It sees only the lines that give
    /// the name: what one line limits, another does not make up for.
    fn is_good(
        &self,
        claim: &Claim<'_>,
        name: &str,
        programs: &KeyPrograms,
        scratch: &Scratch,
    ) -> Result<bool, NotGood> {
        let Claim { message, signature, at, .. } = *claim;
        let key = signature.key();
        let signers = scratch.file("allowed_signers", self.lines(key, name).as_bytes())?;
        let armour = scratch.file("signature", signature.armour().as_bytes())?;
        let time = format!("verify-time={}", at.strftime("%Y%m%d%H%M%SZ"));
        let words = ["-Y", "verify", "-n", signature.namespace(), "-I", name, "-O", &time];
        let words = words.iter().map(OsStr::new);
        let files = [OsStr::new("-f"), signers.as_os_str(), OsStr::new("-s"), armour.as_os_str()];
        let args: Vec<&OsStr> = words.chain(files).collect();
        let said = programs.keygen(&args, message)?;
        let told = String::from_utf8_lossy(&said.stdout);
        let own = format!(" key {}", key.fingerprint());
        Ok(said.status.success() && told.trim_end().ends_with(&own))
    }
}

/// Whether whoever runs this program could write it; nobody believes what a group or everybody can.
fn is_writable(path: &Path) -> Result<bool, BadSigners> {
    let unreadable = |error| BadSigners::Unreadable(path.to_owned(), error);
    let mode = fs::metadata(path).map_err(unreadable)?.permissions().mode() & 0o7777;
    if mode & OTHERS_WRITE != 0 {
        return Err(BadSigners::Open { path: path.to_owned(), mode });
    }
    Ok(rustix::fs::access(path, rustix::fs::Access::WRITE_OK).is_ok())
}

/// A role as it stands in the file: words joined by hyphens, in small letters.
pub fn role_name(role: &str) -> String {
    let words = role.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join("-")
}

fn is_person(principal: &str) -> bool {
    principal.contains('@') && !principal.contains(['*', '?', '!'])
}

/// A line of the file: principals, perhaps options, the kind of the key, the key.
fn entry(line: &str) -> Option<Entry> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    let (principals, rest) = match line.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"')?,
        None => line.split_once(char::is_whitespace)?,
    };
    let key = rest.split_whitespace().find_map(|word| {
        // A kind is no key, and an option rarely decodes; what does is asked for its form.
        Key::of_base64(word).filter(|key| rest.split_whitespace().any(|kind| kind == key.kind()))
    })?;
    let principals = principals.split(',').map(|it| it.trim().to_owned()).collect();
    Some(Entry { line: line.to_owned(), principals, key })
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIPxPWeY4yKt+OSYrggQh5MCPw6hfjvUQCzbVWEOf9PJZ";

    fn persons(line: &str) -> Vec<String> {
        let signers = Signers::of(line.as_bytes().to_vec(), false);
        let key = Key::of_base64(KEY).unwrap();
        signers.persons(&key).into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn a_person_has_a_name_and_a_pattern_has_none() {
        assert_eq!(persons(&format!("a@x.org ssh-ed25519 {KEY} note")), ["a@x.org"]);
        assert_eq!(persons(&format!("\"a@x.org,lead\" ssh-ed25519 {KEY}")), ["a@x.org"]);
        let options = "namespaces=\"surefoot-approval\",valid-before=\"20300101\"";
        assert_eq!(persons(&format!("a@x.org {options} ssh-ed25519 {KEY}")), ["a@x.org"]);
        for nobody in ["*@x.org", "*", "lead", "a@x.or?", "!a@x.org"] {
            assert!(persons(&format!("{nobody} ssh-ed25519 {KEY}")).is_empty(), "{nobody}");
        }
        let twice = format!("a@x.org ssh-ed25519 {KEY}\nb@x.org ssh-ed25519 {KEY}\n");
        assert_eq!(persons(&twice), ["a@x.org", "b@x.org"]);
        assert!(persons(&format!("# a@x.org ssh-ed25519 {KEY}")).is_empty());
    }

    #[test]
    fn a_list_that_others_can_write_is_nobodys_word() {
        // Broken: whoever is in the group of the file names the people who may agree.
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("allowed_signers");
        fs::write(&path, format!("a@x.org ssh-ed25519 {KEY}\n")).unwrap();
        let list = List::File(path.clone());
        for (mode, good) in [(0o600, true), (0o644, true), (0o664, false), (0o646, false)] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let read = Signers::read(&list, OsStr::new(""));
            assert_eq!(read.is_ok(), good, "{mode:o}");
            assert!(good || read.unwrap_err().to_string().contains(&format!("mode {mode:o}")));
        }
    }

    #[test]
    fn a_role_stands_beside_the_name_word_for_word() {
        let signers = |line: &str| Signers::of(line.as_bytes().to_vec(), false);
        let key = Key::of_base64(KEY).unwrap();
        let lead = signers(&format!("a@x.org,payments-lead ssh-ed25519 {KEY}"));
        assert!(!lead.lines(&key, &role_name("Payments lead")).is_empty());
        assert!(lead.lines(&key, "payments").is_empty());
        // A pattern would give every role to one key.
        for line in ["a@x.org,*", "*", "a@x.org,payments-*"] {
            let pattern = signers(&format!("{line} ssh-ed25519 {KEY}"));
            assert!(pattern.lines(&key, "payments-lead").is_empty());
        }
    }
}
