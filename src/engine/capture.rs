//! Values taken from a command's output.

use serde_json::Value as Json;

use super::demand::Printed;
use super::event::Recorded;
use crate::expression::{Filter, FilterError};
use crate::runbook::{Capture, CaptureSource};
use crate::value::{Hidden, Secret, Type, Value};

/// Takes a value from an output, or says why it cannot, as a phrase without the output's text.
pub(super) fn capture(wanted: &Capture, stdout: &Printed) -> Result<Recorded, String> {
    if stdout.more > 0 {
        return Err("not all of the output is there to take a value from".to_owned());
    }
    let text =
        std::str::from_utf8(&stdout.bytes).map_err(|_| "the output is not UTF-8".to_owned())?;
    let value = match &wanted.from {
        CaptureSource::Lines => lines(text),
        CaptureSource::Line(number) => typed(wanted.ty, &line(text, *number)?)?,
        CaptureSource::Regex(pattern) => typed(wanted.ty, &matched(pattern, text)?)?,
        CaptureSource::Whole => typed(wanted.ty, text.trim())?,
        CaptureSource::Json(filter) => from_json(wanted.ty, filter, text)?,
    };
    if wanted.secret {
        let secret = Secret::new(value.written());
        Hidden::new(&secret).map_err(|weak| weak.to_string())?;
        return Ok(Recorded::Secret(Some(secret)));
    }
    Ok(Recorded::Open(value))
}

fn typed(ty: Type, text: &str) -> Result<Value, String> {
    if text.is_empty() {
        return Err("it is empty".to_owned());
    }
    Value::parse(ty, text).map_err(|error| error.without_text())
}

fn lines(text: &str) -> Value {
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    Value::List(lines.map(|line| Value::Text(line.to_owned())).collect())
}

fn line(text: &str, number: i64) -> Result<String, String> {
    let lines: Vec<&str> = text.lines().collect();
    let from_end = usize::try_from(number.unsigned_abs()).unwrap_or(usize::MAX);
    let place =
        if number > 0 { from_end.checked_sub(1) } else { lines.len().checked_sub(from_end) };
    let line = place.and_then(|place| lines.get(place));
    line.map(|line| line.trim().to_owned())
        .ok_or_else(|| format!("there is no line {number}, the output has {}", lines.len()))
}

fn matched(pattern: &regex::Regex, text: &str) -> Result<String, String> {
    let groups = pattern.captures(text).ok_or_else(|| format!("nothing matches `{pattern}`"))?;
    let named = pattern.capture_names().flatten().next().and_then(|name| groups.name(name));
    let found = named.or_else(|| groups.get(1)).or_else(|| groups.get(0));
    found
        .map(|found| found.as_str().to_owned())
        .ok_or_else(|| format!("`{pattern}` matches nothing"))
}

/// The kinds of the outputs tell what is null; their texts keep the digits of numbers.
fn from_json(ty: Type, filter: &Filter, text: &str) -> Result<Value, String> {
    let said = |error: FilterError| error.to_string();
    let kinds = filter.run(text).map_err(said)?;
    let texts = filter.texts(text).map_err(said)?;
    match (ty, kinds.as_slice(), texts.as_slice()) {
        (Type::List, [Json::Array(items)], [array]) => {
            let each = Filter::compile(".[]").map_err(said)?;
            items_of(items, each.texts(array).map_err(said)?)
        }
        (Type::List, kinds, _) => items_of(kinds, texts),
        (_, [Json::Null], _) => Err("it is null".to_owned()),
        (_, [_], [one]) => typed(ty, one),
        (_, [], _) => Err("the filter finds nothing".to_owned()),
        (_, many, _) => Err(format!("the filter finds {} values, not one", many.len())),
    }
}

fn items_of(kinds: &[Json], texts: Vec<String>) -> Result<Value, String> {
    if kinds.iter().any(Json::is_null) {
        return Err("an item of it is null".to_owned());
    }
    Ok(Value::List(texts.into_iter().map(Value::Text).collect()))
}
