//! The tree of a checked expression: every name resolved, every type known, constants computed.

use std::ops::Range;

use regex::Regex;

use super::function::Function;
use super::operand::Operand;
use super::syntax::Operator;
use crate::value::{Reference, Type};

/// The type of a piece of an expression. All kinds of text are one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Sort {
    Boolean,
    Duration,
    Float,
    Integer,
    /// A list; `None` is the type of the items of `[]`.
    List(Option<Box<Sort>>),
    Text,
    Timestamp,
}

impl Sort {
    pub(super) fn of(ty: Type) -> Self {
        match ty {
            Type::Boolean => Self::Boolean,
            Type::Duration => Self::Duration,
            Type::Float => Self::Float,
            Type::Integer => Self::Integer,
            Type::List => Self::List(Some(Box::new(Self::Text))),
            Type::Timestamp => Self::Timestamp,
            Type::Host | Type::Name | Type::Path | Type::String | Type::Text | Type::Url => {
                Self::Text
            }
        }
    }

    pub(super) fn is_number(&self) -> bool {
        matches!(self, Self::Float | Self::Integer)
    }

    /// The type of which both are, if there is one: numbers mix.
    pub(super) fn join(&self, other: &Self) -> Option<Self> {
        match (self, other) {
            (a, b) if a == b => Some(a.clone()),
            (a, b) if a.is_number() && b.is_number() => Some(Self::Float),
            (Self::List(None), Self::List(items)) | (Self::List(items), Self::List(None)) => {
                Some(Self::List(items.clone()))
            }
            (Self::List(Some(a)), Self::List(Some(b))) => {
                a.join(b).map(|item| Self::List(Some(Box::new(item))))
            }
            _ => None,
        }
    }

    /// In words, with its article.
    pub(super) fn described(&self) -> &'static str {
        match self {
            Self::Boolean => "true or false",
            Self::Duration => "a duration",
            Self::Float | Self::Integer => "a number",
            Self::List(_) => "a list",
            Self::Text => "text",
            Self::Timestamp => "a timestamp",
        }
    }
}

/// A piece of a checked expression.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) at: Range<usize>,
    pub(super) sort: Sort,
    pub(super) work: Work,
}

/// How a piece gets its value.
#[derive(Debug)]
pub(super) enum Work {
    Constant(Operand),
    Reference(Reference),
    /// A name that a macro binds, counted from the outermost.
    Local(usize),
    Has(Reference),
    Not(Box<Node>),
    Minus(Box<Node>),
    And(Vec<Node>),
    Or(Vec<Node>),
    Binary(Operator, Box<Node>, Box<Node>),
    Choice(Box<[Node; 3]>),
    List(Vec<Node>),
    Index(Box<Node>, Box<Node>),
    Call(Function, Vec<Node>),
    /// `matches` with a constant pattern.
    Matches(Box<Node>, Regex),
    Loop(Box<Loop>),
}

/// A macro over a list.
#[derive(Debug)]
pub(super) struct Loop {
    pub(super) kind: LoopKind,
    pub(super) list: Node,
    /// The condition of `map` with three arguments.
    pub(super) only: Option<Node>,
    pub(super) body: Node,
}

/// The macros over lists.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum LoopKind {
    All,
    Exists,
    ExistsOne,
    Filter,
    Map,
}

impl LoopKind {
    pub(super) const NAMES: [(&'static str, Self); 5] = [
        ("all", Self::All),
        ("exists", Self::Exists),
        ("exists_one", Self::ExistsOne),
        ("filter", Self::Filter),
        ("map", Self::Map),
    ];

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::NAMES.into_iter().find(|(own, _)| *own == name).map(|(_, kind)| kind)
    }
}

impl Node {
    /// Its direct pieces, in the order of the text.
    pub(super) fn children(&self) -> Vec<&Self> {
        match &self.work {
            Work::Constant(_) | Work::Reference(_) | Work::Local(_) | Work::Has(_) => Vec::new(),
            Work::Not(one) | Work::Minus(one) | Work::Matches(one, _) => vec![one],
            Work::Binary(_, left, right) | Work::Index(left, right) => vec![left, right],
            Work::And(parts) | Work::Or(parts) | Work::List(parts) | Work::Call(_, parts) => {
                parts.iter().collect()
            }
            Work::Choice(three) => three.iter().collect(),
            Work::Loop(fold) => std::iter::once(&fold.list)
                .chain(&fold.only)
                .chain(std::iter::once(&fold.body))
                .collect(),
        }
    }

    /// Whether it stands inside a macro and uses what the macro binds.
    pub(super) fn has_locals(&self) -> bool {
        matches!(self.work, Work::Local(_)) || self.children().into_iter().any(Self::has_locals)
    }
}
