//! Asks a person for the inputs that nothing else gave.

use std::collections::BTreeMap;

use super::Context;
use super::choices::{SoFar, choices, chosen};
use super::exit::Exit;
use super::failure::Failure;
use super::inputs::{Collected, checked, secret_given};
use super::walk::{Asked, ask, ask_on, attendance};
use crate::console::{Echo, Meaning, Text};
use crate::plan::{Given, Origin};
use crate::policy::{Attendance, Trust};
use crate::runbook::{Environment, Input, Runbook, Secrecy};
use crate::value::{Datum, Name, Type};

/// Asks for the inputs that nothing gave.
pub(crate) fn ask_for_inputs(
    context: &Context,
    runbook: &Runbook,
    collected: Collected,
    environment: Option<&Environment>,
    trust: Trust,
) -> Result<BTreeMap<Name, Given>, Failure> {
    let find = |input: &Input, given: &BTreeMap<Name, Given>| {
        let known = SoFar { given, environment };
        choices(input, &known, &context.settings, trust)
            .map_err(|why| Failure::new(Exit::Usage, why))
    };
    let mut given = collected.given;
    for input in &runbook.inputs {
        let Some(value) = given.get(&input.name) else {
            continue;
        };
        if let (Datum::Open(value), Some(choices)) = (&value.datum, find(input, &given)?) {
            for item in value.items() {
                among(&choices, &input.name, &item.written())?;
            }
        }
    }
    if !collected.unset.is_empty() {
        let title = format!("{} needs to know:", runbook.id);
        context.terminal.line(&Text::of(Meaning::Heading, title));
    }
    for name in collected.unset {
        let Some(input) = runbook.inputs.iter().find(|input| input.name == name) else {
            continue;
        };
        context.terminal.indented(&Text::plain("  ").join(about(input)), 2);
        let choices = find(input, &given)?;
        for (place, choice) in choices.iter().flatten().enumerate() {
            let number = Text::of(Meaning::Hint, format!("    {:>2}  ", place + 1));
            context.terminal.indented(&number.add(Meaning::Plain, choice), 4);
        }
        let value = ask_for(context, input, choices.as_deref())?;
        given.insert(name, value);
    }
    Ok(given)
}

/// Asks which environment is meant, by its name, where the runbook has several. Nothing if that is left
/// open.
pub(crate) fn ask_for_environment(
    context: &Context,
    runbook: &Runbook,
) -> Result<Option<String>, Failure> {
    if runbook.environments.len() < 2 {
        return Ok(None);
    }
    let names: Vec<String> = runbook.environments.iter().map(|it| it.name.to_string()).collect();
    let prompt = format!("Which environment? {}: ", names.join(", "));
    loop {
        match ask(context, &prompt, Echo::Shown)? {
            Asked::Nobody => return Ok(None),
            Asked::Line(line) if line.trim().is_empty() => return Ok(None),
            Asked::Line(line) => {
                if let Some(name) = names.iter().find(|name| name.as_str() == line.trim()) {
                    return Ok(Some(name.clone()));
                }
            }
        }
    }
}

/// Lets a person choose one of several by its number; nothing if nobody is there, or if a line without a
/// number says that none is meant.
pub(crate) fn pick(
    context: &Context,
    question: &str,
    lines: &[Text],
) -> Result<Option<usize>, Failure> {
    if attendance() == Attendance::Unattended {
        return Ok(None);
    }
    context.terminal.line(&Text::of(Meaning::Heading, question));
    for (place, line) in lines.iter().enumerate() {
        let number = Text::of(Meaning::Hint, format!("{:>4}  ", place + 1));
        context.terminal.indented(&number.join(line.clone()), 6);
    }
    loop {
        match ask(context, "A number, or Enter for none: ", Echo::Shown)? {
            Asked::Nobody => return Ok(None),
            Asked::Line(line) if line.trim().is_empty() => return Ok(None),
            Asked::Line(line) => {
                let number = line.trim().parse::<usize>().ok();
                let place = number.and_then(|number| number.checked_sub(1));
                if let Some(place) = place.filter(|place| *place < lines.len()) {
                    return Ok(Some(place));
                }
            }
        }
    }
}

/// Asks for one of them, until the answer is a value of it.
fn ask_for(context: &Context, input: &Input, choices: Option<&[String]>) -> Result<Given, Failure> {
    let name = &input.name;
    let prompt = format!("  {name} > ");
    loop {
        let asked = match (&input.secrecy, input.ty) {
            (Secrecy::Secret(_), _) => ask(context, &prompt, Echo::Hidden)?,
            (Secrecy::Open, Type::List) => ask_for_items(context, &prompt)?,
            (Secrecy::Open, _) => ask(context, &prompt, Echo::Shown)?,
        };
        let Asked::Line(line) = asked else {
            let message = format!("input `{name}` is not set, and nobody is there to ask");
            return Err(Failure::new(Exit::Usage, message));
        };
        let answer = match &input.secrecy {
            Secrecy::Secret(_) => secret_given(name, line.as_str(), Origin::Asked),
            Secrecy::Open => {
                meant(line.trim(), choices).and_then(|text| checked(input, &text, Origin::Asked))
            }
        };
        match answer {
            Ok(value) => return Ok(value),
            Err(why) => context.terminal.line(&Text::of(Meaning::Warning, why)),
        }
    }
}

/// What an answer means: itself, or what each of its lines chooses.
fn meant(answer: &str, choices: Option<&[String]>) -> Result<String, String> {
    let Some(choices) = choices else {
        return Ok(answer.to_owned());
    };
    let chosen: Result<Vec<&str>, String> =
        answer.split('\n').map(|item| chosen(choices, item)).collect();
    Ok(chosen?.join("\n"))
}

/// Asks for a list: with commas, or a line for each item and an empty one at the end. The answer has a
/// line for each.
fn ask_for_items(context: &Context, prompt: &str) -> Result<Asked, Failure> {
    let mut items: Vec<String> = Vec::new();
    let mut asked = ask(context, prompt, Echo::Shown)?;
    while let Asked::Line(line) = &asked {
        let commas = line.contains(',');
        let own = line.split(',').map(str::trim).filter(|item| !item.is_empty());
        let before = items.len();
        items.extend(own.map(str::to_owned));
        if commas || items.len() == before {
            return Ok(Asked::Line(items.join("\n").into()));
        }
        asked = ask_on(context, prompt)?;
    }
    Ok(asked)
}

/// Refuses a value that cannot be chosen.
fn among(choices: &[String], name: &Name, value: &String) -> Result<(), Failure> {
    if choices.contains(value) {
        return Ok(());
    }
    let choices = choices.join(", ");
    let message = format!("input `{name}`: `{value}` is not among the choices: {choices}");
    Err(Failure::new(Exit::Usage, message))
}

/// What an input is, for whoever is asked for it.
fn about(input: &Input) -> Text {
    let mut text = Text::new();
    let how = match input.ty {
        Type::List => "a list: commas between the items, or a line for each and an empty one",
        ty => ty.described(),
    };
    if let Some(description) = &input.description {
        text = text.add(Meaning::Plain, description).add(Meaning::Plain, ": ");
    }
    text = text.add(Meaning::Dim, how);
    match &input.example {
        Some(example) => text.add(Meaning::Dim, format!(", such as {example}")),
        None => text,
    }
}
