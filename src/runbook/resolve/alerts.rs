//! Alerts: label matchers as in Alertmanager, and where inputs come from.

use std::collections::BTreeMap;

use super::super::model::{AlertRule, AlertSource, MatchOperator, Matcher};
use super::super::parse::{Entry, Node};
use super::Resolver;
use crate::diagnostic::{cut, did_you_mean};
use crate::value::{Name, Reference, compile_regex};

impl Resolver<'_> {
    /// The rules of all alerts.
    pub(super) fn alerts(&mut self) -> Option<Vec<AlertRule>> {
        let root = self.root;
        let items = root.get("alerts").and_then(Node::list).unwrap_or(&[]);
        let rules: Vec<_> = items.iter().map(|node| self.alert(node)).collect();
        rules.into_iter().collect()
    }

    fn alert(&mut self, node: &Node) -> Option<AlertRule> {
        let texts = node.get("match").and_then(Node::list).unwrap_or(&[]);
        let matchers: Vec<_> = texts.iter().map(|text| self.matcher(text)).collect();
        let mut inputs = BTreeMap::new();
        for entry in node.get("inputs").and_then(Node::map).map_or(&[][..], |map| &map.entries) {
            if let (Ok(name), Some(source)) = (Name::new(&entry.key), self.alert_source(entry)) {
                inputs.insert(name, source);
            }
        }
        Some(AlertRule { matchers: matchers.into_iter().collect::<Option<_>>()?, inputs })
    }

    fn matcher(&mut self, node: &Node) -> Option<Matcher> {
        let text = node.text()?;
        let Some((label, operator, value)) = split(text) else {
            let message = format!("`{}` is not a label matcher", cut(text));
            self.error_help(
                "matcher",
                node.span.clone(),
                message,
                "write label=\"value\", with =, !=, =~ or !~",
            );
            return None;
        };
        let pattern = match operator {
            MatchOperator::Matches | MatchOperator::MatchesNot => {
                match compile_regex(&format!("^(?:{value})$")) {
                    Ok(pattern) => Some(pattern),
                    Err(problem) => {
                        self.error(
                            "regex",
                            node.span.clone(),
                            format!("the pattern cannot be compiled: {problem}"),
                        );
                        return None;
                    }
                }
            }
            MatchOperator::Equal | MatchOperator::NotEqual => None,
        };
        Some(Matcher { label, operator, value, pattern })
    }

    fn alert_source(&mut self, entry: &Entry) -> Option<AlertSource> {
        if !self.is_input(&entry.key) {
            let inputs: Vec<&str> = self.input_names();
            let help = match did_you_mean(&entry.key, inputs.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "declare it under `inputs`".to_owned(),
            };
            self.error_help(
                "unknown-input",
                entry.key_span.clone(),
                format!("there is no input `{}`", cut(&entry.key)),
                help,
            );
        }
        let from = entry.value.get("from").unwrap_or(&entry.value);
        let text = from.text()?;
        let reference = match text.split_once('.') {
            Some(("labels", label)) if is_label(label) => Reference::AlertLabel(label.to_owned()),
            Some(("annotations", key)) if is_label(key) => {
                Reference::AlertAnnotation(key.to_owned())
            }
            _ => {
                let message = format!("`{}` is neither a label nor an annotation", cut(text));
                self.error_help(
                    "alert-source",
                    from.span.clone(),
                    message,
                    "write labels.instance or annotations.summary",
                );
                return None;
            }
        };
        let regex = match entry.value.get("regex") {
            Some(node) => {
                let regex = self.regex(node)?;
                if regex.captures_len() < 2 {
                    self.error_help(
                        "regex",
                        node.span.clone(),
                        "the first group is the value, and there is no group",
                        "put the part in parentheses: '([^:]+)'",
                    );
                }
                Some(regex)
            }
            None => None,
        };
        Some(AlertSource { from: reference, regex })
    }

    fn input_names(&self) -> Vec<&str> {
        let entries =
            self.root.get("inputs").and_then(Node::map).map_or(&[][..], |map| &map.entries);
        entries.iter().map(|entry| entry.key.as_str()).collect()
    }

    fn is_input(&self, name: &str) -> bool {
        self.input_names().contains(&name)
    }
}

fn is_label(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// The parts of `label="value"`.
fn split(text: &str) -> Option<(String, MatchOperator, String)> {
    let at = text.find(['=', '!'])?;
    let label = text[..at].trim();
    let (operator, length) = match &text.as_bytes()[at..] {
        [b'=', b'~', ..] => (MatchOperator::Matches, 2),
        [b'=', ..] => (MatchOperator::Equal, 1),
        [b'!', b'=', ..] => (MatchOperator::NotEqual, 2),
        [b'!', b'~', ..] => (MatchOperator::MatchesNot, 2),
        _ => return None,
    };
    let value = unquoted(text[at + length..].trim())?;
    is_label(label).then(|| (label.to_owned(), operator, value))
}

/// A value with or without double quotes, as Alertmanager takes both.
fn unquoted(text: &str) -> Option<String> {
    let Some(rest) = text.strip_prefix('"') else {
        return (!text.contains(['"', '{', '}', ',']) && !text.is_empty()).then(|| text.to_owned());
    };
    let mut value = String::new();
    let mut letters = rest.chars();
    loop {
        match letters.next()? {
            '"' => return letters.as_str().is_empty().then_some(value),
            '\\' => value.push(match letters.next()? {
                'n' => '\n',
                '"' => '"',
                '\\' => '\\',
                _ => return None,
            }),
            other => value.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matchers_are_read_as_alertmanager_reads_them() {
        let read = |text| split(text);
        assert_eq!(
            read(r#"severity =~ "page|\"x\"""#),
            Some(("severity".to_owned(), MatchOperator::Matches, "page|\"x\"".to_owned()))
        );
        assert_eq!(
            read("team!=db"),
            Some(("team".to_owned(), MatchOperator::NotEqual, "db".to_owned()))
        );
        for wrong in ["alertname", "=x", "a b=\"c\"", "a=\"b", "a=\"b\"c", "a=~"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
