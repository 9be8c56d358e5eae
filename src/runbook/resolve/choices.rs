//! What can be chosen: a list in the file, an expression that gives one, or the lines of a command.

use super::super::model::{Choices, StepKey};
use super::super::parse::Node;
use super::commands::Reads;
use super::{Moment, Place, Resolver};
use crate::value::{Name, Reference, Type, Value};

impl Resolver<'_> {
    /// The choices of a question.
    pub(super) fn offered(&mut self, node: &Node, ty: Type, step: StepKey) -> Option<Choices> {
        if node.list().is_some() {
            return self.listed(node, ty).map(Choices::Listed);
        }
        if node.map().is_some() {
            let inherited = self.inherited(step, Moment::Before, Reads::Only);
            let command = self.command(node, &inherited)?;
            return Some(Choices::Command(Box::new(command)));
        }
        let place = self.place(step, Moment::Before);
        self.list_expression(node, &place)
    }

    /// The choices of an input that are found when it is asked for.
    pub(super) fn computed(&mut self, node: &Node, own: &Name) -> Option<Choices> {
        let before = self.mentions.len();
        let place = Place::start();
        let choices = if node.map().is_some() {
            Choices::Command(Box::new(self.plain_command(node, &place)?))
        } else {
            self.list_expression(node, &place)?
        };
        self.check_asked_before(before, own);
        Some(choices)
    }

    fn list_expression(&mut self, node: &Node, place: &Place) -> Option<Choices> {
        let before = self.findings.len();
        let list = self.expression(node, Type::List, place);
        // A word is hardly meant as an expression; say what belongs here instead of what CEL says.
        if self.findings.len() > before && !node.text().unwrap_or("").contains(['(', '[', '.', '{'])
        {
            self.findings.truncate(before);
            self.error_help(
                "wrong-type",
                node.span.clone(),
                "`choices` is a list, and this is neither a list nor an expression that gives one",
                "write [ a, b ], or { run: <a command> } for its lines",
            );
        }
        list.map(Choices::Expression)
    }

    /// Inputs are asked for in the order of the file: what one names stands before it.
    fn check_asked_before(&mut self, first: usize, own: &Name) {
        let root = self.root;
        let entries = root.get("inputs").and_then(Node::map).map_or(&[][..], |map| &map.entries);
        let asked: Vec<&str> = entries
            .iter()
            .map(|entry| entry.key.as_str())
            .take_while(|key| *key != own.as_str())
            .collect();
        let later: Vec<_> = self.mentions[first..]
            .iter()
            .filter_map(|mention| match &mention.reference {
                Reference::Value(name) if !asked.contains(&name.as_str()) => {
                    Some((mention.span.clone(), name.clone()))
                }
                _ => None,
            })
            .collect();
        for (span, name) in later {
            let message = format!("`{name}` is not known yet when `{own}` is asked for");
            let help = "inputs are asked for in the order of the file: move it before this one";
            self.error_help("input-order", span, message, help);
        }
    }

    /// Choices that stand in the file.
    pub(super) fn listed(&mut self, node: &Node, ty: Type) -> Option<Vec<Value>> {
        let item_type = if ty == Type::List { Type::Text } else { ty };
        let mut values: Vec<Value> = Vec::new();
        for item in node.list()? {
            let value = self.value(item, item_type)?;
            if values.contains(&value) {
                self.error("choice-twice", item.span.clone(), "this choice stands here twice");
            }
            values.push(value);
        }
        Some(values)
    }
}
