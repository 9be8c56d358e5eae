//! Alerts in the index: by which label each rule is found, and its matchers as text.
//!
//! A rule is found by *doors*: labels with a value of which an alert must have one. So an alert is
//! answered without looking at every rule; whether a rule fits is then told by its matchers.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};

use super::super::alert::holds;
use crate::runbook::{MatchOperator, Matcher};

/// Rules without a door are looked at for every alert.
const NONE: (&str, &str) = ("", "");

/// Rules that ask for a name which cannot be told by its letters alone. No label is called so.
const NAMED: (&str, &str) = ("~alertname", "");

/// More doors than this are not made for one pattern.
const MOST_DOORS: usize = 64;

/// The matchers of one of a runbook's alerts.
#[derive(Clone, Debug)]
pub struct IndexedRule {
    /// Of which entry.
    pub entry: i64,
    /// All must hold.
    pub matchers: Vec<Matcher>,
}

impl IndexedRule {
    /// Whether it may fit an alert of which only the name is known. A rule that asks for no name
    /// fits by other labels, of which nothing is known.
    fn may_answer(&self, name: &str) -> bool {
        let mut named = self.matchers.iter().filter(|it| it.label == "alertname").peekable();
        named.peek().is_some() && named.all(|it| holds(it, name))
    }
}

/// The doors of a rule: those of its name if it has one, else of any label with fixed values.
pub(super) fn doors(matchers: &[Matcher]) -> Vec<(String, String)> {
    let named = matchers.iter().filter(|matcher| matcher.label == "alertname");
    let others = matchers.iter().filter(|matcher| matcher.label != "alertname");
    let open = named.clone().next().is_some() && named.clone().all(|it| values(it).is_none());
    let values = named.chain(others).find_map(|matcher| {
        let values = values(matcher)?;
        Some(values.into_iter().map(|value| (matcher.label.clone(), value)).collect())
    });
    let owned = |(label, value): (&str, &str)| (label.to_owned(), value.to_owned());
    let mut doors: Vec<_> = values.unwrap_or_else(|| vec![owned(NONE)]);
    doors.extend(open.then(|| owned(NAMED)));
    doors
}

/// The values that a matcher lets pass, if they can be counted. A missing label is the empty text,
/// so that an empty value is no door.
fn values(matcher: &Matcher) -> Option<Vec<String>> {
    let values: Vec<String> = match matcher.operator {
        MatchOperator::Equal => vec![matcher.value.clone()],
        MatchOperator::Matches => matcher.value.split('|').map(str::to_owned).collect(),
        MatchOperator::MatchesNot | MatchOperator::NotEqual => return None,
    };
    let plain = |value: &String| {
        let letter = |c: char| c.is_ascii_alphanumeric() || "_-/: ".contains(c);
        matcher.operator == MatchOperator::Equal || value.chars().all(letter)
    };
    let counted = values.len() <= MOST_DOORS && values.iter().all(|it| !it.is_empty() && plain(it));
    counted.then_some(values)
}

/// Matchers as the index keeps them.
pub(super) fn written(matchers: &[Matcher]) -> String {
    let rows: Vec<(&str, &str, &str)> = matchers
        .iter()
        .map(|it| (it.label.as_str(), sign(it.operator), it.value.as_str()))
        .collect();
    serde_json::to_string(&rows).expect("texts are JSON")
}

fn sign(operator: MatchOperator) -> &'static str {
    match operator {
        MatchOperator::Equal => "=",
        MatchOperator::NotEqual => "!=",
        MatchOperator::Matches => "=~",
        MatchOperator::MatchesNot => "!~",
    }
}

/// Matchers as they were before they were written.
fn read(text: &str) -> Option<Vec<Matcher>> {
    let rows: Vec<(String, String, String)> = serde_json::from_str(text).ok()?;
    let matcher = |(label, sign, value): (String, String, String)| {
        let operator = match sign.as_str() {
            "=" => MatchOperator::Equal,
            "!=" => MatchOperator::NotEqual,
            "=~" => MatchOperator::Matches,
            "!~" => MatchOperator::MatchesNot,
            _ => return None,
        };
        Matcher::new(label, operator, value).ok()
    };
    rows.into_iter().map(matcher).collect()
}

/// Every rule.
pub(super) fn all(db: &Connection) -> rusqlite::Result<Vec<IndexedRule>> {
    rules(
        db,
        "SELECT rule.entry, rule.matchers FROM rule JOIN entry ON entry.id = rule.entry
         JOIN active ON active.place = entry.place ORDER BY rule.id",
        [],
    )
}

/// The rules that may fit an alert with these labels: few of those that do not, none missing.
pub(super) fn may_fit(
    db: &Connection,
    labels: &BTreeMap<String, String>,
) -> rusqlite::Result<Vec<IndexedRule>> {
    let own = labels.iter().map(|(label, value)| (label.as_str(), value.as_str()));
    behind(db, own.chain([NONE]))
}

/// The rules that may fit an alert of which only the name is known.
pub(super) fn named(db: &Connection, name: &str) -> rusqlite::Result<Vec<IndexedRule>> {
    let mut rules = behind(db, [("alertname", name), NAMED].into_iter())?;
    rules.retain(|rule| rule.may_answer(name));
    Ok(rules)
}

fn behind<'a>(
    db: &Connection,
    doors: impl Iterator<Item = (&'a str, &'a str)>,
) -> rusqlite::Result<Vec<IndexedRule>> {
    let mut found = Vec::new();
    for (label, value) in doors {
        found.extend(rules(
            db,
            "SELECT rule.entry, rule.matchers FROM door JOIN rule ON rule.id = door.rule
             JOIN entry ON entry.id = rule.entry JOIN active ON active.place = entry.place
             WHERE door.label = ?1 AND door.value = ?2 ORDER BY rule.id",
            params![label, value],
        )?);
    }
    Ok(found)
}

fn rules(
    db: &Connection,
    query: &str,
    parameters: impl rusqlite::Params,
) -> rusqlite::Result<Vec<IndexedRule>> {
    let mut statement = db.prepare(query)?;
    let rows = statement.query_map(parameters, |row| {
        let text: String = row.get(1)?;
        Ok((row.get::<_, i64>(0)?, text))
    })?;
    let mut rules = Vec::new();
    for row in rows {
        let (entry, text) = row?;
        // What cannot be read was written by somebody else: it answers no alert.
        rules.extend(read(&text).map(|matchers| IndexedRule { entry, matchers }));
    }
    Ok(rules)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matcher(label: &str, operator: MatchOperator, value: &str) -> Matcher {
        Matcher { label: label.to_owned(), operator, value: value.to_owned(), pattern: None }
    }

    #[test]
    fn a_rule_is_found_by_its_name_else_by_a_label_else_always() {
        use MatchOperator::{Equal, Matches, NotEqual};
        let check = |matchers: &[Matcher], expected: &[(&str, &str)]| {
            let doors = doors(matchers);
            let doors: Vec<_> = doors.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
            assert_eq!(doors, expected);
        };
        let job = matcher("job", Equal, "api");
        check(&[job.clone(), matcher("alertname", Equal, "Down")], &[("alertname", "Down")]);
        check(
            &[matcher("alertname", Matches, "Down|Slow")],
            &[("alertname", "Down"), ("alertname", "Slow")],
        );
        check(
            &[matcher("alertname", Matches, "Kube.*"), job],
            &[("job", "api"), ("~alertname", "")],
        );
        // A missing label is the empty text: these may fit an alert that has none of them.
        check(&[matcher("job", Equal, ""), matcher("team", NotEqual, "x")], &[("", "")]);
        check(&[matcher("job", Matches, "a|")], &[("", "")]);
    }

    #[test]
    fn matchers_come_back_as_they_were() {
        let rows = [("a", "=", "x\"y"), ("b", "!=", ""), ("c", "=~", "x|y.*"), ("d", "!~", "z")];
        let text = serde_json::to_string(&rows).unwrap();
        let matchers = read(&text).unwrap();
        assert_eq!(written(&matchers), text);
        assert!(matchers[2].pattern.as_ref().unwrap().is_match("yes"));
        assert!(!matchers[2].pattern.as_ref().unwrap().is_match("ayes"));
        assert!(read("[[\"a\",\"?\",\"x\"]]").is_none());
    }
}
