//! What fires, as far as it was heard of: a file for each alert below the state folder, of which no more
//! are kept than can be looked through.
//!
//! The files are hints, not records: a file appears whole or not at all, and one that cannot be read is
//! passed over.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::super::beneath::read_beneath;
use super::payload::{Notification, Received, State};
use crate::plan::Alert;

/// How many alerts are kept; beyond that those that were heard of first are forgotten.
const MOST_KEPT: usize = 1000;
/// Alertmanager tells again of what still fires, every four hours if it is not told otherwise. What
/// was not heard of for so long no longer fires, whatever became of the news of it.
const LONGEST_SILENCE: SignedDuration = SignedDuration::from_hours(7 * 24);
/// What the files call their format.
const FORMAT: &str = "surefoot-alert/1";

/// What could not be kept.
#[derive(Debug, thiserror::Error)]
#[error("failed to {act} {}", path.display())]
pub struct FiredFailed {
    act: &'static str,
    path: PathBuf,
    source: io::Error,
}

/// An alert that fires.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fired {
    /// The alert.
    pub received: Received,
    /// When it was last heard of.
    pub heard: Timestamp,
}

/// The alerts that were heard of on this machine.
#[derive(Clone, Debug)]
pub struct FiredStore {
    folder: PathBuf,
}

#[derive(Deserialize, Serialize)]
struct Kept {
    format: String,
    #[serde(flatten)]
    alert: Alert,
    suppressed: bool,
    since: Option<Timestamp>,
    generator: Option<String>,
    heard: Timestamp,
}

impl FiredStore {
    /// Those below a state folder.
    pub fn new(state: &Path) -> Self {
        Self { folder: state.join("alerts") }
    }

    /// Takes a notification in: what fires is kept, what is resolved is forgotten.
    pub fn take(&self, notification: &Notification, now: Timestamp) -> Result<(), FiredFailed> {
        self.make_folder()?;
        let resolved = |it: &&Received| it.state == State::Resolved;
        notification.alerts.iter().filter(resolved).try_for_each(|it| self.forget(it))?;
        let firing = notification.alerts.iter().filter(|it| !resolved(it));
        firing.take(MOST_KEPT).try_for_each(|it| self.keep(it, now))?;
        self.prune(now)
    }

    /// What fires, the latest news first.
    pub fn fired(&self, now: Timestamp) -> Vec<Fired> {
        let folder = fs::canonicalize(&self.folder).unwrap_or_else(|_| self.folder.clone());
        let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
        let kept = entries.filter_map(|entry| {
            let name = entry.file_name();
            let fingerprint = name.to_str()?.strip_suffix(".json")?;
            let fired = read(&folder, &entry.path())?;
            (fired.received.fingerprint() == fingerprint).then_some(fired)
        });
        let mut fired: Vec<Fired> =
            kept.filter(|fired| now.duration_since(fired.heard) < LONGEST_SILENCE).collect();
        fired.sort_by_cached_key(|fired| {
            let state = fired.received.state;
            let since = fired.received.since.unwrap_or(fired.heard);
            (state, std::cmp::Reverse((since, fired.heard)), fired.received.fingerprint())
        });
        fired
    }

    fn make_folder(&self) -> Result<(), FiredFailed> {
        let mut builder = fs::DirBuilder::new();
        let made = builder.recursive(true).mode(0o700).create(&self.folder);
        made.map_err(failed("make", &self.folder))
    }

    fn path(&self, received: &Received) -> PathBuf {
        self.folder.join(format!("{}.json", received.fingerprint()))
    }

    fn keep(&self, received: &Received, now: Timestamp) -> Result<(), FiredFailed> {
        let path = self.path(received);
        let kept = Kept {
            format: FORMAT.to_owned(),
            alert: received.alert.clone(),
            suppressed: received.state == State::Suppressed,
            since: received.since,
            generator: received.generator.clone(),
            heard: now,
        };
        let bytes = serde_json::to_vec(&kept).expect("an alert is made of texts");
        let new = self.folder.join(format!(".{}-{}", received.fingerprint(), std::process::id()));
        let written = write(&new, &bytes).and_then(|()| fs::rename(&new, &path));
        if written.is_err() {
            // The first error is the one to tell.
            let _ = fs::remove_file(&new);
        }
        written.map_err(failed("write", &path))
    }

    fn forget(&self, received: &Received) -> Result<(), FiredFailed> {
        let path = self.path(received);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(failed("remove", &path)(error))
            }
            _ => Ok(()),
        }
    }

    /// Forgets what is too old, what is too many, and what others left half done.
    fn prune(&self, now: Timestamp) -> Result<(), FiredFailed> {
        let entries = fs::read_dir(&self.folder).map_err(failed("read", &self.folder))?;
        let mut files: Vec<(Timestamp, PathBuf)> = entries
            .flatten()
            .filter_map(|entry| {
                let changed = entry.metadata().ok()?.modified().ok()?;
                Some((Timestamp::try_from(changed).ok()?, entry.path()))
            })
            .collect();
        files.sort_by(|a, b| b.cmp(a));
        let stale = |at: Timestamp| now.duration_since(at) >= LONGEST_SILENCE;
        for (place, (at, path)) in files.iter().enumerate() {
            if place >= MOST_KEPT || stale(*at) {
                // Somebody else may have been faster.
                let _ = fs::remove_file(path);
            }
        }
        Ok(())
    }
}

fn failed(act: &'static str, path: &Path) -> impl FnOnce(io::Error) -> FiredFailed {
    let path = path.to_owned();
    move |source| FiredFailed { act, path, source }
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    options.custom_flags(i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).unwrap_or(0));
    options.open(path)?.write_all(bytes)
}

fn read(folder: &Path, path: &Path) -> Option<Fired> {
    let whole = read_beneath(folder, path).ok()?;
    let kept: Kept = serde_json::from_slice(&whole.bytes).ok()?;
    let state = if kept.suppressed { State::Suppressed } else { State::Firing };
    let Kept { format, alert, since, generator, heard, .. } = kept;
    let received = Received { alert, state, since, generator };
    (format == FORMAT).then_some(Fired { received, heard })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::super::payload::read_notification;
    use super::*;

    /// Now, by the files.
    fn now(state: &tempfile::TempDir) -> Timestamp {
        let changed = fs::metadata(state.path()).unwrap().modified().unwrap();
        Timestamp::try_from(changed).unwrap()
    }

    fn sent(alerts: &[(&str, &str)]) -> Notification {
        let alerts = alerts.iter().map(|(status, host)| {
            let labels = format!(r#"{{ "alertname": "Disk", "host": "{host}" }}"#);
            format!(r#"{{ "status": "{status}", "labels": {labels} }}"#)
        });
        let alerts: Vec<String> = alerts.collect();
        read_notification(format!("[{}]", alerts.join(",")).as_bytes()).unwrap()
    }

    fn hosts(store: &FiredStore, now: Timestamp) -> Vec<String> {
        let fired = store.fired(now).into_iter();
        fired.map(|fired| fired.received.alert.labels["host"].clone()).collect()
    }

    #[test]
    fn what_fires_is_kept_for_its_owner_alone_until_it_is_resolved() {
        let state = tempfile::tempdir().unwrap();
        let store = FiredStore::new(state.path());
        let now = now(&state);
        assert_eq!(store.fired(now), []);
        store.take(&sent(&[("firing", "a"), ("firing", "b")]), now).unwrap();
        let later = now + SignedDuration::from_secs(5);
        store.take(&sent(&[("firing", "a")]), later).unwrap();
        assert_eq!(hosts(&store, later), ["a", "b"]);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&state.path().join("alerts")), 0o700);
        for entry in fs::read_dir(state.path().join("alerts")).unwrap() {
            assert_eq!(mode(&entry.unwrap().path()), 0o600);
        }
        store.take(&sent(&[("resolved", "a"), ("resolved", "never")]), later).unwrap();
        assert_eq!(hosts(&store, later), ["b"]);
        assert_eq!(hosts(&store, later + LONGEST_SILENCE), Vec::<String>::new());
    }

    #[test]
    fn what_is_no_alert_of_ours_is_passed_over() {
        let state = tempfile::tempdir().unwrap();
        let store = FiredStore::new(state.path());
        let now = now(&state);
        store.take(&sent(&[("firing", "a")]), now).unwrap();
        let folder = state.path().join("alerts");
        let real = fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
        fs::copy(&real, folder.join("0000000000000000.json")).unwrap();
        fs::write(folder.join("1111111111111111.json"), "{").unwrap();
        fs::create_dir(folder.join("2222222222222222.json")).unwrap();
        std::os::unix::fs::symlink(&real, folder.join("3333333333333333.json")).unwrap();
        fs::write(folder.join("notes.txt"), "").unwrap();
        assert_eq!(hosts(&store, now), ["a"]);
    }

    #[test]
    fn no_more_are_kept_than_can_be_looked_through() {
        let state = tempfile::tempdir().unwrap();
        let store = FiredStore::new(state.path());
        let now = now(&state);
        let names: Vec<String> = (0..MOST_KEPT + 5).map(|at| format!("h{at}")).collect();
        let alerts: Vec<(&str, &str)> = names.iter().map(|it| ("firing", it.as_str())).collect();
        store.take(&sent(&alerts[..MOST_KEPT]), now).unwrap();
        store.take(&sent(&alerts[MOST_KEPT..]), now).unwrap();
        assert_eq!(store.fired(now).len(), MOST_KEPT);
    }
}
