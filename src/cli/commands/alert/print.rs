//! What was found for alerts, for people and for programs.

use std::path::Path;

use serde_json::{Value, json};

use super::{Answer, Found};
use crate::catalog::Received;
use crate::cli::ages::Ages;
use crate::cli::alerts::{Filled, described, fetched_from, headline};
use crate::cli::past::ago;
use crate::console::{Meaning, Page, Text};
use crate::diagnostic::visible_json;

/// So many alerts are told in full.
const MOST_TOLD: usize = 20;

/// For people. `named` is how the alerts were named; what was heard of has its fingerprint.
pub(super) fn page(found: &[Found<'_>], truncated: u64, named: Option<&Path>, ages: Ages) -> Page {
    let mut page = Page::new();
    for (place, one) in found.iter().take(MOST_TOLD).enumerate() {
        if place > 0 {
            page.blank();
        }
        page.line(headline(one.received));
        if one.answers.is_empty() {
            page.line(Text::of(Meaning::Warning, "  no runbook here answers it"));
        }
        for (place, answer) in one.answers.iter().enumerate() {
            let named = named.map_or_else(|| one.received.fingerprint(), shown);
            let number = format!("{:>3}  ", place + 1);
            told(&mut page, &number, answer, &named, ages);
        }
    }
    let more = (found.len().saturating_sub(MOST_TOLD)) as u64;
    for (count, why) in
        [(more, "--format json tells all"), (truncated, "Alertmanager cut them off")]
    {
        if count > 0 {
            page.blank();
            page.line(Text::of(
                Meaning::Warning,
                format!("{count} more alerts are not shown: {why}"),
            ));
        }
    }
    page
}

fn told(page: &mut Page, number: &str, answer: &Answer<'_>, named: &str, ages: Ages) {
    let fitting = &answer.fitting;
    let reference = fitting.answering.lies.reference();
    let by = fitting.answering.walked_by.as_ref().map(|by| format!(" by {by}"));
    let by = by.unwrap_or_default();
    let walked = fitting.answering.walked.map(|at| format!(", last walked {}{by}", ago(at)));
    let title = Text::of(Meaning::Hint, number)
        .add(Meaning::Value, fitting.answering.name())
        .add(Meaning::Plain, format!("  {}", fitting.answering.title));
    page.hanging(title, 5);
    let why = format!("     because {}", fitting.why());
    let more = format!("  ({}{})", fitting.how_close(), walked.unwrap_or_default());
    page.hanging(Text::plain(why).add(Meaning::Dim, more), 5);
    if let Some(from) = fetched_from(fitting.answering, ages) {
        page.hanging(Text::plain("     ").join(from), 5);
    }
    for (name, filled) in &answer.inputs {
        let text = Text::plain(format!("     {name}"));
        page.hanging(
            match filled {
                Filled::By { value, from } => text
                    .add(Meaning::Plain, " = ")
                    .add(Meaning::Value, value)
                    .add(Meaning::Dim, format!("  ({from})")),
                Filled::Not(why) => text.add(Meaning::Warning, format!(" is not filled: {why}")),
            },
            5,
        );
    }
    if !answer.left.is_empty() {
        let left = answer.left.join(", ");
        page.hanging(Text::of(Meaning::Dim, format!("     asked for: {left}")), 5);
    }
    let command = format!("     $ surefoot run {} --alert {}", word(&reference), word(named));
    page.exact(Text::of(Meaning::Command, command));
}

/// A runbook for an alert, on one line.
pub(super) fn offered(received: &Received, answer: &Answer<'_>) -> Text {
    let answering = answer.fitting.answering;
    Text::of(Meaning::Value, answering.name())
        .add(Meaning::Plain, format!("  {}", answering.title))
        .add(Meaning::Dim, format!("  for {}", described(received)))
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// A word as a shell takes it.
fn word(text: &str) -> String {
    shlex::try_quote(text).map_or_else(|_| text.to_owned(), std::borrow::Cow::into_owned)
}

/// For programs.
pub(super) fn json(found: &[Found<'_>], truncated: u64) -> String {
    let alerts: Vec<Value> = found.iter().map(alert).collect();
    let document = json!({ "alerts": alerts, "truncated": truncated });
    let text = serde_json::to_string_pretty(&document).expect("they are texts and numbers");
    visible_json(&text) + "\n"
}

fn alert(found: &Found<'_>) -> Value {
    let received = found.received;
    json!({
        "fingerprint": received.fingerprint(),
        "state": received.state.name(),
        "since": received.since,
        "labels": received.alert.labels,
        "annotations": received.alert.annotations,
        "runbooks": found.answers.iter().map(answer).collect::<Vec<_>>(),
    })
}

fn answer(answer: &Answer<'_>) -> Value {
    let fitting = &answer.fitting;
    let (closeness, lies) = (fitting.closeness, &fitting.answering.lies);
    let mut inputs = serde_json::Map::new();
    let mut unfilled = serde_json::Map::new();
    for (name, filled) in &answer.inputs {
        match filled {
            Filled::By { value, from } => {
                inputs.insert(name.clone(), json!({ "value": value, "from": from }))
            }
            Filled::Not(why) => unfilled.insert(name.clone(), json!(why)),
        };
    }
    let matchers: Vec<String> = fitting.matchers.iter().map(ToString::to_string).collect();
    json!({
        "id": fitting.answering.id,
        "service": fitting.answering.service,
        "title": fitting.answering.title,
        "path": lies.file().map(shown),
        "source": lies.fetched().map(|(name, at)| json!({ "name": name, "fetched_at": at })),
        "matchers": matchers,
        "rank": {
            "equal": closeness.equal,
            "pattern": closeness.pattern,
            "excluded": closeness.excluded,
            "service": closeness.service > 0,
            "last_walked": fitting.answering.walked,
            "last_walked_by": fitting.answering.walked_by,
        },
        "why": format!("{} ({})", fitting.why(), fitting.how_close()),
        "inputs": inputs,
        "unfilled": unfilled,
        "asked": answer.left,
    })
}
