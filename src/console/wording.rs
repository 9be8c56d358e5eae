//! Words that stand in many places: effects, ends of commands, outcomes, counts, lengths of time.
//!
//! One thing has one wording, here. Nothing in this file prints.

use super::text::{Meaning, Text};
use crate::engine::{End, Found, Role, StepStatus};
use crate::expression::Part;
use crate::report::numbered;
use crate::runbook::{Effect, FindingSeverity, Outcome, Runbook, StepId};
use crate::value::{Facts, Name, spoken};

/// The name of an effect.
pub(super) fn effect(effect: Effect) -> &'static str {
    match effect {
        Effect::Read => "read",
        Effect::Change => "change",
        Effect::Destroy => "destroy",
    }
}

/// An effect, in its style.
pub(super) fn effect_text(which: Effect) -> Text {
    Text::of(Meaning::Effect(which), effect(which))
}

/// How many commands have each effect: `9 read, 2 change, 0 destroy`.
pub(super) fn effects(counts: [usize; 3]) -> String {
    let [read, change, destroy] = counts;
    format!("{read} read, {change} change, {destroy} destroy")
}

/// A number with its noun: `1 step`, `2 steps`.
pub(super) fn count(number: usize, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{ending}")
}

/// How a command ended, as a phrase.
pub(super) fn end(end: &End) -> String {
    match end {
        End::CouldNotStart { why } => format!("could not start: {why}"),
        End::Disconnected => "connection lost, the end is not known".to_owned(),
        End::Exited { code } => format!("exit {code}"),
        End::Interrupted { signal: None } => "stopped by you".to_owned(),
        End::Interrupted { signal: Some(signal) } => {
            format!("stopped by you, ended by {}", signal_name(*signal))
        }
        End::Signalled { signal } => format!("killed by {}", signal_name(*signal)),
        End::TimedOut { after } => format!("timed out after {}", spoken(*after)),
        End::Unknown => "nobody saw it end".to_owned(),
    }
}

/// What is known of a command whose end nobody recorded.
pub(super) fn found(found: &Found) -> String {
    match found {
        Found::Finished { end: how, .. } => format!("ended while nobody watched: {}", end(how)),
        Found::Orphaned { processes } => format!(
            "still running ({}), and nobody can see any more how it ends",
            numbered(processes)
        ),
        Found::Running { .. } => "it is still running".to_owned(),
        Found::Unknown => "it may have run to its end, in part, or not at all".to_owned(),
    }
}

/// The name of a signal, such as `SIGKILL`.
pub(super) fn signal_name(signal: i32) -> String {
    const NAMES: [(i32, &str); 15] = [
        (1, "SIGHUP"),
        (2, "SIGINT"),
        (3, "SIGQUIT"),
        (4, "SIGILL"),
        (6, "SIGABRT"),
        (7, "SIGBUS"),
        (8, "SIGFPE"),
        (9, "SIGKILL"),
        (10, "SIGUSR1"),
        (11, "SIGSEGV"),
        (12, "SIGUSR2"),
        (13, "SIGPIPE"),
        (14, "SIGALRM"),
        (15, "SIGTERM"),
        (24, "SIGXCPU"),
    ];
    NAMES
        .iter()
        .find(|(number, _)| *number == signal)
        .map_or_else(|| format!("signal {signal}"), |(_, name)| (*name).to_owned())
}

/// What a command is for, where it is not the step's own.
pub(super) fn role(role: Role) -> Option<&'static str> {
    match role {
        Role::Main => None,
        Role::AdHoc => Some("your own command"),
        Role::Assert => Some("check the target"),
        Role::Choices => Some("find the choices"),
        Role::Ready => Some("look whether it is ready"),
        Role::Recheck => Some("look whether it took effect"),
        Role::Require => Some("check a requirement"),
        Role::Undo => Some("undo"),
        Role::Verify => Some("verify"),
    }
}

/// The values that show why something is so: `error_rate = 0.03, exit = 0`.
pub(super) fn parts(parts: &[Part]) -> String {
    parts
        .iter()
        .map(|part| format!("{} = {}", part.text, part.value))
        .collect::<Vec<_>>()
        .join(", ")
}

/// All outcomes with their names and meanings, in the order they are offered.
pub(super) const OUTCOMES: [(Outcome, &str, &str); 7] = [
    (Outcome::Resolved, "resolved", "the cause is gone"),
    (Outcome::Mitigated, "mitigated", "the harm is stopped, the cause is still there"),
    (Outcome::Done, "done", "all that was to be done is done"),
    (Outcome::NoAction, "no_action", "nothing had to be done"),
    (Outcome::RolledBack, "rolled_back", "what was changed has been undone"),
    (Outcome::Escalated, "escalated", "handed to somebody else"),
    (Outcome::Abandoned, "abandoned", "given up"),
];

/// The name of an outcome.
pub(super) fn outcome(outcome: Outcome) -> &'static str {
    OUTCOMES.iter().find(|(known, ..)| *known == outcome).map_or("ended", |(_, name, _)| *name)
}

/// How an outcome looks.
pub(super) fn outcome_meaning(outcome: Outcome) -> Meaning {
    match outcome {
        Outcome::Done | Outcome::NoAction | Outcome::Resolved => Meaning::Good,
        Outcome::Mitigated | Outcome::RolledBack => Meaning::Warning,
        Outcome::Abandoned | Outcome::Escalated => Meaning::Bad,
    }
}

/// How a step ended.
pub(super) fn status(status: StepStatus) -> &'static str {
    match status {
        StepStatus::Done => "done",
        StepStatus::Failed => "failed",
        StepStatus::FailedHandled => "failed, handled",
        StepStatus::MarkedDone => "marked done",
        StepStatus::Skipped => "skipped",
        StepStatus::Unexpected => "unexpected result",
    }
}

/// The name of a severity and how it looks.
pub(super) fn severity(severity: FindingSeverity) -> (&'static str, Meaning) {
    match severity {
        FindingSeverity::Info => ("info", Meaning::Hint),
        FindingSeverity::Warning => ("warning", Meaning::Warning),
        FindingSeverity::Critical => ("critical", Meaning::Bad),
    }
}

/// The title of a step with the values that are known.
pub(super) fn title(runbook: &Runbook, step: &StepId, facts: &dyn Facts) -> String {
    runbook.find(step).map_or_else(
        || step.to_string(),
        |key| {
            let title = &runbook.step(key).title;
            title.preview(facts, &|reference| format!("‹{reference}›"))
        },
    )
}

/// A digest as people say it.
pub(super) fn short_digest(digest: &str) -> &str {
    digest.get(..7).unwrap_or(digest)
}

/// A text cut to fit so many columns, with a mark where something is missing.
pub(super) fn cut(text: &str, columns: usize) -> String {
    use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut taken = String::new();
    let mut width = 3;
    for character in text.chars() {
        width += character.width().unwrap_or(0);
        if width > columns {
            break;
        }
        taken.push(character);
    }
    taken + "..."
}

/// The title of a procedure with the values that are known, or its name as a title.
pub(super) fn procedure(runbook: &Runbook, name: &Name, facts: &dyn Facts) -> String {
    let title = runbook.procedures.get(name).and_then(|procedure| procedure.title.as_ref());
    title.map_or_else(
        || spoken_name(name),
        |title| title.preview(facts, &|reference| format!("‹{reference}›")),
    )
}

/// The name of a part that has no title, as a title.
pub(super) fn spoken_name(name: &Name) -> String {
    capital(&name.as_str().replace('_', " "))
}

/// The first letter in upper case.
pub(super) fn capital(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_uppercase().collect::<String>() + characters.as_str()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_space_of_ends_has_words() {
        let check = |which: End, expected: &str| assert_eq!(end(&which), expected);
        check(End::Exited { code: 3 }, "exit 3");
        check(End::Signalled { signal: 9 }, "killed by SIGKILL");
        check(End::Signalled { signal: 40 }, "killed by signal 40");
        check(End::TimedOut { after: 600_000 }, "timed out after 10 min");
        check(
            End::CouldNotStart { why: "no such file".to_owned() },
            "could not start: no such file",
        );
        check(End::Interrupted { signal: Some(15) }, "stopped by you, ended by SIGTERM");
        check(End::Unknown, "nobody saw it end");
    }

    #[test]
    fn one_step_is_not_steps() {
        assert_eq!(count(1, "undo step"), "1 undo step");
        assert_eq!(count(0, "undo step"), "0 undo steps");
    }

    #[test]
    fn a_cut_text_fits_and_says_so() {
        assert_eq!(cut("abcdefgh", 8), "abcdefgh");
        assert_eq!(cut("abcdefghi", 8), "abcde...");
        assert_eq!(cut("日本日本", 7), "日本...");
    }
}
