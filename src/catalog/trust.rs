//! Which content is trusted: one file a digest, in a folder that only its owner can write.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::ownership::{Exposed, own};
use super::trusted::Trusted;

/// A longer entry is not read: it is trusted, and nothing is known of it.
const MOST_OF_AN_ENTRY: u64 = 16 << 20;

/// Trust that could not be kept, or not be believed.
#[derive(Debug, thiserror::Error)]
pub enum TrustFailed {
    /// The system did not let us.
    #[error("failed to {act} {}: {source}", path.display())]
    Io {
        /// What was to be done.
        act: &'static str,
        /// To what.
        path: PathBuf,
        /// Why it could not.
        source: io::Error,
    },
    /// Others could have written there whatever they like.
    #[error("what is trusted is kept where others can write: {0}")]
    Exposed(#[from] Exposed),
}

/// The digests that the user trusts.
#[derive(Clone, Debug)]
pub struct TrustStore {
    folder: PathBuf,
}

/// A digest that is trusted, and what is known of its content.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The digest.
    pub digest: String,
    /// What it is of; nothing is known of what an older version trusted.
    pub trusted: Option<Trusted>,
}

impl TrustStore {
    /// The store below the folder of all state.
    pub fn new(state: &Path) -> Self {
        Self { folder: state.join("trust") }
    }

    /// The folder of all entries.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether content with this digest is trusted. A store that others can write says nothing.
    pub fn trusts(&self, digest: &str) -> Result<bool, TrustFailed> {
        if !is_digest(digest) {
            return Ok(false);
        }
        let path = self.folder.join(digest);
        if !path.symlink_metadata().is_ok_and(|found| found.is_file()) {
            return Ok(false);
        }
        own(&self.folder)?;
        own(&path)?;
        Ok(true)
    }

    /// Trusts content. Of each runbook only the content that was trusted last is kept as a whole.
    pub fn trust(&self, digest: &str, what: &Trusted) -> Result<(), TrustFailed> {
        if !is_digest(digest) {
            let source = io::Error::new(io::ErrorKind::InvalidInput, "not a digest");
            return Err(self.failed("trust", digest)(source));
        }
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.folder)
            .map_err(self.failed("make the folder of", digest))?;
        own(&self.folder)?;
        let earlier = self.entries()?;
        self.write(digest, what)?;
        for entry in earlier.iter().filter(|entry| entry.digest != digest) {
            let older = entry.trusted.as_ref().filter(|older| older.is_of(what));
            if let Some(older) = older.filter(|older| older.commands.is_some()) {
                self.write(&entry.digest, &older.bare())?;
            }
        }
        Ok(())
    }

    /// All that is trusted, what was trusted last first.
    pub fn entries(&self) -> Result<Vec<Entry>, TrustFailed> {
        let names = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            names => names.map_err(self.failed("read", ""))?,
        };
        let mut entries = Vec::new();
        for name in names.flatten() {
            let digest = name.file_name().to_string_lossy().into_owned();
            if self.trusts(&digest)? {
                let trusted = self.read(&digest);
                entries.push(Entry { digest, trusted });
            }
        }
        let newest = |entry: &Entry| {
            let at = entry.trusted.as_ref().map(|trusted| trusted.at);
            (std::cmp::Reverse(at), entry.digest.clone())
        };
        entries.sort_by_key(newest);
        Ok(entries)
    }

    /// The content of the same runbook that was trusted last: of the same file, else of one that
    /// has the same names.
    pub fn latest_of(&self, now: &Trusted) -> Result<Option<Trusted>, TrustFailed> {
        let entries = self.entries()?;
        let known = || entries.iter().filter_map(|entry| entry.trusted.as_ref());
        let same = known().find(|trusted| trusted.path == now.path);
        Ok(same.or_else(|| known().find(|trusted| trusted.is_of(now))).cloned())
    }

    /// Trusts content no more. Whether it was trusted.
    pub fn distrust(&self, digest: &str) -> Result<bool, TrustFailed> {
        if !is_digest(digest) {
            return Ok(false);
        }
        match fs::remove_file(self.folder.join(digest)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            removed => removed.map(|()| true).map_err(self.failed("remove", digest)),
        }
    }

    fn read(&self, digest: &str) -> Option<Trusted> {
        let path = self.folder.join(digest);
        let short = fs::metadata(&path).is_ok_and(|found| found.len() <= MOST_OF_AN_ENTRY);
        short.then(|| serde_json::from_slice(&fs::read(&path).ok()?).ok())?
    }

    /// Writes an entry, whole or not at all.
    fn write(&self, digest: &str, what: &Trusted) -> Result<(), TrustFailed> {
        let path = self.folder.join(digest);
        let new = self.folder.join(format!(".{digest}.{}", std::process::id()));
        let json = serde_json::to_vec(what).map_err(io::Error::from);
        let json = json.map_err(self.failed("write", digest))?;
        let write = || {
            let mut options = fs::OpenOptions::new();
            let mut file = options.write(true).create_new(true).mode(0o600).open(&new)?;
            file.write_all(&json)?;
            file.sync_all()?;
            fs::rename(&new, &path)?;
            fs::File::open(&self.folder)?.sync_all()
        };
        write().map_err(|error| {
            // The first error is the one to tell.
            let _ = fs::remove_file(&new);
            self.failed("write", digest)(error)
        })
    }

    fn failed(&self, act: &'static str, digest: &str) -> impl FnOnce(io::Error) -> TrustFailed {
        let path = self.folder.join(digest);
        move |source| TrustFailed::Io { act, path, source }
    }
}

fn is_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use jiff::Timestamp;

    use super::*;

    fn content(path: &str, second: i64) -> Trusted {
        Trusted {
            at: Timestamp::from_second(second).unwrap(),
            path: PathBuf::from(path),
            service: Some("shop".to_owned()),
            id: path.trim_start_matches('/').to_owned(),
            commands: Some(Vec::new()),
            files: Vec::new(),
        }
    }

    fn digest(letter: &str) -> String {
        letter.repeat(64)
    }

    #[test]
    fn what_is_trusted_is_exactly_the_digest() {
        let folder = tempfile::tempdir().unwrap();
        let store = TrustStore::new(folder.path());
        let digest = digest("a");
        assert!(!store.trusts(&digest).unwrap());
        store.trust(&digest, &content("/a", 1)).unwrap();
        store.trust(&digest, &content("/a", 2)).unwrap();
        assert!(store.trusts(&digest).unwrap());
        for other in [&"b".repeat(64), "..", &digest[..63], &format!("{digest}/"), ""] {
            assert!(!store.trusts(other).unwrap(), "{other}");
        }
        for bad in ["../../etc/passwd", &"A".repeat(64)] {
            assert!(store.trust(bad, &content("/a", 1)).is_err(), "{bad}");
        }
        let entry = folder.path().join("trust").join(&digest);
        assert_eq!(fs::metadata(entry).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(store.distrust(&digest).unwrap());
        assert!(!store.distrust(&digest).unwrap() && !store.trusts(&digest).unwrap());
    }

    #[test]
    fn only_the_content_that_was_trusted_last_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let store = TrustStore::new(folder.path());
        let trusted = [("a", "/x", 1), ("b", "/y", 2), ("c", "/x", 3)];
        for (letter, path, second) in trusted {
            store.trust(&digest(letter), &content(path, second)).unwrap();
        }
        let entries = store.entries().unwrap();
        let kept: Vec<(&str, bool)> = entries
            .iter()
            .map(|entry| {
                let trusted = entry.trusted.as_ref().unwrap();
                (&entry.digest[..1], trusted.commands.is_some())
            })
            .collect();
        assert_eq!(kept, [("c", true), ("b", true), ("a", false)]);
        assert!(store.trusts(&digest("a")).unwrap(), "older content is trusted still");
        let latest = |path| store.latest_of(&content(path, 9)).unwrap();
        assert_eq!(latest("/x"), Some(content("/x", 3)));
        assert_eq!(latest("/z"), None);
    }

    #[test]
    fn an_entry_of_an_older_version_is_trusted_and_nothing_is_known_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let store = TrustStore::new(folder.path());
        store.trust(&digest("a"), &content("/x", 1)).unwrap();
        let path = folder.path().join("trust").join(digest("a"));
        fs::write(path, "runbooks/x.yaml\n").unwrap();
        assert!(store.trusts(&digest("a")).unwrap());
        assert_eq!(store.entries().unwrap()[0].trusted, None);
    }

    #[test]
    fn a_store_that_others_can_write_is_not_believed() {
        let folder = tempfile::tempdir().unwrap();
        let store = TrustStore::new(folder.path());
        let digest = digest("a");
        store.trust(&digest, &content("/x", 1)).unwrap();
        let entry = folder.path().join("trust").join(&digest);
        let set = |path: &Path, mode| {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        };
        for (path, open, closed) in
            [(&entry, 0o622, 0o600), (&folder.path().join("trust"), 0o777, 0o700)]
        {
            set(path, open);
            assert!(matches!(store.trusts(&digest), Err(TrustFailed::Exposed(_))));
            assert!(store.entries().is_err());
            set(path, closed);
            assert!(store.trusts(&digest).unwrap());
        }
        // A link is no entry, wherever it leads.
        fs::rename(&entry, folder.path().join("elsewhere")).unwrap();
        std::os::unix::fs::symlink(folder.path().join("elsewhere"), &entry).unwrap();
        assert!(!store.trusts(&digest).unwrap());
    }
}
