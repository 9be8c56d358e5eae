//! Accounts and mail addresses of people where roles and teams belong.

use super::{Findings, Rule, Subject};
use crate::diagnostic::Severity;
use crate::runbook::parse::Node;

pub(super) const RULE: Rule = Rule {
    code: "person",
    severity: Severity::Warning,
    title: "a person where a role or team belongs",
    explanation: "People change teams and sleep at night. Name the role; who has it is known by the \
        rota.",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let root = subject.root;
    let roles = root.get("escalation").and_then(Node::list).unwrap_or(&[]);
    let team = root.get("owner").and_then(|owner| owner.get("team"));
    let approvals = subject.outline.steps.iter().flat_map(|sketch| {
        ["approve", "approval"].map(|key| sketch.node.get(key).and_then(|it| it.get("role")))
    });
    let named = roles.iter().filter_map(|role| role.get("role")).chain(approvals.flatten());
    for node in named.chain(team) {
        let Some(text) = node.text() else {
            continue;
        };
        let account = text
            .strip_prefix('@')
            .is_some_and(|rest| !rest.is_empty() && !rest.contains([' ', '/']));
        let mail = text.split_whitespace().any(|word| {
            word.split_once('@').is_some_and(|(name, domain)| {
                !name.is_empty() && domain.contains('.') && !shared(name)
            })
        });
        if account || mail {
            let message = format!(
                "`{}` looks like a person, and a role or team belongs here",
                crate::diagnostic::cut(text)
            );
            findings.add(node.span.clone(), message, "name the role, such as `payments secondary`");
        }
    }
}

/// Names of mailboxes that several people read.
fn shared(name: &str) -> bool {
    [
        "team",
        "oncall",
        "on-call",
        "rota",
        "ops",
        "support",
        "list",
        "group",
        "secondary",
        "primary",
        "duty",
        "sre",
        "alerts",
        "pager",
    ]
    .iter()
    .any(|word| name.to_ascii_lowercase().contains(word))
}
