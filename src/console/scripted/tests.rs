//! Answers from a file, and from nobody.

use crate::engine::LaneId;

use std::cell::Cell;
use std::io::{Read as _, Write as _};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use super::*;
use crate::console::fixture::{NothingElse, StillClock, run};
use crate::engine::OptionShown;
use crate::runbook::StepId;
use crate::value::{Name, Type};

/// Signals that the test makes.
struct Made(UnixStream);

impl Signals for Made {
    fn ready(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }

    fn take(&mut self) -> Option<Signal> {
        let mut byte = [0];
        self.0.read_exact(&mut byte).ok()?;
        Some(Signal::Interrupt)
    }

    fn suspend(&mut self) {}
}

fn unattended() -> (Unattended, UnixStream) {
    let (made, maker) = UnixStream::pair().unwrap();
    made.set_nonblocking(true).unwrap();
    (Unattended::new(StillClock::new(), Box::new(Made(made))), maker)
}

fn question(step: &str, ask: Asking) -> Question {
    Question {
        lane: LaneId::MAIN,
        step: Some(StepId(step.to_owned())),
        ask,
        accepts: vec![
            AnswerKind::Choose,
            AnswerKind::Confirm,
            AnswerKind::Done,
            AnswerKind::Finish,
            AnswerKind::NoneOfThese,
            AnswerKind::NotSure,
            AnswerKind::Skip,
            AnswerKind::Value,
        ],
    }
}

fn decide() -> Question {
    let option = OptionShown {
        id: Name::new("deploy").unwrap(),
        label: "A deploy".to_owned(),
        suggested: None,
    };
    question(
        "cause",
        Asking::Decide { question: "Why?".to_owned(), options: vec![option], findings: Vec::new() },
    )
}

fn confirm() -> Question {
    let card = crate::console::card::example(None);
    question("undo_deploy", Asking::Confirm(Box::new(card)))
}

/// The replies to the same question, asked several times.
fn check(yaml: &str, question: &Question, expected: &[&str]) {
    let (next, _signals) = unattended();
    let mut file = FromFile::new(Answers::parse(yaml).unwrap(), Box::new(next));
    for expected in expected {
        let reply = match file.ask(question, &run(), None, &mut NothingElse) {
            Reply::Answer(Answer::Choose { option, .. }) => option.to_string(),
            Reply::Answer(Answer::Value { value: Recorded::Open(value) }) => value.written(),
            Reply::Answer(answer) => format!("{:?}", answer.kind()),
            other => format!("{other:?}"),
        };
        assert_eq!(reply, *expected);
    }
}

#[test]
fn a_decision_is_answered_by_the_option_s_id() {
    check("cause: deploy", &decide(), &["deploy", "deploy"]);
    check("cause: not_sure", &decide(), &["NotSure"]);
    check("cause: skip", &decide(), &["Skip"]);
    check("cause: nothing_like_it", &decide(), &["Nobody"]);
    check("other: deploy", &decide(), &["Nobody"]);
}

#[test]
fn a_list_has_one_answer_a_time() {
    check("cause: [not_sure, deploy]", &decide(), &["NotSure", "deploy", "Nobody"]);
}

#[test]
fn a_change_is_never_confirmed_by_a_file() {
    for answer in ["yes", "y", "done", "true", "confirm"] {
        check(&format!("undo_deploy: {answer}"), &confirm(), &["Refused"]);
    }
}

#[test]
fn values_are_read_by_their_type() {
    let value = |ty| {
        question(
            "which",
            Asking::Value {
                question: "Which?".to_owned(),
                name: Name::new("revision").unwrap(),
                ty,
                choices: None,
                many: false,
            },
        )
    };
    check("which: 41", &value(Type::Integer), &["41"]);
    check("which: x", &value(Type::Integer), &["Nobody"]);
    check("which: none", &value(Type::Integer), &["NoneOfThese"]);
}

#[test]
fn the_outcome_is_at_the_top() {
    let outcome = question("x", Asking::Outcome { failed: None });
    check("outcome: mitigated", &outcome, &["Finish"]);
    assert!(Answers::parse("outcome: great").is_err());
    assert!(Answers::parse("cause: { a: b }").is_err());
    assert!(Answers::parse("- deploy").is_err());
    assert!(Answers::parse("cause: a\ncause: b").is_err());
}

#[test]
fn an_answer_that_was_not_taken_is_not_given_again() {
    let (next, _signals) = unattended();
    let answers = Answers::parse("cause: deploy").unwrap();
    let mut file = FromFile::new(answers, Box::new(next));
    assert!(matches!(file.ask(&decide(), &run(), None, &mut NothingElse), Reply::Answer(_)));
    file.refused("that way is closed");
    assert!(matches!(file.ask(&decide(), &run(), None, &mut NothingElse), Reply::Nobody));
}

/// A clock on which ten seconds are over at the second look; its own wait for them is none.
#[derive(Default)]
struct FastClock {
    looks: Cell<i64>,
    asked: Cell<Option<Timestamp>>,
}

impl Clock for FastClock {
    fn now(&self) -> Timestamp {
        let looks = self.looks.replace(self.looks.get() + 1);
        Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_secs(10 * looks)
    }

    fn monotonic(&self) -> f64 {
        0.0
    }

    fn until(&self, moment: Timestamp) -> Duration {
        self.asked.set(Some(moment));
        Duration::ZERO
    }
}

#[test]
fn a_wait_is_as_long_as_the_clock_says() {
    // Broken: in a drill that is ten times as fast a wait takes as long as in the world.
    let clock = Rc::new(FastClock::default());
    let (made, _maker) = UnixStream::pair().unwrap();
    made.set_nonblocking(true).unwrap();
    let mut nobody = Unattended::new(clock.clone(), Box::new(Made(made)));
    let until = Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_secs(10);
    let wait = question("wait", Asking::Wait { until });
    assert!(matches!(nobody.ask(&wait, &run(), None, &mut NothingElse), Reply::Elapsed));
    assert_eq!(clock.asked.get(), Some(until));
}

#[test]
fn nobody_waits_and_nobody_confirms() {
    let (mut nobody, mut signals) = unattended();
    let until = Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_secs(60);
    let wait = question("wait", Asking::Wait { until });
    assert!(matches!(nobody.ask(&confirm(), &run(), None, &mut NothingElse), Reply::Refused));
    assert!(matches!(nobody.ask(&decide(), &run(), None, &mut NothingElse), Reply::Nobody));
    // The clock stands still: only the signal ends this wait.
    signals.write_all(b"i").unwrap();
    assert!(matches!(nobody.ask(&wait, &run(), None, &mut NothingElse), Reply::Interrupted));
    let past = question("wait", Asking::Wait { until: Timestamp::UNIX_EPOCH });
    assert!(matches!(nobody.ask(&past, &run(), None, &mut NothingElse), Reply::Elapsed));
}
