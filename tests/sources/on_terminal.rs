//! Sources as a person at a terminal meets them: a runbook of a mirror is picked and walked, and a
//! sync that hangs says of what.

use std::fs;

use crate::faults::silent;
use crate::place::{Upstream, settings, source, synced};
use crate::pty::Session;
use crate::sandbox::{PROGRAM, Sandbox, eventually};

/// The program on a terminal, in a folder without runbooks.
fn started(sandbox: &Sandbox, words: &str) -> Session {
    let env = sandbox.environment();
    let mut env: Vec<(&str, &str)> =
        env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    env.retain(|(name, _)| *name != "TERM");
    env.extend([("TERM", "xterm"), ("NO_COLOR", "1")]);
    let script = format!("cd {} && exec {PROGRAM} {words}", sandbox.path("").display());
    Session::start("/bin/sh", &["-c", &script], &env, 100)
}

/// Waits until the screen has all of this.
fn until(session: &Session, parts: &[&str]) {
    let all = || {
        let screen = session.screen();
        parts.iter().all(|part| screen.contains(part)).then_some(())
    };
    assert!(eventually(all).is_some(), "{parts:?} are not on\n{}", session.screen());
}

#[test]
fn a_runbook_of_a_mirror_is_picked_and_its_record_says_where_it_is_from() {
    let sandbox = Sandbox::new();
    let upstream = Upstream::new(&sandbox, "pay");
    let commit = upstream.git(&["rev-parse", "HEAD"]);
    settings(&sandbox, &source(&upstream.url(), "trust = \"branch\""));
    synced(&sandbox);
    // From here on there is only the mirror.
    fs::rename(&upstream.root, upstream.root.with_extension("gone")).unwrap();
    let mut session = started(&sandbox, "");
    until(&session, &["▸ shop/look  Look", "1 read, 0 change, 0 destroy", "from pay, synced "]);
    session.send("\r");
    session.wait_for("surefoot run shop/look");
    session.wait_for("From the mirror of file://");
    session.wait_for("    > ");
    session.send("\r");
    session.wait_for("one");
    assert_eq!(session.wait().code(), Some(0), "{}", session.screen());
    let started = &sandbox.events_of("run_started")[0]["runbook"];
    let [file] = started["files"].as_array().unwrap().as_slice() else { panic!("{started}") };
    assert_eq!(file["path"], "runbooks/look.yaml");
    assert_eq!(file["remote"], upstream.url());
    assert_eq!((&file["commit"], &file["dirty"]), (&commit.into(), &false.into()));
    assert_eq!(sandbox.events_of("run_finished")[0]["outcome"], "done");
}

#[test]
fn a_sync_that_hears_nothing_says_whom_it_waits_for() {
    // Broken: there is no line for a source until git tells how far it is, which it never does.
    let sandbox = Sandbox::new();
    let (_remote, url) = silent();
    settings(&sandbox, &source(&url, "name = \"quiet\""));
    let mut session = started(&sandbox, "sync");
    until(&session, &["syncing", "0 of 1", "quiet  waiting for an answer"]);
    session.send("\x03");
    assert_eq!(session.wait().code(), Some(130), "{}", session.screen());
    // All of it is gone again, though the terminal wrote `^C` in between.
    let screen = session.screen();
    assert!(screen.trim_start().starts_with("error: interrupted"), "{screen}");
}
