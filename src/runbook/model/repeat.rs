//! Steps that are done more than once, at once, or within a time.

use crate::diagnostic::Span;
use crate::expression::Expression;
use crate::template::Template;
use crate::value::{Duration, Name, Value};

/// Repeats a step for each item of a list.
#[derive(Clone, Debug)]
pub struct ForEach {
    /// The list.
    pub items: Items,
    /// The name of the item.
    pub name: Name,
    /// How many items are worked on at once; 1 is one after the other.
    pub at_once: usize,
    /// What a failed item does to those that have not begun.
    pub on_failure: ItemFailure,
    /// How often changes are confirmed.
    pub confirm: ItemConfirm,
    /// Its place.
    pub span: Span,
}

/// Where the items come from.
#[derive(Clone, Debug)]
pub enum Items {
    /// An expression that gives a list.
    Expression(Expression),
    /// They stand in the file.
    Listed(Vec<Value>),
}

/// What a failed item does to those that have not begun.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum ItemFailure {
    /// They go on; the step fails at the end.
    Continue,
    /// They do not begin; the step fails.
    #[default]
    Stop,
}

/// How often the changes of a `for_each` are confirmed.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum ItemConfirm {
    /// Each item by itself.
    #[default]
    Each,
    /// All items at once, from a list with their count.
    Once,
}

/// How the steps of a group are taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Order {
    /// At most so many at once.
    AtOnce(usize),
    /// One after the other.
    InTurn,
}

/// What is said when a step takes too long.
#[derive(Clone, Debug)]
pub struct Timebox {
    /// After how long.
    pub after: Duration,
    /// What is said.
    pub say: Option<Template>,
    /// The role that is proposed: its place in [`super::Runbook::escalation`].
    pub escalate: Option<usize>,
}
