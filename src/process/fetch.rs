//! Git, fetching into a mirror of our own: the names that a remote has, the commits of one of them, and
//! of its files those that are asked for. Nothing is checked out.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::outward::{Call, Outward, REMOTE, of_remote, reason};
use super::transfer::{Ended, TransferFailed, Watch};

/// More names of objects are not asked for at once.
const MOST_AT_ONCE: usize = 2000;

/// Git, with what it needs to fetch.
#[derive(Clone, Debug)]
pub struct Fetcher {
    git: Outward,
}

/// A mirror to fetch into, and where from.
#[derive(Clone, Copy, Debug)]
pub struct Destination<'a> {
    /// The bare repository.
    pub folder: &'a Path,
    /// The remote.
    pub url: &'a str,
    /// The lock of the mirror, which git holds as long as it lives.
    pub lock: &'a File,
    /// What of the files is fetched.
    pub files: Files,
}

/// What of the files of a remote is fetched.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Files {
    /// What is needed, by the names of its objects.
    #[default]
    Needed,
    /// All, from a remote that sends nothing by such a name.
    All,
}

/// A name that a remote has.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Offered {
    /// The name, as in `refs/heads/main`.
    pub name: String,
    /// The object that it stands for.
    pub object: String,
}

/// What a remote answers when it is asked for its names.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Offer {
    /// The branch that it calls its own, as in `refs/heads/main`.
    pub head: Option<String>,
    /// What it has of what was asked for.
    pub names: Vec<Offered>,
}

/// Why nothing was fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchFailed {
    /// There is no git.
    #[error("git is not on PATH")]
    NoGit,
    /// It did not come to its end.
    #[error(transparent)]
    Transfer(#[from] TransferFailed),
    /// Git says no.
    #[error("{0}")]
    Refused(String),
    /// The remote sends no object by its name: it speaks an old version of git's protocol.
    #[error("the remote sends nothing by the name of its object")]
    Unnamed,
}

impl Fetcher {
    /// Git as found on the `PATH` of this environment; a remote that tells nothing for so long is
    /// given up.
    pub fn new(
        environment: &BTreeMap<OsString, OsString>,
        patience: Duration,
    ) -> Result<Self, FetchFailed> {
        let git = Outward::new(environment, patience).ok_or(FetchFailed::NoGit)?;
        Ok(Self { git })
    }

    /// Makes a mirror that holds nothing; one that is there stays as it is.
    pub fn make(&self, folder: &Path, format: &str, watch: &dyn Watch) -> Result<(), FetchFailed> {
        let mut args: Vec<OsString> =
            ["init", "-q", "--bare", "--template=", "--initial-branch=none"]
                .map(OsString::from)
                .into();
        args.push(format!("--object-format={format}").into());
        args.push(folder.into());
        let around = folder.parent().unwrap_or(Path::new("/"));
        let call = Call { folder: around, settings: Vec::new(), args, lock: None };
        accepted(self.git.run(call, watch)?).map(drop)
    }

    /// Asks the remote for the names that fit patterns, and for its own branch.
    pub fn ask(
        &self,
        into: Destination<'_>,
        patterns: &[String],
        watch: &dyn Watch,
    ) -> Result<Offer, FetchFailed> {
        let mut args: Vec<OsString> =
            ["ls-remote", "--symref", "--", REMOTE].map(OsString::from).into();
        args.extend(patterns.iter().map(OsString::from));
        let ended = accepted(self.within(into, args, watch)?)?;
        Ok(offer(&String::from_utf8_lossy(&ended.stdout)))
    }

    /// Fetches a name with the commits before it down to this depth and all their folders; and of their
    /// files none, if they are fetched by their names and the remote can leave them out. It is known by
    /// the second name afterwards.
    pub fn fetch(
        &self,
        into: Destination<'_>,
        (from, to): (&str, &str),
        depth: u32,
        watch: &dyn Watch,
    ) -> Result<(), FetchFailed> {
        let mut args = fetch_args(into.files);
        args.push("--update-shallow".into());
        args.push(format!("--depth={depth}").into());
        args.extend(["--".into(), REMOTE.into(), format!("+{from}:{to}").into()]);
        accepted(self.within(into, args, watch)?).map(drop)
    }

    /// Fetches objects by their names.
    pub fn fetch_objects(
        &self,
        into: Destination<'_>,
        objects: &[String],
        watch: &dyn Watch,
    ) -> Result<(), FetchFailed> {
        for some in objects.chunks(MOST_AT_ONCE) {
            let mut args = fetch_args(into.files);
            args.extend(["--".into(), REMOTE.into()]);
            args.extend(some.iter().map(OsString::from));
            match accepted(self.within(into, args, watch)?) {
                Err(FetchFailed::Refused(why)) if why.contains("unadvertised object") => {
                    return Err(FetchFailed::Unnamed);
                }
                other => other?,
            };
        }
        Ok(())
    }

    /// Lets a name stand for an object.
    pub fn name(
        &self,
        into: Destination<'_>,
        name: &str,
        object: &str,
        watch: &dyn Watch,
    ) -> Result<(), FetchFailed> {
        let args = ["update-ref", "--no-deref", name, object].map(OsString::from);
        accepted(self.within(into, args.into(), watch)?).map(drop)
    }

    /// Whether a commit is among those that another one follows, as far as they were fetched.
    pub fn follows(
        &self,
        into: Destination<'_>,
        earlier: &str,
        later: &str,
        watch: &dyn Watch,
    ) -> Result<bool, FetchFailed> {
        let args = ["merge-base", "--is-ancestor", earlier, later].map(OsString::from);
        let ended = self.within(into, args.into(), watch)?;
        match ended.status.code() {
            Some(1) => Ok(false),
            _ => accepted(ended).map(|_| true),
        }
    }

    /// Joins the packs of a mirror into few. What stands for nothing is kept, too.
    pub fn repack(&self, into: Destination<'_>, watch: &dyn Watch) -> Result<(), FetchFailed> {
        let args = ["repack", "-q", "-a", "-d", "-k"].map(OsString::from);
        accepted(self.within(into, args.into(), watch)?).map(drop)
    }

    fn within(
        &self,
        into: Destination<'_>,
        args: Vec<OsString>,
        watch: &dyn Watch,
    ) -> Result<Ended, FetchFailed> {
        let mut which = OsString::from("--git-dir=");
        which.push(into.folder);
        let mut settings = vec![of_remote("url", into.url)];
        if into.files == Files::Needed {
            // Told here alone, so that whoever reads a mirror has no remote that could send what is
            // not there: it is not there, and no more than that.
            settings.push(of_remote("promisor", "true"));
            settings.push(of_remote("partialCloneFilter", "blob:none"));
        }
        let args = [which].into_iter().chain(args).collect();
        let call = Call { folder: into.folder, settings, args, lock: Some(into.lock) };
        Ok(self.git.run(call, watch)?)
    }
}

fn fetch_args(files: Files) -> Vec<OsString> {
    let words = [
        "fetch",
        "--progress",
        "--no-tags",
        "--no-recurse-submodules",
        "--no-write-fetch-head",
        "--no-auto-maintenance",
        "--refmap=",
    ];
    let filter = match files {
        Files::Needed => "--filter=blob:none",
        // What is there is sent again: a part of it may have been fetched without files.
        Files::All => "--refetch",
    };
    words.into_iter().chain([filter]).map(OsString::from).collect()
}

/// What came of it, if git is content.
fn accepted(ended: Ended) -> Result<Ended, FetchFailed> {
    if ended.status.success() { Ok(ended) } else { Err(FetchFailed::Refused(reason(&ended.said))) }
}

/// Reads what `ls-remote --symref` prints.
fn offer(text: &str) -> Offer {
    let mut offer = Offer::default();
    for line in text.lines() {
        let Some((object, name)) = line.split_once('\t') else { continue };
        match object.strip_prefix("ref: ") {
            Some(head) if name == "HEAD" => offer.head = Some(head.to_owned()),
            Some(_) => {}
            None => {
                let (name, object) = (name.to_owned(), object.to_owned());
                offer.names.push(Offered { name, object });
            }
        }
    }
    offer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_remote_has_is_read() {
        let text = "ref: refs/heads/main\tHEAD\nabc\tHEAD\nabc\trefs/heads/main\n\
                    def\trefs/tags/v1\n123\trefs/tags/v1^{}\n";
        let offer = offer(text);
        assert_eq!(offer.head.as_deref(), Some("refs/heads/main"));
        let names: Vec<&str> = offer.names.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["HEAD", "refs/heads/main", "refs/tags/v1", "refs/tags/v1^{}"]);
    }
}
