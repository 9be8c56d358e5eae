//! Labels that a runbook asks of an alert, and the alert cannot have.

use super::alert::holds;
use super::alert_coverage::AlertReader;
use super::alert_expression::labels_of;
use super::alert_rules::{AlertDefinition, RulesFile};
use crate::diagnostic::{Diagnostic, cut};
use crate::runbook::{AlertRule, MatchOperator};
use crate::value::Reference;

/// Finds labels of a runbook's matchers and inputs that none of the alerts it names has: no rule sets
/// them, and each expression leaves others.
pub(super) fn missing_labels(runbook: &AlertReader, files: &[RulesFile]) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for rule in &runbook.rules {
        let Some(name) = named(rule) else { continue };
        let alerts = files.iter().flat_map(|file| &file.alerts);
        let alerts: Vec<&AlertDefinition> = alerts.filter(|alert| alert.name == name).collect();
        if alerts.is_empty() {
            continue;
        }
        for (label, by) in asked(rule) {
            if alerts.iter().all(|alert| lacks(alert, &label)) {
                let message =
                    format!("the alert `{}` has no label `{}`, which {by}", cut(name), cut(&label));
                let help = "keep it in the expression's `by (...)`, or set it in the rule's labels; \
                    if Prometheus adds it to all alerts, silence this";
                let span = rule.span.clone();
                found.push(Diagnostic::warning("label-not-in-alert", span, message).help(help));
            }
        }
    }
    found
}

/// The name of the alert that a runbook's rule is for.
fn named(rule: &AlertRule) -> Option<&str> {
    let by_name = |it: &&crate::runbook::Matcher| {
        it.label == "alertname" && it.operator == MatchOperator::Equal
    };
    rule.matchers.iter().find(by_name).map(|matcher| matcher.value.as_str())
}

/// The labels that must be there for a rule to be of use, and what asks for each.
fn asked(rule: &AlertRule) -> Vec<(String, String)> {
    let matchers = rule.matchers.iter().filter(|it| it.label != "alertname" && !holds(it, ""));
    let matchers =
        matchers.map(|it| (it.label.clone(), format!("`{}` asks for", cut(&it.to_string()))));
    let inputs = rule.inputs.iter().filter_map(|(name, source)| match &source.from {
        Reference::AlertLabel(label) => {
            Some((label.clone(), format!("the input `{name}` is filled from")))
        }
        _ => None,
    });
    matchers.chain(inputs).collect()
}

fn lacks(alert: &AlertDefinition, label: &str) -> bool {
    label != "alertname"
        && !alert.labels.contains_key(label)
        && labels_of(&alert.expression).is_some_and(|labels| !labels.contains(label))
}
