//! What a schema demands is told with its place; what is not known is refused.

use serde_json::{Value, json};

use super::{CustomSchema, SchemaProblem};
use crate::diagnostic::{Source, sort};

fn read(schema: &Value) -> Result<CustomSchema, SchemaProblem> {
    CustomSchema::parse(&schema.to_string())
}

fn told(schema: &Value, text: &str) -> Vec<String> {
    let source = Source { name: "a.yaml".to_owned(), text: text.into() };
    let mut found = read(schema).unwrap().check(&source);
    sort(&mut found);
    found
        .iter()
        .map(|found| {
            let (line, column) = source.line_column(found.span.start);
            format!("{line}:{column} {}", found.message)
        })
        .collect()
}

#[test]
fn what_is_demanded_is_told_where_it_is_missing() {
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "required": ["owner", "tags"],
        "properties": {
            "owner": {
                "type": "object",
                "required": ["oncall"],
                "properties": { "team": { "pattern": "^team-" }, "oncall": true },
                "additionalProperties": false,
            },
            "tags": { "type": "array", "minItems": 1, "items": { "enum": ["tier-1", "tier-2"] } },
        },
    });
    assert_eq!(
        told(&schema, "title: x\nowner: { team: shop, oncal: a }\n"),
        [
            "1:1 the runbook needs `tags`",
            "2:8 `owner` needs `oncall`",
            "2:16 `owner.team` must be written as the pattern `^team-` says",
            "2:22 `oncal` is no key that the schema allows here",
        ]
    );
    assert_eq!(
        told(&schema, "owner: { team: team-a, oncall: b }\ntags: [tier-1, tier-9]\n"),
        ["2:16 `tags[1]` must be one of \"tier-1\", \"tier-2\""]
    );
    assert_eq!(
        told(&schema, "owner: { oncall: b }\ntags: []\n"),
        ["2:7 `tags` must have at least 1 item"]
    );
    assert_eq!(told(&schema, "owner: { oncall: b }\ntags: [tier-1]\n"), [""; 0]);
}

/// Schema, a text that fits, a text that does not.
fn samples() -> Vec<(Value, &'static str, &'static str)> {
    vec![
        (json!({"properties": {"a": {"type": "integer"}}}), "a: 3", "a: 3.5"),
        (json!({"properties": {"a": {"type": "integer"}}}), "a: 3.0", "a: '3'"),
        (json!({"properties": {"a": {"type": ["string", "null"]}}}), "a: ~", "a: [x]"),
        (json!({"properties": {"a": {"type": "number"}}}), "a: 3", "a: x"),
        (json!({"properties": {"a": {"const": 1}}}), "a: 1.0", "a: 2"),
        (json!({"properties": {"a": {"minimum": 1, "maximum": 3}}}), "a: 3", "a: 4"),
        (json!({"properties": {"a": {"exclusiveMinimum": 1}}}), "a: 1.5", "a: 1"),
        (json!({"properties": {"a": {"exclusiveMaximum": 1}}}), "a: 0", "a: 1"),
        (json!({"properties": {"a": {"multipleOf": 0.1}}}), "a: 0.3", "a: 0.35"),
        (json!({"properties": {"a": {"minLength": 2}}}), "a: äö", "a: ä"),
        (json!({"properties": {"a": {"maxLength": 2}}}), "a: äö", "a: äöü"),
        (json!({"properties": {"a": {"maxItems": 1}}}), "a: [1]", "a: [1, 2]"),
        (json!({"properties": {"a": {"uniqueItems": true}}}), "a: [1, 2]", "a: [1, 1.0]"),
        (json!({"properties": {"a": {"contains": {"const": 1}}}}), "a: [2, 1]", "a: [2]"),
        (
            json!({"properties": {"a": {"contains": {"const": 1}, "maxContains": 1}}}),
            "a: [1]",
            "a: [1, 1]",
        ),
        (
            json!({"properties": {"a": {"prefixItems": [{"const": 1}], "items": false}}}),
            "a: [1]",
            "a: [1, 2]",
        ),
        (json!({"properties": {"a": {"prefixItems": [{"const": 1}]}}}), "a: [1, 2]", "a: [2]"),
        (json!({"minProperties": 2}), "a: 1\nb: 1", "a: 1"),
        (json!({"maxProperties": 1}), "a: 1", "a: 1\nb: 1"),
        (json!({"propertyNames": {"pattern": "^[a-z]$"}}), "a: 1", "ab: 1"),
        (json!({"patternProperties": {"^x-": {"type": "string"}}}), "x-a: b", "x-a: 1"),
        (json!({"additionalProperties": {"type": "string"}}), "x: b", "x: 1"),
        (json!({"dependentRequired": {"a": ["b"]}}), "b: 1", "a: 1"),
        (json!({"dependentSchemas": {"a": {"required": ["b"]}}}), "b: 1", "a: 1"),
        (json!({"allOf": [{"required": ["a"]}, {"required": ["b"]}]}), "a: 1\nb: 1", "a: 1"),
        (json!({"anyOf": [{"required": ["a"]}, {"required": ["b"]}]}), "b: 1", "c: 1"),
        (json!({"oneOf": [{"required": ["a"]}, {"required": ["b"]}]}), "b: 1", "a: 1\nb: 1"),
        (json!({"not": {"required": ["a"]}}), "b: 1", "a: 1"),
        (
            json!({"if": {"required": ["a"]}, "then": {"required": ["b"]}, "else": {"required": ["c"]}}),
            "a: 1\nb: 1",
            "d: 1",
        ),
        (
            json!({"$defs": {"x": {"required": ["a"]}}, "properties": {"b": {"$ref": "#/$defs/x"}}}),
            "b: { a: 1 }",
            "b: { c: 1 }",
        ),
        (json!({"properties": {"b": {"$ref": "#"}}, "required": ["b"]}), "b: 1", "b: { c: 1 }"),
        (json!({"properties": {"a": false}}), "b: 1", "a: 1"),
    ]
}

#[test]
fn every_keyword_demands_what_it_should() {
    for (schema, good, bad) in samples() {
        assert_eq!(told(&schema, good), [""; 0], "{schema}: {good}");
        assert_ne!(told(&schema, bad), [""; 0], "{schema}: {bad}");
    }
}

#[test]
fn what_is_not_known_is_refused_and_not_left_out() {
    let refused = |schema: Value| read(&schema).map(|_| ()).unwrap_err().to_string();
    assert_eq!(
        refused(json!({"properties": {"a": {"requierd": ["b"]}}})),
        "at `/properties/a/requierd`: `requierd` is no keyword that is known here"
    );
    for (schema, wanted) in [
        (json!({"unevaluatedProperties": false}), "no keyword"),
        (json!({"properties": {"a": {"format": "email"}}}), "`format` is not checked"),
        (json!({"items": [{"const": 1}]}), "a schema is an object"),
        (json!({"$ref": "other.json"}), "only places in the same file"),
        (json!({"$ref": "#/$defs/x"}), "nothing at `#/$defs/x`"),
        (json!({"$schema": "http://json-schema.org/draft-04/schema#"}), "use draft 2020-12"),
        (json!({"$defs": {"x": {"foo": 1}}, "$ref": "#/$defs/x"}), "no keyword"),
        (
            json!({
                "$schema": "http://json-schema.org/draft-07/schema#",
                "$defs": {"x": {}}, "$ref": "#/$defs/x", "required": ["a"],
            }),
            "draft 7 ignores",
        ),
        (json!({"pattern": "(?=a)"}), "no regular expression"),
        (json!({"minLength": "1"}), "not a whole number"),
        (json!({"type": "text"}), "no type"),
        (json!([1]), "a schema is an object"),
    ] {
        let told = refused(schema.clone());
        assert!(told.contains(wanted), "{schema}: {told}");
    }
}

#[test]
fn a_schema_that_refers_to_itself_ends() {
    let schema = json!({"$defs": {"x": {"$ref": "#/$defs/x"}}, "$ref": "#/$defs/x"});
    assert_eq!(told(&schema, "a: 1"), ["1:1 the schema refers to itself without end"]);
}

#[test]
fn of_several_forms_the_one_that_was_meant_is_told() {
    let schema = json!({"properties": {"a": {"anyOf": [
        {"type": "string"},
        {"type": "object", "properties": {"b": {"const": 1}}, "description": "A form."},
    ]}}});
    assert_eq!(told(&schema, "a: { b: 2 }"), ["1:9 `a.b` must be 1"]);
    assert_eq!(told(&schema, "a: [1]"), ["1:4 `a` has none of the forms that are allowed"]);
}
