//! The values of an expression's parts, for a person who wonders why it is false.

use std::collections::BTreeSet;

use super::Part;
use super::evaluate::Evaluator;
use super::node::{Node, Work};
use crate::value::{Datum, Facts};

/// How much of a text is shown.
const LONGEST: usize = 200;

/// The operands of comparisons and all names, each once, in the order of the text.
pub(super) fn explain(text: &str, root: &Node, facts: &dyn Facts) -> Vec<Part> {
    let mut explainer =
        Explainer { text, facts, seen: BTreeSet::new(), parts: Vec::new(), loops: 0 };
    explainer.visit(root);
    explainer.parts
}

struct Explainer<'e> {
    text: &'e str,
    facts: &'e dyn Facts,
    seen: BTreeSet<String>,
    parts: Vec<Part>,
    /// In how many macros the current piece stands.
    loops: usize,
}

impl Explainer<'_> {
    fn visit(&mut self, node: &Node) {
        match &node.work {
            Work::Reference(_) | Work::Has(_) => self.show(node),
            Work::Binary(operator, left, right) if operator.is_comparison() => {
                self.operand(left);
                self.operand(right);
            }
            Work::Loop(fold) => {
                self.visit(&fold.list);
                self.loops += 1;
                fold.only.iter().for_each(|only| self.visit(only));
                self.visit(&fold.body);
                self.loops -= 1;
            }
            _ => {
                for child in node.children() {
                    self.visit(child);
                }
            }
        }
    }

    /// A computed operand is shown itself and then by what it is computed from.
    fn operand(&mut self, node: &Node) {
        let is_computed = !matches!(
            node.work,
            Work::Constant(_) | Work::Reference(_) | Work::Has(_) | Work::Local(_) | Work::List(_)
        );
        let stands_alone = self.loops == 0 || !node.has_locals();
        if is_computed && stands_alone && mentions_something(node) {
            self.show(node);
        }
        self.visit(node);
    }

    fn show(&mut self, node: &Node) {
        let text = self.text[node.at.clone()].to_owned();
        if self.seen.insert(text.clone()) {
            let value = self.value(node);
            self.parts.push(Part { text, value });
        }
    }

    fn value(&self, node: &Node) -> String {
        if !matches!(node.work, Work::Has(_)) && self.is_secret(node) {
            return "(secret)".to_owned();
        }
        match Evaluator::new(self.text, self.facts).value(node) {
            Ok(operand) => shortened(operand.written()),
            Err(error) if error.unset.is_some() => "(not set)".to_owned(),
            Err(_) => "(cannot be computed)".to_owned(),
        }
    }

    fn is_secret(&self, node: &Node) -> bool {
        let own = match &node.work {
            Work::Reference(reference) => {
                matches!(self.facts.get(reference), Some(Datum::Secret(_)))
            }
            _ => false,
        };
        own || node.children().into_iter().any(|child| self.is_secret(child))
    }
}

fn mentions_something(node: &Node) -> bool {
    matches!(node.work, Work::Reference(_) | Work::Has(_))
        || node.children().into_iter().any(mentions_something)
}

fn shortened(text: String) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
