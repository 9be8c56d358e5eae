//! Values taken from a command's output.

use super::attempted::{AttemptId, Role};
use super::demand::{Ended, Filtered};
use super::event::Recorded;
use super::job::Job;
use super::run::Run;
use crate::expression::{Filter, Output, OutputKind};
use crate::runbook::{Capture, CaptureSource};
use crate::value::{Hidden, Secret, Type, Value};

impl Run {
    /// The jq filters that the output of an attempt goes through, before its end is handed in: of
    /// one that runs, or of a command that the responder ran elsewhere.
    pub fn filters(&self, attempt: AttemptId) -> Vec<Filter> {
        let running = self.state.running.get(&attempt);
        let lane = running.map_or_else(|| self.attention(), |running| running.lane);
        if running.is_some_and(|running| running.role != Role::Main) {
            return Vec::new();
        }
        let step = self.job_in(lane).and_then(Job::step);
        let captures = step.and_then(|step| self.run_of(step)).map(|run| run.captures.iter());
        let filters = captures.into_iter().flatten().filter_map(|capture| match &capture.from {
            CaptureSource::Json(filter) => Some(filter.clone()),
            _ => None,
        });
        filters.collect()
    }
}

/// Takes a value from an output, or says why it cannot, as a phrase without the output's text.
pub(super) fn capture(wanted: &Capture, ended: &Ended) -> Result<Recorded, String> {
    let stdout = &ended.stdout;
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
        CaptureSource::Json(filter) => from_json(wanted.ty, filter, &ended.filtered)?,
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

fn from_json(ty: Type, filter: &Filter, filtered: &Filtered) -> Result<Value, String> {
    let outputs = filtered.get(filter.text()).ok_or("its filter was not run")?.as_deref()?;
    match (ty, outputs) {
        (Type::List, [Output { kind: OutputKind::Array(items), .. }]) => items_of(items),
        (Type::List, outputs) => items_of(outputs),
        (_, [Output { kind: OutputKind::Null, .. }]) => Err("it is null".to_owned()),
        (_, [one]) => typed(ty, &one.text),
        (_, []) => Err("the filter finds nothing".to_owned()),
        (_, many) => Err(format!("the filter finds {} values, not one", many.len())),
    }
}

fn items_of(items: &[Output]) -> Result<Value, String> {
    if items.iter().any(|item| item.kind == OutputKind::Null) {
        return Err("an item of it is null".to_owned());
    }
    Ok(Value::List(items.iter().map(|item| Value::Text(item.text.clone())).collect()))
}
