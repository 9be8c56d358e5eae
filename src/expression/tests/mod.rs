//! Expressions as their authors use them: a world of declared names, and checks against it.

mod language;
mod limits;
mod values;

use std::collections::BTreeMap;

use super::*;
use crate::value::{Datum, Name, Secret};

/// Declared names with their types, and what some of them stand for.
#[derive(Default)]
struct World {
    types: BTreeMap<Reference, Type>,
    facts: BTreeMap<Reference, Datum>,
}

impl Scope for World {
    fn type_of(&self, reference: &Reference) -> Option<Type> {
        self.types.get(reference).copied()
    }

    fn names(&self) -> Vec<String> {
        self.types.keys().map(ToString::to_string).collect()
    }
}

impl Facts for World {
    fn get(&self, reference: &Reference) -> Option<Datum> {
        self.facts.get(reference).cloned()
    }
}

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

fn value(text: &str) -> Reference {
    Reference::Value(name(text))
}

impl World {
    fn with(mut self, reference: Reference, ty: Type, text: &str) -> Self {
        let value = Value::parse(ty, text).unwrap();
        self.types.insert(reference.clone(), ty);
        self.facts.insert(reference, Datum::Open(value));
        self
    }

    fn unset(mut self, reference: Reference, ty: Type) -> Self {
        self.types.insert(reference, ty);
        self
    }

    fn secret(mut self, reference: Reference, ty: Type, text: &str) -> Self {
        self.types.insert(reference.clone(), ty);
        let secret = Secret::new(text.to_owned());
        self.facts.insert(reference, Datum::Secret(secret));
        self
    }
}

fn world() -> World {
    World::default()
        .with(Reference::Exit, Type::Integer, "0")
        .with(Reference::Stdout, Type::Text, "3\n")
        .with(Reference::Took, Type::Duration, "90s")
        .with(Reference::Now, Type::Timestamp, "2026-03-01T02:40:00Z")
        .with(Reference::RunMode, Type::String, "run")
        .with(value("deployed_at"), Type::Timestamp, "2026-03-01T02:31:00Z")
        .with(value("error_rate"), Type::Float, "0.030")
        .with(value("count"), Type::Integer, "7")
        .with(value("namespace"), Type::Name, "shop")
        .with(value("pods"), Type::List, "web-1\nweb-2\ndb-1")
        .with(value("healthy"), Type::Boolean, "true")
        .with(value("size"), Type::Integer, "4")
        .unset(value("ticket"), Type::String)
        .unset(value("limit"), Type::Integer)
        .secret(value("token"), Type::String, "hunter2")
        .secret(value("pin"), Type::Integer, "hunter2")
        .with(Reference::Environment(name("context")), Type::String, "prod-eu")
        .with(Reference::AlertLabel("pod-name".to_owned()), Type::String, "web-1")
        .unset(Reference::AlertLabel("zone".to_owned()), Type::String)
        .with(Reference::StepOutcome(name("pods_up")), Type::String, "succeeded")
}

fn compile(text: &str, wanted: Type) -> Expression {
    Expression::compile(text, &world(), wanted)
        .unwrap_or_else(|problems| panic!("{text}: {problems:?}"))
}

fn is_true(text: &str) {
    assert_eq!(compile(text, Type::Boolean).holds(&world()), Ok(true), "{text}");
}

fn is_false(text: &str) {
    assert_eq!(compile(text, Type::Boolean).holds(&world()), Ok(false), "{text}");
}

fn fails(text: &str, reason: &str) {
    let error = compile(text, Type::Boolean).holds(&world()).unwrap_err();
    assert!(error.message.contains(reason), "{text}: {error}");
}

fn gives(text: &str, wanted: Type, written: &str) {
    let value = compile(text, wanted).evaluate(&world()).unwrap();
    assert_eq!(value.written(), written, "{text}");
}

/// The only problem of a text: the piece it points at, with message and help as one text.
fn refused(text: &str, piece: &str, says: &str) {
    let problems = Expression::compile(text, &world(), Type::Boolean).unwrap_err();
    assert_eq!(problems.len(), 1, "{text}: {problems:?}");
    let problem = &problems[0];
    assert_eq!(&text[problem.at.clone()], piece, "{text}: {problem:?}");
    let said = format!("{}; {}", problem.message, problem.help.as_deref().unwrap_or(""));
    assert!(said.contains(says), "{text}: {said}");
}
