//! What is true of a scenario's world: named facts with a first value, which results and injects
//! change, and conditions over them.

use std::collections::BTreeMap;

use super::read::entries;
use crate::diagnostic::Diagnostic;
use crate::expression::{Expression, Scope};
use crate::runbook::parse::Node;
use crate::value::{Name, Reference, Type, Value};

/// The name by which conditions know which attempt of its step a command is, from 1.
pub(crate) const ATTEMPT: &str = "attempt";

/// The facts of a scenario.
#[derive(Debug, Default)]
pub(super) struct Declared {
    /// Their first values.
    pub values: BTreeMap<Name, Value>,
}

impl Declared {
    /// Reads the facts; what cannot be one is a finding.
    pub(super) fn of(root: &Node, findings: &mut Vec<Diagnostic>) -> Self {
        let mut values = BTreeMap::new();
        for entry in entries(root, "facts") {
            let (Ok(name), Some(text)) = (Name::new(&entry.key), entry.value.text()) else {
                continue;
            };
            if name.as_str() == ATTEMPT {
                let message = "`attempt` is the number of the attempt, so no fact can have it";
                let found = Diagnostic::error("reserved-name", entry.key_span.clone(), message);
                findings.push(found.help("give the fact another name"));
            }
            values.insert(name, value(text));
        }
        Self { values }
    }

    /// A new value of a fact; the error says why it cannot have it.
    pub(super) fn value(&self, name: &Name, text: &str) -> Result<Value, String> {
        let Some(first) = self.values.get(name) else {
            return Err(format!("the scenario has no fact `{name}`"));
        };
        Value::parse(type_of(first), text).map_err(|error| error.to_string())
    }

    /// A condition over the facts.
    pub(super) fn condition(&self, node: &Node) -> Result<Expression, Vec<Diagnostic>> {
        let text = node.text().unwrap_or_default();
        Expression::compile(text, self, Type::Boolean).map_err(|problems| {
            let found = problems.into_iter().map(|problem| {
                let mut found = Diagnostic::error("expression", node.span.clone(), problem.message);
                found.help = problem.help;
                found
            });
            found.collect()
        })
    }
}

/// The condition that holds for the first attempts of a step.
pub(super) fn attempts_up_to(count: usize) -> Expression {
    let text = format!("{ATTEMPT} <= {count}");
    let compiled = Expression::compile(&text, &Declared::default(), Type::Boolean);
    compiled.expect("a number is compared with a number")
}

impl Scope for Declared {
    fn type_of(&self, reference: &Reference) -> Option<Type> {
        match reference {
            Reference::Value(name) if name.as_str() == ATTEMPT => Some(Type::Integer),
            Reference::Value(name) => self.values.get(name).map(type_of),
            _ => None,
        }
    }

    fn names(&self) -> Vec<String> {
        let names = self.values.keys().map(ToString::to_string);
        names.chain([ATTEMPT.to_owned()]).collect()
    }
}

/// A fact is true or false, a whole number, or a text.
fn value(text: &str) -> Value {
    let plain = [Type::Boolean, Type::Integer].into_iter();
    let parsed = plain.map(|ty| Value::parse(ty, text)).find_map(Result::ok);
    parsed.unwrap_or_else(|| Value::Text(text.to_owned()))
}

fn type_of(value: &Value) -> Type {
    match value {
        Value::Boolean(_) => Type::Boolean,
        Value::Integer(_) => Type::Integer,
        _ => Type::Text,
    }
}
