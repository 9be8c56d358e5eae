//! Findings as SARIF 2.1.0, for code scanning.
//!
//! One run for all files. Columns are UTF-16 code units, paths are URIs, and repairs go along where
//! there are some.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::{Diagnostic, Edit, Report, Severity, Source, Span, visible};

/// What a check looks for, in the words of its documentation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Description<'a> {
    /// One line.
    pub title: &'a str,
    /// Why it matters and what to do.
    pub explanation: &'a str,
}

/// All findings as one log. `describe` says what is known of a code.
pub fn to_sarif<'a>(
    reports: &[Report],
    version: &str,
    describe: impl Fn(&str) -> Option<Description<'a>>,
) -> Value {
    let all = || reports.iter().flat_map(|report| &report.findings);
    let mut places: BTreeMap<&str, (usize, Severity)> =
        all().map(|finding| (finding.code, (0, finding.severity))).collect();
    for (index, (place, _)) in places.values_mut().enumerate() {
        *place = index;
    }
    let rules: Vec<Value> =
        places.iter().map(|(code, (_, severity))| rule(code, *severity, describe(code))).collect();
    let results: Vec<Value> = reports
        .iter()
        .flat_map(|report| report.findings.iter().map(|finding| (&report.source, finding)))
        .map(|(source, finding)| result(source, finding, places[finding.code].0))
        .collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "surefoot", "version": version, "rules": rules } },
            "columnKind": "utf16CodeUnits",
            "results": results,
        }],
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn rule(code: &str, severity: Severity, description: Option<Description<'_>>) -> Value {
    let mut rule = json!({ "id": code, "defaultConfiguration": { "level": level(severity) } });
    if let Some(Description { title, explanation }) = description {
        rule["shortDescription"] = json!({ "text": title });
        rule["fullDescription"] = json!({ "text": explanation });
        rule["help"] = json!({ "text": explanation, "markdown": explanation });
    }
    rule
}

fn result(source: &Source, finding: &Diagnostic, rule: usize) -> Value {
    let mut message = visible(&finding.message).into_owned();
    if let Some(help) = &finding.help {
        message.push_str("\nhelp: ");
        message.push_str(&visible(help));
    }
    let mut result = json!({
        "ruleId": finding.code,
        "ruleIndex": rule,
        "level": level(finding.severity),
        "message": { "text": message },
        "locations": [{ "physicalLocation": physical(source, &finding.span) }],
    });
    if !finding.labels.is_empty() {
        let related = finding.labels.iter().enumerate().map(|(index, label)| {
            json!({
                "id": index,
                "message": { "text": visible(&label.text) },
                "physicalLocation": physical(source, &label.span),
            })
        });
        result["relatedLocations"] = related.collect();
    }
    // What is concealed would stand in the new text.
    if let Some(fix) = finding.fix.as_ref().filter(|_| finding.concealed.is_none()) {
        let replacements: Vec<Value> =
            fix.edits.iter().map(|edit| replacement(source, edit)).collect();
        result["fixes"] = json!([{
            "description": { "text": visible(&fix.title) },
            "artifactChanges": [{
                "artifactLocation": { "uri": uri(&source.name) },
                "replacements": replacements,
            }],
        }]);
    }
    result
}

fn replacement(source: &Source, edit: &Edit) -> Value {
    json!({
        "deletedRegion": region(source, &edit.span),
        "insertedContent": { "text": edit.text },
    })
}

fn physical(source: &Source, span: &Span) -> Value {
    json!({
        "artifactLocation": { "uri": uri(&source.name) },
        "region": region(source, span),
    })
}

fn region(source: &Source, span: &Span) -> Value {
    let start = source.position(span.start);
    let end = source.position(span.end.max(span.start));
    let mut region = Map::new();
    region.insert("startLine".to_owned(), start.line.into());
    region.insert("startColumn".to_owned(), start.utf16_column.into());
    region.insert("endLine".to_owned(), end.line.into());
    region.insert("endColumn".to_owned(), end.utf16_column.into());
    region.into()
}

/// A path as a reference: absolute ones with the scheme of files, relative ones as they are.
fn uri(path: &str) -> String {
    let path = path.strip_prefix("./").unwrap_or(path);
    let mut uri = String::from(if path.starts_with('/') { "file://" } else { "" });
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte));
            }
            other => write!(uri, "%{other:02X}").expect("writing to a String cannot fail"),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::super::Fix;
    use super::*;

    fn report(name: &str, text: &str, findings: Vec<Diagnostic>) -> Report {
        Report { source: Source { name: name.to_owned(), text: text.into() }, findings }
    }

    fn log(reports: &[Report]) -> Value {
        to_sarif(reports, "1.2.3", |code| {
            (code == "known").then_some(Description { title: "A title.", explanation: "Why." })
        })
    }

    #[test]
    fn results_point_to_their_rules_and_rules_carry_the_documentation() {
        let log = log(&[
            report("a b.yaml", "x: y\n", vec![Diagnostic::error("unknown", 0..1, "m").help("h")]),
            report("/c.yaml", "\u{1f600}: y\n", vec![Diagnostic::warning("known", 4..5, "n")]),
        ]);
        let run = &log["runs"][0];
        assert_eq!(log["version"], "2.1.0");
        assert_eq!(log["runs"].as_array().map(Vec::len), Some(1));
        assert_eq!(run["tool"]["driver"]["version"], "1.2.3");
        for result in run["results"].as_array().unwrap() {
            let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(run["tool"]["driver"]["rules"][index]["id"], result["ruleId"]);
        }
        assert_eq!(run["tool"]["driver"]["rules"][0]["help"]["text"], "Why.");
        assert!(run["tool"]["driver"]["rules"][1].get("help").is_none());
        let first = &run["results"][0];
        assert_eq!(first["message"]["text"], "m\nhelp: h");
        let place = |index: usize| &run["results"][index]["locations"][0]["physicalLocation"];
        assert_eq!(place(0)["artifactLocation"]["uri"], "a%20b.yaml");
        assert_eq!(place(1)["artifactLocation"]["uri"], "file:///c.yaml");
        let region = json!({ "startLine": 1, "startColumn": 3, "endLine": 1, "endColumn": 4 });
        assert_eq!(place(1)["region"], region);
    }

    #[test]
    fn repairs_go_along_and_concealed_ones_do_not() {
        let fix = Fix::replace("quote it", 3..4, "\"y\"");
        let open = Diagnostic::error("quote-it", 3..4, "m").fix(fix);
        let secret = Diagnostic { concealed: Some(3..4), ..open.clone() };
        let log = log(&[report("a.yaml", "x: y\n", vec![open, secret])]);
        let results = &log["runs"][0]["results"];
        let change = &results[0]["fixes"][0]["artifactChanges"][0]["replacements"][0];
        assert_eq!(change["insertedContent"]["text"], "\"y\"");
        assert_eq!(change["deletedRegion"]["startColumn"], 4);
        assert!(results[1].get("fixes").is_none(), "{results}");
    }

    #[test]
    fn nothing_found_is_a_run_without_results() {
        assert_eq!(log(&[])["runs"][0]["results"], json!([]));
    }
}
