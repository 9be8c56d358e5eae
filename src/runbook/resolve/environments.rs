//! Environments: named sets of values, all with the same keys and types.

use std::collections::BTreeMap;

use super::super::model::{Environment, Protection};
use super::super::parse::{Entry, Node, Scalar, Style};
use super::super::structure::{quoted, respelled};
use super::Resolver;
use super::declare::shape_of;
use crate::diagnostic::{Diagnostic, Span, cut};
use crate::value::{Name, Type, Value};

impl Resolver<'_> {
    /// The environments; all have the same keys with the same types.
    pub(super) fn environments(&mut self) -> Vec<Environment> {
        let root = self.root;
        let mut environments: Vec<Environment> = Vec::new();
        let mut types: BTreeMap<Name, (Type, bool)> = BTreeMap::new();
        for entry in
            root.get("environments").and_then(Node::map).map_or(&[][..], |map| &map.entries)
        {
            let (Ok(name), Some(map)) = (Name::new(&entry.key), entry.value.map()) else {
                continue;
            };
            let mut environment =
                Environment { name, protection: Protection::Ordinary, values: BTreeMap::new() };
            for value in &map.entries {
                self.environment_value(value, &mut environment);
            }
            self.compare_environment(entry, &environment, environments.first(), &mut types);
            environments.push(environment);
        }
        for (name, (ty, closed)) in types {
            self.environment.insert(name.clone(), ty);
            self.closed_environment.insert(name, closed);
        }
        environments
    }

    fn environment_value(&mut self, entry: &Entry, environment: &mut Environment) {
        let (Some(scalar), Ok(key)) = (entry.value.scalar(), Name::new(&entry.key)) else {
            return;
        };
        if entry.key == "protected" {
            match scalar.value.as_str() {
                "true" if scalar.style == Style::Plain => {
                    environment.protection = Protection::Protected;
                }
                "false" if scalar.style == Style::Plain => {}
                other => {
                    let message = format!("`protected` is true or false, not `{}`", cut(other));
                    self.error("wrong-type", entry.value.span.clone(), message);
                }
            }
            return;
        }
        if entry.key == "name" {
            let message = "`name` is the environment's own name, `environment.name`";
            self.error_help(
                "reserved-name",
                entry.key_span.clone(),
                message,
                "give the value another key",
            );
            return;
        }
        if crate::diagnostic::did_you_mean(&entry.key, ["protected"]).is_some() {
            let message = format!("`{}` is nearly `protected`, and protects nothing", entry.key);
            self.error_help(
                "near-protected",
                entry.key_span.clone(),
                message,
                "write `protected: true`, or give the value another key",
            );
        }
        if scalar.value.contains("{{") {
            self.error(
                "no-template-here",
                entry.value.span.clone(),
                "an environment's value is plain: templates do not stand here",
            );
        }
        let value = self.plain_value(&entry.value, scalar);
        environment.values.insert(key, value);
    }

    /// A text, a whole number or a boolean; a plain number of another kind is a finding.
    fn plain_value(&mut self, node: &Node, scalar: &Scalar) -> Value {
        let text = scalar.value.as_str();
        if scalar.style == Style::Plain {
            for ty in [Type::Boolean, Type::Integer] {
                if let Ok(value) = Value::parse(ty, text) {
                    return value;
                }
            }
            let digit = |c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.');
            if respelled(text) || text.starts_with(digit) && text.parse::<f64>().is_ok() {
                let message = format!("`{}` is a plain number that YAML may respell", cut(text));
                let help = format!("put it in quotes: \"{}\"", cut(text));
                let found = Diagnostic::error("quote-it", node.span.clone(), message).help(help);
                self.findings.push(found.fix(quoted(node, text)));
            }
        }
        Value::Text(text.to_owned())
    }

    fn compare_environment(
        &mut self,
        entry: &Entry,
        environment: &Environment,
        first: Option<&Environment>,
        types: &mut BTreeMap<Name, (Type, bool)>,
    ) {
        for (key, value) in &environment.values {
            let (ty, closed) = shape_of(value);
            let known = types.entry(key.clone()).or_insert((ty, closed));
            known.1 &= closed;
            if known.0 != ty {
                let message = format!(
                    "`{key}` is {} here and {} in another environment",
                    ty.described(),
                    known.0.described()
                );
                let span = entry
                    .value
                    .get(key.as_str())
                    .map_or(entry.key_span.clone(), |node| node.span.clone());
                self.differ(span, message);
            }
        }
        let Some(first) = first else {
            return;
        };
        for key in first.values.keys().filter(|key| !environment.values.contains_key(*key)) {
            let message = format!(
                "the environment `{}` lacks `{key}`, which `{}` has",
                environment.name, first.name
            );
            self.differ(entry.key_span.clone(), message);
        }
        for key in environment.values.keys().filter(|key| !first.values.contains_key(*key)) {
            let message =
                format!("`{key}` stands in `{}` and not in `{}`", environment.name, first.name);
            let span = entry
                .value
                .map()
                .and_then(|map| map.entry(key.as_str()))
                .map_or(entry.key_span.clone(), |entry| entry.key_span.clone());
            self.differ(span, message);
        }
    }

    fn differ(&mut self, span: Span, message: String) {
        let help = "every environment has the same keys with the same types";
        self.error_help("environments-differ", span, message, help);
    }
}
