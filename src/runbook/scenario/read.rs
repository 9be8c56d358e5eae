//! From a tree that fits the table to a [`Scenario`]. What is missing is left out: the findings
//! say it.

use std::collections::BTreeMap;

use super::facts::Declared;
use super::model::{
    Answer, Answers, End, Expected, Fault, Inject, Part, Placed, Results, Scenario, StepResult,
    Trigger, Undoing,
};
use super::roster::Roster;
use crate::runbook::model::{Outcome, StepId};
use crate::runbook::parse::{Entry, Node};
use crate::value::{Duration, Name, Type, Value};

/// What was found out of a scenario while it was checked.
pub(super) struct Known<'a> {
    /// The values of inputs, whose types the runbook knows.
    pub inputs: BTreeMap<Name, Value>,
    /// The facts.
    pub facts: &'a Declared,
    /// The steps.
    pub roster: &'a Roster,
}

/// Reads a whole scenario.
pub(super) fn scenario(root: &Node, known: Known<'_>) -> Option<Scenario> {
    let reader = Reader { facts: known.facts, roster: known.roster };
    Some(Scenario {
        runbook: text(root, "runbook")?,
        title: text(root, "title")?,
        brief: text(root, "brief"),
        environment: text(root, "environment").and_then(|name| Name::new(&name).ok()),
        inputs: known.inputs,
        now: text(root, "now").and_then(|now| match Value::parse(Type::Timestamp, &now) {
            Ok(Value::Timestamp(moment)) => Some(moment.at),
            _ => None,
        }),
        targets: entries(root, "targets")
            .filter_map(|it| Some((Name::new(&it.key).ok()?, it.value.text()?.to_owned())))
            .collect(),
        missing: items(root, "missing").filter_map(Node::text).map(str::to_owned).collect(),
        facts: known.facts.values.clone(),
        faults: items(root, "faults").filter_map(|node| reader.fault(node)).collect(),
        results: entries(root, "results")
            .map(|it| (step(&it.key), reader.results(&it.value)))
            .collect(),
        injects: items(root, "injects").filter_map(|node| reader.inject(node)).collect(),
        answers: entries(root, "answers")
            .filter_map(|it| Some((step(&it.key), reader.answers(it)?)))
            .collect(),
        values: entries(root, "values")
            .filter_map(|it| Some((Name::new(&it.key).ok()?, answer(&it.value)?)))
            .collect(),
        undo: match text(root, "undo").as_deref() {
            Some("no") => Undoing::Nothing,
            _ => Undoing::All,
        },
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

/// The text of a key.
pub(super) fn text(node: &Node, key: &str) -> Option<String> {
    node.get(key).and_then(Node::text).map(str::to_owned)
}

fn step(id: &str) -> StepId {
    StepId(id.to_owned())
}

struct Reader<'a> {
    facts: &'a Declared,
    roster: &'a Roster,
}

impl Reader<'_> {
    fn results(&self, node: &Node) -> Results {
        let Some(attempts) = node.list() else {
            let result = self.result(node);
            return match result.when {
                None => Results::EveryTime(Box::new(result)),
                Some(_) => Results::Chosen(vec![result]),
            };
        };
        let results: Vec<StepResult> = attempts.iter().map(|node| self.result(node)).collect();
        let chosen = results.iter().any(|result| result.when.is_some());
        if chosen { Results::Chosen(results) } else { Results::Each(results) }
    }

    fn result(&self, node: &Node) -> StepResult {
        let part = |key| node.get(key).map(|node| self.part(node));
        StepResult {
            when: node.get("when").and_then(|node| self.facts.condition(node).ok()),
            main: self.part(node),
            verify: part("verify"),
            recheck: part("recheck"),
            undo: part("undo"),
            ready: part("ready"),
        }
    }

    fn part(&self, node: &Node) -> Part {
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
            flood: text(node, "flood").and_then(|bytes| bytes.parse().ok()),
            takes: text(node, "takes").and_then(|takes| Duration::parse(&takes).ok()),
            sets: self.sets(node),
        }
    }

    fn sets(&self, node: &Node) -> BTreeMap<Name, Value> {
        let set = |it: &Entry| {
            let name = Name::new(&it.key).ok()?;
            let value = self.facts.value(&name, it.value.text()?).ok()?;
            Some((name, value))
        };
        entries(node, "sets").filter_map(set).collect()
    }

    fn fault(&self, node: &Node) -> Option<Fault> {
        Some(Fault {
            target: Name::new(&text(node, "target")?).ok()?,
            when: node.get("when").and_then(|node| self.facts.condition(node).ok()),
            gives: self.part(node),
        })
    }

    fn inject(&self, node: &Node) -> Option<Inject> {
        let at = |key| text(node, key).map(|id| step(&id));
        let at = match text(node, "after") {
            Some(after) => Trigger::After(Duration::parse(&after).ok()?),
            None => at("enters")
                .map(Trigger::Enters)
                .or_else(|| at("leaves").map(Trigger::Leaves))
                .or_else(|| at("starts").map(Trigger::Starts))?,
        };
        Some(Inject { at, say: text(node, "say"), sets: self.sets(node) })
    }

    /// A list is one answer for each time, but where several values are asked for.
    fn answers(&self, entry: &Entry) -> Option<Answers> {
        let Some(several) = entry.value.list() else {
            return answer(&entry.value).map(Answers::EveryTime);
        };
        let flat = several.iter().all(|node| node.list().is_none());
        if flat && self.roster.steps.get(&entry.key).is_some_and(|known| known.asks.takes_many()) {
            return answer(&entry.value).map(Answers::EveryTime);
        }
        Some(Answers::Each(several.iter().filter_map(answer).collect()))
    }
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
    let outcome = node.get("outcome").and_then(|node| {
        let text = serde_json::Value::String(node.text()?.to_owned());
        let value = serde_json::from_value::<Outcome>(text).ok()?;
        Some(Placed { value, span: node.span.clone() })
    });
    let visited = node.get("visited").map(|list| {
        let steps =
            items(node, "visited").filter_map(|node| Some(placed(step(node.text()?), node)));
        Placed { value: steps.collect(), span: list.span.clone() }
    });
    let texts = |node: &Node| {
        let nodes = node.list().unwrap_or(std::slice::from_ref(node)).iter();
        nodes.filter_map(|node| Some(placed(node.text()?.to_owned(), node))).collect::<Vec<_>>()
    };
    let commands = entries(node, "commands").map(|it| (step(&it.key), texts(&it.value))).collect();
    let findings = node.get("findings").map(texts).unwrap_or_default();
    Expected { outcome, visited, commands, findings }
}

fn placed<T>(value: T, node: &Node) -> Placed<T> {
    Placed { value, span: node.span.clone() }
}
