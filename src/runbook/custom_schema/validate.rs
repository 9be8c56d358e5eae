//! Compares a tree with a schema. Each finding points to what does not fit.

use std::sync::Arc;

use serde_json::Value;

use super::super::parse::{Map, Node};
use super::instance::{number, same, text, type_of, value};
use super::{CustomSchema, Rule, Schema, Type};
use crate::diagnostic::{Diagnostic, Span, cut, did_you_mean};

/// The name of the check.
const CODE: &str = "own-schema";
/// How often a schema may refer to itself on the way to one value.
const MOST_DEPTH: usize = 200;

/// All that does not fit.
pub(super) fn validate(schema: &CustomSchema, source: &str, root: &Node) -> Vec<Diagnostic> {
    let validator = Validator { schema, source };
    let place = Place { node: root, path: String::new(), depth: 0 };
    validator.look(&schema.root, &place)
}

struct Validator<'a> {
    schema: &'a CustomSchema,
    source: &'a str,
}

/// A node, and what people call it.
struct Place<'a> {
    node: &'a Node,
    path: String,
    depth: usize,
}

impl<'a> Place<'a> {
    fn key(&self, key: &str, node: &'a Node) -> Self {
        let dot = if self.path.is_empty() { "" } else { "." };
        Self { node, path: format!("{}{dot}{key}", self.path), depth: self.depth + 1 }
    }

    fn item(&self, index: usize, node: &'a Node) -> Self {
        Self { node, path: format!("{}[{index}]", self.path), depth: self.depth + 1 }
    }

    fn said(&self) -> String {
        if self.path.is_empty() {
            "the runbook".to_owned()
        } else {
            format!("`{}`", cut(&self.path))
        }
    }
}

impl Validator<'_> {
    fn look(&self, schema: &Schema, place: &Place<'_>) -> Vec<Diagnostic> {
        match schema {
            Schema::Anything => Vec::new(),
            Schema::Nothing => {
                vec![self.wrong(place, format!("{} must not be there", place.said()))]
            }
            Schema::Rules(rules, help) => {
                let mut found = Vec::new();
                for rule in rules {
                    found.extend(self.rule(rule, place));
                }
                explain(&mut found, help.as_ref());
                found
            }
        }
    }

    fn fits(&self, schema: &Schema, place: &Place<'_>) -> bool {
        self.look(schema, place).is_empty()
    }

    fn rule(&self, rule: &Rule, place: &Place<'_>) -> Vec<Diagnostic> {
        match rule {
            Rule::AllOf(schemas) => {
                schemas.iter().flat_map(|schema| self.look(schema, place)).collect()
            }
            Rule::AnyOf(schemas) => self.any_of(schemas, place),
            Rule::OneOf(schemas) => self.one_of(schemas, place),
            Rule::Not(schema) => self.must(
                !self.fits(schema, place),
                place,
                "something else: this form is not allowed",
            ),
            Rule::If { condition, then, otherwise } => {
                let chosen = if self.fits(condition, place) { then } else { otherwise };
                self.look(chosen, place)
            }
            Rule::Reference(pointer) => match self.schema.parts.get(pointer) {
                Some(_) if place.depth > MOST_DEPTH => {
                    vec![self.wrong(place, "the schema refers to itself without end".to_owned())]
                }
                Some(schema) => {
                    let path = place.path.clone();
                    self.look(schema, &Place { node: place.node, path, depth: place.depth + 1 })
                }
                None => Vec::new(),
            },
            Rule::Contains { .. }
            | Rule::Items { .. }
            | Rule::ItemCount(..)
            | Rule::UniqueItems => {
                place.node.list().map(|items| self.items(rule, items, place)).unwrap_or_default()
            }
            Rule::DependentRequired(_)
            | Rule::DependentSchemas(_)
            | Rule::Properties { .. }
            | Rule::PropertyCount(..)
            | Rule::PropertyNames(_)
            | Rule::Required(_) => {
                place.node.map().map(|map| self.keys(rule, map, place)).unwrap_or_default()
            }
            _ => self.plain(rule, place),
        }
    }

    fn must(&self, holds: bool, place: &Place<'_>, what: &str) -> Vec<Diagnostic> {
        if holds {
            return Vec::new();
        }
        vec![self.wrong(place, format!("{} must be {what}", place.said()))]
    }

    /// What is demanded of a value as a whole, or of a scalar.
    fn plain(&self, rule: &Rule, place: &Place<'_>) -> Vec<Diagnostic> {
        let node = place.node;
        let demand = |holds: bool, what: &str| self.must(holds, place, what);
        match rule {
            Rule::Type(types) => {
                let own = type_of(node);
                let fits = |wanted: &Type| {
                    *wanted == own || *wanted == Type::Number && own == Type::Integer
                };
                let said: Vec<&str> = types.iter().map(|wanted| wanted.said()).collect();
                demand(types.iter().any(fits), &said.join(" or "))
            }
            Rule::Enum(values) => {
                let own = value(node);
                demand(values.iter().any(|value| same(value, &own)), &choice(values))
            }
            Rule::Range { bound, holds, said } => {
                let fits = number(node).is_none_or(|number| holds(number, *bound));
                demand(fits, &format!("{said} {bound}"))
            }
            Rule::MultipleOf(step) => {
                let parts = number(node).map_or(0.0, |number| number / step);
                demand((parts - parts.round()).abs() < 1e-9, &format!("a multiple of {step}"))
            }
            Rule::Length(min, max) => {
                let length = text(node).map(|text| text.chars().count());
                length
                    .map_or_else(Vec::new, |it| self.counted(place, it, (*min, *max), "character"))
            }
            Rule::Pattern(pattern) => {
                let fits = text(node).is_none_or(|text| pattern.is_match(text));
                demand(fits, &format!("written as the pattern `{}` says", cut(pattern.as_str())))
            }
            _ => Vec::new(),
        }
    }

    /// What is demanded of a list's items.
    fn items(&self, rule: &Rule, items: &[Node], place: &Place<'_>) -> Vec<Diagnostic> {
        let numbered = || items.iter().enumerate();
        match rule {
            Rule::ItemCount(min, max) => self.counted(place, items.len(), (*min, *max), "item"),
            Rule::UniqueItems => repeated(items, place),
            Rule::Items { first, rest } => numbered()
                .flat_map(|(index, item)| {
                    self.look(first.get(index).unwrap_or(rest), &place.item(index, item))
                })
                .collect(),
            Rule::Contains { schema, min, max } => {
                let fitting =
                    |(at, item): &(usize, &Node)| self.fits(schema, &place.item(*at, item));
                let count = numbered().filter(fitting).count();
                self.counted(place, count, (*min, *max), "item of the form that is wanted")
            }
            _ => Vec::new(),
        }
    }

    /// What is demanded of a map's keys.
    fn keys(&self, rule: &Rule, map: &Map, place: &Place<'_>) -> Vec<Diagnostic> {
        match rule {
            Rule::PropertyCount(min, max) => {
                self.counted(place, map.entries.len(), (*min, *max), "key")
            }
            Rule::Required(keys) => self.required(keys, map, place),
            Rule::DependentRequired(entries) => entries
                .iter()
                .filter(|(key, _)| map.get(key).is_some())
                .flat_map(|(_, keys)| self.required(keys, map, place))
                .collect(),
            Rule::DependentSchemas(entries) => entries
                .iter()
                .filter(|(key, _)| map.get(key).is_some())
                .flat_map(|(_, schema)| self.look(schema, place))
                .collect(),
            Rule::PropertyNames(schema) => map
                .entries
                .iter()
                .flat_map(|entry| {
                    let mut key = entry.value.clone();
                    key.span = entry.key_span.clone();
                    key.kind = super::super::parse::text_node(&entry.key);
                    self.look(schema, &place.key(&entry.key, &key))
                })
                .collect(),
            Rule::Properties { named, patterns, others } => map
                .entries
                .iter()
                .flat_map(|entry| {
                    let below = place.key(&entry.key, &entry.value);
                    let own = named.iter().filter(|(name, _)| *name == entry.key);
                    let matching = patterns.iter().filter(|(it, _)| it.is_match(&entry.key));
                    let schemas: Vec<&Schema> = own
                        .map(|(_, schema)| schema)
                        .chain(matching.map(|(_, schema)| schema))
                        .collect();
                    match (schemas.as_slice(), others) {
                        ([], Schema::Nothing) => {
                            let known = named.iter().map(|(name, _)| name.as_str());
                            vec![unknown(&entry.key, &entry.key_span, known)]
                        }
                        ([], others) => self.look(others, &below),
                        (schemas, _) => {
                            schemas.iter().flat_map(|schema| self.look(schema, &below)).collect()
                        }
                    }
                })
                .collect(),
            _ => Vec::new(),
        }
    }

    fn required(&self, keys: &[String], map: &Map, place: &Place<'_>) -> Vec<Diagnostic> {
        let missing = keys.iter().filter(|key| map.get(key).is_none());
        missing
            .map(|key| {
                let message = format!("{} needs `{}`", place.said(), cut(key));
                self.wrong(place, message).help(format!("add `{}`", cut(key)))
            })
            .collect()
    }

    fn one_of(&self, schemas: &[Schema], place: &Place<'_>) -> Vec<Diagnostic> {
        match schemas.iter().filter(|schema| self.fits(schema, place)).count() {
            0 => self.any_of(schemas, place),
            1 => Vec::new(),
            many => {
                let message = format!("{} fits {many} forms, and must fit one", place.said());
                vec![self.wrong(place, message)]
            }
        }
    }

    /// The findings of the form that was most likely meant.
    fn any_of(&self, schemas: &[Schema], place: &Place<'_>) -> Vec<Diagnostic> {
        let tries: Vec<Vec<Diagnostic>> =
            schemas.iter().map(|schema| self.look(schema, place)).collect();
        if tries.iter().any(Vec::is_empty) {
            return Vec::new();
        }
        let on_itself = |found: &Diagnostic| found.span == self.head(place.node);
        let deeper = tries.iter().filter(|found| !found.iter().any(on_itself));
        let mut deeper: Vec<&Vec<Diagnostic>> = deeper.collect();
        if let (Some(only), None) = (deeper.pop(), deeper.pop()) {
            return only.clone();
        }
        let message = format!("{} has none of the forms that are allowed", place.said());
        let forms: Vec<String> =
            tries.iter().map(|found| found[0].message.clone()).take(5).collect();
        vec![self.wrong(place, message).help(format!("one of these: {}", forms.join("; or ")))]
    }

    fn counted(
        &self,
        place: &Place<'_>,
        count: usize,
        (min, max): (usize, usize),
        what: &str,
    ) -> Vec<Diagnostic> {
        let (bound, said) = match count {
            count if count < min => (min, "at least"),
            count if count > max => (max, "at most"),
            _ => return Vec::new(),
        };
        let many = if bound == 1 { "" } else { "s" };
        let message = format!("{} must have {said} {bound} {what}{many}", place.said());
        vec![self.wrong(place, message)]
    }

    fn wrong(&self, place: &Place<'_>, message: String) -> Diagnostic {
        Diagnostic::error(CODE, self.head(place.node), message)
    }

    /// The first line of a node.
    fn head(&self, node: &Node) -> Span {
        let text = self.source.get(node.span.clone()).unwrap_or("");
        node.span.start..node.span.start + text.find('\n').unwrap_or(text.len())
    }
}

fn unknown<'k>(key: &str, span: &Span, known: impl Iterator<Item = &'k str>) -> Diagnostic {
    let message = format!("`{}` is no key that the schema allows here", cut(key));
    let found = Diagnostic::error(CODE, span.clone(), message);
    match did_you_mean(key, known) {
        Some(near) => found.help(format!("did you mean `{near}`?")),
        None => found.help("remove it"),
    }
}

fn repeated(items: &[Node], place: &Place<'_>) -> Vec<Diagnostic> {
    let values: Vec<Value> = items.iter().map(value).collect();
    let again =
        (1..items.len()).find(|at| values[..*at].iter().any(|before| same(before, &values[*at])));
    let finding = |at: usize| {
        let message = format!("{} has this item twice", place.said());
        Diagnostic::error(CODE, items[at].span.clone(), message).help("remove it")
    };
    again.map(finding).into_iter().collect()
}

/// What the schema says about itself is what to do.
fn explain(found: &mut [Diagnostic], help: Option<&Arc<str>>) {
    for finding in found.iter_mut().filter(|finding| finding.help.is_none()) {
        finding.help = help.map(|help| cut_help(help));
    }
}

fn cut_help(help: &str) -> String {
    help.lines().next().unwrap_or("").chars().take(200).collect()
}

fn choice(values: &[Value]) -> String {
    let shown: Vec<String> = values.iter().take(10).map(|value| cut(&value.to_string())).collect();
    match shown.as_slice() {
        [one] => one.clone(),
        _ => format!("one of {}", shown.join(", ")),
    }
}
