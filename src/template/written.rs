//! Values as text: as they were written, never respelled.

use std::fmt::Write as _;

use crate::value::Value;

/// A value in shown text; a list joined with commas.
pub(super) fn shown(value: &Value) -> String {
    joined(value, ", ")
}

/// A value in a command's input; a list with a line for each item.
pub(super) fn lines(value: &Value) -> String {
    joined(value, "\n")
}

fn joined(value: &Value, separator: &str) -> String {
    match value {
        Value::Boolean(truth) => truth.to_string(),
        Value::Duration(duration) => duration.written.clone(),
        Value::Float(decimal) => decimal.written.clone(),
        Value::Integer(number) => number.to_string(),
        Value::Text(text) => text.clone(),
        Value::Timestamp(moment) => moment.written.clone(),
        Value::List(items) => {
            let items: Vec<String> = items.iter().map(|item| joined(item, separator)).collect();
            items.join(separator)
        }
    }
}

/// Encodes everything but RFC 3986's unreserved characters.
pub(super) fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02X}").expect("a string takes any text");
        }
    }
    encoded
}
