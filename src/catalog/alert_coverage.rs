//! Alerting rules compared with runbooks: which alert nobody wrote down what to do for, which runbook
//! waits for an alert that nothing raises, and which link to a runbook leads nowhere.
//!
//! A rule tells the name of its alert and the labels that it sets itself. What else an alert carries is
//! known only when it fires; a matcher for such a label may hold.

use std::collections::BTreeSet;

use super::alert::holds;
use super::alert_labels::missing_labels;
use super::alert_rules::{AlertDefinition, RuleLabel, RulesFile, RunbookNeed};
use crate::diagnostic::{Diagnostic, Report, Severity, Source, cut, did_you_mean, sort};
use crate::runbook::{AlertRule, MatchOperator, Matcher};

/// A check of rules against runbooks, for the documentation.
#[derive(Clone, Copy, Debug)]
pub struct AlertCheck {
    /// Its stable name.
    pub code: &'static str,
    /// How bad a finding of it is.
    pub severity: Severity,
    /// What is wrong, one line.
    pub title: &'static str,
    /// Why it matters and what to do.
    pub explanation: &'static str,
}

/// All of them, errors first, by their names.
pub static ALERT_CHECKS: &[AlertCheck] = &[
    AlertCheck {
        code: "rules-file",
        severity: Severity::Error,
        title: "a file that holds no alerting rules",
        explanation: "What is named behind `--alerts` is a rule file of Prometheus, a `PrometheusRule` \
            resource, or a folder of these. Of a folder the files that hold rules are taken.",
    },
    AlertCheck {
        code: "alert-without-runbook",
        severity: Severity::Warning,
        title: "an alert that no runbook answers",
        explanation: "Whoever is woken by it has nothing to go by. An alert is answered if a runbook's \
            matchers can hold for it and one of them names its name or a label that the rule sets; \
            labels that only the expression brings may be anything. An alert that needs no runbook \
            says why in its annotation `no_runbook`.",
    },
    AlertCheck {
        code: "dead-runbook-url",
        severity: Severity::Warning,
        title: "a link from an alert to a runbook that is not there",
        explanation: "The link in `runbook_url` (or `runbook`, `runbook_link`) is a path, or the address \
            of a file in a repository that is here, in a folder or in the mirror of a source, and \
            there is no such file. Paths count from the rules' own folder, from the root of their \
            repository, or from here; the name of a runbook that a source has is none. Addresses \
            elsewhere are not fetched and not judged.",
    },
    AlertCheck {
        code: "label-not-in-alert",
        severity: Severity::Warning,
        title: "a runbook that asks for a label which its alert cannot have",
        explanation: "A matcher asks for the label, or an input is filled from it; the rule does not set \
            it, and the expression is an aggregation that leaves other labels. Only aggregations \
            with `by` are followed, and what is computed from them. Labels that Prometheus adds \
            to all alerts (`external_labels`) are not known: silence it at the top of the \
            runbook.",
    },
    AlertCheck {
        code: "runbook-without-alert",
        severity: Severity::Warning,
        title: "a runbook for an alert that no rule raises",
        explanation: "The alert was renamed or removed, or the matchers ask for a value of a label that \
            the rule sets otherwise: the runbook will never be found by its alert. If the alert comes \
            from rules that were not named, silence it at the top of the runbook.",
    },
];

/// A runbook, as far as rules are compared with it.
#[derive(Clone, Debug)]
pub struct AlertReader {
    /// Its text.
    pub source: Source,
    /// `service/id`, or the id alone.
    pub name: String,
    /// The alerts it answers.
    pub rules: Vec<AlertRule>,
    /// The checks that are silenced for it.
    pub allowed: BTreeSet<String>,
}

/// Whether something holds for an alert that has not fired yet.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Foreseen {
    Never,
    /// That depends on a label that only the alert itself has.
    Perhaps,
    Certainly,
}

/// Compares rules with runbooks. The findings of the rules are told together with what could not be
/// read of them.
pub fn compare(files: Vec<RulesFile>, runbooks: &[AlertReader]) -> Vec<Report> {
    let mut reports: Vec<Report> = Vec::new();
    for runbook in runbooks {
        let mut findings = unraised(runbook, &files);
        findings.extend(missing_labels(runbook, &files));
        findings.retain(|found| !runbook.allowed.contains(found.code));
        sort(&mut findings);
        if !findings.is_empty() {
            reports.push(Report { source: runbook.source.clone(), findings });
        }
    }
    for RulesFile { source, alerts, mut findings, .. } in files {
        findings.extend(alerts.iter().filter_map(|alert| unanswered(alert, runbooks)));
        sort(&mut findings);
        reports.push(Report { source, findings });
    }
    reports
}

/// An alert that no runbook answers.
fn unanswered(alert: &AlertDefinition, runbooks: &[AlertReader]) -> Option<Diagnostic> {
    if alert.need == RunbookNeed::Declined {
        return None;
    }
    let rules = || runbooks.iter().flat_map(|it| it.rules.iter().map(move |rule| (it, rule)));
    let best = rules().max_by_key(|(_, rule)| answers(rule, alert));
    let help = match best.map(|(runbook, rule)| (runbook, answers(rule, alert))) {
        Some((_, Foreseen::Certainly)) => return None,
        Some((runbook, Foreseen::Perhaps)) => {
            format!("{} answers it only with labels that the rule does not set", runbook.name)
        }
        _ => {
            let matcher = format!("alerts: [ {{ match: [ 'alertname=\"{}\"' ] }} ]", alert.name);
            format!("write one with {matcher}, or say in the annotation `no_runbook` why not")
        }
    };
    let message = format!("no runbook answers the alert `{}`", cut(&alert.name));
    Some(Diagnostic::warning("alert-without-runbook", alert.span.clone(), message).help(help))
}

/// The alerts of a runbook that no rule raises.
fn unraised(runbook: &AlertReader, files: &[RulesFile]) -> Vec<Diagnostic> {
    let alerts = || files.iter().flat_map(|file| file.alerts.iter().map(move |it| (file, it)));
    let raised = |rule: &AlertRule| {
        alerts()
            .any(|(_, alert)| rule.matchers.iter().all(|it| foreseen(it, alert) != Foreseen::Never))
    };
    let missing = runbook.rules.iter().filter(|rule| !raised(rule));
    let told = missing.map(|rule| {
        let names = rule
            .matchers
            .iter()
            .find(|it| it.label == "alertname" && it.operator == MatchOperator::Equal);
        let by_name = alerts().find(|(_, it)| names.is_some_and(|name| name.value == it.name));
        let (message, help) = match (names, by_name) {
            (Some(name), None) => {
                let known = alerts().map(|(_, alert)| alert.name.as_str());
                let near = did_you_mean(&name.value, known);
                let help = near.map_or_else(
                    || "correct the name, or name the rules that raise it, too".to_owned(),
                    |near| format!("did you mean `{near}`?"),
                );
                (format!("no rule raises an alert `{}`", cut(&name.value)), help)
            }
            (_, Some((file, alert))) => differs(rule, file, alert),
            (None, None) => {
                let message = "no alert of these rules can have such labels".to_owned();
                (message, "correct the matchers, or name the rules that raise it, too".to_owned())
            }
        };
        Diagnostic::warning("runbook-without-alert", rule.span.clone(), message).help(help)
    });
    told.collect()
}

/// Which matcher never holds for an alert that has the right name.
fn differs(rule: &AlertRule, file: &RulesFile, alert: &AlertDefinition) -> (String, String) {
    let never = rule.matchers.iter().find(|it| foreseen(it, alert) == Foreseen::Never);
    let (line, _) = file.source.line_column(alert.span.start);
    let place = format!("{}:{line}", file.source.name);
    let name = cut(&alert.name);
    let Some(matcher) = never else {
        return (format!("no rule raises `{name}` with such labels"), format!("see {place}"));
    };
    let message = match alert.labels.get(&matcher.label) {
        Some(RuleLabel::Fixed(value)) => format!(
            "`{}` never holds: the rule sets `{}` to `{}`",
            cut(&matcher.to_string()),
            matcher.label,
            cut(value)
        ),
        _ => format!("`{}` never holds for the alert `{name}`", cut(&matcher.to_string())),
    };
    (message, format!("`{name}` is raised at {place}"))
}

/// Whether a runbook's rule answers an alert: certainly, if something that the rules tell says so.
fn answers(rule: &AlertRule, alert: &AlertDefinition) -> Foreseen {
    let each = || rule.matchers.iter().map(|matcher| (matcher, foreseen(matcher, alert)));
    if each().any(|(_, it)| it == Foreseen::Never) {
        return Foreseen::Never;
    }
    // One that would hold for a label that is not there says nothing about this alert.
    let told = each().any(|(it, holding)| holding == Foreseen::Certainly && !holds(it, ""));
    if told { Foreseen::Certainly } else { Foreseen::Perhaps }
}

fn foreseen(matcher: &Matcher, alert: &AlertDefinition) -> Foreseen {
    let value = match (matcher.label.as_str(), alert.labels.get(&matcher.label)) {
        ("alertname", _) => &alert.name,
        (_, Some(RuleLabel::Fixed(value))) => value,
        (_, Some(RuleLabel::Computed) | None) => return Foreseen::Perhaps,
    };
    if holds(matcher, value) { Foreseen::Certainly } else { Foreseen::Never }
}

#[cfg(test)]
mod tests {
    use super::super::alert_rules::tests::read;
    use super::*;

    const RULES: &str = "groups:
- rules:
  - { alert: DiskFull, expr: x, labels: { severity: page } }
  - { alert: DiskFull, expr: x, labels: { severity: ticket } }
  - { alert: QueueLong, expr: x, labels: { team: '{{ $labels.team }}' } }
  - { alert: Watchdog, expr: x, annotations: { no_runbook: it proves that alerts arrive } }
";

    fn runbook(matchers: &[&str]) -> AlertReader {
        let matchers = matchers.iter().map(|text| Matcher::parse(text).unwrap());
        let rule = AlertRule { matchers: matchers.collect(), inputs: [].into(), span: 0..4 };
        AlertReader {
            source: Source { name: "r.yaml".to_owned(), text: "alerts".into() },
            name: "shop/r".to_owned(),
            rules: vec![rule],
            allowed: BTreeSet::new(),
        }
    }

    fn told(runbooks: &[AlertReader]) -> Vec<String> {
        let reports = compare(vec![read(RULES)], runbooks);
        let told = reports.iter().flat_map(|report| {
            report.findings.iter().map(|found| {
                let (line, _) = report.source.line_column(found.span.start);
                format!("{}:{line} {}", report.source.name, found.message)
            })
        });
        told.collect()
    }

    #[test]
    fn alerts_and_runbooks_that_do_not_find_each_other_are_told() {
        let queue = "rules.yaml:5 no runbook answers the alert `QueueLong`";
        let page = "rules.yaml:3 no runbook answers the alert `DiskFull`";
        let ticket = "rules.yaml:4 no runbook answers the alert `DiskFull`";
        assert_eq!(told(&[]), [page, ticket, queue]);
        assert_eq!(told(&[runbook(&["alertname=\"DiskFull\""])]), [queue]);
        assert_eq!(told(&[runbook(&["alertname=~\"Disk.*|Queue.*\""])]), [""; 0]);
        assert_eq!(told(&[runbook(&["severity=\"page\""])]), [ticket, queue]);
        // What the alert itself will say is not known.
        assert_eq!(told(&[runbook(&["team=\"db\""])]), [page, ticket, queue]);
        assert_eq!(told(&[runbook(&["alertname=\"QueueLong\"", "team=\"db\""])]), [page, ticket]);
        assert_eq!(told(&[runbook(&["severity!=\"none\""])]), [page, ticket, queue]);
    }

    #[test]
    fn a_runbook_that_waits_in_vain_is_told_why() {
        let why = |matchers: &[&str]| {
            let all = told(&[runbook(matchers), runbook(&["alertname=~\".+\""])]);
            let [one] = &all[..] else { panic!("{all:?}") };
            one.clone()
        };
        assert_eq!(why(&["alertname=\"DiskFul\""]), "r.yaml:1 no rule raises an alert `DiskFul`");
        assert_eq!(
            why(&["alertname=\"DiskFull\"", "severity=\"critical\""]),
            "r.yaml:1 `severity=\"critical\"` never holds: the rule sets `severity` to `page`"
        );
        assert_eq!(
            why(&["alertname=~\"X.*\""]),
            "r.yaml:1 no alert of these rules can have such labels"
        );
        let mut silent = runbook(&["alertname=\"Gone\""]);
        silent.allowed.insert("runbook-without-alert".to_owned());
        assert_eq!(told(&[silent]).len(), 3);
    }

    #[test]
    fn a_label_that_the_alert_cannot_have_is_told() {
        let rules = "groups:
- rules:
  - { alert: Slow, expr: 'sum by (job) (x) > 1', labels: { team: '{{ $labels.job }}' } }
  - { alert: Down, expr: 'up == 0' }
";
        let found = |matchers: &[&str]| {
            let reports = compare(vec![read(rules)], &[runbook(matchers)]);
            let codes = reports.iter().flat_map(|report| &report.findings).map(|it| it.code);
            codes.filter(|code| *code != "alert-without-runbook").collect::<Vec<_>>()
        };
        assert_eq!(found(&["alertname=\"Slow\"", "instance=\"a\""]), ["label-not-in-alert"]);
        for fine in ["job=\"a\"", "team=\"a\"", "instance=\"\"", "instance!=\"a\""] {
            assert_eq!(found(&["alertname=\"Slow\"", fine]), [""; 0], "{fine}");
        }
        assert_eq!(found(&["alertname=\"Down\"", "instance=\"a\""]), [""; 0]);
    }

    #[test]
    fn checks_stand_in_their_order() {
        let order: Vec<_> = ALERT_CHECKS.iter().map(|check| (check.severity, check.code)).collect();
        assert!(order.is_sorted());
    }
}
