//! Alerts: what is read of a payload has a name that can be shown and a digest that is a file's name; what
//! is asked of it by matchers ends; and no rule file keeps the reader from its end.

use std::fs;

use surefoot::catalog::{matches, read_notification, read_rules};
use surefoot::runbook::Matcher;

pub(super) fn run(data: &[u8]) {
    match read_notification(data) {
        Ok(read) => {
            for alert in &read.alerts {
                let fingerprint = alert.fingerprint();
                assert!(
                    fingerprint.len() == 16 && fingerprint.bytes().all(|b| b.is_ascii_hexdigit())
                );
                let labels = alert.alert.labels.keys();
                assert!(labels.clone().all(|name| !super::has_controls(name)), "{labels:?}");
                let matcher = Matcher::parse("alertname=~\".+\"").expect("a matcher");
                let named = !alert.name().is_empty() && !alert.name().contains('\n');
                assert_eq!(matches(&[matcher], &alert.alert.labels), named);
            }
        }
        Err(error) => assert!(!super::has_controls(&error.to_string()), "{error}"),
    }
    let text = String::from_utf8_lossy(data);
    if let Ok(matcher) = Matcher::parse(&text) {
        let again = Matcher::parse(&matcher.to_string()).expect("what is written can be read");
        assert_eq!(again.to_string(), matcher.to_string());
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("rules.yaml");
    fs::write(&path, data).expect("a file");
    for file in read_rules(&[path]) {
        let length = file.source.text.len();
        assert!(file.findings.iter().all(|found| found.span.end <= length.max(1)));
        assert!(file.alerts.iter().all(|alert| file.source.text.get(alert.span.clone()).is_some()));
    }
}

pub(super) fn seeds() -> Vec<Vec<u8>> {
    [
        r#"{"version":"4","truncatedAlerts":1,"alerts":[{"status":"firing","labels":{"alertname":"A"},"annotations":{"x":"y\n"},"startsAt":"2026-03-01T02:34:00Z","generatorURL":"http://a"}]}"#,
        r#"[{"labels":{"alertname":"A"},"status":{"state":"suppressed"}}]"#,
        r#"{"labels":{"x":"y"}}"#,
        r#"alertname=~"a|[b-d]\\d+\"""#,
        "a!~[[:alpha:]&&]",
        "groups:\n- name: g\n  labels: { a: b }\n  rules:\n  - alert: A\n    expr: sum by (a) (x)\n    labels: { s: '{{ $x }}' }\n",
        "kind: PrometheusRule\nspec:\n  groups:\n  - rules: [ { alert: A, annotations: { runbook_url: x } } ]\n---\nb: 1\n...\n",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}
