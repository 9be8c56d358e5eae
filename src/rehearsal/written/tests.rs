//! A scenario that is written and read back is the same, whatever its commands print.

use std::collections::BTreeMap;

use regex::Regex;

use super::{Remarks, written};
use crate::rehearsal::tests::both;
use crate::runbook::{Answers, Part, Results, Scenario, StepId, StepResult};

const BOOK: &str = "
inputs:
  place: { type: path, default: /srv }
  names: { type: list, default: [ a ] }
environments:
  staging: { zone: eu-1 }
  production: { zone: eu-2, protected: true }
targets:
  db: { prefix: [ ssh, db ], assert: hostname, equals: db1 }
requires: [ { program: jq } ]
steps:
  - id: look
    effect: read
    run: look {{place}}
  - id: fix
    effect: change
    run: fix
    verify: seen
    recheck: seen
    undo: unfix
  - id: cause
    ask: What now?
    options:
      - { id: good, label: It is good, end: resolved }
      - { id: more, label: Look again, goto: look }
";

const ALL: &str = r#"
brief: |
  It is 02:40: nobody knows.
  # this is no comment
environment: staging
inputs: { place: /var/log/a b, names: [ x, "y: z" ] }
now: 2026-03-01T02:40:00Z
targets: { db: "db2 # or so" }
missing: [ jq ]
facts: { paused: false, used: 97, said: "a: b" }
faults: [ { target: here, when: paused, exit: 3, stdout: "no\n" } ]
results:
  look:
    - { when: attempt <= 2 && !paused, stdout: "one\ntwo\n", stderr: "  indented\n", takes: 1m30s }
    - { signal: KILL, flood: 5000, sets: { paused: true, used: 3 } }
  fix: [ { exit: 1 }, { hangs: true, verify: { exit: 2 }, undo: { disconnects: true }, recheck: {} } ]
injects:
  - { after: 4m, say: "When will it be over?" }
  - { starts: fix, sets: { said: so } }
answers: { cause: [ more, not_sure, good ], fix: yes }
undo: no
expect:
  outcome: resolved
  visited: [ look, fix, cause, look ]
  commands: { look: "look '/var/log/a b'", fix: [ fix, "fix: twice" ] }
  findings: [ "It \"is\" so: {{really}}" ]
"#;

/// A scenario without the places of its parts, which are those of its text.
fn parts(scenario: &Scenario) -> String {
    let places = Regex::new(r"span: \d+\.\.\d+").unwrap();
    places.replace_all(&format!("{scenario:#?}"), "span").into_owned()
}

fn head(text: &str) -> String {
    text.lines().skip(3).collect::<Vec<_>>().join("\n") + "\n"
}

#[test]
fn what_is_written_is_read_as_the_same() {
    let (_, scenario) = both(BOOK, ALL);
    let remarks = Remarks {
        head: vec!["Above\nall.".to_owned()],
        results: BTreeMap::from([(StepId("fix".to_owned()), "Said beside it.".to_owned())]),
        notes: vec![(90_000, "Somebody \"calls\"".to_owned())],
    };
    let text = written(&scenario, &remarks);
    assert!(text.starts_with("# Above\n# all.\nschema: surefoot-scenario/v1\n"), "{text}");
    assert!(text.contains("  # Said beside it.\n  fix:\n"), "{text}");
    assert!(text.contains("#   - { after: 1m30s, say: \"Somebody \\\"calls\\\"\" }"), "{text}");
    let (_, again) = both(BOOK, &head(&written(&scenario, &Remarks::default())));
    assert_eq!(parts(&again), parts(&scenario), "{text}");
}

#[test]
fn whatever_a_command_prints_is_read_back_as_it_was() {
    let outputs = [
        "",
        "\n",
        "one line",
        "one\ntwo\n",
        "one\ntwo",
        "one\n\n  two\n",
        "one\n\n",
        "  first\nsecond\n",
        "\tfirst\n",
        "one\n   \ntwo\n",
        "a\r\nb\r\n",
        "50%\r100%\n",
        "\u{1b}[31mred\u{1b}[0m\n\u{7}",
        "\0\u{7f}\u{85}\u{a0}\u{2028}\u{feff}\u{fffd}\u{202e}\u{1f600}\u{e0041}",
        "# no comment\n--- no document\n",
        "- item\n{{ template }}\n'quotes\" \\n\n",
        "=======\n<<<<<<< HEAD\n",
        "trailing  \nblanks \n",
        "|\n>\n%\n@`&*!\n",
        "null",
        "0x1f",
    ];
    for output in outputs {
        let (_, mut scenario) = both(BOOK, "answers: { cause: good }\n");
        let main = Part { stdout: output.to_owned(), stderr: output.to_owned(), ..Part::default() };
        let result = StepResult { verify: Some(main.clone()), main, ..StepResult::default() };
        let results = Results::EveryTime(Box::new(result));
        let inner = std::rc::Rc::make_mut(&mut scenario);
        inner.results.insert(StepId("fix".to_owned()), results);
        let text = written(&scenario, &Remarks::default());
        let (_, again) = both(BOOK, &head(&text));
        assert_eq!(parts(&again), parts(&scenario), "{output:?} in\n{text}");
    }
}

#[test]
fn an_answer_of_several_values_is_told_from_several_answers() {
    let book = "
steps:
  - { id: which, ask: Which?, into: chosen, choices: [ a, b, c ], many: true }
  - end: done
";
    for said in ["[ a, b ]", "[ [ a, b ], [ c ] ]", "a"] {
        let (_, scenario) = both(book, &format!("answers: {{ which: {said} }}\n"));
        let (_, again) = both(book, &head(&written(&scenario, &Remarks::default())));
        assert_eq!(again.answers, scenario.answers, "{said}");
        let each = matches!(scenario.answers.values().next(), Some(Answers::Each(_)));
        assert_eq!(each, said.contains("[ ["), "{said}");
    }
}
