//! Commands that stay: those the responder talks to, and those that run beside later steps.

use super::super::model::{Approval, Background, Interactive, Ready, StepKey};
use super::super::parse::Node;
use super::commands::Reads;
use super::texts::duration;
use super::{Moment, Resolver};
use crate::diagnostic::Diagnostic;
use crate::value::Duration;

/// How long a background command may take to be ready unless its author says otherwise.
const READY_WITHIN: u64 = 60_000;

/// Keys that judge or repeat a command that has ended: one in the background goes on.
const NEEDS_AN_END: &[&str] = &[
    "capture", "expect", "findings", "for_each", "recheck", "retry", "timeout", "until", "verify",
];

/// Keys that read what a command prints, or feed or repeat it: here a person does.
const NEEDS_NO_PERSON: &[&str] = &["capture", "findings", "retry", "stdin", "until"];

impl Resolver<'_> {
    /// Whether the command gets the terminal, and the lines that are there to be typed.
    #[expect(
        clippy::option_option,
        reason = "outside: something is wrong; inside: it gets no terminal"
    )]
    pub(super) fn interactive(&mut self, key: StepKey, node: &Node) -> Option<Option<Interactive>> {
        let map = node.map()?;
        if node.get("interactive").and_then(Node::text) != Some("true") {
            if let Some(lines) = map.entry("type_in") {
                self.error_help(
                    "misplaced-key",
                    lines.key_span.clone(),
                    "`type_in` holds lines for a command that has the terminal",
                    "interactive: true",
                );
            }
            return Some(None);
        }
        self.refuse_beside(node, "interactive", NEEDS_NO_PERSON, "a person is at the terminal");
        let place = self.place(key, Moment::Before);
        let mut type_in = Vec::new();
        for line in node.get("type_in").and_then(Node::list).unwrap_or(&[]) {
            let template = self.template(line, &place)?;
            self.refuse_list(line, &template, "a line is", &place);
            type_in.push(template);
        }
        Some(Some(Interactive { type_in }))
    }

    /// Whether the command runs beside later steps.
    #[expect(
        clippy::option_option,
        reason = "outside: something is wrong; inside: it ends before the next step"
    )]
    pub(super) fn background(&mut self, key: StepKey, node: &Node) -> Option<Option<Background>> {
        let Some(background) = node.get("background") else {
            return Some(None);
        };
        self.refuse_beside(node, "background", NEEDS_AN_END, "the command goes on");
        if let Some(entry) = node.map().and_then(|map| map.entry("interactive"))
            && entry.value.text() == Some("true")
        {
            let message = "a command in the background has no terminal";
            self.error("misplaced-key", entry.key_span.clone(), message);
        }
        let ready = match background.get("ready") {
            None => None,
            Some(ready) => Some(self.ready(key, ready)?),
        };
        let timeout = duration(background.get("timeout"));
        let timeout = timeout.unwrap_or_else(|| Duration::from_millis(READY_WITHIN));
        Some(Some(Background { ready, timeout }))
    }

    fn ready(&mut self, key: StepKey, node: &Node) -> Option<Ready> {
        if let Some(output) = node.get("output") {
            return self.regex(output).map(Ready::Output);
        }
        let inherited = self.inherited(key, Moment::Before, Reads::Only);
        let command = self.command(node, &inherited)?;
        Some(Ready::Command(Box::new(command)))
    }

    /// Refuses keys that have no meaning beside another one.
    fn refuse_beside(&mut self, node: &Node, with: &str, keys: &[&str], why: &str) {
        let entries = node.map().map_or(&[][..], |map| &map.entries);
        let Some(own) = entries.iter().find(|entry| entry.key == with) else {
            return;
        };
        for entry in entries.iter().filter(|entry| keys.contains(&entry.key.as_str())) {
            let message = format!("`{}` has no meaning beside `{with}`: {why}", entry.key);
            self.findings.push(
                Diagnostic::error("misplaced-key", own.key_span.clone(), message)
                    .label(entry.key_span.clone(), "this one"),
            );
        }
    }

    /// Whose agreement is needed.
    pub(super) fn approval(node: &Node) -> Option<Approval> {
        let text = |key: &str| node.get(key).and_then(Node::text).map(str::to_owned);
        Some(Approval { role: text("role")?, why: text("why")? })
    }
}
