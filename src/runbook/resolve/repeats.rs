//! Steps that are repeated for each item of a list, taken at once, or limited in time.

use super::super::model::{ForEach, ItemConfirm, ItemFailure, Items, Order, Timebox};
use super::super::parse::Node;
use super::declare::choice_type;
use super::texts::duration;
use super::{Place, Resolver};
use crate::value::{Name, Type, Value};

impl Resolver<'_> {
    /// The `for_each` of a step; `place` is outside of it.
    pub(super) fn for_each(&mut self, node: &Node, place: &Place) -> Option<ForEach> {
        let items = self.items(node.get("in")?, place);
        let text = |key: &str| node.get(key).and_then(Node::text);
        Some(ForEach {
            name: Name::new(text("as")?).ok()?,
            at_once: text("parallel").map_or(Some(1), |count| count.parse().ok())?,
            on_failure: match text("on_failure") {
                Some("continue") => ItemFailure::Continue,
                _ => ItemFailure::Stop,
            },
            confirm: match text("confirm") {
                Some("once") => ItemConfirm::Once,
                _ => ItemConfirm::Each,
            },
            items: items?,
            span: node.span.clone(),
        })
    }

    fn items(&mut self, node: &Node, place: &Place) -> Option<Items> {
        let Some(items) = node.list() else {
            return self.expression(node, Type::List, place).map(Items::Expression);
        };
        if items.is_empty() {
            self.error_help(
                "empty-list",
                node.span.clone(),
                "this list is empty: the step would be done for nothing",
                "write its items, or an expression that gives them",
            );
        }
        let ty = choice_type(items);
        let values: Vec<Option<Value>> = items.iter().map(|item| self.value(item, ty)).collect();
        values.into_iter().collect::<Option<_>>().map(Items::Listed)
    }

    /// How the steps of a group are taken.
    pub(super) fn order(node: &Node) -> Option<Order> {
        match node.get("parallel") {
            None => Some(Order::InTurn),
            Some(count) => count.text()?.parse().ok().map(Order::AtOnce),
        }
    }

    /// What is said when a step takes too long.
    pub(super) fn timebox(&mut self, node: &Node, place: &Place) -> Option<Timebox> {
        let say = node.get("say").map(|say| self.shown(say, place));
        let role = node.get("escalate").map(|role| self.role(role));
        Some(Timebox {
            after: duration(node.get("after"))?,
            say: match say {
                Some(say) => Some(say?),
                None => None,
            },
            escalate: match role {
                Some(role) => Some(role?),
                None => None,
            },
        })
    }
}
