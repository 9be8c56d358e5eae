//! From an alert to its runbook: `alert`, `run --alert` without a runbook, and what is said where nobody
//! can be asked.

use serde_json::{Value, json};

use crate::pty::Session;
use crate::sandbox::{PROGRAM, Sandbox};

/// A runbook that answers an alert and does nothing.
pub(crate) fn answering(title: &str, matchers: &[&str], inputs: &str) -> String {
    let matchers: Vec<String> = matchers.iter().map(|it| format!("'{it}'")).collect();
    format!(
        "schema: surefoot/v1
title: {title}
service: shop
alerts:
  - match: [ {} ]
{inputs}
steps:
  - id: look
    title: Look
    effect: read
    run: echo looked
  - end: done
",
        matchers.join(", ")
    )
}

/// What takes the host and the share from the alert, and asks for the folder.
const DISK_INPUTS: &str = "    inputs:
      host: { from: labels.instance, regex: '^([^:]+)' }
      used: labels.used
inputs:
  host: { type: host }
  used: { type: integer, max: 100, default: 0 }
  folder: { type: path }
";

/// Three runbooks: two for a full disk, one of them for one host; and one for all that is critical.
fn catalogue() -> Sandbox {
    let sandbox = Sandbox::new();
    let disk = answering("Disk is full", &["alertname=\"DiskFull\""], DISK_INPUTS);
    let database =
        answering("Disk of a database", &["alertname=\"DiskFull\"", "instance=~\"db.*\""], "");
    let critical = answering("Anything critical", &["severity=~\"critical|page\""], "");
    sandbox.file("runbooks/disk-full.yaml", disk);
    sandbox.file("runbooks/database-disk.yaml", database);
    sandbox.file("runbooks/critical.yaml", critical);
    sandbox
}

/// What Alertmanager sends of alerts with these labels.
pub(crate) fn sent(alerts: &[(&str, Value)]) -> String {
    let alerts: Vec<Value> = alerts
        .iter()
        .map(|(status, labels)| {
            json!({ "status": status, "labels": labels, "annotations": { "summary": "s" },
                "startsAt": "2026-03-01T02:34:00Z" })
        })
        .collect();
    json!({ "version": "4", "status": "firing", "alerts": alerts }).to_string()
}

fn asked(sandbox: &Sandbox, payload: &str) -> Value {
    let call = sandbox.surefoot(&["alert", "-", "--format", "json"]).stdin(payload);
    let outcome = call.run();
    assert_eq!(outcome.code(), 0, "{}", outcome.text());
    serde_json::from_str(&outcome.stdout).unwrap()
}

fn ids(alert: &Value) -> Vec<&str> {
    let runbooks = alert["runbooks"].as_array().unwrap().iter();
    runbooks.map(|runbook| runbook["id"].as_str().unwrap()).collect()
}

#[test]
fn the_closest_runbook_comes_first_with_the_reason_and_the_inputs() {
    let sandbox = catalogue();
    let labels = json!({ "alertname": "DiskFull", "instance": "db1:9100", "severity": "page",
        "used": "many" });
    let answer = asked(&sandbox, &sent(&[("firing", labels)]));
    let alert = &answer["alerts"][0];
    assert_eq!(ids(alert), ["database-disk", "disk-full", "critical"]);
    assert_eq!(alert["state"], "firing");
    let disk = &alert["runbooks"][1];
    assert_eq!(disk["service"], "shop");
    assert_eq!(disk["path"], "runbooks/disk-full.yaml");
    assert_eq!(disk["why"], "alertname=\"DiskFull\" (names labels: 1 by value)");
    assert_eq!(disk["inputs"], json!({ "host": { "value": "db1", "from": "labels.instance" } }));
    assert!(disk["unfilled"]["used"].as_str().unwrap().contains("`used`"), "{disk}");
    assert_eq!(disk["asked"], json!(["folder"]));
}

#[test]
fn what_people_read_says_the_same() {
    let sandbox = catalogue();
    let labels = json!({ "alertname": "DiskFull", "instance": "web1:9100", "used": "97" });
    sandbox
        .file("alert.json", sent(&[("firing", labels), ("resolved", json!({ "x": "\u{1b}[2J" }))]));
    let outcome = sandbox.surefoot(&["alert", "alert.json"]).run();
    assert_eq!(outcome.code(), 0, "{}", outcome.text());
    for part in [
        "DiskFull  firing, began ",
        "instance=web1:9100 used=97",
        "  1  shop/disk-full  Disk is full",
        "     because alertname=\"DiskFull\"  (names labels: 1 by value)",
        "     host = web1  (labels.instance)",
        "     used = 97  (labels.used)",
        "     asked for: folder",
        "     $ surefoot run runbooks/disk-full.yaml --alert alert.json",
        "an alert without a name  resolved, began ",
        "x=\\x1b[2J",
        "no runbook here answers it",
    ] {
        assert!(outcome.stdout.contains(part), "{part}\n{}", outcome.stdout);
    }
    let none =
        sandbox.surefoot(&["alert", "-"]).stdin(sent(&[("firing", json!({ "x": "y" }))])).run();
    assert_eq!(none.code(), 1, "{}", none.text());
}

#[test]
fn folders_can_be_named_and_an_invalid_runbook_is_not_hidden() {
    let sandbox = catalogue();
    sandbox.file("elsewhere/x.yaml", answering("Elsewhere", &["alertname=\"Far\""], ""));
    sandbox.file("elsewhere/broken.yaml", "schema: surefoot/v1\ntitle: Broken\n");
    let payload = sent(&[("firing", json!({ "alertname": "Far" }))]);
    let outcome = sandbox.surefoot(&["alert", "-", "elsewhere"]).stdin(payload).run();
    assert_eq!(outcome.code(), 0, "{}", outcome.text());
    assert!(outcome.stdout.contains("shop/x  Elsewhere"), "{}", outcome.text());
    assert!(outcome.stderr.contains("elsewhere/broken.yaml is invalid"), "{}", outcome.text());
}

#[test]
fn hostile_payloads_are_usage_errors() {
    let sandbox = catalogue();
    let deep = "[".repeat(100_000);
    let large = format!(r#"{{ "labels": {{ "x": "{}" }} }}"#, "y".repeat(9 << 20));
    for payload in [deep.as_str(), &large, "[[]]", r#"{ "labels": { "a\u0000": "b" } }"#, "\u{1b}"]
    {
        for words in
            [&["alert", "-"][..], &["run", "--alert", "-"], &["run", "critical", "--alert", "-"]]
        {
            let outcome = sandbox.surefoot(words).stdin(payload).run();
            let text = outcome.text();
            // An untrusted runbook is refused before the alert is looked at.
            let expected: &[i32] = if words.len() == 4 { &[2, 8] } else { &[2] };
            assert!(expected.contains(&outcome.code()), "{payload:.60}: {text}");
            assert!(!text.contains("panicked") && !text.contains('\u{1b}'), "{text}");
        }
    }
}

#[test]
fn without_a_person_the_only_closest_runbook_is_walked() {
    let sandbox = catalogue();
    sandbox.trust("runbooks/database-disk.yaml");
    let labels = json!({ "alertname": "DiskFull", "instance": "db1" });
    let payload = sent(&[("resolved", json!({ "alertname": "X" })), ("firing", labels)]);
    let outcome = sandbox.surefoot(&["run", "--alert", "-"]).stdin(payload).run();
    assert_eq!(outcome.code(), 0, "{}", outcome.text());
    let started = &sandbox.events_of("run_started")[0];
    assert_eq!(started["runbook"]["id"], "database-disk");
    assert_eq!(started["alert"]["labels"]["instance"], "db1");
}

#[test]
fn an_alert_gives_no_trust() {
    let sandbox = catalogue();
    let labels = json!({ "alertname": "DiskFull", "instance": "db1" });
    let payload = sent(&[("firing", labels)]);
    let outcome = sandbox.surefoot(&["run", "--alert", "-"]).stdin(payload).run();
    assert_eq!(outcome.code(), 8, "{}", outcome.text());
    assert!(sandbox.runs().is_empty());
}

#[test]
fn without_a_person_nothing_is_guessed() {
    let sandbox = catalogue();
    let run = |payload: String| sandbox.surefoot(&["run", "--alert", "-"]).stdin(payload).run();
    sandbox.file("runbooks/other.yaml", answering("Another", &["alertname=\"DiskFull\""], ""));
    let several = run(sent(&[("firing", json!({ "alertname": "DiskFull" }))]));
    assert_eq!(several.code(), 4, "{}", several.text());
    for name in ["shop/disk-full (alertname=\"DiskFull\")", "shop/other (alertname=\"DiskFull\")"] {
        assert!(several.stderr.contains(name), "{}", several.text());
    }
    let none = run(sent(&[("firing", json!({ "alertname": "Nothing" }))]));
    assert_eq!(none.code(), 3, "{}", none.text());
    let resolved = run(sent(&[("resolved", json!({ "alertname": "DiskFull" }))]));
    assert_eq!(resolved.code(), 2, "{}", resolved.text());
    assert!(sandbox.runs().is_empty());
}

#[test]
fn of_several_alerts_that_bring_other_inputs_none_is_guessed() {
    let sandbox = catalogue();
    sandbox.trust("runbooks/disk-full.yaml");
    let disk = |host: &str, zone: &str| {
        ("firing", json!({ "alertname": "DiskFull", "instance": host, "zone": zone }))
    };
    let run = |payload: String| {
        let words = ["run", "disk-full", "--alert", "-", "--set", "folder=/var"];
        sandbox.surefoot(&words).stdin(payload).run()
    };
    let several = run(sent(&[disk("web1:1", "a"), disk("web2:1", "a")]));
    assert_eq!(several.code(), 4, "{}", several.text());
    assert!(several.stderr.contains("instance=web2:1"), "{}", several.text());
    assert!(sandbox.runs().is_empty());
    // The same to the runbook.
    let same = run(sent(&[disk("web1:1", "a"), disk("web1:2", "b")]));
    assert_eq!(same.code(), 0, "{}", same.text());
}

/// The program on a terminal, in the folder of a sandbox.
pub(crate) fn on_terminal(sandbox: &Sandbox, words: &str) -> Session {
    let env = sandbox.environment();
    let env: Vec<(&str, &str)> = env.iter().map(|(name, text)| (&**name, &**text)).collect();
    let script = format!("cd {} && exec {PROGRAM} {words}", sandbox.path("").display());
    Session::start("/bin/sh", &["-c", &script], &env, 200)
}

#[test]
fn a_person_is_offered_the_closest_runbook_and_may_take_another() {
    let sandbox = catalogue();
    sandbox.trust("runbooks/critical.yaml");
    sandbox.trust("runbooks/database-disk.yaml");
    let labels = json!({ "alertname": "DiskFull", "instance": "db1", "severity": "page" });
    sandbox.file("alert.json", sent(&[("firing", labels)]));
    let offered = || {
        let mut session = on_terminal(&sandbox, "run --alert alert.json");
        session.wait_for("shop/database-disk");
        session.wait_for("because alertname=\"DiskFull\", instance=~\"db.*\"");
        session.wait_for("Walk it? y or n, or l to list all 3: ");
        session
    };
    let mut declined = offered();
    declined.send("n\n");
    declined.wait_for("no runbook was chosen");
    assert_eq!(declined.wait().code(), Some(4));
    assert!(sandbox.runs().is_empty());

    let mut listed = offered();
    listed.send("l\n");
    listed.wait_for("  3  shop/critical");
    listed.wait_for("A number, or Enter for none: ");
    listed.send("3\n");
    listed.wait_for("Anything critical");
    listed.wait_for("? more");
    listed.send("\n");
    assert!(listed.wait().success(), "{}", listed.screen());
    assert_eq!(sandbox.events_of("run_started")[0]["runbook"]["id"], "critical");

    let mut taken = offered();
    taken.send("y\n");
    taken.wait_for("? more");
    taken.send("\n");
    assert!(taken.wait().success(), "{}", taken.screen());
    assert_eq!(sandbox.runs().len(), 2);
}

#[test]
fn a_person_is_asked_for_the_environment_by_its_name() {
    let sandbox = Sandbox::new();
    let environments = "environments: { staging: { at: stg }, production: { at: prd } }\n";
    sandbox.file("runbooks/x.yaml", answering("Twice", &["alertname=\"X\""], environments));
    sandbox.trust("runbooks/x.yaml");
    sandbox.file("alert.json", sent(&[("firing", json!({ "alertname": "X" }))]));
    let mut session = on_terminal(&sandbox, "run x --alert alert.json");
    session.wait_for("Which environment? staging, production: ");
    session.send("2\n");
    session.wait_for("Which environment? staging, production: ");
    session.send("production\n");
    session.wait_for("? more");
    session.send("\n");
    assert!(session.wait().success(), "{}", session.screen());
    assert_eq!(sandbox.events_of("run_started")[0]["environment"], "production");
}

#[test]
fn a_person_is_asked_which_of_several_alerts_is_meant() {
    let sandbox = catalogue();
    sandbox.trust("runbooks/disk-full.yaml");
    let disk = |host: &str| ("firing", json!({ "alertname": "DiskFull", "instance": host }));
    sandbox.file("alert.json", sent(&[disk("web1:1"), disk("web2:1")]));
    let mut session = on_terminal(&sandbox, "run disk-full --alert alert.json --set folder=/var");
    session.wait_for("2 alerts fire that disk-full answers. Which one?");
    session.wait_for("  2  DiskFull instance=web2:1");
    session.wait_for("A number, or Enter for none: ");
    session.send("2\n");
    session.wait_for("? more");
    session.send("\n");
    assert!(session.wait().success(), "{}", session.screen());
    let inputs = sandbox.events_of("run_started")[0]["inputs"].to_string();
    assert!(inputs.contains("web2") && !inputs.contains("web1"), "{inputs}");
}
