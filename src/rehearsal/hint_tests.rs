//! The hints of a drill, at each question of walks in memory.

use super::Hints;
use super::tests::{Seen, looked_on};
use crate::runbook::StepId;

const BOOK: &str = r#"
inputs:
  host: { type: host }
steps:
  - id: look
    effect: read
    run: queue --length
  - id: pause
    title: Pause the writer
    effect: change
    run: pause
    why: It stops the growth.
    expect: [ 'exit == 0', 'stdout == ""' ]
    undo: resume
  - id: cause
    title: What is it?
    ask: What is it?
    options:
      - { id: disk, label: The disk, goto: agreed }
      - { id: again, label: Look again, goto: look }
  - id: agreed
    title: May {{host}} be restarted?
    approve: { role: database owner, why: The restart drops sessions. }
  - end: done
"#;

const NIGHT: &str = r#"
inputs: { host: db1 }
results: { look: { stdout: "12" }, pause: [ { exit: 3 }, {}, {} ] }
answers: { pause: [ yes, again, yes ], cause: disk }
expect: { visited: [ look, pause, agreed ] }
"#;

/// All that is hinted at each question of a walk.
fn hinted(scenario: &str) -> Vec<(String, Vec<String>)> {
    let mut hints = Hints::default();
    looked_on(BOOK, scenario, |seen: &Seen<'_>| {
        let scenario = seen.world.scenario();
        let next = || hints.next(seen.question, seen.run, scenario, seen.trace).ok();
        let step = seen.question.step.as_ref().map(StepId::to_string);
        (step.unwrap_or_default(), std::iter::from_fn(next).collect())
    })
}

#[test]
fn the_reason_the_way_and_the_answer_come_one_by_one() {
    let hinted = hinted(NIGHT);
    let pause = [
        "It stops the growth. It should come to `exit == 0` and `stdout == \"\"`.",
        "After this the expected path has `agreed`: May db1 be restarted?",
        "The scenario answers here: yes",
    ];
    assert_eq!(hinted[0], ("pause".to_owned(), pause.map(str::to_owned).to_vec()));
    // The same step has no others when something else is asked there.
    assert_eq!(hinted[1], ("pause".to_owned(), Vec::new()));
}

#[test]
fn off_the_expected_path_the_way_back_is_told() {
    let hinted = hinted(NIGHT);
    let at = |step: &str| &hinted.iter().find(|(at, _)| at == step).unwrap().1;
    let cause = [
        "The expected path does not have this step; it goes on with `agreed`: May db1 be restarted?",
        "The scenario answers here: disk",
    ];
    assert_eq!(*at("cause"), cause);
    assert_eq!(at("agreed")[0], "This is the last step of the expected path.");
}

#[test]
fn an_answer_belongs_to_its_visit() {
    let round = NIGHT
        .replace("cause: disk", "cause: [ again, disk ]")
        .replace("[ look, pause, agreed ]", "[ look, pause, cause, look, pause, cause, agreed ]");
    let mut answers = Vec::new();
    looked_on(BOOK, &round, |seen| {
        let (scenario, mut hints) = (seen.world.scenario(), Hints::default());
        let next = || hints.next(seen.question, seen.run, scenario, seen.trace).ok();
        let last = std::iter::from_fn(next).last();
        if seen.question.step.as_ref().is_some_and(|step| step.0 == "cause") {
            answers.extend(last);
        }
    });
    assert_eq!(answers, ["The scenario answers here: again", "The scenario answers here: disk"]);
}

#[test]
fn where_the_scenario_answers_nothing_the_path_says_whether_to_run_it() {
    let silent = NIGHT.replace("pause: [ yes, again, yes ], ", "");
    let last = |scenario: &str| hinted(scenario)[0].1.last().cloned().unwrap();
    assert_eq!(last(&silent), "The expected path runs this.");
    let without = silent.replace("[ look, pause, agreed ]", "[ look, agreed ]");
    let pass = "The expected path does not run this: pass it over, or go elsewhere.";
    assert_eq!(last(&without), pass);
    // Without an expected path there is the reason, and no more.
    let free = silent.replace("expect: { visited: [ look, pause, agreed ] }\n", "");
    assert_eq!(hinted(&free)[0].1.len(), 1);
}
