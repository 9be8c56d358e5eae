//! Scenarios that are walked: what their commands give, what is answered, how time passes, and what
//! is said when something was not said.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use jiff::Timestamp;

use super::time::Time;
use super::walk::walk_with;
use super::{
    Mismatch, Problem, ScriptedResponder, SharedWorld, Trace, Walked, World, compare, walk,
};
use crate::diagnostic::Source;
use crate::engine::{Question, Run};
use crate::journal::Record;
use crate::runbook::{
    Found, NoRepository, NotFound, Outcome, Runbook, Scenario, Shelf, StepId, load, load_scenario,
};
use crate::session::{Beside, Notice, Observer, Reply, Responder};

const HEAD: &str = "schema: surefoot/v1\ntitle: Test\nservice: shop\n";

struct One(String);

impl Shelf for One {
    fn find(&self, _: &str) -> Result<Found<'_>, NotFound> {
        let source = Source { name: "book.yaml".to_owned(), text: self.0.as_str().into() };
        Ok(Found { source, repository: Box::new(NoRepository) })
    }
}

pub(super) fn both(runbook: &str, scenario: &str) -> (Arc<Runbook>, Rc<Scenario>) {
    let text = format!("{HEAD}{runbook}");
    let source = Source { name: "book.yaml".to_owned(), text: text.as_str().into() };
    let loaded = load(&source, &NoRepository);
    let runbook = loaded.runbook.unwrap_or_else(|| panic!("{:?}", loaded.findings));
    let scenario =
        format!("schema: surefoot-scenario/v1\nrunbook: book\ntitle: It happens\n{scenario}");
    let source = Source { name: "scenario.yaml".to_owned(), text: scenario.as_str().into() };
    let loaded = load_scenario(&source, &One(text));
    let scenario = loaded.scenario.unwrap_or_else(|| panic!("{:?}", loaded.findings));
    (Arc::new(runbook), Rc::new(scenario))
}

fn walked(runbook: &str, scenario: &str) -> (Rc<Scenario>, Walked) {
    let (runbook, scenario) = both(runbook, scenario);
    let walked = walk(&runbook, &scenario).unwrap();
    (scenario, walked)
}

/// A walk that must come to its end without a question left open.
fn passes(runbook: &str, scenario: &str) -> Walked {
    let (scenario, walked) = walked(runbook, scenario);
    assert_eq!(walked.problems, [], "{:?}", walked.broken);
    assert_eq!(walked.broken, None);
    assert_eq!(compare(&scenario, &walked), []);
    assert!(walked.outcome.is_some());
    walked
}

/// What can be seen while somebody answers a question.
pub(super) struct Seen<'a> {
    pub(super) question: &'a Question,
    pub(super) run: &'a Run,
    pub(super) world: &'a World,
    pub(super) trace: &'a Trace,
    pub(super) now: Timestamp,
}

/// Walks a scenario, and looks on at each question that is answered.
pub(super) fn looked_on<T>(
    runbook: &str,
    scenario: &str,
    mut look: impl FnMut(&Seen<'_>) -> T,
) -> Vec<T> {
    let (runbook, scenario) = both(runbook, scenario);
    let (mut trace, mut looked) = (SharedTrace::default(), Vec::new());
    let watched = trace.clone();
    let mut take = |seen: &Seen<'_>| looked.push(look(seen));
    let onlooker = |world: &SharedWorld, time: Rc<dyn Time>| Onlooker {
        other: ScriptedResponder::new(world.clone(), Rc::clone(&time)),
        world: world.clone(),
        time,
        trace: watched,
        look: &mut take,
    };
    walk_with(&runbook, &scenario, onlooker, Some(&mut trace)).unwrap();
    looked
}

#[derive(Clone, Default)]
struct SharedTrace(Rc<RefCell<Trace>>);

impl Observer for SharedTrace {
    fn recorded(&mut self, record: &Record, run: &Run) {
        self.0.borrow_mut().recorded(record, run);
    }

    fn noticed(&mut self, _: &Notice<'_>, _: &Run) {}
}

/// Somebody who looks over the shoulder of whoever answers.
struct Onlooker<'a> {
    other: ScriptedResponder,
    world: SharedWorld,
    time: Rc<dyn Time>,
    trace: SharedTrace,
    look: &'a mut dyn FnMut(&Seen<'_>),
}

impl Responder for Onlooker<'_> {
    fn ask(
        &mut self,
        question: &Question,
        run: &Run,
        until: Option<Timestamp>,
        beside: &mut dyn Beside,
    ) -> Reply {
        let reply = self.other.ask(question, run, until, beside);
        if matches!(reply, Reply::Answer(_)) {
            let (trace, now) = (self.trace.0.borrow(), self.time.now());
            let look = &mut self.look;
            self.world.with(|world| look(&Seen { question, run, world, trace: &trace, now }));
        }
        reply
    }

    fn refused(&mut self, why: &str) {
        self.other.refused(why);
    }
}

fn path(walked: &Walked) -> Vec<&str> {
    walked.trace.visited.iter().map(|visit| visit.step.0.as_str()).collect()
}

/// The beginning of a runbook: a look, and a change that depends on it.
pub(super) const LOOK_AND_FIX: &str = r#"
steps:
  - id: look
    effect: read
    run: status --json
    capture: { bad: { json: .bad, type: integer } }
    findings: [ { when: bad > 0, say: "{{bad}} are bad." } ]
  - id: fix
    effect: change
    run: fix --count {{bad}}
    verify: status --quiet
    undo: unfix
"#;

fn two_tries() -> String {
    let cause = "
  - id: cause
    ask: What now?
    options:
      - { id: good, label: It is good, end: resolved }
      - { id: back, label: Undo it, end: rolled_back }
";
    format!("{LOOK_AND_FIX}{cause}")
}

#[test]
fn a_second_attempt_has_the_second_result() {
    let walked = passes(
        &two_tries(),
        r#"
results:
  look: { stdout: '{"bad": 3}' }
  fix: [ { exit: 1, stderr: refused }, { exit: 0, takes: 8s } ]
answers: { cause: good }
expect:
  outcome: resolved
  visited: [ look, fix, cause ]
  commands: { fix: fix --count 3 }
  findings: [ 3 are bad. ]
"#,
    );
    assert_eq!(walked.trace.commands.len(), 3);
}

#[test]
fn what_was_changed_is_undone_or_left() {
    let results =
        "results: { look: { stdout: '{\"bad\": 1}' }, fix: {} }\nanswers: { cause: back }\n";
    let undone = passes(&two_tries(), results);
    assert_eq!(undone.outcome, Some(Outcome::RolledBack));
    let fix = StepId("fix".to_owned());
    assert!(undone.trace.coverage.holds(&fix, Some(&super::BranchKind::Undone)));
    let left = passes(&two_tries(), &format!("{results}undo: no\n"));
    assert!(!left.trace.coverage.holds(&fix, Some(&super::BranchKind::Undone)));
}

#[test]
fn what_the_scenario_does_not_say_ends_the_walk_and_is_told() {
    let (_, walked) = walked(&two_tries(), "results: { look: { stdout: '{\"bad\": 1}' } }\n");
    let [Problem::NoResult { step, attempt: 1, results: 0, command }] = &walked.problems[..] else {
        panic!("{:?}", walked.problems);
    };
    assert_eq!((step.0.as_str(), command.as_str()), ("fix", "fix --count 1"));
    assert_eq!(walked.outcome, None);

    let (_, walked) =
        self::walked(&two_tries(), "results: { look: { stdout: '{\"bad\": 1}' }, fix: {} }\n");
    let [Problem::NoAnswer { step: Some(step), asked: "decide", question, accepts }] =
        &walked.problems[..]
    else {
        panic!("{:?}", walked.problems);
    };
    assert_eq!((step.0.as_str(), question.as_str()), ("cause", "What now?"));
    assert_eq!(accepts[..2], ["good", "back"]);
}

#[test]
fn a_list_of_results_that_is_used_up_is_told_with_its_length() {
    let (_, walked) = walked(
        &two_tries(),
        "results: { look: { stdout: '{\"bad\": 1}' }, fix: [ { exit: 1 } ] }\nanswers: { fix: again }\n",
    );
    assert!(
        matches!(&walked.problems[..], [Problem::NoResult { attempt: 2, results: 1, .. }]),
        "{:?}",
        walked.problems
    );
}

#[test]
fn an_expectation_that_does_not_hold_is_shown_side_by_side() {
    let (scenario, walked) = walked(
        &two_tries(),
        r#"
results: { look: { stdout: '{"bad": 1}' }, fix: {} }
answers: { cause: good }
expect:
  outcome: rolled_back
  visited: [ look, cause, fix ]
  commands: { fix: fix --count 2 }
  findings: [ Nothing is bad. ]
"#,
    );
    let found = compare(&scenario, &walked);
    let [
        Mismatch::Outcome { .. },
        Mismatch::Path { steps },
        Mismatch::Command { ran, .. },
        Mismatch::Finding { .. },
    ] = &found[..]
    else {
        panic!("{found:?}");
    };
    assert_eq!(ran.as_deref(), Some("fix --count 1"));
    assert_eq!(steps.iter().filter(|step| step.is_same()).count(), 2);
}

const POLL: &str = r#"
steps:
  - id: settled
    effect: read
    run: status
    until: stdout.contains("good")
    every: 10s
    within: 1h
  - id: pause
    wait: 5h
  - id: slow
    effect: read
    run: slow
    timeout: 2m
    expect: exit == 0
    on_failure: continue
  - end: done
"#;

#[test]
fn time_passes_at_once_and_to_the_second() {
    let results = "results: { settled: [ { stdout: bad, takes: 3s }, { stdout: good } ], slow: { hangs: true } }\n";
    let walked = passes(POLL, results);
    assert_eq!(path(&walked)[..3], ["settled", "pause", "slow"]);
    let slow = StepId("slow".to_owned());
    assert!(walked.trace.coverage.holds(&slow, Some(&super::BranchKind::Fails)));
}

#[test]
fn what_a_step_makes_true_decides_what_later_ones_give() {
    let runbook = r#"
steps:
  - id: before
    effect: read
    run: state
    expect: 'stdout == "on"'
  - id: pause
    effect: change
    run: pause
    undo: resume
    recheck: state
  - id: after
    effect: read
    run: state
    expect: 'stdout == "off"'
    on_failure: continue
  - end: done
"#;
    let scenario = r#"
facts: { paused: false, tries: 0 }
results:
  before: { stdout: "on" }
  pause: [ { disconnects: true, sets: { paused: false } }, { exit: 0, sets: { paused: true } } ]
  after: [ { when: paused, stdout: "off" }, { stdout: "on" } ]
answers: { pause: [ yes, recheck, again, yes ] }
expect: { visited: [ before, pause, after ] }
"#;
    passes(runbook, scenario);
}

#[test]
fn a_fault_holds_for_all_commands_of_a_target_until_an_inject_ends_it() {
    let runbook = r"
targets:
  db: { ssh: db1 }
steps:
  - id: first
    effect: read
    target: db
    run: status
    expect: true
  - id: pause
    wait: 10m
  - id: second
    effect: read
    target: db
    run: status
  - end: done
";
    let scenario = r#"
facts: { network: false }
faults: [ { target: db, when: "!network", exit: 255, stderr: no route to host } ]
injects: [ { after: 5m, say: The network is back., sets: { network: true } } ]
results: { second: { stdout: ok } }
"#;
    let walked = passes(runbook, scenario);
    assert_eq!(walked.outcome, Some(Outcome::Done));
}

#[test]
fn a_walk_that_goes_round_is_ended() {
    let runbook = r"
steps:
  - id: look
    effect: read
    run: status
    on_failure: { goto: cause }
  - end: done
  - id: cause
    ask: What now?
    options:
      - { id: more, label: Again, goto: look }
      - { id: out, label: End, end: abandoned }
";
    let (_, walked) = walked(runbook, "results: { look: { exit: 1 } }\nanswers: { cause: more }\n");
    assert!(walked.broken.unwrap().contains("goes round without end"));
}
