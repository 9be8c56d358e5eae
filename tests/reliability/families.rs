//! Processes and all that descend from them, as the system tells it at this moment.

use std::fs;

use rustix::process::Pid;

/// A process.
#[derive(Clone, Copy)]
pub(crate) struct Member {
    pid: Pid,
    parent: i32,
    state: char,
}

impl Member {
    /// Its number, if it can still do something: it is neither stopped nor dead.
    pub(crate) fn moving(self) -> Option<Pid> {
        (!matches!(self.state, 'T' | 't' | 'X' | 'Z')).then_some(self.pid)
    }
}

/// These processes and all that descend from them.
pub(crate) fn families(roots: &[Pid]) -> Vec<Member> {
    let all: Vec<Member> = fs::read_dir("/proc")
        .expect("the system tells of its processes")
        .flatten()
        .filter_map(|entry| member(entry.file_name().to_str()?.parse().ok()?))
        .collect();
    let mut known: Vec<Member> =
        all.iter().filter(|member| roots.contains(&member.pid)).copied().collect();
    let mut next = 0;
    while let Some(above) = known.get(next).copied() {
        let is_known = |member: &Member| known.iter().any(|one| one.pid == member.pid);
        let of_it = |member: &&Member| member.parent == above.pid.as_raw_nonzero().get();
        let more: Vec<Member> =
            all.iter().filter(of_it).filter(|member| !is_known(member)).copied().collect();
        known.extend(more);
        next += 1;
    }
    // Who starts a program waits in the kernel until that is done, also for a child that is stopped
    // just before.
    let held: Vec<i32> = known.iter().filter(|it| it.state == 'T').map(|it| it.parent).collect();
    for member in known.iter_mut().filter(|member| member.state == 'D') {
        if held.contains(&member.pid.as_raw_nonzero().get()) {
            member.state = 'T';
        }
    }
    known
}

/// A process, if it is still there; its name may hold blanks and brackets.
fn member(pid: i32) -> Option<Member> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut words = text.rsplit_once(')')?.1.split_whitespace();
    let state = words.next()?.chars().next()?;
    let parent = words.next()?.parse().ok()?;
    Some(Member { pid: Pid::from_raw(pid)?, parent, state })
}
