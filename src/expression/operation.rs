//! The checker's part for operators: which operands go together, and what to write if they do not.

use std::fmt::Write as _;

use super::check::{Checker, quote};
use super::node::{Node, Sort, Work};
use super::syntax::{Operator, Syntax};
use crate::value::Reference;

/// The type of an operator's result; `None` if the operands do not go together.
pub(super) fn result_of(operator: Operator, left: &Sort, right: &Sort) -> Option<Sort> {
    use Sort::{Boolean, Duration, Integer, List, Text, Timestamp};
    let numbers = left.is_number() && right.is_number();
    match operator {
        Operator::Equal | Operator::NotEqual => left.join(right).map(|_| Boolean),
        Operator::Less | Operator::LessEqual | Operator::Greater | Operator::GreaterEqual => {
            let ordered = matches!(
                (left, right),
                (Text, Text) | (Duration, Duration) | (Timestamp, Timestamp)
            );
            (numbers || ordered).then_some(Boolean)
        }
        Operator::In => match right {
            List(None) => Some(Boolean),
            List(Some(item)) => item.join(left).map(|_| Boolean),
            _ => None,
        },
        Operator::Remainder => matches!((left, right), (Integer, Integer)).then_some(Integer),
        Operator::Plus | Operator::Minus | Operator::Times | Operator::Divide if numbers => {
            left.join(right)
        }
        Operator::Plus => match (left, right) {
            (Text, Text) => Some(Text),
            (Duration, Duration) => Some(Duration),
            (Timestamp, Duration) | (Duration, Timestamp) => Some(Timestamp),
            (List(_), List(_)) => left.join(right),
            _ => None,
        },
        Operator::Minus => match (left, right) {
            (Timestamp, Timestamp) | (Duration, Duration) => Some(Duration),
            (Timestamp, Duration) => Some(Timestamp),
            _ => None,
        },
        Operator::Times | Operator::Divide => None,
    }
}

impl Checker<'_> {
    pub(super) fn report_mismatch(
        &mut self,
        syntax: &Syntax,
        operator: Operator,
        sides: [&Node; 2],
    ) {
        let [left, right] = sides.map(|side| quote(&self.text[side.at.clone()]));
        let [left_sort, right_sort] = sides.map(|side| &side.sort);
        let message = format!(
            "{left} is {}, {right} is {}: `{}` does not take these",
            left_sort.described(),
            right_sort.described(),
            operator.symbol()
        );
        let snippet = |side: &Node| self.text[side.at.clone()].to_owned();
        let help = match (operator, left_sort, right_sort) {
            (Operator::In, Sort::Text, Sort::Text) => {
                Some(format!("write {}.contains({})", snippet(sides[1]), snippet(sides[0])))
            }
            (Operator::Plus, Sort::Text, _) => Some(format!("write string({})", snippet(sides[1]))),
            (_, Sort::Text, number) if number.is_number() => {
                Some(number_help(sides[0], sides[1], self.text))
            }
            (_, number, Sort::Text) if number.is_number() => {
                Some(number_help(sides[1], sides[0], self.text))
            }
            (_, Sort::Duration, Sort::Text | Sort::Integer | Sort::Float)
            | (_, Sort::Text | Sort::Integer | Sort::Float, Sort::Duration) => {
                Some("write a duration as duration(\"5m\")".to_owned())
            }
            (_, Sort::Timestamp, Sort::Text) | (_, Sort::Text, Sort::Timestamp) => {
                Some("write a moment as timestamp(\"2026-03-01T02:40:00Z\")".to_owned())
            }
            _ => None,
        };
        self.report(syntax, message, help);
    }
}

fn number_help(text_side: &Node, number_side: &Node, text: &str) -> String {
    let snippet = |node: &Node| text[node.at.clone()].to_owned();
    let (side, number) = (snippet(text_side), snippet(number_side));
    if matches!(text_side.work, Work::Constant(_)) {
        return "write the number without quotes".to_owned();
    }
    let (convert, ty) = match number_side.sort {
        Sort::Float => ("double", "float"),
        _ => ("int", "integer"),
    };
    let mut help = format!("write {convert}({side}) to compare numbers");
    if matches!(number_side.work, Work::Constant(_)) {
        let _infallible = write!(help, ", or \"{number}\" to compare text");
    }
    if matches!(text_side.work, Work::Reference(Reference::Value(_))) {
        let _infallible = write!(help, ", or declare `{side}` with type: {ty}");
    }
    help
}
