//! What goes wrong on the way: a program that is killed, two at once, a remote that says nothing, a
//! mirror that is damaged. What was fetched earlier stays.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::Instant;

use rustix::fs::FlockOperation;
use rustix::process::{Pid, Signal, kill_process};

use crate::place::{Upstream, fetched, held, mirror, settings, source, sync, synced};
use crate::sandbox::{Sandbox, eventually, wait};

fn has_ending(path: &Path, endings: &[&str]) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|ending| endings.contains(&ending))
}

/// Files below a folder whose names only a git at work has.
fn leftovers(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else if has_ending(&entry.path(), &["lock", "new"]) || name.contains("tmp_") {
                found.push(entry.path());
            }
        }
    }
    found
}

#[test]
fn a_sync_that_is_killed_at_any_instant_loses_nothing() {
    const KILLS: u32 = 40;
    let sandbox = Sandbox::new();
    let upstream = Upstream::new(&sandbox, "pay");
    settings(&sandbox, &source(&upstream.url(), ""));
    let started = Instant::now();
    synced(&sandbox);
    let length = started.elapsed();
    let mut good = fetched(&sandbox, "pay")["commit"].clone();
    for kill in 0..KILLS {
        // Each has its own text, so that it can be told which commit a text is of.
        upstream.write("runbooks/look.yaml", format!("commit: {kill}\n"));
        upstream.write(&format!("lib/{kill}.sh"), "x");
        let new = upstream.commit("next");
        let mut started = sync(&sandbox, &[]).start();
        // Spread over all of it, and a little more.
        let after = length * (kill + 1) * 5 / 4 / KILLS;
        let begun = Instant::now();
        while begun.elapsed() < after {
            std::thread::yield_now();
        }
        let _ended = started.child.kill();
        wait(&mut started.child).unwrap();
        let now = fetched(&sandbox, "pay")["commit"].clone();
        assert!(now == good || now == new, "kill {kill}: {now} is neither {good} nor {new}");
        let text = held(&sandbox, "pay", "runbooks/look.yaml");
        let text = text.unwrap_or_else(|| panic!("kill {kill}: what was fetched is gone"));
        assert!(now != new || text == format!("commit: {kill}\n"), "kill {kill}: {text}");
        good = now;
    }
    let told = synced(&sandbox);
    assert_ne!(told[0]["result"], "failed");
    assert_eq!(
        held(&sandbox, "pay", "runbooks/look.yaml"),
        Some(format!("commit: {}\n", KILLS - 1))
    );
    upstream.commit("last");
    synced(&sandbox);
    assert_eq!(leftovers(&mirror(&sandbox, "pay")), Vec::<PathBuf>::new());
}

#[test]
fn two_syncs_at_once_wait_for_each_other() {
    let sandbox = Sandbox::new();
    let upstreams = ["one", "two", "three"].map(|name| Upstream::new(&sandbox, name));
    let all: String = upstreams.iter().map(|it| source(&it.url(), "")).collect();
    settings(&sandbox, &all);
    for round in 0..5 {
        let syncs = [(); 3].map(|()| sync(&sandbox, &[]).start());
        for started in syncs {
            let outcome = started.wait(&sandbox);
            assert_eq!(outcome.code(), 0, "round {round}: {}", outcome.text());
        }
        for upstream in &upstreams {
            let name = upstream.root.file_name().unwrap().to_str().unwrap();
            let head = upstream.git(&["rev-parse", "HEAD"]);
            assert_eq!(fetched(&sandbox, name)["commit"], head, "round {round}");
            upstream.commit("next");
        }
    }
}

#[test]
fn who_has_waited_long_enough_for_another_says_so() {
    let sandbox = Sandbox::new();
    let upstream = Upstream::new(&sandbox, "pay");
    settings(&sandbox, &source(&upstream.url(), ""));
    synced(&sandbox);
    let lock = fs::File::open(mirror(&sandbox, "pay").join("lock")).unwrap();
    rustix::fs::flock(&lock, FlockOperation::LockExclusive).unwrap();
    let outcome = sync(&sandbox, &["--timeout", "1"]).run();
    assert_eq!(outcome.code(), 1);
    assert!(outcome.stderr.contains("another sync of it is under way"), "{}", outcome.stderr);
    drop(lock);
    assert_eq!(synced(&sandbox)[0]["result"], "unchanged");
}

/// A remote that takes calls and says nothing.
pub(crate) fn silent() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("git://{}/silent", listener.local_addr().unwrap());
    (listener, url)
}

#[test]
fn a_remote_that_says_nothing_is_given_up_and_the_others_are_fetched() {
    let sandbox = Sandbox::new();
    let upstream = Upstream::new(&sandbox, "pay");
    let (_listener, url) = silent();
    settings(&sandbox, &(source(&url, "") + &source(&upstream.url(), "")));
    let outcome = sync(&sandbox, &["--timeout", "2", "--jobs", "1"]).run();
    assert_eq!(outcome.code(), 1);
    assert!(outcome.stderr.contains("silent  nothing came for 2 s"), "{}", outcome.stderr);
    assert!(held(&sandbox, "pay", "runbooks/look.yaml").is_some());
}

#[test]
fn an_interrupt_ends_all_that_was_started() {
    let sandbox = Sandbox::new();
    let (listener, url) = silent();
    settings(&sandbox, &source(&url, ""));
    let started = sync(&sandbox, &[]).start();
    // It has called: git is at work.
    let (_call, _) = listener.accept().unwrap();
    let pid = Pid::from_child(&started.child);
    kill_process(pid, Signal::INT).unwrap();
    let outcome = started.wait(&sandbox);
    assert_eq!(outcome.code(), 130, "{}", outcome.text());
    let mark = sandbox.state().join("sources").display().to_string();
    let at_work = || {
        let pids = fs::read_dir("/proc").unwrap().flatten();
        pids.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok())
            .any(|words| String::from_utf8_lossy(&words).contains(&mark))
    };
    assert!(eventually(|| (!at_work()).then_some(())).is_some(), "a git goes on");
}

#[test]
fn what_a_killed_sync_left_running_keeps_the_next_one_off() {
    let sandbox = Sandbox::new();
    let (listener, url) = silent();
    settings(&sandbox, &source(&url, ""));
    let mut started = sync(&sandbox, &[]).start();
    let (call, _) = listener.accept().unwrap();
    started.child.kill().unwrap();
    wait(&mut started.child).unwrap();
    // Its git still talks to the remote, and holds the lock.
    let outcome = sync(&sandbox, &["--timeout", "1"]).run();
    assert!(outcome.stderr.contains("another sync of it is under way"), "{}", outcome.stderr);
    drop((call, listener));
    let free = || {
        let outcome = sync(&sandbox, &["--timeout", "1"]).run();
        (!outcome.stderr.contains("another sync")).then_some(())
    };
    assert!(eventually(free).is_some(), "the lock is never given up");
}

#[test]
fn a_damaged_mirror_is_made_anew() {
    let sandbox = Sandbox::new();
    let upstream = Upstream::new(&sandbox, "pay");
    settings(&sandbox, &source(&upstream.url(), ""));
    synced(&sandbox);
    let packs = mirror(&sandbox, "pay").join("mirror.git/objects/pack");
    for pack in fs::read_dir(&packs).unwrap().flatten() {
        fs::write(pack.path(), "damaged").ok();
        fs::remove_file(pack.path()).unwrap();
    }
    upstream.commit("next");
    assert_eq!(synced(&sandbox)[0]["result"], "fetched");
    assert!(held(&sandbox, "pay", "runbooks/look.yaml").is_some());
    fs::remove_dir_all(mirror(&sandbox, "pay").join("mirror.git")).unwrap();
    assert_eq!(synced(&sandbox)[0]["result"], "fetched");
    assert!(held(&sandbox, "pay", "runbooks/look.yaml").is_some());
}

#[test]
fn many_changes_do_not_leave_a_pack_each() {
    let sandbox = Sandbox::new();
    let upstream = Upstream::new(&sandbox, "pay");
    settings(&sandbox, &source(&upstream.url(), ""));
    for round in 0..30 {
        upstream.write("runbooks/look.yaml", format!("round: {round}\n"));
        upstream.commit("next");
        synced(&sandbox);
    }
    let packs = mirror(&sandbox, "pay").join("mirror.git/objects/pack");
    let packs = fs::read_dir(packs).unwrap().map(|entry| entry.unwrap().path());
    let count = packs.filter(|path| has_ending(path, &["pack"])).count();
    assert!(count <= 42, "{count} packs");
    assert_eq!(held(&sandbox, "pay", "runbooks/look.yaml").as_deref(), Some("round: 29\n"));
}
