//! Which content is trusted: one file a digest, in a folder that only its owner can write.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::PathBuf;

/// Trust that could not be kept.
#[derive(Debug, thiserror::Error)]
#[error("failed to {act} {}: {source}", path.display())]
pub struct TrustFailed {
    act: &'static str,
    path: PathBuf,
    source: io::Error,
}

/// The digests that the user trusts.
#[derive(Clone, Debug)]
pub struct TrustStore {
    folder: PathBuf,
}

impl TrustStore {
    /// The store below the folder of all state.
    pub fn new(state: &std::path::Path) -> Self {
        Self { folder: state.join("trust") }
    }

    /// Whether content with this digest is trusted.
    pub fn trusts(&self, digest: &str) -> bool {
        is_digest(digest) && self.folder.join(digest).is_file()
    }

    /// Trusts content, with a line for people that says what it was.
    pub fn trust(&self, digest: &str, what: &str) -> Result<(), TrustFailed> {
        let path = self.folder.join(digest);
        let failed = |act| {
            let path = path.clone();
            move |source| TrustFailed { act, path, source }
        };
        if !is_digest(digest) {
            let source = io::Error::new(io::ErrorKind::InvalidInput, "not a digest");
            return Err(failed("trust")(source));
        }
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.folder)
            .map_err(failed("make the folder of"))?;
        let file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        let mut file = match file {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
            other => other.map_err(failed("write"))?,
        };
        writeln!(file, "{what}").and_then(|()| file.sync_all()).map_err(failed("write"))
    }
}

fn is_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_trusted_is_exactly_the_digest() {
        let folder = tempfile::tempdir().unwrap();
        let store = TrustStore::new(folder.path());
        let digest = "a".repeat(64);
        assert!(!store.trusts(&digest));
        store.trust(&digest, "x").unwrap();
        store.trust(&digest, "x").unwrap();
        assert!(store.trusts(&digest));
        assert!(!store.trusts(&"b".repeat(64)));
        assert!(!store.trusts(".."));
        assert!(store.trust("../../etc/passwd", "x").is_err());
        assert!(store.trust(&"A".repeat(64), "x").is_err());
    }
}
