//! The records of a run as lines a person can read, one for each, in their order.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::{inert, phrases};
use crate::engine::{
    ApprovalRequest, ApprovalRequested, AttemptEnded, AttemptStarted, Event, Recorded, Resumed,
    Role, RunStarted, Signed,
};
use crate::journal::Record;
use crate::value::{Name, spoken};

/// Longer names push the text aside.
const WIDEST_ACTOR: usize = 30;

/// One record in words.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// Its place in the order.
    pub n: u64,
    /// Who was at the keyboard.
    pub by: String,
    /// What happened.
    pub text: String,
    /// The evidence, a file in the run's folder.
    pub link: Option<String>,
}

/// The records in words.
pub fn timeline(records: &[Record]) -> Vec<Entry> {
    records
        .iter()
        .map(|record| Entry {
            at: record.at,
            n: record.n,
            by: record.by.clone(),
            text: text(&record.event),
            link: match &record.event {
                Event::AttemptEnded(ended) => ended.output.path.clone(),
                _ => None,
            },
        })
        .collect()
}

/// A timeline as plain lines: the day where it changes, then time, number, actor and text. No
/// control character is left in it.
pub fn log_text(entries: &[Entry]) -> String {
    let width = entries.iter().map(|entry| entry.by.chars().count()).max();
    let width = width.unwrap_or(0).min(WIDEST_ACTOR);
    let mut lines = Vec::new();
    let mut day = String::new();
    for entry in entries {
        let today = entry.at.strftime("%Y-%m-%d").to_string();
        if today != day {
            lines.push(format!("{today} UTC\n"));
            day = today;
        }
        let time = entry.at.strftime("%H:%M:%S");
        let (by, text) = (inert::line(&entry.by), inert::line(&entry.text));
        let link = entry.link.as_ref();
        let link = link.map_or_else(String::new, |link| format!("  [{}]", inert::line(link)));
        let n = entry.n;
        lines.push(format!("{time}  {n:>4}  {by:<width$}  {text}{link}\n"));
    }
    lines.concat()
}

#[expect(clippy::too_many_lines, reason = "a table: a row for each kind of fact")]
fn text(event: &Event) -> String {
    match event {
        Event::Answered { question, answer, gives, .. } => {
            phrases::said(question, answer, gives.as_ref().map(Name::as_str))
        }
        Event::ApprovalGiven(given) => {
            let Signed { principal, key, .. } = &given.signed;
            format!("{}: {principal} agreed as {}, key {key}", given.step, given.role)
        }
        Event::ApprovalLapsed { step, .. } => format!("{step}: nobody agreed in time"),
        Event::ApprovalRefused { step, why, .. } => {
            format!("{step}: an answer was not taken: {why}")
        }
        Event::ApprovalRequested(asked) => requested(asked),
        Event::AttemptEnded(ended) => attempt_ended(ended),
        Event::AttemptStarted(started) => attempt_started(started),
        Event::ItemsListed { step, items, .. } => {
            let names: Vec<String> = items.iter().map(phrases::recorded).collect();
            format!("{step}: {} items: {}", items.len(), names.join(", "))
        }
        Event::LaneOpened { step, branch, .. } => {
            let name = branch.item.as_ref().map_or_else(String::new, phrases::recorded);
            format!("{step}: {} of {} {name}", branch.index + 1, branch.of).trim_end().to_owned()
        }
        Event::RunbookEntered { step, used, environment, inputs, .. } => {
            format!("{step}: {}", into(used, environment.as_ref(), inputs))
        }
        Event::TimeboxPassed { step, after, say, escalate, .. } => {
            let say = say.as_ref().map_or_else(String::new, |say| format!(": {say}"));
            let role = escalate.as_ref().map_or_else(String::new, |role| format!(" (ask {role})"));
            format!("{step}: takes longer than {after}{say}{role}")
        }
        Event::Told(told) => told.line(),
        Event::ValueStale { value, step, .. } => {
            format!("{value} is too old: {step} reads it again")
        }
        Event::Readied { step, .. } => format!("{step}: ready"),
        Event::LineEnded { .. } => "the end of a line of steps".to_owned(),
        Event::Paused { why } => format!("paused: {}", phrases::pause(why)),
        Event::Resumed(resumed) => taken_over(resumed),
        Event::RunFinished { outcome, failed, ended_by, .. } => {
            let because = failed.as_ref();
            let because = because.map_or_else(String::new, |step| format!(", {step} failed"));
            let by = ended_by.as_ref().map_or_else(String::new, |by| format!(", ended by {by}"));
            format!("finished: {}{because}{by}", phrases::outcome_name(*outcome))
        }
        Event::RunStarted(started) => began(started),
        Event::StepClosed { step, status, .. } => format!("{step}: {}", phrases::status(*status)),
        Event::StepEntered { step, title, before, unclear, .. } => {
            let again = match before {
                0 => String::new(),
                times => format!(", time {}", u64::from(*times) + 1),
            };
            let unclear = unclear
                .as_ref()
                .map_or_else(String::new, |why| format!(" (its condition is unclear: {why})"));
            format!("{step}{again}: {title}{unclear}")
        }
        Event::StepSkipped { step, condition, .. } => {
            format!("{step}: passed over, not `{condition}`")
        }
        Event::SurveyClosed => "looked around".to_owned(),
        Event::Surveyed { missing } if missing.is_empty() => "nothing is missing".to_owned(),
        Event::Surveyed { missing } => {
            let missing: Vec<_> = missing.iter().map(|it| it.what.as_str()).collect();
            format!("missing: {}", missing.join(", "))
        }
        Event::WaitStarted { step, until, .. } => format!("{step}: waits until {until:.0}"),
        Event::Waited { step, .. } => format!("{step}: waited"),
    }
}

fn requested(asked: &ApprovalRequested) -> String {
    let step = &asked.step;
    match ApprovalRequest::parse(&asked.request) {
        Ok(request) => {
            let ApprovalRequest { role, digest, expires, .. } = &request;
            let digest = digest.get(..12).unwrap_or(digest);
            format!("{step}: asked {role} to agree to {digest}, until {expires:.0}")
        }
        Err(_) => format!("{step}: asked somebody to agree"),
    }
}

/// A runbook that is entered, with what it is given.
fn into(used: &str, environment: Option<&Name>, inputs: &BTreeMap<Name, Recorded>) -> String {
    let environment = environment.map_or_else(String::new, |name| format!(" in {name}"));
    let inputs = inputs.iter().map(|(name, value)| format!(" {name}={}", phrases::recorded(value)));
    format!("into {used}{environment}{}", inputs.collect::<String>())
}

fn began(started: &RunStarted) -> String {
    let runbook = &started.runbook;
    let service = runbook.service.as_ref();
    let service = service.map_or_else(String::new, |service| format!("{service}/"));
    let place = started.environment.as_ref();
    let place = place.map_or_else(String::new, |name| format!(" in {name}"));
    format!("began {service}{}{place}, as {}: {}", runbook.id, started.mode.name(), runbook.title)
}

fn attempt_started(started: &AttemptStarted) -> String {
    let identity = started.identity.as_ref();
    let identity = identity.map_or_else(String::new, |it| format!(" ({it})"));
    let agreed = started.confirmation.as_ref();
    let agreed = agreed.map_or_else(String::new, |it| match it.how.as_str() {
        "typed" => ", agreed by typing".to_owned(),
        how => format!(", agreed by {}", phrases::agreed(how)),
    });
    let others = started.approvals.iter().map(|spent| match &spent.by {
        Some(by) => format!(", {by} agreed"),
        None => ", BREAK GLASS".to_owned(),
    });
    let agreed = agreed + &others.collect::<String>();
    let role = match started.role {
        Role::Main => String::new(),
        role => format!("{}, ", phrases::role(role)),
    };
    format!(
        "#{} {role}{}{identity}{agreed}: {}",
        started.attempt,
        phrases::effect_on(started.effect, &started.target),
        phrases::first_line(&started.shown)
    )
}

fn attempt_ended(ended: &AttemptEnded) -> String {
    let elsewhere = if ended.elsewhere { ", run elsewhere" } else { "" };
    let recovered = if ended.recovered { ", found after a crash" } else { "" };
    let mut parts = vec![format!(
        "#{} {}, took {}{elsewhere}{recovered}",
        ended.attempt,
        phrases::result(&ended.verdict, &ended.end),
        spoken(ended.took)
    )];
    parts.extend(ended.evidence.iter().map(|file| match (&file.path, &file.note) {
        (Some(path), _) => format!("kept {} as {path}", file.from),
        (None, note) => format!("{} not kept: {}", file.from, note.as_deref().unwrap_or("unknown")),
    }));
    let left = ended.left_running.iter();
    parts.extend(left.map(|it| format!("left running: {} {}", it.pid, it.command)));
    let findings = ended.findings.iter();
    parts.extend(findings.map(|it| format!("{}: {}", phrases::severity(it.severity), it.say)));
    parts.join("; ")
}

fn taken_over(resumed: &Resumed) -> String {
    let by = &resumed.responder.name;
    let mut parts = vec![match &resumed.from {
        Some(from) => format!("taken over by {by} from {from}"),
        None => format!("resumed by {by}"),
    }];
    if resumed.set_aside > 0 {
        let bytes = resumed.set_aside;
        parts.push(format!("{bytes} bytes of a torn record were set aside"));
    }
    parts.extend(resumed.voided.values().map(|why| format!("an agreement is void: {why}")));
    let found = resumed.found.iter();
    parts.extend(found.map(|(attempt, found)| format!("#{attempt}: {}", phrases::found(found))));
    parts.join("; ")
}
