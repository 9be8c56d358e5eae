//! From the JSON of a schema to its demands. Every keyword is known, or the schema is refused.

use std::collections::BTreeMap;

use regex::Regex;
use serde_json::{Map, Value};

use super::{CustomSchema, Rule, Schema, SchemaProblem, Type};

/// Keywords that demand nothing, or are read together with another one.
const QUIET: [&str; 20] = [
    "$comment",
    "$defs",
    "$id",
    "$schema",
    "additionalProperties",
    "default",
    "definitions",
    "deprecated",
    "description",
    "else",
    "examples",
    "maxContains",
    "maxItems",
    "maxLength",
    "maxProperties",
    "minContains",
    "patternProperties",
    "prefixItems",
    "then",
    "title",
];

/// The versions whose keywords mean what they mean here.
const VERSIONS: [&str; 3] = ["draft-07", "2019-09", "2020-12"];

type Compiled<T> = Result<T, SchemaProblem>;

pub(super) fn compile(root: &Value) -> Compiled<CustomSchema> {
    let version = root.get("$schema").and_then(Value::as_str);
    if let Some(version) = version.filter(|named| !VERSIONS.iter().any(|it| named.contains(it))) {
        let message = format!("`{version}` is not known; use draft 2020-12");
        return Err(SchemaProblem { pointer: "/$schema".to_owned(), message });
    }
    let siblings = match version {
        Some(version) if version.contains("draft-07") => Siblings::Ignored,
        _ => Siblings::Count,
    };
    let mut compiler = Compiler { siblings, references: Vec::new() };
    let whole = compiler.schema(root, "")?;
    let mut parts = BTreeMap::new();
    while let Some((reference, from)) = compiler.references.pop() {
        if parts.contains_key(&reference) {
            continue;
        }
        let Some(part) = root.pointer(&reference) else {
            return Err(problem(&from, format!("there is nothing at `#{reference}`")));
        };
        let schema = compiler.schema(part, &reference)?;
        parts.insert(reference, schema);
    }
    Ok(CustomSchema { root: whole, parts })
}

fn problem(pointer: &str, message: impl Into<String>) -> SchemaProblem {
    let pointer = if pointer.is_empty() { "/" } else { pointer };
    SchemaProblem { pointer: pointer.to_owned(), message: message.into() }
}

/// What becomes of keywords beside `$ref`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Siblings {
    Count,
    /// As draft 7 has it; then there may be none, as nobody would expect it.
    Ignored,
}

struct Compiler {
    siblings: Siblings,
    /// What is referred to and not compiled yet, and from where.
    references: Vec<(String, String)>,
}

impl Compiler {
    fn schema(&mut self, value: &Value, at: &str) -> Compiled<Schema> {
        let map = match value {
            Value::Bool(true) => return Ok(Schema::Anything),
            Value::Bool(false) => return Ok(Schema::Nothing),
            Value::Object(map) => map,
            _ => return Err(problem(at, "a schema is an object, true or false")),
        };
        let mut rules = Vec::new();
        for key in map.keys().filter(|key| !QUIET.contains(&key.as_str())) {
            rules.push(self.rule(key, map, at)?);
        }
        self.with_bounds(map, at, &mut rules)?;
        if map.contains_key("$ref") && rules.len() > 1 && self.siblings == Siblings::Ignored {
            return Err(problem(at, "draft 7 ignores what stands beside `$ref`; use `allOf`"));
        }
        let help = map.get("description").and_then(Value::as_str).map(Into::into);
        Ok(Schema::Rules(rules, help))
    }

    /// Demands that two keywords make together, where the second stands alone.
    fn with_bounds(
        &mut self,
        map: &Map<String, Value>,
        at: &str,
        rules: &mut Vec<Rule>,
    ) -> Compiled<()> {
        let alone = |key: &str, first: &str| map.contains_key(key) && !map.contains_key(first);
        for (max, min) in [
            ("maxItems", "minItems"),
            ("maxLength", "minLength"),
            ("maxProperties", "minProperties"),
            ("prefixItems", "items"),
            ("additionalProperties", "properties"),
        ] {
            if alone(max, min) {
                rules.push(self.rule(min, map, at)?);
            }
        }
        if alone("patternProperties", "properties") && !map.contains_key("additionalProperties") {
            rules.push(self.rule("properties", map, at)?);
        }
        Ok(())
    }

    fn rule(&mut self, key: &str, map: &Map<String, Value>, at: &str) -> Compiled<Rule> {
        let here = below(at, key);
        let own = map.get(key).unwrap_or(&Value::Null);
        Ok(match key {
            "$ref" => self.reference(own, &here)?,
            "allOf" => Rule::AllOf(self.list(own, &here)?),
            "anyOf" => Rule::AnyOf(self.list(own, &here)?),
            "contains" => {
                let [min, max] = bounds(map, "minContains", "maxContains", at)?;
                let min = if map.contains_key("minContains") { min } else { 1 };
                Rule::Contains { schema: self.schema(own, &here)?, min, max }
            }
            "dependentSchemas" => Rule::DependentSchemas(self.table(Some(own), &here)?),
            "if" => Rule::If {
                condition: self.schema(own, &here)?,
                then: self.optional(map.get("then"), &below(at, "then"))?,
                otherwise: self.optional(map.get("else"), &below(at, "else"))?,
            },
            "items" => {
                let first = map.get("prefixItems");
                let first =
                    first.map_or(Ok(Vec::new()), |it| self.list(it, &below(at, "prefixItems")))?;
                Rule::Items { first, rest: self.optional(map.get("items"), &here)? }
            }
            "not" => Rule::Not(self.schema(own, &here)?),
            "oneOf" => Rule::OneOf(self.list(own, &here)?),
            "properties" => self.properties(map, at)?,
            "propertyNames" => Rule::PropertyNames(self.schema(own, &here)?),
            _ => return plain_rule(key, own, map, at),
        })
    }

    fn properties(&mut self, map: &Map<String, Value>, at: &str) -> Compiled<Rule> {
        let patterns_at = below(at, "patternProperties");
        let patterns = self.table(map.get("patternProperties"), &patterns_at)?.into_iter();
        let patterns = patterns
            .map(|(text, schema)| Ok((pattern(Some(&text), &below(&patterns_at, &text))?, schema)));
        Ok(Rule::Properties {
            patterns: patterns.collect::<Compiled<_>>()?,
            named: self.table(map.get("properties"), &below(at, "properties"))?,
            others: self
                .optional(map.get("additionalProperties"), &below(at, "additionalProperties"))?,
        })
    }

    fn reference(&mut self, value: &Value, at: &str) -> Compiled<Rule> {
        let pointer = value.as_str().and_then(|text| text.strip_prefix('#'));
        let pointer = pointer.filter(|pointer| pointer.is_empty() || pointer.starts_with('/'));
        let Some(pointer) = pointer else {
            return Err(problem(
                at,
                "only places in the same file can be referred to: `#/$defs/x`",
            ));
        };
        self.references.push((pointer.to_owned(), at.to_owned()));
        Ok(Rule::Reference(pointer.to_owned()))
    }

    fn optional(&mut self, value: Option<&Value>, at: &str) -> Compiled<Schema> {
        value.map_or(Ok(Schema::Anything), |value| self.schema(value, at))
    }

    fn list(&mut self, value: &Value, at: &str) -> Compiled<Vec<Schema>> {
        let items = value.as_array().ok_or_else(|| problem(at, "not a list"))?;
        let items = items.iter().enumerate();
        items.map(|(index, item)| self.schema(item, &format!("{at}/{index}"))).collect()
    }

    fn table(&mut self, value: Option<&Value>, at: &str) -> Compiled<Vec<(String, Schema)>> {
        let Some(value) = value else {
            return Ok(Vec::new());
        };
        let entries = object(value, at)?.iter();
        entries
            .map(|(key, value)| Ok((key.clone(), self.schema(value, &below(at, key))?)))
            .collect()
    }
}

/// The pointer of a key of a schema.
fn below(at: &str, key: &str) -> String {
    format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"))
}

/// A demand that holds no other schema.
fn plain_rule(key: &str, own: &Value, map: &Map<String, Value>, at: &str) -> Compiled<Rule> {
    let here = below(at, key);
    Ok(match key {
        "const" => Rule::Enum(vec![own.clone()]),
        "dependentRequired" => {
            let entries = object(own, &here)?.iter();
            let entries = entries.map(|(key, value)| Ok((key.clone(), texts(value, &here)?)));
            Rule::DependentRequired(entries.collect::<Compiled<_>>()?)
        }
        "enum" => Rule::Enum(own.as_array().ok_or_else(|| problem(&here, "not a list"))?.clone()),
        "exclusiveMaximum" => range(own, &here, |it, bound| it < bound, "less than")?,
        "exclusiveMinimum" => range(own, &here, |it, bound| it > bound, "more than")?,
        "maximum" => range(own, &here, |it, bound| it <= bound, "at most")?,
        "minimum" => range(own, &here, |it, bound| it >= bound, "at least")?,
        "minItems" => bounds(map, key, "maxItems", at).map(|[a, b]| Rule::ItemCount(a, b))?,
        "minLength" => bounds(map, key, "maxLength", at).map(|[a, b]| Rule::Length(a, b))?,
        "minProperties" => {
            bounds(map, key, "maxProperties", at).map(|[a, b]| Rule::PropertyCount(a, b))?
        }
        "multipleOf" => {
            let step = own.as_f64().filter(|step| *step > 0.0);
            Rule::MultipleOf(step.ok_or_else(|| problem(&here, "not a number above 0"))?)
        }
        "pattern" => Rule::Pattern(pattern(own.as_str(), &here)?),
        "required" => Rule::Required(texts(own, &here)?),
        "type" => Rule::Type(types(own, &here)?),
        "uniqueItems" => match own.as_bool() {
            Some(true) => Rule::UniqueItems,
            Some(false) => Rule::AllOf(Vec::new()),
            None => return Err(problem(&here, "true or false")),
        },
        "format" => return Err(problem(&here, "`format` is not checked; say it with `pattern`")),
        other => return Err(problem(&here, format!("`{other}` is no keyword that is known here"))),
    })
}

fn object<'a>(value: &'a Value, at: &str) -> Compiled<&'a Map<String, Value>> {
    value.as_object().ok_or_else(|| problem(at, "not an object"))
}

fn texts(value: &Value, at: &str) -> Compiled<Vec<String>> {
    let items = value.as_array().ok_or_else(|| problem(at, "not a list"))?.iter();
    let text = |item: &Value| item.as_str().map(str::to_owned);
    items.map(|item| text(item).ok_or_else(|| problem(at, "not a list of texts"))).collect()
}

fn bounds(map: &Map<String, Value>, min: &str, max: &str, at: &str) -> Compiled<[usize; 2]> {
    let bound = |key: &str, default: usize| match map.get(key) {
        None => Ok(default),
        Some(value) => {
            let number = value.as_u64().and_then(|number| usize::try_from(number).ok());
            number.ok_or_else(|| problem(&format!("{at}/{key}"), "not a whole number"))
        }
    };
    Ok([bound(min, 0)?, bound(max, usize::MAX)?])
}

fn range(
    value: &Value,
    at: &str,
    holds: fn(f64, f64) -> bool,
    said: &'static str,
) -> Compiled<Rule> {
    let bound = value.as_f64().ok_or_else(|| problem(at, "not a number"))?;
    Ok(Rule::Range { bound, holds, said })
}

fn pattern(text: Option<&str>, at: &str) -> Compiled<Regex> {
    let text = text.ok_or_else(|| problem(at, "not a text"))?;
    Regex::new(text).map_err(|error| problem(at, format!("no regular expression: {error}")))
}

fn types(value: &Value, at: &str) -> Compiled<Vec<Type>> {
    let one = |value: &Value| {
        let found = Type::ALL.iter().find(|(name, _)| value.as_str() == Some(*name));
        found.map(|(_, found)| *found).ok_or_else(|| problem(at, "no type of JSON Schema"))
    };
    match value {
        Value::Array(names) => names.iter().map(one).collect(),
        name => Ok(vec![one(name)?]),
    }
}
