//! The search: what it finds goes the same way when it is walked as a scenario.

use std::rc::Rc;
use std::sync::Arc;

use super::super::{Coverage, compare, skeletons, walk};
use crate::diagnostic::Source;
use crate::runbook::{Found, NoRepository, NotFound, Runbook, Shelf, load, load_scenario};

struct One(String);

impl Shelf for One {
    fn find(&self, _: &str) -> Result<Found<'_>, NotFound> {
        let source = Source { name: "book.yaml".to_owned(), text: self.0.as_str().into() };
        Ok(Found { source, repository: Box::new(NoRepository) })
    }
}

fn runbook(text: &str) -> (Arc<Runbook>, One) {
    let source = Source { name: "book.yaml".to_owned(), text: text.into() };
    let loaded = load(&source, &NoRepository);
    let runbook = loaded.runbook.unwrap_or_else(|| panic!("{:?}", loaded.findings));
    (Arc::new(runbook), One(text.to_owned()))
}

/// Finds scenarios, walks each, and says what all of them leave out.
fn unreached(text: &str) -> Vec<String> {
    let (runbook, shelf) = runbook(text);
    let found = skeletons(&runbook, "book", &Coverage::default()).unwrap();
    let mut coverage = Coverage::default();
    for skeleton in &found.found {
        let source = Source { name: "s.yaml".to_owned(), text: skeleton.text.as_str().into() };
        let loaded = load_scenario(&source, &shelf);
        let scenario =
            loaded.scenario.unwrap_or_else(|| panic!("{:?}\n{}", loaded.findings, skeleton.text));
        let walked = walk(&runbook, &Rc::new(scenario.clone())).unwrap();
        assert_eq!(walked.problems, [], "{}", skeleton.text);
        assert_eq!(compare(&scenario, &walked), [], "{}", skeleton.text);
        coverage.join(&walked.trace.coverage);
        assert!(!skeleton.text.contains("TODO"));
    }
    let again = skeletons(&runbook, "book", &Coverage::default()).unwrap();
    assert_eq!(again.found, found.found);
    let covered = super::super::Inventory::of(&runbook).covered(&coverage);
    covered.missing.iter().map(|(point, _)| format!("{point:?}")).collect()
}

#[test]
fn every_branch_of_a_runbook_with_all_kinds_of_them_is_reached() {
    let missing = unreached(
        r#"
schema: surefoot/v1
title: Test
service: shop
owner: { team: shop }
escalation: [ { role: second, how: page } ]
inputs:
  queue: { type: name, example: orders }
  limit: { type: integer, min: 5, max: 9 }
steps:
  - id: depth
    effect: read
    run: queue depth --json {{queue}}
    capture: { depth: { json: .queue.depth, type: integer } }
    expect: depth < 1000
    on_failure: continue
  - id: deep
    when: has(depth) && depth > {{LIMIT}}
    effect: read
    run: queue list {{queue}}
    capture: { found: { lines: true } }
  - id: each
    when: has(found)
    for_each: { in: found, as: one }
    effect: change
    run: queue drop {{one}}
    undo: queue put {{one}}
  - id: settled
    effect: read
    run: queue state {{queue}}
    until: stdout.contains("empty")
    every: 10s
    within: 1m
    on_failure: { goto: cause }
  - id: cause
    ask: What now?
    options:
      - { id: fixed, label: It is good, end: resolved }
      - { id: again, label: Once more, goto: depth }
      - { id: help, label: Help, goto: get_help }
procedures:
  get_help:
    steps:
      - escalate: second
      - end: escalated
"#
        .replace("{{LIMIT}}", "100")
        .as_str(),
    );
    assert_eq!(missing, Vec::<String>::new());
}

#[test]
fn a_wait_that_is_watched_has_results_as_a_command_has() {
    let missing = unreached(
        r"
schema: surefoot/v1
kind: game_day
title: The shop loses its cache
service: shop
owner: { team: shop }
escalation: [ { role: second, how: page } ]
steps:
  - { id: steady, effect: read, run: is-well }
  - { id: stop_cache, effect: change, run: stop-cache, verify: is-stopped, undo: start-cache }
  - id: notice
    wait: 5m
    watch: alerts
    every: 5s
    until: stdout.contains('ShopSlow')
    abort_when: exit != 0
    on_failure: stop
  - end: resolved
finally:
  - { id: steady_again, effect: read, run: is-well }
",
    );
    assert_eq!(missing, Vec::<String>::new());
}
