//! Why a scenario failed, for people: what is expected beside what was walked, with the places of
//! both.

use similar::{ChangeTag, TextDiff};

use super::coverage::padded;
use crate::console::{Meaning, Text};
use crate::diagnostic::Source;
use crate::rehearsal::{Mismatch, Problem, Step};
use crate::runbook::{Runbook, StepId};

/// Where things stand.
pub(super) struct Place<'a> {
    pub(super) scenario: &'a Source,
    pub(super) runbook: &'a Runbook,
}

impl Place<'_> {
    /// Where something stands in the scenario.
    fn expected(&self, at: usize) -> String {
        format!("{}:{}", self.scenario.name, self.scenario.line_column(at).0)
    }

    /// Where a step stands in its runbook.
    fn step(&self, step: &StepId) -> String {
        match self.line(step) {
            Some((file, line)) => format!("{file}:{line}"),
            None => self.runbook.source.name.clone(),
        }
    }

    fn line(&self, step: &StepId) -> Option<(&str, usize)> {
        let key = self.runbook.find(step)?;
        let (own, key) = self.runbook.own(key);
        let span = &own.step(key).span;
        // A used runbook keeps the name that its file has in the repository.
        Some((&own.source.name, own.source.line_column(span.start).0))
    }
}

/// Something that the scenario should have said.
pub(super) fn problem(problem: &Problem, place: &Place<'_>) -> Vec<Text> {
    match problem {
        Problem::NoAnswer { step, asked, question, accepts } => {
            let (at, name) = match step {
                Some(step) => (place.step(step), step.to_string()),
                None => (place.runbook.source.name.clone(), "the run".to_owned()),
            };
            let why = format!("`{name}` asks, and the scenario does not answer ({asked}): ");
            let hint = match (step, accepts.is_empty()) {
                (Some(step), false) => {
                    format!("answers: {{ {step}: ... }} takes {}", accepts.join(", "))
                }
                _ => "nothing that a scenario could say goes on here".to_owned(),
            };
            vec![
                Text::of(Meaning::Bad, why).add(Meaning::Plain, question),
                Text::of(Meaning::Dim, "  at ").add(Meaning::Plain, at),
                Text::of(Meaning::Hint, format!("  {hint}")),
            ]
        }
        Problem::NoResult { step, attempt, results, command } => {
            let has = match results {
                0 => "the scenario has no result for it".to_owned(),
                1 => format!("the scenario has 1 result, and this is attempt {attempt}"),
                many => format!("the scenario has {many} results, and this is attempt {attempt}"),
            };
            vec![
                Text::of(Meaning::Bad, format!("`{step}` runs a command, and {has}: "))
                    .add(Meaning::Command, command),
                Text::of(Meaning::Dim, "  at ").add(Meaning::Plain, place.step(step)),
                Text::of(Meaning::Hint, format!("  results: {{ {step}: {{ stdout: ... }} }}")),
            ]
        }
        Problem::Refused { step, why, .. } => {
            let name = step.as_ref().map_or_else(|| "the run".to_owned(), ToString::to_string);
            let at = step.as_ref().map_or_else(String::new, |step| place.step(step));
            vec![
                Text::of(Meaning::Bad, format!("`{name}` does not take the answer: "))
                    .add(Meaning::Plain, why),
                Text::of(Meaning::Dim, "  at ").add(Meaning::Plain, at),
            ]
        }
        Problem::Stuck => broken("what runs has no end, and nothing else will happen"),
    }
}

/// Another reason.
pub(super) fn broken(why: &str) -> Vec<Text> {
    vec![Text::of(Meaning::Bad, why)]
}

/// A difference between what is expected and what was walked.
pub(super) fn mismatch(mismatch: &Mismatch, place: &Place<'_>) -> Vec<Text> {
    match mismatch {
        Mismatch::Command { step, expected, ran } => {
            let mut lines = vec![Text::of(
                Meaning::Bad,
                match ran {
                    Some(_) => format!("`{step}` would run another command"),
                    None => format!("`{step}` runs no command that could be compared"),
                },
            )];
            lines.push(match ran {
                Some(ran) => words(expected.value.trim(), ran),
                None => Text::plain("  ").add(Meaning::Command, expected.value.trim()),
            });
            lines.push(places(&place.expected(expected.span.start), &place.step(step)));
            lines
        }
        Mismatch::CommandsMore { step, expected, ran } => vec![
            Text::of(Meaning::Bad, format!("`{step}` would run one command more: "))
                .add(Meaning::Command, ran),
            places(&place.expected(expected.span.start), &place.step(step)),
        ],
        Mismatch::Finding { expected, found } => {
            let mut lines = vec![
                Text::of(Meaning::Bad, "nothing says: ").add(Meaning::Plain, &expected.value),
                Text::of(Meaning::Dim, "  expected at ")
                    .add(Meaning::Plain, place.expected(expected.span.start)),
            ];
            lines.extend(
                found.iter().map(|it| Text::of(Meaning::Dim, "  found: ").add(Meaning::Plain, it)),
            );
            lines
        }
        Mismatch::Outcome { expected, walked } => {
            let wanted = expected.value.name();
            let told = match walked {
                Some(walked) => format!("the run ends {}, not {wanted}", walked.name()),
                None => format!("the run does not end, and should end {wanted}"),
            };
            vec![
                Text::of(Meaning::Bad, told),
                Text::of(Meaning::Dim, "  expected at ")
                    .add(Meaning::Plain, place.expected(expected.span.start)),
            ]
        }
        Mismatch::Path { steps } => path(steps, place),
    }
}

fn places(expected: &str, step: &str) -> Text {
    Text::of(Meaning::Dim, "  expected at ")
        .add(Meaning::Plain, expected)
        .add(Meaning::Dim, ", the step is at ")
        .add(Meaning::Plain, step)
}

/// Both commands as one, with the words that differ: `[-expected-]` and `{+what would run+}`.
fn words(expected: &str, ran: &str) -> Text {
    let diff = TextDiff::from_words(expected, ran);
    diff.iter_all_changes().fold(Text::plain("  "), |text, change| {
        let word = change.value();
        match change.tag() {
            ChangeTag::Equal => text.add_lines(Meaning::Plain, word),
            ChangeTag::Delete => text.add_lines(Meaning::Bad, format!("[-{word}-]")),
            ChangeTag::Insert => text.add_lines(Meaning::Good, format!("{{+{word}+}}")),
        }
    })
}

/// The expected path beside the walked one.
fn path(steps: &[Step], place: &Place<'_>) -> Vec<Text> {
    let row = |step: &Step| {
        let expected = step.expected.as_ref().map(|expected| {
            let line = place.scenario.line_column(expected.span.start).0;
            (expected.value.to_string(), line)
        });
        let walked = step
            .walked
            .as_ref()
            .map(|walked| (walked.to_string(), place.line(walked).map_or(0, |(_, line)| line)));
        (expected, walked)
    };
    let rows: Vec<_> = steps.iter().map(row).collect();
    let longest = rows.iter().filter_map(|(it, _)| Some(it.as_ref()?.0.len())).max().unwrap_or(0);
    let width = longest.max("expected".len());
    let mut lines = vec![
        Text::of(Meaning::Bad, "the path is another"),
        Text::plain("          ")
            .join(padded(Meaning::Dim, "expected", width))
            .add(Meaning::Dim, "        walked"),
    ];
    for (step, (expected, walked)) in steps.iter().zip(rows) {
        let (mark, meaning) = match (&expected, &walked) {
            (Some(_), Some(_)) => (" ", Meaning::Plain),
            (Some(_), None) => ("-", Meaning::Bad),
            _ => ("+", Meaning::Good),
        };
        let cell = |it: Option<(String, usize)>| match it {
            Some((name, line)) => (format!("{line:5}"), name),
            None => (" ".repeat(5), String::new()),
        };
        let ((left_line, left), (right_line, right)) = (cell(expected), cell(walked));
        debug_assert!(step.expected.is_some() || step.walked.is_some());
        let text = Text::of(meaning, format!("  {mark} "))
            .add(Meaning::Dim, format!("{left_line} "))
            .join(padded(meaning, &left, width))
            .add(Meaning::Dim, format!("  {right_line} "))
            .add(meaning, right);
        lines.push(text);
    }
    let first = steps.iter().find(|step| !step.is_same());
    let expected = first.and_then(|it| it.expected.as_ref()).map(|it| it.span.start);
    let expected = expected
        .or_else(|| steps.iter().rev().find_map(|it| it.expected.as_ref()).map(|it| it.span.start));
    let walked = first.and_then(|it| it.walked.as_ref());
    let mut text = Text::of(Meaning::Dim, "  expected at ")
        .add(Meaning::Plain, place.expected(expected.unwrap_or(0)));
    if let Some(walked) = walked {
        text = text.add(Meaning::Dim, ", walked ").add(Meaning::Plain, place.step(walked));
    }
    lines.push(text);
    lines
}
