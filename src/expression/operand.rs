//! Values while an expression is evaluated, and the arithmetic and comparisons between them.
//!
//! An [`Operand`] is cheap to clone. Errors say what failed and never repeat a value, as that may be
//! secret. Nothing wraps, rounds silently or compares across kinds.

use std::cmp::Ordering;
use std::sync::Arc;

use super::node::Sort;
use super::syntax::Operator;
use crate::value::{Datum, Decimal, Duration, Moment, Secret, Type, Value, compare_mixed};

/// A value inside an evaluation.
#[derive(Clone, Debug)]
pub(super) enum Operand {
    Boolean(bool),
    Duration(Length),
    Float(Decimal),
    Integer(i64),
    List(Arc<[Operand]>),
    Text(Arc<str>),
    Timestamp(Moment),
}

/// A duration; differences of moments may be negative.
#[derive(Clone, Debug)]
pub(super) struct Length {
    pub(super) millis: i64,
    written: Option<String>,
}

impl Length {
    fn computed(millis: i64) -> Self {
        Self { millis, written: None }
    }

    fn written(&self) -> String {
        if let Some(written) = &self.written {
            return written.clone();
        }
        let sign = if self.millis < 0 { "-" } else { "" };
        let size = Duration::from_millis(self.millis.unsigned_abs());
        format!("{sign}{}", size.written)
    }
}

impl Operand {
    pub(super) fn text(text: &str) -> Self {
        Self::Text(Arc::from(text))
    }

    /// Takes a value in.
    pub(super) fn of_value(value: Value) -> Result<Self, String> {
        Ok(match value {
            Value::Boolean(truth) => Self::Boolean(truth),
            Value::Duration(duration) => Self::Duration(Length {
                millis: i64::try_from(duration.millis)
                    .map_err(|_| "the duration is too long".to_owned())?,
                written: Some(duration.written),
            }),
            Value::Float(number) => Self::Float(number),
            Value::Integer(number) => Self::Integer(number),
            Value::List(items) => {
                Self::List(items.into_iter().map(Self::of_value).collect::<Result<_, _>>()?)
            }
            Value::Text(text) => Self::Text(Arc::from(text)),
            Value::Timestamp(moment) => Self::Timestamp(moment),
        })
    }

    /// Takes in what a name stands for, as the type it was declared with.
    pub(super) fn of_datum(datum: Datum, sort: &Sort) -> Result<Self, String> {
        match datum {
            Datum::Open(value) => Self::of_value(value)?.conform(sort),
            Datum::Secret(secret) => Self::of_secret(&secret, sort),
        }
    }

    fn of_secret(secret: &Secret, sort: &Sort) -> Result<Self, String> {
        let ty = match sort {
            Sort::Boolean => Type::Boolean,
            Sort::Duration => Type::Duration,
            Sort::Float => Type::Float,
            Sort::Integer => Type::Integer,
            Sort::List(_) => Type::List,
            Sort::Text => return Ok(Self::text(secret.expose())),
            Sort::Timestamp => Type::Timestamp,
        };
        let value = Value::parse(ty, secret.expose()).map_err(|error| error.without_text())?;
        Self::of_value(value)
    }

    /// Keeps evaluation to the declared types: a list holds texts, whatever a loop captured.
    fn conform(self, sort: &Sort) -> Result<Self, String> {
        match (self, sort) {
            (Self::Integer(number), Sort::Float) => Ok(Self::Float(Decimal::from_whole(number))),
            (Self::List(items), Sort::List(Some(item))) => items
                .iter()
                .map(|one| one.clone().conform(item))
                .collect::<Result<_, _>>()
                .map(Self::List),
            (other, Sort::Text) if !matches!(other, Self::List(_)) => Ok(match other {
                text @ Self::Text(_) => text,
                single => Self::text(&single.written()),
            }),
            (other, sort) if other.is(sort) => Ok(other),
            (_, sort) => Err(format!("its value is not {}", sort.described())),
        }
    }

    fn is(&self, sort: &Sort) -> bool {
        matches!(
            (self, sort),
            (Self::Boolean(_), Sort::Boolean)
                | (Self::Duration(_), Sort::Duration)
                | (Self::Float(_), Sort::Float)
                | (Self::Integer(_), Sort::Integer)
                | (Self::List(_), Sort::List(_))
                | (Self::Text(_), Sort::Text)
                | (Self::Timestamp(_), Sort::Timestamp)
        )
    }

    /// Hands the value out.
    pub(super) fn into_value(self) -> Result<Value, String> {
        Ok(match self {
            Self::Boolean(truth) => Value::Boolean(truth),
            Self::Duration(length) => {
                let millis = u64::try_from(length.millis)
                    .map_err(|_| "the duration is negative".to_owned())?;
                Value::Duration(Duration { millis, written: length.written() })
            }
            Self::Float(number) => Value::Float(number),
            Self::Integer(number) => Value::Integer(number),
            Self::List(items) => Value::List(
                items.iter().map(|item| item.clone().into_value()).collect::<Result<_, _>>()?,
            ),
            Self::Text(text) => Value::Text(text.to_string()),
            Self::Timestamp(moment) => Value::Timestamp(moment),
        })
    }

    /// The value as it is written.
    pub(super) fn written(&self) -> String {
        match self {
            Self::Boolean(truth) => truth.to_string(),
            Self::Duration(length) => length.written(),
            Self::Float(number) => number.written.clone(),
            Self::Integer(number) => number.to_string(),
            Self::List(items) => {
                let items: Vec<String> = items.iter().map(Self::written).collect();
                items.join(", ")
            }
            Self::Text(text) => text.to_string(),
            Self::Timestamp(moment) => moment.written.clone(),
        }
    }

    /// How much work it is to look at all of it, in steps of an evaluation.
    pub(super) fn weight(&self) -> u32 {
        match self {
            Self::List(items) => {
                items.iter().fold(0, |sum: u32, item| sum.saturating_add(1 + item.weight()))
            }
            Self::Text(text) => u32::try_from(text.len() / 1024).unwrap_or(u32::MAX),
            _ => 0,
        }
    }

    pub(super) fn negated(&self) -> Result<Self, String> {
        match self {
            Self::Integer(number) => number.checked_neg().map(Self::Integer).ok_or_else(overflow),
            Self::Float(number) => finite(-number.number),
            _ => Err(mismatch()),
        }
    }

    fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Duration(a), Self::Duration(b)) => Some(a.millis.cmp(&b.millis)),
            (Self::Float(a), Self::Float(b)) => a.number.partial_cmp(&b.number),
            (Self::Float(a), Self::Integer(b)) => {
                compare_mixed(*b, a.number).map(Ordering::reverse)
            }
            (Self::Integer(a), Self::Float(b)) => compare_mixed(*a, b.number),
            (Self::Integer(a), Self::Integer(b)) => Some(a.cmp(b)),
            (Self::Text(a), Self::Text(b)) => Some(a.cmp(b)),
            (Self::Timestamp(a), Self::Timestamp(b)) => Some(a.at.cmp(&b.at)),
            _ => None,
        }
    }

    fn equals(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Boolean(a), Self::Boolean(b)) => a == b,
            (Self::List(a), Self::List(b)) => {
                a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| a.equals(b))
            }
            _ => self.compare(other) == Some(Ordering::Equal),
        }
    }
}

/// The result of an operator between two operands.
pub(super) fn calculate(
    operator: Operator,
    left: &Operand,
    right: &Operand,
) -> Result<Operand, String> {
    let ordered = |holds: fn(Ordering) -> bool| {
        let order = left.compare(right).ok_or_else(mismatch)?;
        Ok(Operand::Boolean(holds(order)))
    };
    match operator {
        Operator::Equal => Ok(Operand::Boolean(left.equals(right))),
        Operator::NotEqual => Ok(Operand::Boolean(!left.equals(right))),
        Operator::Less => ordered(Ordering::is_lt),
        Operator::LessEqual => ordered(Ordering::is_le),
        Operator::Greater => ordered(Ordering::is_gt),
        Operator::GreaterEqual => ordered(Ordering::is_ge),
        Operator::In => match right {
            Operand::List(items) => {
                Ok(Operand::Boolean(items.iter().any(|item| item.equals(left))))
            }
            _ => Err(mismatch()),
        },
        Operator::Plus
        | Operator::Minus
        | Operator::Times
        | Operator::Divide
        | Operator::Remainder => arithmetic(operator, left, right),
    }
}

fn arithmetic(operator: Operator, left: &Operand, right: &Operand) -> Result<Operand, String> {
    match (left, right) {
        (Operand::Integer(a), Operand::Integer(b)) => whole(operator, *a, *b),
        (Operand::Float(a), Operand::Float(b)) => decimal(operator, a.number, b.number),
        (Operand::Float(a), Operand::Integer(b)) => decimal(operator, a.number, nearest(*b)),
        (Operand::Integer(a), Operand::Float(b)) => decimal(operator, nearest(*a), b.number),
        (Operand::Text(a), Operand::Text(b)) if operator == Operator::Plus => {
            Ok(Operand::Text(Arc::from(format!("{a}{b}"))))
        }
        (Operand::List(a), Operand::List(b)) if operator == Operator::Plus => {
            Ok(Operand::List(a.iter().chain(b.iter()).cloned().collect()))
        }
        _ => time(operator, left, right),
    }
}

fn whole(operator: Operator, a: i64, b: i64) -> Result<Operand, String> {
    if b == 0 && matches!(operator, Operator::Divide | Operator::Remainder) {
        return Err(by_zero());
    }
    match operator {
        Operator::Plus => a.checked_add(b),
        Operator::Minus => a.checked_sub(b),
        Operator::Times => a.checked_mul(b),
        Operator::Divide => a.checked_div(b),
        Operator::Remainder => a.checked_rem(b),
        _ => return Err(mismatch()),
    }
    .map(Operand::Integer)
    .ok_or_else(overflow)
}

fn decimal(operator: Operator, a: f64, b: f64) -> Result<Operand, String> {
    match operator {
        Operator::Plus => finite(a + b),
        Operator::Minus => finite(a - b),
        Operator::Times => finite(a * b),
        Operator::Divide if b == 0.0 => Err(by_zero()),
        Operator::Divide => finite(a / b),
        _ => Err(mismatch()),
    }
}

fn time(operator: Operator, left: &Operand, right: &Operand) -> Result<Operand, String> {
    match (left, operator, right) {
        (Operand::Duration(a), Operator::Plus, Operand::Duration(b)) => {
            length(a.millis.checked_add(b.millis))
        }
        (Operand::Duration(a), Operator::Minus, Operand::Duration(b)) => {
            length(a.millis.checked_sub(b.millis))
        }
        (Operand::Timestamp(a), Operator::Minus, Operand::Timestamp(b)) => {
            let passed = a.at.duration_since(b.at).as_millis();
            length(i64::try_from(passed).ok())
        }
        (Operand::Timestamp(moment), Operator::Plus, Operand::Duration(by))
        | (Operand::Duration(by), Operator::Plus, Operand::Timestamp(moment)) => {
            moved(moment, by.millis)
        }
        (Operand::Timestamp(moment), Operator::Minus, Operand::Duration(by)) => {
            moved(moment, by.millis.checked_neg().ok_or_else(overflow)?)
        }
        _ => Err(mismatch()),
    }
}

fn moved(moment: &Moment, millis: i64) -> Result<Operand, String> {
    moment
        .at
        .checked_add(jiff::SignedDuration::from_millis(millis))
        .map(|at| Operand::Timestamp(Moment::from_timestamp(at)))
        .map_err(|_| overflow())
}

fn length(millis: Option<i64>) -> Result<Operand, String> {
    millis.map(|millis| Operand::Duration(Length::computed(millis))).ok_or_else(overflow)
}

fn finite(number: f64) -> Result<Operand, String> {
    if number.is_finite() {
        Ok(Operand::Float(Decimal::from_number(number)))
    } else {
        Err(overflow())
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a sum with a decimal number is a decimal number; comparisons are exact"
)]
fn nearest(number: i64) -> f64 {
    number as f64
}

fn overflow() -> String {
    "the result is too large".to_owned()
}

fn by_zero() -> String {
    "it divides by zero".to_owned()
}

/// The checker refuses these; facts that break their declared type end here.
fn mismatch() -> String {
    "the values do not go together".to_owned()
}
