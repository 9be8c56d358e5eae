//! What can be chosen for an input, where an expression or a command tells.

use std::collections::BTreeMap;

use super::inputs::output;
use super::settings::Settings;
use crate::plan::Given;
use crate::policy::Trust;
use crate::runbook::{Choices, Environment, Input};
use crate::value::{Datum, Facts, Name, Reference, Value};

/// What is known while inputs are asked for: those before, and the environment.
pub(crate) struct SoFar<'a> {
    pub(crate) given: &'a BTreeMap<Name, Given>,
    pub(crate) environment: Option<&'a Environment>,
}

impl Facts for SoFar<'_> {
    fn get(&self, reference: &Reference) -> Option<Datum> {
        match reference {
            Reference::Value(name) => self.given.get(name).map(|given| given.datum.clone()),
            Reference::Environment(key) => {
                let environment = self.environment?;
                if key.as_str() == "name" {
                    return Some(Datum::Open(Value::Text(environment.name.to_string())));
                }
                environment.values.get(key).cloned().map(Datum::Open)
            }
            _ => None,
        }
    }
}

/// The choices of an input; none if it has none, or if the runbook is not trusted and a command
/// would have to tell.
pub(crate) fn choices(
    input: &Input,
    known: &SoFar<'_>,
    settings: &Settings,
    trust: Trust,
) -> Result<Option<Vec<String>>, String> {
    let failed = |why: String| format!("the choices of `{}` cannot be found: {why}", input.name);
    let lines: Vec<String> = match &input.computed {
        None | Some(Choices::Listed(_)) => return Ok(None),
        Some(Choices::Command(_)) if trust == Trust::Untrusted => return Ok(None),
        Some(Choices::Command(command)) => {
            let text = output(command, known, settings).map_err(failed)?;
            text.lines().map(|line| line.trim().to_owned()).collect()
        }
        Some(Choices::Expression(list)) => match list.evaluate(known) {
            Ok(Value::List(items)) => items.iter().map(Value::written).collect(),
            Ok(_) => return Err(failed("it is not a list".to_owned())),
            Err(error) => return Err(failed(error.to_string())),
        },
    };
    let mut choices: Vec<String> = Vec::new();
    for line in lines {
        if !line.is_empty() && !choices.contains(&line) {
            choices.push(line);
        }
    }
    if choices.is_empty() {
        return Err(failed("there are none".to_owned()));
    }
    Ok(Some(choices))
}

/// What a person means who may type a choice or its number.
pub(crate) fn chosen<'a>(choices: &'a [String], line: &'a str) -> Result<&'a str, String> {
    if choices.iter().any(|choice| choice == line) {
        return Ok(line);
    }
    let number = line.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
    let choice = number.and_then(|place| choices.get(place));
    choice.map(String::as_str).ok_or_else(|| format!("`{line}` is not among the choices"))
}
