//! Anything that is accepted may be answered, anything may come out of a command, and the program
//! may die at any time: the walk always needs something or rests, and always folds again.

use jiff::SignedDuration;
use proptest::prelude::*;
use surefoot::engine::{
    Answer, AnswerKind, Asking, End, Event, Found, Input, PauseReason, Question, Recorded,
};
use surefoot::runbook::{Effect, Outcome, StepId};
use surefoot::value::{Secret, Value};

use crate::driver::{Setup, Walk, fold, read_back, wants};

const EVERYTHING: &str = "targets:
  box: { prefix: [ssh, box], assert: hostname, equals: prod-eu }
escalation: [ { role: boss, how: call } ]
requires: [ { program: jq }, { check: [test, x] } ]
steps:
  - id: g
    title: Group
    steps:
      - { id: n, target: box, effect: read, run: [cat, n], capture: { n: { type: integer } }, retry: { times: 2 } }
      - { id: t, effect: read, run: [token], capture: { t: { secret: true } }, findings: [ { when: exit > 1, say: Odd } ] }
  - { id: ls, effect: read, run: [list], capture: { many: { lines: true } } }
  - { id: l1, for_each: { in: many, as: i1, on_failure: continue }, run: [do, '{{i1}}'], undo: [undo, '{{i1}}'], recheck: [did, '{{i1}}'] }
  - { id: l2, for_each: { in: [p, q, r], as: i2, parallel: 2, confirm: once }, run: [do, '{{i2}}'], undo: [undo, '{{i2}}'], on_failure: undo }
  - id: l3
    title: Each
    for_each: { in: [s, t], as: i3 }
    steps:
      - { id: in_a, do: 'Look at {{i3}}' }
      - { id: in_b, target: box, run: [do, '{{i3}}'], undo: [undo, '{{i3}}'], on_failure: stop, retry: { times: 1 } }
      - { id: in_c, effect: read, for_each: { in: many, as: i4, parallel: 2 }, run: [see, '{{i4}}'] }
  - id: l4
    title: Beside
    effect: read
    parallel: 2
    steps:
      - { id: be_a, run: [see, a], capture: { be: { type: integer } } }
      - { id: be_b, target: box, run: [see, b] }
      - { id: be_c, run: [see, c] }
  - { id: w, wait: 5m }
  - { id: c, target: box, run: { run: [do, '{{n}}'], env: { T: '{{t}}' } }, undo: [undo, '{{n}}'], verify: [look, c], recheck: [did, c] }
  - { id: d, when: n > 1, effect: destroy, run: [rm, '{{n}}'], subject: 'volume {{n}}', irreversible: gone, on_failure: { goto: q } }
  - { id: r, run: [do, r], undo: { step: v }, retry: { times: 1 }, on_failure: undo }
  - { id: u, use: { procedure: p }, on_failure: continue }
  - { id: q, ask: Which?, options: [ { id: on, label: On }, { id: use_it, label: Use, use: { procedure: p } }, { id: help, label: Help, goto: h }, { id: over, label: Over, end: rolled_back } ] }
  - { id: v, run: [undo, r] }
  - { id: o, open: [ 'https://example.com/' ] }
procedures:
  p:
    steps:
      - { id: l, target: box, effect: read, run: [cat, l], until: exit == 0, every: 10s, within: 30s }
      - { id: x, ask: What?, into: x, type: integer }
  h: { steps: [ { id: e, escalate: boss }, { end: escalated } ] }
finally:
  - { id: f, effect: read, run: [tell] }
";

/// The answer of a kind, if the test can give one.
fn answer(kind: AnswerKind, question: &Question, dice: u8) -> Option<Input> {
    let reason = None;
    Some(Input::Answered(match kind {
        AnswerKind::AdHoc => Answer::AdHoc { command: "uptime".to_owned() },
        AnswerKind::Again => Answer::Again,
        AnswerKind::Approval | AnswerKind::GoPast => return None,
        AnswerKind::Auto => Answer::Auto,
        AnswerKind::Back => Answer::Back,
        AnswerKind::BreakGlass => Answer::BreakGlass { reason: "so".to_owned() },
        AnswerKind::Choose => {
            let Asking::Decide { options, .. } = &question.ask else { return None };
            let option = options[usize::from(dice) % options.len()].id.clone();
            Answer::Choose { option, reason }
        }
        AnswerKind::Confirm => {
            let Asking::Confirm(card) = &question.ask else { return None };
            Answer::Confirm { typed: card.must_type.clone() }
        }
        AnswerKind::Done => Answer::Done { note: None },
        AnswerKind::Edit => Answer::Edit { command: "echo other".to_owned() },
        AnswerKind::Elsewhere => {
            return Some(Input::Elsewhere {
                output: "4".to_owned(),
                exit: i32::from(dice % 3),
                filtered: surefoot::engine::Filtered::new(),
                kept: surefoot::engine::Kept::default(),
            });
        }
        AnswerKind::Finish => {
            Answer::Finish { outcome: [Outcome::Done, Outcome::RolledBack][usize::from(dice % 2)] }
        }
        AnswerKind::GoTo => Answer::GoTo {
            step: StepId(
                ["n", "c", "x", "q", "g", "l3", "in_b", "l1"][usize::from(dice) % 8].to_owned(),
            ),
        },
        AnswerKind::Leave => Answer::Leave,
        AnswerKind::MarkDone => Answer::MarkDone,
        AnswerKind::NoneOfThese => Answer::NoneOfThese,
        AnswerKind::Note => Answer::Note { text: "so".to_owned() },
        AnswerKind::NotSure => Answer::NotSure { reason },
        AnswerKind::Pause => return Some(Input::Paused(PauseReason::Wished)),
        AnswerKind::Predict => Answer::Predict { text: "so".to_owned() },
        AnswerKind::Proceed => Answer::Proceed,
        AnswerKind::Recheck => Answer::Recheck,
        AnswerKind::Skip => Answer::Skip { reason },
        AnswerKind::Stop => Answer::Stop,
        AnswerKind::Undo => Answer::Undo { step: None, entry: None },
        AnswerKind::Value => Answer::Value {
            value: match &question.ask {
                Asking::MissingValue { secret: true, .. } => {
                    Recorded::Secret(Some(Secret::new("hunter22".to_owned())))
                }
                _ => Recorded::Open(Value::Text("4".to_owned())),
            },
        },
        AnswerKind::WaitForEnd => Answer::WaitForEnd,
    }))
}

fn end(dice: u8) -> (End, &'static str) {
    let code = |code| End::Exited { code };
    match dice % 12 {
        0..5 => (code(0), "4\n"),
        5 => (code(0), "prod-us\n"),
        6 => (code(1), "1\n"),
        7 => (code(3), "many\n"),
        8 => (End::Interrupted { signal: Some(2) }, ""),
        9 => (End::Disconnected, ""),
        10 => (End::TimedOut { after: 5 }, ""),
        _ => {
            let why = "no such file".to_owned();
            (End::CouldNotStart { why }, "")
        }
    }
}

fn found(dice: u8) -> Found {
    match dice % 3 {
        0 => Found::Unknown,
        1 => Found::Running { supervisor: 7 },
        _ => Found::Finished { end: End::Exited { code: 0 }, took: 1 },
    }
}

/// One move; whether the run still goes on.
fn step(walk: &mut Walk, dice: u8, more: u8) -> bool {
    walk.now += SignedDuration::from_secs(i64::from(more % 90));
    let demands = walk.run.demands();
    let finished = matches!(walk.events.last(), Some((Event::RunFinished { .. }, _)));
    if finished {
        return false;
    }
    if dice.is_multiple_of(16) || demands.rest.is_some() {
        walk.take_over(&found(more));
        return true;
    }
    let input = if demands.advance.is_some() {
        Input::Advance
    } else if demands.survey.is_some() {
        Input::Surveyed(vec!["program jq".to_owned(); usize::from(more % 2)])
    } else if let Some(attempt) = demands.start.first() {
        let asserts = attempt.role == surefoot::engine::Role::Assert;
        walk.put(Input::Started(attempt.id)).unwrap();
        if asserts && dice % 4 != 1 {
            let id = walk.run.last_attempt();
            walk.end(id, End::Exited { code: 0 }, "prod-eu");
        }
        return true;
    } else if let Some(question) = demands.question {
        if !demands.waits.is_empty() && dice.is_multiple_of(2) {
            Input::Elapsed
        } else {
            // What goes on stands first: it is answered more often than what leads astray.
            let place = if dice % 4 < 2 { 0 } else { usize::from(more) % question.accepts.len() };
            match answer(question.accepts[place], &question, more) {
                Some(input) => input,
                None => return true,
            }
        }
    } else {
        let id = walk.run.running().next().unwrap();
        let (end, printed) = end(more);
        walk.end(id, end, printed);
        return true;
    };
    let asked = format!("{input:?}");
    if let Err(why) = walk.put(input) {
        let why = why.to_string();
        // Which item is meant is known inside of it alone.
        let inside = asked.contains("GoTo") && why.contains("is done for one of several");
        assert!(inside, "{why}: {asked}\n{}", walk.text());
    }
    true
}

/// Without a flag, no change starts but after a yes that was given for its step in this process.
fn check_consent(walk: &Walk, flag: bool) {
    let mut agreed = flag;
    // To all items of a step, as long as it is not over.
    let mut to_all = flag;
    for (event, _) in &walk.events {
        if matches!(event, Event::Resumed(_))
            || matches!(event, Event::StepClosed { lane, .. } if lane.is_main())
        {
            to_all = flag;
        }
        match event {
            Event::Answered { question, answer: Answer::Confirm { .. }, .. }
                if question == "items" =>
            {
                to_all = true;
            }
            Event::Answered { answer: Answer::Confirm { .. }, .. } => agreed = true,
            Event::AttemptStarted(started)
                if to_all && started.step.as_ref().is_some_and(|step| step.0 == "l2") =>
            {
                assert!(started.confirmation.is_some());
            }
            Event::Resumed(_) | Event::StepClosed { .. } | Event::StepEntered { .. } => {
                agreed = flag;
            }
            Event::AttemptStarted(started) if started.effect != Effect::Read => {
                assert!(agreed, "{} starts without a yes\n{}", started.shown, walk.text());
                assert!(started.confirmation.is_some());
            }
            _ => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_the_walk_goes_on_or_rests(
        moves in prop::collection::vec((any::<u8>(), any::<u8>()), 20..250),
        flag in any::<bool>(),
    ) {
        let mut setup = Setup::steps(EVERYTHING);
        if flag {
            setup.policy.agreed.insert(Effect::Change);
        }
        let mut walk = Walk::begin(setup);
        for (dice, more) in moves {
            // `put` and `take_over` see to it that something is needed after every fact.
            if !step(&mut walk, dice, more) {
                break;
            }
        }
        let again = fold(&walk.plan, &walk.events);
        prop_assert_eq!(wants(&again), wants(&walk.run));
        check_consent(&walk, flag);
        let read = read_back(&walk.events);
        let text = serde_json::to_string(&read.iter().map(|it| &it.0).collect::<Vec<_>>()).unwrap();
        prop_assert!(!text.contains("hunter22"), "{text}");
        prop_assert_eq!(wants(&fold(&walk.plan, &read)), wants(&fold(&walk.plan, &read_back(&read))));
    }
}
