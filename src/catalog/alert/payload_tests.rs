//! Tests of what is read from payloads, and of what is refused.

use proptest::prelude::*;

use super::*;

/// A webhook's notification with one alert that fires and one that does not.
const SENT: &str = r#"{
  "receiver": "surefoot", "status": "firing", "version": "4", "truncatedAlerts": 3,
  "groupKey": "{}:{alertname=\"DiskFull\"}", "groupLabels": { "alertname": "DiskFull" },
  "commonLabels": { "alertname": "DiskFull" }, "commonAnnotations": {},
  "externalURL": "http://alerts.example:9093",
  "alerts": [
    { "status": "resolved", "labels": { "alertname": "DiskFull", "host": "web2" }, "annotations": {},
      "startsAt": "2026-03-01T02:10:00Z", "endsAt": "2026-03-01T02:20:00Z", "generatorURL": "" },
    { "status": "firing", "labels": { "alertname": "DiskFull", "host": "web1" },
      "annotations": { "summary": "97 % of /var\nis used" }, "fingerprint": "0123456789abcdef",
      "startsAt": "2026-03-01T02:34:00.5+01:00", "endsAt": "0001-01-01T00:00:00Z",
      "generatorURL": "http://metrics.example/graph?g0.expr=x" }
  ]
}"#;

#[test]
fn a_notification_is_read_with_all_that_is_told_by_it() {
    let read = read_notification(SENT.as_bytes()).unwrap();
    assert_eq!(read.truncated, 3);
    assert_eq!(read.alerts.len(), 2);
    let firing = read.firing().unwrap();
    let [one] = firing.as_slice() else { panic!("one fires: {firing:?}") };
    assert_eq!(one.name(), "DiskFull");
    assert_eq!(one.alert.labels["host"], "web1");
    assert_eq!(one.alert.annotations["summary"], "97 % of /var\nis used");
    assert_eq!(one.since.unwrap().to_string(), "2026-03-01T01:34:00.5Z");
    assert_eq!(one.generator.as_deref(), Some("http://metrics.example/graph?g0.expr=x"));
    assert_eq!(read.alerts[0].state, State::Resolved);
    assert_eq!(read.alerts[0].generator, None);
}

#[test]
fn the_list_of_the_api_is_read_and_what_is_suppressed_comes_last() {
    let list = r#"[
      { "labels": { "alertname": "A" }, "annotations": {}, "receivers": [ { "name": "x" } ],
        "status": { "inhibitedBy": [], "silencedBy": [ "s" ], "state": "suppressed" } },
      { "labels": { "alertname": "B" }, "annotations": {}, "fingerprint": "x",
        "status": { "inhibitedBy": [], "silencedBy": [], "state": "active" } }
    ]"#;
    let read = read_notification(list.as_bytes()).unwrap();
    let names: Vec<_> = read.firing().unwrap().iter().map(|alert| alert.name()).collect();
    assert_eq!(names, ["B", "A"]);
}

#[test]
fn one_alert_alone_does() {
    let read = read_notification(br#"{ "labels": { "x": "y" } }"#).unwrap();
    assert_eq!(read.alerts[0].alert.labels["x"], "y");
    assert_eq!(read.alerts[0].state, State::Firing);
    assert_eq!(read.alerts[0].name(), "");
}

/// The first is the digest of no label at all, which is where FNV begins; the second was computed by
/// Alertmanager 0.25.
#[test]
fn fingerprints_are_those_of_alertmanager() {
    let of = |json: &str| read_notification(json.as_bytes()).unwrap().alerts[0].fingerprint();
    assert_eq!(of(r#"{ "labels": {} }"#), "cbf29ce484222325");
    let disk =
        r#"{ "labels": { "alertname": "DiskFull", "instance": "web1:9100", "severity": "page" } }"#;
    assert_eq!(of(disk), "1ae767cade4dcbe8");
    let ours = r#"{ "labels": { "b": "2", "a": "1" }, "fingerprint": "ffffffffffffffff" }"#;
    assert_eq!(of(ours), of(r#"{ "labels": { "a": "1", "b": "2" } }"#));
    assert_ne!(of(r#"{ "labels": { "a": "b" } }"#), of(r#"{ "labels": { "ab": "" } }"#));
}

#[test]
fn what_is_no_alert_is_refused_by_its_place() {
    let pair = |count: usize| {
        let pairs: Vec<String> = (0..count).map(|at| format!("\"l{at}\": \"\"")).collect();
        format!("{{ \"labels\": {{ {} }} }}", pairs.join(","))
    };
    let large = |each: usize| {
        let text = "y".repeat(each);
        let more = format!(r#"{{ "a": "{text}", "b": "{text}", "c": "{text}" }}"#);
        format!(r#"[ {{ "labels": {{}}, "annotations": {more} }} ]"#)
    };
    let long = |length: usize| format!(r#"{{ "labels": {{ "x": "{}" }} }}"#, "y".repeat(length));
    for (text, why) in [
        ("no json", "expected"),
        ("7", "`it` is a number, not an object or a list"),
        ("{}", "`labels` is missing, not an object"),
        ("[[]]", "`alerts[0]` is a list, not an object"),
        (r#"{ "alerts": {} }"#, "`alerts` is an object, not a list"),
        (r#"{ "alerts": null }"#, "`alerts` is null, not a list"),
        (r#"{ "alerts": [], "version": "5" }"#, "version `5`"),
        (r#"{ "alerts": [], "version": 4 }"#, "`version` is a number"),
        (r#"{ "alerts": [ {} ], "truncatedAlerts": -1 }"#, "`truncatedAlerts` is a number"),
        (r#"{ "labels": 3 }"#, "`labels` is a number, not an object"),
        (r#"[ { "labels": { "x": 1 } } ]"#, "`alerts[0].labels.x` is a number, not a text"),
        (r#"{ "labels": { "": "y" } }"#, "no label can have"),
        (r#"{ "labels": { "a\u001b[31m": "y" } }"#, "no label can have"),
        (r#"{ "labels": {}, "annotations": { "a": [] } }"#, "`annotations.a` is a list"),
        (r#"{ "labels": {}, "status": "burning" }"#, "neither firing nor resolved"),
        (r#"{ "labels": {}, "status": { "state": 1 } }"#, "`status.state` is a number"),
        (r#"{ "labels": {}, "startsAt": "soon" }"#, "not a time"),
        (r#"{ "labels": {}, "startsAt": 0 }"#, "`startsAt` is a number"),
        (r#"{ "labels": {}, "generatorURL": {} }"#, "`generatorURL` is an object"),
        ("{ \"labels\": { \"x\": \"\u{1}\" } }", "control character"),
        (&"[".repeat(1_000_000), "recursion limit"),
        (&pair(MOST_PAIRS + 1), "more than 256 entries"),
        (&long(LONGEST_VALUE + 1), "more than 64 KiB"),
        (&large(MOST_OF_AN_ALERT / 3), "`alerts[0]` has more than 128 KiB"),
    ] {
        match read_notification(text.as_bytes()) {
            Err(AlertFailed::Form(told)) => {
                assert!(told.contains(why), "{told}: {why}");
                assert!(!told.chars().any(is_unsafe), "{told:?}");
            }
            other => panic!("{text:.100} is {other:?}"),
        }
    }
    assert!(read_notification(pair(MOST_PAIRS).as_bytes()).is_ok());
    assert!(read_notification(long(LONGEST_VALUE).as_bytes()).is_ok());
    assert!(read_notification(large(MOST_OF_AN_ALERT / 3 - 1).as_bytes()).is_ok());
    assert!(matches!(read_notification(b"[]"), Err(AlertFailed::Empty)));
    assert!(matches!(read_notification(b" \n"), Err(AlertFailed::Nothing)));
    assert!(matches!(read_notification(b"\xff"), Err(AlertFailed::Form(_))));
    assert!(matches!(read_notification(&vec![b' '; MOST_BYTES + 1]), Err(AlertFailed::Form(_))));
    let many = format!("[{}]", vec![r#"{"labels":{}}"#; MOST_ALERTS + 1].join(","));
    assert!(matches!(read_notification(many.as_bytes()), Err(AlertFailed::Form(_))));
    let resolved = br#"{ "labels": {}, "status": "resolved" }"#;
    assert!(matches!(read_notification(resolved).unwrap().firing(), Err(AlertFailed::Resolved)));
}

#[test]
fn one_that_is_too_large_is_left_out_and_the_others_are_heard() {
    let large = "y".repeat(LONGEST_VALUE + 1);
    let text = format!(
        r#"[ {{ "labels": {{ "alertname": "A", "x": "{large}" }} }},
             {{ "labels": {{ "alertname": "B" }} }}, {{ "labels": 1 }} ]"#
    );
    let read = read_notification(text.as_bytes()).unwrap();
    let names: Vec<_> = read.alerts.iter().map(Received::name).collect();
    assert_eq!(names, ["B"]);
    let [first, second] = &read.left_out[..] else { panic!("{:?}", read.left_out) };
    assert!(first.contains("`alerts[0].labels.x` has more than 64 KiB"), "{first}");
    assert!(second.contains("`alerts[2].labels` is a number"), "{second}");
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_fail_otherwise_than_by_an_error(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        cut in 0..SENT.len(),
        put in any::<u8>(),
    ) {
        let _ = read_notification(&bytes);
        let mut sent = SENT.as_bytes().to_vec();
        sent[cut] = put;
        let _ = read_notification(&sent);
        let _ = read_notification(&SENT.as_bytes()[..cut]);
    }
}
