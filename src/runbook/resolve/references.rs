//! What steps name of each other: procedures, destinations, roles.

use super::super::model::{Destination, OnFailure, StepKey};
use super::super::parse::Node;
use super::{Moment, Resolver};
use crate::diagnostic::{cut, did_you_mean};
use crate::value::Name;

impl Resolver<'_> {
    pub(super) fn role(&mut self, node: &Node) -> Option<usize> {
        let text = node.text()?;
        let items = self.root.get("escalation").and_then(Node::list).unwrap_or(&[]);
        let roles: Vec<&str> = items.iter().filter_map(|item| item.get("role")?.text()).collect();
        if let Some(index) = roles.iter().position(|role| *role == text) {
            return Some(index);
        }
        let help = match did_you_mean(text, roles.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if roles.is_empty() => {
                "the runbook has no `escalation`; declare the role there".to_owned()
            }
            None => format!("the roles are: {}", roles.join(", ")),
        };
        self.error_help(
            "unknown-role",
            node.span.clone(),
            format!("there is no role `{}`", cut(text)),
            help,
        );
        None
    }

    /// Where a `goto` leads.
    pub(super) fn destination(&mut self, node: &Node) -> Option<Destination> {
        let text = node.text()?;
        let outline = self.outline;
        if let Some((_, key)) = outline.ids.iter().find(|(id, _)| id.as_str() == text) {
            return Some(Destination::Step(*key));
        }
        if let Some((name, _)) = outline.procedures.iter().find(|(name, _)| name.as_str() == text) {
            return Some(Destination::Procedure(name.clone()));
        }
        let known = outline.ids.keys().chain(outline.procedures.keys()).map(Name::as_str);
        let help = match did_you_mean(text, known) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`goto` names the id of a step, or a procedure, of this file".to_owned(),
        };
        self.error_help(
            "unknown-step",
            node.span.clone(),
            format!("there is no step and no procedure `{}`", cut(text)),
            help,
        );
        None
    }

    /// What a failure does, of the step or the nearest group around it, and whether it was written.
    pub(super) fn on_failure(&mut self, key: StepKey) -> Option<(OnFailure, bool)> {
        let Some(node) = self.outline.inherited(key, "on_failure") else {
            return Some((OnFailure::Ask, false));
        };
        let on_failure = match node.text() {
            Some("ask") => OnFailure::Ask,
            Some("stop") => OnFailure::Stop,
            Some("continue") => OnFailure::Continue,
            Some("undo") => OnFailure::Undo,
            Some(_) => return None,
            None => match (node.get("goto"), node.get("use")) {
                (Some(goto), _) => OnFailure::Goto(self.destination(goto)?),
                (None, Some(used)) => {
                    OnFailure::Use(self.used(used, &self.place(key, Moment::Before))?)
                }
                (None, None) => return None,
            },
        };
        Some((on_failure, true))
    }
}
