//! Repositories that hold what no working copy should: each is told, and the rest works.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use crate::READS;
use crate::place::{Upstream, fetched, held, settings, source, sync, synced};
use crate::sandbox::Sandbox;

#[test]
fn what_is_odd_in_a_repository_is_told_and_the_rest_is_fetched() {
    let sandbox = Sandbox::new();
    let upstream = Upstream::new(&sandbox, "pay");
    let books = upstream.root.join("runbooks");
    upstream.write("runbooks/Look.yaml", READS);
    upstream.write("runbooks/large.yaml", vec![b'#'; 50 << 20]);
    upstream.write("runbooks/latin.yaml", b"title: caf\xe9\n");
    upstream.write("lib/real.yaml", READS);
    symlink("../lib/real.yaml", books.join("inside.yaml")).unwrap();
    symlink("../../../etc/passwd", books.join("outside.yaml")).unwrap();
    symlink("/etc/passwd", books.join("rooted.yaml")).unwrap();
    fs::write(books.join(OsStr::from_bytes(b"caf\xe9.yaml")), READS).unwrap();
    upstream.git(&["add", "-A"]);
    let head = upstream.git(&["rev-parse", "HEAD"]);
    let module = format!("160000,{head},runbooks/module");
    upstream.git(&["update-index", "--add", "--cacheinfo", &module]);
    upstream.git(&["commit", "-q", "-m", "odd"]);
    settings(&sandbox, &source(&upstream.url(), ""));
    synced(&sandbox);
    let findings = fetched(&sandbox, "pay")["findings"].to_string();
    for expected in [
        "runbooks/Look.yaml and runbooks/look.yaml differ only in their letters' case",
        "runbooks/large.yaml has 50 MiB, and a runbook at most 1",
        "runbooks/latin.yaml is not UTF-8",
        "runbooks/outside.yaml is a link that leads out of it",
        "runbooks/rooted.yaml is a link that leads out of it",
        "is not UTF-8",
        "runbooks/module is a submodule, which is not fetched",
    ] {
        assert!(findings.contains(expected), "{expected}: {findings}");
    }
    assert!(!findings.contains("inside.yaml"), "{findings}");
    for there in ["runbooks/look.yaml", "runbooks/Look.yaml", "lib/real.yaml"] {
        assert!(held(&sandbox, "pay", there).is_some(), "{there}");
    }
}

#[test]
fn a_name_that_would_steer_the_terminal_is_spelled_out_once() {
    let sandbox = Sandbox::new();
    let upstream = Upstream::new(&sandbox, "pay");
    upstream.write("runbooks/a\u{1b}[31mb.yaml", READS);
    upstream.git(&["add", "-A"]);
    upstream.git(&["commit", "-q", "-m", "odd"]);
    settings(&sandbox, &source(&upstream.url(), ""));
    let told = sync(&sandbox, &[]).run();
    let name = r"runbooks/a\x1b[31mb.yaml holds a control character";
    assert!(told.text().contains(name), "{}", told.text());
    let listed = sandbox.surefoot(&["source", "list"]).run();
    assert!(listed.stdout.contains(name), "{}", listed.text());
    for text in [told.text(), listed.text()] {
        assert!(!text.contains('\u{1b}'), "{text:?}");
    }
}

#[test]
fn a_repository_without_runbooks_is_told() {
    let sandbox = Sandbox::new();
    let upstream = Upstream::new(&sandbox, "pay");
    settings(&sandbox, &source(&upstream.url(), "runbooks = \"ops/books\""));
    let told = synced(&sandbox);
    assert_eq!(told[0]["runbooks"], 0);
    assert!(told[0]["findings"].to_string().contains("there is no folder `ops/books` in it"));
    // Another folder is wanted: the commit is the same, and is not all that counts.
    settings(&sandbox, &source(&upstream.url(), ""));
    assert_eq!(synced(&sandbox)[0]["runbooks"], 1);
}

#[test]
fn nothing_that_a_remote_on_this_machine_brings_is_run() {
    let sandbox = Sandbox::new();
    let upstream = Upstream::new(&sandbox, "pay");
    let canary = sandbox.root().join("canary");
    let fire = upstream.root.join("fire");
    fs::write(&fire, format!("#!/bin/sh\ntouch {}\nexec \"$@\"\n", canary.display())).unwrap();
    fs::set_permissions(&fire, fs::Permissions::from_mode(0o755)).unwrap();
    let program = fire.to_str().unwrap();
    for key in [
        "uploadpack.packObjectsHook",
        "core.fsmonitor",
        "core.sshCommand",
        "core.pager",
        "core.alternateRefsCommand",
        "core.gitProxy",
        "credential.helper",
        "diff.external",
    ] {
        upstream.git(&["config", key, program]);
    }
    for hook in ["pre-upload", "post-checkout", "reference-transaction", "post-index-change"] {
        let hook = upstream.root.join(".git/hooks").join(hook);
        fs::create_dir_all(hook.parent().unwrap()).unwrap();
        fs::copy(&fire, hook).unwrap();
    }
    let hooks = sandbox.root().join("hooks");
    fs::create_dir(&hooks).unwrap();
    fs::copy(&fire, hooks.join("reference-transaction")).unwrap();
    // Hooks of the user's own are none for a mirror either.
    let config = format!("[core]\n\thooksPath = {}\n", hooks.display());
    fs::write(sandbox.root().join("home/.gitconfig"), config).unwrap();
    settings(&sandbox, &source(&upstream.url(), ""));
    synced(&sandbox);
    assert!(held(&sandbox, "pay", "runbooks/look.yaml").is_some());
    assert!(!canary.exists(), "the remote's program was run");
}

#[test]
fn settings_that_would_run_something_are_refused_before_git_sees_them() {
    let sandbox = Sandbox::new();
    for (url, more) in [
        ("ext::touch% x", ""),
        ("-oProxyCommand=touch x", ""),
        ("--upload-pack=touch", ""),
        ("ssh://-oProxyCommand=x/y", ""),
        ("fd::0", ""),
        ("/srv/x", "branch = \"--upload-pack=x\""),
        ("/srv/x", "tag = \"-v*\""),
        ("/srv/x", "runbooks = \"../../etc\""),
        ("http://git.example/x", "trust = \"branch\""),
    ] {
        settings(&sandbox, &source(url, more));
        let refused = sync(&sandbox, &[]).run();
        assert_eq!(refused.code(), 3, "{url} {more}: {}", refused.text());
    }
    // By way of the user's own git settings, too.
    let upstream = Upstream::new(&sandbox, "pay");
    let canary = sandbox.root().join("canary");
    let config =
        format!("[url \"ext::touch {} \"]\n\tinsteadOf = {}\n", canary.display(), upstream.url());
    fs::write(sandbox.root().join("home/.gitconfig"), config).unwrap();
    settings(&sandbox, &source(&upstream.url(), ""));
    let refused = sync(&sandbox, &[]).run();
    assert_eq!(refused.code(), 1, "{}", refused.text());
    assert!(refused.stderr.contains("transport 'ext' not allowed"), "{}", refused.stderr);
    assert!(!canary.exists());
}
