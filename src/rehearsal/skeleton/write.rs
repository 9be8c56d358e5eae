//! A way as the text of a scenario. What a program prints is written in double quotes, so that no
//! reader of YAML can take it for something else.

use std::fmt::Write as _;

use super::way::{Saying, Way};
use crate::rehearsal::coverage::Point;
use crate::runbook::{End, Part, Scenario};
use crate::value::Value;

/// The longest line of a list.
const WIDTH: usize = 96;

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
        list(&mut out, "  visited: [ ", &visited);
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

fn list(out: &mut String, lead: &str, words: &[&str]) {
    let mut line = lead.to_owned();
    for (index, word) in words.iter().enumerate() {
        let last = index + 1 == words.len();
        let piece = if last { format!("{word} ]") } else { format!("{word}, ") };
        if line.len() + piece.trim_end().len() > WIDTH {
            let _ = writeln!(out, "{}", line.trim_end());
            "    ".clone_into(&mut line);
        }
        line.push_str(&piece);
    }
    let _ = writeln!(out, "{}", line.trim_end());
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

/// A value where the runbook knows its type.
fn scalar(value: &Value) -> String {
    match value {
        Value::Boolean(_) | Value::Float(_) | Value::Integer(_) | Value::Duration(_) => {
            value.written()
        }
        Value::List(items) => {
            let items: Vec<String> = items.iter().map(scalar).collect();
            format!("[ {} ]", items.join(", "))
        }
        Value::Text(_) | Value::Timestamp(_) => word(&value.written()),
    }
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

/// A word as it is, where YAML takes it for nothing else.
fn word(text: &str) -> String {
    let letter = text.starts_with(|c: char| c.is_ascii_lowercase());
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '/' | '.');
    let keyword = matches!(text, "true" | "false" | "null");
    if letter && !keyword && text.chars().all(plain) { text.to_owned() } else { quoted(text) }
}

/// In double quotes, as JSON writes it, which YAML reads the same way.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("a text serialises")
}
