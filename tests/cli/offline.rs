//! Nothing but what fetches and delivers needs a network, and nothing else opens a socket that could
//! leave the machine.

use std::path::PathBuf;
use std::process::Command;

use crate::READS;
use crate::sandbox::Sandbox;

/// A machine with a run, whose settings name places that nobody reaches.
fn machine() -> Sandbox {
    let sandbox = Sandbox::new();
    for (name, text) in
        [("runbooks/looks.yaml", READS.to_owned()), ("runbook.yaml", READS.to_owned())]
    {
        sandbox.file(name, text);
        sandbox.trust(name);
    }
    let settings = sandbox.root().join("home/.config/surefoot/config.toml");
    std::fs::create_dir_all(settings.parent().unwrap()).unwrap();
    let text = "schema = \"surefoot-config/v1\"\non_call = [\"shop\"]\n[records]\n\
                git = \"ssh://nobody@records.invalid/team.git\"\n";
    std::fs::write(settings, text).unwrap();
    assert_eq!(sandbox.surefoot(&["run", "runbook.yaml"]).run().code(), 0);
    sandbox
}

/// What is done on call, and its status.
const CALLS: [(&[&str], i32); 16] = [
    (&["check", "runbooks"], 0),
    (&["plan", "looks"], 0),
    (&["show", "looks", "--html"], 0),
    (&["policy", "explain", "looks"], 0),
    (&["run", "looks"], 0),
    (&["trust", "--print", "looks"], 0),
    (&["trust", "--list"], 0),
    (&["history"], 0),
    (&["history", "--team"], 0),
    (&["log"], 0),
    (&["report"], 0),
    (&["verify"], 0),
    (&["records", "status"], 0),
    (&["doctor"], 0),
    (&["doctor", "looks", "--run-checks"], 0),
    (&["schema", "config"], 0),
];

#[expect(clippy::disallowed_methods, reason = "the tests look for programs of this machine")]
fn works(words: &[&str]) -> bool {
    let output = Command::new(words[0]).args(&words[1..]).output();
    output.is_ok_and(|output| output.status.success())
}

#[track_caller]
fn all_work(sandbox: &Sandbox, under: &[&str]) {
    for (arguments, status) in CALLS {
        let outcome = sandbox.surefoot(arguments).under(under).run();
        assert_eq!(outcome.status.code(), Some(status), "{arguments:?}: {}", outcome.text());
    }
}

#[test]
fn everything_but_fetching_and_delivering_works_where_there_is_no_network() {
    let sandbox = machine();
    all_work(&sandbox, &[]);
    let alone = ["/usr/bin/unshare", "-n", "--"];
    if !works(&["/usr/bin/unshare", "-n", "--", "true"]) {
        println!("skipped: a network of its own cannot be had here");
        return;
    }
    all_work(&sandbox, &alone);
    let failed = sandbox.surefoot(&["records", "sync"]).under(&alone).run();
    assert_eq!(failed.code(), 1, "{}", failed.text());
    assert!(failed.stderr.contains("what waits stays in the outbox"), "{}", failed.stderr);
}

/// The program that ends others as soon as they make a socket.
#[expect(clippy::print_stdout, reason = "a test that is passed over says so")]
fn guard(sandbox: &Sandbox) -> Option<PathBuf> {
    if !works(&["cc", "--version"]) || !cfg!(target_os = "linux") {
        println!("skipped: there is no C compiler here");
        return None;
    }
    let guard = sandbox.root().join("no_socket");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/no_socket.c");
    assert!(works(&["cc", "-O1", "-o", guard.to_str().unwrap(), source]), "it does not compile");
    if !works(&[guard.to_str().unwrap(), "/bin/true"]) {
        println!("skipped: system calls cannot be filtered here");
        return None;
    }
    Some(guard)
}

#[test]
fn nothing_opens_a_socket_that_could_leave_the_machine() {
    let sandbox = machine();
    let Some(guard) = guard(&sandbox) else { return };
    let guard = guard.to_str().unwrap();
    // The guard must be able to fail.
    let opens = "exec 3<>/dev/tcp/127.0.0.1/9";
    assert!(!works(&[guard, "/bin/bash", "-c", &format!("{opens}; exit 0")]));
    all_work(&sandbox, &[guard]);
}
