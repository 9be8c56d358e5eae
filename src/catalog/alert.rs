//! The alert that starts a run: an Alertmanager webhook payload, or one alert of it.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::plan::Alert;
use crate::runbook::{AlertRule, MatchOperator};

/// What is not an alert.
#[derive(Debug, thiserror::Error)]
pub enum AlertFailed {
    /// It holds no alert that fires.
    #[error("the payload holds no alert")]
    Empty,
    /// It is no JSON of the expected form.
    #[error("the alert is not what Alertmanager sends: {0}")]
    Form(#[from] serde_json::Error),
}

#[derive(Deserialize)]
struct Payload {
    alerts: Vec<OneAlert>,
}

#[derive(Clone, Deserialize)]
struct OneAlert {
    #[serde(default)]
    status: Option<String>,
    labels: BTreeMap<String, String>,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

/// Reads an alert: of several, the first firing one that one of the runbook's rules matches, else
/// the first firing one.
pub fn read_alert(json: &str, rules: &[AlertRule]) -> Result<Alert, AlertFailed> {
    let value: serde_json::Value = serde_json::from_str(json)?;
    let alerts: Vec<OneAlert> = if value.get("alerts").is_some() {
        serde_json::from_value::<Payload>(value)?.alerts
    } else {
        vec![serde_json::from_value(value)?]
    };
    let firing: Vec<&OneAlert> =
        alerts.iter().filter(|alert| alert.status.as_deref() != Some("resolved")).collect();
    let wanted = firing.iter().find(|alert| rules.iter().any(|rule| matches(rule, &alert.labels)));
    let alert = wanted.or(firing.first()).ok_or(AlertFailed::Empty)?;
    Ok(Alert { labels: alert.labels.clone(), annotations: alert.annotations.clone() })
}

/// Whether all matchers of a rule hold. A missing label is the empty text, as in Alertmanager.
fn matches(rule: &AlertRule, labels: &BTreeMap<String, String>) -> bool {
    rule.matchers.iter().all(|matcher| {
        let value = labels.get(&matcher.label).map_or("", String::as_str);
        let fits = matcher.pattern.as_ref().is_some_and(|pattern| pattern.is_match(value));
        match matcher.operator {
            MatchOperator::Equal => value == matcher.value,
            MatchOperator::Matches => fits,
            MatchOperator::MatchesNot => !fits,
            MatchOperator::NotEqual => value != matcher.value,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runbook::Matcher;

    fn rule(label: &str, value: &str) -> AlertRule {
        let matcher = Matcher {
            label: label.to_owned(),
            operator: MatchOperator::Equal,
            value: value.to_owned(),
            pattern: None,
        };
        AlertRule { matchers: vec![matcher], inputs: BTreeMap::new() }
    }

    #[test]
    fn of_several_alerts_the_firing_one_that_matches_is_taken() {
        let payload = r#"{"version":"4","alerts":[
            {"status":"firing","labels":{"alertname":"Other"}},
            {"status":"resolved","labels":{"alertname":"Disk","host":"gone"}},
            {"status":"firing","labels":{"alertname":"Disk","host":"web1"},"annotations":{"a":"b"}}]}"#;
        let alert = read_alert(payload, &[rule("alertname", "Disk")]).unwrap();
        assert_eq!(alert.labels["host"], "web1");
        assert_eq!(alert.annotations["a"], "b");
        let alert = read_alert(payload, &[]).unwrap();
        assert_eq!(alert.labels["alertname"], "Other");
    }

    #[test]
    fn one_alert_alone_does_and_rubbish_does_not() {
        assert_eq!(read_alert(r#"{"labels":{"x":"y"}}"#, &[]).unwrap().labels["x"], "y");
        for rubbish in ["", "[]", "{}", r#"{"alerts":[]}"#, r#"{"labels":{"x":1}}"#] {
            assert!(read_alert(rubbish, &[]).is_err(), "{rubbish}");
        }
    }
}
