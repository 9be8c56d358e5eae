//! Runs for tests of this module and of those above it: facts as the engine would establish them,
//! with every kind at least once.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::record::{self, NO_RECORD, Record, Stamp};
use crate::engine::{
    Answer, AttemptEnded, AttemptId, AttemptStarted, Confirmation, Containment, End, Event,
    FileOrigin, FindingRecord, Found, InputRecord, Kept, LaneId, Missing, PauseReason, Recorded,
    Responder, Resumed, Role, RunStarted, RunbookOrigin, StepStatus, Survivor, Verdict,
};
use crate::expression::Part;
use crate::plan::{Alert, Mode, Origin, World};
use crate::policy::{Attendance, Pace, Policy, Trust};
use crate::runbook::{Effect, FindingSeverity, OnDisconnect, Outcome, Protection, StepId};
use crate::value::{Name, Secret, Value};

/// A secret that must be in no journal and no report.
pub(crate) const SECRET: &str = "correct-horse-battery";

pub(crate) fn step(id: &str) -> StepId {
    StepId(id.to_owned())
}

pub(crate) fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

pub(crate) fn policy() -> Policy {
    Policy {
        attendance: Attendance::Attended,
        trust: Trust::Trusted,
        protection: Protection::Protected,
        agreed: BTreeSet::from([Effect::Read]),
        rules: crate::policy::Rules::default(),
    }
}

pub(crate) fn started() -> Event {
    Event::RunStarted(Box::new(RunStarted {
        format: super::FORMAT.to_owned(),
        program: "0.1.0".to_owned(),
        run: "2026-11-20-0312-checkout-k3f9".to_owned(),
        host: "laptop".to_owned(),
        boot: "b0071d".to_owned(),
        runbook: RunbookOrigin {
            id: "checkout-error-rate".to_owned(),
            service: Some("checkout".to_owned()),
            repository: None,
            title: "Checkout error rate is high".to_owned(),
            digest: "d".repeat(64),
            files: vec![FileOrigin {
                path: "runbooks/checkout-error-rate.yaml".to_owned(),
                sha256: "f".repeat(64),
                remote: Some("git@example.com:shop/runbooks.git".to_owned()),
                commit: Some("4f2a91c0".repeat(5)),
                dirty: Some(true),
            }],
        },
        responder: Responder { name: "dana@laptop".to_owned(), known_by: "login".to_owned() },
        mode: Mode::Incident,
        change: Some("INC-4711".to_owned()),
        environment: Some(name("production")),
        policy: policy(),
        policy_digest: "a".repeat(64),
        pace: Pace::Step,
        inputs: vec![
            InputRecord {
                name: name("pod"),
                value: Recorded::Open(Value::Text("checkout-7d9f".to_owned())),
                origin: Origin::Alert,
            },
            InputRecord {
                name: name("token"),
                value: Recorded::Secret(Some(Secret::new(SECRET.to_owned()))),
                origin: Origin::Source,
            },
        ],
        alert: Some(Alert {
            labels: BTreeMap::from([("severity".to_owned(), "page".to_owned())]),
            annotations: BTreeMap::new(),
        }),
        at: None,
        behind: Vec::new(),
        world: World::Real,
        follows: None,
        rehearsal: None,
    }))
}

pub(crate) fn entered(id: &str, title: &str) -> Event {
    Event::StepEntered {
        lane: LaneId::MAIN,
        step: step(id),
        title: title.to_owned(),
        before: 0,
        unclear: None,
    }
}

pub(crate) fn closed(id: &str, status: StepStatus) -> Event {
    Event::StepClosed { lane: LaneId::MAIN, step: step(id), status }
}

pub(crate) fn answered(id: &str, question: &str, answer: Answer) -> Event {
    Event::Answered {
        lane: LaneId::MAIN,
        step: Some(step(id)),
        question: question.to_owned(),
        answer,
        gives: None,
    }
}

pub(crate) fn attempt(number: u32, id: &str, role: Role, effect: Effect, shown: &str) -> Event {
    let confirmation = (effect != Effect::Read)
        .then(|| Confirmation { how: "typed".to_owned(), typed: Some("prod-eu".to_owned()) });
    Event::AttemptStarted(Box::new(AttemptStarted {
        lane: LaneId::MAIN,
        attempt: AttemptId(number),
        step: Some(step(id)),
        role,
        effect,
        digest: "c".repeat(64),
        shown: shown.to_owned(),
        values: vec!["SF_pod".to_owned()],
        target: "cluster".to_owned(),
        place: None,
        identity: Some("prod-eu".to_owned()),
        confirmation,
        approvals: Vec::new(),
        on_disconnect: OnDisconnect::Finish,
        timeout: 60_000,
        undoes: Vec::new(),
    }))
}

pub(crate) fn ended(number: u32, end: End, verdict: Verdict) -> AttemptEnded {
    AttemptEnded {
        lane: LaneId::MAIN,
        attempt: AttemptId(number),
        end,
        took: 1_250,
        output: Kept {
            path: Some(format!("output/{number:04}.log")),
            bytes: 12,
            kept: 12,
            sha256: Some("e".repeat(64)),
        },
        evidence: Vec::new(),
        left_running: Vec::new(),
        containment: None,
        verdict,
        captured: BTreeMap::new(),
        findings: Vec::new(),
        identity: None,
        elsewhere: false,
        recovered: false,
    }
}

pub(crate) fn passed(number: u32) -> Event {
    let end = End::Exited { code: 0 };
    Event::AttemptEnded(Box::new(ended(number, end, Verdict::Passed)))
}

pub(crate) fn failed(number: u32, code: i32, why: &str) -> Event {
    let verdict = Verdict::Failed {
        why: why.to_owned(),
        parts: vec![Part { text: "ready".to_owned(), value: "1".to_owned() }],
    };
    Event::AttemptEnded(Box::new(ended(number, End::Exited { code }, verdict)))
}

fn findings(number: u32) -> Event {
    Event::AttemptEnded(Box::new(AttemptEnded {
        captured: BTreeMap::from([
            (name("last_deploy"), Recorded::Open(Value::Text("v42 <b>bold</b>".to_owned()))),
            (name("cookie"), Recorded::Secret(Some(Secret::new(SECRET.to_owned())))),
        ]),
        findings: vec![FindingRecord {
            say: "A deploy came 4 minutes before the alert".to_owned(),
            severity: FindingSeverity::Critical,
            suggest: Some(name("roll_back")),
        }],
        left_running: vec![Survivor { pid: 4711, command: "tail -f".to_owned() }],
        containment: Some(Containment::Marks),
        ..ended(
            number,
            End::Exited { code: 3 },
            Verdict::Unexpected { why: "exit status 3".to_owned(), parts: Vec::new() },
        )
    }))
}

fn resumed(found: BTreeMap<AttemptId, Found>) -> Event {
    Event::Resumed(Box::new(Resumed {
        program: "0.1.0".to_owned(),
        host: "desk".to_owned(),
        boot: "b0072e".to_owned(),
        responder: Responder { name: "sam@desk".to_owned(), known_by: "login".to_owned() },
        policy: policy(),
        pace: None,
        found,
        set_aside: 17,
        voided: BTreeMap::new(),
        from: None,
    }))
}

fn diagnosis() -> Vec<Event> {
    let choose = Answer::Choose {
        option: name("roll_back"),
        reason: Some("the deploy fits in time".to_owned()),
    };
    let note =
        Answer::Note { text: "customers <script>alert(1)</script> see `500`\u{1b}[31m".to_owned() };
    vec![
        started(),
        Event::Surveyed {
            missing: vec![Missing {
                what: "program jq".to_owned(),
                detail: String::new(),
                steps: vec![step("main.1")],
            }],
        },
        entered("pods", "Are the pods healthy?"),
        answered("pods", "read", Answer::Proceed),
        attempt(1, "pods", Role::Main, Effect::Read, "kubectl get pods -l app=checkout"),
        findings(1),
        answered("pods", "unexpected", Answer::Proceed),
        closed("pods", StepStatus::Unexpected),
        answered("pods", "note", note),
        Event::StepSkipped {
            lane: LaneId::MAIN,
            step: step("cache"),
            title: "Is the cache warm?".to_owned(),
            condition: "region == 'eu'".to_owned(),
        },
        entered("decide", "What now?"),
        answered("decide", "decide", choose),
        closed("decide", StepStatus::Done),
    ]
}

fn repair() -> Vec<Event> {
    let edited = Answer::Edit {
        command: "kubectl rollout undo deploy/checkout --to-revision=41".to_owned(),
    };
    vec![
        entered("roll_back", "Roll back"),
        answered("roll_back", "confirm", edited),
        answered("roll_back", "confirm", Answer::Confirm { typed: Some("prod-eu".to_owned()) }),
        attempt(
            2,
            "roll_back",
            Role::Main,
            Effect::Change,
            "kubectl rollout undo \\\n  deploy/checkout # ```",
        ),
        failed(2, 1, "exit status 1"),
        answered("roll_back", "failed", Answer::Again),
        attempt(3, "roll_back", Role::Main, Effect::Change, "kubectl rollout undo deploy/checkout"),
        resumed(BTreeMap::from([(AttemptId(3), Found::Unknown)])),
        answered("roll_back", "doubt", Answer::Recheck),
        attempt(4, "roll_back", Role::Recheck, Effect::Read, "kubectl rollout status"),
        passed(4),
        answered("roll_back", "doubt", Answer::MarkDone),
        closed("roll_back", StepStatus::MarkedDone),
        entered("tell", "Tell the customers"),
        answered("tell", "attest", Answer::Skip { reason: Some("nobody noticed".to_owned()) }),
        closed("tell", StepStatus::Skipped),
        Event::Paused { why: PauseReason::Wished },
        resumed(BTreeMap::new()),
        entered("wait", "Let it settle"),
        Event::Waited { lane: LaneId::MAIN, step: step("wait") },
        closed("wait", StepStatus::Done),
    ]
}

/// A whole run: evidence, a decision, a change that fails, a crash, a break, and the end.
pub(crate) fn story() -> Vec<Event> {
    let mut events = diagnosis();
    events.extend(repair());
    for number in 5..12 {
        let id = format!("check_{number}");
        events.push(entered(&id, "Is it well again?"));
        events.push(attempt(number, &id, Role::Main, Effect::Read, "curl -fsS x"));
        events.push(passed(number));
        events.push(closed(&id, StepStatus::Done));
    }
    events.push(Event::RunFinished {
        outcome: Outcome::Mitigated,
        failed: None,
        still_changed: vec![step("roll_back")],
        changed_by: Vec::new(),
        ended_by: None,
    });
    events
}

/// The moment of the n-th record of a story, counted from 0.
pub(crate) fn stamp(index: usize) -> Stamp {
    let began: Timestamp = "2026-11-20T03:12:07.123456Z".parse().unwrap();
    let later = i64::try_from(index).unwrap() * 7_500;
    Stamp {
        at: began + SignedDuration::from_millis(later),
        mono: 84.2 + f64::from(u32::try_from(index).unwrap()) * 7.5,
        by: if index < 20 { "dana@laptop" } else { "sam@desk" }.to_owned(),
    }
}

/// Facts as records, with the lines they make.
pub(crate) fn written(events: &[Event]) -> (Vec<Record>, Vec<Vec<u8>>) {
    let mut prev = NO_RECORD.to_owned();
    events
        .iter()
        .enumerate()
        .map(|(index, event)| {
            let (record, line) = record::line(index as u64 + 1, event, stamp(index), &prev);
            prev.clone_from(&record.sha256);
            (record, line)
        })
        .unzip()
}

/// Facts as records, as they are read back.
pub(crate) fn records(events: &[Event]) -> Vec<Record> {
    let bytes = written(events).1.concat();
    let path = std::path::Path::new("journal.jsonl");
    super::read::read_from(bytes.as_slice(), path).unwrap().records
}
