//! Alerts: label matchers as in Alertmanager, and where inputs come from.

use std::collections::BTreeMap;

use super::super::matcher::{MatcherProblem, is_label};
use super::super::model::{AlertRule, AlertSource, Matcher};
use super::super::parse::{Entry, Node};
use super::Resolver;
use crate::diagnostic::{cut, did_you_mean};
use crate::value::{Name, Reference};

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
        let matchers = matchers.into_iter().collect::<Option<_>>()?;
        let span = node.get("match").map_or_else(|| node.span.clone(), |it| it.span.clone());
        Some(AlertRule { matchers, inputs, span })
    }

    fn matcher(&mut self, node: &Node) -> Option<Matcher> {
        match Matcher::parse(node.text()?) {
            Ok(matcher) => Some(matcher),
            Err(MatcherProblem::Form(message)) => {
                let help = "write label=\"value\", with =, !=, =~ or !~";
                self.error_help("matcher", node.span.clone(), message, help);
                None
            }
            Err(MatcherProblem::Pattern(message)) => {
                self.error("regex", node.span.clone(), message);
                None
            }
        }
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
