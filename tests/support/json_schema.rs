//! The part of JSON Schema that the schemas of this project use. A keyword that is not known here
//! fails the test: what is not understood is not checked.

use regex::Regex;
use serde_json::Value;

/// What servers show, and validators pass over.
const NOTES: [&str; 10] = [
    "$schema",
    "$defs",
    "title",
    "description",
    "markdownDescription",
    "examples",
    "enumDescriptions",
    "markdownEnumDescriptions",
    "errorMessage",
    "defaultSnippets",
];

/// Every reason why a value does not fit, with its place.
pub(crate) fn problems(root: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    visit(root, root, value, "", &mut found);
    found
}

fn fits(root: &Value, schema: &Value, value: &Value) -> bool {
    let mut found = Vec::new();
    visit(root, schema, value, "", &mut found);
    found.is_empty()
}

/// Keywords that say something of the value itself, and those that say something of its parts.
const OWN: [&str; 10] = [
    "type",
    "enum",
    "pattern",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "required",
    "anyOf",
    "not",
];
const PARTS: [&str; 8] =
    ["$ref", "allOf", "if", "then", "properties", "additionalProperties", "propertyNames", "items"];

fn visit(root: &Value, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    if schema == &Value::Bool(false) {
        found.push(format!("{at}: nothing may stand here"));
    }
    for (keyword, rule) in schema.as_object().into_iter().flatten() {
        let keyword = keyword.as_str();
        if OWN.contains(&keyword) {
            if breaks(root, keyword, rule, value) {
                found.push(format!("{at}: {value} breaks {keyword}: {rule}"));
            }
        } else if PARTS.contains(&keyword) {
            parts(root, schema, keyword, value, (at, found));
        } else {
            assert!(NOTES.contains(&keyword), "{keyword} is not understood here");
        }
    }
}

fn breaks(root: &Value, keyword: &str, rule: &Value, value: &Value) -> bool {
    let list = rule.as_array().map_or(&[][..], Vec::as_slice);
    let length = value.as_str().map(|text| text.chars().count() as u64);
    match keyword {
        "type" if list.is_empty() => !is(value, rule.as_str().unwrap()),
        "type" => !list.iter().any(|name| is(value, name.as_str().unwrap())),
        "enum" => !list.contains(value),
        "pattern" => {
            let pattern = Regex::new(rule.as_str().unwrap()).unwrap();
            value.as_str().is_some_and(|text| !pattern.is_match(text))
        }
        "minLength" => length.is_some_and(|length| length < rule.as_u64().unwrap()),
        "maxLength" => length.is_some_and(|length| length > rule.as_u64().unwrap()),
        "minimum" => value.is_number() && value.as_f64() < rule.as_f64(),
        "maximum" => value.is_number() && value.as_f64() > rule.as_f64(),
        "required" => {
            value.is_object() && list.iter().any(|key| value.get(key.as_str().unwrap()).is_none())
        }
        "anyOf" => !list.iter().any(|way| fits(root, way, value)),
        "not" => fits(root, rule, value),
        other => panic!("{other} is not understood here"),
    }
}

fn parts(
    root: &Value,
    schema: &Value,
    keyword: &str,
    value: &Value,
    (at, found): (&str, &mut Vec<String>),
) {
    let rule = &schema[keyword];
    match (keyword, value) {
        ("$ref", _) => {
            let target = root.pointer(rule.as_str().unwrap().trim_start_matches('#')).unwrap();
            visit(root, target, value, at, found);
        }
        ("allOf", _) => {
            for all in rule.as_array().unwrap() {
                visit(root, all, value, at, found);
            }
        }
        ("if", _) if fits(root, rule, value) => visit(root, &schema["then"], value, at, found),
        ("properties" | "additionalProperties" | "propertyNames", Value::Object(map)) => {
            for (key, inner) in map {
                let place = format!("{at}/{key}");
                let own = schema["properties"].get(key);
                match (keyword, own) {
                    ("properties", Some(own)) => visit(root, own, inner, &place, found),
                    ("additionalProperties", None) => visit(root, rule, inner, &place, found),
                    ("propertyNames", _) => {
                        visit(root, rule, &key.as_str().into(), &place, found);
                    }
                    _ => {}
                }
            }
        }
        ("items", Value::Array(items)) => {
            for (index, item) in items.iter().enumerate() {
                visit(root, rule, item, &format!("{at}/{index}"), found);
            }
        }
        _ => {}
    }
}

fn is(value: &Value, name: &str) -> bool {
    match name {
        "array" => value.is_array(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "object" => value.is_object(),
        "string" => value.is_string(),
        other => panic!("{other} is no type"),
    }
}
