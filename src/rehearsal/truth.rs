//! What is true of a drill and hidden from whoever walks it: the expected path and how far it was
//! walked, what the next command will give, what holds, what is still to come.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::answers::asked;
use super::time::millis_between;
use super::trace::Trace;
use super::verdict::so_far;
use super::world::World;
use crate::engine::{Asking, Question, Run};
use crate::runbook::{Action, End, Part, StepId, StepKey, TargetRef, Trigger};
use crate::value::spoken;

/// So much of what a command will print is told.
const FEW: usize = 3;

/// A drill as whoever leads it sees it.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Truth {
    /// The run.
    pub run: String,
    /// The runbook.
    pub runbook: String,
    /// Who walks it.
    pub walker: String,
    /// What happens in the scenario.
    pub scenario: String,
    /// What the responder was told at the start.
    pub brief: Option<String>,
    /// The time of the drill.
    pub now: Timestamp,
    /// The expected path beside the one that was walked.
    pub path: Vec<Stage>,
    /// Where the responder is: a step and its title.
    pub at: Option<(String, String)>,
    /// What they are asked, if they are.
    pub asked: Option<String>,
    /// The role that is asked to agree, if one is.
    pub agreement: Option<String>,
    /// What the command of this step gives, now or next.
    pub gives: Option<String>,
    /// What holds: names and values.
    pub facts: Vec<(String, String)>,
    /// What is wrong with whole targets, now or under a condition.
    pub faults: Vec<String>,
    /// What is still to come.
    pub ahead: Vec<Ahead>,
    /// What is to be found, and whether it was.
    pub findings: Vec<(String, Seen)>,
    /// How it is to end.
    pub outcome: Option<String>,
    /// How many hints were asked for.
    pub hints: usize,
    /// Why the clock stands still, if it does.
    pub held: Option<String>,
}

/// A step of a path.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Stage {
    /// The step.
    pub step: String,
    /// How it stands.
    pub stands: Stands,
}

/// How a step of a path stands.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stands {
    /// It is still to be walked.
    Ahead,
    /// It was walked though nobody expected it.
    Detour,
    /// The walk went on without it.
    Missed,
    /// It was walked as expected.
    Walked,
}

/// Whether something was found.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Seen {
    /// It was.
    Found,
    /// Not so far.
    NotYet,
}

/// An inject that is still to come.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Ahead {
    /// Its number in the scenario, from 1.
    pub number: usize,
    /// When it comes by itself.
    pub when: String,
    /// What it says and makes true.
    pub what: String,
}

impl Truth {
    /// What is true at this moment.
    pub fn of(run: &Run, world: &World, trace: &Trace, now: Timestamp) -> Self {
        let scenario = world.scenario();
        let runbook = &run.plan().runbook;
        let question = run.demands().question;
        let at = question
            .as_ref()
            .and_then(|question| runbook.find(question.step.as_ref()?))
            .or_else(|| run.current().filter(|step| run.status(*step).is_none()))
            .filter(|_| run.rest().is_none());
        let titled = |key: StepKey| {
            let (step, facts) = (runbook.step(key), run.facts());
            let title = step.title.preview(&*facts, &|reference| format!("‹{reference}›"));
            (step.id.0.clone(), title)
        };
        let expect = &scenario.expect;
        let findings = expect.findings.iter().map(|finding| {
            let found = trace.findings.contains(&finding.value);
            (finding.value.clone(), if found { Seen::Found } else { Seen::NotYet })
        });
        Self {
            run: run.plan().run.clone(),
            runbook: runbook.id.clone(),
            walker: String::new(),
            scenario: scenario.title.clone(),
            brief: scenario.brief.clone(),
            now,
            path: path(world, trace),
            at: at.map(titled),
            asked: question.as_ref().map(in_words),
            agreement: question.as_ref().and_then(role),
            gives: at.and_then(|key| gives(run, world, key)),
            facts: facts(world),
            faults: faults(world),
            ahead: ahead(world, now),
            findings: findings.collect(),
            outcome: expect.outcome.as_ref().map(|outcome| outcome.value.name().to_owned()),
            hints: trace.hints(),
            held: trace.held().map(str::to_owned),
        }
    }

    /// The same at another moment, with nothing recorded in between.
    pub fn pass_to(&mut self, world: &World, now: Timestamp) {
        self.now = now;
        self.ahead = ahead(world, now);
        self.facts = facts(world);
    }
}

fn facts(world: &World) -> Vec<(String, String)> {
    world.facts().iter().map(|(name, value)| (name.to_string(), value.written())).collect()
}

fn path(world: &World, trace: &Trace) -> Vec<Stage> {
    let Some(expected) = &world.scenario().expect.visited else { return Vec::new() };
    let steps = so_far(&expected.value, trace);
    let last = steps.iter().rposition(|step| step.walked.is_some());
    let stage = |(place, step): (usize, &super::verdict::Step)| {
        let expected = step.expected.as_ref().map(|placed| &placed.value);
        let stands = match (expected, &step.walked) {
            (Some(_), Some(_)) => Stands::Walked,
            (Some(_), None) if last.is_some_and(|last| place < last) => Stands::Missed,
            (Some(_), None) => Stands::Ahead,
            (None, _) => Stands::Detour,
        };
        let step = expected.or(step.walked.as_ref())?;
        Some(Stage { step: step.0.clone(), stands })
    };
    steps.iter().enumerate().filter_map(stage).collect()
}

/// What is asked, in a line.
fn in_words(question: &Question) -> String {
    match &question.ask {
        Asking::Confirm(card) => format!("to run {}", first_line(&card.shown)),
        Asking::Read { shown, .. } => format!("to run {}", first_line(shown)),
        Asking::Items(card) => format!("to do it for {} items", card.items.len()),
        Asking::Attest { text, .. } => format!("to do: {text}"),
        Asking::HandOver { role, .. } => format!("to get {role}"),
        Asking::Decide { question, options, .. } => {
            let options: Vec<&str> = options.iter().map(|option| option.id.as_str()).collect();
            format!("{question} ({})", options.join(", "))
        }
        Asking::Approve(waiting) => format!("for the agreement of {}", waiting.request.role),
        _ => asked(question),
    }
}

fn first_line(text: &str) -> String {
    match text.trim_end().split_once('\n') {
        Some((first, _)) => format!("{first} ..."),
        None => text.trim_end().to_owned(),
    }
}

fn role(question: &Question) -> Option<String> {
    match &question.ask {
        Asking::Approve(waiting) => Some(waiting.request.role.clone()),
        _ => None,
    }
}

/// What the command of a step gives, as things stand.
fn gives(run: &Run, world: &World, key: StepKey) -> Option<String> {
    let step = run.plan().runbook.step(key);
    let Action::Run(of) = &step.action else { return None };
    let target = match &of.command.target {
        TargetRef::Here => "here".to_owned(),
        TargetRef::Named(name) => name.to_string(),
    };
    if let Some(fault) = world.fault(&target) {
        return Some(format!("{}, as {target} is at fault", part(&fault.gives)));
    }
    let running = run.running().find_map(|attempt| {
        run.running_command(attempt)?;
        world.given(attempt, &step.id)
    });
    Some(match running.or_else(|| world.foreseen(&step.id)) {
        Some(result) => part(&result.main),
        None => "nothing: there is neither a result nor a sample for it, so that it cannot start"
            .to_owned(),
    })
}

fn part(part: &Part) -> String {
    let end = match &part.end {
        End::Disconnects => "the connection is lost".to_owned(),
        End::Exit(code) => format!("exit {code}"),
        End::Hangs => "it hangs".to_owned(),
        End::Signal(name) => format!("it dies of {name}"),
    };
    let takes = part.takes.as_ref();
    let takes = takes.map_or_else(String::new, |takes| format!(" after {}", takes.written));
    let mut words = vec![format!("{end}{takes}")];
    for (name, text) in [("prints", &part.stdout), ("complains", &part.stderr)] {
        let lines: Vec<&str> = text.lines().collect();
        if !lines.is_empty() {
            let more = lines.len().saturating_sub(FEW);
            let more = if more > 0 { format!(" and {more} lines more") } else { String::new() };
            let few = lines[..lines.len().min(FEW)].join(" / ");
            words.push(format!("{name} `{few}`{more}"));
        }
    }
    words.extend(sets(&part.sets));
    words.join(", ")
}

fn sets(
    sets: &std::collections::BTreeMap<crate::value::Name, crate::value::Value>,
) -> Option<String> {
    let sets: Vec<String> =
        sets.iter().map(|(name, value)| format!("{name} = {}", value.written())).collect();
    (!sets.is_empty()).then(|| format!("makes true {}", sets.join(", ")))
}

fn faults(world: &World) -> Vec<String> {
    let faults = world.scenario().faults.iter();
    faults
        .map(|fault| {
            let when = fault.when.as_ref();
            let when = when.map_or_else(String::new, |when| format!(" while {}", when.text()));
            format!("{}: {}{when}", fault.target, part(&fault.gives))
        })
        .collect()
}

fn ahead(world: &World, now: Timestamp) -> Vec<Ahead> {
    let ahead = world.ahead().map(|(place, inject, comes)| {
        let step = |verb: &str, step: &StepId| format!("when `{step}` {verb}");
        let when = match (&inject.at, comes) {
            (Trigger::After(_), Some(at)) => {
                let left = millis_between(now, at.max(now));
                format!("in {}", spoken(left.div_ceil(1000) * 1000))
            }
            (Trigger::After(after), None) => format!("{} after the start", after.written),
            (Trigger::Enters(id), _) => step("is come to", id),
            (Trigger::Leaves(id), _) => step("is over", id),
            (Trigger::Starts(id), _) => step("starts", id),
        };
        let what: Vec<String> = inject.say.clone().into_iter().chain(sets(&inject.sets)).collect();
        Ahead { number: place + 1, when, what: what.join("; ") }
    });
    ahead.collect()
}
