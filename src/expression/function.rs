//! The functions that expressions may call: one table that checker and evaluator share.

use super::node::Sort;
use super::operand::Operand;
use crate::value::{Decimal, Duration, Moment, Value, compare_mixed, compile_regex};

/// A function of the language. Macros and `has` are not functions: they do not take values.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Function {
    Contains,
    Double,
    Duration,
    EndsWith,
    Int,
    Matches,
    Size,
    StartsWith,
    String,
    Timestamp,
}

impl Function {
    const TABLE: [(&'static str, Self, &'static str); 10] = [
        ("contains", Self::Contains, "text.contains(\"part\")"),
        ("double", Self::Double, "double(text or number)"),
        ("duration", Self::Duration, "duration(\"5m\")"),
        ("endsWith", Self::EndsWith, "text.endsWith(\"end\")"),
        ("int", Self::Int, "int(text or number)"),
        ("matches", Self::Matches, "text.matches(\"pattern\")"),
        ("size", Self::Size, "size(text or list)"),
        ("startsWith", Self::StartsWith, "text.startsWith(\"start\")"),
        ("string", Self::String, "string(any single value)"),
        ("timestamp", Self::Timestamp, "timestamp(\"2026-03-01T02:40:00Z\")"),
    ];

    /// The function of a name.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::TABLE.into_iter().find(|(own, ..)| *own == name).map(|(_, function, _)| function)
    }

    /// All names, for "did you mean".
    pub(super) fn names() -> impl Iterator<Item = &'static str> {
        Self::TABLE.into_iter().map(|(name, ..)| name)
    }

    /// How it is called.
    pub(super) fn example(self) -> &'static str {
        Self::TABLE
            .into_iter()
            .find(|(_, function, _)| *function == self)
            .map_or("", |(.., example)| example)
    }

    /// Whether it may, or must, stand behind a dot.
    pub(super) fn takes_receiver(self) -> bool {
        matches!(
            self,
            Self::Contains | Self::EndsWith | Self::Matches | Self::Size | Self::StartsWith
        )
    }

    /// Whether it may stand without a receiver. CEL lets `matches` and `size` stand both ways.
    pub(super) fn stands_alone(self) -> bool {
        !matches!(self, Self::Contains | Self::EndsWith | Self::StartsWith)
    }

    /// The type of its result; `None` if it does not take such arguments.
    pub(super) fn result(self, arguments: &[Sort]) -> Option<Sort> {
        use Sort::{Boolean, Float, Integer, List, Text, Timestamp};
        Some(match (self, arguments) {
            (Self::Contains | Self::EndsWith | Self::Matches | Self::StartsWith, [Text, Text]) => {
                Boolean
            }
            (Self::Size, [Text | List(_)]) | (Self::Int, [Integer | Float | Text]) => Integer,
            (Self::Double, [Integer | Float | Text]) => Float,
            (Self::String, [argument]) if !matches!(argument, List(_)) => Text,
            (Self::Duration, [Text | Sort::Duration]) => Sort::Duration,
            (Self::Timestamp, [Text | Timestamp]) => Timestamp,
            _ => return None,
        })
    }

    /// Its result. The error never repeats a value, as that may be secret.
    pub(super) fn apply(self, arguments: &[Operand]) -> Result<Operand, String> {
        match (self, arguments) {
            (Self::Contains, [Operand::Text(text), Operand::Text(part)]) => {
                Ok(Operand::Boolean(text.contains(&**part)))
            }
            (Self::EndsWith, [Operand::Text(text), Operand::Text(end)]) => {
                Ok(Operand::Boolean(text.ends_with(&**end)))
            }
            (Self::StartsWith, [Operand::Text(text), Operand::Text(start)]) => {
                Ok(Operand::Boolean(text.starts_with(&**start)))
            }
            (Self::Matches, [Operand::Text(text), Operand::Text(pattern)]) => {
                let pattern = compile_regex(pattern)
                    .map_err(|reason| format!("the pattern is no regular expression: {reason}"))?;
                Ok(Operand::Boolean(pattern.is_match(text)))
            }
            (Self::Size, [Operand::Text(text)]) => count(text.chars().count()),
            (Self::Size, [Operand::List(items)]) => count(items.len()),
            (Self::Int, [argument]) => whole(argument),
            (Self::Double, [argument]) => decimal(argument),
            (Self::String, [argument]) => Ok(Operand::text(&argument.written())),
            (Self::Duration, [Operand::Text(text)]) => duration(text),
            (Self::Timestamp, [Operand::Text(text)]) => timestamp(text),
            (Self::Duration | Self::Timestamp, [same]) => Ok(same.clone()),
            _ => Err("the function does not take these values".to_owned()),
        }
    }
}

fn count(size: usize) -> Result<Operand, String> {
    i64::try_from(size).map(Operand::Integer).map_err(|_| "too large".to_owned())
}

/// Outputs of commands end in a newline, so blanks around a number do not count.
fn whole(argument: &Operand) -> Result<Operand, String> {
    match argument {
        Operand::Integer(number) => Ok(Operand::Integer(*number)),
        Operand::Float(number) => truncated(number.number),
        Operand::Text(text) => text
            .trim()
            .parse()
            .map(Operand::Integer)
            .map_err(|_| "the text is not a whole number of 64 bits".to_owned()),
        _ => Err("only text and numbers become whole numbers".to_owned()),
    }
}

fn truncated(number: f64) -> Result<Operand, String> {
    let number = number.trunc();
    let fits = compare_mixed(i64::MAX, number).is_some_and(std::cmp::Ordering::is_ge)
        && compare_mixed(i64::MIN, number).is_some_and(std::cmp::Ordering::is_le);
    if !fits {
        return Err("the number does not fit 64 bits".to_owned());
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the range was checked and there is no fraction"
    )]
    Ok(Operand::Integer(number as i64))
}

fn decimal(argument: &Operand) -> Result<Operand, String> {
    match argument {
        Operand::Float(_) => Ok(argument.clone()),
        Operand::Integer(number) => Ok(Operand::Float(Decimal::from_whole(*number))),
        Operand::Text(text) => Decimal::parse(text.trim())
            .map(Operand::Float)
            .map_err(|_| "the text is not a number".to_owned()),
        _ => Err("only text and numbers become numbers".to_owned()),
    }
}

fn duration(text: &str) -> Result<Operand, String> {
    let duration =
        Duration::parse(text.trim()).map_err(|problem| format!("no duration: {problem}"))?;
    Operand::of_value(Value::Duration(duration))
}

fn timestamp(text: &str) -> Result<Operand, String> {
    let moment =
        Moment::parse(text.trim()).map_err(|problem| format!("no timestamp: {problem}"))?;
    Ok(Operand::Timestamp(moment))
}
