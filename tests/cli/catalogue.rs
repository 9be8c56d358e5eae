//! The runbooks that are known on this machine: listed, found by words, and named from elsewhere.

use std::fs;

use crate::sandbox::Sandbox;
use crate::{CHANGES, READS};

/// A sandbox with a repository around it, and a source that settings name.
fn shelves() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.file("runbooks/two-looks.yaml", READS);
    sandbox.file("runbooks/one-change.yaml", CHANGES);
    sandbox.file("runbooks/broken.yaml", "schema: surefoot/v1\ntitle: Broken\nstepz: []\n");
    let other = sandbox.root().join("clones/db");
    fs::create_dir_all(other.join("runbooks")).unwrap();
    fs::create_dir_all(other.join(".git")).unwrap();
    let replica = READS
        .replace("Two looks", "A replica lags")
        .replace("service: shop", "service: db\nalerts: [ { match: [ 'alertname=\"ReplicaLag\"' ] } ]\ntags: [replication]")
        .replace("echo one", "psql --version");
    fs::write(other.join("runbooks/replica-lag.yaml"), replica).unwrap();
    let config = sandbox.root().join("home/.config/surefoot");
    fs::create_dir_all(&config).unwrap();
    let clones = sandbox.root().join("clones/*");
    let text =
        format!("schema = \"surefoot-config/v1\"\n[[source]]\npath = \"{}\"\n", clones.display());
    fs::write(config.join("config.toml"), text).unwrap();
    sandbox
}

/// The references of a list in JSON.
fn references(json: &str) -> Vec<String> {
    let list: serde_json::Value = serde_json::from_str(json).unwrap();
    let list = list.as_array().unwrap().iter();
    list.map(|entry| entry["reference"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn all_runbooks_are_listed_and_the_invalid_are_not_hidden() {
    let sandbox = shelves();
    sandbox.surefoot(&["list"]).check(
        r"
        exit 0
        --- stdout
        runbook          title                                             walked OK here  owner     from
        broken           Broken  invalid: line 1: a runbook needs `steps`  never                     here
        db/replica-lag   A replica lags                                    never           payments  ~/clones/db (working copy)
        shop/one-change  One change                                        never           payments  here
        shop/two-looks   Two looks                                         never           payments  here
    ",
    );
    let json = sandbox.surefoot(&["list", "--format", "json"]).run();
    let all = ["broken", "db/replica-lag", "shop/one-change", "shop/two-looks"];
    assert_eq!(references(&json.stdout), all);
}

#[test]
fn a_title_names_the_values_that_nobody_has_given_yet() {
    // Broken: the template of a title is shown as its author wrote it.
    let sandbox = Sandbox::new();
    let book = "schema: surefoot/v1
title: Port {{port}} is silent
service: shop
alerts: [ { match: [ 'alertname=\"PortSilent\"' ] } ]
inputs: { port: { type: integer } }
steps:
  - { id: look, effect: read, run: \"echo {{port}}\", sample: \"1\" }
  - end: done
";
    sandbox.file("runbooks/port-silent.yaml", book);
    let alert = r#"{ "labels": { "alertname": "PortSilent" } }"#;
    sandbox.file("alert.json", alert);
    for words in [
        &["list"][..],
        &["find", "silent"],
        &["alert", "alert.json"],
        &["insights", "readiness"],
        &["list", "--format", "json"],
    ] {
        let outcome = sandbox.surefoot(words).run();
        assert!(outcome.stdout.contains("Port ‹port› is silent"), "{words:?} {}", outcome.text());
        assert!(!outcome.stdout.contains("{{"), "{words:?} {}", outcome.text());
    }
    let walk = ["drill", "runbooks/port-silent.yaml", "--set", "port=443"];
    assert_eq!(sandbox.surefoot(&walk).run().code(), 0);
    let walked = sandbox.surefoot(&["history"]).run();
    assert!(walked.stdout.contains("Port 443 is silent"), "{}", walked.text());
}

#[test]
fn lists_are_narrowed() {
    let sandbox = shelves();
    let check = |words: &[&str], expected: &[&str]| {
        let call = sandbox.surefoot(&["list", "--format", "json"]).arguments(words).run();
        assert_eq!(call.code(), 0, "{}", call.stderr);
        assert_eq!(references(&call.stdout), expected, "{words:?}");
    };
    check(&["--service", "shop"], &["shop/one-change", "shop/two-looks"]);
    check(&["--tag", "replication"], &["db/replica-lag"]);
    check(&["--alert", "ReplicaLag"], &["db/replica-lag"]);
    check(&["--alert", "Other"], &[]);
    check(&["--invalid"], &["broken"]);
    check(&["--owner", "Payments", "--service", "db"], &["db/replica-lag"]);
    check(&["--not-walked-for", "90d", "--service", "db"], &["db/replica-lag"]);
    let wrong = sandbox.surefoot(&["list", "--not-walked-for", "90"]).run();
    assert_eq!(wrong.code(), 2);
}

#[test]
fn what_was_walked_here_is_said_and_no_longer_stale() {
    let sandbox = shelves();
    let path = sandbox.path("runbooks/one-change.yaml");
    sandbox.trust(path.to_str().unwrap());
    let walked = sandbox.surefoot(&["run", "one-change", "--yes", "change"]).run();
    assert_eq!(walked.code(), 0, "{}", walked.stderr);
    let list = sandbox.surefoot(&["list", "--service", "shop"]).run();
    let lines: Vec<&str> = list.stdout.lines().collect();
    assert!(lines[1].contains("just now"), "{}", list.stdout);
    assert!(lines[2].contains("never"), "{}", list.stdout);
    let stale = ["list", "--service", "shop", "--not-walked-for", "1h", "--format", "json"];
    let stale = sandbox.surefoot(&stale).run();
    assert_eq!(references(&stale.stdout), ["shop/two-looks"]);
}

#[test]
fn words_find_runbooks_and_what_is_near_is_said_to_be_near() {
    let sandbox = shelves();
    let find = |words: &[&str]| sandbox.surefoot(&["find"]).arguments(words).run();
    for words in [&["replica"][..], &["lag"], &["ReplicaLag"], &["psql"], &["db", "repl"]] {
        let found = find(words);
        assert!(found.stdout.contains("db/replica-lag"), "{words:?}: {}", found.stdout);
        assert_eq!((found.code(), found.stderr.as_str()), (0, ""), "{words:?}");
    }
    let near = find(&["relpica"]);
    assert!(near.stdout.contains("db/replica-lag"), "{}", near.stdout);
    assert_eq!(near.stderr, "No exact match; near: replica (for `relpica`)\n");
    let nothing = find(&["quux"]);
    assert_eq!((nothing.code(), nothing.stdout.as_str()), (0, ""));
    assert_eq!(nothing.stderr, "Nothing is near to `quux`.\n");
}

#[test]
fn what_is_known_is_named_from_anywhere() {
    let sandbox = shelves();
    for reference in ["replica-lag", "db/replica-lag", "replica"] {
        let shown = sandbox.surefoot(&["show", reference]).run();
        assert!(shown.stdout.contains("A replica lags"), "{reference}: {}", shown.stderr);
    }
    let unknown = sandbox.surefoot(&["show", "quux"]).run();
    assert_eq!(unknown.code(), 3);
    assert!(unknown.stderr.contains("there is no runbook `quux`"), "{}", unknown.stderr);
}

#[test]
fn whatever_is_in_the_place_of_the_index_lists_are_whole() {
    let sandbox = shelves();
    let whole = sandbox.surefoot(&["list"]).run().stdout;
    let index = sandbox.state().join("catalog/index.sqlite");
    fs::write(&index, "no database at all, but a text that is long enough".repeat(40)).unwrap();
    let list = sandbox.surefoot(&["list"]).run();
    assert_eq!(list.stdout, whole);
    assert!(list.stderr.contains("was made anew"), "{}", list.stderr);
    assert_eq!(sandbox.surefoot(&["list"]).run().stderr, "");
    fs::remove_file(&index).unwrap();
    fs::create_dir(&index).unwrap();
    let list = sandbox.surefoot(&["list"]).run();
    assert_eq!(list.stdout, whole);
    assert!(list.stderr.contains("in memory this time"), "{}", list.stderr);
    let homeless = sandbox.surefoot(&["list"]).without("XDG_STATE_HOME").without("HOME").run();
    assert!(homeless.stdout.contains("shop/one-change"), "{}", homeless.stderr);
}

#[test]
fn nothing_is_opened_that_is_not_needed() {
    let sandbox = shelves();
    for call in [
        &["--version"][..],
        &["--help"],
        &["run", "runbooks/two-looks.yaml"],
        &["show", "two-looks"],
    ] {
        sandbox.surefoot(call).run();
        assert!(!sandbox.state().join("catalog").exists(), "{call:?}");
    }
}

#[test]
fn without_a_terminal_there_is_a_list_and_a_hint() {
    let sandbox = shelves();
    let alone = sandbox.surefoot(&[]).run();
    assert_eq!(alone.code(), 0);
    assert_eq!(alone.stdout, sandbox.surefoot(&["list"]).run().stdout);
    assert!(alone.stderr.starts_with("hint: surefoot run REF walks one"), "{}", alone.stderr);
    let empty = Sandbox::new().surefoot(&["list"]).run();
    assert_eq!((empty.code(), empty.stdout.as_str()), (0, ""));
    assert!(empty.stderr.starts_with("No runbooks are known here"), "{}", empty.stderr);
}

#[test]
fn a_kill_at_any_instant_leaves_an_index_that_is_whole() {
    let sandbox = Sandbox::new();
    for number in 0..400 {
        let text = READS.replace("Two looks", &format!("Look {number}"));
        sandbox.file(&format!("runbooks/look-{number:03}.yaml"), text);
    }
    let index = sandbox.state().join("catalog/index.sqlite");
    let log = sandbox.state().join("catalog/index.sqlite-wal");
    let written = || {
        let bytes = |path| fs::metadata(path).map_or(0, |found: fs::Metadata| found.len());
        bytes(&index) + bytes(&log)
    };
    // Later each time: before there is a file, while tables are made, between parts of the runbooks.
    for least in [0, 1, 60_000, 200_000, 400_000] {
        let mut listing = sandbox.surefoot(&["list"]).start();
        let far = || (written() >= least).then_some(());
        crate::sandbox::eventually(|| {
            far().or_else(|| listing.child.try_wait().unwrap().map(drop))
        });
        // One that has ended already was not killed; the next calls find what it wrote.
        let _ended = listing.child.kill();
        let _status = listing.child.wait();
    }
    let list = sandbox.surefoot(&["list", "--format", "json"]).run();
    assert_eq!((list.code(), list.stderr.as_str()), (0, ""));
    assert_eq!(references(&list.stdout).len(), 400);
    let found = sandbox.surefoot(&["find", "look", "399", "--format", "json"]).run();
    assert_eq!(references(&found.stdout).len(), 1, "{}", found.stdout);
}

#[test]
fn two_files_of_one_name_are_told_and_the_name_means_neither() {
    let sandbox = shelves();
    let twin = format!("{CHANGES}id: replica-lag\n").replace("service: shop", "service: db");
    let other = sandbox.root().join("clones/db/runbooks/a-copy.yaml");
    fs::write(&other, twin).unwrap();
    let here = format!("{READS}id: one-change\n");
    sandbox.file("runbooks/a-copy.yaml", here);
    for (name, files) in [
        ("db/replica-lag", ["runbooks/a-copy.yaml", "runbooks/replica-lag.yaml"]),
        ("shop/one-change", ["a-copy.yaml", "one-change.yaml"]),
        ("one-change", ["a-copy.yaml", "one-change.yaml"]),
    ] {
        for command in ["show", "run", "drill"] {
            let refused = sandbox.surefoot(&[command, name]).run();
            assert_eq!(refused.code(), 3, "{}", refused.text());
            for file in files {
                assert!(refused.stderr.contains(file), "{}", refused.text());
            }
        }
    }
    assert!(sandbox.runs().is_empty());
    let listed = sandbox.surefoot(&["list", "--service", "db"]).run().stdout;
    assert_eq!(listed.matches("one of several of this name").count(), 2, "{listed}");
    let found = sandbox.surefoot(&["find", "replica"]).run().stdout;
    assert!(found.contains("one of several of this name (runbooks/replica-lag.yaml)"), "{found}");
    let json = sandbox.surefoot(&["list", "--format", "json"]).run().stdout;
    let list: serde_json::Value = serde_json::from_str(&json).unwrap();
    let several = |entry: &&serde_json::Value| entry["one_of_several_of_its_name"] == true;
    assert_eq!(list.as_array().unwrap().iter().filter(several).count(), 4, "{json}");
    // A path means one file.
    let shown = sandbox.surefoot(&["show", "runbooks/one-change.yaml"]).run();
    assert_eq!(shown.code(), 0, "{}", shown.text());

    let checked = sandbox.surefoot(&["check"]).run();
    assert_eq!(checked.code(), 3, "{}", checked.text());
    let finding = "error[same-name]: runbooks/a-copy.yaml is `shop/one-change`, too";
    assert!(checked.stdout.contains(finding), "{}", checked.text());
    let doctor = sandbox.surefoot(&["doctor"]).run();
    let told = "several files of one place are called so: a-copy.yaml, one-change.yaml";
    assert!(doctor.stdout.contains(told), "{}", doctor.text());
    // One file under two names is one file.
    fs::remove_file(&other).unwrap();
    std::os::unix::fs::symlink("replica-lag.yaml", other).unwrap();
    let file = sandbox.root().join("clones/db/runbooks/replica-lag.yaml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("{text}id: replica-lag\n")).unwrap();
    let shown = sandbox.surefoot(&["show", "db/replica-lag"]).run();
    assert_eq!(shown.code(), 0, "{}", shown.text());
}
