//! Checks a tree against the table of the language, and reports everything that does not fit.
//!
//! What a text means is not looked at here; `resolve` does that.

mod joined;
mod rename;
mod scalar;
mod text;

pub(super) use text::{cut_by_comment, quoted, respelled};

use rename::{Names, Part};

use super::grammar::{Key, Keys, Mapping, Need, SCENARIO, Shape, TOP};
use super::parse::{Entry, Kind, Map, Node};
use crate::diagnostic::{Diagnostic, Fix, cut, did_you_mean};
use crate::value::Name;

/// How a file is written, for messages that show the right form, and for what only YAML does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Notation {
    /// A settings file.
    Toml,
    /// A runbook or a scenario.
    Yaml,
}

impl Notation {
    /// A key with what stands there.
    fn line(self, key: &str, value: &str) -> String {
        match self {
            Self::Toml => format!("{key} = {value}"),
            Self::Yaml => format!("{key}: {value}"),
        }
    }
}

/// Checks the whole tree against a whole file's table.
pub(crate) fn check(
    text: &str,
    root: &Node,
    top: &'static Mapping,
    notation: Notation,
    findings: &mut Vec<Diagnostic>,
) {
    let mut checker = Checker { text, findings, notation, names: Names::default() };
    match &root.kind {
        Kind::Map(map) => checker.mapping(root, map, top),
        Kind::List(_) | Kind::Scalar(_) => {
            let end = text.find('\n').unwrap_or(text.len());
            let message = format!("{} is a map of keys with values, and this is not", top.what);
            let mut found =
                Diagnostic::error("root", 0..end, message).help("start with `schema: surefoot/v1`");
            if text.starts_with('#') || text.contains("\n# ") {
                found = found.help("if this is Markdown, `surefoot import` makes a runbook of it");
            }
            checker.findings.push(found);
        }
    }
    let Checker { names, findings, .. } = checker;
    names.repair(text, findings);
}

struct Checker<'a> {
    text: &'a str,
    findings: &'a mut Vec<Diagnostic>,
    notation: Notation,
    names: Names,
}

impl Checker<'_> {
    fn node(&mut self, node: &Node, shape: &'static Shape, owner: &str) {
        match (shape.resolved(), &node.kind) {
            (Shape::OneOf(shapes), kind) => self.one_of(node, kind, shapes, owner),
            (Shape::List(item), Kind::List(items)) => {
                if items.is_empty()
                    && matches!(
                        owner,
                        "prefix" | "steps" | "options" | "run" | "open" | "match" | "choices"
                    )
                {
                    self.error("empty-list", node, format!("`{owner}` is empty"));
                }
                for node in items {
                    self.node(node, item, owner);
                }
            }
            (Shape::Map(mapping), Kind::Map(map)) => self.mapping(node, map, mapping),
            (Shape::Table(keys, value), Kind::Map(map)) => self.table(map, *keys, value, owner),
            (Shape::List(_) | Shape::Map(_) | Shape::Table(..), Kind::Scalar(scalar))
                if scalar.is_null() =>
            {
                let found = Diagnostic::error(
                    "wrong-type",
                    node.span.clone(),
                    format!("`{owner}` has no value"),
                );
                self.findings.push(found.help(format!("{owner}: {}", form(shape))));
            }
            (Shape::List(_) | Shape::Map(_) | Shape::Table(..), _) => {
                self.wrong(node, shape, owner);
            }
            (shape, Kind::Scalar(scalar)) => self.scalar(node, scalar, shape, owner),
            (_, Kind::List(_) | Kind::Map(_)) => self.wrong(node, shape, owner),
        }
    }

    fn one_of(&mut self, node: &Node, kind: &Kind, shapes: &'static [Shape], owner: &str) {
        let fits = |shape: &Shape| match kind {
            Kind::List(_) => matches!(shape, Shape::List(_)),
            Kind::Map(_) => matches!(shape, Shape::Map(_) | Shape::Table(..)),
            Kind::Scalar(_) => !matches!(shape, Shape::List(_) | Shape::Map(_) | Shape::Table(..)),
        };
        if let Some(shape) = shapes.iter().find(|shape| fits(shape)) {
            self.node(node, shape, owner);
        } else {
            let forms: Vec<String> = shapes.iter().map(form).collect();
            let message = format!("`{owner}` cannot be {}", kind_of(kind));
            let found = Diagnostic::error("wrong-type", node.span.clone(), message);
            self.findings.push(found.help(format!("write {}", forms.join(", or "))));
        }
    }

    fn mapping(&mut self, node: &Node, map: &Map, mapping: &'static Mapping) {
        for entry in &map.entries {
            match mapping.key(&entry.key) {
                Some(key) => self.node(&entry.value, &key.shape, key.name),
                None => self.unknown(entry, map, mapping),
            }
        }
        for key in mapping.all().filter(|key| key.need == Need::Required) {
            if map.get(key.name).is_none() {
                let message = format!("{} needs `{}`", mapping.what, key.name);
                let found = Diagnostic::error("missing-key", head(self.text, node), message)
                    .help(line_to_write(key, self.notation));
                self.findings.push(found);
            }
        }
        if !mapping.one_of.is_empty() {
            self.exactly_one(node, map, mapping);
        }
        self.at_most_one(map, mapping);
    }

    fn at_most_one(&mut self, map: &Map, mapping: &'static Mapping) {
        let ways = mapping.at_most_one();
        let there: Vec<&Entry> =
            map.entries.iter().filter(|entry| ways.contains(&entry.key.as_str())).collect();
        if let [first, second, ..] = there.as_slice() {
            let quoted: Vec<String> = ways.iter().map(|way| format!("`{way}`")).collect();
            let (last, rest) = quoted.split_last().expect("there are two at least");
            let message =
                format!("{} has at most one of {} and {last}", mapping.what, rest.join(", "));
            let found = Diagnostic::error("many-actions", second.key_span.clone(), message)
                .label(first.key_span.clone(), "and this")
                .help("keep one of them");
            self.findings.push(found);
        }
    }

    fn exactly_one(&mut self, node: &Node, map: &Map, mapping: &'static Mapping) {
        let there: Vec<&Entry> = map
            .entries
            .iter()
            .filter(|entry| mapping.one_of.contains(&entry.key.as_str()))
            .collect();
        match there.as_slice() {
            [] => {
                let message =
                    format!("{} needs one of: {}", mapping.what, mapping.one_of.join(", "));
                let found = Diagnostic::error("no-action", head(self.text, node), message)
                    .help(format!("write {}", mapping.form));
                self.findings.push(found);
            }
            [one] => {
                for entry in &map.entries {
                    if let Some(key) = mapping.key(&entry.key) {
                        self.goes_with(entry, key, &one.key);
                    }
                }
            }
            [first, others @ ..] => {
                let names: Vec<String> =
                    there.iter().map(|entry| format!("`{}`", entry.key)).collect();
                let message = format!(
                    "{} has exactly one of these, not {}",
                    mapping.what,
                    names.join(" and ")
                );
                let mut found =
                    Diagnostic::error("many-actions", others[0].key_span.clone(), message)
                        .label(first.key_span.clone(), "and this");
                found = found.help(if mapping.one_of.contains(&"ask") {
                    "make two steps of it, or a group with `steps`"
                } else {
                    "keep one of them"
                });
                self.findings.push(found);
            }
        }
    }

    fn goes_with(&mut self, entry: &Entry, key: &Key, action: &str) {
        if key.with.is_empty() || key.with.contains(&action) {
            return;
        }
        let message = format!(
            "`{}` has no meaning beside `{action}`; it goes with {}",
            key.name,
            key.with.join(", ")
        );
        let found = Diagnostic::error("misplaced-key", entry.key_span.clone(), message);
        self.findings.push(found);
    }

    fn unknown(&mut self, entry: &Entry, map: &Map, mapping: &'static Mapping) {
        let key = entry.key.as_str();
        let no_value = entry.value.span.is_empty();
        if map.flow && no_value && entry.key_span.len() == key.len() {
            let message =
                format!("a comma inside `{{ }}` cuts the text here: `{}` became a key", cut(key));
            let found = Diagnostic::error("quote-it", entry.key_span.clone(), message)
                .help("put the whole text in quotes, or a blank after the colon of a key");
            self.findings.push(found);
            return;
        }
        let message = format!("`{}` is not a key of {}", cut(key), mapping.what);
        let help = if let Some(near) =
            did_you_mean(key, mapping.all().map(|key| key.name)).or_else(|| elsewhere(key, mapping))
        {
            format!("did you mean `{near}`?")
        } else if mapping.what == TOP.what && SCENARIO.key(key).is_some() {
            "if this is a scenario, it begins with `schema: surefoot-scenario/v1`".to_owned()
        } else {
            let names: Vec<&str> = mapping.all().map(|key| key.name).collect();
            format!("its keys are: {}", names.join(", "))
        };
        let fix = mapping
            .all()
            .find(|known| spelled_alike(known.name, key) && map.get(known.name).is_none())
            .map(|known| {
                let title = format!("write `{}`", known.name);
                Fix::replace(title, entry.key_span.clone(), known.name)
            });
        let found = Diagnostic::error("unknown-key", entry.key_span.clone(), message);
        self.findings.push(found.help(help).fix(fix));
    }

    fn table(&mut self, map: &Map, keys: Keys, value: &'static Shape, owner: &str) {
        for entry in &map.entries {
            match keys {
                Keys::Name => {
                    // These name the inputs of a runbook, here or elsewhere.
                    let part = match owner {
                        "inputs" | "with" => Part::Mentions,
                        _ => Part::Declares,
                    };
                    self.name(&entry.key, &entry.key_span, Name::propose_form, part);
                }
                Keys::Value => self.value_name(&entry.key, &entry.key_span),
                Keys::Env => self.env_name(&entry.key, &entry.key_span),
                Keys::Check | Keys::Step => {}
            }
            let own = if matches!(value, Shape::Map(_)) { owner } else { entry.key.as_str() };
            self.node(&entry.value, value, own);
        }
    }

    fn error(&mut self, code: &'static str, node: &Node, message: String) {
        self.findings.push(Diagnostic::error(code, node.span.clone(), message));
    }

    fn wrong(&mut self, node: &Node, shape: &'static Shape, owner: &str) {
        let mut help = format!("write {}", form(shape));
        if matches!(shape, Shape::Line(_) | Shape::Prose(_) | Shape::CommandText)
            && node.map().is_none_or(|map| map.flow)
            && self.notation == Notation::Yaml
        {
            let raw = self.text[node.span.start..].lines().next().unwrap_or("");
            help = format!(
                "if this is text, put it in quotes: {}",
                cut(&super::parse::quoted_form(raw))
            );
        }
        if matches!((shape, self.notation), (Shape::List(_), Notation::Toml))
            && node.map().is_some_and(|map| !map.flow)
        {
            help = format!("write [[{}]] with two brackets: there may be several", cut(owner));
        }
        if owner == "do" {
            "write a text; parts to tick go into `checklist`".clone_into(&mut help);
        }
        let message = format!("`{}` cannot be {}", cut(owner), kind_of(&node.kind));
        let found = Diagnostic::error("wrong-type", node.span.clone(), message).help(help);
        self.findings.push(found);
    }
}

/// The first line of a node, for messages about something it lacks.
fn head(text: &str, node: &Node) -> std::ops::Range<usize> {
    let end = text[node.span.start..node.span.end]
        .find('\n')
        .map_or(node.span.end, |length| node.span.start + length);
    node.span.start..end
}

/// Whether two words are one word, written in two ways: `on_failure` and `on-failure`.
fn spelled_alike(one: &str, other: &str) -> bool {
    Name::propose_form(one) == Name::propose_form(other)
}

fn kind_of(kind: &Kind) -> &'static str {
    match kind {
        Kind::List(_) => "a list",
        Kind::Map(_) => "a map",
        Kind::Scalar(_) => "a single value",
    }
}

/// The line that a missing key needs, or what it is for.
fn line_to_write(key: &Key, notation: Notation) -> String {
    match (key.shape, notation) {
        (Shape::Keyword([only]), Notation::Yaml) => format!("{}: {only}", key.name),
        (Shape::Keyword([only]), Notation::Toml) => format!("{} = \"{only}\"", key.name),
        (_, Notation::Toml) => format!("`{}`: {}", key.name, key.about),
        (_, Notation::Yaml) => format!("{}: {}", key.name, key.about),
    }
}

/// How a shape is written.
fn form(shape: &Shape) -> String {
    match shape {
        Shape::Boolean => "true or false".to_owned(),
        Shape::CommandText => "a command as text".to_owned(),
        Shape::Duration => "a duration such as 90s or 1h30m".to_owned(),
        Shape::Expression => "a CEL expression".to_owned(),
        Shape::Id | Shape::Name | Shape::ValueName | Shape::Word => "a name".to_owned(),
        Shape::Keyword(words) => format!("one of {}", words.join(", ")),
        Shape::Line(_) => "one line of text".to_owned(),
        Shape::List(item) => format!("a list: [ {} ]", form(item)),
        Shape::Map(mapping) => mapping.form.to_owned(),
        Shape::Number => "a number".to_owned(),
        Shape::OneOf(shapes) => shapes.iter().map(form).collect::<Vec<_>>().join(", or "),
        Shape::Output | Shape::Prose(_) | Shape::Verbatim => "a text".to_owned(),
        Shape::Scalar => "a text, a number, true or false".to_owned(),
        Shape::Steps => "a list of steps".to_owned(),
        Shape::Table(_, value) => format!("a map: {{ name: {} }}", form(value)),
        Shape::Timestamp => "a moment such as 2026-03-01T02:40:00Z".to_owned(),
        Shape::Whole(min, max) => format!("a whole number from {min} to {max}"),
    }
}

/// What other tools call a key.
fn elsewhere(key: &str, mapping: &Mapping) -> Option<&'static str> {
    const NAMES: &[(&[&str], &str)] = &[
        (&["cmd", "command", "shell", "script", "exec"], "run"),
        (&["if", "condition", "only_if"], "when"),
        (&["name"], "title"),
        (&["description", "notes"], "why"),
        (&["description"], "summary"),
        (&["next", "jump"], "goto"),
        (&["sudo", "user"], "as"),
        (&["vars", "variables", "params", "parameters"], "inputs"),
        (&["params", "args"], "with"),
        (&["version", "apiVersion"], "schema"),
        (&["tasks"], "steps"),
        (&["labels"], "tags"),
        (&["reason", "because", "message"], "why"),
        (&["approver", "approvers", "who"], "role"),
        (&["env", "environments"], "environment"),
        (&["rule", "rules", "policies"], "policy"),
        (&["grants"], "grant"),
        (&["signers", "allowed_signers_file"], "allowed_signers"),
        (&["sources"], "source"),
        (&["url", "remote"], "git"),
        (&["artifacts"], "evidence"),
        (&["path"], "file"),
        (&["maximum"], "max"),
        (&["minimum"], "min"),
        (&["confirm"], "effect"),
        (&["env"], "environment"),
        (&["delay", "after", "took"], "takes"),
        (&["status", "code", "exit_code"], "exit"),
        (&["value", "val"], "equals"),
    ];
    NAMES
        .iter()
        .filter(|(names, _)| names.contains(&key))
        .map(|(_, right)| *right)
        .find(|right| mapping.key(right).is_some())
}
