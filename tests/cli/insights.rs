//! Who has practised what: on this machine, and by the team's records.

use std::fs;

use serde_json::Value;

use crate::sandbox::{Sandbox, login};

/// A runbook of the catalogue: reads that print what their samples say.
fn book(title: &str, effect: &str) -> String {
    format!(
        "schema: surefoot/v1
title: {title}
service: shop
owner: {{ team: shop }}
escalation: [ {{ role: secondary, how: page the rota }} ]
steps:
  - {{ id: look, effect: read, run: echo looked, sample: looked }}
  - {{ id: act, when: 1 > 2, effect: {effect}, run: echo acted, sample: acted }}
  - end: done
"
    )
}

/// A machine that knows three runbooks, by these settings.
fn machine(settings: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    for (id, title, effect) in [
        ("cache-cold", "The cache is cold", "read"),
        ("disk-full", "The disk is full", "read"),
        ("failover", "Fail over", "change"),
    ] {
        let path = format!("runbooks/{id}.yaml");
        sandbox.file(&path, book(title, effect));
        sandbox.trust(&path);
    }
    let path = sandbox.root().join("home/.config/surefoot/config.toml");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, format!("schema = \"surefoot-config/v1\"\n{settings}")).unwrap();
    sandbox
}

fn walks(sandbox: &Sandbox, arguments: &[&str]) {
    let outcome = sandbox.surefoot(arguments).run();
    assert_eq!(outcome.code(), 0, "{}", outcome.text());
}

fn told(sandbox: &Sandbox, more: &[&str]) -> String {
    let outcome = sandbox.surefoot(&["insights", "readiness"]).arguments(more).run();
    assert_eq!(outcome.code(), 0, "{}", outcome.text());
    sandbox.redact(&outcome.stdout)
}

#[test]
fn what_was_practised_and_what_nobody_has_are_told_apart() {
    let sandbox = machine("");
    walks(&sandbox, &["run", "runbooks/disk-full.yaml", "--auto", "read"]);
    walks(&sandbox, &["drill", "runbooks/disk-full.yaml"]);
    walks(&sandbox, &["drill", "runbooks/disk-full.yaml"]);
    walks(&sandbox, &["drill", "runbooks/disk-full.yaml", "--learn"]);
    let text = told(&sandbox, &[]);
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("Practice on this machine"), "{text}");
    for line in [
        "shop/disk-full  The disk is full",
        "    LOGIN@HOST  incident ",
        "    LOGIN@HOST  drill 2 times, last ",
        "    LOGIN@HOST  training ",
    ] {
        assert!(text.lines().any(|other| other.starts_with(line)), "{line} in\n{text}");
    }
    assert!(
        text.ends_with(
            "
Nobody has practised these, which change something:
  shop/failover  Fail over  (1 change)

Nobody has practised these, which only read:
  shop/cache-cold  The cache is cold
"
        ),
        "{text}"
    );
    // A drill and a training are never \"last walked OK\".
    let other = machine("");
    walks(&other, &["drill", "runbooks/disk-full.yaml", "--learn"]);
    let list = other.surefoot(&["list", "--format", "json"]).run();
    let list: Value = serde_json::from_str(&list.stdout).unwrap();
    let walked = list.as_array().unwrap().iter().map(|it| &it["walked_ok_on_this_machine"]);
    assert!(walked.clone().all(Value::is_null), "{list}");
    let history = other.surefoot(&["history"]).run();
    assert!(history.stdout.contains("The disk is full (training)"), "{}", history.stdout);
}

#[test]
fn it_is_narrowed_by_runbook_service_and_person() {
    let sandbox = machine("");
    walks(&sandbox, &["drill", "runbooks/disk-full.yaml"]);
    assert!(!told(&sandbox, &["--runbook", "disk-full"]).contains("failover"));
    assert!(told(&sandbox, &["--runbook", "fail"]).contains("shop/failover"));
    assert!(told(&sandbox, &["--service", "other"]).contains("No runbooks are known here"));
    let own = told(&sandbox, &["--person", &login()]);
    assert!(own.contains("has not practised these, which change something:"), "{own}");
    assert!(own.contains("@HOST  drill "), "{own}");
    let stranger = told(&sandbox, &["--person", "nobody-of-that-name"]);
    assert!(!stranger.contains("@HOST"), "{stranger}");
    let unknown = sandbox.surefoot(&["insights", "readiness", "--runbook", "no-such"]).run();
    assert_eq!(unknown.code(), 2, "{}", unknown.text());
    let json = told(&sandbox, &["--runbook", "disk-full", "--format", "json"]);
    let json: Value = serde_json::from_str(&json).unwrap();
    let practised = &json["runbooks"][0]["practised"][0];
    assert_eq!((&practised["way"], &practised["times"]), (&"drill".into(), &1.into()), "{json}");
    assert_eq!(practised["digest"], "DIGEST");
}

#[test]
fn the_team_sees_what_its_people_practised() {
    let shared = tempfile::tempdir().unwrap();
    let settings = format!("[records]\nfolder = \"{}\"\n", shared.path().display());
    let (one, other) = (machine(&settings), machine(&settings));
    assert!(told(&other, &[]).contains("were never read"));
    walks(&one, &["drill", "runbooks/failover.yaml"]);
    walks(&one, &["drill", "runbooks/failover.yaml", "--learn"]);
    walks(&one, &["records", "sync"]);
    walks(&other, &["drill", "runbooks/disk-full.yaml"]);
    walks(&other, &["records", "sync"]);
    let text = told(&other, &[]);
    assert!(text.contains("and in the team's records at"), "{text}");
    let failover = text.split("shop/failover").nth(1).unwrap();
    let failover = failover.split("\n\n").next().unwrap();
    assert!(failover.contains("@HOST  drill "), "{text}");
    assert!(failover.contains("@HOST  training "), "{text}");
    // What is here and there is told of once.
    assert!(!text.contains("times"), "{text}");
    assert!(!text.contains("which change something"), "{text}");
}
