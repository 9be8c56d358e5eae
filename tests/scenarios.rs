//! Scenarios that must fit their runbooks without a word, and scenarios that must be refused or
//! warned about with exactly the findings written beside them. `BLESS=1` rewrites the findings.
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic like tests do")]

#[path = "support/json_schema.rs"]
mod json_schema;

use std::fs;
use std::path::{Path, PathBuf};

use surefoot::catalog::{File, Folder};
use surefoot::diagnostic::{Colour, Diagnostic, Severity, Source, render};
use surefoot::runbook::{
    Answer, Answers, End, StepId, decode, is_scenario, load_scenario, scenario_schema,
};

fn scenarios(name: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios").join(name);
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|ending| ending == "yaml")).collect();
    paths.sort();
    assert!(paths.len() > 2, "no scenarios in {name}");
    paths
}

fn checked(path: &Path) -> (Source, Vec<Diagnostic>) {
    let name = path.file_name().unwrap().to_str().unwrap();
    let (source, loaded) = File::read(path).unwrap().check(name);
    (source, loaded.findings)
}

#[test]
fn valid_scenarios_are_checked_without_a_word() {
    let schema = scenario_schema();
    for path in scenarios("valid") {
        let (source, findings) = checked(&path);
        assert!(is_scenario(&source.text), "{}", path.display());
        let text = render(&source, &findings, 100, Colour::Plain);
        assert!(text.is_empty(), "{}:\n{text}", path.display());
        let problems = json_schema::problems(&schema, &serde_yaml::from_str(&source.text).unwrap());
        assert!(problems.is_empty(), "{}: {problems:?}", path.display());
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test may be told to rewrite its expectations")]
fn invalid_scenarios_get_exactly_their_findings() {
    let bless = std::env::var_os("BLESS").is_some();
    let mut wrong = Vec::new();
    for path in scenarios("invalid") {
        let (source, findings) = checked(&path);
        let text = render(&source, &findings, 100, Colour::Plain);
        let root = env!("CARGO_MANIFEST_DIR");
        let text = text.replace(root, "(repository)");
        assert!(!text.is_empty(), "{}: no finding", path.display());
        let beside = path.with_extension("diagnostics");
        if bless {
            fs::write(&beside, text).unwrap();
        } else if fs::read_to_string(&beside).unwrap_or_default() != text {
            wrong.push(format!("{}:\n{text}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_scenario_says_what_steps_give_and_people_answer() {
    let path = scenarios("valid").into_iter().find(|path| path.ends_with("everything.yaml"));
    let path = path.unwrap();
    let (source, _) = decode("everything.yaml", &fs::read(&path).unwrap());
    let scenario = load_scenario(&source, &Folder::around(&path)).scenario.unwrap();
    let step = |id: &str| StepId(id.to_owned());
    let restarts = scenario.results[&step("restart")].all();
    let ends: Vec<&End> = restarts.iter().map(|result| &result.main.end).collect();
    let expected = [
        &End::Exit(1),
        &End::Signal("TERM".to_owned()),
        &End::Hangs,
        &End::Disconnects,
        &End::Exit(0),
        &End::Exit(0),
    ];
    assert_eq!(ends, expected);
    assert_eq!(restarts[4].main.stdout, "\u{1b}[32mok\u{1b}[0m");
    assert_eq!(restarts[4].verify.as_ref().unwrap().end, End::Exit(1));
    assert!(restarts[5].verify.is_none());
    assert_eq!(restarts[5].main.takes.as_ref().unwrap().millis, 8000);
    let no = Answers::EveryTime(Answer::One("no".to_owned()));
    assert_eq!(scenario.answers[&step("restart")], no);
    assert_eq!(scenario.now.unwrap().to_string(), "2026-03-01T01:40:00Z");
    let workers = scenario.inputs.iter().find(|(name, _)| name.as_str() == "workers").unwrap();
    assert_eq!(workers.1.written(), "3");
    assert_eq!(scenario.expect.visited.unwrap().value.len(), 6);
}

#[test]
fn findings_point_at_what_is_wrong() {
    for path in scenarios("invalid") {
        let (source, findings) = checked(&path);
        for found in findings.iter().filter(|found| found.severity == Severity::Error) {
            let place = format!("{}: {}", path.display(), found.message);
            assert!(!source.text[found.span.clone()].is_empty(), "{place}: no place");
        }
    }
}
