//! What a person may type beside keys: the number of an option, a value, an outcome, the words that
//! confirm.
//!
//! Pure: [`typed`] reads a line for a question and says what is wrong with it. Nothing here guesses.

use super::wording::OUTCOMES;
use crate::engine::{Answer, AnswerKind, Asking, OptionShown, Question, Recorded};
use crate::value::{Type, Value};

/// What a line that is no key means for this question: an answer, or what is wrong.
pub(super) fn typed(question: &Question, line: &str) -> Result<Answer, String> {
    let answer = read(&question.ask, line)?;
    if question.accepts.contains(&answer.kind()) { Ok(answer) } else { Err(not_understood(line)) }
}

/// Whether the line is the words that confirm, which come before any key.
pub(super) fn confirms(question: &Question, line: &str) -> Option<Answer> {
    let taken = question.accepts.contains(&AnswerKind::Confirm);
    let equal = question.ask.must_type() == Some(line);
    (taken && equal && !line.is_empty()).then(|| Answer::Confirm { typed: Some(line.to_owned()) })
}

fn read(ask: &Asking, line: &str) -> Result<Answer, String> {
    match ask {
        ask if ask.confirms() => Err(match ask.must_type() {
            Some(words) => format!("that is not what confirms it; type exactly: {words}"),
            None if line.is_empty() => "Enter alone changes nothing; type y to run it".to_owned(),
            None => not_understood(line),
        }),
        Asking::Approve(_) if line.starts_with("surefoot-") => {
            Ok(Answer::Approval { text: line.to_owned() })
        }
        Asking::Decide { options, .. } => decision(options, line),
        Asking::MissingValue { from, .. } => {
            let step = numbered(line, from.len()).map(|index| from[index].clone());
            let step = step.ok_or_else(|| not_understood(line))?;
            Ok(Answer::GoTo { step })
        }
        Asking::Outcome { .. } => outcome(line),
        Asking::Value { ty, choices, many, .. } => {
            let literal = line.strip_prefix('=').map(str::trim_start);
            let text = literal.unwrap_or(line);
            let value = match (choices, *many) {
                (Some(choices), false) => chosen(choices, *ty, text)?,
                (Some(choices), true) => each(text, |item| chosen(choices, *ty, item))?,
                (None, false) => value(*ty, text)?,
                (None, true) => each(text, |item| value(*ty, item))?,
            };
            Ok(Answer::Value { value: Recorded::Open(value) })
        }
        _ => Err(not_understood(line)),
    }
}

/// What is said to a line that means nothing here.
fn not_understood(line: &str) -> String {
    if line.is_empty() {
        "Enter alone means nothing here; ? shows the keys".to_owned()
    } else {
        format!("`{line}` means nothing here; ? shows the keys")
    }
}

fn decision(options: &[OptionShown], line: &str) -> Result<Answer, String> {
    let by_number = numbered(line, options.len()).map(|index| &options[index]);
    let option = by_number.or_else(|| options.iter().find(|option| option.id.as_str() == line));
    option.map_or_else(
        || Err(format!("choose a number from 1 to {}, or 0 if you are not sure", options.len())),
        |option| Ok(Answer::Choose { option: option.id.clone(), reason: None }),
    )
}

fn outcome(line: &str) -> Result<Answer, String> {
    let by_number = numbered(line, OUTCOMES.len()).map(|index| &OUTCOMES[index]);
    let outcome = by_number.or_else(|| OUTCOMES.iter().find(|(_, name, _)| *name == line));
    outcome.map_or_else(
        || Err(format!("choose a number from 1 to {}", OUTCOMES.len())),
        |(outcome, ..)| Ok(Answer::Finish { outcome: *outcome }),
    )
}

/// A number of a list that starts with 1, as a place.
fn numbered(line: &str, count: usize) -> Option<usize> {
    let number: usize = line.parse().ok()?;
    (1..=count).contains(&number).then(|| number - 1)
}

/// Whether the choices can be numbered: none of them is itself the number of another.
pub(super) fn can_be_numbered(choices: &[String]) -> bool {
    choices
        .iter()
        .enumerate()
        .all(|(index, choice)| numbered(choice, choices.len()).is_none_or(|number| number == index))
}

fn chosen(choices: &[String], ty: Type, text: &str) -> Result<Value, String> {
    let by_text = choices.iter().find(|choice| *choice == text);
    let by_number = || {
        let index = numbered(text, choices.len())?;
        can_be_numbered(choices).then(|| &choices[index])
    };
    match by_text.or_else(by_number) {
        Some(choice) => value(ty, choice),
        None if can_be_numbered(choices) => {
            Err(format!("choose a number from 1 to {}, or 0 for none of these", choices.len()))
        }
        None => Err("type one of the choices, or 0 for none of these".to_owned()),
    }
}

/// Items between commas.
fn each(text: &str, item: impl Fn(&str) -> Result<Value, String>) -> Result<Value, String> {
    text.split(',').map(|part| item(part.trim())).collect::<Result<_, _>>().map(Value::List)
}

/// A value of a type, as typed.
pub(super) fn value(ty: Type, text: &str) -> Result<Value, String> {
    if text.is_empty() {
        return Err("nothing was typed".to_owned());
    }
    Value::parse(ty, text).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::LaneId;
    use crate::runbook::Outcome;
    use crate::value::Name;

    fn question(ask: Asking) -> Question {
        Question {
            lane: LaneId::MAIN,
            step: None,
            ask,
            accepts: vec![
                AnswerKind::Choose,
                AnswerKind::Confirm,
                AnswerKind::Finish,
                AnswerKind::Value,
            ],
        }
    }

    fn decide() -> Question {
        let option = |id: &str| OptionShown {
            id: Name::new(id).unwrap(),
            label: id.to_owned(),
            suggested: None,
        };
        question(Asking::Decide {
            question: "Why?".to_owned(),
            options: vec![option("deploy"), option("database")],
            findings: Vec::new(),
        })
    }

    fn choose(ty: Type, choices: Option<&[&str]>, many: bool) -> Question {
        question(Asking::Value {
            question: "Which?".to_owned(),
            name: Name::new("pod").unwrap(),
            ty,
            choices: choices.map(|all| all.iter().map(|one| (*one).to_owned()).collect()),
            many,
        })
    }

    fn check(question: &Question, line: &str, expected: Result<&str, &str>) {
        let got = match typed(question, line) {
            Ok(Answer::Choose { option, .. }) => Ok(option.to_string()),
            Ok(Answer::Value { value: Recorded::Open(value) }) => Ok(value.written()),
            Ok(Answer::Finish { outcome }) => Ok(format!("{outcome:?}")),
            Ok(other) => panic!("{other:?}"),
            Err(why) => Err(why),
        };
        assert_eq!(got, expected.map(str::to_owned).map_err(str::to_owned));
    }

    #[test]
    fn an_option_is_chosen_by_number_or_name() {
        check(&decide(), "2", Ok("database"));
        check(&decide(), "deploy", Ok("deploy"));
        let wrong = Err("choose a number from 1 to 2, or 0 if you are not sure");
        check(&decide(), "3", wrong);
        check(&decide(), "", wrong);
        check(&decide(), "dep", wrong);
    }

    #[test]
    fn a_value_is_read_by_its_type() {
        check(&choose(Type::Integer, None, false), "42", Ok("42"));
        check(&choose(Type::String, None, false), "= q", Ok("q"));
        assert!(typed(&choose(Type::Integer, None, false), "4x").is_err());
        check(&choose(Type::String, None, false), "", Err("nothing was typed"));
    }

    #[test]
    fn choices_are_numbered_unless_they_are_numbers_themselves() {
        let pods = choose(Type::String, Some(&["web-1", "web-2"]), false);
        check(&pods, "2", Ok("web-2"));
        check(&pods, "web-1", Ok("web-1"));
        let revisions = choose(Type::Integer, Some(&["41", "2", "1"]), false);
        check(&revisions, "1", Ok("1"));
        check(&revisions, "3", Err("type one of the choices, or 0 for none of these"));
    }

    #[test]
    fn several_choices_stand_between_commas() {
        let pods = choose(Type::String, Some(&["a", "b", "c"]), true);
        check(&pods, "1, c", Ok("a, c"));
        assert!(typed(&pods, "1, 9").is_err());
    }

    #[test]
    fn an_outcome_is_chosen_by_number_or_name() {
        let outcome = question(Asking::Outcome { failed: None });
        check(&outcome, "1", Ok("Resolved"));
        check(&outcome, "rolled_back", Ok(&format!("{:?}", Outcome::RolledBack)));
        check(&outcome, "ok", Err("choose a number from 1 to 7"));
    }

    #[test]
    fn typed_words_confirm_only_exactly() {
        let card = crate::console::card::example(Some("prod-eu".to_owned()));
        let question = question(Asking::Confirm(Box::new(card)));
        assert!(confirms(&question, "prod-eu").is_some());
        for other in ["", "y", "prod-eu ", "PROD-EU", "prod"] {
            assert!(confirms(&question, other).is_none(), "{other:?}");
            assert!(typed(&question, other).is_err(), "{other:?}");
        }
    }

    #[test]
    fn enter_alone_is_explained() {
        let card = crate::console::card::example(None);
        let question = question(Asking::Confirm(Box::new(card)));
        assert_eq!(
            typed(&question, ""),
            Err("Enter alone changes nothing; type y to run it".to_owned())
        );
    }
}
