//! A secret that an alert would set is none: everybody sees the labels of an alert.

use super::{Findings, Rule, Subject};
use crate::diagnostic::Severity;
use crate::runbook::model::Secrecy;
use crate::runbook::parse::Node;

pub(super) const RULE: Rule = Rule {
    code: "secret-from-alert",
    severity: Severity::Warning,
    title: "a secret that an alert would set",
    explanation: "Labels and annotations of an alert are seen by everybody who sees the alert, and \
        stand in its history. A secret comes from the environment, a file, a command or a prompt.",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let secret =
        |name: &str| {
            subject.runbook.inputs.iter().any(|input| {
                input.name.as_str() == name && matches!(input.secrecy, Secrecy::Secret(_))
            })
        };
    for alert in subject.root.get("alerts").and_then(Node::list).unwrap_or(&[]) {
        let entries = alert.get("inputs").and_then(Node::map).map_or(&[][..], |map| &map.entries);
        for entry in entries.iter().filter(|entry| secret(&entry.key)) {
            let message =
                format!("`{}` is a secret, and an alert would set it for all to see", entry.key);
            findings.add(entry.key_span.clone(), message, "take it out of `inputs` here");
        }
    }
}
