//! A person who types what the test says, and what the terminal showed.

use std::collections::VecDeque;
use std::os::fd::BorrowedFd;

use super::*;
use crate::console::backstage::Nothing;
use crate::console::fixture::{NothingElse, StillClock, run, terminal};
use crate::engine::{AttemptId, Found, LaneId, OptionShown, Recorded, UndoShown};
use crate::runbook::{Effect, StepId};
use crate::value::{Name, Type, Value};

/// Lines that were prepared; after them the terminal is gone.
struct Lines(VecDeque<Line>);

impl Input for Lines {
    fn discard(&mut self) {}

    fn line_beside(&mut self, _: Echo, _: Option<Duration>, _: Option<BorrowedFd<'_>>) -> Line {
        self.0.pop_front().unwrap_or(Line::HungUp)
    }
}

const ALL: [AnswerKind; 24] = [
    AnswerKind::AdHoc,
    AnswerKind::Again,
    AnswerKind::Auto,
    AnswerKind::Back,
    AnswerKind::Choose,
    AnswerKind::Confirm,
    AnswerKind::Done,
    AnswerKind::Edit,
    AnswerKind::Elsewhere,
    AnswerKind::Finish,
    AnswerKind::GoTo,
    AnswerKind::Leave,
    AnswerKind::MarkDone,
    AnswerKind::NoneOfThese,
    AnswerKind::Note,
    AnswerKind::NotSure,
    AnswerKind::Pause,
    AnswerKind::Proceed,
    AnswerKind::Recheck,
    AnswerKind::Skip,
    AnswerKind::Stop,
    AnswerKind::Undo,
    AnswerKind::Value,
    AnswerKind::WaitForEnd,
];

/// Asks a question that takes every answer; returns the reply and what was shown.
fn ask(asking: Asking, lines: Vec<Line>) -> (Reply, String) {
    let (terminal, captured) = terminal(100);
    let mut walker =
        Walker::new(terminal, Box::new(Lines(lines.into())), Box::new(Nothing), StillClock::new());
    let question = Question {
        lane: LaneId::MAIN,
        step: Some(StepId("pods".to_owned())),
        ask: asking,
        accepts: ALL.to_vec(),
    };
    let reply = walker.ask(&question, &run(), None, &mut NothingElse);
    (reply, captured.walk())
}

fn answer(asking: Asking, lines: &[&str]) -> Answer {
    let lines = lines.iter().map(|line| Line::text(line)).collect();
    match ask(asking, lines) {
        (Reply::Answer(answer), _) => answer,
        (other, shown) => panic!("{other:?}\n{shown}"),
    }
}

fn read() -> Asking {
    Asking::Read {
        shown: "kubectl get pods".to_owned(),
        target: "here".to_owned(),
        place: None,
        identity: None,
        sample: None,
    }
}

fn confirm(must_type: Option<&str>) -> Asking {
    let card = crate::console::card::example(must_type.map(str::to_owned));
    Asking::Confirm(Box::new(card))
}

fn secret() -> Asking {
    Asking::MissingValue {
        name: Name::new("token").unwrap(),
        ty: Type::Text,
        secret: true,
        from: vec![StepId("deploy".to_owned())],
    }
}

#[test]
fn enter_runs_a_read() {
    assert_eq!(answer(read(), &[""]), Answer::Proceed);
}

#[test]
fn the_question_shows_command_and_keys() {
    let (_, shown) = ask(read(), vec![Line::text("")]);
    assert_eq!(
        shown,
        "    $ kubectl get pods
    [Enter] run · a run checks on their own · s skip · t elsewhere · x get help · q pause · ? more
    > "
    );
}

#[test]
fn a_change_needs_a_y_and_enter_is_explained() {
    let typed = Answer::Confirm { typed: None };
    assert_eq!(answer(confirm(None), &["", "yes", "y"]), typed);
    let (reply, shown) = ask(confirm(None), vec![Line::text("")]);
    assert!(matches!(reply, Reply::HungUp));
    assert!(shown.contains("Enter alone changes nothing; type y to run it"), "{shown}");
}

#[test]
fn what_must_be_typed_is_compared_exactly() {
    let typed = Answer::Confirm { typed: Some("prod-eu".to_owned()) };
    let wrong = ["y", "prod-eu ", "prod", "prod-eu"];
    assert_eq!(answer(confirm(Some("prod-eu")), &wrong), typed);
}

#[test]
fn a_word_to_type_that_is_a_key_still_confirms() {
    let typed = Answer::Confirm { typed: Some("s".to_owned()) };
    assert_eq!(answer(confirm(Some("s")), &["s"]), typed);
}

#[test]
fn the_card_has_its_order() {
    let mut card = crate::console::card::example(Some("prod-eu".to_owned()));
    card.never = vec!["Do not do it twice.".to_owned()];
    card.sample = Some("deployment.apps/checkout rolled back".to_owned());
    card.done_before = true;
    let (_, shown) = ask(Asking::Confirm(Box::new(card)), vec![Line::text("q")]);
    assert_eq!(
        shown,
        "
    This changes something                                                                   4f2a91c
    $ kubectl --context prod-eu rollout undo deploy/checkout
    where   cluster · prod-eu ✓
    expect  deployment.apps/checkout rolled back
    undo    the runbook does not say how
    never   Do not do it twice.
    again   this already succeeded in this run; confirming runs it again
    s skip · t elsewhere · x get help · q pause · ? more
    Type prod-eu to run it > "
    );
}

#[test]
fn looking_something_up_is_no_answer() {
    let (reply, shown) =
        ask(read(), ["?", "w", "x", "h", "d", ""].iter().map(|line| Line::text(line)).collect());
    assert!(matches!(reply, Reply::Answer(Answer::Proceed)));
    for expected in [
        "!     run a command of your own, recorded",
        "A crash loop is the usual cause.",
        "ask     payments secondary",
        "Go on with: surefoot resume 2026-11-20-0312-checkout-k3f9",
        "Nothing is known to have changed",
    ] {
        assert!(shown.contains(expected), "{expected} in {shown}");
    }
}

#[test]
fn unknown_input_is_explained_and_asked_again() {
    let (reply, shown) = ask(read(), vec![Line::text("maybe\x1b[2J"), Line::text("")]);
    assert!(matches!(reply, Reply::Answer(Answer::Proceed)));
    assert!(shown.contains("`maybe\\x1b[2J` means nothing here; ? shows the keys"), "{shown}");
}

#[test]
fn a_skip_asks_why() {
    let reason = Some("the pods are gone".to_owned());
    assert_eq!(answer(read(), &["s", "the pods are gone"]), Answer::Skip { reason });
    assert_eq!(answer(read(), &["s", ""]), Answer::Skip { reason: None });
}

#[test]
fn a_result_from_elsewhere_is_pasted_and_has_a_status() {
    let expected = Answer::Elsewhere { output: "web-1 Running\nq\n".to_owned(), exit: 3 };
    assert_eq!(answer(read(), &["t", "web-1 Running", "q", ".", "3"]), expected);
    let attested = Answer::Elsewhere { output: String::new(), exit: 0 };
    assert_eq!(answer(read(), &["t", ".", ""]), attested);
    // A status that is none takes nothing; the question stays.
    assert_eq!(answer(read(), &["t", ".", "-1", ""]), Answer::Proceed);
}

#[test]
fn the_end_of_input_leads_back_and_then_out() {
    let (reply, shown) = ask(read(), vec![Line::text("s"), Line::End, Line::End]);
    assert!(matches!(reply, Reply::Answer(Answer::Pause)));
    assert!(shown.contains("Back to the question."), "{shown}");
    assert!(shown.contains("the walk is paused, nothing is lost"), "{shown}");
}

#[test]
fn control_c_interrupts_wherever_it_comes() {
    assert!(matches!(ask(read(), vec![Line::Interrupted]).0, Reply::Interrupted));
    let deep = vec![Line::text("s"), Line::Interrupted];
    assert!(matches!(ask(read(), deep).0, Reply::Interrupted));
}

#[test]
fn a_line_that_was_cut_is_refused() {
    let (reply, shown) = ask(confirm(None), vec![Line::text("n"), Line::TooLong, Line::text("y")]);
    assert!(matches!(reply, Reply::Answer(Answer::Confirm { typed: None })), "{shown}");
    assert!(shown.contains("nothing of it was taken"), "{shown}");
}

#[test]
fn a_line_that_was_cut_at_the_question_does_not_pause() {
    let (reply, _) = ask(read(), vec![Line::TooLong, Line::text("")]);
    assert!(matches!(reply, Reply::Answer(Answer::Proceed)));
}

#[test]
fn options_are_numbered_and_suggestions_shown() {
    let option = |id: &str, label: &str, suggested: Option<&str>| OptionShown {
        id: Name::new(id).unwrap(),
        label: label.to_owned(),
        suggested: suggested.map(str::to_owned),
    };
    let decide = Asking::Decide {
        question: "What does the evidence say?".to_owned(),
        options: vec![
            option("deploy", "A deploy in the last hour", Some("deployed 9 min ago")),
            option("help", "Something else", None),
        ],
        findings: Vec::new(),
    };
    let (reply, shown) = ask(decide, vec![Line::text(""), Line::text("2")]);
    let Reply::Answer(Answer::Choose { option, .. }) = reply else {
        panic!("{reply:?}");
    };
    assert_eq!(option.as_str(), "help");
    assert!(
        shown.starts_with(
            "    What does the evidence say?
     1  A deploy in the last hour  ← suggested: deployed 9 min ago
     2  Something else
    1-2 choose · 0 not sure · "
        ),
        "{shown}"
    );
}

#[test]
fn a_single_option_has_no_range_of_numbers() {
    let id = Name::new("enough").unwrap();
    let option = OptionShown { id, label: "Enough".to_owned(), suggested: None };
    let question = "What now?".to_owned();
    let decide = Asking::Decide { question, options: vec![option], findings: Vec::new() };
    let (_, shown) = ask(decide, vec![Line::text("1")]);
    assert!(shown.contains("    1 choose · 0 not sure"), "{shown}");
}

#[test]
fn a_secret_is_typed_only_after_it_is_asked_for_and_never_shown() {
    let text = "s3cret-s3cret";
    let (reply, shown) = ask(secret(), vec![Line::text("v"), Line::text(text)]);
    let Reply::Answer(Answer::Value { value: Recorded::Secret(Some(secret)) }) = reply else {
        panic!("{reply:?}");
    };
    assert_eq!(secret.expose(), text);
    assert!(!shown.contains(text));
}

#[test]
fn a_missing_value_can_be_made_by_its_step() {
    let step = StepId("deploy".to_owned());
    assert_eq!(answer(secret(), &["1"]), Answer::GoTo { step });
}

#[test]
fn a_step_is_found_by_id_or_number() {
    let step = StepId("deploy".to_owned());
    let to = Answer::GoTo { step };
    assert_eq!(answer(read(), &["g", "deploy"]), to);
    assert_eq!(answer(read(), &["g", "2"]), to);
    assert_eq!(answer(read(), &["g", "nowhere", ""]), Answer::Proceed);
}

#[test]
fn a_value_that_is_a_key_is_typed_behind_an_equals_sign() {
    let value = |lines: &[&str]| {
        answer(
            Asking::Value {
                question: "Which queue?".to_owned(),
                name: Name::new("queue").unwrap(),
                ty: Type::String,
                choices: None,
                many: false,
            },
            lines,
        )
    };
    assert_eq!(value(&["q"]), Answer::Pause);
    let typed = Recorded::Open(Value::Text("q".to_owned()));
    assert_eq!(value(&["=q"]), Answer::Value { value: typed });
}

#[test]
fn in_doubt_has_all_ways_on() {
    let doubt = |found: Found| Asking::Doubt {
        attempt: AttemptId(1),
        shown: "kubectl rollout undo".to_owned(),
        effect: Effect::Change,
        found,
        rechecked: None,
    };
    assert_eq!(answer(doubt(Found::Unknown), &["", "r"]), Answer::Recheck);
    assert_eq!(answer(doubt(Found::Unknown), &["m"]), Answer::MarkDone);
    assert_eq!(answer(doubt(Found::Unknown), &["o"]), Answer::Again);
    assert_eq!(answer(doubt(Found::Running { supervisor: 9 }), &[""]), Answer::WaitForEnd);
    let (_, shown) = ask(doubt(Found::Unknown), vec![]);
    assert!(shown.contains("it may have run to its end, in part, or not at all"), "{shown}");
}

#[test]
fn undo_is_offered_whole_or_one_by_one() {
    let entry = |step: &str| UndoShown {
        entry: usize::from(step != "a"),
        step: StepId(step.to_owned()),
        title: "Undo the deploy".to_owned(),
        shown: "kubectl rollout undo".to_owned(),
        in_doubt: step == "b",
        before: None,
    };
    let offer = || Asking::UndoOffer { entries: vec![entry("b"), entry("a")] };
    assert_eq!(answer(offer(), &["", "u", ""]), Answer::Undo { step: None, entry: None });
    let one = Answer::Undo { step: Some(StepId("a".to_owned())), entry: Some(0) };
    assert_eq!(answer(offer(), &["u", "2"]), one);
    assert_eq!(answer(offer(), &["l"]), Answer::Leave);
}

#[test]
fn a_wait_ends_when_its_time_is_up() {
    let (terminal, captured) = terminal(100);
    let clock = StillClock::new();
    clock.set(90.0);
    let mut walker = Walker::new(
        terminal,
        Box::new(Lines(VecDeque::from([Line::Nothing]))),
        Box::new(Nothing),
        clock.clone(),
    );
    let until = Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_secs(180);
    let question = Question {
        lane: LaneId::MAIN,
        step: None,
        ask: Asking::Wait { until },
        accepts: ALL.to_vec(),
    };
    let reply = walker.ask(&question, &run(), Some(until), &mut NothingElse);
    assert!(matches!(reply, Reply::HungUp));
    assert!(captured.walk().contains("Waiting, 1 min 30 s left"));
    clock.set(180.0);
    let reply = walker.ask(&question, &run(), Some(until), &mut NothingElse);
    assert!(matches!(reply, Reply::Elapsed));
}

#[test]
fn a_question_mark_beside_the_keys_is_no_answer() {
    let decide =
        Asking::Decide { question: "Why?".to_owned(), options: Vec::new(), findings: Vec::new() };
    let lines = ["0", "?", "both may be"].map(Line::text).to_vec();
    let (reply, shown) = ask(decide, lines);
    let Reply::Answer(Answer::NotSure { reason }) = reply else {
        panic!("{reply:?}");
    };
    assert_eq!(reason.as_deref(), Some("both may be"));
    assert!(shown.contains("press Enter"), "{shown}");
    assert_eq!(shown.matches("What is unclear?").count(), 2, "{shown}");
}

#[test]
fn after_control_z_the_prompt_is_there_again() {
    let (reply, shown) = ask(read(), vec![Line::Suspended, Line::text("")]);
    assert!(matches!(reply, Reply::Answer(Answer::Proceed)));
    assert_eq!(shown.matches("[Enter] run").count(), 2, "{shown}");
    let lines = vec![Line::text("s"), Line::Suspended, Line::text("late")];
    let (reply, shown) = ask(read(), lines);
    assert!(matches!(reply, Reply::Answer(Answer::Skip { reason: Some(why) }) if why == "late"));
    assert_eq!(shown.matches("Why skip it?").count(), 2, "{shown}");
}

#[test]
fn checks_run_on_their_own_from_a_check_and_not_from_a_change() {
    let (_, shown) = ask(read(), Vec::new());
    assert!(shown.contains("a run checks on their own"), "{shown}");
    let (_, shown) = ask(confirm(None), vec![Line::text("?"), Line::text("a")]);
    assert!(!shown.contains("run checks on their own"), "{shown}");
    assert!(shown.contains("`a` means nothing here"), "{shown}");
}

/// Something happens once beside a question, when it has been asked.
struct Once(u32);

impl Beside for Once {
    fn wakes(&self) -> Option<BorrowedFd<'_>> {
        None
    }

    fn look(&mut self) -> Heard {
        self.0 += 1;
        if self.0 == 2 { Heard::Something } else { Heard::Nothing }
    }

    fn suspend(&mut self) {}
}

/// Input that counts how often it was thrown away.
struct Discarding(Rc<std::cell::Cell<u32>>, VecDeque<Line>);

impl Input for Discarding {
    fn discard(&mut self) {
        self.0.set(self.0.get() + 1);
    }

    fn line_beside(&mut self, _: Echo, _: Option<Duration>, _: Option<BorrowedFd<'_>>) -> Line {
        self.1.pop_front().unwrap_or(Line::HungUp)
    }
}

#[test]
fn what_happens_beside_a_question_is_heard_and_what_was_typed_still_counts() {
    let (terminal, captured) = terminal(100);
    let discarded = Rc::new(std::cell::Cell::new(0));
    let lines = [Line::Nothing, Line::text("")].into();
    let input = Discarding(Rc::clone(&discarded), lines);
    let mut walker = Walker::new(terminal, Box::new(input), Box::new(Nothing), StillClock::new());
    let asked = Question { lane: LaneId::MAIN, step: None, ask: read(), accepts: ALL.to_vec() };
    let reply = walker.ask(&asked, &run(), None, &mut Once(0));
    assert!(matches!(reply, Reply::Woken), "{reply:?}");
    let before = discarded.get();
    captured.walk();
    let reply = walker.ask(&asked, &run(), None, &mut NothingElse);
    assert!(matches!(reply, Reply::Answer(Answer::Proceed)), "{reply:?}");
    assert_eq!(discarded.get(), before, "what was typed was thrown away");
    let shown = captured.walk();
    assert!(shown.contains("run") && !shown.contains("$ kubectl"), "{shown}");
}

#[test]
fn another_question_throws_away_what_was_typed_for_the_first() {
    let (terminal, _) = terminal(100);
    let discarded = Rc::new(std::cell::Cell::new(0));
    let lines = [Line::Nothing, Line::text("y")].into();
    let input = Discarding(Rc::clone(&discarded), lines);
    let mut walker = Walker::new(terminal, Box::new(input), Box::new(Nothing), StillClock::new());
    let asked = Question { lane: LaneId::MAIN, step: None, ask: read(), accepts: ALL.to_vec() };
    walker.ask(&asked, &run(), None, &mut Once(0));
    let before = discarded.get();
    let other =
        Question { lane: LaneId::MAIN, step: None, ask: Asking::Seen, accepts: ALL.to_vec() };
    walker.ask(&other, &run(), None, &mut NothingElse);
    assert!(discarded.get() > before);
}

fn password(prompt: &str, lines: Vec<Line>) -> (Option<String>, String) {
    let (terminal, captured) = terminal(100);
    let mut walker =
        Walker::new(terminal, Box::new(Lines(lines.into())), Box::new(Nothing), StillClock::new());
    let wanted = PasswordWanted { command: "sudo -A true", prompt };
    let given = walker.password(&wanted, &mut NothingElse);
    (given.map(|given| given.expose().to_owned()), captured.walk())
}

#[test]
fn a_password_is_asked_for_by_a_command_that_is_named() {
    let (given, shown) = password("[sudo] password for dana: ", vec![Line::text("horse battery")]);
    assert_eq!(given.as_deref(), Some("horse battery"));
    assert!(shown.contains("$ sudo -A true\n"), "{shown}");
    assert!(shown.contains("[sudo] password for dana: > "), "{shown}");
    assert!(!shown.contains("horse"), "{shown}");
}

#[test]
fn what_asks_for_a_password_cannot_write_on_the_terminal() {
    let (_, shown) = password("\u{1b}[2J\u{1b}[HPassword:", vec![Line::End]);
    assert!(!shown.contains('\u{1b}'), "{shown:?}");
}

#[test]
fn control_c_gives_no_password() {
    for line in [Line::Interrupted, Line::End, Line::HungUp] {
        let (given, shown) = password("Password:", vec![line]);
        assert_eq!(given, None);
        assert!(shown.contains("No password is given."), "{shown}");
    }
}
