//! What the language has and this version does not: refused by name, never ignored.

use super::super::parse::Node;
use super::Resolver;
use crate::diagnostic::Span;

/// Keys of a step that this version does not know how to carry out.
const STEP_KEYS: &[&str] = &["as"];

impl Resolver<'_> {
    /// Refuses something that this version does not do.
    pub(super) fn not_yet(&mut self, span: &Span, what: &str) {
        let message = format!("{what} is not supported by this version yet");
        self.error("not-yet", span.clone(), message);
    }

    /// Refuses the keys of a step that this version does not do.
    pub(super) fn refuse_step_keys(&mut self, node: &Node) {
        self.refuse_keys(node, STEP_KEYS);
    }

    /// Refuses some keys of a map.
    pub(super) fn refuse_keys(&mut self, node: &Node, keys: &[&str]) {
        let Some(map) = node.map() else {
            return;
        };
        for entry in &map.entries {
            if keys.contains(&entry.key.as_str()) {
                self.not_yet(&entry.key_span, &format!("`{}`", entry.key));
            }
        }
    }
}
