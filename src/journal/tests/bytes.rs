//! Facts of every shape survive being written and read; secrets never get into bytes.

use std::collections::BTreeMap;
use std::path::Path;

use proptest::prelude::*;

use crate::engine::{
    Answer, AttemptId, End, Event, FindingRecord, Found, Kept, LaneId, PauseReason, Recorded,
    Verdict,
};
use crate::expression::Part;
use crate::journal::ReadFailed;
use crate::journal::read::read_from;
use crate::journal::record::{self, FORMAT, NO_RECORD};
use crate::journal::samples::{SECRET, ended, name, stamp, started, step, story, written};
use crate::runbook::{FindingSeverity, Outcome};
use crate::value::{Decimal, Duration, Moment, Secret, Value};

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        Just("\u{0}\u{1b}]52;c;\u{7}\u{2028}\u{feff}\"\\\n\r".to_owned()),
        Just(format!(",\"sha256\":\"{NO_RECORD}\"}}\n{{\"n\":1,\"at\":\"")),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let plain = prop_oneof![
        any::<bool>().prop_map(Value::Boolean),
        any::<i64>().prop_map(Value::Integer),
        text().prop_map(Value::Text),
        (any::<u64>(), text())
            .prop_map(|(millis, written)| Value::Duration(Duration { millis, written })),
        (-1_000_000i32..1_000_000, text()).prop_map(|(hundredths, written)| {
            Value::Float(Decimal { number: f64::from(hundredths) / 100.0, written })
        }),
        (0i64..4_000_000_000, text()).prop_map(|(second, written)| {
            let at = jiff::Timestamp::from_second(second).unwrap();
            Value::Timestamp(Moment { at, written })
        }),
    ];
    plain.prop_recursive(2, 8, 4, |inner| prop::collection::vec(inner, 0..4).prop_map(Value::List))
}

fn recorded() -> impl Strategy<Value = Recorded> {
    prop_oneof![
        3 => value().prop_map(Recorded::Open),
        1 => Just(Recorded::Secret(Some(Secret::new(SECRET.to_owned())))),
    ]
}

fn end() -> impl Strategy<Value = End> {
    prop_oneof![
        text().prop_map(|why| End::CouldNotStart { why }),
        Just(End::Disconnected),
        any::<i32>().prop_map(|code| End::Exited { code }),
        any::<Option<i32>>().prop_map(|signal| End::Interrupted { signal }),
        any::<i32>().prop_map(|signal| End::Signalled { signal }),
        any::<u64>().prop_map(|after| End::TimedOut { after }),
        Just(End::Unknown),
    ]
}

fn verdict() -> impl Strategy<Value = Verdict> {
    let parts = prop::collection::vec(
        (text(), text()).prop_map(|(text, value)| Part { text, value }),
        0..3,
    );
    (0..5, text(), parts).prop_map(|(kind, why, parts)| match kind {
        0 => Verdict::Failed { why, parts },
        1 => Verdict::InDoubt,
        2 => Verdict::Passed,
        3 => Verdict::Pending { why, parts },
        _ => Verdict::Unexpected { why, parts },
    })
}

fn answer() -> impl Strategy<Value = Answer> {
    prop_oneof![
        text().prop_map(|command| Answer::AdHoc { command }),
        (any::<i32>(), text()).prop_map(|(exit, output)| Answer::Elsewhere { output, exit }),
        prop::option::of(text()).prop_map(|reason| Answer::Choose { option: name("x"), reason }),
        prop::option::of(text()).prop_map(|typed| Answer::Confirm { typed }),
        recorded().prop_map(|value| Answer::Value { value }),
        Just(Answer::Finish { outcome: Outcome::NoAction }),
        Just(Answer::Undo { step: Some(step("a")), entry: None }),
        text().prop_map(|text| Answer::Predict { text }),
        Just(Answer::WaitForEnd),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    let found = prop_oneof![
        (end(), any::<u64>()).prop_map(|(end, took)| Found::Finished { end, took }),
        prop::collection::vec(any::<i32>(), 0..3)
            .prop_map(|processes| Found::Orphaned { processes }),
        any::<i32>().prop_map(|supervisor| Found::Running { supervisor }),
        Just(Found::Unknown),
    ];
    let resumed = prop::collection::btree_map(any::<u32>().prop_map(AttemptId), found, 0..3);
    let captured = prop::collection::btree_map(Just(name("x")), recorded(), 0..2);
    prop_oneof![
        (text(), answer()).prop_map(|(question, answer)| Event::Answered {
            lane: LaneId::MAIN,
            step: None,
            question,
            answer,
            gives: None,
        }),
        (end(), verdict(), captured, text(), any::<[u64; 2]>()).prop_map(
            |(end, verdict, captured, say, [bytes, kept])| {
                let mut ended = ended(7, end, verdict);
                ended.captured = captured;
                ended.output = Kept { bytes, kept, ..Kept::default() };
                ended.findings.push(FindingRecord {
                    say,
                    severity: FindingSeverity::Warning,
                    suggest: None,
                });
                Event::AttemptEnded(Box::new(ended))
            }
        ),
        text().prop_map(|question| Event::Paused { why: PauseReason::PersonNeeded { question } }),
        resumed.prop_map(|found| with_found(&found).expect("the story is resumed")),
    ]
}

fn with_found(found: &BTreeMap<AttemptId, Found>) -> Option<Event> {
    story().into_iter().find_map(|event| match event {
        Event::Resumed(mut resumed) => {
            resumed.found = found.clone();
            Some(Event::Resumed(resumed))
        }
        _ => None,
    })
}

/// A fact as a later process knows it: secrets without their text.
fn forgotten(event: &Event) -> Event {
    let mut event = event.clone();
    let forget = |recorded: &mut Recorded| {
        if let Recorded::Secret(known) = recorded {
            *known = None;
        }
    };
    match &mut event {
        Event::AttemptEnded(ended) => ended.captured.values_mut().for_each(forget),
        Event::Answered { answer: Answer::Value { value }, .. } => forget(value),
        _ => {}
    }
    event
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn every_fact_is_read_as_it_was_written(events in prop::collection::vec(event(), 1..4)) {
        let (records, lines) = written(&[vec![started()], events.clone()].concat());
        let bytes = lines.concat();
        prop_assert!(!String::from_utf8_lossy(&bytes).contains(SECRET));
        prop_assert_eq!(bytes.split(|byte| *byte == b'\n').count(), lines.len() + 1);
        let found = read_from(bytes.as_slice(), Path::new("x")).unwrap();
        prop_assert_eq!(found.records.len(), records.len());
        for (event, record) in events.iter().zip(&found.records[1..]) {
            prop_assert_eq!(&record.event, &forgotten(event));
        }
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in any::<Vec<u8>>()) {
        let _ = read_from(bytes.as_slice(), Path::new("x"));
    }
}

#[test]
fn a_record_returned_is_the_record_read() {
    let (record, line) = record::line(1, &started(), stamp(3), NO_RECORD);
    let found = read_from(line.as_slice(), Path::new("x")).unwrap().records;
    assert_eq!(
        (found[0].at, found[0].mono.to_bits(), &found[0].by),
        (record.at, record.mono.to_bits(), &record.by)
    );
}

/// A first record that proves itself, with another text in place of one.
fn opening(from: &str, to: &str) -> Vec<u8> {
    let (_, line) = record::line(1, &started(), stamp(0), NO_RECORD);
    let text = String::from_utf8(line).unwrap();
    let covered = text[..text.len() - 78].replacen(from, to, 1);
    assert!(covered.contains(to));
    let digest = record::digest(covered.as_bytes());
    format!("{covered},\"sha256\":\"{digest}\"}}\n").into_bytes()
}

fn refused(bytes: &[u8]) -> String {
    read_from(bytes, Path::new("/runs/x/journal.jsonl")).unwrap_err().to_string()
}

#[test]
fn a_newer_major_is_refused_by_name() {
    let newer = "the journal /runs/x/journal.jsonl has the format `surefoot-journal/2`: \
                 this program reads `surefoot-journal/1`; a newer one is needed";
    assert_eq!(refused(&opening(FORMAT, "surefoot-journal/2")), newer);
    let mut stranger = opening(FORMAT, "surefoot-journal/2");
    stranger = String::from_utf8(stranger).unwrap().replace("\"host\"", "\"machine\"").into_bytes();
    let covered = stranger.len() - 78;
    let digest = record::digest(&stranger[..covered]);
    stranger.truncate(covered);
    stranger.extend_from_slice(format!(",\"sha256\":\"{digest}\"}}\n").as_bytes());
    assert_eq!(refused(&stranger), newer);
}

#[test]
fn another_minor_with_more_fields_is_read() {
    let minor = opening(FORMAT, "surefoot-journal/1.3\",\"weather\":\"fine");
    assert_eq!(read_from(minor.as_slice(), Path::new("x")).unwrap().records.len(), 1);
}

#[test]
fn an_event_of_a_later_version_is_named_not_called_damage() {
    let (records, lines) = written(&[started()]);
    let covered = format!(
        "{{\"n\":2,\"at\":\"2026-11-20T03:12:07.123Z\",\"mono\":1.000,\"by\":\"x\",\
         \"event\":{{\"type\":\"sealed\"}},\"prev\":\"{}\"",
        records[0].sha256
    );
    let digest = record::digest(covered.as_bytes());
    let bytes =
        [lines.concat(), format!("{covered},\"sha256\":\"{digest}\"}}\n").into_bytes()].concat();
    assert_eq!(
        refused(&bytes),
        "record 2 of the journal /runs/x/journal.jsonl holds `sealed` in a form that this \
         program does not know; a newer one is needed"
    );
}

#[test]
fn a_journal_that_does_not_begin_a_run_is_damage() {
    let (_, line) = record::line(1, &story()[2], stamp(0), NO_RECORD);
    let found = read_from(line.as_slice(), Path::new("x"));
    assert!(matches!(found, Err(ReadFailed::Damaged { .. })));
}
