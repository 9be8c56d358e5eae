//! The JSON Schema of the language, made from its table for editors.

use serde_json::{Map, Value, json};

use super::grammar::{Keys, Mapping, Need, Shape, TOP};

/// The JSON Schema (draft 2020-12) of a runbook.
pub fn schema() -> Value {
    let mut definitions = Map::new();
    let mut top = mapping(&TOP, &mut definitions);
    let root = top.as_object_mut().expect("a mapping's schema is an object");
    let mut whole = Map::new();
    whole.insert("$schema".into(), "https://json-schema.org/draft/2020-12/schema".into());
    whole.insert("title".into(), "A Surefoot runbook".into());
    whole.append(root);
    whole.insert("$defs".into(), Value::Object(definitions));
    Value::Object(whole)
}

fn mapping(mapping: &'static Mapping, definitions: &mut Map<String, Value>) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for key in mapping.all() {
        let mut own = shape(&key.shape, definitions);
        if let Some(own) = own.as_object_mut() {
            own.insert("description".into(), key.about.into());
        }
        properties.insert(key.name.into(), own);
        if key.need == Need::Required {
            required.push(key.name);
        }
    }
    let mut whole = json!({
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
    });
    if !required.is_empty() {
        whole["required"] = json!(required);
    }
    if !mapping.one_of.is_empty() {
        let ways: Vec<Value> =
            mapping.one_of.iter().map(|key| json!({ "required": [key] })).collect();
        whole["oneOf"] = json!(ways);
    }
    whole
}

fn shape(shape: &'static Shape, definitions: &mut Map<String, Value>) -> Value {
    match shape.resolved() {
        Shape::Steps => Value::Null, // `resolved` never gives it.
        Shape::Boolean => json!({ "type": "boolean" }),
        Shape::CommandText | Shape::Prose(_) | Shape::Verbatim => {
            json!({ "type": ["string", "number", "boolean"] })
        }
        Shape::Duration => json!({
            "type": "string",
            "pattern": "^([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$",
            "minLength": 2,
        }),
        Shape::Expression => json!({ "type": ["string", "boolean", "number"] }),
        Shape::Id => json!({ "type": ["string", "number"], "pattern": "^[a-z0-9][a-z0-9._-]*$" }),
        Shape::Keyword(words) => json!({ "enum": words }),
        Shape::Line(_) => json!({ "type": ["string", "number", "boolean"], "maxLength": 200 }),
        Shape::List(item) => json!({ "type": "array", "items": self::shape(item, definitions) }),
        Shape::Map(inner) => reference(inner, definitions),
        Shape::Name | Shape::ValueName | Shape::Word => {
            json!({ "type": ["string", "boolean"], "pattern": "^[a-z][a-z0-9_]*$" })
        }
        Shape::Number => json!({ "type": "number" }),
        Shape::OneOf(shapes) => {
            let ways: Vec<Value> = shapes.iter().map(|way| self::shape(way, definitions)).collect();
            json!({ "anyOf": ways })
        }
        Shape::Scalar => json!({ "type": ["string", "number", "boolean"] }),
        Shape::Table(keys, value) => {
            let values = self::shape(value, definitions);
            let names = match keys {
                Keys::Check => "^[a-z][a-z0-9_-]*$",
                Keys::Env => "^[A-Za-z_][A-Za-z0-9_]*$",
                Keys::Name | Keys::Value => "^[a-z][a-z0-9_]*$",
            };
            json!({
                "type": "object",
                "propertyNames": { "pattern": names },
                "additionalProperties": values,
            })
        }
        Shape::Whole(min, max) => json!({ "type": "integer", "minimum": min, "maximum": max }),
    }
}

/// A reference to a mapping's definition, which is made when it is first needed.
fn reference(inner: &'static Mapping, definitions: &mut Map<String, Value>) -> Value {
    let name: String = inner
        .what
        .chars()
        .filter_map(|c| match c {
            ' ' => Some('_'),
            c if c.is_ascii_alphanumeric() || c == '_' => Some(c),
            _ => None,
        })
        .collect();
    if !definitions.contains_key(&name) {
        // The place is taken first: steps hold steps.
        definitions.insert(name.clone(), Value::Null);
        let own = mapping(inner, definitions);
        definitions.insert(name.clone(), own);
    }
    json!({ "$ref": format!("#/$defs/{name}") })
}
