//! From dotted paths in an expression to [`Reference`]s.

use std::ops::Range;

use super::ExpressionProblem;
use super::syntax::{Form, Syntax};
use crate::value::{Name, Reference};

/// Roots that are no values themselves, with what stands behind them.
const ROOTS: [(&str, &str); 5] = [
    ("alert", "alert.labels.<name> or alert.annotations.<name>"),
    ("environment", "environment.<key>"),
    ("files", "files.<name>"),
    ("run", "run.id or run.mode"),
    ("steps", "steps.<id>.outcome or steps.<id>.exit, and capture what else you need"),
];

/// The words of a dotted path, if the piece is one: `a.b`, `alert.labels["b"]`.
pub(super) fn path(syntax: &Syntax) -> Option<Vec<&str>> {
    match &syntax.form {
        Form::Name(name) => Some(vec![name]),
        Form::Select(inner, field) => {
            let mut words = path(inner)?;
            words.push(field);
            Some(words)
        }
        Form::Index(inner, key) => {
            let mut words = path(inner)?;
            match &key.form {
                Form::Text(key) if matches!(words[..], ["alert", _]) => words.push(key),
                _ => return None,
            }
            Some(words)
        }
        _ => None,
    }
}

/// What a path names; the error says how such a path is written.
pub(super) fn resolve(words: &[&str], at: &Range<usize>) -> Result<Reference, ExpressionProblem> {
    let written = words.join(".");
    let name = |word: &str| {
        Name::new(word).map_err(|error| ExpressionProblem {
            at: at.clone(),
            message: error.to_string(),
            help: Name::propose_form(word).map(|near| format!("did you mean `{near}`?")),
        })
    };
    Ok(match words {
        ["exit"] => Reference::Exit,
        ["now"] => Reference::Now,
        ["stderr"] => Reference::Stderr,
        ["stdout"] => Reference::Stdout,
        ["took"] => Reference::Took,
        ["run", "id"] => Reference::RunId,
        ["run", "mode"] => Reference::RunMode,
        ["alert", "labels", key] => Reference::AlertLabel((*key).to_owned()),
        ["alert", "annotations", key] => Reference::AlertAnnotation((*key).to_owned()),
        ["environment", key] => Reference::Environment(name(key)?),
        ["files", file] => Reference::File(name(file)?),
        ["steps", step, "exit"] => Reference::StepExit(name(step)?),
        ["steps", step, "outcome"] => Reference::StepOutcome(name(step)?),
        [root, ..] if form_of(root).is_some() => {
            return Err(ExpressionProblem {
                at: at.clone(),
                message: format!("`{written}` is no value"),
                help: form_of(root).map(|form| format!("write {form}")),
            });
        }
        [single] => Reference::Value(name(single)?),
        [first, ..] => {
            return Err(ExpressionProblem {
                at: at.clone(),
                message: format!("`{first}` has no parts, so `{written}` is no value"),
                help: Some(match ROOTS.iter().find(|(root, _)| root.starts_with(first)) {
                    Some((_, form)) => format!("write {form}"),
                    None => "capture the part under a name of its own".to_owned(),
                }),
            });
        }
        [] => {
            return Err(ExpressionProblem {
                at: at.clone(),
                message: "a name is missing".to_owned(),
                help: None,
            });
        }
    })
}

fn form_of(root: &str) -> Option<&'static str> {
    ROOTS.into_iter().find(|(own, _)| *own == root).map(|(_, form)| form)
}

/// What other tools call things that have another name here.
const ELSEWHERE: [(&str, &str); 11] = [
    ("count", "size"),
    ("duration", "took"),
    ("elapsed", "took"),
    ("env", "environment"),
    ("exit_code", "exit"),
    ("len", "size"),
    ("length", "size"),
    ("out", "stdout"),
    ("output", "stdout"),
    ("rc", "exit"),
    ("status", "exit"),
];

/// The nearest of some words to one that is unknown.
pub(super) fn nearest<'n>(word: &str, known: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let known: Vec<&str> = known.collect();
    let translated = ELSEWHERE
        .iter()
        .filter(|(elsewhere, _)| *elsewhere == word)
        .find_map(|(_, here)| known.iter().find(|name| *name == here));
    if let Some(here) = translated {
        return Some(here);
    }
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, candidate)| {
            let longer = word.chars().count().max(candidate.chars().count());
            *distance <= (longer / 3).max(1) && *distance < longer
        })
        .min()
        .map(|(_, candidate)| candidate)
}
