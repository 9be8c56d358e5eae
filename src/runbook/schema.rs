//! The JSON Schemas of the language, of scenarios and of settings files, made from their tables for editors.
//!
//! What an editor's server shows is thought of: details and examples of each key, the meaning of
//! each word, and messages that say which keys go together.

use serde_json::{Map, Value, json};

use super::grammar::{
    Key, Keys, Mapping, Need, SCENARIO, Shape, TOP, USER_SETTINGS, example, meaning, note,
};

const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The JSON Schema (draft 2020-12) of a runbook.
pub fn schema() -> Value {
    whole("A Surefoot runbook", &TOP)
}

/// The JSON Schema (draft 2020-12) of a scenario.
pub fn scenario_schema() -> Value {
    whole("A Surefoot scenario", &SCENARIO)
}

/// The JSON Schema (draft 2020-12) of a settings file, the user's, which has all keys.
pub fn settings_schema() -> Value {
    whole("A Surefoot settings file", &USER_SETTINGS)
}

fn whole(title: &str, top: &'static Mapping) -> Value {
    let mut definitions = Map::new();
    let mut top = mapping(top, &mut definitions);
    let root = top.as_object_mut().expect("a mapping's schema is an object");
    let mut whole = Map::new();
    whole.insert("$schema".into(), DRAFT.into());
    whole.append(root);
    whole.insert("title".into(), title.into());
    whole.insert("$defs".into(), Value::Object(definitions));
    Value::Object(whole)
}

fn mapping(mapping: &'static Mapping, definitions: &mut Map<String, Value>) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for key in mapping.all() {
        properties.insert(key.name.into(), property(mapping, key, definitions));
        if key.need == Need::Required {
            required.push(key.name);
        }
    }
    let mut whole = json!({
        "title": capital(&mapping.what.replace('`', "")),
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
    });
    if !required.is_empty() {
        whole["required"] = json!(required);
    }
    let together = together(mapping);
    if !together.is_empty() {
        whole["allOf"] = json!(together);
    }
    if mapping.one_of.contains(&"run") && mapping.one_of.contains(&"ask") {
        whole["defaultSnippets"] = snippets();
    }
    whole
}

fn property(
    mapping: &'static Mapping,
    key: &'static Key,
    definitions: &mut Map<String, Value>,
) -> Value {
    let mut own = shape(&key.shape, definitions);
    let more = note(mapping, key.name).map_or("", |note| note.more);
    let about = format!("{} {more}", key.about).trim_end().to_owned();
    own["title"] = key.name.into();
    own["description"] = about.clone().into();
    own["markdownDescription"] = about.into();
    if let Some(example) = example(mapping, key).and_then(|text| serde_yaml::from_str(text).ok()) {
        let example: Value = example;
        own["examples"] = json!([example]);
    }
    own
}

/// Which keys go with which, in forms whose messages a person understands.
fn together(mapping: &'static Mapping) -> Vec<Value> {
    let any = |keys: &[&str]| {
        let ways: Vec<Value> = keys.iter().map(|key| json!({ "required": [key] })).collect();
        json!({ "anyOf": ways })
    };
    let without = |keys: &mut dyn Iterator<Item = &'static str>| {
        keys.map(|key| (key.to_owned(), Value::Bool(false))).collect::<Map<_, _>>()
    };
    let quoted = |keys: &[&str]| {
        let keys: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
        keys.join(", ")
    };
    let mut rules = Vec::new();
    if !mapping.one_of.is_empty() {
        rules.push(json!({
            "if": { "not": any(mapping.one_of) },
            "then": {
                "required": [mapping.one_of[0]],
                "errorMessage": format!("{} needs one of {}", mapping.what, quoted(mapping.one_of)),
            },
        }));
    }
    for (ways, count) in [(mapping.one_of, "exactly one"), (mapping.at_most_one(), "at most one")] {
        for (index, first) in ways.iter().enumerate().take(ways.len().saturating_sub(1)) {
            rules.push(json!({
                "if": { "required": [first] },
                "then": {
                    "properties": without(&mut ways[index + 1..].iter().copied()),
                    "errorMessage": format!(
                        "{} has {count} of {}, and `{first}` is there",
                        mapping.what,
                        quoted(ways)
                    ),
                },
            }));
        }
    }
    let mut seen: Vec<&[&str]> = Vec::new();
    for with in mapping.all().map(|key| key.with).filter(|with| !with.is_empty()) {
        if seen.contains(&with) {
            continue;
        }
        seen.push(with);
        let mut keys = mapping.all().filter(|key| key.with == with).map(|key| key.name);
        rules.push(json!({
            "if": { "not": any(with) },
            "then": {
                "properties": without(&mut keys),
                "errorMessage": format!("this key goes only with {}", quoted(with)),
            },
        }));
    }
    rules
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Beginnings of steps, which editors offer.
fn snippets() -> Value {
    json!([
        {
            "label": "look",
            "description": "A command that only reads",
            "body": { "id": "$1", "title": "$2", "effect": "read", "run": "$3" },
        },
        {
            "label": "change",
            "description": "A command that changes something, with its proof and its way back",
            "body": {
                "id": "$1", "title": "$2", "effect": "change",
                "run": "$3", "verify": "$4", "undo": "$5",
            },
        },
        {
            "label": "decision",
            "description": "A question that decides where to go",
            "body": {
                "id": "$1", "ask": "$2",
                "options": [ { "id": "$3", "label": "$4", "goto": "$5" } ],
            },
        },
        {
            "label": "instruction",
            "description": "Something for a person to do",
            "body": { "title": "$1", "do": "$2" },
        },
    ])
}

fn shape(shape: &'static Shape, definitions: &mut Map<String, Value>) -> Value {
    let told = |schema: Value, message: &str| {
        let mut schema = schema;
        schema["errorMessage"] = message.into();
        schema
    };
    match shape.resolved() {
        Shape::Steps => Value::Null, // `resolved` never gives it.
        Shape::Boolean => json!({ "type": "boolean" }),
        Shape::CommandText | Shape::Output | Shape::Prose(_) | Shape::Verbatim => {
            json!({ "type": ["string", "number", "boolean"] })
        }
        Shape::Duration => told(
            json!({
                "type": "string",
                "pattern": "^([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$",
                "minLength": 2,
            }),
            "a duration is whole numbers with ms, s, m, h, d, the largest first: 90s or 1h30m",
        ),
        Shape::Expression => json!({ "type": ["string", "boolean", "number"] }),
        Shape::Id => told(
            json!({ "type": ["string", "number"], "pattern": "^[a-z0-9][a-z0-9._-]*$" }),
            "an id is lower case letters, digits, `.`, `_` and `-`",
        ),
        Shape::Keyword(words) => keyword(words),
        Shape::Line(_) => json!({ "type": ["string", "number", "boolean"], "maxLength": 200 }),
        Shape::List(item) => json!({ "type": "array", "items": self::shape(item, definitions) }),
        Shape::Map(inner) => reference(inner, definitions),
        Shape::Name | Shape::ValueName | Shape::Word => told(
            json!({ "type": ["string", "boolean"], "pattern": "^[a-z][a-z0-9_]*$" }),
            "a name is lower case letters, digits and `_`, a letter first",
        ),
        Shape::Number => json!({ "type": "number" }),
        Shape::OneOf(shapes) => {
            // Maps come first: where none fits, servers tell what is wrong with the first.
            let maps_last = |way: &&Shape| !matches!(way, Shape::Map(_) | Shape::Table(..));
            let mut shapes: Vec<&'static Shape> = shapes.iter().collect();
            shapes.sort_by_key(maps_last);
            let ways = shapes.into_iter().map(|way| self::shape(way, definitions));
            json!({ "anyOf": ways.collect::<Vec<_>>() })
        }
        Shape::Scalar => json!({ "type": ["string", "number", "boolean"] }),
        Shape::Table(keys, value) => table(*keys, value, definitions),
        Shape::Timestamp => told(
            json!({ "type": "string", "pattern": "^[0-9]{4}-.*T.*(Z|[+-][0-9]{2}:?[0-9]{2})$" }),
            "a moment is written with its zone: 2026-03-01T02:40:00Z",
        ),
        Shape::Whole(min, max) => json!({ "type": "integer", "minimum": min, "maximum": max }),
    }
}

/// A mapping with free keys.
fn table(keys: Keys, value: &'static Shape, definitions: &mut Map<String, Value>) -> Value {
    let values = shape(value, definitions);
    let names = match keys {
        Keys::Check => "^[a-z][a-z0-9_-]*$",
        Keys::Env => "^[A-Za-z_][A-Za-z0-9_]*$",
        Keys::Name | Keys::Value => "^[a-z][a-z0-9_]*$",
        Keys::Step => "^[a-z][a-z0-9_]*(\\.[a-z0-9][a-z0-9_]*)*$",
    };
    json!({
        "type": "object",
        "propertyNames": { "pattern": names },
        "additionalProperties": values,
    })
}

/// One of some words, each with what it means.
fn keyword(words: &'static [&'static str]) -> Value {
    let meanings: Option<Vec<&str>> = words.iter().map(|word| meaning(words, word)).collect();
    let mut own = json!({ "enum": words });
    if let Some(meanings) = meanings {
        own["enumDescriptions"] = json!(meanings);
        own["markdownEnumDescriptions"] = json!(meanings);
    }
    own
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
