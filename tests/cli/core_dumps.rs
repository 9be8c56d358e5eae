//! A program that holds a secret leaves no core dump, and commands are not concerned.

use std::fs;
use std::io::Write as _;
use std::os::unix::process::ExitStatusExt as _;

use rustix::process::{Pid, Signal, kill_process};

use crate::sandbox::{LIMIT, Sandbox, Started, eventually, wait};

/// Core dumps as large as can be had.
const UNLIMITED: [&str; 3] = ["bash", "-c", "ulimit -c unlimited && exec \"$0\" \"$@\""];

/// A step that says which limit it has, and waits.
fn walking(sandbox: &Sandbox) -> Started {
    sandbox.pipe();
    sandbox.file(
        "runbook.yaml",
        "schema: surefoot/v1
title: Hold a secret
service: shop
inputs: { token: { type: string, secret: true, from: { env: SHOP_TOKEN } } }
steps:
  - title: Hold
    effect: read
    env: { TOKEN: '{{token}}' }
    run: |
      ulimit -S -c > \"$HOME/limit\"
      echo $PPID > \"$HOME/supervisor\"
      echo \"${#TOKEN} waiting\"; cat \"$HOME/pipe\"
  - end: done
",
    );
    sandbox.trust("runbook.yaml");
    let call = sandbox.surefoot(&["run", "runbook.yaml"]).env("SHOP_TOKEN", "hunter2-Zq9#horse");
    let walking = call.under(&UNLIMITED).start();
    let runs = eventually(|| walking.stream("stderr").contains("17 waiting\n").then_some(()));
    runs.unwrap_or_else(|| panic!("{}", walking.stream("stderr")));
    walking
}

/// The soft limit of core dumps of a process, as the system tells it.
fn limit(pid: i32) -> String {
    let limits = fs::read_to_string(format!("/proc/{pid}/limits")).unwrap();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max core file size")).unwrap();
    line.split_whitespace().next().unwrap().to_owned()
}

#[test]
fn who_holds_a_secret_has_no_core_dumps_and_commands_have_theirs() {
    let sandbox = Sandbox::new();
    let walking = walking(&sandbox);
    let home = |name: &str| fs::read_to_string(sandbox.root().join("home").join(name)).unwrap();
    let executor = i32::try_from(walking.child.id()).unwrap();
    let supervisor = home("supervisor").trim().parse().unwrap();
    assert_eq!((limit(executor), limit(supervisor)), ("0".to_owned(), "0".to_owned()));
    assert_eq!(home("limit").trim(), "unlimited", "a command has the limit of whoever called");
    let pipe = sandbox.root().join("home/pipe");
    fs::File::options().write(true).open(pipe).unwrap().write_all(b"on\n").unwrap();
    assert_eq!(walking.wait(&sandbox).code(), 0);
}

/// The limit is not all: where dumps are handed to a program, only the flag keeps them back. Whether
/// it holds is shown by a death that would leave one.
#[test]
fn who_holds_a_secret_dumps_nothing_when_it_dies() {
    let sandbox = Sandbox::new();
    let dies = ["bash", "-c", "ulimit -c unlimited && cd \"$HOME\" && kill -ABRT $$"];
    let status = sandbox.surefoot(&[]).under(&dies).start();
    let mut status = status;
    let other = wait(&mut status.child).expect("it dies");
    if !other.core_dumped() {
        println!("skipped: this machine writes no core dumps at all ({other}, {LIMIT:?})");
        return;
    }
    let mut walking = walking(&sandbox);
    let executor = Pid::from_raw(i32::try_from(walking.child.id()).unwrap()).unwrap();
    kill_process(executor, Signal::ABORT).unwrap();
    let status = wait(&mut walking.child).expect("it dies");
    assert_eq!(status.signal(), Some(Signal::ABORT.as_raw()));
    assert!(!status.core_dumped(), "{status}");
}
