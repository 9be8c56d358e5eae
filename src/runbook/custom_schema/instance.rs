//! A runbook's tree as JSON Schema sees it: what is written without quotes may be a number.

use serde_json::{Number, Value};

use super::super::parse::{Kind, Node, Scalar, Style};
use super::Type;

/// The type of a node.
pub(super) fn type_of(node: &Node) -> Type {
    match &node.kind {
        Kind::List(_) => Type::Array,
        Kind::Map(_) => Type::Object,
        Kind::Scalar(scalar) => match scalar_value(scalar) {
            Value::Null => Type::Null,
            Value::Bool(_) => Type::Boolean,
            Value::Number(number) => match number.as_f64() {
                Some(number) if number.fract() == 0.0 => Type::Integer,
                _ => Type::Number,
            },
            _ => Type::String,
        },
    }
}

/// The number that a node is, if it is one.
pub(super) fn number(node: &Node) -> Option<f64> {
    scalar_value(node.scalar()?).as_f64()
}

/// The text that a node is, if it is one.
pub(super) fn text(node: &Node) -> Option<&str> {
    (type_of(node) == Type::String).then_some(node.scalar()?.value.as_str())
}

/// The value of a node.
pub(super) fn value(node: &Node) -> Value {
    match &node.kind {
        Kind::List(items) => items.iter().map(value).collect(),
        Kind::Map(map) => {
            let entries = map.entries.iter();
            Value::Object(entries.map(|entry| (entry.key.clone(), value(&entry.value))).collect())
        }
        Kind::Scalar(scalar) => scalar_value(scalar),
    }
}

/// Whether two values are the same; `1` is `1.0`.
pub(super) fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(key, value)| other.get(key).is_some_and(|it| same(value, it)))
        }
        _ => one == other,
    }
}

fn scalar_value(scalar: &Scalar) -> Value {
    let text = scalar.value.as_str();
    if scalar.is_null() {
        return Value::Null;
    }
    if scalar.style != Style::Plain {
        return text.into();
    }
    match text {
        "true" | "True" | "TRUE" => return true.into(),
        "false" | "False" | "FALSE" => return false.into(),
        _ => {}
    }
    if let Ok(whole) = text.parse::<i64>() {
        return whole.into();
    }
    let numeric = text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.'));
    let number = text.parse::<f64>().ok().filter(|_| numeric).and_then(Number::from_f64);
    number.map_or_else(|| text.into(), Value::Number)
}
