//! How much of the runbooks was reached, for people and programs.

use serde_json::{Value, json};

use super::Results;
use crate::cli::args::TestArguments;
use crate::console::{Meaning, Text};
use crate::rehearsal::{BranchKind, Covered, Point, Totals};

/// How wide the name of a runbook is at least.
const NAME: usize = "all runbooks".len();

/// A table, and below each runbook what was not reached.
pub(super) fn text(results: &Results) -> Vec<Text> {
    let names = results.covered.iter().map(|(inventory, _)| inventory.name.chars().count());
    let width = names.max().unwrap_or(0).max(NAME);
    let head = ["steps", "options", "branches"].iter();
    let head = head.fold(padded(Meaning::Dim, "", width), |text, name| {
        text.add(Meaning::Dim, format!("  {name:>15}"))
    });
    let mut lines = vec![head];
    for (inventory, covered) in &results.covered {
        lines.push(row(&inventory.name, width, parts(covered)));
        for (point, line) in &covered.missing {
            let place = format!("  {}:{line}  ", inventory.name);
            lines.push(Text::of(Meaning::Dim, place).add(Meaning::Plain, missing(point)));
        }
    }
    if results.covered.len() > 1 {
        lines.push(row("all runbooks", width, results.totals()));
    }
    lines.push(Text::new());
    lines
}

fn row(name: &str, width: usize, totals: [Totals; 3]) -> Text {
    totals.into_iter().fold(padded(Meaning::Plain, name, width), |text, it| {
        let meaning = if it.reached == it.all { Meaning::Good } else { Meaning::Warning };
        text.add(meaning, format!("  {:>3} % {:>9}", it.percent(), count(it)))
    })
}

/// A text with blanks up to a width. Long runs of them would be counted, so they come in pieces.
pub(super) fn padded(meaning: Meaning, text: &str, width: usize) -> Text {
    let mut left = width.saturating_sub(text.chars().count());
    let mut padded = Text::of(meaning, text);
    while left > 0 {
        let piece = left.min(16);
        padded = padded.add(Meaning::Plain, " ".repeat(piece));
        left -= piece;
    }
    padded
}

fn count(totals: Totals) -> String {
    format!("{}/{}", totals.reached, totals.all)
}

fn parts(covered: &Covered) -> [Totals; 3] {
    [covered.steps, covered.options, covered.branches]
}

/// What was not reached, in words.
pub(super) fn missing(point: &Point) -> String {
    match &point.branch {
        None => format!("{}: never entered", point.step),
        Some(kind) => format!("{}: {}", point.step, kind.name()),
    }
}

/// What is under a limit that was asked for.
pub(super) fn too_little(results: &Results, arguments: &TestArguments) -> Vec<Text> {
    let [steps, _, branches] = results.totals();
    let asked =
        [("steps", arguments.min_steps, steps), ("branches", arguments.min_branches, branches)];
    let under = asked.into_iter().filter_map(|(what, least, totals)| {
        let least = usize::from(least?);
        (totals.percent() < least).then(|| {
            let percent = totals.percent();
            let text = format!("{percent} % of all {what} were reached, wanted {least} %");
            Text::of(Meaning::Bad, text)
        })
    });
    under.collect()
}

/// All of it as one object.
pub(super) fn json(results: &Results) -> Value {
    let totals = |[steps, options, branches]: [Totals; 3]| {
        let one =
            |it: Totals| json!({ "reached": it.reached, "all": it.all, "percent": it.percent() });
        json!({ "steps": one(steps), "options": one(options), "branches": one(branches) })
    };
    let runbooks = results.covered.iter().map(|(inventory, covered)| {
        let missing = covered.missing.iter().map(|(point, line)| {
            let branch = point.branch.as_ref().map(BranchKind::name);
            json!({ "step": point.step.0, "branch": branch, "line": line })
        });
        json!({
            "runbook": inventory.name,
            "totals": totals(parts(covered)),
            "missing": missing.collect::<Vec<_>>(),
        })
    });
    json!({ "runbooks": runbooks.collect::<Vec<_>>(), "totals": totals(results.totals()) })
}
