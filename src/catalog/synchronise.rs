//! Brings the mirror of one source up to date. What holds is changed last and at once, by
//! `fetched.json`; whatever goes wrong before, and whenever the program ends, what was fetched earlier
//! stays as it was.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use rustix::fs::FlockOperation;
use rustix::io::Errno;

use super::contents::{Contents, ContentsFailed, complete};
use super::mirror::{Attempt, Fetched, Mirror, MirrorFailed};
use super::offered::{Chosen, NotOffered, choose, patterns};
use super::sources::{KnownSource, SourcePlace};
use crate::process::{Destination, FetchFailed, Fetcher, Files, Objects, ObjectsFailed, Watch};

/// How many commits are fetched, so that it can be told whether one follows another.
const DEPTH: u32 = 50;

/// The commit that is being fetched.
const INCOMING: &str = "refs/surefoot/incoming";

/// With more packs than this, they are joined.
const MOST_PACKS: usize = 40;

/// How often it is looked at whether another one has ended.
const LOOK: Duration = Duration::from_millis(50);

/// What is needed to bring mirrors up to date.
#[derive(Clone, Copy, Debug)]
pub struct Means<'a> {
    /// The folder of all state.
    pub state: &'a Path,
    /// Git, fetching.
    pub fetcher: &'a Fetcher,
    /// Where programs are looked for.
    pub search: &'a OsStr,
    /// How long another one at the same source is waited for.
    pub patience: Duration,
}

/// What became of a mirror.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Synchronised {
    /// What was there before.
    pub before: Option<Fetched>,
    /// What is there now.
    pub now: Fetched,
}

/// Why a mirror is as it was before.
#[derive(Debug, thiserror::Error)]
pub enum NotSynchronised {
    /// It is a folder.
    #[error("a folder is not fetched")]
    Folder,
    /// Another one is at it.
    #[error("another sync of it is under way{}", .0.as_deref().map(|pid| format!(" (process {pid})")).unwrap_or_default())]
    Held(Option<String>),
    /// Somebody wants it to end.
    #[error("it was interrupted")]
    Stopped,
    /// Its own files cannot be read or written.
    #[error(transparent)]
    Mirror(#[from] MirrorFailed),
    /// Git did not fetch.
    #[error(transparent)]
    Fetch(#[from] FetchFailed),
    /// The remote does not have what is followed.
    #[error(transparent)]
    Offer(#[from] NotOffered),
    /// What was fetched cannot be read.
    #[error(transparent)]
    Objects(#[from] ObjectsFailed),
    /// What was fetched cannot be used.
    #[error(transparent)]
    Contents(#[from] ContentsFailed),
    /// Git fetched, and what it fetched is not there.
    #[error("what was fetched is not there")]
    Vanished,
}

/// Brings the mirror of a source up to date, and remembers what came of it.
pub fn synchronise(
    source: &KnownSource,
    means: &Means<'_>,
    now: Timestamp,
    watch: &dyn Watch,
) -> Result<Synchronised, NotSynchronised> {
    let mirror = Mirror::of(means.state, source).ok_or(NotSynchronised::Folder)?;
    mirror.make()?;
    let lock = lock(&mirror, means.patience, watch)?;
    let at_work = AtWork { source, mirror: &mirror, lock: &lock, means, watch };
    let came = at_work.synchronise(now);
    let error = came.as_ref().err().map(ToString::to_string);
    // Whether the remote could be reached is worth knowing, and nothing hangs on it.
    let _ = mirror.note(&Attempt { at: now, error });
    came
}

/// A source whose lock is held.
struct AtWork<'a> {
    source: &'a KnownSource,
    mirror: &'a Mirror,
    lock: &'a File,
    means: &'a Means<'a>,
    watch: &'a dyn Watch,
}

impl AtWork<'_> {
    fn synchronise(&self, now: Timestamp) -> Result<Synchronised, NotSynchronised> {
        let SourcePlace::Git { url, follow } = &self.source.place else {
            return Err(NotSynchronised::Folder);
        };
        let before = self.mirror.fetched();
        let folder = self.mirror.git_folder();
        let there = folder.exists();
        if !there {
            self.make(&folder, "sha1")?;
        }
        let into = self.into(&folder, url, Files::Needed);
        let offer = self.means.fetcher.ask(into, &patterns(follow), self.watch)?;
        let chosen = match choose(follow, &offer) {
            Ok(chosen) => chosen,
            Err(NotOffered::Branch { branch, .. }) => {
                let all = ["refs/heads/*".to_owned()];
                let has = self.means.fetcher.ask(into, &all, self.watch)?;
                return Err(NotOffered::branch(branch, &has).into());
            }
            Err(other) => return Err(other.into()),
        };
        let runbooks = self.source.runbooks();
        let current = before.as_ref().filter(|before| {
            there
                && before.commit == chosen.commit
                && before.reference == chosen.reference
                && before.url == *url
                && before.runbooks == runbooks
        });
        if let Some(current) = current {
            return Ok(Synchronised { now: current.clone(), before });
        }
        let (commit, contents, files) = self.fetch(url, &chosen, before.as_ref())?;
        let mut fetched = Fetched {
            url: url.clone(),
            reference: chosen.reference,
            commit,
            runbooks: runbooks.to_owned(),
            at: now,
            count: contents.count,
            files,
            findings: Vec::new(),
        };
        fetched.findings = self.history(&folder, before.as_ref(), &fetched);
        fetched.findings.extend(contents.findings);
        self.mirror.save(&fetched)?;
        self.tidy(&folder, url, &fetched);
        Ok(Synchronised { before, now: fetched })
    }

    fn into<'a>(&'a self, folder: &'a Path, url: &'a str, files: Files) -> Destination<'a> {
        Destination { folder, url, lock: self.lock, files }
    }

    /// Makes an empty mirror, as a whole or not at all.
    fn make(&self, folder: &Path, format: &str) -> Result<(), NotSynchronised> {
        let new = folder.with_extension("new");
        remove(&new)?;
        self.means.fetcher.make(&new, format, self.watch)?;
        remove(folder)?;
        fs::rename(&new, folder).map_err(MirrorFailed::to("create", folder))?;
        Ok(())
    }

    /// Fetches what was chosen. A mirror that is damaged, or of another kind than the remote is now,
    /// is replaced, once the new one has all.
    fn fetch(
        &self,
        url: &str,
        chosen: &Chosen,
        before: Option<&Fetched>,
    ) -> Result<(String, Contents, Files), NotSynchronised> {
        let folder = self.mirror.git_folder();
        let format = if chosen.commit.len() == 64 { "sha256" } else { "sha1" };
        if format_of(&folder) != format {
            return self.fetch_anew(&folder, format, url, chosen);
        }
        clean(&folder);
        let files = before.map_or(Files::Needed, |before| before.files);
        let failed = match self.fetch_as_it_can(&folder, url, chosen, files) {
            Ok(fetched) => return Ok(fetched),
            Err(failed) => failed,
        };
        let whole = before.is_some_and(|before| {
            let objects = Objects::at(&folder, self.means.search);
            objects.and_then(|objects| objects.tree(&before.commit, &before.runbooks)).is_ok()
        });
        let refused = matches!(
            failed,
            NotSynchronised::Fetch(FetchFailed::Refused(_))
                | NotSynchronised::Objects(_)
                | NotSynchronised::Vanished
        );
        if whole || !refused || self.watch.stopped() {
            return Err(failed);
        }
        self.fetch_anew(&folder, format, url, chosen)
    }

    fn fetch_anew(
        &self,
        folder: &Path,
        format: &str,
        url: &str,
        chosen: &Chosen,
    ) -> Result<(String, Contents, Files), NotSynchronised> {
        let next = folder.with_file_name("next.git");
        self.make(&next, format)?;
        let fetched = self.fetch_as_it_can(&next, url, chosen, Files::Needed)?;
        remove(folder)?;
        fs::rename(&next, folder).map_err(MirrorFailed::to("create", folder))?;
        Ok(fetched)
    }

    /// Fetches what is needed, or all from a remote that can do no less.
    fn fetch_as_it_can(
        &self,
        folder: &Path,
        url: &str,
        chosen: &Chosen,
        files: Files,
    ) -> Result<(String, Contents, Files), NotSynchronised> {
        match self.fetch_into(folder, url, chosen, files) {
            Err(NotSynchronised::Contents(ContentsFailed::Fetch(FetchFailed::Unnamed))) => {
                self.fetch_into(folder, url, chosen, Files::All)
            }
            came => came,
        }
    }

    fn fetch_into(
        &self,
        folder: &Path,
        url: &str,
        chosen: &Chosen,
        files: Files,
    ) -> Result<(String, Contents, Files), NotSynchronised> {
        let into = self.into(folder, url, files);
        let names = (chosen.reference.as_str(), INCOMING);
        self.means.fetcher.fetch(into, names, DEPTH, self.watch)?;
        let objects = Objects::at(folder, self.means.search)?;
        let commit = objects.resolve(INCOMING)?.ok_or(NotSynchronised::Vanished)?;
        let fetch = |names: &[String]| self.means.fetcher.fetch_objects(into, names, self.watch);
        let contents = complete(&objects, &commit, self.source.runbooks(), &fetch)?;
        Ok((commit, contents, files))
    }

    /// What is to be told of how what is there now came from what was there before.
    fn history(&self, folder: &Path, before: Option<&Fetched>, now: &Fetched) -> Vec<String> {
        let Some(before) = before else { return Vec::new() };
        let mut findings = Vec::new();
        let short = |name: &str| name.rsplit('/').next().unwrap_or(name).to_owned();
        let tags = now.reference.starts_with("refs/tags/");
        if before.reference != now.reference && !tags {
            let (was, is) = (short(&before.reference), short(&now.reference));
            findings.push(format!("it follows `{is}` now, and followed `{was}` before"));
        } else if before.reference == now.reference && tags && before.commit != now.commit {
            let tag = short(&now.reference);
            findings.push(format!("the tag `{tag}` was moved to another commit"));
        } else if before.commit != now.commit && !tags {
            let into = self.into(folder, &now.url, now.files);
            let follows = self.means.fetcher.follows(into, &before.commit, &now.commit, self.watch);
            if matches!(follows, Ok(false)) {
                let was = before.commit.get(..7).unwrap_or(&before.commit);
                findings.push(format!(
                    "{was}, which was fetched before, is not among the last {DEPTH} commits: the \
                     branch was rewritten, or much was added"
                ));
            }
        }
        findings
    }

    /// What may be left out: names for people who look into the mirror, and fewer packs.
    fn tidy(&self, folder: &Path, url: &str, now: &Fetched) {
        let into = self.into(folder, url, now.files);
        let (fetcher, watch) = (self.means.fetcher, self.watch);
        if now.reference.starts_with("refs/") {
            let _ = fetcher.name(into, &now.reference, &now.commit, watch);
        }
        let packs = fs::read_dir(folder.join("objects/pack")).into_iter().flatten().flatten();
        let is_pack = |entry: &fs::DirEntry| entry.path().extension() == Some(OsStr::new("pack"));
        if packs.filter(is_pack).count() > MOST_PACKS {
            let _ = fetcher.repack(into, watch);
        }
    }
}

/// Takes the lock of a mirror; waits a while for whoever has it.
fn lock(mirror: &Mirror, patience: Duration, watch: &dyn Watch) -> Result<File, NotSynchronised> {
    let path = mirror.folder().join("lock");
    let failed = |error: io::Error| MirrorFailed::to("lock", &path)(error);
    let mut options = fs::OpenOptions::new();
    let file = options.read(true).write(true).create(true).truncate(false).mode(0o600).open(&path);
    let mut file = file.map_err(failed)?;
    let mut waited = Duration::ZERO;
    loop {
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => break,
            Err(Errno::WOULDBLOCK) if watch.stopped() => return Err(NotSynchronised::Stopped),
            Err(Errno::WOULDBLOCK) if waited < patience => {
                let _ = rustix::event::poll(&mut [], Some(&crate::process::timespec(LOOK)));
                waited += LOOK;
            }
            Err(Errno::WOULDBLOCK) => {
                let pid = fs::read_to_string(&path).ok().filter(|pid| !pid.is_empty());
                return Err(NotSynchronised::Held(pid));
            }
            Err(error) => return Err(failed(error.into()).into()),
        }
    }
    // Who holds it is a courtesy.
    let _ =
        file.set_len(0).and_then(|()| file.write_all(std::process::id().to_string().as_bytes()));
    Ok(file)
}

/// The way in which a mirror names objects.
fn format_of(folder: &Path) -> &'static str {
    let config = fs::read_to_string(folder.join("config")).unwrap_or_default();
    if config.to_lowercase().contains("objectformat = sha256") { "sha256" } else { "sha1" }
}

fn remove(folder: &Path) -> Result<(), NotSynchronised> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(MirrorFailed::to("remove", folder)(error).into())
        }
        _ => Ok(()),
    }
}

/// Takes away what a git that was killed left behind. Nobody is at the mirror: a git that outlives
/// its caller holds the lock on.
fn clean(folder: &Path) {
    let left = |name: &str| {
        let ending = |end: &str| name.ends_with(end);
        ending(".lock")
            || ending(".keep")
            || name.starts_with("tmp_")
            || name.starts_with(".tmp-")
            || name.starts_with("shallow_")
    };
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            // What cannot be taken away is told by git.
            if is_folder && name.starts_with("tmp_") {
                let _ = fs::remove_dir_all(entry.path());
            } else if is_folder {
                folders.push(entry.path());
            } else if left(&name) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_git_left_is_taken_away_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let left = [
            "shallow.lock",
            "config.lock",
            "shallow_x1y2z3",
            "refs/heads/main.lock",
            "objects/pack/tmp_pack_abc",
            "objects/pack/.tmp-12-pack-x.pack",
            "objects/pack/pack-1.keep",
            "objects/ab/tmp_obj_x",
            "objects/tmp_objdir-incoming-1/ab/cd",
        ];
        let kept = ["config", "shallow", "refs/heads/main", "objects/pack/pack-1.promisor"];
        for name in left.iter().chain(&kept) {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        clean(folder.path());
        for name in left {
            assert!(!folder.path().join(name).exists(), "{name}");
        }
        for name in kept {
            assert!(folder.path().join(name).exists(), "{name}");
        }
    }
}
