//! Whether an alert is one that a runbook answers, exactly as Alertmanager decides it, and how close
//! the answer is.

use std::collections::BTreeMap;

use crate::runbook::{MatchOperator, Matcher};

/// How closely a runbook answers an alert; the greater the closer.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Closeness {
    /// How many labels it names with their values.
    pub equal: usize,
    /// How many labels it knows by a pattern.
    pub pattern: usize,
    /// How many values it excludes.
    pub excluded: usize,
    /// 1 if the alert's label `service` is the runbook's own service.
    pub service: usize,
}

/// Whether a matcher holds for the value of its label. A missing label is the empty text.
pub fn holds(matcher: &Matcher, value: &str) -> bool {
    let fits = || matcher.pattern.as_ref().is_some_and(|pattern| pattern.is_match(value));
    match matcher.operator {
        MatchOperator::Equal => value == matcher.value,
        MatchOperator::NotEqual => value != matcher.value,
        MatchOperator::Matches => fits(),
        MatchOperator::MatchesNot => !fits(),
    }
}

/// Whether all matchers hold.
pub fn matches(matchers: &[Matcher], labels: &BTreeMap<String, String>) -> bool {
    let value = |label: &str| labels.get(label).map_or("", String::as_str);
    matchers.iter().all(|matcher| holds(matcher, value(&matcher.label)))
}

/// How closely matchers, all of which hold, are those of an alert.
pub fn closeness(
    matchers: &[Matcher],
    service: Option<&str>,
    labels: &BTreeMap<String, String>,
) -> Closeness {
    let mut closeness = Closeness::default();
    for matcher in matchers {
        match matcher.operator {
            // What holds for a label that is not there says little.
            _ if holds(matcher, "") => closeness.excluded += 1,
            MatchOperator::Equal => closeness.equal += 1,
            MatchOperator::Matches => closeness.pattern += 1,
            MatchOperator::NotEqual | MatchOperator::MatchesNot => closeness.excluded += 1,
        }
    }
    let same = service.is_some() && labels.get("service").map(String::as_str) == service;
    closeness.service = usize::from(same);
    closeness
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    fn matcher(label: &str, operator: MatchOperator, value: &str) -> Matcher {
        let (label, value) = (label.to_owned(), value.to_owned());
        let written = Matcher { label, operator, value, pattern: None }.to_string();
        Matcher::parse(&written).unwrap()
    }

    pub(in super::super) fn all(matchers: &[(&str, MatchOperator, &str)]) -> Vec<Matcher> {
        matchers.iter().map(|(label, how, value)| matcher(label, *how, value)).collect()
    }

    pub(in super::super) fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    use MatchOperator::{Equal, Matches, MatchesNot, NotEqual};

    #[test]
    fn patterns_are_anchored_and_a_missing_label_is_empty() {
        for (how, value, label, fits) in [
            (Equal, "a", Some("a"), true),
            (Equal, "a", Some("ab"), false),
            (Equal, "", None, true),
            (Equal, "", Some("a"), false),
            (NotEqual, "a", None, true),
            (NotEqual, "", None, false),
            (Matches, "a|b", Some("b"), true),
            (Matches, "a|b", Some("ab"), false),
            (Matches, "a", Some("xa"), false),
            (Matches, "a", Some("ax"), false),
            (Matches, "a.*", Some("a\nb"), false),
            (Matches, "a", Some("a\n"), false),
            (Matches, "(?s)a.*", Some("a\nb"), true),
            (Matches, "(?i)A", Some("a"), true),
            (Matches, ".*", None, true),
            (Matches, ".+", None, false),
            (Matches, "", None, true),
            (Matches, r"db\d", Some("db1"), true),
            // To Go a digit is one of ten.
            (Matches, r"db\d", Some("db\u{0661}"), false),
            (Matches, r"\w+", Some("\u{e9}"), false),
            (MatchesNot, "a|b", Some("c"), true),
            (MatchesNot, "a|b", None, true),
            (MatchesNot, ".*", None, false),
        ] {
            let labels = label.map(|value| ("l", value));
            let labels = super::tests::labels(labels.as_slice());
            assert_eq!(
                matches(&all(&[("l", how, value)]), &labels),
                fits,
                "{how:?} {value} {label:?}"
            );
        }
        assert!(matches(&[], &labels(&[])));
    }

    #[test]
    fn labels_with_values_are_closer_than_patterns_and_these_than_exclusions() {
        let found = labels(&[("alertname", "X"), ("service", "shop")]);
        let of = |matchers: &[_], service| closeness(&all(matchers), service, &found);
        let order = [
            of(&[], None),
            of(&[("alertname", NotEqual, "Y")], None),
            of(&[("alertname", Matches, ".*")], None).max(of(&[("x", Equal, "")], None)),
            of(&[("alertname", Matches, "X|Y")], None),
            of(&[("alertname", Equal, "X")], None),
            of(&[("alertname", Equal, "X")], Some("shop")),
            of(&[("alertname", Equal, "X"), ("service", Matches, "s.*")], Some("shop")),
            of(&[("alertname", Equal, "X"), ("service", Equal, "shop")], None),
        ];
        assert!(order.is_sorted(), "{order:?}");
        assert_eq!(order[1], order[2]);
        let rest = order.iter().enumerate().filter(|(at, _)| *at != 2).map(|(_, it)| it);
        assert!(rest.collect::<Vec<_>>().windows(2).all(|pair| pair[0] < pair[1]), "{order:?}");
    }

    /// What a matcher means, written as plainly as can be: a pattern is here a list of whole texts.
    fn model(
        matchers: &[(String, MatchOperator, Vec<String>)],
        found: &[(String, String)],
    ) -> bool {
        let mut all = true;
        for (label, how, values) in matchers {
            let mut value = String::new();
            for (name, text) in found {
                if name == label {
                    value.clone_from(text);
                }
            }
            let among = values.contains(&value);
            let wanted = *how == Equal || *how == Matches;
            all = all && among == wanted;
        }
        all
    }

    proptest! {
        #[test]
        fn rules_match_as_a_plain_model_does(
            matchers in prop::collection::vec(
                ("[abc]", 0..4_u8, prop::collection::vec("[xy.]{0,2}", 1..4)), 0..4),
            found in prop::collection::btree_map("[abc]", "[xy.]{0,2}", 0..4),
        ) {
            let matchers: Vec<_> = matchers.into_iter().map(|(label, how, mut values)| {
                let how = [Equal, NotEqual, Matches, MatchesNot][usize::from(how)];
                if how == Equal || how == NotEqual {
                    values.truncate(1);
                }
                (label, how, values)
            }).collect();
            let written = matchers.iter().map(|(label, how, values)| {
                let values: Vec<String> = match how {
                    Equal | NotEqual => values.clone(),
                    Matches | MatchesNot => values.iter().map(|it| regex::escape(it)).collect(),
                };
                matcher(label, *how, &values.join("|"))
            });
            let written: Vec<Matcher> = written.collect();
            let pairs: Vec<_> = found.clone().into_iter().collect();
            prop_assert_eq!(matches(&written, &found), model(&matchers, &pairs));
        }
    }
}
