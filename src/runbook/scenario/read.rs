//! From a tree that fits the table to a [`Scenario`]. What is missing is left out: the findings
//! say it.

use std::collections::BTreeMap;

use super::model::{Answer, End, Expected, Inject, Part, Scenario, StepResult};
use crate::runbook::model::{Outcome, StepId};
use crate::runbook::parse::{Entry, Node};
use crate::value::{Duration, Name, Type, Value};

/// Reads all but the inputs, whose types the runbook knows.
pub(super) fn scenario(root: &Node, inputs: BTreeMap<Name, Value>) -> Option<Scenario> {
    Some(Scenario {
        runbook: text(root, "runbook")?,
        title: text(root, "title")?,
        brief: text(root, "brief"),
        environment: text(root, "environment").and_then(|name| Name::new(&name).ok()),
        inputs,
        now: text(root, "now").and_then(|now| match Value::parse(Type::Timestamp, &now) {
            Ok(Value::Timestamp(moment)) => Some(moment.at),
            _ => None,
        }),
        targets: entries(root, "targets")
            .filter_map(|it| Some((Name::new(&it.key).ok()?, it.value.text()?.to_owned())))
            .collect(),
        results: entries(root, "results").map(|it| (step(&it.key), results(&it.value))).collect(),
        injects: items(root, "injects").filter_map(inject).collect(),
        answers: entries(root, "answers")
            .filter_map(|it| Some((step(&it.key), answer(&it.value)?)))
            .collect(),
        expect: root.get("expect").map(expected).unwrap_or_default(),
    })
}

/// The entries of a key's map.
pub(super) fn entries<'a>(node: &'a Node, key: &str) -> impl Iterator<Item = &'a Entry> {
    node.get(key).and_then(Node::map).into_iter().flat_map(|map| &map.entries)
}

/// The items of a key's list.
pub(super) fn items<'a>(node: &'a Node, key: &str) -> impl Iterator<Item = &'a Node> {
    node.get(key).and_then(Node::list).unwrap_or_default().iter()
}

fn text(node: &Node, key: &str) -> Option<String> {
    node.get(key).and_then(Node::text).map(str::to_owned)
}

fn step(id: &str) -> StepId {
    StepId(id.to_owned())
}

fn results(node: &Node) -> Vec<StepResult> {
    match node.list() {
        Some(attempts) => attempts.iter().map(result).collect(),
        None => vec![result(node)],
    }
}

fn result(node: &Node) -> StepResult {
    StepResult {
        main: part(node),
        verify: node.get("verify").map(part),
        recheck: node.get("recheck").map(part),
        undo: node.get("undo").map(part),
    }
}

fn part(node: &Node) -> Part {
    let holds = |key| text(node, key).as_deref() == Some("true");
    let end = match text(node, "signal") {
        Some(signal) => End::Signal(signal),
        None if holds("hangs") => End::Hangs,
        None if holds("disconnects") => End::Disconnects,
        None => End::Exit(text(node, "exit").and_then(|code| code.parse().ok()).unwrap_or(0)),
    };
    Part {
        end,
        stdout: text(node, "stdout").unwrap_or_default(),
        stderr: text(node, "stderr").unwrap_or_default(),
        takes: text(node, "takes").and_then(|takes| Duration::parse(&takes).ok()),
    }
}

fn inject(node: &Node) -> Option<Inject> {
    let after = Duration::parse(&text(node, "after")?).ok()?;
    Some(Inject { after, say: text(node, "say")? })
}

fn answer(node: &Node) -> Option<Answer> {
    match node.list() {
        Some(several) => {
            let several = several.iter().filter_map(Node::text);
            Some(Answer::Many(several.map(str::to_owned).collect()))
        }
        None => node.text().map(|text| Answer::One(text.to_owned())),
    }
}

fn expected(node: &Node) -> Expected {
    let outcome = text(node, "outcome").and_then(|outcome| {
        serde_json::from_value::<Outcome>(serde_json::Value::String(outcome)).ok()
    });
    let visited = node
        .get("visited")
        .map(|_| items(node, "visited").filter_map(Node::text).map(step).collect());
    let commands = entries(node, "commands")
        .filter_map(|it| Some((step(&it.key), it.value.text()?.to_owned())))
        .collect();
    Expected { outcome, visited, commands }
}
