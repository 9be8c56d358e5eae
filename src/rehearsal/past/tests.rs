//! Runs that are recorded in memory and made scenarios of: what they gave, what was decided, and that
//! the scenario goes the way of its run.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use super::{Gave, Past, Recording, past};
use crate::engine::{AttemptId, Event, Printed, Recorded, Run};
use crate::journal::Record;
use crate::rehearsal::tests::{LOOK_AND_FIX, both};
use crate::rehearsal::walk::walk_with;
use crate::rehearsal::{Remarks, ScriptedResponder, SharedWorld, compare, walk, written};
use crate::runbook::{Answers, End, Results, Runbook, Scenario, StepId, StepResult};
use crate::session::{Notice, Observer, Stream};

fn book() -> String {
    let inputs = "
inputs:
  token: { type: string, secret: true }
  place: { type: path }
";
    let rest = r#"
  - id: never
    effect: read
    when: bad > 100
    run: other
    sample: "a sample\n"
  - id: cause
    ask: What now?
    options:
      - { id: good, label: It is good, end: resolved }
      - { id: again, label: Once more, goto: look }
      - { id: back, label: Undo it, end: rolled_back }
"#;
    format!("{inputs}{LOOK_AND_FIX}{rest}")
}

const RUN: &str = r#"
inputs: { place: /srv }
now: 2026-03-01T02:40:00Z
results:
  look: [ { stdout: '{"bad": 3}', takes: 12s }, { stdout: '{"bad": 0}' } ]
  fix:
    - { exit: 1, stderr: "refused\n" }
    - { stdout: "fixed\n", verify: { exit: 1 } }
    - { stdout: "fixed\n" }
    - { stdout: "fixed\n" }
answers: { cause: [ again, good ] }
"#;

/// A run of this scenario, as a record.
fn run(book: &str, scenario: &str) -> (Arc<Runbook>, Vec<Record>, BTreeMap<AttemptId, Gave>) {
    let (runbook, scenario) = both(book, scenario);
    let mut seen = Seen::default();
    let scripted = |world: &SharedWorld, time| ScriptedResponder::new(world.clone(), time);
    let walked = walk_with(&runbook, &scenario, scripted, Some(&mut seen)).unwrap();
    assert_eq!(walked.problems, []);
    (runbook, seen.records, seen.gave)
}

/// Takes down what a record and its outputs hold.
#[derive(Default)]
struct Seen {
    records: Vec<Record>,
    gave: BTreeMap<AttemptId, Gave>,
}

impl Observer for Seen {
    fn recorded(&mut self, record: &Record, _: &Run) {
        self.records.push(record.clone());
        if let Event::AttemptEnded(ended) = &record.event {
            self.gave.entry(ended.attempt).or_default();
        }
    }

    fn noticed(&mut self, notice: &Notice<'_>, _: &Run) {
        let Notice::Output { attempt, stream, bytes } = notice else { return };
        let gave = self.gave.entry(*attempt).or_default();
        match stream {
            Stream::Stdout => gave.stdout.bytes.extend_from_slice(bytes),
            Stream::Stderr => gave.stderr.bytes.extend_from_slice(bytes),
        }
    }
}

fn made(runbook: &Arc<Runbook>, records: &[Record], gave: &BTreeMap<AttemptId, Gave>) -> Past {
    let recording = Recording { runbook, called: "book", records, injects: &[], most: 4096 };
    let past = past(&recording, &mut |ended| gave.get(&ended.attempt).cloned());
    past.unwrap().unwrap()
}

/// The same scenario, as its file says it.
fn kept(book: &str, past: &Past) -> Rc<Scenario> {
    let text = written(&past.scenario, &past.remarks);
    let body: Vec<&str> = text.lines().skip_while(|line| !line.starts_with("title:")).collect();
    both(book, &(body[1..].join("\n") + "\n")).1
}

fn results<'a>(scenario: &'a Scenario, step: &str) -> &'a [StepResult] {
    scenario.results[&StepId(step.to_owned())].all()
}

#[test]
fn a_run_goes_its_way_again() {
    let (runbook, records, gave) = run(&book(), RUN);
    let past = made(&runbook, &records, &gave);
    let scenario = kept(&book(), &past);
    assert_eq!(scenario.now, Some(records[0].at));
    let look = results(&scenario, "look");
    assert_eq!(look[0].main.takes.as_ref().unwrap().millis, 12_000);
    let fix = results(&scenario, "fix");
    assert_eq!((fix.len(), &fix[0].main.end), (3, &End::Exit(1)));
    assert_eq!(fix[0].main.stderr, "refused\n");
    assert_eq!(fix[1].verify.as_ref().unwrap().end, End::Exit(1));
    // Once the attempts of the record are used up, the last one comes again.
    assert!(
        fix[2].when.is_none()
            && matches!(&past.scenario.results[&StepId("fix".to_owned())], Results::Chosen(_))
    );
    // What was not reached prints its sample, and the file says so.
    assert_eq!(results(&scenario, "never")[0].main.stdout, "a sample\n");
    assert!(past.remarks.results.contains_key(&StepId("never".to_owned())));
    let walked = walk(&runbook, &scenario).unwrap();
    assert_eq!((walked.problems.clone(), walked.broken.clone()), (vec![], None));
    assert_eq!(compare(&scenario, &walked), []);
    assert_eq!(scenario.expect.findings[0].value, "3 are bad.");
    assert_eq!(scenario.expect.visited.as_ref().unwrap().value.len(), 6);
    let commands = &scenario.expect.commands[&StepId("fix".to_owned())];
    assert_eq!(commands.last().unwrap().value, "fix --count 0");
}

#[test]
fn nothing_before_the_answers_tells_what_was_decided() {
    let (runbook, records, gave) = run(&book(), RUN);
    let past = made(&runbook, &records, &gave);
    let told = format!("{} {}", past.scenario.title, past.scenario.brief.clone().unwrap());
    for word in ["resolved", "good", "again", "fix"] {
        assert!(!told.contains(word), "{word} in {told}");
    }
    assert!(matches!(past.scenario.answers.values().next(), Some(Answers::Each(_))));
}

#[test]
fn a_secret_of_the_run_is_in_no_part_of_it() {
    let (runbook, mut records, mut gave) = run(&book(), RUN);
    // As a record holds it: by its name, and masked where it was printed.
    let Event::RunStarted(started) = &mut records[0].event else { panic!() };
    assert!(started.inputs.iter().any(|it| matches!(it.value, Recorded::Secret(_))));
    let first = *gave.keys().next().unwrap();
    gave.get_mut(&first).unwrap().stderr.bytes = b"token=*** ok\n".to_vec();
    let past = made(&runbook, &records, &gave);
    let text = written(&past.scenario, &past.remarks);
    assert!(!text.contains("***"), "{text}");
    assert!(text.contains("token=rehearsal-token-5f0b7c ok"), "{text}");
    assert!(!past.scenario.inputs.keys().any(|name| name.as_str() == "token"));
}

#[test]
fn steps_that_are_gone_are_named_and_left_out() {
    let (_, records, gave) = run(&book(), RUN);
    let (now, _) = both(
        &book().replace("id: fix", "id: mend"),
        "inputs: { place: /srv }\nanswers: { cause: good }\n",
    );
    let past = made(&now, &records, &gave);
    assert_eq!(past.gone.iter().map(|step| step.0.as_str()).collect::<Vec<_>>(), ["fix"]);
    let visited = past.scenario.expect.visited.unwrap();
    assert!(visited.value.iter().all(|step| step.value.0 != "fix"));
}

#[test]
fn a_run_that_was_left_expects_no_end() {
    let (runbook, mut records, gave) = run(&book(), RUN);
    records.truncate(records.len() - 4);
    let past = made(&runbook, &records, &gave);
    assert!(past.scenario.expect.outcome.is_none() && past.scenario.expect.visited.is_none());
    assert!(past.remarks.head[0].contains("It did not end"), "{:?}", past.remarks.head);
}

#[test]
fn whatever_was_printed_gives_a_scenario_that_can_be_read() {
    let (runbook, records, gave) = run(&book(), RUN);
    let last = *gave.keys().next_back().unwrap();
    for bytes in [
        b"\x1b[2J\0\xff\xfe{{ x }}\r\n".repeat(3),
        b"y\n".repeat(5_000_000),
        vec![0xff; 300_000],
        "\u{202e}\u{1f600}".repeat(20_000).into_bytes(),
    ] {
        let mut gave = gave.clone();
        gave.get_mut(&last).unwrap().stdout = Printed { bytes, more: 0 };
        let past = made(&runbook, &records, &gave);
        let text = written(&past.scenario, &Remarks::default());
        assert!(text.len() < 100_000, "{}", text.len());
        kept(&book(), &past);
    }
}
