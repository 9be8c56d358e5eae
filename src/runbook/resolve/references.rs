//! What steps name of each other: procedures, destinations, roles.

use super::super::model::{Destination, OnFailure, StepKey, Used};
use super::super::parse::Node;
use super::Resolver;
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

    /// What a `use` names.
    pub(super) fn used(&mut self, node: &Node) -> Option<Used> {
        self.used_procedure(node).map(Used::Procedure)
    }

    fn used_procedure(&mut self, node: &Node) -> Option<Name> {
        self.refuse_keys(node, &["file", "runbook"]);
        if let Some(runbook) = node.get("runbook")
            && let Some(text) = runbook.text()
            && matches!(text.rsplit_once('.'), Some((_, "yaml" | "yml")))
        {
            self.error_help(
                "runbook-id",
                runbook.span.clone(),
                "`runbook` names a service and an id, and this is a path",
                format!("file: {}", cut(text)),
            );
        }
        let name = node.get("procedure")?;
        let text = name.text()?;
        let outline = self.outline;
        if let Some((known, _)) =
            outline.procedures.iter().find(|(known, _)| known.as_str() == text)
        {
            return Some(known.clone());
        }
        let help = match did_you_mean(text, outline.procedures.keys().map(Name::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None if outline.ids.keys().any(|id| id.as_str() == text) => {
                format!("`{text}` is a step; go there with `goto`")
            }
            None if text.contains('.') => {
                format!("another runbook is used with `use: {{ file: {} }}`", cut(text))
            }
            None => "declare it under `procedures`".to_owned(),
        };
        self.error_help(
            "unknown-procedure",
            name.span.clone(),
            format!("there is no procedure `{}`", cut(text)),
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
                (None, Some(used)) => OnFailure::Use(self.used(used)?),
                (None, None) => return None,
            },
        };
        Some((on_failure, true))
    }
}
