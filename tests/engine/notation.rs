//! Events in a short notation, a line each.

use surefoot::engine::{ApprovalRequest, Asked, AttemptEnded, Event, Recorded, Role};

pub(crate) fn role_name(role: Role) -> &'static str {
    match role {
        Role::AdHoc => "adhoc",
        Role::Assert => "assert",
        Role::Choices => "choices",
        Role::Main => "main",
        Role::Ready => "ready",
        Role::Recheck => "recheck",
        Role::Require => "require",
        Role::Undo => "undo",
        Role::Verify => "verify",
    }
}

/// An event in a line; the beginning and the survey's end are left out.
pub(crate) fn noted(event: &Event) -> Option<String> {
    Some(match event {
        Event::Answered { question, answer, .. } => {
            let kind = serde_json::to_value(answer.kind()).unwrap();
            format!("{question}: {}", kind.as_str().unwrap())
        }
        Event::ApprovalGiven(given) => {
            format!("agreed {} {}", given.role, given.signed.principal)
        }
        Event::ApprovalLapsed { .. } => "nobody agreed".to_owned(),
        Event::ApprovalRefused { why, .. } => format!("not taken: {why}"),
        Event::ApprovalRequested(asked) => asked_for(&asked.request),
        Event::AttemptEnded(ended) => ended_as(ended),
        Event::AttemptStarted(started) => {
            format!("$ {} {}", role_name(started.role), started.shown)
        }
        Event::ItemsListed { step, items, .. } => format!("{step} over {}", items.len()),
        Event::LaneOpened { lane, branch, .. } => {
            let name = match &branch.item {
                Some(Recorded::Open(value)) => value.written(),
                Some(Recorded::Secret(_)) => "secret".to_owned(),
                None => branch.index.to_string(),
            };
            format!("| {} {name}", lane.0)
        }
        Event::RunbookEntered { used, .. } => format!("into {used}"),
        Event::Readied { step, .. } => format!("{step} ready"),
        Event::TimeboxPassed { step, escalate, .. } => {
            format!(
                "{step} too long{}",
                escalate.as_ref().map_or(String::new(), |it| format!(", {it}"))
            )
        }
        Event::Told(told) => told.line(),
        Event::ValueStale { value, step, .. } => format!("{value} stale, {step}"),
        Event::LineEnded { .. } => "line ended".to_owned(),
        Event::Paused { .. } => "paused".to_owned(),
        Event::Resumed(_) => "resumed".to_owned(),
        Event::RunFinished { outcome, failed, still_changed, .. } => {
            let outcome = serde_json::to_value(outcome).unwrap();
            let failed = failed.as_ref().map(|step| format!(", {step} failed"));
            let changed: Vec<String> =
                still_changed.iter().map(|step| format!(", {step} stays")).collect();
            let outcome = outcome.as_str().unwrap();
            format!("finished {outcome}{}{}", failed.unwrap_or_default(), changed.concat())
        }
        Event::RunStarted(_) | Event::SurveyClosed => return None,
        Event::StepClosed { step, status, .. } => format!("< {step} {}", status.name()),
        Event::StepEntered { step, unclear, .. } => match unclear {
            Some(_) => format!("> {step} unclear"),
            None => format!("> {step}"),
        },
        Event::StepSkipped { step, .. } => format!("- {step}"),
        Event::Surveyed { missing } if missing.is_empty() => return None,
        Event::Surveyed { missing } => format!("missing {}", missing.len()),
        Event::WaitStarted { .. } => "wait".to_owned(),
        Event::Waited { .. } => "waited".to_owned(),
    })
}

fn asked_for(request: &str) -> String {
    let request = ApprovalRequest::parse(request).unwrap();
    match request.what {
        Asked::Command { shown, .. } => format!("asked {}: {shown}", request.role),
        Asked::GoOn { commands } => {
            format!("asked {} to go on: {}", request.role, commands.join("; "))
        }
    }
}

fn ended_as(ended: &AttemptEnded) -> String {
    let verdict = serde_json::to_value(&ended.verdict).unwrap();
    let mut line = format!("= {}", verdict["verdict"].as_str().unwrap());
    for (name, value) in &ended.captured {
        let written = match value {
            Recorded::Open(value) => value.written(),
            Recorded::Secret(_) => "secret".to_owned(),
        };
        line.extend([" ", name.as_str(), "=", &written]);
    }
    for found in &ended.findings {
        line.push_str(" !");
        line.push_str(&found.say);
    }
    line
}
