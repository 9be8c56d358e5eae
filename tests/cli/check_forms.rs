//! `surefoot check` for programs: SARIF, annotations of GitHub, and schemas of an organisation.

use serde_json::Value;

use crate::READS;
use crate::sandbox::Sandbox;

/// An error and a warning in one file, a warning in another, nothing in a third.
fn findings() -> Sandbox {
    let sandbox = Sandbox::new();
    let bad = READS.replacen("effect: read", "effect: Read", 1);
    sandbox.file("runbooks/a b.yaml", bad.replace("owner: { team: payments }\n", ""));
    sandbox.file("runbooks/c.yaml", READS.replace("title: Two looks", "title: 😀 TODO"));
    sandbox.file("runbooks/d.yaml", READS);
    sandbox
}

#[test]
fn sarif_is_one_run_with_rules_places_and_repairs() {
    let outcome = findings().surefoot(&["check", "--format", "sarif"]).run();
    assert_eq!((outcome.code(), outcome.stderr.as_str()), (3, ""));
    let log: Value = serde_json::from_str(&outcome.stdout).unwrap();
    let runs = log["runs"].as_array().unwrap();
    assert_eq!((log["version"].as_str(), runs.len()), (Some("2.1.0"), 1));
    let rules = runs[0]["tool"]["driver"]["rules"].as_array().unwrap();
    let results = runs[0]["results"].as_array().unwrap();
    let of = |code: &str| results.iter().find(|it| it["ruleId"] == code).unwrap();
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
    }
    let keyword = &of("keyword")["locations"][0]["physicalLocation"];
    assert_eq!(keyword["artifactLocation"]["uri"], "runbooks/a%20b.yaml");
    assert_eq!(keyword["region"]["startLine"], 8);
    assert_eq!(of("keyword")["level"], "error");
    let new = &of("keyword")["fixes"][0]["artifactChanges"][0]["replacements"][0];
    assert_eq!(new["insertedContent"]["text"], "read");
    // The sign before it takes two UTF-16 code units and one character.
    let todo = &of("todo")["locations"][0]["physicalLocation"]["region"];
    assert_eq!((&todo["startLine"], &todo["startColumn"]), (&2.into(), &11.into()));
    let documented = rules.iter().find(|rule| rule["id"] == "todo").unwrap();
    let page = include_str!("../../docs/reference/checks.md");
    let title = documented["shortDescription"]["text"].as_str().unwrap();
    assert!(page.to_lowercase().contains(&title.to_lowercase()), "{title}");
}

#[test]
fn nothing_found_is_still_a_document() {
    let sandbox = Sandbox::new();
    sandbox.file("a.yaml", READS);
    let outcome = sandbox.surefoot(&["check", "a.yaml", "--format", "sarif"]).run();
    let log: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!((outcome.code(), &log["runs"][0]["results"]), (0, &Value::Array(Vec::new())));
}

#[test]
fn annotations_are_lines_of_the_log() {
    let sandbox = Sandbox::new();
    sandbox.file("a.yaml", READS.replacen("effect: read", "effect: reed", 1));
    sandbox.surefoot(&["check", "a.yaml", "--format", "github"]).check(
        r"
        exit 3
        --- stdout
        ::error file=a.yaml,line=9,col=13,endColumn=17,endLine=9,title=keyword::`effect` cannot be `reed`%0Ahelp: did you mean `read`? It is one of: read, change, destroy
        1 runbook, 1 error, 0 warnings
    ",
    );
}

#[test]
fn more_findings_than_github_shows_are_counted() {
    let sandbox = Sandbox::new();
    for number in 0..12 {
        sandbox
            .file(&format!("runbooks/{number:02}.yaml"), READS.replace("title: Two", "titel: Two"));
    }
    let outcome = sandbox.surefoot(&["check", "--format", "github"]).run();
    assert!(outcome.stdout.contains("at most 10 errors and 10 warnings"), "{}", outcome.stdout);
    let files: Vec<&str> = outcome
        .stdout
        .lines()
        .filter_map(|line| line.strip_prefix("::error file=")?.split(',').next())
        .collect();
    assert!(files.len() >= 12 && files.is_sorted(), "{files:?}");
}

#[test]
fn a_schema_of_ones_own_is_checked_with_places() {
    let sandbox = Sandbox::new();
    sandbox.file("a.yaml", READS);
    sandbox.file(
        "own.json",
        r#"{ "properties": { "owner": { "required": ["channel"], "description": "Say where the team is reached." } } }"#,
    );
    sandbox.surefoot(&["check", "--schema", "own.json", "a.yaml"]).check(
        r"
        exit 3
        --- stdout
        error[own-schema]: `owner` needs `channel`
         --> a.yaml:4:8
          |
        4 | owner: { team: payments }
          |        ^^^^^^^^^^^^^^^^^^
          |
          = help: add `channel`

        1 runbook, 1 error, 0 warnings
    ",
    );
    sandbox.file("own.json", r#"{ "required": ["owner"] }"#);
    assert_eq!(sandbox.surefoot(&["check", "--schema", "own.json", "a.yaml"]).run().code(), 0);
    sandbox.file("own.json", r#"{ "properties": { "owner": { "requird": ["channel"] } } }"#);
    sandbox.surefoot(&["check", "--schema", "own.json", "a.yaml"]).check(
        r"
        exit 2
        --- stderr
        error: failed to use the schema own.json: at `/properties/owner/requird`: `requird` is no keyword that is known here
    ",
    );
}

#[test]
fn what_cannot_be_looked_into_is_no_success() {
    let sandbox = Sandbox::new();
    sandbox.file("runbooks/a.yaml", READS);
    sandbox.file("elsewhere/b.yaml", READS);
    let link = sandbox.path("runbooks/b.yaml");
    std::os::unix::fs::symlink("../elsewhere/b.yaml", link).unwrap();
    let outcome = sandbox.surefoot(&["check"]).run();
    assert_eq!(outcome.code(), 0, "{}", outcome.text());
    assert!(
        outcome.stdout.contains("warning[unreadable]: it is a link that leads out"),
        "{}",
        outcome.text()
    );
    assert!(outcome.stdout.contains("1 runbook, 0 errors, 1 warning"), "{}", outcome.text());
}
