//! Repositories that are named elsewhere than in the settings: in a file, one a line; or by a command,
//! of which everything but `sync` knows only what it printed last.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::digest::sha256;
use super::mirror::{Last, read, replace};
use crate::settings::Remote;

/// More text is no list of repositories.
const MOST_BYTES: u64 = 8 << 20;

/// What is kept of a list is not larger: each repository once, and what JSON puts around it.
const MOST_KEPT: u64 = 2 * MOST_BYTES;

/// More repositories than this are not listed.
const MOST: usize = 20_000;

/// Repositories that are named elsewhere.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Listed {
    /// Where they are fetched from.
    pub urls: Vec<String>,
    /// What is wrong with the list.
    pub findings: Vec<String>,
}

/// What a command printed last.
#[derive(Debug, Deserialize, Serialize)]
struct Kept {
    words: Vec<String>,
    urls: Vec<String>,
    at: Timestamp,
}

/// A list that cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum ListingFailed {
    /// The file cannot be read.
    #[error("the list {} cannot be read: {source}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The command never ran.
    #[error("`{0}` has not been asked yet: surefoot sync asks it")]
    NotAsked(String),
    /// What it printed cannot be kept.
    #[error("failed to write {}: {source}", path.display())]
    Unwritten {
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl Listed {
    /// Those in a text, one a line. Relative paths count from a folder.
    pub fn read(text: &str, folder: &Path, home: Option<&Path>) -> Self {
        let mut listed = Self::default();
        let mut seen = BTreeSet::new();
        for (at, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if listed.urls.len() == MOST {
                listed.findings.push(format!("only its first {MOST} repositories count"));
                break;
            }
            match Remote::parse(line, folder, home).map(Remote::into_url) {
                Ok(url) if !seen.insert(url.clone()) => {}
                Ok(url) => listed.urls.push(url),
                Err(bad) => listed.findings.push(format!("line {}: {bad}", at + 1)),
            }
        }
        listed
    }

    /// Those that a file names.
    pub(super) fn of_file(path: &Path, home: Option<&Path>) -> Result<Self, ListingFailed> {
        let unreadable = |source| ListingFailed::Unreadable { path: path.to_owned(), source };
        let found = fs::metadata(path).map_err(unreadable)?;
        if !found.is_file() {
            return Err(unreadable(io::Error::other("it is not an ordinary file")));
        }
        let mut bytes = Vec::new();
        let file = fs::File::open(path).map_err(unreadable)?;
        file.take(MOST_BYTES).read_to_end(&mut bytes).map_err(unreadable)?;
        let folder = path.parent().unwrap_or(Path::new("/"));
        Ok(Self::read(&String::from_utf8_lossy(&bytes), folder, home))
    }

    /// Those that a command printed when it was asked last.
    pub(super) fn of_command(words: &[String], state: &Path) -> Result<Self, ListingFailed> {
        let kept = read::<Kept>(&place(words, state), MOST_KEPT);
        let kept = kept.filter(|kept| kept.words == words);
        let kept = kept.ok_or_else(|| ListingFailed::NotAsked(words.join(" ")))?;
        Ok(Self { urls: kept.urls, findings: Vec::new() })
    }

    /// Keeps what a command printed.
    pub fn keep(&self, words: &[String], state: &Path, at: Timestamp) -> Result<(), ListingFailed> {
        let path = place(words, state);
        let unwritten = |source| ListingFailed::Unwritten { path: path.clone(), source };
        fs::create_dir_all(path.parent().unwrap_or(state)).map_err(unwritten)?;
        let kept = Kept { words: words.to_vec(), urls: self.urls.clone(), at };
        replace(&path, &kept, Last::Whatever).map_err(unwritten)
    }
}

/// Where the repositories that a command printed are kept.
fn place(words: &[String], state: &Path) -> PathBuf {
    let digest = sha256(words.join("\0").as_bytes());
    state.join("sources/lists").join(format!("{}.json", &digest[..16]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_command_printed_is_known_afterwards_also_of_a_large_organisation() {
        let state = tempfile::tempdir().unwrap();
        let words = ["repositories".to_owned()];
        let long = "a-repository-with-a-rather-long-name";
        let url = |number| format!("git@git.example.org:organisation/{long}-{number}.git\n");
        let text: String = (0..MOST).map(url).collect();
        let listed = Listed::read(&text, state.path(), None);
        assert_eq!((listed.urls.len(), listed.findings.len()), (MOST, 0));
        listed.keep(&words, state.path(), Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(Listed::of_command(&words, state.path()).unwrap(), listed);
    }
}
