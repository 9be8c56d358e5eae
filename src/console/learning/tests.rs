//! Somebody who learns at a terminal in memory: what is told, what is asked, and what stands beside
//! what came.

use std::collections::{BTreeMap, VecDeque};
use std::os::fd::BorrowedFd;
use std::time::Duration;

use super::*;
use crate::console::ask::Walker;
use crate::console::backstage::Nothing;
use crate::console::fixture::{NothingElse, StillClock, record, run, run_of, runbook, terminal};
use crate::console::input::{Echo, Input, Line};
use crate::console::terminal::{Captured, Terminal};
use crate::engine::{
    Answer, AnswerKind, Asking, AttemptEnded, AttemptId, AttemptStarted, Confirmation, End, Event,
    Kept, LaneId, Question, Role, Run, Verdict,
};
use crate::runbook::{Action, Effect, OnDisconnect, StepId};
use crate::session::{Notice, Observer as _, Reply, Responder as _, Stream};

/// Lines that were prepared; after them the terminal is gone.
struct Lines(VecDeque<Line>);

impl Input for Lines {
    fn discard(&mut self) {}

    fn line_beside(&mut self, _: Echo, _: Option<Duration>, _: Option<BorrowedFd<'_>>) -> Line {
        self.0.pop_front().unwrap_or(Line::HungUp)
    }
}

fn pods() -> StepId {
    StepId("pods".to_owned())
}

/// A lesson in which the runbook and its first check were walked so often before.
fn lesson(walks: u32) -> Lesson {
    let steps = BTreeMap::from([(pods(), walks)]);
    Lesson::new(Practised { runbook: walks, steps })
}

fn learner(lesson: &Lesson, lines: Vec<Line>) -> (Learner, Captured) {
    let (terminal, captured) = terminal(100);
    let input = Box::new(Lines(lines.into()));
    let walker = Walker::new(terminal, input, Box::new(Nothing), StillClock::new());
    (Learner::new(walker, lesson.clone()), captured)
}

fn question(accepts: &[AnswerKind]) -> Question {
    Question {
        lane: LaneId::MAIN,
        step: Some(pods()),
        ask: Asking::Read {
            shown: "kubectl get pods".to_owned(),
            target: "here".to_owned(),
            place: None,
            identity: None,
            sample: Some("all is well".to_owned()),
        },
        accepts: accepts.to_vec(),
    }
}

const ACCEPTS: [AnswerKind; 3] = [AnswerKind::Proceed, AnswerKind::Auto, AnswerKind::Predict];

fn tutor(lesson: &Lesson, columns: usize) -> (Tutor, Terminal, Captured) {
    let (terminal, captured) = terminal(columns);
    (Tutor::new(terminal.clone(), lesson.clone()), terminal, captured)
}

fn tell(tutor: &mut Tutor, event: Event, run: &Run) {
    tutor.recorded(&record(1.0, event), run);
}

fn entered() -> Event {
    let title = "Are the pods healthy?".to_owned();
    Event::StepEntered { step: pods(), title, before: 0, unclear: None, lane: LaneId::MAIN }
}

fn predicted(text: &str) -> Event {
    Event::Answered {
        step: Some(pods()),
        question: "read".to_owned(),
        answer: Answer::Predict { text: text.to_owned() },
        gives: None,
        lane: LaneId::MAIN,
    }
}

fn started(attempt: u32, role: Role) -> Event {
    Event::AttemptStarted(Box::new(AttemptStarted {
        attempt: AttemptId(attempt),
        step: Some(pods()),
        role,
        effect: Effect::Read,
        digest: String::new(),
        shown: "kubectl get pods".to_owned(),
        values: Vec::new(),
        target: "here".to_owned(),
        place: None,
        identity: None,
        confirmation: None::<Confirmation>,
        approvals: Vec::new(),
        on_disconnect: OnDisconnect::Stop,
        timeout: 1000,
        lane: LaneId::MAIN,
        undoes: Vec::new(),
    }))
}

fn ended(attempt: u32, verdict: Verdict) -> Event {
    Event::AttemptEnded(Box::new(AttemptEnded {
        attempt: AttemptId(attempt),
        end: End::Exited { code: 0 },
        took: 5,
        output: Kept::default(),
        evidence: Vec::new(),
        left_running: Vec::new(),
        containment: None,
        verdict,
        captured: BTreeMap::new(),
        findings: Vec::new(),
        identity: None,
        elsewhere: false,
        recovered: false,
        lane: LaneId::MAIN,
    }))
}

fn prints(tutor: &mut Tutor, attempt: u32, text: &str, run: &Run) {
    let (attempt, bytes) = (AttemptId(attempt), text.as_bytes());
    tutor.noticed(&Notice::Output { attempt, stream: Stream::Stdout, bytes }, run);
}

#[test]
fn what_is_expected_is_asked_before_the_question_and_is_an_answer_of_its_own() {
    let lesson = lesson(0);
    lesson.entered(&pods());
    let lines = vec![Line::text(" two pods "), Line::text("")];
    let (mut learner, captured) = learner(&lesson, lines);
    let (asked, run) = (question(&ACCEPTS), run());
    let mut ask = || learner.ask(&asked, &run, None, &mut NothingElse);
    let text = "two pods".to_owned();
    assert!(matches!(ask(), Reply::Answer(answer) if answer == Answer::Predict { text }));
    assert_eq!(captured.walk(), format!("    $ kubectl get pods\n    {PREDICT} > "));
    // It is durable, and the question is asked again: the command is not shown twice.
    lesson.answered(&pods(), lesson::Expected::Words("two pods".to_owned()));
    assert!(matches!(ask(), Reply::Answer(Answer::Proceed)));
    let shown = captured.walk();
    assert!(!shown.contains("kubectl get pods"), "{shown}");
    // What good output looks like, and the key that asks no more, come after what is expected.
    assert!(!shown.contains("all is well") && !shown.contains("on their own"), "{shown}");
    assert_eq!(lesson.predictions(), 1);
}

#[test]
fn enter_alone_is_no_answer_and_ctrl_c_leaves_as_everywhere() {
    let lesson = lesson(1);
    lesson.entered(&pods());
    let (mut silent, _) = learner(&lesson, vec![Line::text(""), Line::text("")]);
    let reply = silent.ask(&question(&ACCEPTS), &run(), None, &mut NothingElse);
    assert!(matches!(reply, Reply::Answer(Answer::Proceed)), "{reply:?}");
    assert_eq!(lesson.predictions(), 0);
    for (line, interrupted) in [(Line::Interrupted, true), (Line::HungUp, false)] {
        lesson.entered(&pods());
        let (mut leaves, _) = learner(&lesson, vec![line]);
        let reply = leaves.ask(&question(&ACCEPTS), &run(), None, &mut NothingElse);
        assert_eq!(matches!(reply, Reply::Interrupted), interrupted);
        assert_eq!(matches!(reply, Reply::HungUp), !interrupted);
        assert!(lesson.wants(&pods()), "nothing was answered");
    }
}

#[test]
fn nothing_is_asked_from_the_third_walk_on_nor_where_no_command_follows() {
    for (walks, accepts) in [(2, &ACCEPTS[..]), (7, &ACCEPTS[..]), (0, &ACCEPTS[..1])] {
        let lesson = lesson(walks);
        lesson.entered(&pods());
        let (mut learner, captured) = learner(&lesson, vec![Line::text("")]);
        let reply = learner.ask(&question(accepts), &run(), None, &mut NothingElse);
        assert!(matches!(reply, Reply::Answer(Answer::Proceed)), "{reply:?}");
        assert!(!captured.walk().contains(PREDICT));
    }
}

/// A run of a runbook that says more about itself and its check.
fn told_run() -> Run {
    let mut book = runbook();
    book.impact = Some("Customers cannot pay.".to_owned());
    book.steps[1].why = Some("A crash loop is the usual cause.\nIt shows here first.".to_owned());
    if let Action::Run(run) = &mut book.steps[1].action {
        run.sample = Some("NAME\nok".to_owned());
    }
    run_of(book)
}

#[test]
fn explanations_fade_with_repetition() {
    let expected = [
        "    A crash loop is the usual cause.\n    It shows here first.\n",
        "    why     A crash loop is the usual cause. …\n",
        "",
        "",
    ];
    for (walks, expected) in (0..).zip(expected) {
        let (mut tutor, _, captured) = tutor(&lesson(walks), 100);
        tell(&mut tutor, entered(), &told_run());
        assert_eq!(captured.walk(), expected, "after {walks} walks");
        tutor.introduce(&told_run());
        let told = captured.walk();
        assert_eq!(told.contains("Customers cannot pay."), walks < 2, "{told}");
        assert_eq!(told.contains("no wrong answer"), walks == 0, "{told}");
    }
}

#[test]
fn what_was_expected_and_what_came_stand_side_by_side() {
    let (mut tutor, _, captured) = tutor(&lesson(1), 60);
    let run = told_run();
    tell(&mut tutor, entered(), &run);
    captured.walk();
    tell(&mut tutor, predicted("two pods, both ready"), &run);
    // Only the step's own command is what was asked about, and only once it came to something.
    tell(&mut tutor, started(1, Role::Assert), &run);
    tell(&mut tutor, ended(1, Verdict::Passed), &run);
    tell(&mut tutor, started(2, Role::Main), &run);
    let pending = Verdict::Pending { why: "not yet".to_owned(), parts: Vec::new() };
    tell(&mut tutor, ended(2, pending), &run);
    assert_eq!(captured.walk(), "");
    tell(&mut tutor, started(3, Role::Main), &run);
    prints(&mut tutor, 3, "NAME\u{1b}[2J\n1\tone\n2\n3\n4\n5\n6\n", &run);
    tell(&mut tutor, ended(3, Verdict::Passed), &run);
    assert_eq!(
        captured.walk(),
        "    you expected    two pods, both ready
    what came       NAME\\x1b[2J
                    1       one
                    2
                    3
                    4
                    … more above
                    exit 0
    good output     NAME
                    ok
"
    );
    // A second try was not asked about.
    tell(&mut tutor, started(4, Role::Main), &run);
    tell(&mut tutor, ended(4, Verdict::Passed), &run);
    assert_eq!(captured.walk(), "");
}

#[test]
fn who_said_nothing_is_told_what_the_author_expects_alone() {
    let lesson = lesson(0);
    let (mut tutor, _, captured) = tutor(&lesson, 60);
    let run = told_run();
    tell(&mut tutor, entered(), &run);
    lesson.answered(&pods(), lesson::Expected::Nothing);
    captured.walk();
    tell(&mut tutor, started(1, Role::Main), &run);
    prints(&mut tutor, 1, "other\n", &run);
    tell(&mut tutor, ended(1, Verdict::Passed), &run);
    assert_eq!(captured.walk(), "    good output     NAME\n                    ok\n");
}
