//! What a scenario names, looked for in its runbook: steps, inputs, environments, targets, and
//! answers that the questions have.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::facts;
use super::read::{self, entries, items};
use super::roster::{Asks, Known, Roster};
use super::{Opened, Scenario, ScenarioLoader, Shelf};
use crate::diagnostic::{Diagnostic, Source, Span, cut, did_you_mean};
use crate::runbook::model::{Input, Secrecy};
use crate::runbook::parse::{Entry, Node};
use crate::runbook::resolve::plain_value;
use crate::value::{Name, Value};

/// Opens the runbook that a scenario names.
pub(super) fn open(
    root: &Node,
    loader: &ScenarioLoader,
    shelf: &dyn Shelf,
    findings: &mut Vec<Diagnostic>,
) -> Option<Arc<Opened>> {
    let named = root.get("runbook")?;
    let opened = match shelf.find(named.text()?) {
        Ok(found) => loader.open(&found, shelf),
        Err(problem) => {
            let found = Diagnostic::error("unknown-runbook", named.span.clone(), problem.message);
            findings.push(found.help(problem.help));
            return None;
        }
    };
    if opened.is_none() {
        let message = format!("the runbook `{}` cannot be read", cut(named.text()?));
        let found = Diagnostic::error("unknown-runbook", named.span.clone(), message);
        findings.push(found.help("surefoot check says what is wrong with it"));
    }
    opened
}

/// Checks a scenario against its runbook, and reads it.
pub(super) fn check(
    source: &Source,
    root: &Node,
    opened: &Opened,
    findings: &mut Vec<Diagnostic>,
) -> Option<Scenario> {
    let facts = facts::Declared::of(root, findings);
    let mut checker = Checker { source, root, roster: &opened.roster, facts: &facts, findings };
    let environments = Declared::of(&opened.root, "environments", "environment");
    if let Some((node, name)) = root.get("environment").and_then(|node| Some((node, node.text()?)))
    {
        checker.known(name, &node.span, &environments);
    }
    let targets = Declared::of(&opened.root, "targets", "target");
    for entry in entries(root, "targets") {
        checker.known(&entry.key, &entry.key_span, &targets);
    }
    for node in items(root, "faults") {
        checker.fault(node, &targets);
    }
    for node in items(root, "injects") {
        checker.inject(node);
    }
    checker.missing(opened);
    let inputs = checker.inputs(opened);
    for entry in entries(root, "results") {
        checker.results(entry);
    }
    for entry in entries(root, "answers") {
        if let Some(known) = checker.step(&entry.key, &entry.key_span) {
            checker.answers(entry, known);
        }
    }
    if let Some(expect) = root.get("expect") {
        for node in items(expect, "visited") {
            if let Some(name) = node.text() {
                checker.step(name, &node.span);
            }
        }
        for entry in entries(expect, "commands") {
            checker.command(entry);
        }
    }
    read::scenario(root, read::Known { inputs, facts: &facts, roster: &opened.roster })
}

/// The names of one kind that a runbook declares.
pub(super) struct Declared<'a> {
    what: &'static str,
    names: Vec<&'a str>,
}

impl<'a> Declared<'a> {
    fn of(runbook: &'a Node, map: &str, what: &'static str) -> Self {
        let names = entries(runbook, map).map(|entry| entry.key.as_str()).collect();
        Self { what, names }
    }
}

/// Looks for what a scenario names.
pub(super) struct Checker<'a> {
    source: &'a Source,
    pub(super) root: &'a Node,
    roster: &'a Roster,
    pub(super) facts: &'a facts::Declared,
    pub(super) findings: &'a mut Vec<Diagnostic>,
}

impl<'a> Checker<'a> {
    pub(super) fn error(&mut self, code: &'static str, span: &Span, message: String, help: String) {
        self.findings.push(Diagnostic::error(code, span.clone(), message).help(help));
    }

    pub(super) fn known(&mut self, name: &str, span: &Span, declared: &Declared<'_>) {
        if !declared.names.contains(&name) {
            let message = format!("the runbook has no {} `{}`", declared.what, cut(name));
            self.error("unknown-name", span, message, choose(name, &declared.names));
        }
    }

    fn inputs(&mut self, opened: &Opened) -> BTreeMap<Name, Value> {
        let mut values = BTreeMap::new();
        let inputs = opened.runbook.as_ref().map_or(&[][..], |runbook| &runbook.inputs);
        if let (None, Some(node)) = (&opened.runbook, self.root.get("inputs")) {
            let message = "the runbook has errors, so these values were not compared with it";
            let found = Diagnostic::warning("runbook-invalid", node.span.clone(), message);
            self.findings.push(found.help("surefoot check says what is wrong with it"));
        }
        let declared = Declared::of(&opened.root, "inputs", "input");
        for entry in entries(self.root, "inputs") {
            self.known(&entry.key, &entry.key_span, &declared);
            let input = inputs.iter().find(|input| input.name.as_str() == entry.key);
            if let Some(input) = input
                && let Some(value) = self.input(entry, input)
            {
                values.insert(input.name.clone(), value);
            }
        }
        values
    }

    fn input(&mut self, entry: &Entry, input: &Input) -> Option<Value> {
        if matches!(input.secrecy, Secrecy::Secret(_)) {
            let span = entry.value.span.clone();
            let message = format!("`{}` is a secret, and this file can be read", entry.key);
            let found = Diagnostic::warning("credential", span.clone(), message)
                .help("write a made-up value that opens nothing, or leave the input out");
            self.findings.push(Diagnostic { concealed: Some(span), ..found });
            return None;
        }
        plain_value(self.source, self.root, &entry.value, input, self.findings)
    }

    /// A step by its name.
    pub(super) fn step(&mut self, name: &str, span: &Span) -> Option<&'a Known> {
        let roster = self.roster;
        if let Some(known) = roster.steps.get(name) {
            return Some(known);
        }
        let names: Vec<&str> = roster.steps.keys().map(String::as_str).collect();
        let behind = format!(".{name}");
        let used = names.iter().find(|known| known.ends_with(&behind));
        let outer = name.split_once('.').and_then(|(outer, _)| {
            roster.steps.get(outer).filter(|known| !known.uses).map(|_| outer)
        });
        let dashes = name.replace('-', "_");
        let help = match (used, outer) {
            (Some(used), _) => format!("it is a step of a used runbook: write `{used}`"),
            (None, Some(outer)) => format!("`{outer}` uses no runbook, so it has no steps"),
            _ if roster.procedures.iter().any(|procedure| procedure == name) => {
                format!("`{name}` is a procedure; name its steps")
            }
            _ if roster.steps.contains_key(&dashes) => format!("did you mean `{dashes}`?"),
            _ => choose(name, &names),
        };
        self.error("unknown-step", span, format!("the runbook has no step `{}`", cut(name)), help);
        None
    }

    fn results(&mut self, entry: &Entry) {
        let Some(known) = self.step(&entry.key, &entry.key_span) else { return };
        if !known.runs {
            let message = format!("`{}` runs no command, so it has no result", entry.key);
            let help = "what a person says goes into `answers`".to_owned();
            self.error("misplaced-result", &entry.key_span, message, help);
            return;
        }
        if entry.value.list().is_some_and(<[Node]>::is_empty) {
            let message = format!("the list of results of `{}` is empty", entry.key);
            let help = "leave it out, or write one result for each attempt".to_owned();
            self.error("empty-list", &entry.value.span, message, help);
        }
        for result in entry.value.list().unwrap_or(std::slice::from_ref(&entry.value)) {
            self.world(result);
            for part in result.map().into_iter().flat_map(|map| &map.entries) {
                let other = matches!(part.key.as_str(), "verify" | "recheck" | "undo" | "ready");
                if other {
                    self.world(&part.value);
                }
                if other && !known.parts.contains(&part.key.as_str()) {
                    let message = format!("the step `{}` has no `{}`", entry.key, part.key);
                    let help = "leave it out: nothing would ask for it".to_owned();
                    self.error("misplaced-result", &part.key_span, message, help);
                }
            }
        }
    }

    fn command(&mut self, entry: &Entry) {
        if let Some(known) = self.step(&entry.key, &entry.key_span)
            && !known.runs
        {
            let message = format!("`{}` runs no command", entry.key);
            let help = "name a step with `run`".to_owned();
            self.error("misplaced-result", &entry.key_span, message, help);
        }
    }

    /// One answer, or one for each time.
    fn answers(&mut self, entry: &Entry, known: &Known) {
        match entry.value.list() {
            Some(several)
                if !known.asks.takes_many() || several.iter().any(|node| node.list().is_some()) =>
            {
                for node in several {
                    self.answer(entry, node, known);
                }
            }
            _ => self.answer(entry, &entry.value, known),
        }
    }

    fn answer(&mut self, entry: &Entry, node: &Node, known: &Known) {
        let wrong = |message: String, help: String| (message, help);
        let problem = match (&known.asks, node.text()) {
            (Asks::Decision(options), Some(word)) if !options.iter().any(|id| id == word) => {
                if matches!(word, "not_sure" | "skip" | "stop") {
                    return;
                }
                let names: Vec<&str> = options.iter().map(String::as_str).collect();
                wrong(
                    format!("`{}` has no option `{}`", entry.key, cut(word)),
                    format!(
                        "{}; `not_sure`, `skip` and `stop` are always there",
                        choose(word, &names)
                    ),
                )
            }
            (Asks::Decision(_), None) => wrong(
                "a decision has one answer".to_owned(),
                "write the id of one option".to_owned(),
            ),
            (Asks::Confirmation, word) if !word.is_some_and(|word| COMMAND.contains(&word)) => {
                wrong(
                    format!("`{}` asks for a confirmation", entry.key),
                    "write `yes` or `no`, or `skip`; where it failed `again`, `go_on` or `stop`"
                        .to_owned(),
                )
            }
            (Asks::Instruction, word) if !matches!(word, Some("done" | "skip" | "stop")) => wrong(
                format!("`{}` is an instruction", entry.key),
                "write `done`, or `skip`".to_owned(),
            ),
            (Asks::Value { .. }, Some("none" | "not_sure" | "skip" | "stop")) => return,
            (Asks::Value { ty, choices, many }, _) => {
                match value_problem(node, *ty, choices.as_deref(), *many) {
                    Some(message) => wrong(
                        format!("this does not answer `{}`: {message}", entry.key),
                        "`none`, `not_sure` and `skip` are always there".to_owned(),
                    ),
                    None => return,
                }
            }
            _ => return,
        };
        self.error("wrong-answer", &node.span, problem.0, problem.1);
    }
}

/// What may be answered to the questions of a command's step.
const COMMAND: &[&str] =
    &["yes", "no", "skip", "stop", "again", "go_on", "undo", "recheck", "mark_done", "break_glass"];

fn value_problem(
    node: &Node,
    ty: Option<crate::value::Type>,
    choices: Option<&[String]>,
    many: bool,
) -> Option<String> {
    let list = ty == Some(crate::value::Type::List);
    if node.list().is_some() && !many && !list {
        return Some("one value is asked for".to_owned());
    }
    let texts: Vec<&str> = match node.list() {
        Some(several) => several.iter().filter_map(Node::text).collect(),
        None => node.text().into_iter().collect(),
    };
    texts.into_iter().find_map(|text| match (choices, ty) {
        (Some(choices), _) if !choices.iter().any(|choice| choice == text) => {
            Some(format!("`{}` is none of {}", cut(text), choices.join(", ")))
        }
        (None, Some(ty)) if !list => Value::parse(ty, text).err().map(|error| error.to_string()),
        _ => None,
    })
}

/// The nearest of some names, or all of them.
pub(super) fn choose(name: &str, names: &[&str]) -> String {
    match did_you_mean(name, names.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if names.is_empty() => "it has none".to_owned(),
        None => format!("write one of: {}", names.join(", ")),
    }
}
