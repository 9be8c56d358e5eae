//! What a word of a scenario means as the answer to a question, and what is answered when it says
//! nothing: what a careful person would do without thinking it over.

use crate::engine::{Answer as Given, AnswerKind as A, Asking, Question, Recorded};
use crate::runbook::{Answer, Outcome};
use crate::value::{Name, Secret, Type, Value};

/// Words that mean the same wherever a question takes their answer.
const WORDS: [(&str, A); 11] = [
    ("again", A::Again),
    ("break_glass", A::BreakGlass),
    ("done", A::Done),
    ("go_on", A::Proceed),
    ("mark_done", A::MarkDone),
    ("none", A::NoneOfThese),
    ("not_sure", A::NotSure),
    ("recheck", A::Recheck),
    ("skip", A::Skip),
    ("stop", A::Stop),
    ("undo", A::Undo),
];

/// The reason that is given where one is needed.
const REASON: &str = "the scenario says so";

/// The words and values that a question takes, as they are written in a scenario.
pub(super) fn accepted(question: &Question) -> Vec<String> {
    let mut words: Vec<String> = match &question.ask {
        Asking::Decide { options, .. } => options.iter().map(|it| it.id.to_string()).collect(),
        Asking::Value { choices: Some(choices), .. } => choices.clone(),
        Asking::Value { ty, .. } => vec![format!("a {}", ty.keyword())],
        Asking::Confirm(_) | Asking::Items(_) | Asking::Read { .. } => {
            vec!["yes".to_owned(), "no".to_owned()]
        }
        Asking::Approve(_) => vec!["yes".to_owned()],
        _ => Vec::new(),
    };
    let known = WORDS.iter().filter(|(_, kind)| question.accepts.contains(kind));
    words.extend(known.map(|(word, _)| (*word).to_owned()));
    words
}

/// What an answer means for this question, if it means anything there.
pub(super) fn meant(question: &Question, answer: &Answer) -> Option<Given> {
    let given = match (&question.ask, answer) {
        (Asking::Value { ty, many, choices, .. }, answer) => {
            own_word(question, answer).or_else(|| value(*ty, *many, choices.as_deref(), answer))
        }
        (Asking::Decide { options, .. }, Answer::One(word)) => {
            let option = options.iter().find(|option| option.id.as_str() == word);
            let chosen = option.map(|it| Given::Choose { option: it.id.clone(), reason: None });
            chosen.or_else(|| own_word(question, answer))
        }
        (_, Answer::One(word)) if word == "yes" => yes(question),
        (_, Answer::One(word)) if word == "no" => Some(Given::Stop),
        _ => own_word(question, answer),
    };
    given.filter(|given| question.accepts.contains(&given.kind()))
}

fn own_word(question: &Question, answer: &Answer) -> Option<Given> {
    let Answer::One(word) = answer else { return None };
    let (_, kind) = WORDS.iter().find(|(known, _)| known == word)?;
    let reason = || Some(REASON.to_owned());
    Some(match kind {
        A::Again => Given::Again,
        A::BreakGlass => Given::BreakGlass { reason: REASON.to_owned() },
        A::Done => Given::Done { note: None },
        A::Proceed => Given::Proceed,
        A::MarkDone => Given::MarkDone,
        A::NoneOfThese => Given::NoneOfThese,
        A::NotSure => Given::NotSure { reason: None },
        A::Recheck => Given::Recheck,
        A::Skip => Given::Skip { reason: reason() },
        A::Stop => Given::Stop,
        A::Undo => Given::Undo { step: question.step.clone(), entry: None },
        _ => return None,
    })
}

/// How an answer is written in a scenario, if it can be.
pub(super) fn word_of(given: &Given) -> Option<Answer> {
    let word = match given {
        Given::Choose { option, .. } => option.to_string(),
        Given::Confirm { .. } | Given::Approval { .. } => "yes".to_owned(),
        Given::Value { value: Recorded::Open(Value::List(items)) } => {
            return Some(Answer::Many(items.iter().map(Value::written).collect()));
        }
        Given::Value { value: Recorded::Open(value) } => value.written(),
        other => WORDS.iter().find(|(_, kind)| *kind == other.kind())?.0.to_owned(),
    };
    Some(Answer::One(word))
}

/// What agrees to a question.
fn yes(question: &Question) -> Option<Given> {
    match &question.ask {
        Asking::Confirm(_) | Asking::Items(_) if question.accepts.contains(&A::Confirm) => {
            Some(Given::Confirm { typed: question.ask.must_type().map(str::to_owned) })
        }
        Asking::Items(_) | Asking::Read { .. } | Asking::Survey { .. } => Some(Given::Proceed),
        Asking::Approve(_) => Some(Given::Approval { text: super::notary::AGREED.to_owned() }),
        _ => None,
    }
}

/// What is answered where the scenario says nothing; nothing where a person would have to think.
pub(super) fn unsaid(question: &Question, expected: Option<Outcome>) -> Option<Given> {
    let given = match &question.ask {
        Asking::Approve(_) | Asking::Confirm(_) | Asking::Items(_) | Asking::Read { .. } => {
            yes(question)
        }
        Asking::Attest { .. } | Asking::HandOver { .. } | Asking::Look { .. } | Asking::Seen => {
            Some(Given::Done { note: None })
        }
        Asking::Doubt { rechecked, .. } => match rechecked {
            Some(true) => Some(Given::MarkDone),
            Some(false) => Some(Given::Again),
            None => None,
        },
        Asking::Outcome { failed } => {
            let outcome = match failed {
                Some(_) => Outcome::Abandoned,
                None => Outcome::Done,
            };
            Some(Given::Finish { outcome: expected.unwrap_or(outcome) })
        }
        Asking::Survey { .. } | Asking::SurveyFailed { .. } | Asking::Unexpected { .. } => {
            Some(Given::Proceed)
        }
        _ => None,
    };
    given.filter(|given| question.accepts.contains(&given.kind()))
}

/// A value that is typed for one that is missing.
pub(super) fn missing(ty: Type, secret: bool, answer: &Answer) -> Option<Given> {
    match (secret, answer) {
        (true, Answer::One(text)) => {
            let secret = Secret::new(text.clone());
            Some(Given::Value { value: Recorded::Secret(Some(secret)) })
        }
        _ => value(ty, ty == Type::List, None, answer),
    }
}

fn value(ty: Type, many: bool, choices: Option<&[String]>, answer: &Answer) -> Option<Given> {
    let item = if ty == Type::List { Type::Text } else { ty };
    let one = |text: &String| {
        let chosen = choices.is_none_or(|choices| choices.contains(text));
        chosen.then(|| Value::parse(item, text).ok()).flatten()
    };
    let value = match answer {
        Answer::Many(texts) => Value::List(texts.iter().map(one).collect::<Option<_>>()?),
        Answer::One(text) if many => Value::List(vec![one(text)?]),
        Answer::One(text) => one(text)?,
    };
    Some(Given::Value { value: Recorded::Open(value) })
}

/// What a question is about, in a line.
pub(super) fn asked(question: &Question) -> String {
    match &question.ask {
        Asking::Assertion { target, expected, why } => {
            format!("the target {target} is not `{expected}`: {why}")
        }
        Asking::Decide { question, .. } | Asking::Value { question, .. } => question.clone(),
        Asking::Doubt { shown, .. } => format!("nobody saw how this ended: {shown}"),
        Asking::Failed { why, .. } => format!("the command failed: {why}"),
        Asking::MissingValue { name, .. } => missing_value(name),
        Asking::NoItems => "the list is empty".to_owned(),
        Asking::Refused { why } => format!("it cannot be run: {why}"),
        Asking::Terminal { shown } => format!("a person must run this: {shown}"),
        Asking::Unavailable { missing } => {
            let missing: Vec<&str> = missing.iter().map(|it| it.what.as_str()).collect();
            format!("something is not there: {}", missing.join(", "))
        }
        Asking::Unclear { condition, why } => format!("`{condition}` cannot be evaluated: {why}"),
        Asking::Unexpected { why, .. } => format!("the result was not expected: {why}"),
        other => other.name().replace('_', " "),
    }
}

fn missing_value(name: &Name) -> String {
    format!("`{name}` has no value; `values: {{ {name}: ... }}` gives one")
}
