//! Walks whose questions are answered by a file.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::sandbox::Sandbox;

/// What an alert runbook is made of: typed values, a secret, captures, findings, a page, a value
/// typed back, a decision with a way back, several hosts, verification, a poll, final steps.
const ALERT: &str = include_str!("alert.yaml");

fn walked(answers: &str) -> (Sandbox, i32, String) {
    let sandbox = Sandbox::trusting(ALERT);
    sandbox.file("answers.yaml", answers);
    let call = ["run", "runbook.yaml", "--set", "region=east", "--auto", "read"];
    let more = ["--yes", "change", "--answers", "answers.yaml"];
    let outcome = sandbox.surefoot(&call).arguments(&more).run();
    let (code, text) = (outcome.code(), outcome.text());
    (sandbox, code, text)
}

fn shown(sandbox: &Sandbox) -> Vec<String> {
    let started = sandbox.events_of("attempt_started");
    started.iter().filter_map(|it| it["shown"].as_str().map(str::to_owned)).collect()
}

#[test]
fn an_alert_is_walked_to_its_end() {
    let (sandbox, code, text) = walked("page: done\nnoted: red\ncause: scale\ntell: done\n");
    assert_eq!(code, 0, "{text}");
    let shown = shown(&sandbox);
    for host in ["h1", "h2", "h3"] {
        assert!(shown.contains(&format!("echo {host} is up")), "{shown:?}");
    }
    assert!(shown.contains(&"echo h1 h2 h3".to_owned()), "{shown:?}");
    assert!(!sandbox.journal().contains("made-up-word-for-tests"));
    let finished = &sandbox.events_of("run_finished")[0];
    assert_eq!(finished["outcome"], "resolved");
    assert_eq!(finished["still_changed"][0], "config");
}

#[test]
fn an_alert_is_handed_over() {
    let (sandbox, _, text) = walked("page: done\nnoted: green\ncause: help\nhelp.1: done\n");
    let finished = sandbox.events_of("run_finished");
    assert_eq!(finished.len(), 1, "{text}");
    assert_eq!(finished[0]["outcome"], "escalated");
    assert!(!shown(&sandbox).iter().any(|it| it.contains("workers=")), "{text}");
}

/// What a restore is made of: a value from the alert, a choice from a produced list, two ways to one
/// goal, an optional step, a guard, a place that proves what it is, a value noted and restored, a
/// file made and used, a command beside others, a point of no return.
const RESTORE: &str = include_str!("restore.yaml");

const ALERT_OF: &str =
    r#"{"alerts":[{"labels":{"alertname":"OrdersLost","shop":"east"},"annotations":{}}]}"#;

fn restored(answers: &str, writers: &str) -> (Sandbox, i32, String) {
    let sandbox = Sandbox::trusting(RESTORE);
    sandbox.file("answers.yaml", answers);
    sandbox.file("alert.json", ALERT_OF);
    let writers = format!("writers={writers}");
    let call = ["run", "runbook.yaml", "--alert", "alert.json", "--set", &writers];
    let more =
        ["--change", "CHG-7", "--auto", "read", "--yes", "change", "--answers", "answers.yaml"];
    let outcome = sandbox.surefoot(&call).arguments(&more).run();
    let (code, text) = (outcome.code(), outcome.text());
    (sandbox, code, text)
}

#[test]
fn a_restore_is_walked_to_its_end() {
    let (sandbox, code, text) = restored("which: tue\nhow: copy\noptional: skip\n", "0");
    assert_eq!(code, 0, "{text}");
    let started = &sandbox.events_of("run_started")[0];
    assert_eq!(started["change"], "CHG-7");
    assert_eq!(started["inputs"][0]["origin"], "alert");
    let work = |name: &str| std::fs::read_to_string(sandbox.run().join("work").join(name)).unwrap();
    assert_eq!(work("restored"), "tue\n");
    assert_eq!(work("replicas"), "1\n");
    let shown = shown(&sandbox);
    assert!(shown.contains(&"echo in the store of east".to_owned()), "{shown:?}");
    // The recording ran beside the start, and was stopped with its group.
    let ends = sandbox.events_of("attempt_ended");
    let stopped: Vec<_> = ends.iter().filter(|it| it["end"]["end"] == "interrupted").collect();
    assert_eq!(stopped.len(), 1, "{text}");
    assert_eq!(stopped[0]["verdict"]["verdict"], "passed");
    assert_eq!(sandbox.events_of("readied").len(), 1);
    assert_eq!(sandbox.events_of("run_finished")[0]["outcome"], "resolved");
}

#[test]
fn a_guard_stops_a_restore_before_it_changes_anything() {
    let (sandbox, code, text) = restored("which: mon\nhow: copy\n", "2");
    assert_ne!(code, 0, "{text}");
    assert!(!sandbox.run().join("work/restored").exists(), "{text}");
    let shown = shown(&sandbox);
    assert!(
        !shown.iter().any(|it| it.contains("> replicas") && it.contains("echo 1")),
        "{shown:?}"
    );
}

/// What a runbook is made of that works in other places: two alerts, environments, a pod, a
/// container, another user, evidence that would be gone.
const PLACES: &str = include_str!("places.yaml");

/// Stand-ins for the programs that lead there. Each leads to this machine and says where one is.
const STAND_INS: [(&str, &str); 3] = [
    (
        "docker",
        r#"#!/bin/sh
[ "$1 $2" = "exec -i" ] || exit 125
BOX=$3; shift 3
exec env BOX="$BOX" PLACE="$HOME" "$@"
"#,
    ),
    (
        "kubectl",
        r#"#!/bin/sh
case " $* " in
  *" version "*) echo 'Client Version: v1.31.2'; exit ;;
  *" get pods "*) echo pod/worker-7; exit ;;
  *" logs "*) echo "$6: no lease since noon"; exit ;;
  *" exec "*) ;;
  *) exit 64 ;;
esac
while [ "$1" != -- ]; do case $1 in worker-*) POD=$1 ;; esac; shift; done
shift
cd /
exec env -i PATH=/usr/bin:/bin POD="$POD" setsid --wait "$@"
"#,
    ),
    (
        "sudo",
        r#"#!/bin/sh
while [ "$1" != -- ]; do [ "$1" = -u ] && SUDO_TO=$2; shift; done
shift
exec env SUDO_TO="$SUDO_TO" "$@"
"#,
    ),
];

/// Walks it with an alert, in an environment.
fn placed(alert: &str, environment: &str) -> (Sandbox, i32, String) {
    let sandbox = Sandbox::trusting(PLACES);
    for (name, text) in STAND_INS {
        let path = format!("bin/{name}");
        sandbox.file(&path, text);
        fs::set_permissions(sandbox.path(&path), fs::Permissions::from_mode(0o755)).unwrap();
    }
    sandbox.file("alert.json", alert);
    let call = ["run", "runbook.yaml", "--alert", "alert.json", "--env", environment];
    let path = format!("{}:/usr/bin:/bin", sandbox.path("bin").display());
    let call = sandbox.surefoot(&call).env("PATH", &path);
    let outcome = call.arguments(&["--auto", "read", "--yes", "change"]).run();
    let (code, text) = (outcome.code(), outcome.text());
    (sandbox, code, text)
}

const STUCK: &str =
    r#"{"alerts":[{"labels":{"alertname":"WorkersStuck","host":"web-1"},"annotations":{}}]}"#;

const OLD: &str = r#"{"alerts":[{"labels":{"alertname":"QueueOld","severity":"page","instance":"web-2:9100"},"annotations":{}}]}"#;

#[test]
fn commands_run_in_their_places() {
    let (sandbox, code, text) = placed(STUCK, "staging");
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("stuck in worker-7"), "{text}");
    let started = sandbox.events_of("attempt_started");
    let at = |place: &str, role: &str| {
        let found = started.iter().find(|it| it["place"] == place && it["role"] == role);
        found.unwrap_or_else(|| panic!("nothing ran at {place}: {text}")).clone()
    };
    assert_eq!(at("pod worker-7 (app) of stg-eu/shop", "main")["target"], "pod");
    let change = at("docker exec -i web-1, as git", "main");
    assert_eq!((&change["target"], &change["identity"]), (&"box".into(), &"web-1".into()));
    // The proof of a place is of the place, and not of the user.
    at("docker exec -i web-1", "assert");
    let reference = fs::read_to_string(sandbox.root().join("home/reference")).unwrap();
    assert_eq!(reference, "web-1 as git\n");
    assert!(!shown(&sandbox).iter().any(|it| it.contains("-eq 3")), "{text}");
}

#[test]
fn each_environment_has_its_own_values_and_care() {
    let (sandbox, code, text) = placed(OLD, "production");
    // The production is protected: no flag agrees to a change there.
    assert_eq!(code, 8, "{text}");
    let shown = shown(&sandbox);
    assert!(shown.contains(&"test 3 -eq 3".to_owned()), "{shown:?}");
    assert!(
        shown.iter().any(|it| it.contains("--context prod-eu") && it.contains("host=web-2")),
        "{shown:?}"
    );
    assert!(!shown.iter().any(|it| it.contains("stg-eu")), "{shown:?}");
    assert!(!sandbox.root().join("home/reference").exists());
}

#[test]
fn evidence_is_kept_before_it_is_gone() {
    let (sandbox, _, text) = placed(STUCK, "staging");
    let ends = sandbox.events_of("attempt_ended");
    let kept: Vec<_> = ends.iter().filter_map(|it| it["evidence"].get(0)).collect();
    assert_eq!(kept.len(), 1, "{text}");
    let path = sandbox.run().join(kept[0]["path"].as_str().unwrap());
    assert_eq!(fs::read_to_string(path).unwrap(), "worker-7: no lease since noon\n");
    assert_eq!(sandbox.surefoot(&["verify"]).run().code(), 0);
}

#[test]
fn what_is_needed_is_looked_at_first() {
    let (sandbox, code, text) = placed(STUCK, "staging");
    assert_eq!(code, 0, "{text}");
    let started = sandbox.events_of("attempt_started");
    assert_eq!(started[0]["role"], "require", "{text}");
    assert_eq!(started[0]["shown"], "kubectl version --client");
    // Without the programs nothing is begun.
    let sandbox = Sandbox::trusting(PLACES);
    sandbox.file("alert.json", STUCK);
    let call = ["run", "runbook.yaml", "--alert", "alert.json", "--env", "staging"];
    let outcome = sandbox.surefoot(&call).arguments(&["--auto", "read"]).run();
    assert_eq!(outcome.code(), 4, "{}", outcome.text());
    assert!(outcome.stderr.contains("program docker: not found"), "{}", outcome.text());
    assert!(sandbox.events_of("step_entered").is_empty(), "{}", outcome.text());
}

#[test]
fn both_ways_lead_to_the_goal() {
    for (way, restored_to) in [("copy", "mon\n"), ("replay", "replayed\n")] {
        let answers = format!("which: mon\nhow: {way}\noptional: skip\n");
        let (sandbox, code, text) = restored(&answers, "0");
        assert_eq!(code, 0, "{text}");
        let work = sandbox.run().join("work/restored");
        assert_eq!(fs::read_to_string(work).unwrap(), restored_to);
        let chosen = sandbox.events_of("answered").into_iter().find(|it| it["step"] == "how");
        assert_eq!(chosen.unwrap()["answer"]["option"], way);
    }
}
