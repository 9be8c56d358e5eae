//! Scalars: keywords, names, numbers, durations; texts are next door.

use super::super::grammar::{Shape, Slots};
use super::super::parse::{Node, Scalar, Style};
use super::rename::{Language, Part};
use super::text::quoted;
use super::{Checker, Notation, spelled_alike};
use crate::diagnostic::{Diagnostic, Fix, Span, cut, did_you_mean};
use crate::value::{Duration, Name, RunbookId, Type, Value};

impl Checker<'_> {
    pub(super) fn scalar(
        &mut self,
        node: &Node,
        scalar: &Scalar,
        shape: &'static Shape,
        owner: &str,
    ) {
        if scalar.is_null() {
            self.no_value(node, scalar, shape, owner);
            return;
        }
        if self.notation == Notation::Toml && self.unquoted(node, scalar, shape, owner) {
            return;
        }
        let value = scalar.value.as_str();
        match shape {
            Shape::Boolean => {
                if scalar.style != Style::Plain || !matches!(value, "true" | "false") {
                    self.error(
                        "wrong-type",
                        node,
                        format!("`{owner}` is true or false, not `{}`", cut(value)),
                    );
                }
            }
            Shape::CommandText => self.command_text(node, scalar, owner),
            Shape::Duration => {
                if let Err(problem) = Duration::parse(value) {
                    let message = format!("`{}` is not a duration: {problem}", cut(value));
                    let found = Diagnostic::error("duration", node.span.clone(), message).help(
                        "write whole numbers with ms, s, m, h, d, the largest first: 90s or 1h30m",
                    );
                    self.findings.push(found);
                }
            }
            Shape::Expression => {
                self.names.text(node, scalar.style, Language::Expression);
                self.characters(node, value);
            }
            Shape::Scalar => self.characters(node, value),
            Shape::Id => self.id(node, value, owner),
            Shape::Keyword(words) => self.keyword(node, value, words, owner),
            Shape::Line(slots) => {
                self.text(node, scalar, *slots, owner);
                self.line(node, value, owner);
            }
            Shape::Name => self.name(value, &node.span, Name::propose_form, Part::Declares),
            Shape::Word => self.name(value, &node.span, Name::propose_form, Part::Mentions),
            Shape::Number => {
                if scalar.style != Style::Plain || value.parse::<f64>().is_err() {
                    self.error(
                        "wrong-type",
                        node,
                        format!("`{owner}` is a number, not `{}`", cut(value)),
                    );
                }
            }
            Shape::Output => self.spelled(node, scalar, owner),
            Shape::Prose(slots) => self.text(node, scalar, *slots, owner),
            Shape::Timestamp => self.timestamp(node, value, owner),
            Shape::ValueName => self.value_name(value, &node.span),
            Shape::Verbatim => self.text(node, scalar, Slots::Template, owner),
            Shape::Whole(min, max) => self.whole(node, scalar, (*min, *max), owner),
            Shape::List(_) | Shape::Map(_) | Shape::OneOf(_) | Shape::Steps | Shape::Table(..) => {
                self.wrong(node, shape, owner);
            }
        }
    }

    /// What is text in TOML stands in quotes; a number, a moment or a truth value is none.
    fn unquoted(&mut self, node: &Node, scalar: &Scalar, shape: &Shape, owner: &str) -> bool {
        let text = matches!(
            shape,
            Shape::Duration | Shape::Id | Shape::Keyword(_) | Shape::Line(_) | Shape::Prose(_)
        );
        let wrong = text && scalar.style == Style::Plain;
        if wrong {
            let value = cut(&scalar.value);
            let message = format!("`{}` is text, and `{value}` is none", cut(owner));
            let found = Diagnostic::error("wrong-type", node.span.clone(), message)
                .help(format!("put it in quotes: \"{value}\""));
            self.findings.push(found);
        }
        wrong
    }

    fn no_value(&mut self, node: &Node, scalar: &Scalar, shape: &Shape, owner: &str) {
        let rest = self.text[node.span.end..].lines().next().unwrap_or("");
        let rest = rest.trim_start_matches(':');
        let owner = cut(owner);
        let found = if scalar.value.is_empty() {
            let found =
                Diagnostic::error("no-value", node.span.clone(), format!("`{owner}` has no value"));
            if rest.trim_start().starts_with('#') {
                found.help(format!(
                    "YAML takes what follows `#` as a comment; put it in quotes: {}",
                    cut(&super::super::parse::quoted_form(rest))
                ))
            } else {
                found
            }
        } else {
            let message =
                format!("YAML reads `{}` as no value, and `{owner}` needs one", scalar.value);
            let text = matches!(
                shape,
                Shape::CommandText | Shape::Line(_) | Shape::Prose(_) | Shape::Verbatim
            );
            Diagnostic::error("quote-it", node.span.clone(), message)
                .help(format!("if it is meant as text, put it in quotes: \"{}\"", scalar.value))
                .fix(text.then(|| quoted(node, &scalar.value)))
        };
        self.findings.push(found);
    }

    fn keyword(&mut self, node: &Node, value: &str, words: &[&'static str], owner: &str) {
        if words.contains(&value) {
            return;
        }
        let message = format!("`{owner}` cannot be `{}`", cut(value));
        let list = words.join(", ");
        let help = match did_you_mean(value, words.iter().copied()) {
            Some(near) => format!("did you mean `{near}`? It is one of: {list}"),
            None => format!("it is one of: {list}"),
        };
        let alike = words.iter().find(|word| spelled_alike(word, value));
        let fix = alike.filter(|_| self.notation == Notation::Yaml).map(|word| {
            Fix::replace(format!("write `{word}`"), node.span.clone(), (*word).to_owned())
        });
        let mut found =
            Diagnostic::error("keyword", node.span.clone(), message).help(help).fix(fix);
        if owner == "schema" {
            let message = format!(
                "`{}` is not a version of the language that this program knows",
                cut(value)
            );
            found =
                Diagnostic::error("schema", node.span.clone(), message).help(match self.notation {
                    Notation::Toml => format!("write `schema = \"{list}\"`"),
                    Notation::Yaml => format!(
                        "write `schema: {list}`; `surefoot migrate` brings older files up to date"
                    ),
                });
        }
        self.findings.push(found);
    }

    fn id(&mut self, node: &Node, value: &str, owner: &str) {
        let plain = node.scalar().is_some_and(|scalar| scalar.style == Style::Plain);
        if plain && super::respelled(value) {
            let message = format!("YAML would respell `{}`, and `{owner}` is text", cut(value));
            let found = Diagnostic::error("quote-it", node.span.clone(), message)
                .help(format!("put it in quotes: \"{}\"", cut(value)))
                .fix(quoted(node, value));
            self.findings.push(found);
        }
        if RunbookId::new(value).is_ok() {
            return;
        }
        let message = format!("`{}` cannot be `{owner}`: it is [a-z0-9][a-z0-9._-]*", cut(value));
        let mut found = Diagnostic::error("id", node.span.clone(), message);
        if let Some(near) = RunbookId::propose(value) {
            found = found.help(format!("write `{}`", cut(&near)));
        }
        self.findings.push(found);
    }

    pub(super) fn name(
        &mut self,
        value: &str,
        span: &Span,
        propose: fn(&str) -> Option<String>,
        part: Part,
    ) {
        if Name::new(value).is_ok() {
            self.names.right(value, part);
            return;
        }
        let message = format!("`{}` is not a name: names are [a-z][a-z0-9_]*", cut(value));
        let mut found = Diagnostic::error("name", span.clone(), message);
        if let Some(near) = propose(value) {
            found = found.help(format!("write `{}`", cut(&near)));
            self.names.wrong([value, &near], span, part, self.findings.len());
        }
        self.findings.push(found);
    }

    pub(super) fn value_name(&mut self, value: &str, span: &Span) {
        self.name(value, span, Name::propose, Part::Declares);
        if Name::reserved(value) {
            let message = format!(
                "`{}` means something else in templates or expressions and cannot name a value",
                cut(value)
            );
            let mut found = Diagnostic::error("reserved-name", span.clone(), message);
            if let Some(near) = Name::propose(value) {
                found = found.help(format!("write `{near}`"));
            }
            self.findings.push(found);
        }
    }

    pub(super) fn env_name(&mut self, value: &str, span: &Span) {
        let mut bytes = value.bytes();
        let named = bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
            && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if !named {
            let message = format!("`{}` is not a name of an environment variable", cut(value));
            self.findings.push(Diagnostic::error("env-name", span.clone(), message));
        } else if value.starts_with("SF_") || read_by_loader_or_shell(value) {
            let message = format!(
                "`{value}` changes how programs or the shell start, or carries values, and cannot be set here"
            );
            self.findings.push(Diagnostic::error("env-name", span.clone(), message));
        }
    }

    fn timestamp(&mut self, node: &Node, value: &str, owner: &str) {
        if let Err(error) = Value::parse(Type::Timestamp, value) {
            let found = Diagnostic::error("timestamp", node.span.clone(), error.to_string());
            self.findings.push(found.help(self.notation.line(owner, "2026-03-01T02:40:00Z")));
        }
    }

    fn whole(&mut self, node: &Node, scalar: &Scalar, (min, max): (i64, i64), owner: &str) {
        let fits = scalar.style == Style::Plain
            && scalar
                .value
                .bytes()
                .enumerate()
                .all(|(at, b)| b.is_ascii_digit() || at == 0 && b == b'-')
            && scalar.value.parse::<i64>().is_ok_and(|number| (min..=max).contains(&number));
        if !fits {
            let message = format!(
                "`{owner}` is a whole number from {min} to {max}, not `{}`",
                cut(&scalar.value)
            );
            self.error("wrong-type", node, message);
        }
    }

    fn line(&mut self, node: &Node, value: &str, owner: &str) {
        let length = value.chars().count();
        if value.trim().is_empty() {
            self.error("empty-text", node, format!("`{owner}` is empty"));
        } else if value.contains(['\n', '\t']) {
            self.error(
                "one-line",
                node,
                format!("`{owner}` is one line, without line breaks and tabs"),
            );
        } else if length > 200 {
            let message = format!("`{owner}` has {length} characters; at most 200 fit");
            self.error("too-long", node, message);
        }
    }
}

/// Variables by which a loader or a shell runs something else than what was confirmed.
fn read_by_loader_or_shell(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "BASH_ENV",
        "ENV",
        "IFS",
        "PS4",
        "SHELLOPTS",
        "BASHOPTS",
        "PROMPT_COMMAND",
        "CDPATH",
        "GLOBIGNORE",
        "POSIXLY_CORRECT",
        "BASH_XTRACEFD",
        "BASH_LOADABLES_PATH",
        "GCONV_PATH",
        "BASH_COMPAT",
        "LOCPATH",
        "NLSPATH",
        "HOSTALIASES",
        "RESOLV_HOST_CONF",
    ];
    NAMES.contains(&name)
        || name.starts_with("LD_")
        || name.starts_with("DYLD_")
        || name.starts_with("BASH_FUNC_")
        || name.starts_with("GLIBC_TUNABLES")
}
