//! The keys that the responder holds: what the agent has, and what lies in the folders of keys. None
//! of them can agree as somebody else.

use std::fs;
use std::path::PathBuf;

use super::signature::Key;
use crate::process::KeyPrograms;

/// More of a file is no key.
const MOST: u64 = 64 * 1024;

/// Where the responder's keys are.
#[derive(Clone, Debug)]
pub struct OwnKeys {
    /// OpenSSH's programs, and the agent.
    pub programs: KeyPrograms,
    /// Folders of keys, such as `~/.ssh`.
    pub folders: Vec<PathBuf>,
}

impl OwnKeys {
    /// The keys that are there now.
    pub fn find(&self) -> Vec<Key> {
        let mut keys = public_keys(&self.programs.agent_keys().unwrap_or_default());
        for folder in &self.folders {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                let path = entry.path();
                let small =
                    fs::metadata(&path).is_ok_and(|found| found.is_file() && found.len() <= MOST);
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                // These list the keys of others.
                let others = name.starts_with("authorized_keys")
                    || name.starts_with("known_hosts")
                    || name.starts_with("allowed_signers");
                if !small || others {
                    continue;
                }
                let Ok(text) = fs::read_to_string(&path) else { continue };
                if text.starts_with("-----BEGIN ") {
                    keys.extend(self.public_half(&path));
                } else {
                    keys.extend(public_keys(&text));
                }
            }
        }
        keys.dedup();
        keys
    }

    /// A private key tells its public half, which is not encrypted in the form of OpenSSH.
    fn public_half(&self, path: &std::path::Path) -> Option<Key> {
        use std::ffi::OsStr;
        let text = fs::read_to_string(path).ok()?;
        let inside: String =
            text.lines().filter(|line| !line.starts_with("-----")).map(str::trim).collect();
        if let Some(key) = openssh_public_half(&inside) {
            return Some(key);
        }
        // Older forms tell it only where no passphrase is needed; an empty one is tried.
        let words = ["-y", "-P", "", "-f"].map(OsStr::new);
        let args: Vec<&OsStr> = words.into_iter().chain([path.as_os_str()]).collect();
        let said = self.programs.keygen(&args, b"").ok()?;
        public_keys(&String::from_utf8_lossy(&said.stdout)).into_iter().next()
    }
}

/// The public keys in a text such as a `.pub` file.
pub fn public_keys(text: &str) -> Vec<Key> {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    lines.filter_map(|line| line.split_whitespace().find_map(Key::of_base64)).collect()
}

/// `openssh-key-v1`, cipher, key derivation and its options, the number of keys, then the first.
fn openssh_public_half(base64: &str) -> Option<Key> {
    let bytes = super::base64::decode(base64)?;
    let mut rest = bytes.strip_prefix(b"openssh-key-v1\0")?;
    let mut field = || {
        let (length, after) = rest.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (field, after) = after.split_at_checked(length)?;
        rest = after;
        Some(field)
    };
    field()?;
    field()?;
    field()?;
    let key = rest.strip_prefix(&1_u32.to_be_bytes())?;
    let (length, after) = key.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    Key::of_base64(&super::base64::encode(after.get(..length)?))
}
