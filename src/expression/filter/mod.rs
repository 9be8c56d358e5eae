//! jq filters, which take values out of JSON output.
//!
//! A [`Filter`] is pure: it sees one document, no environment, no clock, no further input. What it
//! takes in and gives out is bounded, and generators that may never end are refused. What it needs
//! on the way is not: `[range(1e9)]` fills all memory there is, and no look at the text tells which
//! filters do. So [`Filter::run`] is called where time and memory have a limit, never in the program
//! that keeps the record.

mod screen;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use jaq_core::compile::Undefined;
use jaq_core::data::JustLut;
use jaq_core::load::parse::Def;
use jaq_core::load::{Arena, Error as LoadError, File, Lexer, Loader};
use jaq_core::{Compiler, Ctx, Vars, native, unwrap_valr};
use jaq_json::Val;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use screen::{refuse_complex, refuse_impure, refuse_large};

use crate::value::compile_regex;

/// How many outputs there may be, and how long they may be together.
const OUTPUTS: usize = 10_000;
const OUTPUT_BYTES: usize = 1 << 20;

/// Definitions of jaq's library that stand on functions which are not built in: regular
/// expressions, dates, encodings, special mathematics, effects.
const LEFT_OUT: [&str; 26] = [
    "@base64",
    "@base64d",
    "@html",
    "@htmld",
    "@uri",
    "@urid",
    "capture",
    "debug",
    "drem",
    "fromdate",
    "gamma",
    "gsub",
    "halt_error",
    "logb",
    "match",
    "nexttoward",
    "pow10",
    "scalb",
    "scan",
    "scan_",
    "significand",
    "splits",
    "stderr",
    "sub",
    "test",
    "todate",
];

/// How many compiled filters are kept.
const MOST_KEPT: usize = 256;

/// The filters that were compiled, by their texts: many runbooks take the same values out of the
/// output of the same programs.
static KEPT: Mutex<BTreeMap<String, Filter>> = Mutex::new(BTreeMap::new());

type Program = jaq_core::Filter<JustLut<Val>>;

/// A compiled jq filter. Cheap to clone.
#[derive(Clone)]
pub struct Filter {
    text: Arc<str>,
    program: Arc<Program>,
}

/// A filter that cannot be compiled, or fails on an input.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct FilterError {
    /// What is wrong. At run time it may repeat parts of the input.
    pub message: String,
    /// Where in the filter's text, in bytes.
    pub at: Option<Range<usize>>,
}

impl FilterError {
    fn new(message: impl Into<String>, at: Option<Range<usize>>) -> Self {
        Self { message: message.into(), at }
    }

    fn at_run_time(message: impl Into<String>) -> Self {
        Self::new(message, None)
    }
}

impl Filter {
    /// Compiles a filter.
    pub fn compile(text: &str) -> Result<Self, FilterError> {
        let kept = || KEPT.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(filter) = kept().get(text) {
            return Ok(filter.clone());
        }
        let filter = Self::compile_anew(text)?;
        let mut kept = kept();
        if kept.len() >= MOST_KEPT {
            kept.clear();
        }
        kept.insert(text.to_owned(), filter.clone());
        Ok(filter)
    }

    fn compile_anew(text: &str) -> Result<Self, FilterError> {
        refuse_large(text)?;
        let tokens = Lexer::new(text).lex().map_err(|errors| {
            let (wanted, found) = match errors.into_iter().next() {
                Some((expect, found)) => (expect.as_str(), found),
                None => ("token", ""),
            };
            unexpected(text, wanted, found)
        })?;
        if tokens.is_empty() {
            return Err(FilterError::new("the filter is empty", Some(0..text.len())));
        }
        refuse_complex(text, &tokens)?;
        refuse_impure(text, &tokens)?;
        let words = tokens.iter().filter_map(|token| known(token.0)).collect();
        Ok(Self { text: Arc::from(text), program: Arc::new(program(text, words)?) })
    }

    /// The filter as its author wrote it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Runs the filter on one JSON document and returns its outputs. What it needs for that may have
    /// no end.
    pub fn run(&self, json: &str) -> Result<Vec<Output>, FilterError> {
        self.outputs(json)?.iter().map(Output::of).collect()
    }

    fn outputs(&self, json: &str) -> Result<Vec<Val>, FilterError> {
        let input = document(json)?;
        let context = Ctx::<JustLut<Val>>::new(&self.program.lut, Vars::new([]));
        let mut outputs = Vec::new();
        let mut bytes = 0;
        for result in self.program.id.run((context, input)).map(unwrap_valr) {
            let output =
                result.map_err(|error| FilterError::at_run_time(shown(&error.to_string())))?;
            bytes += output.to_string().len();
            if outputs.len() == OUTPUTS {
                let message = format!("the filter gives more than {OUTPUTS} outputs");
                return Err(FilterError::at_run_time(message));
            }
            if bytes > OUTPUT_BYTES {
                let message = format!("the filter gives more than {OUTPUT_BYTES} bytes");
                return Err(FilterError::at_run_time(message));
            }
            outputs.push(output);
        }
        Ok(outputs)
    }
}

/// One output of a filter.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Output {
    /// As a person writes it: text without quotes, and numbers with the digits they came with.
    pub text: String,
    /// What it is.
    pub kind: OutputKind,
}

/// What an output of a filter is, as far as that matters to whoever takes it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum OutputKind {
    /// An array, and its items.
    Array(Vec<Output>),
    /// Null.
    Null,
    /// Anything else; also an array inside an array.
    Other,
}

impl Output {
    fn of(value: &Val) -> Result<Self, FilterError> {
        let text = value.to_string();
        serde_json::from_str::<IgnoredAny>(&text).map_err(|_| {
            FilterError::at_run_time("an output is no JSON, such as a number without end")
        })?;
        let kind = match value {
            Val::Arr(items) => OutputKind::Array(items.iter().map(Self::item).collect()),
            other => Self::item(other).kind,
        };
        Ok(Self { kind, ..Self::item(value) })
    }

    fn item(value: &Val) -> Self {
        let kind = if matches!(value, Val::Null) { OutputKind::Null } else { OutputKind::Other };
        let text = match value {
            Val::TStr(text) | Val::BStr(text) => String::from_utf8_lossy(text).into_owned(),
            other => other.to_string(),
        };
        Self { text, kind }
    }
}

impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Filter({:?})", self.text)
    }
}

impl PartialEq for Filter {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

/// Reads a document. jaq reads more than JSON and does not bound the depth, so it comes second.
fn document(json: &str) -> Result<Val, FilterError> {
    if json.trim().is_empty() {
        return Err(FilterError::at_run_time("the output is empty, not JSON"));
    }
    serde_json::from_str::<serde_json::Value>(json)
        .map_err(|error| FilterError::at_run_time(format!("the output is not JSON: {error}")))?;
    jaq_json::read::parse_single(json.as_bytes())
        .map_err(|error| FilterError::at_run_time(format!("the output is not JSON: {error}")))
}

/// The definitions of jaq's library that filters may use, in their order.
static DEFINITIONS: LazyLock<Vec<Def<&'static str>>> = LazyLock::new(|| {
    let all = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs());
    all.filter(|definition| !is_left_out(definition.name, definition.args.len())).collect()
});

/// The built-in functions that filters may use.
fn functions() -> impl Iterator<Item = native::Fun<JustLut<Val>>> {
    let all = jaq_core::funs().chain(jaq_std::base_funs()).chain(jaq_json::funs());
    all.chain([test_function()])
}

/// The names of all that is defined or built in.
static NAMES: LazyLock<BTreeSet<&'static str>> = LazyLock::new(|| {
    let definitions = DEFINITIONS.iter().map(|definition| definition.name);
    definitions.chain(functions().map(|function| function.0)).collect()
});

/// The name in jaq's library that a word is, if it is one.
fn known(word: &str) -> Option<&'static str> {
    NAMES.get(word).copied()
}

/// Compiles a filter with the part of the library that it needs: to compile all of it takes longer
/// than the rest of checking a runbook, and a filter needs little.
fn program(text: &str, mut needed: Vec<&'static str>) -> Result<Program, FilterError> {
    loop {
        let missing = match compiled(text, &needed)? {
            Ok(program) => return Ok(program),
            Err(missing) => missing,
        };
        let before = needed.len();
        for missing in &missing {
            // What is missing although it is there has other arguments.
            match known(&missing.name).filter(|name| !needed[..before].contains(name)) {
                Some(name) => needed.push(name),
                None => return Err(missing.told()),
            }
        }
        if needed.len() == before {
            return Err(FilterError::new("the filter cannot be compiled", None));
        }
    }
}

/// What a filter, or a definition that it needs, names and is not there.
struct Missing {
    name: String,
    what: &'static str,
    at: Option<Range<usize>>,
}

impl Missing {
    fn told(&self) -> FilterError {
        FilterError::new(format!("there is no {} `{}`", self.what, self.name), self.at.clone())
    }
}

fn compiled(
    text: &str,
    needed: &[&'static str],
) -> Result<Result<Program, Vec<Missing>>, FilterError> {
    let definitions = DEFINITIONS.iter().filter(|definition| needed.contains(&definition.name));
    let functions = functions().filter(|function| needed.contains(&function.0));
    let arena = Arena::default();
    let file = File { code: text, path: () };
    let modules = Loader::new(definitions.cloned())
        .load(&arena, file)
        .map_err(|errors| load_error(text, errors))?;
    let missing = |(name, what): (&str, Undefined)| Missing {
        name: name.to_owned(),
        what: what.as_str(),
        at: place(text, name),
    };
    let compiled = Compiler::default().with_funs(functions).compile(modules);
    Ok(compiled
        .map_err(|errors| errors.into_iter().flat_map(|(_, all)| all).map(missing).collect()))
}

/// `test(pattern)`, with regular expressions that match in linear time.
fn test_function() -> native::Fun<JustLut<Val>> {
    native::run(("test", native::v(1), |mut cv| {
        let pattern = cv.0.pop_var();
        native::bome(test(&cv.1, &pattern))
    }))
}

fn test(text: &Val, pattern: &Val) -> jaq_json::ValR {
    let (Val::TStr(text), Val::TStr(pattern)) = (text, pattern) else {
        return Err(jaq_core::Error::str("`test` needs text and a pattern"));
    };
    let pattern = compile_regex(&String::from_utf8_lossy(pattern)).map_err(|reason| {
        jaq_core::Error::str(format_args!("the pattern is no regular expression: {reason}"))
    })?;
    Ok(Val::Bool(pattern.is_match(&String::from_utf8_lossy(text))))
}

fn is_left_out(name: &str, arguments: usize) -> bool {
    LEFT_OUT.contains(&name) || (name == "split" && arguments == 2)
}

fn load_error(text: &str, errors: jaq_core::load::Errors<&str, ()>) -> FilterError {
    let first = errors.into_iter().map(|(_, error)| error).next();
    match first {
        Some(LoadError::Lex(errors)) => match errors.into_iter().next() {
            Some((wanted, found)) => unexpected(text, wanted.as_str(), found),
            None => FilterError::new("the filter cannot be read", None),
        },
        Some(LoadError::Parse(errors)) => match errors.into_iter().next() {
            Some((wanted, found)) => unexpected(text, wanted.as_str(), found),
            None => FilterError::new("the filter cannot be read", None),
        },
        Some(LoadError::Io(_)) | None => FilterError::new("filters cannot load other files", None),
    }
}

fn unexpected(text: &str, wanted: &str, found: &str) -> FilterError {
    let message = if found.is_empty() {
        format!("the filter ends where {wanted} is expected")
    } else {
        format!("expected {wanted}, found `{}`", shown(found))
    };
    FilterError::new(message, place(text, found))
}

/// Where a piece of the filter stands in it, if it is one and not a word of jaq's own definitions.
fn place(text: &str, piece: &str) -> Option<Range<usize>> {
    let start = (piece.as_ptr() as usize).checked_sub(text.as_ptr() as usize)?;
    let end = start + piece.len();
    (end <= text.len()).then_some(start..end)
}

/// A text inside a message: short, on one line, without control characters.
fn shown(text: &str) -> String {
    const SHORT: usize = 120;
    let mut shown: String = text
        .chars()
        .take(SHORT)
        .flat_map(|c| {
            let escaped = c.is_control();
            let plain = (!escaped).then_some(c);
            let escape = escaped.then(|| c.escape_default());
            plain.into_iter().chain(escape.into_iter().flatten())
        })
        .collect();
    if text.chars().nth(SHORT).is_some() {
        shown.push('…');
    }
    shown
}
