//! Runbooks that lie in mirrors: listed, found and walked from anywhere, without a network and without
//! asking git about what is known.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::READS;
use crate::place::{Upstream, git, mirror, rows, settings, source, synced};
use crate::sandbox::{Call, Sandbox};

/// What a runbook answers.
const ALERTS: &str = "service: shop\nalerts: [ { match: [ 'alertname=\"DiskFull\"' ] } ]";

/// A source with two runbooks, fetched; its remote is gone.
fn away(sandbox: &Sandbox, more: &str) -> Upstream {
    let upstream = Upstream::new(sandbox, "pay");
    upstream.write("runbooks/deep/disk.yaml", READS.replace("service: shop", ALERTS));
    upstream.commit("second");
    settings(sandbox, &source(&upstream.url(), more));
    synced(sandbox);
    fs::rename(&upstream.root, gone(&upstream)).unwrap();
    upstream
}

fn gone(upstream: &Upstream) -> PathBuf {
    upstream.root.with_extension("gone")
}

/// What is in a list: what each is called, and where it comes from.
fn listed(sandbox: &Sandbox, words: &[&str]) -> Vec<(String, String)> {
    let outcome = sandbox.surefoot(words).arguments(&["--format", "json"]).run();
    assert_eq!(outcome.code(), 0, "{}", outcome.text());
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let row = |row: &Value| (text(&row["reference"]), text(&row["source"]["shown"]));
    rows(&outcome.stdout).iter().map(row).collect()
}

fn names(sandbox: &Sandbox, words: &[&str]) -> Vec<String> {
    listed(sandbox, words).into_iter().map(|(name, _)| name).collect()
}

/// A git that writes down what it is asked, before the real one.
struct Watched {
    folder: PathBuf,
}

impl Watched {
    fn new(sandbox: &Sandbox) -> Self {
        let folder = sandbox.root().join("watched");
        fs::create_dir_all(&folder).unwrap();
        let log = folder.join("log");
        fs::write(&log, "").unwrap();
        let script = format!(
            "#!/bin/sh\nlog='{}'\necho \"$*\" >> \"$log\"\ncase \"$*\" in\n\
             *'cat-file --batch') tee -a \"$log\" | exec /usr/bin/git \"$@\" ;;\n\
             *) exec /usr/bin/git \"$@\" ;;\nesac\n",
            log.display()
        );
        let program = folder.join("git");
        fs::write(&program, script).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        Self { folder }
    }

    fn call<'a>(&self, sandbox: &'a Sandbox, words: &[&str]) -> Call<'a> {
        let path = format!("{}:/usr/bin:/bin", self.folder.display());
        sandbox.surefoot(words).env("PATH", &path)
    }

    /// What git was asked since it was asked for last.
    fn asked(&self) -> String {
        let log = self.folder.join("log");
        let asked = fs::read_to_string(&log).unwrap();
        fs::write(&log, "").unwrap();
        asked
    }
}

#[test]
fn what_was_fetched_is_found_shown_and_walked_when_its_remote_is_gone() {
    let sandbox = Sandbox::new();
    away(&sandbox, "trust = \"branch\"");
    let both = ["shop/disk", "shop/look"];
    for words in [&["list"][..], &["find", "look", "once"], &["list", "--service", "shop"]] {
        let mut names = names(&sandbox, words);
        names.sort();
        assert_eq!(names, both, "{words:?}");
    }
    assert_eq!(names(&sandbox, &["list", "--alert", "DiskFull"]), ["shop/disk"]);
    let list = sandbox.surefoot(&["list"]).run();
    assert!(list.stdout.contains("pay, synced just now"), "{}", list.stdout);
    assert_eq!(list.stderr, "");
    let row = &rows(&sandbox.surefoot(&["find", "disk", "--format", "json"]).run().stdout)[0];
    assert_eq!(row["file"], Value::Null);
    assert_eq!(row["path"], "runbooks/deep/disk.yaml");
    assert_eq!((&row["source"]["name"], &row["source"]["kind"]), (&"pay".into(), &"mirror".into()));
    assert_eq!(row["source"]["old"], false);
    for reference in ["disk", "shop/disk", "dis"] {
        let walked = sandbox.surefoot(&["run", reference]).run();
        assert_eq!(walked.code(), 0, "{reference}: {}", walked.text());
        assert!(walked.stderr.contains("From the mirror of file://"), "{}", walked.stderr);
        assert!(walked.stderr.contains(", fetched just now:"), "{}", walked.stderr);
        let shown = sandbox.surefoot(&["show", reference]).run();
        assert!(shown.stdout.contains("Look once"), "{reference}: {}", shown.text());
    }
    let list = sandbox.surefoot(&["list", "--format", "json"]).run();
    assert!(rows(&list.stdout)[0]["walked_ok_on_this_machine"].is_string(), "{}", list.stdout);
}

#[test]
fn an_alert_is_answered_from_a_mirror() {
    let sandbox = Sandbox::new();
    away(&sandbox, "trust = \"branch\"");
    let alert = json!({
        "version": "4", "status": "firing", "receiver": "x", "groupLabels": {},
        "commonLabels": {}, "commonAnnotations": {}, "externalURL": "", "groupKey": "",
        "truncatedAlerts": 0,
        "alerts": [{
            "status": "firing", "labels": { "alertname": "DiskFull" }, "annotations": {},
            "startsAt": "2026-01-01T00:00:00Z", "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "", "fingerprint": "abcd",
        }],
    });
    let alert = alert.to_string();
    let told = sandbox.surefoot(&["alert", "-"]).stdin(alert.clone()).run();
    assert_eq!(told.code(), 0, "{}", told.text());
    assert!(told.stdout.contains("from pay, synced just now"), "{}", told.stdout);
    assert!(told.stdout.contains("$ surefoot run shop/disk --alert -"), "{}", told.stdout);
    let told = sandbox.surefoot(&["alert", "-", "--format", "json"]).stdin(alert.clone()).run();
    let told: Value = serde_json::from_str(&told.stdout).unwrap();
    let answer = &told["alerts"][0]["runbooks"][0];
    assert_eq!((&answer["path"], &answer["source"]["name"]), (&Value::Null, &"pay".into()));
    let walked = sandbox.surefoot(&["run", "--alert", "-"]).stdin(alert).run();
    assert_eq!(walked.code(), 0, "{}", walked.text());
    assert!(walked.stderr.contains("From the mirror of file://"), "{}", walked.stderr);
}

#[test]
fn git_is_asked_nothing_about_what_is_known_and_for_what_is_new_alone() {
    let sandbox = Sandbox::new();
    let watched = Watched::new(&sandbox);
    let upstream = Upstream::new(&sandbox, "pay");
    for number in 0..5 {
        let text = READS.replace("Look\n", &format!("Look {number}\n"));
        upstream.write(&format!("runbooks/b{number}.yaml"), text);
    }
    upstream.commit("five");
    settings(&sandbox, &source(&upstream.url(), ""));
    synced(&sandbox);
    assert_eq!(watched.call(&sandbox, &["list"]).run().code(), 0);
    let blobs = |asked: &str| asked.lines().filter(|line| line.len() == 40).count();
    assert_eq!(blobs(&watched.asked()), 6);
    for words in [&["list"][..], &["find", "look"], &["list", "--alert", "None"]] {
        assert_eq!(watched.call(&sandbox, words).run().code(), 0);
        assert_eq!(watched.asked(), "", "{words:?}");
    }
    // A sync that brings nothing new is no reason either.
    synced(&sandbox);
    watched.call(&sandbox, &["list"]).run();
    assert_eq!(watched.asked(), "");
    upstream.write("runbooks/b1.yaml", READS.replace("Look\n", "Another look\n"));
    upstream.git(&["rm", "-q", "runbooks/b2.yaml"]);
    upstream.commit("one");
    synced(&sandbox);
    let found = watched.call(&sandbox, &["find", "another", "--format", "json"]).run();
    assert_eq!(rows(&found.stdout).len(), 1, "{}", found.text());
    let asked = watched.asked();
    assert_eq!(blobs(&asked), 1, "{asked}");
    assert_eq!(asked.matches("cat-file --batch\n").count(), 1, "{asked}");
    let all = ["shop/b0", "shop/b1", "shop/b3", "shop/b4", "shop/look"];
    assert_eq!(names(&sandbox, &["list"]), all);
}

#[test]
fn what_uses_others_of_its_commit_is_judged_with_them() {
    let sandbox = Sandbox::new();
    let upstream = Upstream::new(&sandbox, "pay");
    upstream.write("runbooks/part.yaml", READS.replace("Look\n", "Part\n"));
    let outer = "schema: surefoot/v1\ntitle: Outer\nsteps:\n  - use: { file: part.yaml }\n  - { end: done }\n";
    upstream.write("runbooks/outer.yaml", outer);
    upstream.commit("uses");
    settings(&sandbox, &source(&upstream.url(), ""));
    synced(&sandbox);
    assert_eq!(names(&sandbox, &["list"]), ["pay/outer", "shop/look", "shop/part"]);
    assert!(names(&sandbox, &["list", "--invalid"]).is_empty());
    upstream.write("runbooks/part.yaml", "schema: surefoot/v1\ntitle: Nothing\n");
    upstream.commit("broken");
    synced(&sandbox);
    assert_eq!(names(&sandbox, &["list", "--invalid"]), ["pay/outer", "pay/part"]);
}

#[test]
fn a_source_that_is_gone_has_no_runbooks_and_one_that_was_never_fetched_is_told() {
    let sandbox = Sandbox::new();
    let upstream = away(&sandbox, "");
    assert_eq!(names(&sandbox, &["list"]).len(), 2);
    settings(&sandbox, "");
    assert!(names(&sandbox, &["list"]).is_empty());
    settings(&sandbox, &source(&upstream.url(), ""));
    assert_eq!(names(&sandbox, &["list"]).len(), 2);
    fs::remove_dir_all(mirror(&sandbox, "pay")).unwrap();
    let list = sandbox.surefoot(&["list"]).run();
    assert_eq!((list.code(), list.stdout.as_str()), (0, ""));
    let told = "warning: the source pay was never fetched: surefoot sync\n";
    assert!(list.stderr.starts_with(told), "{}", list.stderr);
    fs::rename(gone(&upstream), &upstream.root).unwrap();
    synced(&sandbox);
    assert_eq!(names(&sandbox, &["list"]).len(), 2);
}

#[test]
fn what_a_mirror_holds_that_is_odd_is_told_and_the_rest_is_found() {
    let sandbox = Sandbox::new();
    let upstream = Upstream::new(&sandbox, "pay");
    upstream.write("runbooks/huge.yaml", vec![b'#'; 3 << 20]);
    upstream.write("runbooks/latin.yaml", b"title: caf\xe9\n");
    upstream.write("runbooks/broken.yaml", "schema: surefoot/v1\ntitle: Broken\nstepz: []\n");
    upstream.write("runbooks/Look.yaml", READS);
    upstream.write("runbooks/.hidden.yaml", READS);
    upstream.write("runbooks/try.yaml", "schema: surefoot-scenario/v1\nrunbook: look.yaml\n");
    let folder = upstream.root.join("runbooks");
    std::os::unix::fs::symlink("look.yaml", folder.join("same.yaml")).unwrap();
    std::os::unix::fs::symlink("/etc/hostname", folder.join("out.yaml")).unwrap();
    std::os::unix::fs::symlink("nothing.yaml", folder.join("dead.yaml")).unwrap();
    upstream.git(&["add", "-A"]);
    let commit = upstream.git(&["rev-parse", "HEAD"]);
    let module = format!("160000,{commit},runbooks/module");
    upstream.git(&["update-index", "--add", "--cacheinfo", &module]);
    upstream.git(&["commit", "-q", "-m", "odd"]);
    settings(&sandbox, &source(&upstream.url(), ""));
    let told = synced(&sandbox);
    // Neither the scenario nor what is hidden is one of them.
    assert_eq!(told[0]["runbooks"], 8, "{told:?}");
    let all = ["pay/broken", "pay/huge", "pay/latin", "shop/Look", "shop/look", "shop/same"];
    assert_eq!(names(&sandbox, &["list"]), all);
    let invalid = sandbox.surefoot(&["list", "--invalid", "--format", "json"]).run();
    let why: Vec<String> =
        rows(&invalid.stdout).iter().map(|row| row["invalid"].to_string()).collect();
    assert_eq!(why.len(), 4, "{why:?}");
    for (why, expected) in
        why.iter().zip(["`steps`", "at most 1 MiB", "UTF-8", "`Look` cannot be one"])
    {
        assert!(why.contains(expected), "{why}");
    }
    for reference in ["shop/look", "same"] {
        let shown = sandbox.surefoot(&["show", reference]).run();
        assert!(shown.stdout.contains("Look once"), "{}", shown.text());
    }
    let count = &rows(&sandbox.surefoot(&["source", "list", "--format", "json"]).run().stdout)[0];
    assert_eq!(count["runbooks"], 8);
}

#[test]
fn a_working_copy_goes_before_the_mirror_and_both_are_marked() {
    let sandbox = Sandbox::new();
    let upstream = Upstream::new(&sandbox, "pay");
    let clone = sandbox.root().join("clones/pay");
    fs::create_dir_all(clone.parent().unwrap()).unwrap();
    let words = ["clone", "-q", &upstream.url(), clone.to_str().unwrap()];
    git(sandbox.root(), &sandbox.root().join("home"), &words);
    fs::write(clone.join("runbooks/look.yaml"), READS.replace("echo one", "echo mine")).unwrap();
    let folder = format!("[[source]]\npath = \"{}\"\nname = \"own\"\n", clone.display());
    settings(&sandbox, &format!("{}{folder}", source(&upstream.url(), "")));
    synced(&sandbox);
    let both = listed(&sandbox, &["list"]);
    let from: Vec<&str> = both.iter().map(|(_, from)| from.as_str()).collect();
    let [own, fetched] = from.as_slice() else { panic!("{both:?}") };
    assert!(own.ends_with("clones/pay (working copy)"), "{own}");
    assert_eq!(*fetched, "pay, synced just now, behind a nearer one");
    for reference in ["look", "shop/look"] {
        let shown = sandbox.surefoot(&["show", reference, "--markdown"]).run();
        assert!(shown.stdout.contains("echo mine"), "{}", shown.text());
        assert!(shown.stderr.contains("not from the mirror of"), "{}", shown.stderr);
    }
}

#[test]
fn what_was_fetched_long_ago_is_said_aloud_wherever_it_matters() {
    let sandbox = Sandbox::new();
    away(&sandbox, "");
    let folder = mirror(&sandbox, "pay");
    let text = fs::read_to_string(folder.join("fetched.json")).unwrap();
    let mut fetched: Value = serde_json::from_str(&text).unwrap();
    fetched["at"] = "2026-01-01T00:00:00Z".into();
    fs::write(folder.join("fetched.json"), fetched.to_string()).unwrap();
    fs::remove_file(folder.join("attempt.json")).unwrap();
    for words in [&["list"][..], &["find", "disk"]] {
        let outcome = sandbox.surefoot(words).run();
        assert!(outcome.stdout.contains(" days ago"), "{}", outcome.stdout);
        let told = "warning: the source pay was synced longer ago than 7 d: surefoot sync\n";
        assert_eq!(outcome.stderr, told, "{words:?}");
    }
    let shown = sandbox.surefoot(&["show", "disk"]).run();
    assert!(shown.stderr.contains("longer ago than 7 d: surefoot sync"), "{}", shown.stderr);
    let list = sandbox.surefoot(&["list", "--format", "json"]).run();
    assert_eq!(rows(&list.stdout)[0]["source"]["old"], true);
}

#[test]
fn a_damaged_index_is_made_anew_from_mirrors_and_a_damaged_mirror_is_told() {
    let sandbox = Sandbox::new();
    away(&sandbox, "");
    let whole = names(&sandbox, &["list"]);
    let index = sandbox.state().join("catalog/index.sqlite");
    fs::write(&index, "no database at all, but a text that is long enough".repeat(40)).unwrap();
    let list = sandbox.surefoot(&["list"]).run();
    assert!(list.stderr.contains("was made anew"), "{}", list.stderr);
    assert_eq!(names(&sandbox, &["list"]), whole);
    // What is known is listed; what is there no more is told when it is wanted.
    fs::remove_dir_all(mirror(&sandbox, "pay").join("mirror.git/objects")).unwrap();
    assert_eq!(names(&sandbox, &["list"]), whole);
    let shown = sandbox.surefoot(&["show", "disk"]).run();
    assert_eq!(shown.code(), 3, "{}", shown.text());
    fs::remove_file(&index).unwrap();
    let list = sandbox.surefoot(&["list"]).run();
    assert_eq!((list.code(), list.stdout.as_str()), (0, ""));
    assert!(list.stderr.contains("warning: pay: git cannot read"), "{}", list.stderr);
}

#[test]
fn what_is_on_call_is_looked_for_in_mirrors_as_well() {
    let sandbox = Sandbox::new();
    let upstream = away(&sandbox, "");
    let on_call = "on_call = [\"shop\", \"stock\"]\n";
    settings(&sandbox, &format!("{on_call}{}", source(&upstream.url(), "")));
    let looked = sandbox.surefoot(&["doctor", "--format", "json"]).run();
    assert!(looked.stdout.contains("not trusted: shop/disk, shop/look"), "{}", looked.stdout);
    let missing = "no runbook of this service";
    assert_eq!(looked.stdout.matches(missing).count(), 1, "{}", looked.stdout);
}

#[test]
fn links_of_alerts_are_judged_by_what_was_fetched() {
    let sandbox = Sandbox::new();
    let upstream = Upstream::new(&sandbox, "pay");
    let home = sandbox.root().join("home");
    fs::create_dir_all(&home).unwrap();
    let base = upstream.url();
    let instead = "https://git.example.org/shop/pay.git";
    fs::write(home.join(".gitconfig"), format!("[url \"{base}\"]\n\tinsteadOf = {instead}\n"))
        .unwrap();
    settings(&sandbox, &source(instead, ""));
    synced(&sandbox);
    sandbox.file("runbooks/own.yaml", READS);
    let rule = |name: &str, url: &str| {
        format!(
            "      - alert: {name}\n        expr: up == 0\n        annotations: {{ runbook_url: \"{url}\" }}\n"
        )
    };
    let there = rule("There", "https://git.example.org/shop/pay/-/blob/main/runbooks/look.yaml");
    let named = rule("Named", "shop/look");
    let dead = rule("Dead", "https://git.example.org/shop/pay/-/blob/main/runbooks/none.yaml");
    let away = rule("Away", "shop/none");
    sandbox.file(
        "rules.yaml",
        format!("groups:\n  - name: g\n    rules:\n{there}{named}{dead}{away}"),
    );
    let checked = sandbox.surefoot(&["check", "--alerts", "rules.yaml"]).run();
    let told = checked.text();
    assert_eq!(told.matches("dead-runbook-url").count(), 2, "{told}");
    assert!(told.contains("none.yaml") && told.contains("shop/none"), "{told}");
}
