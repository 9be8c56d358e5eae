//! What Alertmanager sends: the notification of a webhook, the list that its API and `amtool` give, or
//! one alert by itself. It comes from strangers: everything in it has a limit, and what is not of
//! the expected kind is named by its place.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::diagnostic::{cut, is_unsafe, visible_line};
use crate::plan::Alert;

/// The largest payload, in bytes.
pub const MOST_BYTES: usize = 8 << 20;
/// How many alerts a payload may hold.
const MOST_ALERTS: usize = 10_000;
/// How many labels, and how many annotations, an alert may have.
const MOST_PAIRS: usize = 256;
/// The longest name of a label, in bytes.
const LONGEST_NAME: usize = 1024;
/// The longest value of a label or an annotation, in bytes.
const LONGEST_VALUE: usize = 64 << 10;
/// The most that the labels and annotations of an alert may have together, in bytes: what fires is
/// kept, and whoever can tell of alerts must not fill the disk with them.
const MOST_OF_AN_ALERT: usize = 128 << 10;

/// What is not an alert.
#[derive(Debug, thiserror::Error)]
pub enum AlertFailed {
    /// It holds no alert.
    #[error("the payload holds no alert")]
    Empty,
    /// There is nothing at all.
    #[error("there is no alert: what was given is empty")]
    Nothing,
    /// Every alert in it is resolved.
    #[error("the payload holds no alert that fires: all are resolved")]
    Resolved,
    /// It is no JSON of the expected form.
    #[error("the alert is not what Alertmanager sends: {0}")]
    Form(String),
}

/// Alerts that came together.
#[derive(Clone, Debug)]
pub struct Notification {
    /// The alerts, in their order.
    pub alerts: Vec<Received>,
    /// How many more there were, which Alertmanager left out.
    pub truncated: u64,
    /// Why others were left out here: one that is too large keeps no other from being heard.
    pub left_out: Vec<String>,
}

/// An alert, and what is said of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Received {
    /// Its labels and annotations.
    pub alert: Alert,
    /// Whether it fires.
    pub state: State,
    /// Since when.
    pub since: Option<Timestamp>,
    /// The page of the expression that made it.
    pub generator: Option<String>,
}

/// Whether an alert fires.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum State {
    /// It does.
    Firing,
    /// It does, and Alertmanager tells nobody: it is silenced, or inhibited by another.
    Suppressed,
    /// No longer.
    Resolved,
}

impl State {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Firing => "firing",
            Self::Suppressed => "suppressed",
            Self::Resolved => "resolved",
        }
    }
}

impl Notification {
    /// Those that fire, those first that nobody suppresses.
    pub fn firing(&self) -> Result<Vec<&Received>, AlertFailed> {
        let mut firing: Vec<&Received> =
            self.alerts.iter().filter(|alert| alert.state != State::Resolved).collect();
        firing.sort_by_key(|alert| alert.state);
        if firing.is_empty() { Err(AlertFailed::Resolved) } else { Ok(firing) }
    }
}

impl Received {
    /// What the alert is called; the empty text if it has no name.
    pub fn name(&self) -> &str {
        self.alert.labels.get("alertname").map_or("", String::as_str)
    }

    /// What Alertmanager calls it: a digest of its labels alone. It is always made here, because what
    /// a payload says could name another.
    pub fn fingerprint(&self) -> String {
        // FNV-1a with 64 bits, and a byte that UTF-8 cannot hold after every name and value.
        const START: u64 = 0xcbf2_9ce4_8422_2325;
        const PRIME: u64 = 0x0100_0000_01b3;
        let texts = self.alert.labels.iter().flat_map(|(name, value)| [name, value]);
        let bytes = texts.flat_map(|text| text.bytes().chain([0xff]));
        let digest = bytes.fold(START, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(PRIME));
        format!("{digest:016x}")
    }
}

/// Reads a payload.
pub fn read_notification(bytes: &[u8]) -> Result<Notification, AlertFailed> {
    if bytes.len() > MOST_BYTES {
        return Err(form(format!("it has more than {} MiB", MOST_BYTES >> 20)));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| form("it is not UTF-8"))?;
    if text.trim().is_empty() {
        return Err(AlertFailed::Nothing);
    }
    let value: Value = serde_json::from_str(text.strip_prefix('\u{feff}').unwrap_or(text))
        .map_err(|error| form(error.to_string()))?;
    let (items, truncated) = match value {
        Value::Array(items) => (items, 0),
        Value::Object(mut payload) if payload.contains_key("alerts") => {
            let truncated = truncated(&payload)?;
            version(&payload)?;
            match payload.remove("alerts") {
                Some(Value::Array(items)) => (items, truncated),
                other => return Err(wrong("alerts", "a list", other.as_ref())),
            }
        }
        one @ Value::Object(_) => {
            let alerts = vec![alert(&one, "")?];
            return Ok(Notification { alerts, truncated: 0, left_out: Vec::new() });
        }
        other => return Err(wrong("it", "an object or a list", Some(&other))),
    };
    if items.is_empty() {
        return Err(AlertFailed::Empty);
    }
    if items.len() > MOST_ALERTS {
        return Err(form(format!("it holds more than {MOST_ALERTS} alerts")));
    }
    let (mut alerts, mut failed) = (Vec::new(), Vec::new());
    for (at, item) in items.iter().enumerate() {
        match alert(item, &format!("alerts[{at}]")) {
            Ok(alert) => alerts.push(alert),
            Err(error) => failed.push(error),
        }
    }
    if alerts.is_empty() {
        return Err(failed.swap_remove(0));
    }
    let left_out = failed.iter().map(AlertFailed::to_string).collect();
    Ok(Notification { alerts, truncated, left_out })
}

fn form(why: impl Into<String>) -> AlertFailed {
    AlertFailed::Form(why.into())
}

fn wrong(place: &str, expected: &str, found: Option<&Value>) -> AlertFailed {
    let found = match found {
        None => "missing",
        Some(Value::Null) => "null",
        Some(Value::Bool(_)) => "true or false",
        Some(Value::Number(_)) => "a number",
        Some(Value::String(_)) => "a text",
        Some(Value::Array(_)) => "a list",
        Some(Value::Object(_)) => "an object",
    };
    form(format!("`{}` is {found}, not {expected}", visible_line(place)))
}

/// The version of the webhook, which only says what is here read anyway.
fn version(payload: &Map<String, Value>) -> Result<(), AlertFailed> {
    match payload.get("version") {
        None => Ok(()),
        Some(Value::String(version)) if version == "4" => Ok(()),
        Some(Value::String(version)) => {
            Err(form(format!("version `{}` of webhooks is not known, only 4", cut(version))))
        }
        other => Err(wrong("version", "a text", other)),
    }
}

fn truncated(payload: &Map<String, Value>) -> Result<u64, AlertFailed> {
    match payload.get("truncatedAlerts") {
        None => Ok(0),
        Some(value) => {
            value.as_u64().ok_or_else(|| wrong("truncatedAlerts", "a count", Some(value)))
        }
    }
}

fn alert(value: &Value, place: &str) -> Result<Received, AlertFailed> {
    let at = |key: &str| if place.is_empty() { key.to_owned() } else { format!("{place}.{key}") };
    let Value::Object(alert) = value else {
        return Err(wrong(place, "an object", Some(value)));
    };
    let labels = alert.get("labels").ok_or_else(|| wrong(&at("labels"), "an object", None))?;
    let labels = pairs(labels, &at("labels"))?;
    let annotations = match alert.get("annotations") {
        None | Some(Value::Null) => BTreeMap::new(),
        Some(value) => pairs(value, &at("annotations"))?,
    };
    let size = |(name, text): (&String, &String)| name.len() + text.len();
    if labels.iter().chain(&annotations).map(size).sum::<usize>() > MOST_OF_AN_ALERT {
        let which = if place.is_empty() { "it" } else { place };
        return Err(form(format!("`{which}` has more than {} KiB", MOST_OF_AN_ALERT >> 10)));
    }
    Ok(Received {
        alert: Alert { labels, annotations },
        state: state(alert.get("status"), &at("status"))?,
        since: since(alert.get("startsAt"), &at("startsAt"))?,
        generator: match alert.get("generatorURL") {
            None | Some(Value::Null) => None,
            Some(Value::String(url)) if url.len() <= LONGEST_VALUE => {
                Some(url.clone()).filter(|url| !url.is_empty())
            }
            other => return Err(wrong(&at("generatorURL"), "a short text", other)),
        },
    })
}

/// A webhook says a word; the API has an object with the word in it.
fn state(value: Option<&Value>, place: &str) -> Result<State, AlertFailed> {
    let word = match value {
        None | Some(Value::Null) => return Ok(State::Firing),
        Some(Value::String(word)) => word,
        Some(Value::Object(status)) => match status.get("state") {
            Some(Value::String(word)) => word,
            other => return Err(wrong(&format!("{place}.state"), "a text", other)),
        },
        other => return Err(wrong(place, "a text", other)),
    };
    match word.as_str() {
        "firing" | "active" | "unprocessed" => Ok(State::Firing),
        "suppressed" => Ok(State::Suppressed),
        "resolved" => Ok(State::Resolved),
        other => Err(form(format!("`{place}` is `{}`, neither firing nor resolved", cut(other)))),
    }
}

fn since(value: Option<&Value>, place: &str) -> Result<Option<Timestamp>, AlertFailed> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => text.parse().map(Some).map_err(|_| {
            form(format!("`{place}` is `{}`, not a time such as 2026-03-01T02:34:00Z", cut(text)))
        }),
        other => Err(wrong(place, "a text", other)),
    }
}

fn pairs(value: &Value, place: &str) -> Result<BTreeMap<String, String>, AlertFailed> {
    let Value::Object(map) = value else {
        return Err(wrong(place, "an object", Some(value)));
    };
    if map.len() > MOST_PAIRS {
        return Err(form(format!("`{place}` has more than {MOST_PAIRS} entries")));
    }
    let mut pairs = BTreeMap::new();
    for (name, value) in map {
        if name.is_empty() || name.len() > LONGEST_NAME || name.chars().any(is_unsafe) {
            return Err(form(format!(
                "`{place}` has a name that no label can have: `{}`",
                cut(name)
            )));
        }
        let inside = || format!("{place}.{}", cut(name));
        let Value::String(text) = value else {
            return Err(wrong(&inside(), "a text", Some(value)));
        };
        if text.len() > LONGEST_VALUE {
            let most = LONGEST_VALUE >> 10;
            return Err(form(format!("`{}` has more than {most} KiB", visible_line(&inside()))));
        }
        pairs.insert(name.clone(), text.clone());
    }
    Ok(pairs)
}

#[cfg(test)]
#[path = "payload_tests.rs"]
mod tests;
