//! `check --alerts`: alerting rules and runbooks that do not find each other, in every form of findings.

use serde_json::Value;

use crate::alerts::answering;
use crate::sandbox::Sandbox;

/// A rule file as Prometheus reads it.
const DISKS: &str = "\
groups:
- name: disks
  rules:
  - record: disk:used
    expr: 1 - free
  - alert: DiskFull
    expr: disk:used > 0.95
    labels: { severity: page }
    annotations:
      summary: \"{{ $labels.instance }} is full\"
      runbook_url: runbooks/disk-full.yaml
  - alert: DiskSlow
    expr: latency > 1
    annotations:
      runbook_url: docs/disk-slow.md#first
  - alert: Watchdog
    expr: vector(1)
    annotations: { no_runbook: it only proves that alerts arrive }
";

/// A resource as the operator for Kubernetes reads it, behind another one.
const QUEUES: &str = "\
apiVersion: v1
kind: ConfigMap
metadata: { name: other }
---
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: { name: queues }
spec:
  groups:
  - name: queues
    rules:
    - alert: QueueLong
      expr: length > 100
      labels:
        severity: ticket
";

fn repository() -> Sandbox {
    let sandbox = Sandbox::new();
    let owned = "owner: { team: storage }\nescalation: [ { role: second, how: page the rota } ]\n";
    sandbox.file("rules/disks.yaml", DISKS).file("rules/deep/queues.yml", QUEUES);
    sandbox.file("rules/values.yaml", "replicas: 3\n");
    let runbook = |title: &str, matchers: &[&str]| answering(title, matchers, owned);
    sandbox.file("runbooks/disk-full.yaml", runbook("Full", &["alertname=\"DiskFull\""]));
    sandbox.file("runbooks/gone.yaml", runbook("Gone", &["alertname=\"DiskFul\""]));
    let queue = runbook("Queue", &["alertname=\"QueueLong\"", "severity=\"page\""]);
    sandbox.file("runbooks/queue.yaml", queue);
    sandbox
}

/// What must be found: code, file, line, column, and a part of the message.
const EXPECTED: [(&str, &str, u64, u64, &str); 5] = [
    ("runbook-without-alert", "runbooks/gone.yaml", 5, 12, "no rule raises an alert `DiskFul`"),
    ("runbook-without-alert", "runbooks/queue.yaml", 5, 12, "the rule sets `severity` to `ticket`"),
    (
        "alert-without-runbook",
        "rules/disks.yaml",
        12,
        12,
        "no runbook answers the alert `DiskSlow`",
    ),
    ("dead-runbook-url", "rules/disks.yaml", 15, 20, "docs/disk-slow.md#first"),
    (
        "alert-without-runbook",
        "rules/deep/queues.yml",
        12,
        14,
        "no runbook answers the alert `QueueLong`",
    ),
];

#[test]
fn what_does_not_find_each_other_is_told_with_its_place() {
    let sandbox = repository();
    let outcome = sandbox.surefoot(&["check", "--format", "json", "--alerts", "rules"]).run();
    assert_eq!(outcome.code(), 0, "{}", outcome.text());
    let found: Vec<Value> = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(found.len(), EXPECTED.len(), "{}", outcome.stdout);
    for (code, path, line, column, message) in EXPECTED {
        let same = |it: &&Value| {
            it["code"] == code
                && it["path"] == path
                && (it["line"].as_u64(), it["column"].as_u64()) == (Some(line), Some(column))
                && it["message"].as_str().is_some_and(|text| text.contains(message))
        };
        assert!(
            found.iter().any(|it| same(&it)),
            "{code} {path}:{line}:{column} {message}\n{found:#?}"
        );
    }
    let near = found.iter().find(|it| it["path"] == "runbooks/gone.yaml").unwrap();
    assert_eq!(near["help"], "did you mean `DiskFull`?");
}

#[test]
fn every_form_of_findings_tells_them() {
    let sandbox = repository();
    let said = |format: &str| {
        let words = ["check", "runbooks", "--format", format, "--alerts", "rules"];
        let outcome = sandbox.surefoot(&words).run();
        assert_eq!(outcome.code(), 0, "{}", outcome.text());
        outcome.stdout
    };
    let text = said("text");
    assert!(text.contains("rules/disks.yaml:15:20"), "{text}");
    assert!(text.ends_with("3 runbooks and 4 alerts, 0 errors, 5 warnings\n"), "{text}");
    let github = said("github");
    assert!(github.contains("::warning file=rules/disks.yaml,line=12,"), "{github}");
    let sarif: Value = serde_json::from_str(&said("sarif")).unwrap();
    let rules = sarif["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    for (code, ..) in EXPECTED {
        let rule = rules.iter().find(|rule| rule["id"] == code);
        let rule = rule.unwrap_or_else(|| panic!("no {code}: {rules:?}"));
        assert!(rule["fullDescription"]["text"].is_string(), "{rule}");
    }
}

#[test]
fn a_runbook_for_rules_elsewhere_says_so() {
    let sandbox = repository();
    let gone = sandbox.read("runbooks/gone.yaml");
    let silent = format!("{gone}allow: {{ runbook-without-alert: raised by the cloud }}\n");
    sandbox.file("runbooks/gone.yaml", silent);
    let words = ["check", "runbooks/gone.yaml"];
    let alone = sandbox.surefoot(&words).run();
    assert_eq!(alone.stdout, "1 runbook, no findings\n", "{}", alone.text());
    let compared = sandbox.surefoot(&words).arguments(&["--alerts", "rules"]).run();
    assert!(!compared.stdout.contains("runbook-without-alert"), "{}", compared.text());
}

#[test]
fn what_holds_no_rules_is_an_error_where_it_is_named() {
    let sandbox = repository();
    sandbox.file("rules/broken.yaml", "groups:\n- rules:\n  - alert: [\n");
    let checked = |rules: &str| {
        let words = ["check", "runbooks/disk-full.yaml", "--alerts", rules];
        sandbox.surefoot(&words).run()
    };
    for (rules, part) in [
        ("rules/values.yaml", "it holds no rules of Prometheus"),
        ("rules/missing.yaml", "there is no such file"),
        ("rules/broken.yaml", "rules/broken.yaml:"),
        ("rules", "rules/broken.yaml:"),
    ] {
        let outcome = checked(rules);
        assert_eq!(outcome.code(), 3, "{rules}: {}", outcome.text());
        assert!(outcome.stdout.contains(part), "{rules}: {}", outcome.text());
    }
}

#[test]
fn links_into_a_repository_that_is_here_are_judged_and_nothing_is_run() {
    let sandbox = repository();
    sandbox.file(".git/config", "[remote \"origin\"]\n\turl = git@git.example:shop/web.git\n");
    let link = |path: &str| format!("https://git.example/shop/web/-/blob/main/{path}");
    let rules = |url: &str| {
        format!(
            "groups:\n- rules:\n  - alert: DiskFull\n    expr: x\n    annotations:\n      runbook_url: {url}\n"
        )
    };
    for (url, dead) in [
        (link("runbooks/disk-full.yaml"), false),
        (link("runbooks/moved.yaml"), true),
        ("https://wiki.example/disk-full".to_owned(), false),
        ("shop/disk-full".to_owned(), false),
    ] {
        sandbox.file("one.yaml", rules(&url));
        let words = ["check", "runbooks/disk-full.yaml", "--alerts", "one.yaml"];
        let outcome = sandbox.surefoot(&words).env("PATH", "/nonexistent").run();
        assert_eq!(outcome.stdout.contains("dead-runbook-url"), dead, "{url}: {}", outcome.text());
    }
}
