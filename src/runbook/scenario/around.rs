//! What goes on around the steps of a scenario: the facts that results ask for and set, faults of
//! targets, injects, and what is required and missing.

use super::Opened;
use super::read::{entries, items};
use super::references::{Checker, Declared, choose};
use crate::diagnostic::cut;
use crate::runbook::parse::Node;
use crate::value::Name;

impl Checker<'_> {
    /// What asks for facts and changes them.
    pub(super) fn world(&mut self, node: &Node) {
        if let Some(Err(found)) = node.get("when").map(|when| self.facts.condition(when)) {
            self.findings.extend(found);
        }
        for entry in entries(node, "sets") {
            let (Ok(name), Some(text)) = (Name::new(&entry.key), entry.value.text()) else {
                continue;
            };
            if let Err(why) = self.facts.value(&name, text) {
                let names: Vec<&str> = self.facts.values.keys().map(Name::as_str).collect();
                let help = if self.facts.values.contains_key(&name) {
                    "a fact keeps the kind of value that it has at the start".to_owned()
                } else {
                    format!("{}; `facts` declares them", choose(&entry.key, &names))
                };
                self.error("unknown-name", &entry.key_span, why, help);
            }
        }
    }

    pub(super) fn fault(&mut self, node: &Node, targets: &Declared<'_>) {
        self.world(node);
        if let Some((target, name)) = node.get("target").and_then(|it| Some((it, it.text()?)))
            && name != "here"
        {
            self.known(name, &target.span, targets);
        }
    }

    pub(super) fn inject(&mut self, node: &Node) {
        self.world(node);
        for key in ["enters", "leaves", "starts"] {
            if let Some((step, name)) = node.get(key).and_then(|it| Some((it, it.text()?))) {
                self.step(name, &step.span);
            }
        }
        if node.get("say").is_none() && node.get("sets").is_none() {
            let message = "this inject does nothing".to_owned();
            let help = "write what is told with `say`, or what becomes true with `sets`".to_owned();
            self.error("missing-key", &node.span, message, help);
        }
    }

    /// What is said to be missing must be asked for.
    pub(super) fn missing(&mut self, opened: &Opened) {
        let Some(runbook) = &opened.runbook else { return };
        let required: Vec<&str> = runbook.required_names().collect();
        for node in items(self.root, "missing") {
            if let Some(name) = node.text().filter(|name| !required.contains(name)) {
                let message = format!("the runbook does not require `{}`", cut(name));
                self.error("unknown-name", &node.span, message, choose(name, &required));
            }
        }
    }
}
