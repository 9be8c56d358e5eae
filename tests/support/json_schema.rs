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

fn visit(root: &Value, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    let Some(keywords) = schema.as_object() else {
        if schema == &Value::Bool(false) {
            found.push(format!("{at}: nothing may stand here"));
        }
        return;
    };
    let mut fail = |what: String| found.push(format!("{at}: {what}"));
    let list = |rule: &Value| rule.as_array().cloned().unwrap_or_default();
    let below = |name: &str| format!("{at}/{name}");
    let matches =
        |rule: &Value, text: &str| Regex::new(rule.as_str().unwrap()).unwrap().is_match(text);
    for (keyword, rule) in keywords {
        match keyword.as_str() {
            "type" => {
                let types = rule.as_array().cloned().unwrap_or_else(|| vec![rule.clone()]);
                if !types.iter().any(|name| is(value, name.as_str().unwrap())) {
                    fail(format!("{value} is not {rule}"));
                }
            }
            "enum" if !list(rule).contains(value) => fail(format!("{value} is none of {rule}")),
            "pattern" if value.as_str().is_some_and(|text| !matches(rule, text)) => {
                fail(format!("{value} does not match {rule}"));
            }
            "minLength" | "maxLength" => {
                let count = value.as_str().map(|text| text.chars().count() as u64);
                let limit = rule.as_u64().unwrap();
                let wrong =
                    |count: u64| if keyword == "minLength" { count < limit } else { count > limit };
                if count.is_some_and(wrong) {
                    fail(format!("{value} breaks {keyword} {limit}"));
                }
            }
            "minimum" if value.as_f64() < rule.as_f64() && value.is_number() => {
                fail(format!("{value} is too small"))
            }
            "maximum" if value.as_f64() > rule.as_f64() && value.is_number() => {
                fail(format!("{value} is too large"))
            }
            "required" if value.is_object() => {
                for key in
                    list(rule).iter().filter(|key| value.get(key.as_str().unwrap()).is_none())
                {
                    fail(format!("{key} is missing"));
                }
            }
            "anyOf" if !list(rule).iter().any(|way| fits(root, way, value)) => {
                fail(format!("{value} fits no way"));
            }
            "not" if fits(root, rule, value) => fail(format!("{value} fits what it must not")),
            _ => {}
        }
    }
    for (keyword, rule) in keywords {
        match (keyword.as_str(), value) {
            ("$ref", _) => {
                let target = root.pointer(rule.as_str().unwrap().trim_start_matches('#')).unwrap();
                visit(root, target, value, at, found);
            }
            ("allOf", _) => list(rule).iter().for_each(|all| visit(root, all, value, at, found)),
            ("if", _) if fits(root, rule, value) => visit(root, &schema["then"], value, at, found),
            ("properties", Value::Object(map)) => {
                for (key, inner) in map {
                    if let Some(own) = rule.get(key) {
                        visit(root, own, inner, &below(key), found);
                    }
                }
            }
            ("additionalProperties", Value::Object(map)) => {
                for (key, inner) in map {
                    if schema["properties"].get(key).is_none() {
                        visit(root, rule, inner, &below(key), found);
                    }
                }
            }
            ("propertyNames", Value::Object(map)) => {
                map.keys()
                    .for_each(|key| visit(root, rule, &key.as_str().into(), &below(key), found));
            }
            ("items", Value::Array(items)) => {
                for (index, item) in items.iter().enumerate() {
                    visit(root, rule, item, &below(&index.to_string()), found);
                }
            }
            (
                "type"
                | "enum"
                | "pattern"
                | "minLength"
                | "maxLength"
                | "minimum"
                | "maximum"
                | "required"
                | "anyOf"
                | "not"
                | "if"
                | "then"
                | "properties"
                | "additionalProperties"
                | "propertyNames"
                | "items",
                _,
            ) => {}
            (other, _) => assert!(NOTES.contains(&other), "{other} is not understood here"),
        }
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
