//! A recorded run as a scenario: each step gives what it gave then, attempt by attempt and as slowly,
//! and what was decided is what is expected.
//!
//! The runbook is today's. What the run did not reach prints its sample, and what the record cannot
//! tell is left out and remarked.

mod fold;
mod follow;
mod printed;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::executor::output;
use super::skeleton::value_for;
use super::time::millis_between;
use super::trace::{Trace, neutral};
use super::walk::Unwalkable;
use super::written::Remarks;
use crate::engine::{Answer, AttemptEnded, Event, Printed, Recorded, Role, RunStarted, ToldKind};
use crate::journal::Record;
use crate::runbook::{
    Action, Expected, Inject, Outcome, Part, Placed, Presence, Results, Runbook, Scenario, Secrecy,
    StepId, StepResult, Trigger, Undoing,
};
use crate::value::{Duration, Name, Value};
use fold::Fold;
use printed::{Texts, is_plain};

/// A run that was recorded, and the runbook as it is walked now.
pub struct Recording<'a> {
    /// The runbook.
    pub runbook: &'a Arc<Runbook>,
    /// What the scenario calls it.
    pub called: &'a str,
    /// The record.
    pub records: &'a [Record],
    /// What was said to whoever walked it, if it was a rehearsal itself.
    pub injects: &'a [Inject],
    /// More bytes of one output are not taken into the scenario.
    pub most: usize,
}

/// What a command printed, as far as it was kept.
#[derive(Clone, Debug, Default)]
pub struct Gave {
    /// To standard output.
    pub stdout: Printed,
    /// To standard error.
    pub stderr: Printed,
}

impl Gave {
    /// What a rehearsal gave.
    pub fn of(part: &Part) -> Self {
        let (stdout, stderr) = output(&mut part.clone());
        Self { stdout, stderr }
    }
}

/// What became of a recording.
#[derive(Debug)]
pub struct Past {
    /// The scenario.
    pub scenario: Scenario,
    /// What its file says beside it.
    pub remarks: Remarks,
    /// Steps that gave something and are no longer there.
    pub gone: BTreeSet<StepId>,
}

/// Makes the scenario of a recording. `gave` tells what a command printed; nothing if that was not kept.
pub fn past(
    recording: &Recording<'_>,
    gave: &mut dyn FnMut(&AttemptEnded) -> Option<Gave>,
) -> Result<Option<Past>, Unwalkable> {
    let Some(first) = recording.records.first() else { return Ok(None) };
    let Event::RunStarted(started) = &first.event else { return Ok(None) };
    let texts = Texts::of(started, recording.records, recording.most);
    let mut remarks = Remarks::default();
    let mut fold = Fold::new(recording.runbook, &texts);
    for record in recording.records {
        fold.take(record, gave);
    }
    let outcome = outcome(recording.records);
    let mut scenario = setting(recording, started, &texts, outcome);
    scenario.targets = fold.targets();
    let gone = fold.gone();
    let (results, cut) = fold.results();
    scenario.results = results;
    for (step, bytes) in cut {
        remarks.results.insert(step, format!("{bytes} bytes of its output were cut."));
    }
    add_samples(&mut scenario, recording.runbook, &mut remarks);
    let followed = follow::follow(recording.runbook, &scenario, recording.records)?;
    scenario.answers = followed.answers;
    scenario.values = followed.values;
    expect(&mut scenario, recording, &followed.trace, &mut remarks);
    remarks.head = head(started, first, outcome);
    remarks.notes = notes(recording.records, &texts);
    let unsaid = unsaid(recording.records);
    if !unsaid.is_empty() {
        let what = unsaid.into_iter().collect::<Vec<_>>().join(", ");
        remarks.head.push(format!("What a scenario cannot say was left out: {what}."));
    }
    Ok(Some(Past { scenario, remarks, gone }))
}

fn head(started: &RunStarted, first: &Record, outcome: Option<Outcome>) -> Vec<String> {
    let when = first.at.strftime("%Y-%m-%d %H:%M UTC");
    let end = match outcome {
        Some(outcome) => format!("It ended {}.", outcome.name().replace('_', " ")),
        None => "It did not end, so no path and no end are expected.".to_owned(),
    };
    vec![format!("The run {} of {when} as an exercise. {end}", started.run)]
}

fn outcome(records: &[Record]) -> Option<Outcome> {
    records.iter().rev().find_map(|record| match &record.event {
        Event::RunFinished { outcome, .. } => Some(*outcome),
        _ => None,
    })
}

/// Everything that is known before the first step.
fn setting(
    recording: &Recording<'_>,
    started: &RunStarted,
    texts: &Texts,
    outcome: Option<Outcome>,
) -> Scenario {
    let runbook = recording.runbook;
    let records = recording.records;
    let began = records.first().map(|first| first.at);
    let environment = started.environment.clone();
    let there = |name: &Name| runbook.environments.iter().any(|it| it.name == *name);
    let environment = environment.filter(there);
    let when = began.map(|at| at.strftime("%Y-%m-%d %H:%M UTC").to_string()).unwrap_or_default();
    let said = texts.line(&started.runbook.title);
    let at = environment.as_ref().map(|name| format!(", in {name}")).unwrap_or_default();
    let alert = started.alert.as_ref().and_then(|alert| alert.labels.get("alertname"));
    let alert = alert.map(|name| format!(" {} fires.", texts.line(name))).unwrap_or_default();
    let outcome = outcome.map(placed);
    Scenario {
        runbook: recording.called.to_owned(),
        title: format!("As it went on {when}"),
        brief: Some(format!("It is {when}{at}.{alert} {said}")),
        environment,
        inputs: inputs(runbook, started),
        now: began,
        targets: BTreeMap::new(),
        missing: missing(runbook, records),
        facts: BTreeMap::new(),
        faults: Vec::new(),
        results: BTreeMap::new(),
        injects: injects(recording, texts),
        answers: BTreeMap::new(),
        values: BTreeMap::new(),
        undo: undo(records),
        expect: Expected { outcome, ..Expected::default() },
    }
}

fn placed<T>(value: T) -> Placed<T> {
    Placed { value, span: 0..0 }
}

/// The inputs that there still are. One that is needed and was not known then is made up.
fn inputs(runbook: &Runbook, started: &RunStarted) -> BTreeMap<Name, Value> {
    let open = runbook.inputs.iter().filter(|input| matches!(input.secrecy, Secrecy::Open));
    let value = |input: &crate::runbook::Input| {
        let recorded = started.inputs.iter().find(|record| record.name == input.name);
        let written = recorded.and_then(|record| match &record.value {
            Recorded::Open(value) => Some(value.clone()),
            Recorded::Secret(_) => None,
        });
        let fits = |value: &Value| {
            let parsed = match value {
                Value::List(_) => Some(value.clone()),
                one => Value::parse(input.ty, &one.written()).ok(),
            };
            parsed.is_some_and(|value| input.constraints.check(&value).is_ok())
                && is_plain(&value.written())
        };
        let needed = input.default.is_none() && input.presence == Presence::Required;
        written.filter(fits).or_else(|| needed.then(|| value_for(input)))
    };
    open.filter_map(|input| Some((input.name.clone(), value(input)?))).collect()
}

/// What was missing then and is still required.
fn missing(runbook: &Runbook, records: &[Record]) -> BTreeSet<String> {
    let required: BTreeSet<&str> = runbook.required_names().collect();
    let surveys = records.iter().filter_map(|record| match &record.event {
        Event::Surveyed { missing } => Some(missing),
        _ => None,
    });
    let found = surveys.flatten().filter_map(|it| it.what.split_once(' ')).map(|(_, name)| name);
    found.filter(|name| required.contains(name)).map(str::to_owned).collect()
}

/// What was said in a rehearsal: as its scenario has it, and at its time what somebody else said or
/// brought forward. The facts that it made true were those of another world.
fn injects(recording: &Recording<'_>, texts: &Texts) -> Vec<Inject> {
    let there = |inject: &&Inject| match &inject.at {
        Trigger::After(_) => inject.say.is_some(),
        Trigger::Enters(step) | Trigger::Leaves(step) | Trigger::Starts(step) => {
            inject.say.is_some() && recording.runbook.find(step).is_some()
        }
    };
    let began = recording.records.first().map_or(Timestamp::UNIX_EPOCH, |first| first.at);
    let told = recording.records.iter().filter_map(|record| match &record.event {
        // Without the scenario, all that was said is known of the record only.
        Event::Told(told)
            if told.kind == ToldKind::Inject
                && !told.text.is_empty()
                && (told.by.is_some() || recording.injects.is_empty()) =>
        {
            Some((millis_between(began, record.at) / 1_000 * 1_000, &told.text))
        }
        _ => None,
    });
    let told: Vec<(u64, &String)> = told.collect();
    let early = |inject: &&Inject| told.iter().any(|(_, text)| Some(*text) == inject.say.as_ref());
    let said = recording.injects.iter().filter(there).filter(|inject| !early(inject));
    let said = said.map(|inject| Inject { sets: BTreeMap::new(), ..inject.clone() });
    let at_its_time = told.iter().map(|(millis, text)| Inject {
        at: Trigger::After(Duration::from_millis(*millis)),
        say: Some(texts.line(text)),
        sets: BTreeMap::new(),
    });
    said.chain(at_its_time).collect()
}

fn undo(records: &[Record]) -> Undoing {
    let left = records.iter().any(|record| {
        matches!(&record.event, Event::Answered { question, answer: Answer::Leave, .. }
            if question == "undo_offer")
    });
    if left { Undoing::Nothing } else { Undoing::All }
}

/// What the run did not reach prints its sample.
fn add_samples(scenario: &mut Scenario, runbook: &Runbook, remarks: &mut Remarks) {
    for step in &runbook.steps {
        let Action::Run(run) = &step.action else { continue };
        let Some(sample) = &run.sample else { continue };
        if !scenario.results.contains_key(&step.id) {
            let main = Part { stdout: sample.clone(), ..Part::default() };
            let result = StepResult { main, ..StepResult::default() };
            let results = Results::EveryTime(Box::new(result));
            scenario.results.insert(step.id.clone(), results);
            let remark = "That run did not come here: the sample of the runbook.";
            remarks.results.insert(step.id.clone(), remark.to_owned());
        }
    }
}

/// What was decided then is expected. What today's runbook no longer says or runs is not.
fn expect(
    scenario: &mut Scenario,
    recording: &Recording<'_>,
    followed: &Trace,
    remarks: &mut Remarks,
) {
    let went = Went::of(recording);
    let walked = followed.visited.iter().filter(|visit| visit.named);
    let walked: Vec<StepId> = walked.map(|visit| visit.step.clone()).collect();
    // Of what goes on at once, either may come first.
    let sorted = |path: &[StepId]| {
        let mut path = path.to_vec();
        path.sort();
        path
    };
    let same = sorted(&went.path) == sorted(&walked);
    let expect = &mut scenario.expect;
    if expect.outcome.is_some() {
        let path = if same { walked } else { went.path };
        expect.visited = Some(placed(path.into_iter().map(placed).collect()));
        if !same {
            let remark = "With these answers it goes another way than that run did.";
            remarks.head.push(remark.to_owned());
        }
    }
    let mut heard = BTreeSet::new();
    let findings = went.findings.into_iter();
    let findings =
        findings.filter(|say| followed.findings.contains(say) && heard.insert(say.clone()));
    expect.findings = findings.map(placed).collect();
    for (step, ran) in went.commands {
        let again = followed.commands.iter().filter(|command| command.step == step);
        if !again.map(|command| command.shown.trim()).eq(ran.iter().map(|it| it.trim())) {
            continue;
        }
        // One speaks for every attempt; where they differ, each is said.
        let alike = ran.iter().all(|it| it == &ran[0]);
        let said = if alike { 1 } else { ran.len() };
        expect.commands.insert(step, ran.into_iter().take(said).map(placed).collect());
    }
}

/// Where a run went, what it ran, and what it found.
#[derive(Default)]
struct Went {
    path: Vec<StepId>,
    commands: BTreeMap<StepId, Vec<String>>,
    findings: Vec<String>,
}

impl Went {
    fn of(recording: &Recording<'_>) -> Self {
        let (runbook, mut went, mut run) = (recording.runbook, Self::default(), "");
        let named =
            |id: &StepId| runbook.find(id).is_some_and(|key| runbook.step(key).name.is_some());
        for record in recording.records {
            match &record.event {
                Event::RunStarted(started) => run = &started.run,
                Event::StepEntered { step, .. } if named(step) => went.path.push(step.clone()),
                Event::AttemptStarted(it) if it.role == Role::Main => {
                    let Some(step) = it.step.clone() else { continue };
                    went.commands.entry(step).or_default().push(neutral(&it.shown, run));
                }
                Event::AttemptEnded(ended) => {
                    let findings = ended.findings.iter();
                    went.findings.extend(findings.map(|finding| finding.say.clone()));
                }
                _ => {}
            }
        }
        went
    }
}

/// What the responder wrote down, and after how long.
fn notes(records: &[Record], texts: &Texts) -> Vec<(u64, String)> {
    let Some(began) = records.first().map(|first| first.at) else { return Vec::new() };
    let notes = records.iter().filter_map(|record| match &record.event {
        Event::Answered { answer: Answer::Note { text }, .. } => {
            let after = record.at.duration_since(began).as_secs().max(0);
            Some((u64::try_from(after).unwrap_or(0) * 1_000, texts.plain(text)))
        }
        _ => None,
    });
    notes.collect()
}

/// Answers that no scenario can give.
fn unsaid(records: &[Record]) -> BTreeSet<&'static str> {
    let answers = records.iter().filter_map(|record| match &record.event {
        Event::Answered { answer, .. } => Some(answer),
        _ => None,
    });
    answers
        .filter_map(|answer| match answer {
            Answer::AdHoc { .. } => Some("commands of the responder's own"),
            Answer::Back => Some("a way back"),
            Answer::Edit { .. } => Some("edited commands"),
            Answer::GoPast { .. } | Answer::GoTo { .. } => Some("jumps to other steps"),
            _ => None,
        })
        .collect()
}
