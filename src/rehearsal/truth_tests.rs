//! What whoever leads a drill is shown, at each question of walks in memory.

use super::tests::{Seen, looked_on};
use super::{Stands, Truth};
use crate::engine::{Told, ToldKind};

const BOOK: &str = r#"
inputs:
  host: { type: host }
targets:
  db: { ssh: "{{host}}" }
steps:
  - id: look
    effect: read
    run: queue --length
    findings: [ { when: 'stdout == "12"', say: Twelve wait. } ]
  - id: never
    when: 1 > 2
    effect: read
    run: other
  - id: pause
    title: Pause the writer
    effect: change
    run: |
      pause --all
      pause --rest
    undo: resume
  - id: cause
    ask: What is it?
    options:
      - { id: disk, label: The disk, goto: agreed }
      - { id: other, label: Something else, goto: agreed }
  - id: agreed
    title: May {{host}} be restarted?
    approve: { role: database owner, why: The restart drops sessions. }
  - id: restart
    effect: change
    target: db
    run: restart
    undo: { none: it is up again }
  - end: done
"#;

const NIGHT: &str = r#"
brief: It is 02:40.
now: 2026-03-01T02:40:00Z
inputs: { host: db1 }
facts: { queue: 12 }
faults: [ { target: db, when: queue > 20, exit: 255, stderr: no route } ]
results:
  look: { stdout: "12", takes: 5s, sets: { queue: 13 } }
  pause:
    - { exit: 3, stderr: "a\nb\nc\nd\ne\n", takes: 8s, sets: { queue: 21 } }
    - { stdout: "paused\n" }
injects:
  - { after: 1h, say: "boss: is it over?", sets: { queue: 99 } }
  - { enters: agreed, say: The owner is here. }
  - { enters: look, say: It begins. }
answers: { pause: [ yes, again, yes ], cause: disk, restart: [ yes, skip ] }
expect:
  outcome: done
  visited: [ look, never, pause, agreed ]
  findings: [ Twelve wait., Nothing waits. ]
"#;

fn truth(seen: &Seen<'_>) -> Truth {
    Truth::of(seen.run, seen.world, seen.trace, seen.now)
}

/// What is true at each question of a walk that is asked at this step.
fn at(step: &str, scenario: &str) -> Vec<Truth> {
    let mut all = looked_on(BOOK, scenario, truth);
    all.retain(|truth| truth.at.as_ref().is_some_and(|(at, _)| at == step));
    assert!(!all.is_empty(), "nothing is asked at {step}");
    all
}

fn path(truth: &Truth) -> Vec<(&str, Stands)> {
    truth.path.iter().map(|stage| (stage.step.as_str(), stage.stands)).collect()
}

#[test]
fn what_was_walked_stands_beside_what_is_expected() {
    use Stands::{Ahead, Detour, Missed, Walked};
    let first = [("look", Walked), ("never", Missed), ("pause", Walked), ("agreed", Ahead)];
    assert_eq!(path(&at("pause", NIGHT)[0]), first);
    let beside = [&first[..3], &[("cause", Detour), ("agreed", Ahead)]].concat();
    assert_eq!(path(&at("cause", NIGHT)[0]), beside);
    let back = [&first[..3], &[("cause", Detour), ("agreed", Walked)]].concat();
    assert_eq!(path(&at("agreed", NIGHT)[0]), back);
    // A scenario that expects no path shows none.
    let free = NIGHT.replace("  visited: [ look, never, pause, agreed ]\n", "");
    assert_eq!(path(&at("pause", &free)[0]), []);
}

#[test]
fn what_is_asked_and_by_whom_it_is_agreed_is_in_words() {
    let pause = &at("pause", NIGHT)[0];
    assert_eq!(pause.at.as_ref().unwrap().1, "Pause the writer");
    assert_eq!(pause.asked.as_deref(), Some("to run pause --all ..."));
    assert_eq!(pause.agreement, None);
    let failed = &at("pause", NIGHT)[1];
    assert!(failed.asked.as_ref().unwrap().starts_with("the command failed: "), "{failed:?}");
    let cause = &at("cause", NIGHT)[0];
    assert_eq!(cause.asked.as_deref(), Some("What is it? (disk, other)"));
    let agreed = &at("agreed", NIGHT)[0];
    assert_eq!(agreed.at.as_ref().unwrap().1, "May db1 be restarted?");
    assert_eq!(agreed.asked.as_deref(), Some("for the agreement of database owner"));
    assert_eq!(agreed.agreement.as_deref(), Some("database owner"));
}

#[test]
fn what_a_command_gives_is_told_before_it_is_run() {
    let pause = at("pause", NIGHT);
    let first = "exit 3 after 8s, complains `a / b / c` and 2 lines more, makes true queue = 21";
    assert_eq!(pause[0].gives.as_deref(), Some(first));
    // Once it was tried, that is the next attempt.
    assert_eq!(pause[1].gives.as_deref(), Some("exit 0, prints `paused`"));
    assert_eq!(at("cause", NIGHT)[0].gives, None);
    let at_fault = "exit 255, complains `no route`, as db is at fault";
    assert_eq!(at("restart", NIGHT)[0].gives.as_deref(), Some(at_fault));
    let without = NIGHT.replace("queue > 20", "queue > 200");
    let gives = at("restart", &without)[0].gives.clone().unwrap();
    assert!(gives.starts_with("nothing: there is neither a result nor a sample"), "{gives}");
}

#[test]
fn what_holds_and_what_is_to_come_changes_as_it_happens() {
    let pause = at("pause", NIGHT);
    let queue = |number: &str| vec![("queue".to_owned(), number.to_owned())];
    assert_eq!((&pause[0].facts, &pause[1].facts), (&queue("13"), &queue("21")));
    assert_eq!(pause[0].faults, ["db: exit 255, complains `no route` while queue > 20"]);
    // An inject that has come is no longer ahead.
    let ahead = |truth: &Truth| {
        let ahead = truth.ahead.iter();
        ahead.map(|it| (it.number, it.when.clone(), it.what.clone())).collect::<Vec<_>>()
    };
    let boss = "boss: is it over?; makes true queue = 99".to_owned();
    let owner = (2, "when `agreed` is come to".to_owned(), "The owner is here.".to_owned());
    let later = (1, "in 59 min 55 s".to_owned(), boss.clone());
    assert_eq!(ahead(&pause[0]), [later, owner]);
    assert_eq!(ahead(&at("agreed", NIGHT)[0]).len(), 1);
    // Time passes though nothing is recorded.
    let passed = looked_on(BOOK, NIGHT, |seen| {
        let mut truth = truth(seen);
        truth.pass_to(seen.world, seen.now + jiff::SignedDuration::from_secs(55));
        truth
    });
    assert_eq!(ahead(&passed[0])[0], (1, "in 59 min".to_owned(), boss));
}

#[test]
fn findings_hints_and_a_clock_that_stands_still_are_told() {
    use super::Seen::{Found, NotYet};
    let truth = &at("pause", NIGHT)[0];
    let found: Vec<_> = truth.findings.iter().map(|(say, seen)| (say.as_str(), *seen)).collect();
    assert_eq!(found, [("Twelve wait.", Found), ("Nothing waits.", NotYet)]);
    assert_eq!(
        (truth.outcome.as_deref(), truth.brief.as_deref()),
        (Some("done"), Some("It is 02:40."))
    );
    assert_eq!((truth.hints, truth.held.as_deref()), (0, None));
    let led = looked_on(BOOK, NIGHT, |seen| {
        let mut trace = seen.trace.clone();
        let mut say = |kind, text: &str| trace.told.push(Told::new(kind, text, None));
        say(ToldKind::Hint, "look");
        say(ToldKind::Held, "look at me");
        let held = Truth::of(seen.run, seen.world, &trace, seen.now);
        trace.told.push(Told::new(ToldKind::GoneOn, "", None));
        (held, Truth::of(seen.run, seen.world, &trace, seen.now))
    });
    let (held, gone_on) = &led[0];
    assert_eq!((held.hints, held.held.as_deref()), (1, Some("look at me")));
    assert_eq!((gone_on.hints, gone_on.held.as_deref()), (1, None));
}
