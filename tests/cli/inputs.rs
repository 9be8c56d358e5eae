//! Inputs, environments and alerts: where values come from, and what is said of those that do not.

use crate::sandbox::Sandbox;

const INPUTS: &str = "\
schema: surefoot/v1
title: Inputs
service: shop
alerts:
  - match: [ 'alertname=\"Slow\"' ]
    inputs:
      where: labels.namespace
      node: { from: labels.instance, regex: '([^:]+)' }
inputs:
  where: { type: name, default: everywhere }
  node: { type: host, required: false }
  count: { type: integer, min: 1, max: 9, default: 3 }
  size: { type: string, choices: [ small, large ], default: small }
steps:
  - end: done
";

/// The inputs of the only run: name, value, origin.
fn given(sandbox: &Sandbox) -> Vec<String> {
    let started = &sandbox.events_of("run_started")[0];
    let inputs = started["inputs"].as_array().unwrap().iter();
    inputs
        .map(|it| {
            let name = it["name"].as_str().unwrap();
            format!("{name} {} {}", it["value"]["open"]["value"], it["origin"].as_str().unwrap())
        })
        .collect()
}

#[test]
fn defaults_hold_where_nothing_is_given() {
    let sandbox = Sandbox::trusting(INPUTS);
    assert_eq!(sandbox.surefoot(&["run", "runbook.yaml"]).run().code(), 0);
    let expected = ["where \"everywhere\" default", "count 3 default", "size \"small\" default"];
    assert_eq!(given(&sandbox), expected);
}

#[test]
fn the_strongest_source_wins() {
    let alert = r#"{ "labels": { "alertname": "Slow", "namespace": "from-alert", "instance": "db1:9100" } }"#;
    let alone = |arguments: &[&str], variable: Option<&str>| {
        let sandbox = Sandbox::trusting(INPUTS);
        let words = [&["run", "runbook.yaml"], arguments].concat();
        let mut call = sandbox.surefoot(&words).stdin(alert);
        if let Some(value) = variable {
            call = call.env("SUREFOOT_INPUT_WHERE", value);
        }
        let outcome = call.run();
        assert_eq!(outcome.code(), 0, "{}", outcome.text());
        given(&sandbox)
    };
    let set = alone(&["--set", "where=from-set", "--alert", "-"], Some("from-env"));
    assert_eq!(set[0], "where \"from-set\" set");
    let alerted = alone(&["--alert", "-"], Some("from-env"));
    assert_eq!(alerted[..2], ["where \"from-alert\" alert", "node \"db1\" alert"]);
    let environment = alone(&[], Some("from-env"));
    assert_eq!(environment[0], "where \"from-env\" environment");
}

#[test]
fn all_problems_are_said_at_once_and_nothing_runs() {
    let runbook = INPUTS
        .replace("  count:", "  needed: { type: string }\n  other: { type: url }\n  count:")
        .replace("steps:", "environments:\n  staging: { at: a }\n  production: { at: b }\nsteps:");
    let sandbox = Sandbox::trusting(&runbook);
    let call = [
        "run",
        "runbook.yaml",
        "--set",
        "count=12",
        "--set",
        "size=medium",
        "--set",
        "wher=x",
        "--set",
        "nothing",
        "--set",
        "where=",
        "--set",
        "node=a b",
        "--env",
        "prod",
    ];
    sandbox.surefoot(&call).check(r"
        exit 2
        --- stderr
        error: nothing was run:
        there is no environment `prod`; there are: staging, production
        the runbook has no input `wher`; did you mean `where`?
        `--set nothing` is not NAME=VALUE
        input `where` is empty
        input `node`: `a b` is not a host: write a DNS name such as db-1.example.org, or an IP address
        input `count`: `12` is above the maximum, 9
        input `size`: `medium` is none of the choices: `small`, `large`
        input `needed` is not set: --set needed=...
        input `other` is not set: --set other=...
    ");
    assert!(sandbox.runs().is_empty());
}

#[test]
fn an_environment_must_be_chosen() {
    let runbook = INPUTS
        .replace("steps:", "environments:\n  staging: { at: a }\n  production: { at: b }\nsteps:");
    let sandbox = Sandbox::trusting(&runbook);
    sandbox.surefoot(&["run", "runbook.yaml"]).check(
        r"
        exit 2
        --- stderr
        error: nothing was run:
        choose an environment with --env: staging, production
    ",
    );
    sandbox.surefoot(&["run", "runbook.yaml", "--env", "Staging"]).check(
        r"
        exit 2
        --- stderr
        error: nothing was run:
        there is no environment `Staging`; there are: staging, production
    ",
    );
    let outcome = sandbox.surefoot(&["run", "runbook.yaml", "--env", "staging"]).run();
    assert_eq!(outcome.code(), 0, "{}", outcome.text());
    assert_eq!(sandbox.events_of("run_started")[0]["environment"], "staging");
}

#[test]
fn an_environment_that_is_not_utf8_is_no_input() {
    let sandbox = Sandbox::trusting(INPUTS);
    let script = "SUREFOOT_INPUT_WHERE=$(printf '\\377') exec \"$0\" run runbook.yaml";
    let call = sandbox.surefoot(&[]).under(&["bash", "-c", script]);
    let outcome = call.run();
    assert_eq!(outcome.code(), 2, "{}", outcome.text());
    assert!(outcome.stderr.contains("input `where`: its environment variable is not UTF-8"));
}

#[test]
fn alerts_come_as_alertmanager_sends_them() {
    let sent = r#"{ "version": "4", "status": "firing", "commonLabels": {},
        "alerts": [ { "status": "firing", "labels": { "alertname": "Slow", "namespace": "shop" }, "annotations": {} } ] }"#;
    let sandbox = Sandbox::trusting(INPUTS);
    sandbox.file("alert.json", sent);
    let outcome = sandbox.surefoot(&["run", "runbook.yaml", "--alert", "alert.json"]).run();
    assert_eq!(outcome.code(), 0, "{}", outcome.text());
    assert_eq!(given(&sandbox)[0], "where \"shop\" alert");
    assert_eq!(sandbox.events_of("run_started")[0]["alert"]["labels"]["namespace"], "shop");
}

#[test]
fn what_is_no_alert_is_a_usage_error() {
    let sandbox = Sandbox::trusting(INPUTS);
    for text in ["", "no json", "[]", "{}", "{ \"alerts\": [] }", "{ \"labels\": 3 }", "\u{0}"] {
        let call = sandbox.surefoot(&["run", "runbook.yaml", "--alert", "-"]).stdin(text);
        let outcome = call.run();
        assert_eq!(outcome.code(), 2, "{text:?}: {}", outcome.text());
        assert!(!outcome.stderr.contains("panicked"));
    }
    let missing = sandbox.surefoot(&["run", "runbook.yaml", "--alert", "missing.json"]).run();
    assert_eq!(missing.code(), 2, "{}", missing.text());
    assert!(sandbox.runs().is_empty());
}

#[test]
fn a_hostile_label_is_refused_by_the_type_of_the_input() {
    let sandbox = Sandbox::trusting(INPUTS);
    for value in ["$(touch ran)", "; touch ran", "-o", "a b", "x\\ny", "\\u001b[2J"] {
        let alert = format!(r#"{{ "labels": {{ "alertname": "Slow", "namespace": "{value}" }} }}"#);
        let call = sandbox.surefoot(&["run", "runbook.yaml", "--alert", "-"]).stdin(alert);
        let outcome = call.run();
        assert_eq!(outcome.code(), 2, "{value:?}: {}", outcome.text());
        assert!(
            outcome.stderr.chars().all(|c| c == '\n' || !c.is_control()),
            "{:?}",
            outcome.stderr
        );
    }
    assert!(sandbox.runs().is_empty());
}

#[test]
fn each_item_of_a_list_is_among_what_a_command_offers() {
    let book = "schema: surefoot/v1
title: Hosts
service: shop
inputs: { hosts: { type: list, choices: { run: \"printf 'a\\\\nb\\\\n'\" } } }
steps:
  - { id: it, title: It, effect: read, run: [ printf, '<%s>', '{{hosts}}' ] }
  - end: done
";
    let run = |hosts: &str| {
        let sandbox = Sandbox::trusting(book);
        let set = format!("hosts={hosts}");
        sandbox.surefoot(&["run", "runbook.yaml", "--set", &set]).run()
    };
    let both = run("a, b");
    assert_eq!(both.code(), 0, "{}", both.text());
    assert!(both.stderr.contains("<a><b>"), "{}", both.text());
    let other = run("a,c");
    assert_eq!(other.code(), 2, "{}", other.text());
    assert!(other.stderr.contains("`c` is not among the choices: a, b"), "{}", other.text());
}
