//! Who else could have written a file. What anybody but its owner can write, or put in the place of,
//! is nobody's word; as root it is not followed at all.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rustix::process::geteuid;

/// A file or folder that others can write.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{} {why}", path.display())]
pub struct Exposed {
    /// Which.
    pub path: PathBuf,
    /// How they can.
    pub why: Writable,
}

/// How somebody else can write a file.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Writable {
    /// It is theirs.
    #[error("belongs to user {0}")]
    Owned(u32),
    /// It is open to its group, or to everybody.
    #[error("can be written by others (mode {0:o})")]
    Open(u32),
    /// It cannot be looked at.
    #[error("cannot be looked at")]
    Unknown,
}

/// What decides who can write a file or folder.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Seen {
    owner: u32,
    mode: u32,
}

/// What a file or folder is to what it guards.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Place {
    /// It is what is read, or its names are.
    Itself,
    /// It lies around it.
    Around,
}

const ROOT: u32 = 0;
const OTHERS_WRITE: u32 = 0o022;
const STICKY: u32 = 0o1000;
const PERMISSIONS: u32 = 0o7777;

/// How somebody other than `me` and root can write it.
fn writable(seen: Seen, place: Place, me: u32) -> Option<Writable> {
    if seen.owner != me && seen.owner != ROOT {
        return Some(Writable::Owned(seen.owner));
    }
    // In a sticky folder others may add names, and not touch those that are not theirs.
    let kept = place == Place::Around && seen.mode & STICKY != 0;
    (seen.mode & OTHERS_WRITE != 0 && !kept).then_some(Writable::Open(seen.mode & PERMISSIONS))
}

fn look(path: &Path, place: Place, me: u32) -> Result<(), Exposed> {
    let exposed = |why| Exposed { path: path.to_owned(), why };
    let found = fs::symlink_metadata(path).map_err(|_| exposed(Writable::Unknown))?;
    let seen = Seen { owner: found.uid(), mode: found.mode() };
    writable(seen, place, me).map_or(Ok(()), |why| Err(exposed(why)))
}

/// Whether a file or folder, or what it is a link to, is ours alone, whatever lies around it.
pub(super) fn own(path: &Path) -> Result<(), Exposed> {
    let unknown = |_| Exposed { path: path.to_owned(), why: Writable::Unknown };
    let real = fs::canonicalize(path).map_err(unknown)?;
    look(&real, Place::Itself, geteuid().as_raw())
}

/// As root: whether nobody else can write a file, or put another one in its place; of one that is not
/// there yet, whether nobody else can put it there. Anybody else runs what they like as themselves.
pub fn guarded(path: &Path) -> Result<(), Exposed> {
    let me = geteuid();
    if !me.is_root() {
        return Ok(());
    }
    let unknown = |_| Exposed { path: path.to_owned(), why: Writable::Unknown };
    let there = |path: &&Path| path.symlink_metadata().is_ok();
    let nearest = path.ancestors().find(there).unwrap_or(path);
    let real = fs::canonicalize(nearest).map_err(unknown)?;
    let place = if nearest == path { Place::Itself } else { Place::Around };
    look(&real, place, me.as_raw())?;
    real.ancestors().skip(1).try_for_each(|folder| look(folder, Place::Around, me.as_raw()))
}

/// Whether a group or everybody can write a file, or put another one in its place, whoever looks: what
/// holds for all users of a machine is not one of theirs to write.
pub fn closed(path: &Path) -> Result<(), Exposed> {
    let unknown = |_| Exposed { path: path.to_owned(), why: Writable::Unknown };
    let real = fs::canonicalize(path).map_err(unknown)?;
    let open = |path: &Path, place| {
        let found = fs::symlink_metadata(path).map_err(unknown)?;
        // Whose it is, is another matter.
        let seen = Seen { owner: ROOT, mode: found.mode() };
        let exposed = |why| Exposed { path: path.to_owned(), why };
        writable(seen, place, ROOT).map_or(Ok(()), |why| Err(exposed(why)))
    };
    open(&real, Place::Itself)?;
    real.parent().map_or(Ok(()), |folder| open(folder, Place::Around))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_holds_for_everybody_is_closed_to_groups() {
        use std::os::unix::fs::PermissionsExt as _;
        // Broken: only root looks at who could have written the rules of an organisation.
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("etc");
        fs::create_dir(&folder).unwrap();
        let path = folder.join("config.toml");
        fs::write(&path, "").unwrap();
        let modes = |of: &Path, mode| {
            fs::set_permissions(of, fs::Permissions::from_mode(mode)).unwrap();
            closed(&path)
        };
        modes(&folder, 0o755).unwrap();
        for (mode, good) in [(0o644, true), (0o664, false), (0o646, false), (0o600, true)] {
            assert_eq!(modes(&path, mode).is_ok(), good, "{mode:o}");
        }
        for (mode, good) in [(0o775, false), (0o757, false), (0o1777, true)] {
            assert_eq!(modes(&folder, mode).is_ok(), good, "{mode:o}");
        }
    }

    fn check(owner: u32, mode: u32, place: Place, me: u32) -> Option<Writable> {
        writable(Seen { owner, mode }, place, me)
    }

    #[test]
    fn what_others_can_write_is_found_whoever_looks() {
        for me in [ROOT, 1000] {
            for place in [Place::Itself, Place::Around] {
                for owner in [ROOT, me] {
                    for mode in [0o100_644, 0o100_755, 0o040_700, 0o100_600, 0o040_555] {
                        assert_eq!(check(owner, mode, place, me), None, "{owner} {mode:o}");
                    }
                    for mode in [0o100_664, 0o100_646, 0o040_775, 0o040_757, 0o040_777] {
                        let open = Some(Writable::Open(mode & PERMISSIONS));
                        assert_eq!(check(owner, mode, place, me), open, "{owner} {mode:o}");
                    }
                }
                for mode in [0o100_600, 0o040_700, 0o041_777] {
                    assert_eq!(check(1001, mode, place, me), Some(Writable::Owned(1001)));
                }
            }
            // As the system's folder for temporary files is.
            assert_eq!(check(ROOT, 0o041_777, Place::Around, me), None);
            assert!(check(ROOT, 0o041_777, Place::Itself, me).is_some());
        }
        assert_eq!(check(1000, 0o100_600, Place::Itself, ROOT), Some(Writable::Owned(1000)));
    }
}
