//! How much of the runbooks was reached, as one page that does nothing: no script, no request.

use std::fmt::Write as _;

use super::Results;
use super::coverage::missing;
use super::markup;
use super::print::scenarios;
use crate::diagnostic::visible_line;
use crate::rehearsal::{BranchKind, Point, Totals};

const STYLE: &str = "\
:root { color-scheme: light dark; font-family: system-ui, sans-serif; line-height: 1.4; }
body { margin: 2rem auto; max-width: 60rem; padding: 0 1rem; }
table { border-collapse: collapse; margin: 1rem 0; }
th, td { text-align: left; padding: .2rem .8rem .2rem 0; vertical-align: top; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
.reached::before { content: \"\\2713  \"; }
.missed { color: light-dark(#b00020, #ff8a80); font-weight: bold; }
.missed::before { content: \"\\2717  \"; }
td, li, h2 { overflow-wrap: anywhere; }
@media (max-width: 36rem) { body { margin: 1rem auto; } th, td { padding-right: .4rem; } }
@media print { body { margin: 0; } }
";

/// The page.
pub(super) fn page(results: &Results) -> String {
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
         style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Coverage of runbooks</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <h1>Coverage of runbooks</h1>\n"
    );
    let tests = scenarios(results.tests.len());
    let _ = writeln!(out, "<p>{tests}, {} failed.</p>", results.failed());
    out.push_str(
        "<table>\n<tr><th>runbook</th><th class=\"number\">steps</th>\
         <th class=\"number\">options</th><th class=\"number\">branches</th></tr>\n",
    );
    for (index, (inventory, covered)) in results.covered.iter().enumerate() {
        let name = format!("<a href=\"#r{index}\">{}</a>", escaped(&inventory.name));
        row(&mut out, &name, [covered.steps, covered.options, covered.branches]);
    }
    row(&mut out, "all", results.totals());
    out.push_str("</table>\n");
    missed(&mut out, results);
    for (index, (inventory, covered)) in results.covered.iter().enumerate() {
        let _ = writeln!(out, "<h2 id=\"r{index}\">{}</h2>", escaped(&inventory.name));
        out.push_str("<table>\n<tr><th class=\"number\">line</th><th>step</th><th></th></tr>\n");
        for (point, line) in &inventory.points {
            let place = covered.missing.iter().position(|(missing, _)| missing == point);
            let class = if place.is_some() { "missed" } else { "reached" };
            let said = if place.is_some() { "not reached" } else { "reached" };
            let id = place.map_or_else(String::new, |place| format!(" id=\"r{index}-{place}\""));
            let _ = writeln!(
                out,
                "<tr{id}><td class=\"number\">{line}</td><td>{}</td>\
                 <td class=\"{class}\" title=\"{said}\">{}</td></tr>",
                escaped(&point.step.0),
                escaped(&what(point))
            );
        }
        out.push_str("</table>\n");
    }
    out.push_str("</body>\n</html>\n");
    out
}

/// What nobody should have to look for: all that was not reached, with the way to it.
fn missed(out: &mut String, results: &Results) {
    if results.covered.iter().all(|(_, covered)| covered.missing.is_empty()) {
        return;
    }
    out.push_str("<h2>Not reached</h2>\n<ul>\n");
    for (index, (inventory, covered)) in results.covered.iter().enumerate() {
        for (place, (point, line)) in covered.missing.iter().enumerate() {
            let _ = writeln!(
                out,
                "<li><a href=\"#r{index}-{place}\">{}:{line}</a> {}</li>",
                escaped(&inventory.name),
                escaped(&missing(point))
            );
        }
    }
    out.push_str("</ul>\n");
}

fn what(point: &Point) -> String {
    point.branch.as_ref().map_or_else(|| "entered".to_owned(), BranchKind::name)
}

fn row(out: &mut String, name: &str, totals: [Totals; 3]) {
    let _ = write!(out, "<tr><td>{name}</td>");
    for it in totals {
        let (percent, reached, all) = (it.percent(), it.reached, it.all);
        let _ = write!(out, "<td class=\"number\">{percent} % ({reached}/{all})</td>");
    }
    out.push_str("</tr>\n");
}

/// A text on the page: what is not seen is spelled out.
fn escaped(text: &str) -> String {
    markup::escaped(&visible_line(text))
}
