//! What a key asks for before it is an answer: a reason, a note, a step, a result from elsewhere.
//!
//! Ctrl-D in any of these leads back to the question.

use super::ask::{Scene, Stop, Walker};
use super::choice;
use super::elsewhere;
use super::input::Echo;
use super::lookup;
use super::present;
use super::text::{Meaning, Text};
use crate::engine::{Answer, AnswerKind, Asking, Recorded};
use crate::runbook::{Action, Argument, Form, StepId, StepKey};
use crate::value::{Secret, Value};

/// Asks for what an answer of this kind needs.
pub(super) fn complete(
    walker: &mut Walker,
    scene: Scene<'_>,
    kind: AnswerKind,
) -> Result<Answer, Stop> {
    match kind {
        AnswerKind::AdHoc => {
            let command = required(walker, scene, "Your command")?;
            Ok(Answer::AdHoc { command })
        }
        AnswerKind::Approval => {
            let path = required(walker, scene, "File with the answer")?;
            match walker.backstage.read(&path) {
                Ok(text) => Ok(Answer::Approval { text }),
                Err(why) => {
                    walker.say(Meaning::Warning, &super::wording::capital(&why));
                    Err(Stop::Back("No answer was taken."))
                }
            }
        }
        AnswerKind::BreakGlass => {
            walker.say(Meaning::Bad, BREAK_GLASS);
            let reason = required(walker, scene, "Why is there no time to ask?")?;
            Ok(Answer::BreakGlass { reason })
        }
        AnswerKind::Done => done(walker, scene),
        AnswerKind::Edit => edit(walker, scene),
        AnswerKind::Elsewhere => elsewhere::result(walker, scene),
        AnswerKind::GoTo => go_to(walker, scene),
        AnswerKind::NotSure => {
            let reason = optional(walker, scene, "What is unclear? Enter for nothing")?;
            lookup::escalation(&walker.terminal, scene.question, scene.run);
            Ok(Answer::NotSure { reason })
        }
        AnswerKind::Note => {
            let text = required(walker, scene, "Note")?;
            Ok(Answer::Note { text })
        }
        AnswerKind::Skip => skip(walker, scene),
        AnswerKind::Undo => undo(walker, scene),
        AnswerKind::Value => value(walker, scene),
        // Every other kind is an answer by itself and never asked for here.
        _ => Err(Stop::Back("That key needs nothing more.")),
    }
}

/// Asks whoever plays the others in an exercise.
pub(super) fn ask_others(walker: &mut Walker, scene: Scene<'_>) -> Result<(), Stop> {
    if let Some(text) = optional(walker, scene, "Ask whom what? Enter for nothing")? {
        walker.backstage.ask_others(&text);
    }
    Ok(())
}

/// What is said before somebody goes on alone.
const BREAK_GLASS: &str = "This runs without the second person whom it needs. It stands in the \
                           record, in the report and at the end of the run, with your reason.";

/// What is said before somebody goes past a step that waits for agreement.
const PASSES: &str = "This passes a step that waits for somebody's agreement. It is recorded and \
                      reported, and each change that follows will ask for that agreement.";

fn required(walker: &mut Walker, scene: Scene<'_>, words: &str) -> Result<String, Stop> {
    optional(walker, scene, words)?.ok_or(Stop::Back("Nothing was typed."))
}

fn optional(walker: &mut Walker, scene: Scene<'_>, words: &str) -> Result<Option<String>, Stop> {
    let text = walker.prompt(scene, words)?.trim().to_owned();
    Ok((!text.is_empty()).then_some(text))
}

fn skip(walker: &mut Walker, scene: Scene<'_>) -> Result<Answer, Stop> {
    if matches!(scene.question.ask, Asking::Wait { .. }) {
        return Ok(Answer::Skip { reason: None });
    }
    let runbook = &scene.run.plan().runbook;
    let step = scene.question.step.as_ref().and_then(|step| runbook.find(step));
    if step.is_some_and(|step| matches!(runbook.step(step).action, Action::Approve(_))) {
        walker.say(Meaning::Warning, PASSES);
        let reason = required(walker, scene, "Why skip it?")?;
        return Ok(Answer::Skip { reason: Some(reason) });
    }
    let reason = optional(walker, scene, "Why skip it? Enter for no reason")?;
    Ok(Answer::Skip { reason })
}

fn done(walker: &mut Walker, scene: Scene<'_>) -> Result<Answer, Stop> {
    let note = match &scene.question.ask {
        Asking::Attest { checklist, .. } => {
            for (index, item) in checklist.iter().enumerate() {
                tick(walker, scene, (index + 1, checklist.len()), item)?;
            }
            None
        }
        Asking::Look { .. } | Asking::Seen => {
            optional(walker, scene, "What did you see? Enter for nothing")?
        }
        _ => None,
    };
    Ok(Answer::Done { note })
}

/// One item of a list: Enter ticks it, and `y` says the same.
fn tick(
    walker: &mut Walker,
    scene: Scene<'_>,
    (number, count): (usize, usize),
    item: &str,
) -> Result<(), Stop> {
    let line = walker.prompt(scene, &format!("{number}/{count} {item}: Enter when done"))?;
    if matches!(line.trim(), "" | "y") {
        Ok(())
    } else {
        Err(Stop::Back("The list is not done; Enter starts it again."))
    }
}

fn edit(walker: &mut Walker, scene: Scene<'_>) -> Result<Answer, Stop> {
    let source = template_form(scene).ok_or(Stop::Back("This step has no command to edit."))?;
    match walker.backstage.edit(&source) {
        Ok(Some(command)) => Ok(Answer::Edit { command }),
        Ok(None) => Err(Stop::Back("The command is as it was.")),
        Err(why) => {
            walker.say(Meaning::Warning, &super::wording::capital(&why));
            Err(Stop::Back("Nothing was edited."))
        }
    }
}

/// The step's command as its author wrote it.
fn template_form(scene: Scene<'_>) -> Option<String> {
    let runbook = &scene.run.plan().runbook;
    let key = scene.question.step.as_ref().and_then(|step| runbook.find(step))?;
    let Action::Run(run) = &runbook.step(key).action else {
        return None;
    };
    Some(match &run.command.form {
        Form::Shell(script) => script.source().to_owned(),
        Form::List(words) => words.iter().map(word).collect::<Vec<_>>().join(" "),
    })
}

fn word(argument: &Argument) -> String {
    let source = match argument {
        Argument::Each(name) => return format!("{{{{{name}}}}}"),
        Argument::One(template) => template.source(),
    };
    if source.contains("{{") {
        return source.to_owned();
    }
    shlex::try_quote(source).map_or_else(|_| source.to_owned(), Into::into)
}

fn go_to(walker: &mut Walker, scene: Scene<'_>) -> Result<Answer, Stop> {
    let run = scene.run;
    let runbook = &run.plan().runbook;
    lookup::steps(&walker.terminal, run);
    let wanted = required(walker, scene, "Go to which step, by id or number")?;
    let by_id = runbook.find(&StepId(wanted.clone()));
    let numbered: Vec<StepKey> = (0..runbook.steps.len())
        .map(StepKey)
        .filter(|key| runbook.step(*key).number == wanted)
        .collect();
    let key = match (by_id, numbered.as_slice()) {
        (Some(key), _) => key,
        (None, [key]) => *key,
        (None, []) => return Err(Stop::Back("There is no such step.")),
        (None, _) => return Err(Stop::Back("Several steps have that number; give the id.")),
    };
    let step = runbook.step(key).id.clone();
    if run.passes(key).is_empty() {
        return Ok(Answer::GoTo { step });
    }
    walker.say(Meaning::Warning, PASSES);
    let reason = required(walker, scene, "Why go there?")?;
    Ok(Answer::GoPast { step, reason })
}

fn undo(walker: &mut Walker, scene: Scene<'_>) -> Result<Answer, Stop> {
    // The command in doubt itself, and what is the only one: there is nothing to choose.
    if let (Asking::Doubt { .. }, Some(step)) = (&scene.question.ask, &scene.question.step) {
        let step = Some(step.clone());
        return Ok(Answer::Undo { step, entry: None });
    }
    if let Asking::UndoOffer { entries } = &scene.question.ask {
        if entries.len() == 1 {
            return picked(entries, None);
        }
        let wanted = optional(walker, scene, "Which? Enter for all, the latest first")?;
        return picked(entries, wanted.as_deref());
    }
    let entries = scene.run.open_undo();
    if entries.is_empty() {
        return match &scene.question.step {
            Some(step) => Ok(Answer::Undo { step: Some(step.clone()), entry: None }),
            None => Err(Stop::Back("Nothing can be undone.")),
        };
    }
    // Its card shows it, and asks.
    if entries.len() == 1 {
        return picked(&entries, Some(&entries[0].step.0));
    }
    present::undo_entries(&walker.terminal, &entries);
    let wanted = required(walker, scene, "Undo which, by number or id; all for all")?;
    picked(&entries, Some(&wanted))
}

fn picked(entries: &[crate::engine::UndoShown], wanted: Option<&str>) -> Result<Answer, Stop> {
    let Some(wanted) = wanted.filter(|wanted| *wanted != "all") else {
        return Ok(Answer::Undo { step: None, entry: None });
    };
    let by_number = wanted.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
    let entry = by_number
        .and_then(|index| entries.get(index))
        .or_else(|| entries.iter().find(|entry| entry.step.0 == wanted));
    entry.map_or(Err(Stop::Back("There is no such undo.")), |entry| {
        Ok(Answer::Undo { step: Some(entry.step.clone()), entry: Some(entry.entry) })
    })
}

fn value(walker: &mut Walker, scene: Scene<'_>) -> Result<Answer, Stop> {
    let Asking::MissingValue { name, ty, secret, .. } = &scene.question.ask else {
        return Err(Stop::Back("Type the value itself."));
    };
    if !secret {
        let text = required(walker, scene, name.as_str())?;
        return match choice::value(*ty, &text) {
            Ok(value) => Ok(Answer::Value { value: Recorded::Open(value) }),
            Err(why) => {
                walker.say(Meaning::Warning, &super::wording::capital(&why));
                Err(Stop::Back("It has still no value."))
            }
        };
    }
    let words = format!("    {name} (not shown while you type) > ");
    let words = Text::of(Meaning::Heading, words);
    let text = walker.read(Echo::Hidden, scene, &|walker| walker.terminal.prompt(&words))?;
    if text.is_empty() {
        return Err(Stop::Back("Nothing was typed."));
    }
    match Value::parse(*ty, &text) {
        Ok(_) => Ok(Answer::Value { value: Recorded::Secret(Some(Secret::new(text.to_string()))) }),
        Err(error) => {
            walker.say(Meaning::Warning, &format!("It is {}.", error.without_text()));
            Err(Stop::Back("It has still no value."))
        }
    }
}
