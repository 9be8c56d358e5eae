//! The document of a run for reviewers, in Markdown. Everything that a runbook, a responder or a
//! command wrote is made inert on its way in; there is no raw HTML in it.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::gaps;
use super::inert::{fenced, link, markdown as safe};
use super::phrases;
use super::predictions;
use super::review_text;
use super::summary::{ApprovalAnswer, Attempt, Change, Obligation, State, Summary, UndoState};
use super::timeline::timeline;
use crate::engine::{Confirmation, FileOrigin, KeptFile, Role};
use crate::journal::Record;
use crate::runbook::StepId;
use crate::value::spoken;

/// The document. The records are those that the summary was made of.
pub fn markdown(summary: &Summary, records: &[Record]) -> String {
    let mut document = format!("# Run report: {}\n\n", safe(&summary.started_with.runbook.title));
    overview(&mut document, summary);
    // What must be known first stands first; the evidence follows.
    let sections = [
        ("Open obligations", obligations(summary)),
        ("Findings", findings(summary)),
        ("Decisions", decisions(summary)),
        ("Changes", changes(summary)),
        ("Gaps", gaps::lines(summary)),
        ("Notes", notes(summary)),
        ("Inputs and values", values(summary)),
        ("Steps", steps(summary)),
        ("Timeline", times(records)),
    ];
    for (heading, lines) in summary.review.iter().flat_map(review_text::sections) {
        section(&mut document, heading, &lines);
    }
    let rare = [
        ("Deviations", deviations(summary)),
        ("Approvals", approvals(summary)),
        ("Predictions", predictions::lines(summary)),
        ("From outside", from_outside(summary)),
    ];
    for (heading, lines) in rare {
        section(&mut document, heading, &lines);
    }
    let empty = sections.iter().filter(|(_, lines)| lines.is_empty());
    let empty: Vec<String> = empty.map(|(heading, _)| heading.to_lowercase()).collect();
    if !empty.is_empty() {
        // A reader must not wonder whether something was forgotten.
        push(&mut document, format_args!("There are none of: {}.\n\n", empty.join(", ")));
    }
    for (heading, lines) in sections {
        section(&mut document, heading, &lines);
    }
    commands(&mut document, summary);
    document
}

fn section(document: &mut String, heading: &str, lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    push(document, format_args!("## {heading}\n\n"));
    for line in lines {
        document.push_str(line);
        document.push('\n');
    }
    document.push('\n');
}

fn push(document: &mut String, text: std::fmt::Arguments<'_>) {
    document.write_fmt(text).expect("a string takes every write");
}

fn row(cells: &[&str]) -> String {
    format!("| {} |", cells.join(" | "))
}

pub(super) fn table(columns: &[&str], rows: Vec<String>) -> Vec<String> {
    if rows.is_empty() {
        return rows;
    }
    let rule = vec!["---"; columns.len()];
    let mut lines = vec![row(columns), row(&rule)];
    lines.extend(rows);
    lines
}

pub(super) fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

fn overview(document: &mut String, summary: &Summary) {
    let with = &summary.started_with;
    let service = with.runbook.service.as_ref();
    let name = service.map_or_else(
        || with.runbook.id.clone(),
        |service| format!("{service}/{}", with.runbook.id),
    );
    let mut rows = vec![
        ("Run", safe(&with.run)),
        ("Outcome", outcome(summary)),
        ("Runbook", safe(&name)),
        ("Version", version(with.runbook.files.first())),
        ("Digest", safe(&with.runbook.digest)),
        ("Mode", with.mode.name().to_owned()),
    ];
    if let Some(change) = &with.change {
        rows.push(("Reference", safe(change)));
    }
    if let Some(environment) = &with.environment {
        rows.push(("Environment", safe(environment.as_str())));
    }
    let responders = summary.responders.iter();
    let responders: Vec<_> =
        responders.map(|it| format!("{} ({})", safe(&it.name), safe(&it.known_by))).collect();
    rows.push(("Responders", responders.join(", ")));
    rows.push(("Started", moment(summary.started)));
    rows.push(("Last record", moment(summary.last)));
    rows.push(("Duration", spoken(summary.duration)));
    let reached = &summary.milestones;
    for (what, after) in [
        ("To the first step", reached.first_step),
        ("To the first decision", reached.first_decision),
        ("To the first change", reached.first_change),
        ("To the end", reached.end),
    ] {
        rows.push((what, after.map_or("–".to_owned(), spoken)));
    }
    let counts = summary.effects;
    rows.push((
        "Commands",
        format!("{} read, {} change, {} destroy", counts.read, counts.change, counts.destroy),
    ));
    let rows = rows.iter().map(|(what, value)| row(&[what, value]));
    let lines = table(&["", ""], rows.collect());
    document.push_str(&lines.join("\n"));
    document.push_str("\n\n");
}

fn outcome(summary: &Summary) -> String {
    let said = phrases::state(&summary.state);
    match &summary.state {
        State::Finished { failed: Some(step), .. } => {
            format!("{said}, after {} failed", safe(summary.title(step)))
        }
        State::Paused { reason } => format!("{said}: {}", safe(&phrases::pause(reason))),
        _ => said,
    }
}

fn version(file: Option<&FileOrigin>) -> String {
    let Some(commit) = file.and_then(|file| file.commit.as_ref()) else {
        return "not under version control".to_owned();
    };
    let dirty = match file.and_then(|file| file.dirty) {
        Some(true) => ", with changes that were not committed",
        _ => "",
    };
    let remote = file.and_then(|file| file.remote.as_ref());
    let remote = remote.map_or_else(String::new, |remote| format!(" of {}", safe(remote)));
    format!("{}{remote}{dirty}", safe(commit))
}

fn times(records: &[Record]) -> Vec<String> {
    let entries = timeline(records);
    let mut day = String::new();
    let rows = entries.iter().map(|entry| {
        let evidence = entry.link.as_deref().map_or_else(String::new, link);
        let today = entry.at.strftime("%Y-%m-%d").to_string();
        let when =
            if today == day { entry.at.strftime("%H:%M:%S").to_string() } else { moment(entry.at) };
        day = today;
        row(&[&when, &safe(&entry.by), &safe(&entry.text), &evidence])
    });
    table(&["When", "Who", "What", "Evidence"], rows.collect())
}

fn steps(summary: &Summary) -> Vec<String> {
    let rows = summary.steps.iter().map(|step| {
        let status = step.status.map_or("not over", phrases::status);
        let attempts: Vec<_> = step.attempts.iter().map(|id| format!("\\#{id}")).collect();
        row(&[&safe(&step.id.0), &safe(&step.title), status, &attempts.join(", ")])
    });
    table(&["Step", "Title", "Status", "Commands"], rows.collect())
}

fn findings(summary: &Summary) -> Vec<String> {
    let findings = summary.findings.iter();
    let lines = findings.map(|found| {
        let suggests = found.finding.suggest.as_ref();
        let suggests =
            suggests.map_or_else(String::new, |it| format!("; speaks for {}", safe(it.as_str())));
        format!(
            "- {}: {} (command \\#{}{suggests})",
            phrases::severity(found.finding.severity),
            safe(&found.finding.say),
            found.attempt
        )
    });
    lines.collect()
}

fn decisions(summary: &Summary) -> Vec<String> {
    let rows = summary.decisions.iter().map(|decision| {
        let place = decision.step.as_ref();
        let place = place.map_or_else(String::new, |step| safe(summary.title(step)));
        let others: Vec<_> = decision.alternatives.iter().map(|it| safe(it)).collect();
        row(&[
            &moment(decision.at),
            &safe(&decision.by),
            &place,
            &safe(&decided(&decision.question, &decision.choice)),
            &decision.reason.as_deref().map_or_else(String::new, safe),
            &others.join("; "),
        ])
    });
    let columns = ["When", "Who", "Step", "Decision", "Reason", "Alternatives"];
    table(&columns, rows.collect())
}

/// What was decided; what kind of question it was, where the step does not say so itself.
fn decided(question: &str, choice: &str) -> String {
    match question {
        "decide" => choice.to_owned(),
        other => format!("{}: {choice}", other.replace('_', " ")),
    }
}

/// Where a command ran, and what the place proved to be.
fn place(attempt: &Attempt) -> String {
    let place = attempt.place.as_ref().map_or_else(String::new, |it| format!(", {}", safe(it)));
    match (attempt.target.as_str(), attempt.identity.as_deref()) {
        ("here", None) => format!("this machine{place}"),
        (target, identity) => {
            format!("{}{place} ({})", safe(target), safe(identity.unwrap_or("not proven")))
        }
    }
}

pub(super) fn step_title(summary: &Summary, step: Option<&StepId>) -> String {
    step.map_or_else(|| "outside any step".to_owned(), |step| safe(summary.title(step)))
}

/// The step that a command belongs to, and which of several it was for.
fn attempt_title(summary: &Summary, attempt: &Attempt) -> String {
    let title = step_title(summary, attempt.step.as_ref());
    match &attempt.item {
        Some(item) => format!("{title} ({})", safe(item)),
        None => title,
    }
}

fn changes(summary: &Summary) -> Vec<String> {
    let rows = summary.changes.iter().filter_map(|change| {
        let attempt = summary.attempt(change.attempt)?;
        Some(row(&[
            &format!("\\#{}", attempt.id),
            &attempt_title(summary, attempt),
            phrases::effect(attempt.effect),
            &place(attempt),
            &safe(&agreement(attempt)),
            &safe(&result(attempt)),
            &undo(change),
        ]))
    });
    let columns = ["Command", "Step", "Effect", "Where", "Agreed", "Result", "Undo"];
    table(&columns, rows.collect())
}

fn agreement(attempt: &Attempt) -> String {
    match &attempt.confirmation {
        None => format!("{}, not asked", attempt.by),
        Some(Confirmation { how, typed: None }) => {
            format!("{}: {}", attempt.by, phrases::agreed(how))
        }
        Some(Confirmation { how, typed: Some(typed) }) => {
            format!("{}: {} {typed}", attempt.by, phrases::agreed(how))
        }
    }
}

fn result(attempt: &Attempt) -> String {
    let seen = attempt.ended.as_ref().map_or_else(
        || "its end was not seen".to_owned(),
        |ended| {
            let elsewhere = if ended.elsewhere { ", run elsewhere" } else { "" };
            let result = phrases::result(&ended.verdict, &ended.end);
            format!("{result}{elsewhere}")
        },
    );
    match &attempt.settled {
        Some(settled) => format!("{seen}; then: {settled}"),
        None => seen,
    }
}

fn undo(change: &Change) -> String {
    match change.undo {
        UndoState::NotRecorded => "none recorded".to_owned(),
        UndoState::StillChanged => "not undone".to_owned(),
        UndoState::Undone { by } => format!("undone by \\#{by}"),
    }
}

fn obligations(summary: &Summary) -> Vec<String> {
    let lines = summary.obligations.iter().map(|obligation| match obligation {
        Obligation::Edited { step } => format!(
            "- Bring the edited command of {} into the runbook.",
            step_title(summary, step.as_ref())
        ),
        Obligation::InDoubt { attempt } => {
            format!("- Find out how command \\#{attempt} ended: nobody saw it.")
        }
        Obligation::LeftRunning { attempt, process } => format!(
            "- Command \\#{attempt} left process {} running: {}",
            process.pid,
            safe(&process.command)
        ),
        Obligation::StillChanged { step, items } => {
            let items = match items.as_slice() {
                [] => String::new(),
                items => format!(" ({})", safe(&items.join(", "))),
            };
            format!("- Undo {}{items}, or decide to keep it.", safe(summary.title(step)))
        }
        Obligation::Unfinished => "- The run is not finished: resume it.".to_owned(),
    });
    lines.collect()
}

/// Where somebody went on without the agreement that was asked for: nobody must overlook it.
fn deviations(summary: &Summary) -> Vec<String> {
    let lines = summary.deviations.iter().map(|deviation| {
        let reason = deviation.reason.as_deref().unwrap_or("no reason given");
        format!(
            "- **{}**, by {} at {}, {}: {}",
            safe(&deviation.what),
            safe(&deviation.by),
            moment(deviation.at),
            step_title(summary, deviation.step.as_ref()),
            safe(reason)
        )
    });
    lines.collect()
}

fn approvals(summary: &Summary) -> Vec<String> {
    let mut lines = Vec::new();
    for approval in &summary.approvals {
        let came = match &approval.answer {
            ApprovalAnswer::Agreed { agreed_at, principal, key, signers_writable } => {
                let weak = if *signers_writable {
                    "; the responder could have changed the list of those who may sign"
                } else {
                    ""
                };
                let (person, when) = (safe(principal), moment(*agreed_at));
                format!("{person} agreed at {when}, key {}{weak}", safe(key))
            }
            ApprovalAnswer::BrokenGlass { reason } => {
                format!("**nobody: the responder broke the glass**: {}", safe(reason))
            }
            ApprovalAnswer::Lapsed => "nobody agreed in time".to_owned(),
            ApprovalAnswer::Open => "no answer".to_owned(),
        };
        lines.push(format!(
            "- {}, as {}: {came}",
            step_title(summary, Some(&approval.step)),
            safe(&approval.role)
        ));
        let refused = approval.refused.iter();
        lines.extend(refused.map(|why| format!("  - an answer was not taken: {}", safe(why))));
    }
    lines
}

fn notes(summary: &Summary) -> Vec<String> {
    let lines = summary.notes.iter().map(|note| {
        let (when, by) = (moment(note.at), safe(&note.by));
        format!("- {when}, {by}: {}", safe(&note.text))
    });
    lines.collect()
}

/// What an exercise brought beside the runbook.
fn from_outside(summary: &Summary) -> Vec<String> {
    let told = summary.told.iter();
    let mut lines: Vec<String> =
        told.map(|said| format!("- {}, {}", moment(said.at), safe(&said.told.line()))).collect();
    lines.extend(summary.ended_by.as_ref().map(|by| format!("- Ended by {}", safe(by))));
    lines
}

fn values(summary: &Summary) -> Vec<String> {
    let given = summary.values.iter().map(|given| &given.input);
    let inputs = summary.started_with.inputs.iter().chain(given);
    let inputs = inputs.map(|input| {
        let origin = match serde_json::to_value(&input.origin) {
            Ok(serde_json::Value::String(origin)) => origin,
            _ => String::new(),
        };
        let value = phrases::recorded(&input.value);
        row(&[&safe(input.name.as_str()), &safe(&value), &safe(&origin)])
    });
    let captured = summary.attempts.iter().flat_map(|attempt| {
        let captured = attempt.ended.iter().flat_map(|ended| &ended.captured);
        captured.map(|(name, value)| {
            let from = format!("command \\#{}", attempt.id);
            row(&[&safe(name.as_str()), &safe(&phrases::recorded(value)), &from])
        })
    });
    table(&["Name", "Value", "From"], inputs.chain(captured).collect())
}

/// A file that was asked for as evidence: where its copy is, or why there is none.
fn evidence(file: &KeptFile) -> String {
    let note = file.note.as_ref().map(|note| safe(&format!(" ({note})"))).unwrap_or_default();
    match &file.path {
        Some(path) => format!("Evidence: {} from {}{note}", link(path), safe(&file.from)),
        None => format!("Evidence {} not kept{note}", safe(&file.from)),
    }
}

fn commands(document: &mut String, summary: &Summary) {
    document.push_str("## Commands\n\n");
    if summary.attempts.is_empty() {
        document.push_str("None.\n");
    }
    for attempt in &summary.attempts {
        let title = attempt_title(summary, attempt);
        push(document, format_args!("### \\#{} {title}\n\n", attempt.id));
        let role = match attempt.role {
            Role::Main => String::new(),
            role => format!("{}, ", phrases::role(role)),
        };
        push(
            document,
            format_args!(
                "{role}{}, {}, started {}; {}.",
                safe(&phrases::effect_on(attempt.effect, &attempt.target)),
                safe(&agreement(attempt)),
                moment(attempt.started),
                safe(&result(attempt)),
            ),
        );
        if let Some(ended) = &attempt.ended {
            push(document, format_args!(" Took {}.", spoken(ended.took)));
            if let Some(path) = &ended.output.path {
                push(document, format_args!(" Output: {}.", link(path)));
            }
            for file in &ended.evidence {
                push(document, format_args!(" {}.", evidence(file)));
            }
        }
        document.push_str("\n\n");
        document.push_str(&fenced(&attempt.shown, "sh"));
        push(document, format_args!("\nDigest: {}\n\n", safe(&attempt.digest)));
    }
}
