//! A way as the text of a scenario. What a program prints is written in double quotes, so that no
//! reader of YAML can take it for something else.

use super::way::{Saying, Way};
use crate::rehearsal::coverage::Point;
use crate::rehearsal::written::{list, quoted, scalar, word};
use crate::runbook::{End, Part, Scenario};

/// So many equal results may follow each other in a list.
const MOST_ALIKE: usize = 3;

/// The longest title.
const TITLE: usize = 120;

/// What happens on a way: how it ends, and what it reaches first.
pub(super) fn title(way: &Way, reaches: &[Point]) -> String {
    let ends = way.outcome.map_or("without an end", |outcome| outcome.name());
    let branches = reaches.iter().filter_map(|point| {
        point.branch.as_ref().map(|kind| format!("{} {}", point.step, kind.name()))
    });
    let mut title = format!("Ends {}", ends.replace('_', " "));
    let mut lead = ": ";
    for branch in branches.take(3) {
        let branch = branch.replace('`', "");
        if title.chars().count() + branch.chars().count() > TITLE {
            break;
        }
        title.push_str(lead);
        title.push_str(&branch);
        lead = ", ";
    }
    title
}

/// The whole text.
pub(super) fn scenario(setting: &Scenario, title: &str, way: &Way) -> String {
    let mut out = String::from("schema: surefoot-scenario/v1\n");
    let mut line = |text: String| {
        out.push_str(&text);
        out.push('\n');
    };
    line(format!("runbook: {}", word(&setting.runbook)));
    line(format!("title: {}", quoted(title)));
    if let Some(environment) = &setting.environment {
        line(format!("environment: {environment}"));
    }
    if !setting.inputs.is_empty() {
        line("inputs:".to_owned());
        for (name, value) in &setting.inputs {
            line(format!("  {name}: {}", scalar(value)));
        }
    }
    if let Some(now) = setting.now {
        line(format!("now: {now}"));
    }
    if !way.results.is_empty() {
        line("results:".to_owned());
    }
    for (step, parts) in &way.results {
        match parts.split_first() {
            Some((first, rest)) if rest.iter().all(|it| same(it, first)) => {
                line(format!("  {step}: {}", part(first, None)));
            }
            _ => {
                line(format!("  {step}:"));
                each(parts).into_iter().for_each(&mut line);
            }
        }
    }
    let said = answers(way);
    if !said.is_empty() {
        line("answers:".to_owned());
        for text in said {
            line(text);
        }
    }
    line("expect:".to_owned());
    if let Some(outcome) = way.outcome {
        line(format!("  outcome: {}", outcome.name()));
    }
    let visited = way.trace.visited.iter().filter(|visit| visit.named);
    let visited: Vec<&str> = visited.map(|visit| visit.step.0.as_str()).collect();
    if !visited.is_empty() {
        for line in list("  visited: [ ", &visited) {
            out.push_str(&line);
            out.push('\n');
        }
    }
    out
}

/// The answers of steps where one has to be said.
fn answers(way: &Way) -> Vec<String> {
    let said = way
        .answers
        .iter()
        .filter(|(_, words)| words.iter().any(|(_, saying)| *saying == Saying::Needed))
        .map(|(step, words)| {
            let words: Vec<String> = words.iter().map(|(text, _)| word(text)).collect();
            match words.split_first() {
                Some((first, rest)) if rest.iter().all(|it| it == first) => {
                    format!("  {step}: {first}")
                }
                _ => format!("  {step}: [ {} ]", words.join(", ")),
            }
        });
    said.collect()
}

fn same(one: &Part, other: &Part) -> bool {
    one.end == other.end && one.stdout == other.stdout
}

/// One result for each attempt; where the same comes many times, by the number of the attempt.
fn each(parts: &[Part]) -> Vec<String> {
    let mut runs: Vec<(&Part, usize)> = Vec::new();
    for part in parts {
        match runs.last_mut() {
            Some((last, count)) if same(last, part) => *count += 1,
            _ => runs.push((part, 1)),
        }
    }
    if runs.iter().all(|(_, count)| *count <= MOST_ALIKE) {
        return parts.iter().map(|it| format!("    - {}", part(it, None))).collect();
    }
    let mut upto = 0;
    let last = runs.len() - 1;
    let lines = runs.iter().enumerate().map(|(index, (it, count))| {
        upto += count;
        format!("    - {}", part(it, (index < last).then_some(upto)))
    });
    lines.collect()
}

fn part(part: &Part, upto: Option<usize>) -> String {
    let mut keys = Vec::new();
    keys.extend(upto.map(|attempt| format!("when: attempt <= {attempt}")));
    if let End::Exit(code @ 1..) = part.end {
        keys.push(format!("exit: {code}"));
    }
    if !part.stdout.is_empty() {
        keys.push(format!("stdout: {}", quoted(&part.stdout)));
    }
    if keys.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", keys.join(", ")) }
}
