//! A runbook without an owner grows old, and one without escalation leaves its reader alone.

use super::{Findings, Rule, Subject};
use crate::diagnostic::Severity;

pub(super) const OWNER: Rule = Rule {
    code: "no-owner",
    severity: Severity::Warning,
    title: "a runbook without an owner",
    explanation: "Somebody has to keep the runbook true, and somebody has to hear when it is not. \
        Name the team, never a person.",
    check: owner,
};

pub(super) const ESCALATION: Rule = Rule {
    code: "no-escalation",
    severity: Severity::Warning,
    title: "a runbook without escalation",
    explanation: "Whoever is stuck at night needs to know whom to ask and how to reach them.",
    check: escalation,
};

fn owner(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    if subject.runbook.owner.is_none() {
        let place = subject.root.map().and_then(|map| map.entry("owner"));
        let span = place.map_or(first_line(subject.text), |entry| entry.key_span.clone());
        findings.add(
            span,
            "the runbook has no owner",
            "owner: { team: payments, channel: \"#payments-oncall\" }",
        );
    }
}

fn escalation(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    if subject.runbook.escalation.is_empty() {
        let place = subject.root.map().and_then(|map| map.entry("escalation"));
        let span = place.map_or(first_line(subject.text), |entry| entry.key_span.clone());
        let help = "escalation: [ { role: secondary, how: page the rota, after: 15m } ]";
        findings.add(span, "the runbook says nobody to escalate to", help);
    }
}

fn first_line(text: &str) -> std::ops::Range<usize> {
    0..text.find('\n').unwrap_or(text.len())
}
