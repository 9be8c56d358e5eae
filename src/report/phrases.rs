//! Facts in words, for timelines and documents. The words may hold anything that a runbook or a
//! responder wrote: whoever shows them makes them inert.

use crate::engine::{Answer, End, Found, INTERRUPTED, PauseReason, Role, StepStatus, Verdict};
use crate::runbook::{Effect, FindingSeverity, Outcome};

use super::summary::State;
use crate::value::spoken;

/// Whether an answer is a decision that a reviewer wants to see.
pub(super) fn is_decision(question: &str, answer: &Answer) -> bool {
    let weighed = matches!(
        question,
        "assertion"
            | "decide"
            | "doubt"
            | "failed"
            | "outcome"
            | "survey_failed"
            | "unavailable"
            | "unclear"
            | "undo_offer"
    );
    let moves = !matches!(
        answer,
        Answer::AdHoc { .. }
            | Answer::Auto
            | Answer::Edit { .. }
            | Answer::Note { .. }
            | Answer::Pause
            | Answer::Predict { .. }
    );
    let deviates = matches!(answer, Answer::BreakGlass { .. } | Answer::GoPast { .. });
    let turns = matches!(answer, Answer::Back | Answer::GoTo { .. } | Answer::Stop);
    (weighed && moves) || turns || deviates
}

/// Whether an answer to a doubt ends it.
pub(super) fn settles_doubt(answer: &Answer) -> bool {
    matches!(
        answer,
        Answer::Again | Answer::MarkDone | Answer::Skip { .. } | Answer::Stop | Answer::Undo { .. }
    )
}

/// Why a responder answered so, if they said.
pub(super) fn reason(answer: &Answer) -> Option<&str> {
    match answer {
        Answer::Choose { reason, .. } | Answer::NotSure { reason } | Answer::Skip { reason } => {
            reason.as_deref()
        }
        Answer::BreakGlass { reason } | Answer::GoPast { reason, .. } => Some(reason),
        _ => None,
    }
}

/// An answer without its reason.
pub(super) fn answer(answer: &Answer) -> String {
    match answer {
        Answer::AdHoc { command } => format!("ran a command of their own: {}", first_line(command)),
        Answer::Again => "run it again".to_owned(),
        Answer::Auto => "let reads run by themselves".to_owned(),
        Answer::Approval { .. } => "another person's answer".to_owned(),
        Answer::Back => "go back".to_owned(),
        Answer::BreakGlass { .. } => "BREAK GLASS: go on without the second person".to_owned(),
        Answer::Choose { option, .. } => format!("chose {option}"),
        Answer::Confirm { typed: None } => "confirmed".to_owned(),
        Answer::Confirm { typed: Some(typed) } => format!("confirmed by typing {typed}"),
        Answer::Done { note: None } => "done".to_owned(),
        Answer::Done { note: Some(note) } => format!("done: {note}"),
        Answer::Edit { command } => format!("edited the command: {}", first_line(command)),
        Answer::Elsewhere { exit, .. } => format!("ran it elsewhere: exit status {exit}"),
        Answer::Finish { outcome } => format!("end the run: {}", outcome_name(*outcome)),
        Answer::GoPast { step, .. } => format!("go to {step}, past the agreement of others"),
        Answer::GoTo { step } => format!("go to {step}"),
        Answer::Leave => "leave things as they are".to_owned(),
        Answer::MarkDone => "marked as done".to_owned(),
        Answer::NoneOfThese => "none of these".to_owned(),
        Answer::Note { text } => format!("note: {text}"),
        Answer::NotSure { .. } => "not sure".to_owned(),
        Answer::Pause => "pause".to_owned(),
        Answer::Predict { text } => format!("expects: {text}"),
        Answer::Proceed => "go on".to_owned(),
        Answer::Recheck => "look whether it took effect".to_owned(),
        Answer::Skip { .. } => "skip".to_owned(),
        Answer::Stop => "stop here".to_owned(),
        Answer::Undo { step: None, .. } => "undo everything".to_owned(),
        Answer::Undo { step: Some(step), .. } => format!("undo {step}"),
        Answer::Value { value } => recorded(value),
        Answer::WaitForEnd => "wait for its end".to_owned(),
    }
}

/// How a command was agreed to.
pub(super) fn agreed(how: &str) -> &str {
    match how {
        "key" => "Enter",
        "yes" => "y",
        other => other,
    }
}

/// What a command does, and where, if that is not this machine.
pub(super) fn effect_on(which: Effect, target: &str) -> String {
    match target {
        "here" => effect(which).to_owned(),
        other => format!("{} on {other}", effect(which)),
    }
}

/// A command where there is room for a line only.
pub(super) fn first_line(command: &str) -> String {
    let mut lines = command.trim_matches('\n').lines();
    let first = lines.next().unwrap_or_default();
    match lines.next() {
        None => first.to_owned(),
        Some(_) => format!("{first} …"),
    }
}

/// A value as it may be shown.
pub(super) fn recorded(value: &crate::engine::Recorded) -> String {
    match value {
        crate::engine::Recorded::Open(value) => value.written(),
        crate::engine::Recorded::Secret(_) => "(secret)".to_owned(),
    }
}

/// How a process ended.
fn end(end: &End) -> String {
    match end {
        End::CouldNotStart { why } => format!("could not start: {why}"),
        End::Disconnected => "the connection was lost".to_owned(),
        End::Exited { code } => format!("exit status {code}"),
        End::Interrupted { signal: None } => "interrupted".to_owned(),
        End::Interrupted { signal: Some(signal) } => format!("interrupted, signal {signal}"),
        End::Signalled { signal } => format!("ended by signal {signal}"),
        End::TimedOut { after } => format!("stopped after {}, its time limit", spoken(*after)),
        End::Unknown => "its end was not seen".to_owned(),
    }
}

/// What the end of a command means.
fn verdict(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Failed { why, .. } => format!("failed: {why}"),
        Verdict::InDoubt => "in doubt".to_owned(),
        Verdict::Passed => "as expected".to_owned(),
        Verdict::Pending { why, .. } => format!("not yet: {why}"),
        Verdict::Unexpected { why, .. } => format!("unexpected: {why}"),
    }
}

/// What came of a command: the verdict, and how the process ended where that is not the same.
pub(super) fn result(judged: &Verdict, ended: &End) -> String {
    let (said, how) = (verdict(judged), end(ended));
    let more = match ended {
        // These are reasons, too, in words that are not quite the same.
        End::CouldNotStart { why } if said.contains(why.as_str()) => "",
        End::Exited { code } if tells_exit(judged, *code) => "",
        End::Interrupted { .. } if said.ends_with(INTERRUPTED) => {
            how.strip_prefix("interrupted, ").unwrap_or_default()
        }
        _ if said.contains(&how) => "",
        _ => &how,
    };
    if more.is_empty() { said } else { format!("{said}, {more}") }
}

/// Whether a verdict rests on an exit status and says so.
fn tells_exit(judged: &Verdict, code: i32) -> bool {
    let (Verdict::Failed { why, .. }
    | Verdict::Pending { why, .. }
    | Verdict::Unexpected { why, .. }) = judged
    else {
        return false;
    };
    let told = why.strip_prefix(&format!("exit {code}"));
    told.is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
}

/// An answer with its reason, and with the question where it is one to it.
pub(super) fn said(question: &str, given: &Answer, name: Option<&str>) -> String {
    let said = match (name, reason(given)) {
        (Some(name), _) => format!("{name} = {}", answer(given)),
        (None, None) => answer(given),
        (None, Some(reason)) => format!("{}, because {reason}", answer(given)),
    };
    let aside = matches!(
        given,
        Answer::AdHoc { .. }
            | Answer::Auto
            | Answer::Back
            | Answer::Edit { .. }
            | Answer::GoPast { .. }
            | Answer::GoTo { .. }
            | Answer::Note { .. }
            | Answer::Pause
            | Answer::Predict { .. }
    );
    if aside { said } else { format!("{}: {said}", question.replace('_', " ")) }
}

/// Processes by their ids.
pub fn numbered(processes: &[i32]) -> String {
    let ids: Vec<String> = processes.iter().map(i32::to_string).collect();
    let noun = if ids.len() == 1 { "process" } else { "processes" };
    format!("{noun} {}", ids.join(", "))
}

/// What is known of a command whose end is not recorded.
pub(super) fn found(found: &Found) -> String {
    match found {
        Found::Finished { end: ended, .. } => format!("ended while nobody watched: {}", end(ended)),
        Found::Orphaned { processes } => {
            format!("still running, unsupervised: {}", numbered(processes))
        }
        Found::Running { supervisor } => format!("still running, supervisor {supervisor}"),
        Found::Unknown => "its end is unknown".to_owned(),
    }
}

/// Why a run was left.
pub(super) fn pause(reason: &PauseReason) -> String {
    match reason {
        PauseReason::HungUp => "the terminal was gone".to_owned(),
        PauseReason::Interrupted => "interrupted".to_owned(),
        PauseReason::PersonNeeded { question } => format!("a person is needed: {question}"),
        PauseReason::Refused { question } => format!("not without a person: {question}"),
        PauseReason::TakenOver { by } => format!("taken over by {by}"),
        PauseReason::Wished => "by the responder".to_owned(),
    }
}

/// Where a run stands, in one or two words.
pub fn state(state: &State) -> String {
    match state {
        State::Finished { outcome, .. } => outcome_name(*outcome).to_owned(),
        State::InDoubt => "in doubt".to_owned(),
        State::Open => "open".to_owned(),
        State::Paused { .. } => "paused".to_owned(),
    }
}

/// How a run ended.
pub fn outcome_name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Abandoned => "abandoned",
        Outcome::Done => "done",
        Outcome::Escalated => "escalated",
        Outcome::Mitigated => "mitigated",
        Outcome::NoAction => "no action",
        Outcome::Resolved => "resolved",
        Outcome::RolledBack => "rolled back",
    }
}

/// How a step ended.
pub(super) fn status(status: StepStatus) -> &'static str {
    match status {
        StepStatus::Done => "done",
        StepStatus::Failed => "failed",
        StepStatus::FailedHandled => "failed, dealt with",
        StepStatus::MarkedDone => "marked as done",
        StepStatus::Skipped => "skipped",
        StepStatus::Unexpected => "unexpected result",
    }
}

/// What a command does to the world.
pub(super) fn effect(effect: Effect) -> &'static str {
    match effect {
        Effect::Change => "change",
        Effect::Destroy => "destroy",
        Effect::Read => "read",
    }
}

/// What a command is for, beside being its step's own.
pub(super) fn role(role: Role) -> &'static str {
    match role {
        Role::AdHoc => "the responder's own",
        Role::Assert => "proof of a target",
        Role::Choices => "choices",
        Role::Main => "the step's command",
        Role::Ready => "look whether it is ready",
        Role::Recheck => "look whether it took effect",
        Role::Require => "requirement",
        Role::Undo => "undo",
        Role::Verify => "verification",
    }
}

/// How bad a finding is.
pub(super) fn severity(severity: FindingSeverity) -> &'static str {
    match severity {
        FindingSeverity::Critical => "critical",
        FindingSeverity::Info => "info",
        FindingSeverity::Warning => "warning",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_says_nothing_twice() {
        fn check(why: &str, how: &End, expected: &str) {
            let judged = Verdict::Failed { why: why.to_owned(), parts: Vec::new() };
            assert_eq!(result(&judged, how), expected);
        }
        check("exit 3", &End::Exited { code: 3 }, "failed: exit 3");
        check("exit 3: no queue", &End::Exited { code: 3 }, "failed: exit 3: no queue");
        check("exit 30", &End::Exited { code: 3 }, "failed: exit 30, exit status 3");
        check("n > 3", &End::Exited { code: 0 }, "failed: n > 3, exit status 0");
        let missing = End::CouldNotStart { why: "no ghost".to_owned() };
        let why = "it could not be started: no ghost";
        check(why, &missing, &format!("failed: {why}"));
        let stopped = End::Interrupted { signal: Some(2) };
        check(INTERRUPTED, &stopped, "failed: it was interrupted, signal 2");
        check(INTERRUPTED, &End::Interrupted { signal: None }, "failed: it was interrupted");
    }
}
