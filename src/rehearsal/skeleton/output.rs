//! What a command may print so that its step goes one way or another: its own sample, and texts made
//! from what it captures and what its expressions compare with.

use std::collections::{BTreeMap, BTreeSet};

use super::literal::{Literal, literals};
use super::pattern::text_for;
use crate::runbook::{
    self, Capture, CaptureSource, End, Input, Part, Run as RunAction, Runbook, Verify,
};
use crate::value::{Name, Type, Value, compile_regex};

/// How many results of one command are tried at most.
const MOST: usize = 24;

/// A secret that opens nothing, and is long enough to be hidden.
const MADE_UP: &str = "not-a-real-secret";

/// The results that a command may have, the likeliest first.
pub(super) fn results(
    runbook: &Runbook,
    run: &RunAction,
    known: &BTreeMap<Name, Value>,
) -> Vec<Part> {
    let mut made = Made { parts: Vec::new() };
    let good = run.sample.as_deref().map(good_part);
    made.add(0, good.unwrap_or_default());
    let plain = |capture: &Capture| {
        if capture.secret { MADE_UP.to_owned() } else { plain_value(capture.ty) }
    };
    let captures = run.captures.iter();
    let defaults: BTreeMap<&Name, String> =
        captures.map(|capture| (&capture.name, plain(capture))).collect();
    made.add(0, print(run, &defaults));
    for capture in &run.captures {
        for value in values(runbook, &capture.name, capture.ty, known) {
            let mut changed = defaults.clone();
            changed.insert(&capture.name, value);
            made.add(0, print(run, &changed));
        }
    }
    for literal in own_literals(run) {
        match literal {
            Literal::Text(text) => made.add(0, text),
            Literal::Pattern(pattern) => {
                let pattern = compile_regex(&pattern).ok();
                made.add(0, pattern.and_then(|it| text_for(&it, None)).unwrap_or_default());
            }
            Literal::Number(number) => {
                if let Ok(exit) = u8::try_from(number) {
                    made.add(exit, print(run, &defaults));
                }
            }
        }
    }
    made.add(0, String::new());
    made.add(1, print(run, &defaults));
    made.add(1, String::new());
    made.add(3, String::new());
    made.parts
}

/// A text from which the captures take what is known, and else something of their type.
pub(in crate::rehearsal) fn stand_in(run: &RunAction, known: &BTreeMap<Name, String>) -> String {
    let value = |capture: &Capture| match known.get(&capture.name) {
        Some(value) => value.clone(),
        None if capture.secret => MADE_UP.to_owned(),
        None => plain_value(capture.ty),
    };
    let values = run.captures.iter().map(|capture| (&capture.name, value(capture)));
    let text = print(run, &values.collect());
    if text.is_empty() { text } else { text + "\n" }
}

/// What several commands of one kind print that list something.
pub(super) fn choices() -> Part {
    Part { stdout: "first\nsecond\n".to_owned(), ..Part::default() }
}

#[derive(Default)]
struct Made {
    parts: Vec<Part>,
}

impl Made {
    fn add(&mut self, exit: u8, stdout: String) {
        let mut stdout = stdout;
        if !stdout.is_empty() && !stdout.ends_with('\n') {
            stdout.push('\n');
        }
        let same = |it: &Part| it.end == End::Exit(exit) && it.stdout == stdout;
        if self.parts.len() < MOST && !self.parts.iter().any(same) {
            self.parts.push(Part { end: runbook::End::Exit(exit), stdout, ..Part::default() });
        }
    }
}

/// A sample up to where it shows what is bad.
fn good_part(sample: &str) -> String {
    let lines = sample.lines().take_while(|line| !line.trim_start().starts_with("bad"));
    let lines: Vec<&str> = lines.collect();
    lines.join("\n").trim_end().to_owned()
}

/// The values that are worth trying for a capture: what expressions compare it with, and what is
/// next to that.
fn values(runbook: &Runbook, name: &Name, ty: Type, known: &BTreeMap<Name, Value>) -> Vec<String> {
    let mut numbers: BTreeSet<i64> = BTreeSet::new();
    let mut texts: Vec<String> = Vec::new();
    let mut beside: BTreeSet<&Name> = BTreeSet::new();
    let of = expressions(runbook);
    for text in of.iter().filter(|text| mentions(text, name)) {
        for literal in literals(text) {
            match literal {
                Literal::Number(number) => numbers.extend([number, number + 1, number - 1]),
                Literal::Text(text) => texts.push(text),
                Literal::Pattern(pattern) => {
                    let pattern = compile_regex(&pattern).ok();
                    texts.extend(pattern.and_then(|it| text_for(&it, None)));
                }
            }
        }
        beside.extend(known.keys().filter(|other| *other != name && mentions(text, other)));
    }
    for other in beside {
        match &known[other] {
            Value::Integer(number) => numbers.extend([*number, number / 20, number + 1]),
            value => texts.push(value.written()),
        }
    }
    let number = |ty: Type| matches!(ty, Type::Integer | Type::Float);
    match ty {
        Type::Boolean => vec!["true".to_owned(), "false".to_owned()],
        _ if number(ty) => numbers.into_iter().map(|number| number.to_string()).collect(),
        Type::Timestamp => ["2026-03-01T02:30:00Z", "2026-02-20T02:30:00Z"]
            .into_iter()
            .map(str::to_owned)
            .collect(),
        _ => {
            texts.push("other".to_owned());
            texts
        }
    }
}

fn mentions(text: &str, name: &Name) -> bool {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(name.as_str()).any(|(at, found)| {
        !text[..at].ends_with(word) && !text[at + found.len()..].starts_with(word)
    })
}

/// The literals of what a step says of its own output.
fn own_literals(run: &RunAction) -> Vec<Literal> {
    let of = of_run(run).into_iter();
    of.filter(|text| ["stdout", "stderr", "exit"].iter().any(|name| text.contains(name)))
        .flat_map(|text| literals(&text))
        .collect()
}

/// The texts of all expressions of a runbook.
fn expressions(runbook: &Runbook) -> Vec<String> {
    let mut texts = Vec::new();
    for step in &runbook.steps {
        texts.extend(step.when.iter().map(|when| when.text().to_owned()));
        match &step.action {
            runbook::Action::Run(run) => texts.extend(of_run(run)),
            runbook::Action::Ask(runbook::Ask::Decision { options, .. }) => texts.extend(
                options.iter().filter_map(|it| Some(it.suggest.as_ref()?.text().to_owned())),
            ),
            _ => {}
        }
    }
    texts
}

fn of_run(run: &RunAction) -> Vec<String> {
    let verify = match &run.verify {
        Some(Verify::Expect(all)) => all.as_slice(),
        _ => &[],
    };
    let until = run.poll.iter().map(|poll| &poll.until);
    let findings = run.findings.iter().map(|finding| &finding.when);
    let all = run.expect.iter().chain(verify).chain(until).chain(findings);
    all.map(|expression| expression.text().to_owned()).collect()
}

/// A text from which the captures take these values.
fn print(run: &RunAction, values: &BTreeMap<&Name, String>) -> String {
    let mut lines = Vec::new();
    let mut json = serde_json::Value::Null;
    for capture in &run.captures {
        let value = values.get(&capture.name).map_or("", String::as_str);
        match &capture.from {
            CaptureSource::Json(filter) => put(&mut json, filter.text(), capture.ty, value),
            CaptureSource::Line(number) => {
                let wanted = usize::try_from(number.unsigned_abs()).unwrap_or(1).clamp(1, 100);
                while lines.len() < wanted {
                    lines.push(value.to_owned());
                }
            }
            CaptureSource::Lines => lines.extend(["one".to_owned(), "two".to_owned()]),
            CaptureSource::Regex(pattern) => lines.extend(text_for(pattern, Some(value))),
            CaptureSource::Whole => lines.push(value.to_owned()),
        }
    }
    if json.is_null() { lines.join("\n") } else { json.to_string() }
}

/// Puts a value where a plain path such as `.a.b` finds it.
fn put(json: &mut serde_json::Value, path: &str, ty: Type, value: &str) {
    let value = match ty {
        Type::Integer | Type::Float | Type::Boolean => {
            serde_json::from_str(value).unwrap_or(serde_json::Value::Null)
        }
        Type::List => serde_json::json!(["one", "two"]),
        _ => serde_json::Value::String(value.to_owned()),
    };
    if json.is_null() {
        *json = serde_json::json!({});
    }
    let head = path.split('|').next().unwrap_or(path).trim();
    let mut at = json;
    for word in head.split('.').map(str::trim).filter(|word| !word.is_empty()) {
        let (key, listed) = match word.split_once('[') {
            Some((key, _)) => (key, true),
            None => (word, false),
        };
        let key = key.trim_matches(['"', '?']);
        if !at.is_object() {
            *at = serde_json::json!({});
        }
        at = &mut at[key];
        if listed {
            if !at.is_array() {
                *at = serde_json::json!([null]);
            }
            at = &mut at[0];
        }
    }
    *at = value;
}

/// A value of a type, where nothing else is known.
fn plain_value(ty: Type) -> String {
    let text = match ty {
        Type::Boolean => "true",
        Type::Duration => "5m",
        Type::Float => "0.5",
        Type::Host => "host1.example",
        Type::Integer => "1",
        Type::Path => "/var/log/app.log",
        Type::Timestamp => "2026-03-01T02:30:00Z",
        Type::Url => "https://status.example/",
        Type::List | Type::Name | Type::String | Type::Text => "sample",
    };
    text.to_owned()
}

/// A value for an input that has none.
pub(in crate::rehearsal) fn value_for(input: &Input) -> Value {
    let fits = |text: &str| {
        let value = Value::parse(input.ty, text).ok()?;
        input.constraints.check(&value).is_ok().then_some(value)
    };
    let plain = plain_value(input.ty);
    let numbers = (0..=100).chain([1_000, 8_080, 10_000, 100_000]);
    let numbers: Vec<String> = numbers.map(|number: i32| number.to_string()).collect();
    let choices = input.constraints.choices.iter().flatten();
    let listed: Vec<String> = choices.map(Value::written).collect();
    let tried = input.example.iter().chain(&listed).chain([&plain]).chain(&numbers);
    let found = tried.map(String::as_str).find_map(fits);
    found.unwrap_or_else(|| Value::Text(plain.clone()))
}

/// Values that may be typed for a question.
pub(super) fn typed(ty: Type, runbook: &Runbook, name: &Name) -> Vec<String> {
    let mut all = vec![plain_value(ty)];
    all.extend(values(runbook, name, ty, &BTreeMap::new()));
    let mut known = BTreeSet::new();
    all.retain(|text| Value::parse(ty, text).is_ok() && known.insert(text.clone()));
    all.truncate(4);
    all
}
