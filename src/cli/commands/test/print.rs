//! What came of all scenarios, in the form that is wanted.

use std::path::Path;

use serde_json::json;

use super::one::{Tested, Verdict};
use super::{Results, coverage, html};
use crate::cli::Context;
use crate::cli::args::{CoverageFormat, ListFormat, TestArguments};
use crate::cli::failure::Failure;
use crate::console::{Meaning, Page, Text};
use crate::diagnostic::{self, visible_json};

/// Tells the results. Where the coverage is a document of its own, that is the data, and the rest
/// goes where everything else goes.
pub(super) fn results(
    results: &Results,
    arguments: &TestArguments,
    context: &Context,
) -> Result<(), Failure> {
    if arguments.format == ListFormat::Json {
        return context.print(&document(&whole(results)));
    }
    let mut lines: Vec<Text> = Vec::new();
    for test in &results.tests {
        told(test, context, &mut lines);
    }
    lines.extend(results.untested.iter().flat_map(|runbook| untested(runbook)));
    let covered = match arguments.coverage {
        Some(CoverageFormat::Text) => coverage::text(results),
        Some(CoverageFormat::Html | CoverageFormat::Json) | None => Vec::new(),
    };
    lines.extend(covered);
    lines.extend(summary(results));
    lines.extend(coverage::too_little(results, arguments));
    match arguments.coverage {
        Some(CoverageFormat::Html) => {
            aside(&lines, context);
            context.print(&html::page(results))
        }
        Some(CoverageFormat::Json) => {
            aside(&lines, context);
            context.print(&document(&coverage::json(results)))
        }
        Some(CoverageFormat::Text) | None => {
            let mut page = Page::new();
            for line in lines {
                page.exact(line);
            }
            context.publish(&page)
        }
    }
}

/// Beside the data.
fn aside(lines: &[Text], context: &Context) {
    for line in lines {
        context.terminal.unbroken(line);
    }
}

fn document(value: &serde_json::Value) -> String {
    let text = serde_json::to_string_pretty(value).expect("results are texts and numbers");
    visible_json(&text) + "\n"
}

/// A scenario that failed, and why.
fn told(test: &Tested, context: &Context, lines: &mut Vec<Text>) {
    let path = test.path.display().to_string();
    let head = |word: &str| {
        Text::of(Meaning::Bad, format!("{word}  "))
            .add(Meaning::Plain, &path)
            .add(Meaning::Dim, format!("  {}", test.title))
    };
    match &test.verdict {
        Verdict::Passed => return,
        Verdict::Failed(why) => {
            lines.push(head("FAIL"));
            for reason in why {
                lines.extend(reason.iter().map(|line| Text::plain("  ").join(line.clone())));
            }
        }
        Verdict::Invalid(report) => {
            lines.push(head("INVALID"));
            let (width, plain) = (context.terminal.page(), diagnostic::Colour::Plain);
            let found = diagnostic::render(&report.source, &report.findings, width, plain);
            lines.extend(found.lines().map(|line| Text::plain(format!("  {line}"))));
        }
    }
    lines.push(Text::of(Meaning::Hint, "  again: ").add(
        Meaning::Command,
        format!("surefoot test {}", shlex::try_quote(&path).unwrap_or_default()),
    ));
    lines.push(Text::new());
}

/// A runbook that was named and has no scenario.
fn untested(runbook: &Path) -> [Text; 3] {
    let path = runbook.display().to_string();
    let new = format!("surefoot test --new {}", shlex::try_quote(&path).unwrap_or_default());
    [
        Text::of(Meaning::Bad, "NONE  ")
            .add(Meaning::Plain, &path)
            .add(Meaning::Dim, "  there is no scenario of it beside it or in `scenarios/`"),
        Text::of(Meaning::Hint, "  a start: ").add(Meaning::Command, new),
        Text::new(),
    ]
}

/// How many scenarios, in words.
pub(super) fn scenarios(all: usize) -> String {
    if all == 1 { "1 scenario".to_owned() } else { format!("{all} scenarios") }
}

fn summary(results: &Results) -> Vec<Text> {
    let (all, failed) = (results.tests.len(), results.failed());
    let scenarios = scenarios(all);
    let [steps, options, branches] = results.totals();
    let reached = match steps.all {
        // Of nothing, all is reached: that says nothing either.
        0 => String::new(),
        _ => format!(
            "; steps {} %, options {} %, branches {} %",
            steps.percent(),
            options.percent(),
            branches.percent()
        ),
    };
    let text = match (all, failed, results.untested.len()) {
        (0, _, _) => Text::of(Meaning::Bad, "nothing was tested: there is no scenario"),
        (_, 0, 0) => Text::of(Meaning::Good, format!("{scenarios} passed")),
        (_, 0, 1) => Text::of(Meaning::Bad, format!("{scenarios} passed, 1 runbook has none")),
        (_, 0, none) => {
            Text::of(Meaning::Bad, format!("{scenarios} passed, {none} runbooks have none"))
        }
        (_, failed, _) => Text::of(Meaning::Bad, format!("{scenarios}, {failed} failed")),
    };
    let mut lines = vec![text.add(Meaning::Plain, reached)];
    // What is named is told with its own.
    if all == 0 && results.untested.is_empty() {
        let new = "surefoot test --new RUNBOOK";
        let hint =
            Text::of(Meaning::Command, new).add(Meaning::Hint, " writes scenarios to start with");
        lines.push(hint);
    }
    lines
}

fn whole(results: &Results) -> serde_json::Value {
    let tests = results.tests.iter().map(|test| {
        let (verdict, why) = match &test.verdict {
            Verdict::Passed => ("passed", Vec::new()),
            Verdict::Failed(why) => {
                let lines =
                    |why: &Vec<Text>| why.iter().map(Text::bare).collect::<Vec<_>>().join("\n");
                ("failed", why.iter().map(lines).collect())
            }
            Verdict::Invalid(report) => {
                ("invalid", report.findings.iter().map(|it| it.message.clone()).collect())
            }
        };
        json!({
            "scenario": test.path.display().to_string(),
            "title": test.title,
            "runbook": test.runbook,
            "verdict": verdict,
            "why": why,
        })
    });
    let untested = results.untested.iter().map(|path| path.display().to_string());
    json!({
        "tests": tests.collect::<Vec<_>>(),
        "untested": untested.collect::<Vec<_>>(),
        "coverage": coverage::json(results),
    })
}
