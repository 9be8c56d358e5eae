//! What an input demands beyond its type: `pattern`, `min`, `max`, `choices`.
//!
//! [`Constraints::check`] says in words what a value breaks. Patterns match the whole value and run
//! in linear time.

use std::cmp::Ordering;

use regex::{Regex, RegexBuilder};

use super::{Decimal, Duration, Type, Value};
use crate::diagnostic::cut;

/// The largest compiled pattern, in bytes.
const PATTERN_SIZE: usize = 1 << 20;

/// A regular expression of RE2's kind that must match a value from end to end.
#[derive(Clone, Debug)]
pub struct Pattern {
    source: String,
    whole: Regex,
}

/// A pattern that cannot be used.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("`{}` is not a regular expression: {problem}", cut(.source_text))]
pub struct InvalidPattern {
    source_text: String,
    problem: String,
}

impl Pattern {
    /// Compiles a pattern.
    pub fn new(source: &str) -> Result<Self, InvalidPattern> {
        let fail = |problem| InvalidPattern { source_text: source.to_owned(), problem };
        // Compiled as it stands first: what is only valid between our brackets is not valid.
        compile_regex(source).map_err(fail)?;
        let whole = compile_regex(&format!(r"\A(?:{source})\z")).map_err(fail)?;
        Ok(Self { source: source.to_owned(), whole })
    }

    /// The pattern as its author wrote it.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether it matches the whole text.
    pub fn matches(&self, text: &str) -> bool {
        self.whole.is_match(text)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

/// Compiles a regular expression of bounded size; the error is one short line.
pub fn compile_regex(source: &str) -> Result<Regex, String> {
    RegexBuilder::new(source)
        .size_limit(PATTERN_SIZE)
        .dfa_size_limit(PATTERN_SIZE)
        .nest_limit(100)
        .build()
        .map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => "it is too large".to_owned(),
            other => {
                // The crate draws the pattern with a caret; its last line says what is wrong.
                let drawn = other.to_string();
                let last = drawn.lines().last().unwrap_or_default();
                last.trim_start_matches("error: ").to_owned()
            }
        })
}

/// A limit for a number, a duration, or the count of a list's items.
#[derive(Clone, Debug, PartialEq)]
pub enum Bound {
    /// For durations.
    Duration(Duration),
    /// For decimal numbers.
    Float(Decimal),
    /// For whole numbers and counts.
    Integer(i64),
}

impl Bound {
    /// Reads a bound for values of a type.
    pub fn parse(ty: Type, text: &str) -> Result<Self, String> {
        let own = match ty {
            Type::List => Type::Integer,
            ty if ty.has_bounds() => ty,
            _ => return Err(format!("{} has no `min` and `max`", ty.described())),
        };
        match Value::parse(own, text).map_err(|error| error.to_string())? {
            Value::Duration(duration) => Ok(Self::Duration(duration)),
            Value::Float(number) => Ok(Self::Float(number)),
            Value::Integer(count) if ty == Type::List && count < 0 => {
                Err("a list has no negative count of items".to_owned())
            }
            Value::Integer(number) => Ok(Self::Integer(number)),
            _ => Err(format!("{} has no `min` and `max`", ty.described())),
        }
    }

    fn as_value(&self) -> Value {
        match self {
            Self::Duration(duration) => Value::Duration(duration.clone()),
            Self::Float(number) => Value::Float(number.clone()),
            Self::Integer(number) => Value::Integer(*number),
        }
    }
}

/// What a value must fulfil beyond its type.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Constraints {
    /// Must match the whole value; of a list, every item.
    pub pattern: Option<Pattern>,
    /// The smallest number, duration or count of items.
    pub min: Option<Bound>,
    /// The largest.
    pub max: Option<Bound>,
    /// The only values there are; of a list, the only items.
    pub choices: Option<Vec<Value>>,
}

impl Constraints {
    /// Checks a value; the error says what it breaks, and holds the value.
    pub fn check(&self, value: &Value) -> Result<(), String> {
        self.check_choices(value)?;
        self.check_pattern(value)?;
        self.check_bounds(value)
    }

    fn check_choices(&self, value: &Value) -> Result<(), String> {
        let Some(choices) = &self.choices else {
            return Ok(());
        };
        let stranger =
            value.items().iter().find(|item| !choices.iter().any(|choice| choice.is_same(item)));
        match stranger {
            None => Ok(()),
            Some(item) => {
                let known: Vec<String> = choices.iter().take(20).map(quoted).collect();
                let more = if choices.len() > known.len() { ", …" } else { "" };
                Err(format!("{} is none of the choices: {}{more}", quoted(item), known.join(", ")))
            }
        }
    }

    fn check_pattern(&self, value: &Value) -> Result<(), String> {
        let Some(pattern) = &self.pattern else {
            return Ok(());
        };
        let misfit = value.items().iter().find(|item| !pattern.matches(&item.written()));
        match misfit {
            None => Ok(()),
            Some(item) => Err(format!(
                "{} does not match the pattern `{}`",
                quoted(item),
                cut(pattern.source())
            )),
        }
    }

    fn check_bounds(&self, value: &Value) -> Result<(), String> {
        let (measured, subject) = match value {
            Value::List(items) => (
                Value::Integer(i64::try_from(items.len()).unwrap_or(i64::MAX)),
                format!("a list of {} items", items.len()),
            ),
            other => (other.clone(), quoted(other)),
        };
        if let Some(min) = &self.min {
            let min = min.as_value();
            if measured.compare(&min) == Some(Ordering::Less) {
                return Err(format!("{subject} is below the minimum, {}", min.written()));
            }
        } else if self.choices.is_none()
            && measured.compare(&Value::Integer(0)) == Some(Ordering::Less)
        {
            return Err(format!("{subject} is negative, and no `min` allows negative numbers"));
        }
        if let Some(max) = &self.max {
            let max = max.as_value();
            if measured.compare(&max) == Some(Ordering::Greater) {
                return Err(format!("{subject} is above the maximum, {}", max.written()));
            }
        }
        Ok(())
    }
}

fn quoted(value: &Value) -> String {
    format!("`{}`", cut(&value.written()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(ty: Type, text: &str) -> Value {
        Value::parse(ty, text).unwrap()
    }

    fn bounds(ty: Type, min: Option<&str>, max: Option<&str>) -> Constraints {
        Constraints {
            min: min.map(|text| Bound::parse(ty, text).unwrap()),
            max: max.map(|text| Bound::parse(ty, text).unwrap()),
            ..Constraints::default()
        }
    }

    #[test]
    fn a_pattern_matches_the_whole_value() {
        let fits = |pattern: &str, text: &str| Pattern::new(pattern).unwrap().matches(text);
        assert!(fits("[a-z]+", "abc"));
        assert!(!fits("[a-z]+", "abc1"));
        assert!(!fits("[a-z]+", "1abc"));
        assert!(!fits("a|ab", "abc"));
        assert!(fits("a|ab", "ab"));
        assert!(!fits("^a$", "a\n"));
        assert!(!fits("(?m)a$", "a\nb"));
    }

    #[test]
    fn a_pattern_cannot_close_the_brackets_around_it() {
        for pattern in ["a)|(?:b", "a(", "(?=a)", r"(a)\1", "a{1000}{1000}{1000}"] {
            assert!(Pattern::new(pattern).is_err(), "{pattern}");
        }
        let message = Pattern::new("a(").unwrap_err().to_string();
        assert_eq!(message, "`a(` is not a regular expression: unclosed group");
    }

    #[test]
    fn a_pattern_holds_for_every_item_of_a_list() {
        let constraints = Constraints {
            pattern: Some(Pattern::new("[a-z]+").unwrap()),
            ..Constraints::default()
        };
        assert!(constraints.check(&value(Type::List, "a\nb")).is_ok());
        let message = constraints.check(&value(Type::List, "a\n1")).unwrap_err();
        assert_eq!(message, "`1` does not match the pattern `[a-z]+`");
    }

    #[test]
    fn limits_belong_to_the_range() {
        let check = |ty, min, max, text: &str, fits: bool| {
            let result = bounds(ty, min, max).check(&value(ty, text));
            assert_eq!(result.is_ok(), fits, "{text}: {result:?}");
        };
        check(Type::Integer, Some("1"), Some("5"), "1", true);
        check(Type::Integer, Some("1"), Some("5"), "5", true);
        check(Type::Integer, Some("1"), Some("5"), "0", false);
        check(Type::Integer, Some("1"), Some("5"), "6", false);
        check(Type::Float, Some("0.5"), None, "0.50", true);
        check(Type::Float, Some("0.5"), None, "0.49", false);
        check(Type::Duration, None, Some("1h"), "60m", true);
        check(Type::Duration, None, Some("1h"), "61m", false);
        check(Type::List, Some("1"), Some("2"), "a\nb", true);
        check(Type::List, Some("1"), Some("2"), "", false);
        check(Type::List, Some("1"), Some("2"), "a\nb\nc", false);
    }

    #[test]
    fn numbers_are_negative_only_where_min_allows_it() {
        let check = |ty, min, text: &str, fits: bool| {
            let result = bounds(ty, min, None).check(&value(ty, text));
            assert_eq!(result.is_ok(), fits, "{text}: {result:?}");
        };
        check(Type::Integer, None, "-1", false);
        check(Type::Integer, None, "0", true);
        check(Type::Integer, Some("-5"), "-1", true);
        check(Type::Float, None, "-0.5", false);
        check(Type::Float, Some("-1"), "-0.5", true);
    }

    #[test]
    fn choices_are_the_only_values() {
        let constraints = Constraints {
            choices: Some(vec![value(Type::String, "eu"), value(Type::String, "us")]),
            ..Constraints::default()
        };
        assert!(constraints.check(&value(Type::String, "eu")).is_ok());
        let message = constraints.check(&value(Type::String, "EU")).unwrap_err();
        assert_eq!(message, "`EU` is none of the choices: `eu`, `us`");
    }

    #[test]
    fn text_has_no_bounds() {
        assert!(Bound::parse(Type::Host, "1").is_err());
        assert!(Bound::parse(Type::List, "-1").is_err());
        assert!(Bound::parse(Type::Integer, "1h").is_err());
    }
}
