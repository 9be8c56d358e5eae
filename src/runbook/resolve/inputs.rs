//! Inputs: their types, limits and defaults, and where secrets come from.

use super::super::model::{Input, Presence, Secrecy, SecretSource};
use super::super::parse::{Entry, Node, Style};
use super::super::structure::{cut_by_comment, quoted, respelled};
use super::declare::type_of;
use super::{Place, Resolver};
use crate::diagnostic::{Diagnostic, Span, cut};
use crate::value::{Bound, Constraints, Name, Pattern, Type, Value};

impl Resolver<'_> {
    /// The inputs, in the order of the file.
    pub(super) fn inputs(&mut self) -> Option<Vec<Input>> {
        let root = self.root;
        let entries = root.get("inputs").and_then(Node::map).map_or(&[][..], |map| &map.entries);
        let all: Vec<_> = entries.iter().map(|entry| self.input(entry)).collect();
        all.into_iter().collect()
    }

    fn input(&mut self, entry: &Entry) -> Option<Input> {
        let node = &entry.value;
        let name = Name::new(&entry.key).ok()?;
        let ty = type_of(node)?;
        let declared = self.values.get(&name)?.declared;
        let constraints = self.constraints(node, ty);
        let choices = node.get("choices").filter(|choices| choices.list().is_none());
        let computed = choices.map(|choices| self.computed(choices, &name));
        let default =
            node.get("default").and_then(|default| self.checked_value(default, ty, &constraints));
        if let Some(example) = node.get("example") {
            self.checked_value(example, ty, &constraints);
        }
        if declared.secret {
            for key in ["default", "example", "choices"] {
                if let Some(wrong) = node.get(key) {
                    let message = format!("a secret has no `{key}`: it would stand in the file");
                    self.findings.push(Diagnostic {
                        concealed: Some(wrong.span.clone()),
                        ..Diagnostic::error("secret-default", wrong.span.clone(), message)
                    });
                }
            }
        } else if let Some(from) = node.get("from") {
            self.error_help(
                "misplaced-key",
                from.span.clone(),
                "`from` says where a secret comes from, and this is none",
                "add `secret: true`",
            );
        }
        let text = |key: &str| node.get(key).and_then(Node::text).map(str::to_owned);
        Some(Input {
            name,
            ty,
            description: text("description"),
            example: text("example"),
            default,
            constraints,
            computed: match computed {
                Some(computed) => Some(computed?),
                None => None,
            },
            presence: if declared.optional { Presence::Optional } else { Presence::Required },
            secrecy: if declared.secret {
                Secrecy::Secret(self.secret_source(node))
            } else {
                Secrecy::Open
            },
            span: entry.key_span.clone(),
        })
    }

    fn secret_source(&mut self, node: &Node) -> Option<SecretSource> {
        let from = node.get("from")?;
        if let Some(name) = from.get("env") {
            if let Some(text) = name.text() {
                self.check_env_name(text, &name.span);
            }
            return name.text().map(|name| SecretSource::Env(name.to_owned()));
        }
        if let Some(file) = from.get("file") {
            return file.text().map(|file| SecretSource::File(file.to_owned()));
        }
        let command = self.plain_command(from.get("run")?, &Place::start())?;
        Some(SecretSource::Run(Box::new(command)))
    }

    pub(super) fn check_env_name(&mut self, text: &str, span: &Span) {
        let named = text
            .bytes()
            .enumerate()
            .all(|(at, b)| b.is_ascii_alphabetic() || b == b'_' || at > 0 && b.is_ascii_digit());
        if !named {
            self.error(
                "env-name",
                span.clone(),
                format!("`{}` is not a name of an environment variable", cut(text)),
            );
        }
    }

    fn constraints(&mut self, node: &Node, ty: Type) -> Constraints {
        let mut constraints = Constraints::default();
        if let Some((node, text)) = node.get("pattern").and_then(|node| Some((node, node.text()?)))
        {
            match Pattern::new(text) {
                Ok(pattern) => constraints.pattern = Some(pattern),
                Err(error) => self.error("regex", node.span.clone(), error.to_string()),
            }
        }
        constraints.min = self.bound(node.get("min"), ty);
        constraints.max = self.bound(node.get("max"), ty);
        if let (Some(min), Some(max), Some(node)) =
            (&constraints.min, &constraints.max, node.get("max"))
            && exceeds(min, max)
        {
            self.error("bound", node.span.clone(), "`min` is greater than `max`: no value fits");
        }
        if let Some(choices) = node.get("choices").filter(|choices| choices.list().is_some()) {
            constraints.choices = self.listed(choices, ty);
        }
        constraints
    }

    fn bound(&mut self, node: Option<&Node>, ty: Type) -> Option<Bound> {
        let node = node?;
        match Bound::parse(ty, node.text()?) {
            Ok(bound) => Some(bound),
            Err(problem) => {
                self.error("bound", node.span.clone(), problem);
                None
            }
        }
    }

    /// A value of a type that keeps to some constraints.
    pub(super) fn checked_value(
        &mut self,
        node: &Node,
        ty: Type,
        constraints: &Constraints,
    ) -> Option<Value> {
        let value = self.value(node, ty)?;
        if let Err(problem) = constraints.check(&value) {
            self.error("input-value", node.span.clone(), problem);
        }
        Some(value)
    }

    /// What YAML's quotes, numbers and comments make of a value of a type.
    fn check_spelling(&mut self, node: &Node, ty: Type) {
        let Some(scalar) = node.scalar() else {
            return;
        };
        let numeric = matches!(ty, Type::Boolean | Type::Float | Type::Integer);
        if scalar.style != Style::Plain {
            if numeric {
                let message = format!("in quotes this is text, and {} is declared", ty.described());
                self.error_help("quoted-value", node.span.clone(), message, "remove the quotes");
            }
            return;
        }
        if matches!(ty, Type::String | Type::Text) {
            self.findings.extend(cut_by_comment(&self.source.text, node));
            if respelled(&scalar.value) {
                let message =
                    format!("YAML would respell `{}`, and text is declared", cut(&scalar.value));
                let help = format!("put it in quotes: \"{}\"", cut(&scalar.value));
                let found = Diagnostic::error("quote-it", node.span.clone(), message).help(help);
                self.findings.push(found.fix(quoted(node, &scalar.value)));
            }
        }
    }

    /// A value of a type, as a scalar or as a list of scalars.
    pub(super) fn value(&mut self, node: &Node, ty: Type) -> Option<Value> {
        if let Some(items) = node.list() {
            if ty != Type::List {
                self.error(
                    "input-value",
                    node.span.clone(),
                    format!("this is a list, and {} is expected", ty.described()),
                );
                return None;
            }
            let values: Option<Vec<Value>> =
                items.iter().map(|item| self.value(item, Type::Text)).collect();
            return values.map(Value::List);
        }
        let text = node.text()?;
        if text.contains("{{") {
            self.error(
                "no-template-here",
                node.span.clone(),
                "this value is plain: templates do not stand here",
            );
            return None;
        }
        self.check_spelling(node, ty);
        match Value::parse(ty, text) {
            Ok(value) => Some(value),
            Err(error) => {
                self.error("input-value", node.span.clone(), error.to_string());
                None
            }
        }
    }
}

/// Whether one bound is greater than another of the same kind.
fn exceeds(min: &Bound, max: &Bound) -> bool {
    match (min, max) {
        (Bound::Duration(min), Bound::Duration(max)) => min.millis > max.millis,
        (Bound::Float(min), Bound::Float(max)) => min.number > max.number,
        (Bound::Integer(min), Bound::Integer(max)) => min > max,
        _ => false,
    }
}
