//! Control groups (cgroup v2), where this process may make some below its own: a command that runs
//! in one cannot leave it by a new session, a double fork or an empty environment, and all that is
//! in it is killed in one stroke, however fast it forks.
//!
//! A group belongs to one command at a time. The supervisor moves into it before it starts the
//! command, which is thus born there; it stays until another group is wanted, for a move costs the
//! kernel far more than a start, and one that a command left empty is used for the next.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

/// So deep may groups lie that a command made in its own.
const DEEPEST: u32 = 16;
/// So many names are tried for a group.
const MOST_TRIES: u32 = 1_000;

/// A control group of one command.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Cgroup {
    path: PathBuf,
}

impl Cgroup {
    /// The processes in it, and in groups that they made below it, but for this process.
    pub(crate) fn members(&self) -> BTreeSet<i32> {
        let mut found = BTreeSet::new();
        gather(&self.path, DEEPEST, &mut found);
        found.remove(&own());
        found
    }

    /// Whether it is the group of this path, as `/proc` names it.
    pub(crate) fn is_called(&self, path: &Path) -> bool {
        self.path.file_name() == path.file_name()
    }

    /// Kills all of them at once. This process must have left.
    fn kill(&self) -> io::Result<()> {
        fs::write(self.path.join("cgroup.kill"), "1")
    }

    /// Removes it with what was made below it; fails while anything is in it.
    fn remove(&self) -> io::Result<()> {
        remove(&self.path, DEEPEST)
    }
}

/// The groups of a run's commands.
#[derive(Debug, Default)]
pub(crate) struct Cgroups {
    /// Where this process was started; none where no group can be made.
    home: Option<PathBuf>,
    /// How all groups of the run begin.
    prefix: String,
    /// How many names were tried.
    tried: u32,
    /// Where this process is, if not at home.
    inside: Option<PathBuf>,
    idle: Vec<Cgroup>,
}

impl Cgroups {
    /// The groups of a run. Nothing is made yet.
    pub(crate) fn of(run: &str) -> Self {
        Self { home: home(), prefix: prefix(run), ..Self::default() }
    }

    /// A group for a command that is about to be started, which is born in it; none where that
    /// cannot be had.
    pub(crate) fn enter(&mut self) -> Option<Cgroup> {
        // The one that this process is in costs no move.
        let here = self.idle.iter().position(|group| Some(&group.path) == self.inside.as_ref());
        if let Some(place) = here {
            return Some(self.idle.swap_remove(place));
        }
        while let Some(group) = self.idle.pop() {
            if self.move_into(&group).is_ok() {
                return Some(group);
            }
        }
        let group = self.make()?;
        if self.move_into(&group).is_err() {
            let _ = group.remove();
            self.give_up();
            return None;
        }
        Some(group)
    }

    fn move_into(&mut self, group: &Cgroup) -> io::Result<()> {
        enter(&group.path)?;
        self.inside = Some(group.path.clone());
        Ok(())
    }

    /// Kills all that is in a group at once, if that can be done.
    pub(crate) fn kill(&mut self, group: &Cgroup) {
        if self.inside.as_ref() == Some(&group.path) && self.go_home().is_err() {
            return;
        }
        // Whoever kills looks for what is left, too.
        let _ = group.kill();
    }

    /// Takes back the group of a command that left nothing. One that is not empty is not used again.
    pub(crate) fn take_back(&mut self, group: Cgroup) {
        self.idle.push(group);
    }

    /// Removes all that are empty by now.
    pub(crate) fn end(&mut self) {
        if self.inside.is_some() && self.go_home().is_err() {
            return;
        }
        self.idle.clear();
        // Those of a supervisor that died before this one are not forgotten.
        for path in self.home.iter().flat_map(|home| folders(home)) {
            let name = path.file_name().and_then(|name| name.to_str());
            if name.is_some_and(|name| name.starts_with(&self.prefix)) {
                // What a command left on purpose stays in it.
                let _ = Cgroup { path }.remove();
            }
        }
    }

    /// Removes those that a supervisor which died left empty.
    pub(crate) fn tidy(run: &str) {
        Self::of(run).end();
    }

    fn go_home(&mut self) -> io::Result<()> {
        let home = self.home.as_ref().ok_or(io::ErrorKind::NotFound)?;
        enter(home)?;
        self.inside = None;
        Ok(())
    }

    fn make(&mut self) -> Option<Cgroup> {
        let home = self.home.clone()?;
        while self.tried < MOST_TRIES {
            self.tried += 1;
            let path = home.join(format!("{}{}", self.prefix, self.tried));
            match fs::create_dir(&path) {
                Ok(()) => {
                    let group = Cgroup { path };
                    // Kernels before 5.14 cannot kill a group.
                    if group.path.join("cgroup.kill").exists() {
                        return Some(group);
                    }
                    let _ = group.remove();
                    break;
                }
                // A supervisor before this one left it, with what is in it.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(_) => break,
            }
        }
        self.give_up();
        None
    }

    /// The first refusal is the last that is asked for.
    fn give_up(&mut self) {
        self.tried = MOST_TRIES;
    }
}

/// How the names of a run's groups begin.
fn prefix(run: &str) -> String {
    let plain = |character: char| {
        if character.is_ascii_alphanumeric() || "-_.".contains(character) { character } else { '_' }
    };
    format!("surefoot-{}-", run.chars().map(plain).collect::<String>())
}

/// The group of a run's command that a process is in, if it is in one.
pub(crate) fn group_of(pid: i32, run: &str) -> Option<PathBuf> {
    let text = fs::read_to_string(format!("/proc/{pid}/cgroup")).ok()?;
    let path = unified(&text)?;
    let prefix = prefix(run);
    let ours = |component: &Component<'_>| {
        component.as_os_str().to_str().is_some_and(|name| name.starts_with(&prefix))
    };
    let depth = path.components().position(|component| ours(&component))?;
    Some(path.components().take(depth + 1).collect())
}

fn own() -> i32 {
    rustix::process::getpid().as_raw_nonzero().get()
}

fn enter(group: &Path) -> io::Result<()> {
    fs::write(group.join("cgroup.procs"), "0")
}

fn gather(group: &Path, depth: u32, found: &mut BTreeSet<i32>) {
    let text = fs::read_to_string(group.join("cgroup.procs")).unwrap_or_default();
    // A process outside of this one's namespace reads as 0.
    found.extend(text.lines().filter_map(|line| line.parse::<i32>().ok()).filter(|pid| *pid > 0));
    if depth > 0 {
        for below in folders(group) {
            gather(&below, depth - 1, found);
        }
    }
}

fn remove(group: &Path, depth: u32) -> io::Result<()> {
    if depth > 0 {
        for below in folders(group) {
            remove(&below, depth - 1)?;
        }
    }
    fs::remove_dir(group)
}

fn folders(group: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(group).into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.path())
        .collect()
}

/// The folder of the group that this process is in, if the hierarchy of cgroup v2 can be seen here.
fn home() -> Option<PathBuf> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
    folder(&groups, &mounts)
}

fn folder(groups: &str, mounts: &str) -> Option<PathBuf> {
    let path = unified(groups)?;
    mounts.lines().find_map(|line| {
        let (place, kind) = line.split_once(" - ")?;
        let mut fields = place.split(' ').skip(3);
        let (root, point) = (unescaped(fields.next()?), unescaped(fields.next()?));
        let below = path.strip_prefix(&root).ok()?;
        // Beyond the root of a namespace there is nothing that could be reached.
        let reachable = below.components().all(|part| matches!(part, Component::Normal(_)));
        (kind.starts_with("cgroup2 ") && reachable).then(|| point.join(below))
    })
}

/// The path of a process in the hierarchy of cgroup v2, from what `/proc/<pid>/cgroup` says.
fn unified(groups: &str) -> Option<PathBuf> {
    let path = groups.lines().find_map(|line| line.strip_prefix("0::"))?;
    Some(PathBuf::from(path))
}

/// A path as the table of mounts writes it: blanks as `\040`, for instance.
fn unescaped(field: &str) -> PathBuf {
    use std::os::unix::ffi::OsStringExt as _;
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = after.get(..3).and_then(|digits| {
            let text = std::str::from_utf8(digits).ok()?;
            u8::from_str_radix(text, 8).ok()
        });
        if let (b'\\', Some(code)) = (first, code) {
            bytes.push(code);
            rest = &after[3..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    PathBuf::from(std::ffi::OsString::from_vec(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
        30 23 0:26 / /sys/fs/cgroup rw,nosuid - tmpfs tmpfs rw\n\
        31 30 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n\
        32 30 0:28 / /sys/fs/cgroup/uni\\040fied rw shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";

    #[test]
    fn the_own_group_is_found_below_its_mount() {
        let groups = "4:memory:/elsewhere\n0::/user.slice/a b.scope\n";
        let expected = PathBuf::from("/sys/fs/cgroup/uni fied/user.slice/a b.scope");
        assert_eq!(folder(groups, MOUNTS), Some(expected));
        assert_eq!(folder("0::/\n", MOUNTS), Some("/sys/fs/cgroup/uni fied".into()));
    }

    #[test]
    fn what_cannot_be_seen_here_is_not_found() {
        // Only the old hierarchies; a group above the namespace; another part of the tree mounted.
        assert_eq!(folder("4:memory:/\n", MOUNTS), None);
        assert_eq!(folder("0::/../other\n", MOUNTS), None);
        let part = "32 30 0:28 /one /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
        assert_eq!(folder("0::/other\n", part), None);
        assert_eq!(folder("0::/one/two\n", part), Some("/sys/fs/cgroup/two".into()));
        assert_eq!(folder("0::/oneself\n", part), None);
        assert_eq!(folder("0::/\n", ""), None);
    }

    #[test]
    fn a_name_holds_nothing_that_a_path_could_mean() {
        assert_eq!(prefix("2026-11-20-a1"), "surefoot-2026-11-20-a1-");
        assert_eq!(prefix("../x y"), "surefoot-.._x_y-");
    }
}
