//! What an alert brings for an input: a text, which the input still has to take for a value of its type.

use super::matching::matches;
use crate::plan::Alert;
use crate::runbook::{AlertRule, AlertSource};
use crate::value::{Name, Reference};

/// What an alert brings for an input.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Brought {
    /// A text.
    Text {
        /// The text.
        text: String,
        /// The label or annotation that it comes from.
        from: Reference,
    },
    /// Nothing.
    Nothing {
        /// Why, a phrase.
        why: String,
    },
}

/// What an alert brings for an input; `None` if no rule takes the input from an alert.
///
/// Rules that match the alert speak before the others are asked: those are there for other alerts,
/// and are a help only where a person chose the runbook for an alert that it does not name.
pub fn brought(rules: &[AlertRule], name: &Name, alert: &Alert) -> Option<Brought> {
    let matching: Vec<&AlertRule> =
        rules.iter().filter(|rule| matches(&rule.matchers, &alert.labels)).collect();
    let asked = if matching.is_empty() { rules.iter().collect() } else { matching };
    let mut nothing = None;
    for source in asked.into_iter().filter_map(|rule| rule.inputs.get(name)) {
        match text(source, alert) {
            Ok(text) => return Some(Brought::Text { text, from: source.from.clone() }),
            Err(why) => {
                nothing.get_or_insert(Brought::Nothing { why });
            }
        }
    }
    nothing
}

fn text(source: &AlertSource, alert: &Alert) -> Result<String, String> {
    let (what, key, found) = match &source.from {
        Reference::AlertLabel(key) => ("label", key, alert.labels.get(key)),
        Reference::AlertAnnotation(key) => ("annotation", key, alert.annotations.get(key)),
        other => return Err(format!("`{other}` is not of the alert")),
    };
    let found = found.filter(|text| !text.is_empty());
    let text = found.ok_or_else(|| format!("the alert has no {what} `{key}`"))?;
    let Some(pattern) = &source.regex else {
        return Ok(text.clone());
    };
    let group = pattern.captures(text).and_then(|groups| groups.get(1));
    let group = group.map(|group| group.as_str().to_owned()).filter(|group| !group.is_empty());
    group.ok_or_else(|| format!("the pattern finds nothing in the {what} `{key}`"))
}

#[cfg(test)]
mod tests {
    use super::super::matching::tests::{all, labels};
    use super::*;
    use crate::runbook::MatchOperator::Equal;

    fn source(label: &str, regex: Option<&str>) -> AlertSource {
        let regex = regex.map(|pattern| regex::Regex::new(pattern).unwrap());
        AlertSource { from: Reference::AlertLabel(label.to_owned()), regex }
    }

    fn name() -> Name {
        Name::new("host").unwrap()
    }

    fn text(found: Option<Brought>) -> String {
        match found {
            Some(Brought::Text { text, .. }) => text,
            Some(Brought::Nothing { why }) => format!("({why})"),
            None => String::new(),
        }
    }

    #[test]
    fn the_rule_that_matches_speaks_before_those_for_other_alerts() {
        let rule = |alert, source| AlertRule {
            matchers: all(&[("alertname", Equal, alert)]),
            inputs: [(name(), source)].into(),
            span: 0..0,
        };
        let rules = [
            rule("Disk", source("device", None)),
            rule("Host", source("instance", Some("^([^:]+)"))),
        ];
        let of = |pairs: &[(&str, &str)]| {
            let alert = Alert { labels: labels(pairs), ..Alert::default() };
            text(brought(&rules, &name(), &alert))
        };
        assert_eq!(of(&[("alertname", "Host"), ("device", "sda"), ("instance", "a:1")]), "a");
        assert_eq!(of(&[("alertname", "Disk"), ("device", "sda"), ("instance", "a:1")]), "sda");
        assert_eq!(
            of(&[("alertname", "Host"), ("device", "sda")]),
            "(the alert has no label `instance`)"
        );
        assert_eq!(
            of(&[("alertname", "Host"), ("instance", ":1")]),
            "(the pattern finds nothing in the label `instance`)"
        );
        // Chosen by a person for an alert that it does not name.
        assert_eq!(of(&[("alertname", "Other"), ("instance", "a:1")]), "a");
        let other = Name::new("other").unwrap();
        assert_eq!(brought(&rules, &other, &Alert::default()), None);
    }
}
