//! What must hold after any attack. The judge knows the ledger of effects, the events of the
//! journal, and what the program answers; nothing of how it works.

use std::collections::BTreeMap;
use std::fs;

use crate::bench::{Bench, RESUME};
use crate::sandbox::Outcome;

/// What the journal says of the steps' commands.
#[derive(Debug, Default)]
pub(crate) struct Said {
    pub(crate) started: Vec<usize>,
    pub(crate) passed: Vec<usize>,
    pub(crate) finished: bool,
}

/// The number at the end of a step's name.
fn number(step: &str) -> usize {
    let digits = step.rsplit(|c: char| !c.is_ascii_digit()).next().unwrap();
    digits.parse().expect("a numbered step")
}

pub(crate) fn said(bench: &Bench) -> Said {
    let folder = bench.run_folder();
    let journal = folder.map(|run| fs::read(run.join("journal.jsonl")).unwrap_or_default());
    said_in(&journal.unwrap_or_default())
}

/// What the terminated records of a journal say.
pub(crate) fn said_in(journal: &[u8]) -> Said {
    let mut said = Said::default();
    let mut attempts = BTreeMap::new();
    for line in journal.split_inclusive(|byte| *byte == b'\n').filter(|it| it.ends_with(b"\n")) {
        let record: serde_json::Value = serde_json::from_slice(line).expect("a record");
        let event = &record["event"];
        match event["type"].as_str().unwrap() {
            "attempt_started" if event["role"] == "main" => {
                let step = number(event["step"].as_str().unwrap());
                attempts.insert(event["attempt"].as_u64(), step);
                said.started.push(step);
            }
            "attempt_ended" if event["verdict"]["verdict"] == "passed" => {
                said.passed.push(attempts[&event["attempt"].as_u64()]);
            }
            "run_finished" => said.finished = true,
            _ => {}
        }
    }
    said
}

/// What holds whatever happened: in the world at most what is recorded, once; recorded as done only
/// what is in the world.
pub(crate) fn judge_the_past(bench: &Bench, story: &str) -> Said {
    let said = said(bench);
    let ledger = bench.ledger();
    let expected: Vec<usize> = (1..=ledger.len()).collect();
    assert_eq!(ledger, expected, "an effect is missing or twice: {said:?}\n{story}");
    for effect in &ledger {
        assert!(said.started.contains(effect), "no start of {effect}: {said:?}\n{story}");
    }
    for step in &said.passed {
        assert!(ledger.contains(step), "{step} is not done: {said:?}, {ledger:?}\n{story}");
    }
    let mut once = said.started.clone();
    once.dedup();
    assert_eq!(once, said.started, "a change was started again\n{story}");
    said
}

/// What `resume` answers to it, twice, and that it keeps what it says.
pub(crate) fn judge_the_future(bench: &Bench, story: &str) {
    judge_the_answers(bench, story);
    judge_verification(bench, story);
}

/// What `resume` answers.
pub(crate) fn judge_the_answers(bench: &Bench, story: &str) {
    let before = said(bench);
    let effects = bench.ledger().len();
    let first = resume(bench, story);
    let after = judge_the_past(bench, &format!("{story}\nresume: {}", first.text()));
    let story = format!("{story}\nbefore: {before:?}\nresume: {}", first.text());
    match first.code() {
        // It went on to the end.
        0 => assert!(after.finished && bench.ledger().len() == bench.steps(), "{story}"),
        // Nothing to go on with: it was over, or had never begun.
        2 => {
            let all = before.finished && effects == bench.steps();
            assert!(all || (before.started.is_empty() && effects == 0), "{story}");
        }
        // In doubt is the last that was started, which did or did not have its effect.
        6 => {
            let doubt = *after.started.last().expect("something was started");
            let now = bench.ledger().len();
            assert!(now == doubt || now + 1 == doubt, "{story}");
            assert!(!after.passed.contains(&doubt), "{story}");
            let second = resume(bench, &story);
            assert_eq!(second.code(), 6, "another answer: {}\n{story}", second.text());
            assert_eq!(bench.ledger().len(), now, "{story}");
        }
        // A command that was killed failed, and a person has to say what that means.
        4 => assert!(after.started.len() > after.passed.len(), "{story}"),
        other => panic!("status {other}\n{story}"),
    }
}

/// `verify` finds nothing wrong with what nobody changed.
pub(crate) fn judge_verification(bench: &Bench, story: &str) {
    let verified = bench.sandbox().surefoot(&["verify"]).run();
    // A run that died before it had a journal never began: there is nothing to verify.
    let began = bench.run_folder().is_some_and(|run| run.join("journal.jsonl").exists());
    let expected = if began { 0 } else { 2 };
    assert_eq!(verified.code(), expected, "{}\n{story}", verified.text());
}

/// `verify` says of a file that it is not what was recorded.
pub(crate) fn judge_that_a_change_is_found(bench: &Bench, file: &str, story: &str) {
    let verified = bench.sandbox().surefoot(&["verify"]).run();
    let text = format!("{}\n{story}", verified.text());
    assert_eq!(verified.code(), 10, "{text}");
    assert!(verified.stdout.contains(&format!("{file}: changed")), "{text}");
}

/// After a power cut it may miss outputs, which are durable only once a run rests; never a record.
pub(crate) fn judge_verification_after_a_cut(bench: &Bench, story: &str) {
    let verified = bench.sandbox().surefoot(&["verify"]).run();
    let text = format!("{}\n{story}", verified.text());
    if verified.code() == 10 {
        assert!(verified.stdout.contains("unchanged as far as the chain can tell"), "{text}");
        assert!(verified.stdout.contains("output/"), "{text}");
    } else {
        judge_verification(bench, story);
    }
}

fn resume(bench: &Bench, story: &str) -> Outcome {
    let outcome = bench.call(&RESUME).run();
    assert!(!outcome.stderr.contains("panicked"), "{}\n{story}", outcome.stderr);
    bench.wait_until_all_are_gone();
    outcome
}
